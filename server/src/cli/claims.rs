//! Claims of a person from flags and files: OpenID Connect Core §5.1.
//!
//! Invariant: there is a flag for every standard claim, and what comes out was judged by `login::claims`.

use std::path::{Path, PathBuf};

use clap::Args;
use login::claims;
use serde_json::{Map, Value, json};

use super::out::Failed;

/// What is given of a person's claims.
#[derive(Args, Debug, Default)]
pub(super) struct ClaimArguments {
    /// All claims as a JSON object, OpenID Connect Core §5.1.
    #[arg(long, value_name = "FILE", help_heading = "Claims")]
    claims: Option<PathBuf>,
    /// Any claim, such as `address.locality=London` or one of your own.
    #[arg(long = "claim", value_name = "NAME=VALUE", help_heading = "Claims")]
    each: Vec<String>,
    /// The claim `name`.
    #[arg(id = "claim-name", long = "name", value_name = "NAME", help_heading = "Claims")]
    full_name: Option<String>,
    /// The claim `given_name`.
    #[arg(long, value_name = "TEXT", help_heading = "Claims")]
    given_name: Option<String>,
    /// The claim `family_name`.
    #[arg(long, value_name = "TEXT", help_heading = "Claims")]
    family_name: Option<String>,
    /// The claim `middle_name`.
    #[arg(long, value_name = "TEXT", help_heading = "Claims")]
    middle_name: Option<String>,
    /// The claim `nickname`.
    #[arg(long, value_name = "TEXT", help_heading = "Claims")]
    nickname: Option<String>,
    /// The claim `preferred_username`.
    #[arg(long, value_name = "TEXT", help_heading = "Claims")]
    preferred_username: Option<String>,
    /// The claim `profile`.
    #[arg(long, value_name = "URL", help_heading = "Claims")]
    profile: Option<String>,
    /// The claim `picture`.
    #[arg(long, value_name = "URL", help_heading = "Claims")]
    picture: Option<String>,
    /// The claim `website`.
    #[arg(long, value_name = "URL", help_heading = "Claims")]
    website: Option<String>,
    /// The claim `email`.
    #[arg(long, value_name = "ADDRESS", help_heading = "Claims")]
    email: Option<String>,
    /// The claim `email_verified`.
    #[arg(long, value_name = "true|false", help_heading = "Claims")]
    email_verified: Option<String>,
    /// The claim `gender`.
    #[arg(long, value_name = "TEXT", help_heading = "Claims")]
    gender: Option<String>,
    /// The claim `birthdate`.
    #[arg(long, value_name = "YYYY-MM-DD", help_heading = "Claims")]
    birthdate: Option<String>,
    /// The claim `zoneinfo`.
    #[arg(long, value_name = "ZONE", help_heading = "Claims")]
    zoneinfo: Option<String>,
    /// The claim `locale`.
    #[arg(long, value_name = "TAG", help_heading = "Claims")]
    locale: Option<String>,
    /// The claim `phone_number`.
    #[arg(long, value_name = "NUMBER", help_heading = "Claims")]
    phone_number: Option<String>,
    /// The claim `phone_number_verified`.
    #[arg(long, value_name = "true|false", help_heading = "Claims")]
    phone_number_verified: Option<String>,
    /// The claim `address`.
    #[arg(long, value_name = "TEXT or JSON", help_heading = "Claims")]
    address: Option<String>,
}

impl ClaimArguments {
    /// The claims of file and flags, checked: a file stands for all there were, a flag for one.
    pub(super) fn over(&self, before: Map<String, Value>) -> Result<Map<String, Value>, Failed> {
        let mut all = match &self.claims {
            None => before,
            Some(file) => object(file)?,
        };
        let each = self.each.iter().map(|pair| {
            let wrong = || Failed::new(format!("--claim {pair}: write it as NAME=VALUE"));
            pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(wrong)
        });
        let mut pairs = self.flags().into_iter().map(Ok).chain(each).collect::<Result<Vec<_>, _>>()?;
        // A new address or number is not verified until somebody says so.
        pairs.sort_by_key(|(name, _)| name.ends_with("_verified"));
        for (name, typed) in pairs {
            set(&mut all, &name, &typed)?;
        }
        claims::read(all).map_err(|problem| Failed::new(problem.to_string()))
    }

    fn flags(&self) -> Vec<(String, String)> {
        let flags = [
            ("name", &self.full_name),
            ("given_name", &self.given_name),
            ("family_name", &self.family_name),
            ("middle_name", &self.middle_name),
            ("nickname", &self.nickname),
            ("preferred_username", &self.preferred_username),
            ("profile", &self.profile),
            ("picture", &self.picture),
            ("website", &self.website),
            ("email", &self.email),
            ("email_verified", &self.email_verified),
            ("gender", &self.gender),
            ("birthdate", &self.birthdate),
            ("zoneinfo", &self.zoneinfo),
            ("locale", &self.locale),
            ("phone_number", &self.phone_number),
            ("phone_number_verified", &self.phone_number_verified),
            ("address", &self.address),
        ];
        flags.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect()
    }
}

fn set(all: &mut Map<String, Value>, name: &str, typed: &str) -> Result<(), Failed> {
    let name = &claims::spelt(name);
    // `address.locality`, `address#ja.locality`.
    let member = name.split_once('.').filter(|(claim, _)| *claim == "address" || claim.starts_with("address#"));
    if let Some((claim, member)) = member {
        let address = all.entry(claims::spelt(claim)).or_insert_with(|| json!({}));
        let members = address.as_object_mut().ok_or_else(|| Failed::new("address: must be an object"))?;
        members.insert(member.to_owned(), json!(typed));
    } else {
        let value = claims::parse(name, typed).map_err(|problem| Failed::new(problem.to_string()))?;
        all.shift_remove(&format!("{name}_verified"));
        all.insert(name.to_owned(), value);
    }
    Ok(())
}

fn object(file: &Path) -> Result<Map<String, Value>, Failed> {
    let text = std::fs::read_to_string(file).map_err(|e| Failed::new(format!("{}: {e}", file.display())))?;
    serde_json::from_str(&text).map_err(|e| Failed::new(format!("{}: not a JSON object: {e}", file.display())))
}

#[cfg(test)]
mod tests;
