//! What a client may ask for, and where answers go: `response_types`, `grant_types`, `redirect_uris` (RFC 7591 §2 and §2.1,
//! OpenID Connect Registration §2, RFC 6749 §3.1.2, RFC 8252 §7).
//!
//! Invariant: response types, grant types and addresses fit each other.

use super::members::not_yet;
use super::metadata::ApplicationType;
use super::registered::{Proposal, wrong};
use crate::authorize::response_type::{Part, ResponseType};
use crate::token::GRANTS;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::uri::{self, Kind};

/// The grant type of tokens that come from the authorization endpoint itself (OpenID Connect Registration §2).
pub(crate) const IMPLICIT: &str = "implicit";

/// What a client may ask for, and where answers go.
pub(super) struct Flows {
    pub(super) grant_types: Vec<String>,
    pub(super) response_types: Vec<ResponseType>,
    pub(super) application_type: ApplicationType,
    pub(super) redirect_uris: Vec<String>,
}

pub(super) fn flows(proposal: &Proposal<'_>) -> Result<Flows, Refusal> {
    let (response_types, grant_types) = types(proposal)?;
    let has_code = grant_types.iter().any(|g| g == "authorization_code");
    if !has_code && grant_types.iter().any(|g| g == "refresh_token") {
        return Err(wrong("refresh_without_code", "grant_types: refresh_token needs authorization_code"));
    }
    let application_type = match proposal.text("application_type")? {
        None | Some("web") => ApplicationType::Web,
        Some("native") => ApplicationType::Native,
        Some(_) => {
            return Err(wrong("application_type_unknown", "application_type must be web or native"));
        }
    };
    let redirect_uris = redirects(proposal, "redirect_uris", application_type)?.unwrap_or_default();
    if !response_types.is_empty() && redirect_uris.is_empty() {
        return Err(refuse(
            ErrorCode::InvalidRedirectUri,
            "redirect_uris_missing",
            "redirect_uris must hold at least one address",
        ));
    }
    Ok(Flows { grant_types, response_types, application_type, redirect_uris })
}

/// `response_types` and `grant_types`. If one of them is left out, it is what the other needs; both given must be
/// consistent (RFC 7591 §2.1, OpenID Connect Registration §2).
fn types(proposal: &Proposal<'_>) -> Result<(Vec<ResponseType>, Vec<String>), Refusal> {
    let response_types = match proposal.list("response_types")? {
        None => None,
        Some(list) => {
            let read = |text: &String| ResponseType::read(text).ok_or_else(|| not_yet("response_types", text));
            Some(list.iter().map(read).collect::<Result<Vec<_>, _>>()?)
        }
    };
    let needed = |types: &[ResponseType]| -> Vec<String> {
        let grants = [
            ("authorization_code", types.iter().any(|kind| kind.carries(Part::Code))),
            (IMPLICIT, types.iter().any(|kind| kind.is_implicit())),
        ];
        grants.iter().filter(|(_, needed)| *needed).map(|(name, _)| (*name).to_owned()).collect()
    };
    let grant_types = match (proposal.list("grant_types")?, &response_types) {
        (Some(given), _) => given,
        (None, Some(types)) => needed(types),
        (None, None) => vec!["authorization_code".to_owned()],
    };
    let known = |grant: &str| grant == IMPLICIT || GRANTS.iter().any(|row| row.grant_type == grant);
    if let Some(other) = grant_types.iter().find(|grant| !known(grant)) {
        return Err(not_yet("grant_types", other));
    }
    let has = |name: &str| grant_types.iter().any(|grant| grant == name);
    let response_types =
        response_types.unwrap_or_else(|| if has("authorization_code") { vec![ResponseType::Code] } else { Vec::new() });
    if grant_types.is_empty() && response_types.is_empty() {
        return Err(wrong("grant_types_empty", "grant_types must not be empty"));
    }
    let needs = needed(&response_types);
    let fits = |name: &str| has(name) == needs.iter().any(|needed| needed == name);
    match fits("authorization_code") && fits(IMPLICIT) {
        true => Ok((response_types, grant_types)),
        false => Err(wrong(
            "response_types_inconsistent",
            "response_types and grant_types do not fit: code goes with authorization_code, tokens from the authorization \
             endpoint with implicit",
        )),
    }
}

/// Addresses a browser is sent to: RFC 6749 §3.1.2, RFC 8252 §7.
pub(super) fn redirects(
    proposal: &Proposal<'_>,
    name: &'static str,
    application_type: ApplicationType,
) -> Result<Option<Vec<String>>, Refusal> {
    let Some(list) = proposal.list(name)? else {
        return Ok(None);
    };
    let code = match name {
        "redirect_uris" => ErrorCode::InvalidRedirectUri,
        _ => ErrorCode::InvalidClientMetadata,
    };
    for text in &list {
        match (uri::judge(text), application_type) {
            // http to this very machine is allowed to web clients too: developers need it, and nothing leaves the machine.
            (Ok(Kind::Https | Kind::HttpLoopback), _) | (Ok(Kind::PrivateUse), ApplicationType::Native) => {}
            (Ok(Kind::Http), _) => {
                return Err(refuse(code, "redirect_http", format!("{name}: http is allowed for loopback hosts only")));
            }
            (Ok(Kind::PrivateUse), ApplicationType::Web) => {
                return Err(refuse(
                    code,
                    "redirect_private_use",
                    format!("{name}: a private-use scheme is for application_type native only"),
                ));
            }
            (Ok(Kind::Other), _) => {
                return Err(refuse(
                    code,
                    "redirect_scheme",
                    format!("{name}: the scheme must be https, or a private-use scheme with a dot in it"),
                ));
            }
            (Err(fault), _) => {
                return Err(refuse(code, "redirect_malformed", format!("{name}: an address {fault}")));
            }
        }
    }
    Ok(Some(list))
}
