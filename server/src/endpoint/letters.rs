//! What the endpoints that send letters share: how a letter is made, and what a request that came with it is worth later.
//!
//! Invariant: a letter takes from the budgets before anything is looked up, and nothing gives that back.

use login::budget::{self, Take};
use login::letter::About;
use openid::account::Account;
use openid::time::Time;
use serde_json::Value;
use store::Letter;

use super::ask::Ask;
use crate::op::Op;
use crate::page::Frame;

/// What a letter to this address, or to whoever has this name, takes from the budgets.
pub(super) fn takes(op: &Op, ask: &Ask, typed: &str) -> Vec<Take> {
    budget::letter_takes(typed, ask.peer.address, &op.config().limits.login())
}

/// A letter. It is written in the language of the account, or of the page it was asked for on.
pub(super) fn letter(op: &Op, frame: &Frame, about: About, address: &str, account: Option<&Account>) -> Letter {
    let now = op.now();
    let own = account.and_then(|account| account.claims.get("locale")).and_then(Value::as_str);
    let own = own.and_then(|locale| locale.split('-').next()).filter(|tag| crate::page::speaks(tag));
    Letter {
        id: op.dice().name(),
        about,
        address: address.to_owned(),
        account: account.map(|account| account.id.clone()),
        language: own.unwrap_or(frame.lang()).to_owned(),
        request: None,
        created_at: now,
        expires_at: now + about.life(),
        spent_at: None,
    }
}

/// Until the next letter, in minutes.
pub(super) fn minutes(op: &Op, until: Time) -> i64 {
    until.since(op.now()).seconds() / 60 + 1
}
