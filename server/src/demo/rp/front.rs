//! The page a person sees, its switch, and the wait that keeps it live.
//!
//! Invariant: it works without JavaScript; the script only saves the reloading.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::Response;

use super::diary::Tone;
use super::{Asked, Rp, page, plain};
use crate::answer::{put, see_other};

/// A page asks again after so long.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn front(rp: &Rp, asked: &Asked) -> Response {
    let stay = rp.diary.stay(asked.cookie(&rp.cookie_name("here")));
    page::front(rp, stay.as_ref(), asked.is_framed())
}

/// Answers when something has happened that the page has not seen.
pub(super) async fn wait(rp: &Rp, asked: &Asked) -> Response {
    let seen: u64 = asked.get("seen").and_then(|seen| seen.parse().ok()).unwrap_or(0);
    let (mut version, mut told) = (rp.diary.version(), rp.told.clone());
    let happened = tokio::select! {
        happened = tokio::time::timeout(PATIENCE, version.wait_for(|now| *now != seen)) => happened,
        _ = told.changed() => return plain(StatusCode::SERVICE_UNAVAILABLE, "the demo ends"),
    };
    match happened {
        Ok(Ok(now)) => plain(StatusCode::OK, &now.to_string()),
        _ => plain(StatusCode::NO_CONTENT, ""),
    }
}

/// The switch: a site that is down answers 503 to the back channel.
pub(super) fn down(rp: &Rp, asked: &Asked) -> Response {
    if !rp.is_own(asked) {
        return plain(StatusCode::FORBIDDEN, "this form is of another site");
    }
    let down = asked.get("down") == Some("yes");
    if down != rp.diary.is_down() {
        rp.diary.set_down(down);
        let text = match down {
            true => "From now on this site pretends to be down: the back channel hears 503.",
            false => "Up again. What the provider still has to say arrives at its next attempt.",
        };
        rp.diary.note(rp.clock.now(), if down { Tone::Bad } else { Tone::Plain }, text.into());
    }
    match asked.is_framed() {
        true => see_other(&format!("{}/?framed=1", rp.registered.origin)),
        false => see_other(&rp.home(false)),
    }
}

pub(super) fn asset(content_type: &str, text: &'static str) -> Response {
    let mut answer = plain(StatusCode::OK, text);
    put(&mut answer, header::CONTENT_TYPE, content_type);
    answer
}
