//! `GET /check_session`: the page of `check_session_iframe`, Session Management 1.0 §3.2 and §3.3.
//!
//! Invariant: fetching it is a visit like any other for the browser's state, but no sign of life: a page that stands open
//! keeps no session alive.

use super::ask::Ask;
use crate::answer::Answer;
use crate::browser_state;
use crate::cookie::Cookie;
use crate::op::Op;
use crate::page;

/// The endpoint. Not to be kept by caches: each time a relying party's page loads it, the cookie learns what has ended.
pub(super) async fn check_session(op: &Op, ask: &Ask) -> Answer {
    let mut answer = page::check_session(&Cookie::State.name(op.dress()));
    browser_state::renew(op, ask, &mut answer).await;
    answer
}
