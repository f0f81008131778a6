//! The browser's state of Session Management 1.0 §3.2: a cookie that scripts of ours may read, present also when nobody is
//! signed in.
//!
//! Its value is a random name and a keyed digest of that name with the sessions the browser holds. So nothing needs to be
//! stored, nobody can make one up, and at every visit the server sees whether the set of sessions is still the one the
//! cookie stands for: if it is not (a sign-in, a sign-out, an ending by an operator or by time), the browser gets a fresh
//! one. Invariant: it says nothing of anybody; it changes when the set of sessions does, and not otherwise.

use axum::http::header::SET_COOKIE;
use openid::authorize::next::Candidate;
use openid::logout::session_state::session_state;
use openid::name::{ClientId, Digest, SessionId};
use store::{Asker, Browser, Fault};

use crate::answer::{Answer, put};
use crate::browser;
use crate::cookie::Cookie;
use crate::endpoint::ask::Ask;
use crate::op::Op;

const PURPOSE: &str = "browser-state";

/// The state of a browser, and the cookie that tells it so.
#[derive(Debug)]
pub struct BrowserState {
    value: String,
    set: Option<String>,
}

/// An answer that has seen to the cookie already.
#[derive(Clone, Copy, Debug)]
struct Kept;

impl BrowserState {
    /// What the browser brought, if it stands for the sessions it holds now; else a fresh one.
    pub async fn of(op: &Op, ask: &Ask, browser: &Browser) -> Result<Self, Fault> {
        // The sessions of no client in particular; no client has an empty id.
        let held = op.store().reader().await?.browser_sessions(browser, Asker::NOBODY, op.now()).await?;
        let held = held.into_iter().map(|candidate| candidate.session.id).collect();
        Ok(Self::with(op, brought(op, ask), browser, held))
    }

    /// The same, where the sessions the browser holds were read already.
    pub fn holding(op: &Op, ask: &Ask, browser: &Browser, sessions: &[Candidate]) -> Self {
        let held = sessions.iter().map(|candidate| candidate.session.id.clone()).collect();
        Self::with(op, brought(op, ask), browser, held)
    }

    fn with(op: &Op, brought: Option<&str>, browser: &Browser, mut held: Vec<SessionId>) -> Self {
        held.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        let text = |name: &str| {
            let names = held.iter().map(SessionId::as_str);
            [name].into_iter().chain(names).collect::<Vec<_>>().join(" ")
        };
        let stands = |value: &&str| {
            value.split_once('.').is_some_and(|(name, mac)| op.sealing().is_mac(PURPOSE, &text(name), mac))
        };
        if let Some(value) = brought.filter(stands) {
            return Self { value: value.to_owned(), set: None };
        }
        let name = op.dice().name();
        let value = format!("{name}.{}", op.sealing().mac(PURPOSE, &text(&name)));
        // It lives as long as what it stands for.
        let life = browser.kept.map(|_| op.config().lifetimes.session_remember);
        let set = Some(Cookie::State.set(op.dress(), &value, life));
        Self { value, set }
    }

    /// `session_state` for a client whose answer goes to this address: the salt is a fresh one each time (§3.2).
    pub fn session_state(&self, op: &Op, client: &ClientId, redirect_uri: &str) -> String {
        session_state(client, redirect_uri, &self.value, &op.dice().name())
    }

    /// Sets the cookie with the answer, if it is fresh.
    pub fn put(&self, answer: &mut Answer) {
        if let Some(set) = &self.set {
            put(answer, SET_COOKIE, set);
        }
        answer.extensions_mut().insert(Kept);
    }
}

fn brought<'a>(op: &Op, ask: &'a Ask) -> Option<&'a str> {
    ask.cookie(&Cookie::State.name(op.dress()))
}

/// Sees to the cookie of a browser that has been at one of our pages. What cannot be looked up now is seen to at the next
/// visit.
pub async fn keep(op: &Op, ask: &Ask, answer: &mut Answer) {
    if answer.extensions().get::<Kept>().is_some() {
        return;
    }
    match BrowserState::of(op, ask, &after(op, ask, answer)).await {
        Ok(state) => state.put(answer),
        Err(fault) => tracing::warn!("a browser's state could not be looked up: {fault:#}"),
    }
}

/// The same, where `check_session_iframe` is fetched: a browser that brings nothing gets nothing. It may keep what a frame
/// on another site is given apart from what our own pages are given; a state of its own there would be one that changes for
/// ever.
pub async fn renew(op: &Op, ask: &Ask, answer: &mut Answer) {
    match brought(op, ask).is_some() || browser::secrets(op, ask) != Browser::default() {
        true => keep(op, ask, answer).await,
        false => drop(answer.extensions_mut().insert(Kept)),
    }
}

/// The secrets the browser has when it has read the answer: what that sets counts before what the request brought.
fn after(op: &Op, ask: &Ask, answer: &Answer) -> Browser {
    let mut browser = browser::secrets(op, ask);
    let lines = answer.headers().get_all(SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    for (name, rest) in lines.filter_map(|line| line.split_once('=')) {
        let value = rest.split(';').next().unwrap_or_default();
        let digest = Some(value).filter(|value| value.len() == 43).map(Digest::of);
        if name == Cookie::Browser.name(op.dress()) {
            browser.passing = digest;
        } else if name == Cookie::Kept.name(op.dress()) {
            browser.kept = digest;
        }
    }
    browser
}
