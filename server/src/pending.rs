//! A pending request: sealed into the pages it shows, expiring, bound to the browser that began it (architecture §2.7).
//!
//! Invariant: anonymous requests grow no table, and an interaction opened in another browser goes nowhere.

use openid::logout::end::EndQuestion;
use openid::name::{AccountId, ClientId};
use openid::time::{Span, Time};
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use serde::{Deserialize, Serialize};

use crate::endpoint::ask::Ask;
use crate::op::Op;
use crate::page::Over;

/// How long a person may take.
const PATIENCE: Span = Span::from_minutes(30);

/// The longest sealed request that still fits into a URL everywhere (proxies stop at about 8,000 bytes).
pub const LONGEST: usize = 7_000;

/// What the person was doing when we had to ask them something.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pending {
    /// What goes on afterwards.
    pub target: Target,
    /// When it began.
    pub began: Time,
    /// The account chosen or signed in with since.
    pub chosen: Option<AccountId>,
    /// The account that must prove itself again, if the login page was shown for that.
    pub again: Option<AccountId>,
    /// The username that stands on the login page already.
    pub username: Option<String>,
    /// A digest of what the consent page showed, so that a yes means that and nothing else.
    pub shown: Option<String>,
    /// The binding to the form cookie.
    pub(crate) binding: String,
}

/// What goes on once the person has answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Target {
    /// An authorization request: its parameters, urlencoded.
    Authorize(String),
    /// The person's own page.
    Account,
    /// A page of the operator's console: its path below the issuer's, with its query.
    Console(String),
    /// The link of a letter: what stands in it.
    Link(String),
    /// A logout that was asked for.
    Logout(EndQuestion),
    /// A logout that was done: whom the page looks after.
    SignedOut(Fates),
}

/// Whom a sign-out had to tell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fates {
    /// Who asked for it, if an application did.
    pub asked_by: Option<ClientId>,
    /// What ended.
    pub over: Over,
    /// Promised: the notice and whom.
    pub promised: Vec<(String, ClientId)>,
    /// Told by this browser alone.
    pub shown: Vec<ClientId>,
    /// Without an address.
    pub untold: Vec<ClientId>,
    /// Where a link leads back to the one that asked.
    pub link: Option<String>,
}

impl Pending {
    /// A request that begins now in this browser.
    pub fn begin(target: Target, binding: &str, now: Time) -> Self {
        Self { target, began: now, chosen: None, again: None, username: None, shown: None, binding: binding.to_owned() }
    }

    /// The moment of what is done for it. The node that took the request may have a clock that is ahead of ours, by 30 s at
    /// most; what is done for a request is later than its beginning all the same.
    pub fn moment(&self, now: Time) -> Time {
        now.max(self.began)
    }

    /// Seals it for a page or a URL.
    pub fn seal(&self, op: &Op) -> String {
        let text = serde_json::to_vec(self).expect("a pending request is plain data");
        op.sealing().seal("pending", &text)
    }

    /// Opens what came back, from the query (GET) or the form (POST); it must be this browser's and not too old.
    pub fn open(op: &Op, ask: &Ask, form: &Form, now: Time) -> Result<Self, Refusal> {
        Self::unseal(op, ask, form.need("request")?, now)
    }

    /// Opens what was sealed, wherever it was kept meanwhile.
    pub fn unseal(op: &Op, ask: &Ask, sealed: &str, now: Time) -> Result<Self, Refusal> {
        let lost = || {
            refuse(
                ErrorCode::InvalidRequest,
                "pending_unreadable",
                "this page is too old or was not made here, please start again from the application",
            )
        };
        let bytes = op.sealing().open("pending", sealed).ok_or_else(lost)?;
        let pending: Self = serde_json::from_slice(&bytes).map_err(|_| lost())?;
        if now > pending.began + PATIENCE {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "pending_expired",
                "this page has expired, please start again from the application",
            ));
        }
        match crate::browser::is_bound(op, ask, &pending.binding) {
            true => Ok(pending),
            false => Err(refuse(
                ErrorCode::InvalidRequest,
                "pending_other_browser",
                "this page was opened in another browser, please start again from the application",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_done_for_a_request_before_it_began() {
        let began = Time::from_seconds(1_800_000_000);
        let pending = Pending::begin(Target::Account, "", began);
        assert_eq!(pending.moment(began + Span::from_seconds(-15)), began, "on a node that is behind");
        assert_eq!(pending.moment(began + Span::from_seconds(15)), began + Span::from_seconds(15));
    }
}
