//! What came of an attempt, written down: in the ledger, the log, the metrics and the trace.
//!
//! Invariant: a failure settles its own attempt alone; what could not be written down comes again when its lease runs out.

use openid::logout::backchannel::{self, Again, Weighed};
use openid::time::{Span, Time};
use store::{Leased, Outcome, Said, Settled};

use super::Courier;
use crate::answer::Stop;
use crate::metrics::Carried;
use crate::traces;

impl Courier {
    /// What comes after an attempt that we could not make or write down.
    pub(super) async fn see_to(&self, notice: &Leased, done: Result<(), Stop>) {
        match done {
            Ok(()) => {}
            Err(Stop::Fault(fault)) => {
                tracing::error!(notice = notice.attempt.id, "an attempt failed on our side: {fault:#}");
                // It comes again like any other, and to its deadline: an operator must see that nobody was told.
                let said = Said { status: None, words: format!("failed on our side: {fault}") };
                if self.later(notice, None, said).await.is_err() {
                    tracing::error!(notice = notice.attempt.id, "it is made again when its lease runs out");
                }
            }
            Err(Stop::Refuse(refusal)) => {
                tracing::error!(notice = notice.attempt.id, "an attempt was refused: {refusal}");
            }
        }
    }

    pub(super) async fn give_back(&self, notice: &Leased, due: Time) -> Result<(), Stop> {
        self.op.metrics().carried(Carried::TurnedAway);
        let attempt = notice.attempt.clone();
        self.op.store().write(async move |tx| Ok(tx.give_back(&attempt, due).await?)).await?;
        Ok(())
    }

    pub(super) async fn later(&self, notice: &Leased, asked: Option<Span>, said: Said) -> Result<(), Stop> {
        let now = self.op.now();
        let wait = backchannel::backoff(notice.attempt.number, self.op.dice().number());
        match backchannel::again(now, wait, asked, notice.notice.deliver_by) {
            Again::At(due) => {
                tracing::info!(notice = notice.attempt.id, client = %notice.notice.client, attempt = notice.attempt.number, "not delivered yet: {}", said.words);
                self.op.metrics().carried(Carried::Later);
                self.postpone(notice, due.since(now), said).await
            }
            Again::Park => {
                let words = format!("{}; the deadline has come", said.words);
                self.settle(notice, Outcome::Parked, Said { words, ..said }).await
            }
        }
    }

    async fn postpone(&self, notice: &Leased, wait: Span, said: Said) -> Result<(), Stop> {
        let (attempt, due) = (notice.attempt.clone(), self.op.now() + wait);
        self.op.store().write(async move |tx| Ok(tx.postpone(&attempt, due, &said).await?)).await?;
        Ok(())
    }

    pub(super) async fn settle(&self, notice: &Leased, outcome: Outcome, said: Said) -> Result<(), Stop> {
        let client = &notice.notice.client;
        self.op.metrics().carried(match outcome {
            Outcome::Delivered => Carried::Delivered,
            Outcome::Refused => Carried::Refused,
            Outcome::Parked => Carried::Parked,
        });
        match outcome {
            Outcome::Delivered => {
                tracing::info!(notice = notice.attempt.id, %client, attempt = notice.attempt.number, "delivered");
            }
            Outcome::Refused => {
                tracing::warn!(notice = notice.attempt.id, %client, attempt = notice.attempt.number, "refused by the relying party: {}", said.words);
            }
            Outcome::Parked => {
                tracing::warn!(notice = notice.attempt.id, %client, attempt = notice.attempt.number, "parked, an operator must look: {}", said.words);
            }
        }
        let (attempt, now) = (notice.attempt.clone(), self.op.now());
        let settled =
            self.op.store().write(async move |tx| Ok(tx.settle(&attempt, outcome, &said, now).await?)).await?;
        if outcome == Outcome::Delivered && settled == Settled::Now && self.op.metrics().are_wanted() {
            // It is told, and written down: that it cannot be timed changes nothing.
            if let Err(Stop::Fault(fault)) = self.time(notice, now).await {
                tracing::warn!("a delivery could not be timed: {fault}");
            }
        }
        Ok(())
    }

    /// How long it took since the session's end, if this was the first or the last who had to be told.
    async fn time(&self, notice: &Leased, settled_at: Time) -> Result<(), Stop> {
        let mut reader = self.op.store().reader().await?;
        let (id, session) = (&notice.attempt.id, &notice.notice.session);
        let turn = reader.turn_of_delivery(id, session, notice.created_at, settled_at).await?;
        self.op.metrics().delivered(turn, settled_at.since(notice.created_at));
        Ok(())
    }
}

/// What a span says of an attempt.
pub(super) fn tell_span(mut span: traces::Span, notice: &Leased, uri: &str, (status, weighed): (Option<u16>, Weighed)) {
    let result = match weighed {
        Weighed::Delivered => Carried::Delivered,
        Weighed::Refused => Carried::Refused,
        Weighed::Park => Carried::Parked,
        Weighed::Later(_) => Carried::Later,
    };
    span.note("ostiary.client", notice.notice.client.as_str());
    span.count("ostiary.attempt", notice.attempt.number);
    span.note("ostiary.result", result.as_str());
    if let Some(host) = url::Url::parse(uri).ok().as_ref().and_then(url::Url::host_str) {
        span.note("server.address", host);
    }
    if let Some(status) = status {
        span.count("http.response.status_code", status);
    }
    if result != Carried::Delivered {
        span.fail();
    }
    span.end();
}
