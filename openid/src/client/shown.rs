//! What people see of a client: its names and links, OpenID Connect Registration §2 and §2.1.
//!
//! Invariant: a link is an address of the web, in every language it is given in.

use super::metadata::Links;
use super::registered::{Proposal, text, web_uri};
use crate::wire::refusal::Refusal;

/// `client_name` and its languages.
pub(super) fn names(proposal: &Proposal<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let mut names = Vec::new();
    for (member, value) in proposal.all() {
        let (bare, tag) = member.split_once('#').unwrap_or((member, ""));
        if bare == "client_name" && !value.is_null() {
            names.push((tag.to_owned(), text(member, value)?.to_owned()));
        }
    }
    Ok(names)
}

/// Addresses shown to people; tagged ones are checked and kept as registered.
pub(super) fn links(proposal: &Proposal<'_>) -> Result<Links, Refusal> {
    for (member, value) in proposal.all() {
        let bare = member.split_once('#').map_or(member.as_str(), |(bare, _)| bare);
        if matches!(bare, "client_uri" | "logo_uri" | "policy_uri" | "tos_uri") && !value.is_null() {
            web_uri(member, value)?;
        }
    }
    let link = |name| proposal.web_uri(name).map(|uri| uri.map(|(text, _)| text.to_owned()));
    Ok(Links {
        client_uri: link("client_uri")?,
        logo_uri: link("logo_uri")?,
        policy_uri: link("policy_uri")?,
        tos_uri: link("tos_uri")?,
    })
}
