//! `exchange …`: who may exchange what for which audience and scope (RFC 8693). Without a rule everything is refused.

use std::path::PathBuf;

use clap::Subcommand;
use openid::token::exchange::rules::{Mode, Rule};
use serde_json::json;

use super::client::read;
use super::out::{Failed, Out};
use crate::op::Op;

/// `ostiary exchange …`.
#[derive(Subcommand, Debug)]
pub(super) enum ExchangeCommand {
    /// Add a rule, in place of the one of its name; docs/token-exchange.md explains the file.
    Allow {
        /// A file that describes it as JSON, or `-` for standard input.
        file: PathBuf,
    },
    /// Every rule.
    List,
    /// Remove a rule: what was exchanged by it goes on until it expires.
    Remove {
        /// Its name.
        name: String,
    },
}

/// Runs one of them.
pub(super) async fn run(command: ExchangeCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        ExchangeCommand::Allow { file } => {
            let rule = Rule::read(&read(&file)?, &op.resources())
                .map_err(|problem| Failed::new(format!("{}: {problem}", file.display())))?;
            for client in rule.clients.iter().chain(&rule.subjects) {
                if op.store().reader().await?.client(client).await?.is_none() {
                    out.hint(&format!("Warning: there is no client {client} yet."));
                }
            }
            let (new, now, shown) = (rule.clone(), op.now(), json!(rule));
            super::change(op, "exchange_allowed", &rule.name, async move |tx, line| {
                line.tell(&json!(new));
                tx.put_exchange_rule(&new, now).await?;
                Ok(Some(()))
            })
            .await?;
            out.answer(&shown, |out| out.line(&serde_json::to_string_pretty(&shown).unwrap_or_default()));
            Ok(())
        }
        ExchangeCommand::List => list(op, out).await,
        ExchangeCommand::Remove { name } => {
            let removed = name.clone();
            let done = super::change(op, "exchange_forbidden", &name, async move |tx, _| {
                Ok(tx.remove_exchange_rule(&removed).await?.is_done().then_some(()))
            });
            if done.await?.is_none() {
                return Err(Failed::new(format!("there is no rule {name}; `ostiary exchange list` shows them")));
            }
            out.answer(&json!({"name": name, "done": "removed"}), |out| out.line(&format!("{name} is removed.")));
            Ok(())
        }
    }
}

async fn list(op: &Op, out: &Out) -> Result<(), Failed> {
    let rules = op.store().reader().await?.exchange_rules().await?.0;
    let words = |all: &[openid::name::ClientId]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let row = |rule: &Rule| {
        let mode = match rule.mode {
            Mode::Impersonation => "impersonation",
            Mode::Delegation => "delegation",
        };
        vec![
            rule.name.clone(),
            words(&rule.clients),
            words(&rule.subjects),
            rule.audience.join(" "),
            rule.scope.to_string(),
            mode.to_owned(),
        ]
    };
    let rows: Vec<_> = rules.iter().map(row).collect();
    let values: Vec<_> = rules.iter().map(|rule| json!(rule)).collect();
    let head = ["RULE", "WHO", "TOKENS OF", "FOR", "SCOPE", "MODE"];
    out.table(
        &head,
        &rows,
        &values,
        "none yet, and so nothing may be exchanged; `ostiary exchange allow FILE.json` adds one",
    );
    Ok(())
}
