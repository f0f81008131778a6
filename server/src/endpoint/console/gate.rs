//! Who gets into the console, and what for.
//!
//! Invariant: the role is read from the account's row at each request, and held by each act; no cookie and no page remembers
//! it. Whoever is no operator is told that the page is not for them, whatever stands behind its address.

use openid::account::{Account, Operator};
use openid::name::SessionId;
use openid::session::Session;
use openid::time::Span;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, refuse};

use super::super::ask::Ask;
use crate::act::Actor;
use crate::answer::{Answer, Stop, see_other};
use crate::browser::{self, FormCookie};
use crate::op::Op;
use crate::page::Frame;
use crate::page::console::{Console, NotForYou};
use crate::pending::{Pending, Target};

/// How long ago a sign-in may be for somebody who looks.
const LOOKS: Span = Span::from_hours(1);

/// And for somebody who ends what is others', or sends again.
const ACTS: Span = Span::from_minutes(10);

/// What somebody wants in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wants {
    /// To see.
    Look,
    /// To act, or to see the page with the button that does it.
    Act,
}

/// An operator who has signed in lately enough.
pub(super) struct Admitted {
    account: Account,
    role: Operator,
    session: SessionId,
    cookie: FormCookie,
}

impl Admitted {
    /// In whose name they act.
    pub(super) fn actor(&self) -> Actor {
        Actor::operator(&self.account, &self.session)
    }
}

/// Somebody at the door.
pub(super) enum Gate {
    /// Come in.
    Open(Box<Admitted>),
    /// Not so: to the sign-in page, or away.
    Closed(Answer),
}

/// Lets somebody in who wants to see a page, or says where to go instead.
pub(super) async fn enter(op: &Op, ask: &Ask, wants: Wants) -> Result<Gate, Stop> {
    let (below, _) = own_address(op, ask);
    if ask.query().is_ok_and(|form| form.get("as") == Some("other")) {
        return Ok(Gate::Closed(sign_in(op, ask, "/console".to_owned(), None)));
    }
    admit(op, ask, (wants, None), below).await
}

/// Lets somebody in who sends a form, which must be this browser's and made for them. `back` is where they go on if they
/// must sign in first.
pub(super) async fn enter_to_act(op: &Op, ask: &Ask, form: &Form, back: String) -> Result<Gate, Stop> {
    browser::check_csrf(op, ask, form)?;
    admit(op, ask, (Wants::Act, Some(form.need("who")?)), back).await
}

async fn admit(op: &Op, ask: &Ask, (wants, who): (Wants, Option<&str>), back: String) -> Result<Gate, Stop> {
    let here = super::super::signed_in(op, ask).await?;
    let here: Vec<_> = here.into_iter().filter(|(one, _)| who.is_none_or(|who| who == one.id.as_str())).collect();
    let Some((first, _)) = here.first() else { return Ok(Gate::Closed(sign_in(op, ask, back, None))) };
    let username = first.username.clone();
    let Some((account, session, role)) = operator(op, here).await? else {
        return Ok(Gate::Closed(NotForYou::Stranger { username }.render(&op.frame(ask))));
    };
    let patience = match wants {
        Wants::Look => LOOKS,
        Wants::Act if role == Operator::Look => {
            return Ok(Gate::Closed(NotForYou::Looker { back: "/console".to_owned() }.render(&op.frame(ask))));
        }
        Wants::Act => ACTS,
    };
    if op.now().since(session.auth_time) > patience {
        return Ok(Gate::Closed(sign_in(op, ask, back, Some(&account))));
    }
    let cookie = FormCookie::of(op, ask);
    Ok(Gate::Open(Box::new(Admitted { account, role, session: session.id, cookie })))
}

/// Of those who are signed in here the operator who proved it last.
async fn operator(op: &Op, here: Vec<(Account, Session)>) -> Result<Option<(Account, Session, Operator)>, Stop> {
    let mut reader = op.store().reader().await?;
    let mut found: Option<(Account, Session, Operator)> = None;
    for (account, session) in here {
        let Some(role) = reader.operator(&account.id).await? else { continue };
        if found.as_ref().is_none_or(|(_, other, _)| other.auth_time < session.auth_time) {
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
fn sign_in(op: &Op, ask: &Ask, below: String, again: Option<&Account>) -> Answer {
    let cookie = FormCookie::of(op, ask);
    let begun = Pending::begin(Target::Console(below), &cookie.binding(op), op.now());
    let pending = Pending { again: again.map(|account| account.id.clone()), ..begun };
    let mut answer = see_other(&format!("{}/login?request={}", op.issuer().as_str(), pending.seal(op)));
    cookie.put(&mut answer);
    answer
}

/// Shows a page to whoever was let in.
pub(super) fn show(op: &Op, ask: &Ask, admitted: &Admitted, page: impl FnOnce(&Frame, &Console) -> Answer) -> Answer {
    let console = Console {
        who: admitted.account.id.to_string(),
        username: admitted.account.username.clone(),
        role: admitted.role,
        here: own_address(op, ask).1,
        csrf: admitted.cookie.csrf(op),
    };
    let mut answer = page(&op.frame(ask), &console);
    admitted.cookie.put(&mut answer);
    answer
}

/// There is no such thing, or not any more.
pub(super) fn unknown() -> Stop {
    refuse(ErrorCode::InvalidRequest, "console_unknown", "there is nothing of that name, or not any more").into()
}
