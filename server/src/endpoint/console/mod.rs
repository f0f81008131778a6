//! `/console`: the operator's console. Sessions, notices and the trail, for those who were given a role
//! (`ostiary user operator`), signed in through this very provider (`logout.md` §7).
//!
//! Invariant: every page and every act passes the [`gate`]; what is shown is made by `crate::view`; an act writes its line in
//! the transaction it is done in.

mod acts;
mod clients;
mod end;
mod figures;
mod find;
mod gate;
mod ledger;
mod sessions;

use std::time::Duration;

use openid::wire::form::Form;

use super::Name;
use super::ask::Ask;
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page::console::Did;

/// How long a page waits for the first count of the ledger.
const PATIENCE: Duration = Duration::from_secs(2);

/// One of its pages or acts.
pub(super) async fn console(op: &Op, name: Name, ask: &Ask) -> Result<Answer, Stop> {
    match name {
        Name::ConsoleLedger => ledger::ledger(op, ask).await,
        Name::ConsoleNotice => ledger::notice(op, ask).await,
        Name::ConsoleSettle => acts::settle(op, ask).await,
        Name::ConsoleFind => find::find(op, ask).await,
        Name::ConsolePerson => sessions::person(op, ask).await,
        Name::ConsoleSession => sessions::session(op, ask).await,
        Name::ConsoleEnd => end::end(op, ask).await,
        Name::ConsoleClients => clients::clients(op, ask).await,
        Name::ConsoleClient => clients::client(op, ask).await,
        Name::ConsoleAudit => find::audit(op, ask).await,
        _ => figures::figures(op, ask).await,
    }
}

/// What a page is to say was just done.
fn did(form: &Form) -> Option<Did> {
    let count = form.get("count").and_then(|count| count.parse::<u64>().ok()).unwrap_or(1);
    match form.get("did")? {
        "again" => Some(Did::Again(count)),
        "give-up" => Some(Did::GivenUp(count)),
        "ended" => Some(Did::Ended(count)),
        _ => None,
    }
}

/// A value in the query of an address.
fn encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}
