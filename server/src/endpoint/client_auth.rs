//! Client authentication for every endpoint a client calls: RFC 6749 §2.3, OpenID Connect Core §9, RFC 8705 §2.
//!
//! Invariant: no transaction is open while keys are fetched or signatures verified; an assertion's `jti` is recorded later, in
//! the transaction that acts on it ([`store::Tx`]'s `record_once`).

use std::sync::Arc;

use openid::client::auth::{self, Audience, Keys, Presented};
use openid::client::policy::EnteredBy;
use openid::client::{Authenticated, Client};
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};

use super::ask::Ask;
use super::certificate;
use crate::answer::Stop;
use crate::client_keys;
use crate::op::Op;
use crate::outbound::Class;

/// Who calls, or `invalid_client`.
pub(super) async fn authenticate(op: &Op, ask: &Ask, form: &Form) -> Result<Authenticated<Arc<Client>>, Stop> {
    let presented = Presented::read(ask.authorization()?, form)?;
    let found = op.clients().find(op.store(), presented.client_id().as_str()).await?;
    let Some(client) = found else {
        return Err(auth::unknown_client().into());
    };
    let presented = presented.over(certificate::shown(op, ask, client.metadata.auth_method));
    let issuer = op.issuer().as_str();
    let (endpoint, token_endpoint) = (ask.address(op), format!("{issuer}/token"));
    let audience = Audience { issuer, token_endpoint: &token_endpoint, endpoint: &endpoint };
    let judge = |keys: &Keys<'_>| auth::judge(&presented, &client, keys, &audience, op.now());
    let authenticated = client_keys::judged(op, &client, judge).await?;
    op.use_client(authenticated.client());
    Ok(authenticated)
}

/// `why` of a client whose row is not the one it was authenticated with. What is at hand may be a second old, so the shell
/// forgets it and asks once more (`Clients::forget`); nothing has been written or spent by then.
pub(super) const CHANGED: &str = "client_changed";

/// Holds the client's row and records the assertion's `jti`, inside the transaction that acts on it. A second time is
/// refused (RFC 7523 §3 item 7).
pub(super) async fn admit(tx: &mut store::Tx, client: &Authenticated<Arc<Client>>) -> Result<(), Stop> {
    if !tx.client_stands(&client.client().id, client.client().version).await? {
        return Err(changed().into());
    }
    if let Some(assertion) = client.assertion() {
        let realm = format!("assertion:{}", assertion.client);
        let once = tx.record_once(&realm, &assertion.jti, assertion.expires_at).await?;
        if !once.is_first() {
            return Err(refuse(ErrorCode::InvalidClient, "assertion_replayed", "client authentication failed").into());
        }
    }
    Ok(())
}

/// The same for who asks and changes nothing: a client that was disabled a moment ago learns nothing. Only an assertion
/// needs a transaction.
pub(super) async fn admit_reader(op: &Op, client: &Authenticated<Arc<Client>>) -> Result<(), Stop> {
    if client.assertion().is_some() {
        let client = client.clone();
        return op.store().write(async move |tx| admit(tx, &client).await).await;
    }
    let mut reader = op.store().reader().await?;
    match reader.client_stands_now(&client.client().id, client.client().version).await? {
        true => Ok(()),
        false => Err(changed().into()),
    }
}

pub(super) fn changed() -> Refusal {
    refuse(ErrorCode::InvalidClient, CHANGED, "client authentication failed")
}

impl Class {
    /// By who entered a client's addresses.
    pub fn of(client: &Client) -> Self {
        Self::of_entry(client.policy.entered_by)
    }

    /// The same, of a client that is not there yet.
    pub fn of_entry(entered_by: EnteredBy) -> Self {
        match entered_by {
            EnteredBy::Operator => Self::Operator,
            EnteredBy::Stranger => Self::Stranger,
        }
    }
}
