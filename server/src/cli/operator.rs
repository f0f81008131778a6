//! `user operator …`: who may enter the console, and what for.
//!
//! Invariant: nobody is an operator who was not made one here; a running server asks the row at each request, so what is
//! decided holds at once.

use clap::Args;
use openid::account::Operator;
use serde_json::json;

use super::out::{Failed, Out};
use super::user::{find, read};
use crate::op::Op;

/// `ostiary user operator`.
#[derive(Args, Debug)]
pub(super) struct OperatorArguments {
    /// The username.
    name: String,
    /// Not look alone: end sessions too, send notices again, give them up.
    #[arg(long, conflicts_with = "remove")]
    act: bool,
    /// Not an operator any more.
    #[arg(long)]
    remove: bool,
}

impl OperatorArguments {
    fn wanted(&self) -> Option<Operator> {
        match (self.remove, self.act) {
            (true, _) => None,
            (false, true) => Some(Operator::Act),
            (false, false) => Some(Operator::Look),
        }
    }
}

/// Runs it.
pub(super) async fn run(arguments: &OperatorArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let account = find(op, &arguments.name).await?;
    let (id, wanted) = (account.id.clone(), arguments.wanted());
    let action = if wanted.is_some() { "operator_set" } else { "operator_removed" };
    let done = super::change(op, action, &account.username, async move |tx, line| {
        if let Some(role) = wanted {
            line.tell(&json!({"may": role.as_str()}));
        }
        Ok(tx.set_operator(&id, wanted).await?.is_done().then_some(()))
    });
    let changed = done.await?.is_some();
    let name = &account.username;
    out.answer(&read(op, &account).await?, |out| {
        out.line(&match (wanted, changed) {
            (_, false) => format!("{name} is as it was."),
            (None, true) => format!("{name} is no operator any more; that holds at once."),
            (Some(Operator::Look), true) => {
                format!("{name} may look at everything in the console, and change nothing.")
            }
            (Some(Operator::Act), true) => {
                format!("{name} may look at everything in the console, end sessions, and settle notices.")
            }
        });
        if wanted.is_some() {
            out.hint(&format!("It is at {}/console.", op.issuer().as_str()));
        }
    });
    Ok(())
}
