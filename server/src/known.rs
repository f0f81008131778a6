//! The known-browser cookie: which accounts have signed in from here, sealed, so that strangers cannot use up the
//! attempts of a browser its owner knows (the third budget of `login::budget`).
//!
//! Invariant: it proves nothing but an earlier success here, with the password that still holds; it signs nobody in.

use openid::name::AccountId;
use openid::time::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::cookie::Cookie;
use crate::endpoint::ask::Ask;
use crate::op::Op;

/// How long a browser is known.
const LIFE: Span = Span::from_days(365);

/// More accounts than this in one browser push the oldest out.
const MOST: usize = 8;

/// Accounts that have signed in from this browser, the latest last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct KnownAccounts(Vec<Success>);

/// An account that signed in from here.
#[derive(Debug, Serialize, Deserialize)]
struct Success {
    account: AccountId,
    /// The name of this browser for that account.
    browser: String,
    /// When the password it did so with was set: a browser that knew another is a stranger's as well as anybody's.
    password: Option<Time>,
}

impl KnownAccounts {
    /// What the browser brought, if it is ours.
    pub fn of(op: &Op, ask: &Ask) -> Self {
        ask.cookie(&Cookie::Known.name(op.dress()))
            .and_then(|sealed| op.sealing().open("known", sealed))
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// The name of this browser for that account, while its password is the one set then: its own budget.
    pub fn browser_of(&self, account: &AccountId, password: Option<Time>) -> Option<&str> {
        let here = self.0.iter().find(|here| here.account == *account && here.password == password);
        here.map(|here| here.browser.as_str())
    }

    /// With an account that has just signed in.
    #[must_use]
    pub fn with(mut self, op: &Op, account: &AccountId, password: Option<Time>) -> Self {
        let browser = self.browser_of(account, password).map_or_else(|| op.dice().name(), str::to_owned);
        self.0.retain(|here| here.account != *account);
        self.0.push(Success { account: account.clone(), browser, password });
        if self.0.len() > MOST {
            self.0.remove(0);
        }
        self
    }

    /// The cookie, as `Set-Cookie` has it.
    pub fn cookie(&self, op: &Op) -> String {
        let bytes = serde_json::to_vec(&self.0).expect("a list of names is plain data");
        Cookie::Known.set(op.dress(), &op.sealing().seal("known", &bytes), Some(LIFE))
    }
}
