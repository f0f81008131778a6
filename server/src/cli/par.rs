//! `par …`: whether authorization requests must be pushed (RFC 9126 §5).
//!
//! Invariant: what is decided here holds for a running server, and stands in discovery, within a second.

use clap::Subcommand;
use openid::authorize::par::Pushing;
use serde_json::json;

use super::out::{Failed, Out};
use crate::op::Op;

/// `ostiary par …`.
#[derive(Subcommand, Debug)]
pub(super) enum ParCommand {
    /// Every client must push its authorization requests.
    Required,
    /// Clients may push them; those that registered to require it must.
    Optional,
    /// How it is.
    Show,
}

/// Runs one of them.
pub(super) async fn run(command: ParCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        ParCommand::Required => set(Pushing::Required, op, out).await,
        ParCommand::Optional => set(Pushing::Optional, op, out).await,
        ParCommand::Show => show(op, out).await,
    }
}

async fn set(pushing: Pushing, op: &Op, out: &Out) -> Result<(), Failed> {
    super::change(op, "pushed_requests_set", pushing.as_str(), async move |tx, _| {
        Ok(tx.set_pushing(pushing).await?.is_done().then_some(()))
    })
    .await?;
    show(op, out).await
}

async fn show(op: &Op, out: &Out) -> Result<(), Failed> {
    let pushing = op.store().reader().await?.pushing().await?;
    let endpoint = format!("{}/par", op.issuer().as_str());
    out.answer(&json!({"pushed_requests": pushing.as_str(), "endpoint": endpoint}), |out| match pushing {
        Pushing::Required => {
            out.line(&format!("Authorization requests must be pushed: clients POST them to {endpoint} first."));
            out.hint("A relying party that does not do so gets invalid_request; `ostiary par optional` takes it back.");
        }
        Pushing::Optional => {
            out.line(&format!("Authorization requests may be pushed to {endpoint}."));
            out.hint(
                "A client whose metadata say require_pushed_authorization_requests must; `ostiary par required` makes all do so.",
            );
        }
    });
    Ok(())
}
