//! What may be written into an account's claims: OpenID Connect Core §5.1, §5.1.1 and §5.2.
//!
//! Invariant: what passed here can be sent as it is. No empty strings, no nulls, every standard claim well typed;
//! `sub`, `updated_at` and the names of the protocol are ours.

use std::fmt;

use openid::claims::language;
use openid::token::claims::is_reserved;
use serde_json::{Map, Value};

/// What a standard claim holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text that is not empty.
    Text,
    /// An `http` or `https` URL.
    Url,
    /// An e-mail address, RFC 5322 addr-spec as far as anybody uses it.
    Email,
    /// `true` or `false`.
    Flag,
    /// `YYYY-MM-DD`, `0000-MM-DD` or `YYYY`.
    Birthdate,
    /// A name of the time zone database, such as `Europe/Paris`.
    Zone,
    /// A language tag, BCP 47, such as `en-US`.
    Locale,
    /// A telephone number, E.164 recommended.
    Phone,
    /// An object of texts, §5.1.1.
    Address,
}

/// The standard claims a person or an operator gives (Core §5.1), and what each holds. The command line makes a flag of
/// each, the account page a field.
pub const STANDARD: &[(&str, Shape)] = &[
    ("name", Shape::Text),
    ("given_name", Shape::Text),
    ("family_name", Shape::Text),
    ("middle_name", Shape::Text),
    ("nickname", Shape::Text),
    ("preferred_username", Shape::Text),
    ("profile", Shape::Url),
    ("picture", Shape::Url),
    ("website", Shape::Url),
    ("email", Shape::Email),
    ("email_verified", Shape::Flag),
    ("gender", Shape::Text),
    ("birthdate", Shape::Birthdate),
    ("zoneinfo", Shape::Zone),
    ("locale", Shape::Locale),
    ("phone_number", Shape::Phone),
    ("phone_number_verified", Shape::Flag),
    ("address", Shape::Address),
];

/// The members of `address`, Core §5.1.1.
pub const ADDRESS: &[&str] = &["formatted", "street_address", "locality", "region", "postal_code", "country"];

/// Longest text of one claim, in bytes.
const LONGEST_TEXT: usize = 4096;
/// Longest name of a claim, in bytes.
const LONGEST_NAME: usize = 200;
/// Most that one account may hold, as JSON text.
const LONGEST_ALL: usize = 64 * 1024;

/// What is wrong with a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which claim.
    pub claim: String,
    /// What it should be.
    pub say: &'static str,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.claim, self.say)
    }
}

impl std::error::Error for Problem {}

/// Checks all claims of an account. Custom ones may be any JSON that says something. Languages come out spelt as they are
/// registered.
pub fn read(given: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let mut claims = Map::new();
    for (name, value) in given {
        check(&name, &value).map_err(|say| Problem { claim: name.clone(), say })?;
        if claims.insert(spelt(&name), value).is_some() {
            return Err(Problem { claim: name, say: "stands there twice: the case of a language makes no difference" });
        }
    }
    for (flag, of) in [("email_verified", "email"), ("phone_number_verified", "phone_number")] {
        if claims.contains_key(flag) && !claims.contains_key(of) {
            return Err(Problem { claim: flag.to_owned(), say: "says that something is verified that is not there" });
        }
    }
    let size = serde_json::to_string(&claims).map_or(usize::MAX, |text| text.len());
    if size > LONGEST_ALL {
        return Err(Problem { claim: "claims".to_owned(), say: "are more than 64 KiB together" });
    }
    Ok(claims)
}

/// Reads what somebody typed for one standard claim, as on a command line: flags from `true` and `false`, an address
/// from its JSON or as its `formatted` member.
pub fn parse(name: &str, typed: &str) -> Result<Value, Problem> {
    let base = tagged(name).map_or(name, |(base, _)| base);
    let shape = STANDARD.iter().find(|(known, _)| *known == base).map(|(_, shape)| *shape);
    let value = match shape {
        Some(Shape::Flag) => match typed {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            other => Value::String(other.to_owned()),
        },
        Some(Shape::Address) => match serde_json::from_str(typed) {
            Ok(Value::Object(address)) => Value::Object(address),
            _ => serde_json::json!({ "formatted": typed }),
        },
        // One of somebody's own may be a list or an object.
        None if typed.starts_with(['[', '{']) => {
            serde_json::from_str(typed).unwrap_or_else(|_| Value::String(typed.to_owned()))
        }
        _ => Value::String(typed.to_owned()),
    };
    check(name, &value).map_err(|say| Problem { claim: name.to_owned(), say })?;
    Ok(value)
}

/// A claim's name with its language in the case it is registered in: `family_name#ja-Kana-JP` (§5.2). What is no language
/// stays as it is.
pub fn spelt(name: &str) -> String {
    match tagged(name) {
        Some((base, tag)) => format!("{base}#{}", language::canonical(tag)),
        None => name.to_owned(),
    }
}

/// The language of a claim: of one that is named by a URI, what stands behind `#` is a part of the name.
fn tagged(name: &str) -> Option<(&str, &str)> {
    name.split_once('#').filter(|(base, _)| !base.contains(':'))
}

fn check(name: &str, value: &Value) -> Result<(), &'static str> {
    // §5.2: `name#de` is `name` in German.
    let (base, language) = tagged(name).map_or((name, None), |(base, tag)| (base, Some(tag)));
    if base.is_empty() || name.len() > LONGEST_NAME || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err("is not a name of a claim");
    }
    if language.is_some_and(|tag| !language::is_tag(tag)) {
        return Err("has no language tag behind its #");
    }
    if language.is_some() && STANDARD.iter().any(|(known, shape)| *known == base && !shape.is_words()) {
        return Err("is not in any language");
    }
    if base == "updated_at" || is_reserved(base) {
        return Err("is set by the provider");
    }
    match STANDARD.iter().find(|(known, _)| *known == base) {
        Some((_, shape)) => shape.check(value),
        None if says_something(value) => Ok(()),
        None => Err("must not be empty or null"),
    }
}

impl Shape {
    /// Whether it is for people to read, or leads to what is: only then it can be in a language (§5.2).
    pub fn is_words(self) -> bool {
        matches!(self, Self::Text | Self::Url | Self::Address)
    }

    fn check(self, value: &Value) -> Result<(), &'static str> {
        match (self, value) {
            (Self::Flag, Value::Bool(_)) => Ok(()),
            (Self::Flag, _) => Err("must be true or false"),
            (Self::Address, Value::Object(address)) => check_address(address),
            (Self::Address, _) => Err("must be an object"),
            (shape, Value::String(text)) => shape.check_text(text),
            (_, _) => Err("must be a text"),
        }
    }

    fn check_text(self, text: &str) -> Result<(), &'static str> {
        is_text(text)?;
        let (fits, say) = match self {
            Self::Text | Self::Flag | Self::Address => (true, ""),
            Self::Url => (is_web_url(text), "must be an http or https URL"),
            Self::Email => (is_email(text), "must be an e-mail address"),
            Self::Birthdate => (is_birthdate(text), "must be YYYY-MM-DD, 0000-MM-DD or YYYY"),
            Self::Zone => (is_zone(text), "must be a time zone such as Europe/Paris"),
            Self::Locale => (language::is_tag(text), "must be a language tag such as en-US"),
            Self::Phone => (is_phone(text), "must be a telephone number such as +1 425 555 1212"),
        };
        if fits { Ok(()) } else { Err(say) }
    }
}

fn is_text(text: &str) -> Result<(), &'static str> {
    match text {
        _ if text.trim().is_empty() => Err("must not be empty"),
        // A placeholder of somebody's export, and refused by certification suites.
        "null" => Err("must not be the word null"),
        _ if text.len() > LONGEST_TEXT => Err("is too long"),
        _ => Ok(()),
    }
}

fn check_address(address: &Map<String, Value>) -> Result<(), &'static str> {
    if address.is_empty() {
        return Err("must not be empty");
    }
    for (name, value) in address {
        match value {
            Value::String(text) if ADDRESS.contains(&name.as_str()) => is_text(text)?,
            Value::String(_) => return Err("holds a member that OpenID Connect Core §5.1.1 does not name"),
            _ => return Err("must hold texts"),
        }
    }
    Ok(())
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => is_text(text).is_ok(),
        Value::Array(all) => !all.is_empty() && all.iter().all(says_something),
        Value::Object(all) => !all.is_empty() && all.values().all(says_something),
    }
}

fn is_web_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_email(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@');
    text.len() <= 254 && text.rsplit_once('@').is_some_and(|(local, domain)| plain(local) && plain(domain))
}

fn is_birthdate(text: &str) -> bool {
    let digits = |part: &str, long: usize| part.len() == long && part.bytes().all(|b| b.is_ascii_digit());
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [year] => digits(year, 4) && *year != "0000",
        [year, month, day] => {
            digits(year, 4) && digits(month, 2) && digits(day, 2) && day_exists(year, month, day).unwrap_or(false)
        }
        _ => false,
    }
}

fn day_exists(year: &str, month: &str, day: &str) -> Option<bool> {
    let (year, month, day): (u32, u32, u32) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    // §5.1: the year 0000 means that it is left out; 29 February may then be.
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return Some(false),
    };
    Some((1..=days).contains(&day))
}

fn is_zone(text: &str) -> bool {
    let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c));
    text.split('/').all(part) && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn is_phone(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_digit() || "+ ()-./;=ext".contains(c);
    text.len() <= 64 && text.chars().all(legal) && text.chars().filter(char::is_ascii_digit).count() >= 3
}
