//! Who gets into the console, and what for.
//!
//! Invariant: the role is read from the account's row at each request, and held by each act; no cookie and no page remembers
//! it. Whoever is no operator is told that the page is not for them, whatever stands behind its address.

use openid::account::{Account, Operator};
use openid::session::Session;
use openid::time::Span;

use super::super::ask::Ask;
use crate::answer::{Answer, Stop, see_other};
use crate::browser::FormCookie;
use crate::op::Op;
use crate::page::Frame;
use crate::page::console::{Console, NotForYou};
use crate::pending::{Pending, Target};

/// How long ago a sign-in may be for somebody who looks.
const LOOKS: Span = Span::from_hours(1);

/// What somebody wants in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// To see.
    Look,
}

/// An operator who has signed in lately enough.
pub(super) struct Admitted {
    pub(super) account: Account,
    pub(super) role: Operator,
    pub(super) cookie: FormCookie,
}

impl Admitted {
    /// The frame of the page they asked for.
    pub(super) fn console(&self, op: &Op, ask: &Ask) -> Console {
        Console {
            who: self.account.id.to_string(),
            username: self.account.username.clone(),
            role: self.role,
            here: own_address(op, ask).1,
            csrf: self.cookie.csrf(op),
        }
    }
}

/// Somebody at the door.
pub(super) enum Gate {
    /// Come in.
    Open(Box<Admitted>),
    /// Not so: to the sign-in page, or away.
    Closed(Answer),
}

/// Lets somebody in who wants to see a page.
pub(super) async fn enter(op: &Op, ask: &Ask, wants: Wants) -> Result<Gate, Stop> {
    let here = super::super::signed_in(op, ask).await?;
    let (below, _) = own_address(op, ask);
    let Some((first, _)) = here.first() else { return Ok(Gate::Closed(sign_in(op, ask, below, None))) };
    let username = first.username.clone();
    let Some((account, session, role)) = operator(op, here).await? else {
        let wants_another = ask.query().is_ok_and(|form| form.get("as") == Some("other"));
        return Ok(Gate::Closed(match wants_another {
            true => sign_in(op, ask, "/console".to_owned(), None),
            false => NotForYou::Stranger { username }.render(&op.frame(ask)),
        }));
    };
    let patience = match wants {
        Wants::Look => LOOKS,
    };
    if op.now().since(session.auth_time) > patience {
        return Ok(Gate::Closed(sign_in(op, ask, below, Some(&account))));
    }
    let cookie = FormCookie::of(op, ask);
    Ok(Gate::Open(Box::new(Admitted { account, role, cookie })))
}

/// Of those who are signed in here the operator who proved it last.
async fn operator(op: &Op, here: Vec<(Account, Session)>) -> Result<Option<(Account, Session, Operator)>, Stop> {
    let mut reader = op.store().reader().await?;
    let mut found = None;
    for (account, session) in here {
        let Some(role) = reader.operator(&account.id).await? else { continue };
        if found.as_ref().is_none_or(|(_, other, _): &(Account, Session, Operator)| other.auth_time < session.auth_time)
        {
            found = Some((account, session, role));
        }
    }
    Ok(found)
}

/// The address that was asked for: below the issuer, and as a link on a page.
fn own_address(op: &Op, ask: &Ask) -> (String, String) {
    let whole = ask.uri.path_and_query().map_or("/console", |whole| whole.as_str());
    let below = whole.strip_prefix(op.issuer().path()).unwrap_or(whole);
    (below.to_owned(), whole.to_owned())
}

/// To the sign-in page, and then back to a page of the console.
pub(super) fn sign_in(op: &Op, ask: &Ask, below: String, again: Option<&Account>) -> Answer {
    let cookie = FormCookie::of(op, ask);
    let begun = Pending::begin(Target::Console(below), &cookie.binding(op), op.now());
    let pending = Pending { again: again.map(|account| account.id.clone()), ..begun };
    let mut answer = see_other(&format!("{}/login?request={}", op.issuer().as_str(), pending.seal(op)));
    cookie.put(&mut answer);
    answer
}

/// Shows a page to whoever was let in.
pub(super) fn show(op: &Op, ask: &Ask, admitted: &Admitted, page: impl FnOnce(&Frame, &Console) -> Answer) -> Answer {
    let mut answer = page(&op.frame(ask), &admitted.console(op, ask));
    admitted.cookie.put(&mut answer);
    answer
}
