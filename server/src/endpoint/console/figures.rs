//! `GET /console`: whether every promise is accounted for.

use super::super::ask::Ask;
use super::gate::{self, Gate, Wants};
use crate::answer::{Answer, Stop};
use crate::op::Op;
use crate::page::console as page;
use crate::view::figures::lately;

/// The page.
pub(super) async fn figures(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let admitted = match gate::enter(op, ask, Wants::Look).await? {
        Gate::Open(admitted) => admitted,
        Gate::Closed(answer) => return Ok(answer),
    };
    let figures = lately(op, super::PATIENCE).await?;
    Ok(gate::show(op, ask, &admitted, |f, c| match &figures {
        Some(figures) => page::figures(figures, f, c),
        None => page::counting(f, c),
    }))
}
