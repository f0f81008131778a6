//! `user subject …`: what sectors know people by, from the command line (OpenID Connect Core §8.1).

use clap::Subcommand;
use openid::account;
use openid::client::sector;
use openid::name::Sub;
use serde_json::{Value, json};
use store::subjects::Pairwise;

use super::out::{Failed, Out};
use super::user::find;
use crate::op::Op;

/// `ostiary user subject …`.
#[derive(Subcommand, Debug)]
pub(super) enum SubjectCommand {
    /// Bring along by what a sector knew a person at another provider; it cannot be changed afterwards.
    Set {
        /// The username.
        name: String,
        /// The sector: the host of the clients' `sector_identifier_uri`, or of their redirect URIs.
        #[arg(long, value_name = "HOST")]
        sector: String,
        /// The subject.
        #[arg(long, value_name = "SUB")]
        sub: String,
    },
}

/// Runs one of them.
pub(super) async fn run(command: SubjectCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        SubjectCommand::Set { name, sector, sub } => set(&name, &sector, &sub, op, out).await,
    }
}

/// A subject somebody types.
pub(super) fn read(text: &str) -> Result<Sub, Failed> {
    match account::is_sub(text) {
        true => Ok(Sub::new(text)),
        false => Err(Failed::new("a sub has 1 to 255 printable ASCII characters, and none of them is a space")),
    }
}

/// As the account's JSON has them.
pub(super) fn shown(subjects: &[&Pairwise]) -> Value {
    json!(subjects.iter().map(|one| json!({"sector": one.sector, "sub": one.sub})).collect::<Vec<_>>())
}

async fn set(name: &str, sector: &str, sub: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let account = find(op, name).await?;
    let sub = read(sub)?;
    let sector = sector::read_host(sector)
        .ok_or_else(|| Failed::new("a sector is a host name, such as shop.example: no scheme, no port, no path"))?;
    let (id, host, brought, now) = (account.id.clone(), sector.clone(), sub.clone(), op.now());
    let detail = json!({"sector": sector});
    let done = super::change(op, "subject_set", &account.username, async move |tx, line| {
        line.tell(&detail);
        Ok(tx.bring_subject(&id, &host, &brought, now).await?.is_done().then_some(()))
    });
    if done.await?.is_none() {
        let known = op.store().reader().await?.subject(&account.id, &sector).await?;
        let username = &account.username;
        return match known {
            Some(known) if known == sub => {
                out.answer(&answer(username, &sector, &sub), |out| {
                    out.line(&format!("{sector} knows {username} by that already."));
                });
                Ok(())
            }
            Some(known) => Err(Failed::new(format!(
                "{sector} knows {username} as {known} already; what clients know people by is never changed"
            ))),
            None => Err(Failed::new(format!("{sub} is somebody's sub already; no two are alike"))),
        };
    }
    out.answer(&answer(&account.username, &sector, &sub), |out| {
        out.line(&format!("The clients of {sector} know {} as {sub}.", account.username));
    });
    Ok(())
}

fn answer(username: &str, sector: &str, sub: &Sub) -> Value {
    json!({"username": username, "sector": sector, "sub": sub})
}
