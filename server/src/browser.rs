//! What we know of the browser at the other end: its secrets, its form binding, and the CSRF token of its forms.
//!
//! Invariant: a browser's secrets are stored as their digests; the form cookie is never stored at all.

use axum::http::header::SET_COOKIE;
use openid::name::{Digest, Secret};
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use store::Browser;

use crate::answer::{Answer, put};
use crate::cookie::Cookie;
use crate::endpoint::ask::Ask;
use crate::op::Op;

/// The digests of the secrets the browser brought.
pub fn secrets(op: &Op, ask: &Ask) -> Browser {
    let digest =
        |cookie: Cookie| ask.cookie(&cookie.name(op.dress())).filter(|value| value.len() == 43).map(Digest::of);
    Browser { passing: digest(Cookie::Browser), kept: digest(Cookie::Kept) }
}

/// A secret in the place of one that the browser brought: whoever has a copy of the old one has nothing.
pub struct Fresh {
    /// Of the old one.
    pub old: Digest,
    /// Of the new one.
    pub new: Digest,
    /// Sets it.
    pub cookie: String,
}

/// A fresh secret for each that the browser brought.
pub fn fresh(op: &Op, ask: &Ask) -> Vec<Fresh> {
    let brought = secrets(op, ask);
    let remember = op.config().lifetimes.session_remember;
    [(Cookie::Browser, brought.passing, None), (Cookie::Kept, brought.kept, Some(remember))]
        .into_iter()
        .filter_map(|(cookie, old, life)| {
            let secret = Secret::from_bytes(&op.dice().draw());
            let set = cookie.set(op.dress(), secret.reveal(), life);
            old.map(|old| Fresh { old, new: secret.digest(), cookie: set })
        })
        .collect()
}

/// The form cookie's value, if the browser brought one.
fn form_cookie<'a>(op: &Op, ask: &'a Ask) -> Option<&'a str> {
    ask.cookie(&Cookie::Form.name(op.dress())).filter(|value| value.len() == 43)
}

/// Whether a request shows a form cookie.
pub fn has_form_cookie(op: &Op, ask: &Ask) -> bool {
    form_cookie(op, ask).is_some()
}

/// Whether a pending request was begun in this browser.
pub fn is_bound(op: &Op, ask: &Ask, binding: &str) -> bool {
    form_cookie(op, ask).is_some_and(|value| op.sealing().is_mac("form-binding", value, binding))
}

/// The browser's form cookie, or a fresh one that must be set with the answer.
#[derive(Debug)]
pub struct FormCookie {
    value: String,
    set: Option<String>,
}

impl FormCookie {
    /// What the browser brought, or a fresh one.
    pub fn of(op: &Op, ask: &Ask) -> Self {
        if let Some(value) = form_cookie(op, ask) {
            Self { value: value.to_owned(), set: None }
        } else {
            let value = Secret::from_bytes(&op.dice().draw()).reveal().to_owned();
            let set = Some(Cookie::Form.set(op.dress(), &value, None));
            Self { value, set }
        }
    }

    /// Sets the cookie with the answer, if it is fresh.
    pub fn put(&self, answer: &mut Answer) {
        if let Some(set) = &self.set {
            put(answer, SET_COOKIE, set);
        }
    }

    /// What binds a pending request to this browser: a keyed digest, so that a page gives nothing of the cookie away.
    pub fn binding(&self, op: &Op) -> String {
        op.sealing().mac("form-binding", &self.value)
    }

    /// The CSRF token for this browser's forms.
    pub fn csrf(&self, op: &Op) -> String {
        op.sealing().mac("csrf", &self.value)
    }
}

/// Checks a form's `csrf` against the Lax cookie, which a cross-site POST does not carry.
pub fn check_csrf(op: &Op, ask: &Ask, form: &Form) -> Result<(), Refusal> {
    let no = |why, say| Err(refuse(ErrorCode::InvalidRequest, why, say));
    let Some(cookie) = form_cookie(op, ask) else {
        return no("csrf_no_cookie", "this form was not sent from our own page, or cookies are blocked");
    };
    match form.get("csrf") {
        Some(token) if op.sealing().is_mac("csrf", cookie, token) => Ok(()),
        _ => no("csrf_differs", "this form was not sent from our own page, please reload it and try again"),
    }
}
