//! Initiating Login from a Third Party, OpenID Connect Core §4: this server as the third party.
//!
//! Invariant: nobody is named to a client that has not learnt the name anyway.

use url::Url;

use crate::authorize::next::Consent;
use crate::client::policy::ConsentPolicy;
use crate::client::sector::SubjectType;
use crate::client::{Client, Standing};
use crate::wire::form::Form;

/// Who starts it.
#[derive(Clone, Copy, Debug)]
pub struct Starter<'a> {
    /// The username.
    pub username: &'a str,
    /// What they consented to for this client.
    pub consent: Option<&'a Consent>,
}

/// Where a person's browser is sent to start an application; `None`: not from here, or not by this person.
pub fn start(client: &Client, issuer: &str, who: &Starter<'_>) -> Option<String> {
    let uri = client.metadata.registered.get("initiate_login_uri")?.as_str()?;
    let own = client.policy.consent == ConsentPolicy::FirstParty;
    if client.standing == Standing::Disabled || !(own || who.consent.is_some()) {
        return None;
    }
    let mut fields = vec![("iss", issuer)];
    // `profile` holds preferred_username: whoever was granted it knows who comes. A pairwise client is told no name that
    // others know the person by (Core §8).
    if (own && client.metadata.subject == SubjectType::Public)
        || who.consent.is_some_and(|consent| consent.scope.contains("profile"))
    {
        fields.push(("login_hint", who.username));
    }
    // The client must check it against open redirection; one of another origin would be refused.
    let home = client.metadata.links.client_uri.in_any(&[]).filter(|home| same_origin(home, uri));
    fields.extend(home.map(|home| ("target_link_uri", home)));
    let fields = Form::from_pairs(fields).encode();
    let (uri, joint) = (uri.split('#').next()?, if uri.contains('?') { '&' } else { '?' });
    Some(format!("{uri}{joint}{fields}"))
}

fn same_origin(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => one.origin() == other.origin(),
        _ => false,
    }
}
