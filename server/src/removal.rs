//! How a client comes to its end: disabled first, then what it holds is ended a batch at a time, then its row goes.
//!
//! Invariant: what ends, ends by the store's verb of ending (`logout.md` §3); what a deleted client was still to be told is
//! withdrawn, so that every notice stays accounted for.

use openid::logout::judge::Ended;
use openid::name::ClientId;
use openid::registration::policy::RegistrationPolicy;
use openid::session::Cause;
use openid::time::{Span, Time};
use store::Fault;

use crate::answer::Stop;
use crate::op::{Op, USED_EVERY};

/// Sessions and grants ended in one transaction: their people wait that long at most.
const BATCH: u32 = 50;

/// What is to become of a client.
#[derive(Clone, Debug)]
pub(crate) struct Removal {
    /// Which.
    pub(crate) client: ClientId,
    /// Who orders it, for the audit trail.
    pub(crate) actor: String,
    /// What the audit trail calls it.
    pub(crate) action: &'static str,
    /// Whether its row goes too.
    pub(crate) then: Then,
    /// Only if it was not used since.
    pub(crate) unused_since: Option<Time>,
}

/// What is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// Its row, disabled.
    Keep,
    /// Nothing.
    Delete,
}

/// Disabled first, so that nobody joins it or redeems anything any more; then ended. Returns how many grants ended; `None`:
/// it is in use after all, and nothing happened.
pub(crate) async fn remove(op: &Op, removal: &Removal) -> Result<Option<usize>, Stop> {
    let (mut grants, mut removal) = (0, removal.clone());
    loop {
        let order = removal.clone();
        let end = op.order_to_end(Ended::Client(order.client.clone()), Cause::ClientDisabled, &order.actor);
        let entry = op.line(&order.actor, order.action, order.client.as_str());
        let report = op
            .store()
            .write(async move |tx| {
                if let Some(since) = order.unused_since
                    && !tx.is_unused(&order.client, since).await?
                {
                    return Ok(None);
                }
                let mut done = tx.disable_client(&order.client, end.at).await?;
                let report = tx.end_some(&end, BATCH).await?;
                if order.then == Then::Delete && report.is_all(BATCH) {
                    tx.withdraw_notices(&order.client, end.at).await?;
                    done = tx.delete_client(&order.client).await?;
                }
                if done.is_done() || report.ended_something() {
                    let mut line = entry.clone();
                    line.tell(&report.tally());
                    tx.note(&line).await?;
                }
                Ok(Some(report))
            })
            .await?;
        let Some(report) = report else { return Ok(None) };
        // What has begun is ended: a use that comes in between is one of a client that is disabled already.
        removal.unused_since = None;
        grants += report.revoked.len();
        if report.is_all(BATCH) {
            op.clients().forget();
            return Ok(Some(grants));
        }
    }
}

/// Removes clients that registered themselves and were not used for as long as the policy says, at most so many. Returns how many.
pub(crate) async fn remove_unused(op: &Op, most: u32) -> Result<usize, Stop> {
    let mut reader = op.store().reader().await?;
    let text = reader.registration_settings().await?.policy;
    let policy = RegistrationPolicy::stored(&text)
        .map_err(|what| Fault::bug(format!("the registration policy cannot be read: {what}")))?;
    let Some(days) = policy.server.unused_days else { return Ok(0) };
    // What is noted may be two days old: a node that was told "not yet" by the row asks again a day later.
    let since = op.now() - Span::from_days(i64::from(days)) - USED_EVERY - USED_EVERY;
    let unused = reader.unused_clients(since, most).await?;
    drop(reader);
    let mut removed = 0;
    for client in unused {
        let removal = Removal {
            client,
            actor: "server".to_owned(),
            action: "client_unused",
            then: Then::Delete,
            unused_since: Some(since),
        };
        match remove(op, &removal).await {
            Ok(done) => removed += usize::from(done.is_some()),
            // The others go all the same.
            Err(stop) => tracing::error!(client = %removal.client, "an unused client could not be removed: {stop:?}"),
        }
    }
    Ok(removed)
}
