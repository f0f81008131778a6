//! `/health` and `/ready`: for machines that restart and that route.
//!
//! Invariant: health asks nothing of the database (a restart would not mend it); ready does.

use axum::http::StatusCode;

use crate::answer::{Answer, Stop, text};
use crate::op::Op;

/// The clock bound of `logout.md` §4, in milliseconds.
const CLOCK_BOUND: i64 = 30_000;

/// Alive.
pub(super) fn health() -> Answer {
    text(StatusCode::OK, "ok\n")
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
