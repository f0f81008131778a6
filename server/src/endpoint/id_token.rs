//! ID Tokens on their way out: from the token endpoint and through the browser (OpenID Connect Core §2, §3.1.3.6,
//! §3.2.2.10, §3.3.2.11).
//!
//! Invariant: the key to encrypt it to is found before the transaction that grants it, and it is signed after.

use openid::authorize::response_type::{Part, ResponseType};
use openid::claims::parameter::Place;
use openid::claims::told::{self, Person};
use openid::client::Client;
use openid::session::Grant;
use openid::time::Time;
use openid::token::claims::{self, Hashes, IdTokenFacts, Scopes};
use openid::token::issue::IdTokenIssue;

use crate::answer::Stop;
use crate::envelope::{self, Recipient, Said};
use crate::op::Op;
use crate::sources;

/// What an ID Token is bound to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside<'a> {
    /// The access token that goes with it.
    pub access: Option<&'a str>,
    /// The code that goes with it.
    pub code: Option<&'a str>,
    /// The `state` that goes with it.
    pub state: Option<&'a str>,
    /// What binds it to a device secret, also one that does not go with it.
    pub ds_hash: Option<&'a str>,
}

/// Makes one.
pub(super) async fn seal(
    op: &Op,
    client: &Client,
    (grant, issue, scopes): (&Grant, IdTokenIssue, Scopes),
    beside: Beside<'_>,
    (to, now): (Option<&Recipient>, Time),
) -> Result<String, Stop> {
    // The person's claims are read only if some are told in the ID Token.
    let account = match grant.claims.id_token.is_empty() && scopes == Scopes::FromUserinfo {
        true => None,
        false => op.store().reader().await?.account(&grant.account).await?,
    };
    let catalogue = op.catalogue();
    let scope = (scopes == Scopes::InIdToken).then_some(&grant.scope);
    let asked = told::asked_names(&catalogue, scope, (&grant.claims, Place::IdToken));
    let sourced = sources::gather(op, &grant.account, &asked).await?;
    let hash = |text: Option<&str>| text.map(|text| jose::half_hash(client.metadata.id_token_alg, text));
    let (at_hash, c_hash, s_hash) = (hash(beside.access), hash(beside.code), hash(beside.state));
    let facts = IdTokenFacts {
        issuer: op.issuer().as_str(),
        now,
        expires_at: now + op.terms(&client.policy).id_token,
        hashes: Hashes { at_hash: at_hash.as_deref(), c_hash: c_hash.as_deref(), s_hash: s_hash.as_deref() },
        issue,
        person: account.as_ref().map(|account| Person { account, catalogue: &catalogue, sourced: &sourced }),
        scopes,
        ds_hash: beside.ds_hash,
    };
    let said = Said { signed: Some(client.metadata.id_token_alg), encrypted: to };
    Ok(envelope::say(op, client, ("JWT", &claims::id_token(grant, &facts)), said, now)?)
}

/// Where the claims of scopes are told: with no access token in sight, in the ID Token (Core §5.4).
pub(super) fn scopes(response_type: ResponseType) -> Scopes {
    match response_type.carries(Part::Code) || response_type.carries(Part::Token) {
        true => Scopes::FromUserinfo,
        false => Scopes::InIdToken,
    }
}
