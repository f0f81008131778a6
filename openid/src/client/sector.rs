//! Whom a client knows its people by: `subject_type` and sectors, OpenID Connect Core §8 and §8.1, Registration §5.
//!
//! Invariant: a pairwise client has exactly one sector, which its metadata alone says, and which no change of it moves.

use url::Url;

use super::metadata::Metadata;
use super::registered::{Proposal, wrong};
use crate::wire::refusal::Refusal;
use crate::wire::uri::{self, Kind};

/// `subject_type`: whom a client knows its people by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectType {
    /// `public`: by what every such client knows them by.
    Public,
    /// `pairwise`: by what this sector alone knows them by. The sector is a host name in lower case.
    Pairwise(String),
}

impl SubjectType {
    /// Every one there is, as discovery lists them (Discovery §3).
    pub const NAMES: &'static [&'static str] = &["public", "pairwise"];

    /// Its name in the protocol.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise(_) => "pairwise",
        }
    }

    /// The sector; a public client has none.
    pub fn sector(&self) -> Option<&str> {
        match self {
            Self::Public => None,
            Self::Pairwise(sector) => Some(sector),
        }
    }
}

/// `subject_type` and `sector_identifier_uri`.
pub(super) fn read(
    proposal: &Proposal<'_>,
    redirect_uris: &[String],
) -> Result<(SubjectType, Option<String>), Refusal> {
    let uri = match proposal.web_uri("sector_identifier_uri")? {
        // Core §8.1.
        Some((_, Kind::Http | Kind::HttpLoopback)) => {
            return Err(wrong("sector_uri_http", "sector_identifier_uri must use https"));
        }
        uri => uri.map(|(text, _)| text),
    };
    let subject = match proposal.text("subject_type")? {
        None | Some("public") => SubjectType::Public,
        Some("pairwise") => SubjectType::Pairwise(match uri {
            Some(uri) => host(uri).ok_or_else(|| wrong("sector_uri_hostless", "sector_identifier_uri has no host"))?,
            None => shared_host(redirect_uris)?,
        }),
        Some(_) => return Err(wrong("subject_type_unknown", "subject_type must be public or pairwise")),
    };
    Ok((subject, uri.map(str::to_owned)))
}

fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

/// The one host of all redirect URIs (Core §8.1). What names no host of its own, a private-use scheme or the machine the
/// person sits at, is no sector: all applications of all vendors would share it.
fn shared_host(redirect_uris: &[String]) -> Result<String, Refusal> {
    let mut shared: Option<String> = None;
    for text in redirect_uris {
        let own = matches!(uri::judge(text), Ok(Kind::Https)) && !uri::is_own_machine(text);
        let Some(host) = host(text).filter(|_| own) else {
            return Err(wrong(
                "sector_host_none",
                "subject_type pairwise needs a sector_identifier_uri: a redirect URI is not at a host of the client's own",
            ));
        };
        if shared.as_ref().is_some_and(|shared| *shared != host) {
            return Err(wrong(
                "sector_hosts_several",
                "subject_type pairwise needs a sector_identifier_uri: redirect_uris have several hosts",
            ));
        }
        shared = Some(host);
    }
    shared.ok_or_else(|| {
        wrong("sector_unknown", "subject_type pairwise needs a sector_identifier_uri where there are no redirect_uris")
    })
}

/// The address of the document that is to be looked at before `new` is registered, in place of `old` if there was one. What
/// was looked at before is not looked at again (Registration §5).
pub fn document<'a>(old: Option<&Metadata>, new: &'a Metadata) -> Option<&'a str> {
    let uri = new.sector_identifier_uri.as_deref()?;
    let looked_at = old.is_some_and(|old| {
        old.sector_identifier_uri.as_deref() == Some(uri)
            && new.redirect_uris.iter().all(|text| old.redirect_uris.contains(text))
    });
    (!looked_at).then_some(uri)
}

/// Judges the document behind `sector_identifier_uri`: a JSON array of strings with every redirect URI in it
/// (Registration §5).
pub fn judge(document: &[u8], redirect_uris: &[String]) -> Result<(), Refusal> {
    let listed: Vec<String> = serde_json::from_slice(document)
        .map_err(|_| wrong("sector_form", "what sector_identifier_uri refers to is not a JSON array of strings"))?;
    match redirect_uris.iter().all(|text| listed.contains(text)) {
        true => Ok(()),
        false => Err(wrong(
            "sector_redirect_missing",
            "what sector_identifier_uri refers to does not hold every one of redirect_uris",
        )),
    }
}

/// The document was not to be had; `problem`: why, for whoever may know.
pub fn unreached(problem: Option<&str>) -> Refusal {
    let problem = problem.map(|problem| format!(": {problem}")).unwrap_or_default();
    wrong("sector_unreached", format!("what sector_identifier_uri refers to could not be fetched{problem}"))
}

/// A sector as somebody types it: a host name and nothing else, in the form it has in an address.
pub fn read_host(text: &str) -> Option<String> {
    let host = host(&format!("https://{text}/"))?;
    host.eq_ignore_ascii_case(text).then_some(host)
}

/// Whether metadata may take the place of others: everybody would be a stranger to a client of another sector, or of
/// another `subject_type`.
pub fn judge_change(old: &Metadata, new: &Metadata) -> Result<(), Refusal> {
    match old.subject == new.subject {
        true => Ok(()),
        false => Err(wrong(
            "sector_changed",
            "this would change the sub of everybody the client knows: its subject_type, or the host of its \
             sector_identifier_uri or redirect_uris, is another",
        )),
    }
}
