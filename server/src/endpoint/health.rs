//! `/health` and `/ready`: for machines that restart and that route.
//!
//! Invariant: health asks nothing of the database (a restart would not mend it); ready does.

use axum::http::StatusCode;

use openid::time::{Span, Time};
use serde_json::json;

use super::ask::Ask;
use crate::answer::{Answer, Stop, json as answer_json, text};
use crate::op::Op;

/// What seals the doctor's question.
pub(crate) const DOCTOR: &str = "doctor";

/// A question is as old at most.
const QUESTION: Span = Span::from_seconds(120);

/// The clock bound of `logout.md` §4, in milliseconds.
const CLOCK_BOUND: i64 = 30_000;

/// Alive. Who holds the key-encryption secret, as `ostiary doctor` does, hears how its request arrived here.
pub(super) fn health(op: &Op, ask: &Ask) -> Answer {
    if !is_doctor(op, ask) {
        return text(StatusCode::OK, "ok\n");
    }
    let headers = ["forwarded", "x-forwarded-for", "x-forwarded-proto"];
    let seen: Vec<_> = headers.into_iter().filter(|name| ask.header(name).is_some()).collect();
    let said: Vec<_> = headers.into_iter().filter_map(|name| ask.header(name)).collect();
    let (address, scheme) = (ask.peer.address.to_string(), ask.peer.scheme.to_string());
    let believed = said.iter().any(|value| value.contains(&address));
    answer_json(StatusCode::OK, &json!({"address": address, "scheme": scheme, "forwarded": seen, "believed": believed}))
}

fn is_doctor(op: &Op, ask: &Ask) -> bool {
    let sealed = ask.header("authorization").and_then(|value| value.strip_prefix("Doctor "));
    let opened = sealed.and_then(|sealed| op.sealing().open(DOCTOR, sealed));
    let asked = opened.and_then(|text| String::from_utf8(text.to_vec()).ok()?.parse::<i64>().ok());
    asked.is_some_and(|asked| {
        let (asked, now) = (Time::from_millis(asked), op.now());
        asked <= now + QUESTION && now <= asked + QUESTION
    })
}

/// Able to work: the database answers, and its clock and ours agree.
pub(super) async fn ready(op: &Op) -> Result<Answer, Stop> {
    op.store().ping().await?;
    let offset = op.store().database_clock_offset(op.now()).await?;
    Ok(match offset.abs() > CLOCK_BOUND {
        false => text(StatusCode::OK, "ready\n"),
        true => text(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("not ready: this clock and the database's are {} s apart; set both by NTP\n", offset / 1000),
        ),
    })
}
