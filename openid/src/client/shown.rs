//! What people see of a client: its names and links, OpenID Connect Registration §2 and §2.1.
//!
//! Invariant: a link is an address of the web, in every language it is given in; a member stands once in each language.

use serde_json::Value;

use super::metadata::Links;
use super::registered::{Proposal, text, web_uri, wrong};
use crate::claims::language::Words;
use crate::wire::refusal::Refusal;

/// `client_name` and its languages.
pub(super) fn names(proposal: &Proposal<'_>) -> Result<Words, Refusal> {
    tagged(proposal, "client_name", text)
}

/// Addresses shown to people.
pub(super) fn links(proposal: &Proposal<'_>) -> Result<Links, Refusal> {
    let link = |name| tagged(proposal, name, |member, value| web_uri(member, value).map(|(text, _)| text));
    Ok(Links {
        client_uri: link("client_uri")?,
        logo_uri: link("logo_uri")?,
        policy_uri: link("policy_uri")?,
        tos_uri: link("tos_uri")?,
    })
}

/// A member in every language it is given in.
fn tagged<'a>(
    proposal: &Proposal<'a>,
    name: &str,
    read: impl Fn(&str, &'a Value) -> Result<&'a str, Refusal>,
) -> Result<Words, Refusal> {
    let twice = || wrong("metadata_language_twice", format!("{name} is given twice in one language"));
    Words::of_members(proposal.all(), name, read, twice)
}
