//! What an operator does, whoever asks for it: sends notices again, gives them up, ends sessions. The command line and
//! the API do these; the console does the same holding the operator's role in each transaction (`logout.md` §7).
//!
//! Invariant: each leaves its line in the audit trail, in the transaction that did it; what changed nothing leaves none.

use std::time::{Duration, Instant};

use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::session::Cause;
use serde::Serialize;
use store::{EndReport, NoticeState, Settled};
use utoipa::ToSchema;

use crate::answer::Stop;
use crate::op::Op;
use crate::view::preview::{EndSums, Extent, offline, subject};

/// Sessions and grants ended in one transaction: their people wait that long at most.
const BATCH: u32 = 500;

/// What reaches a whole client is ended for so long; the rest is left to whoever asks again.
const PATIENCE: Duration = Duration::from_secs(20);

/// More names than this are not listed in an answer.
const NAMED: usize = 1_000;

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Acted<T> {
    /// It was carried out.
    Done(T),
    /// It is not in a state in which that can be done.
    Not(&'static str),
    /// There is no such thing.
    Unknown,
}

/// Sends a notice again: a parked, refused or withdrawn one once more, a pending one now.
pub async fn retry(op: &Op, actor: &str, id: &str) -> Result<Acted<()>, Stop> {
    let (now, deadline) = (op.now(), op.config().lifetimes.logout_deadline);
    let (named, line) = (id.to_owned(), op.line(actor, "notices_retried", id));
    let settled = op.store().write(async move |tx| {
        let settled = tx.retry_notice(&named, now, now + deadline).await?;
        if settled == Settled::Now {
            let mut line = line.clone();
            line.tell(&serde_json::json!({"reopened": 1}));
            tx.note(&line).await?;
        }
        Ok(settled)
    });
    of_notice(op, id, settled.await?).await
}

/// Gives a pending or parked notice up.
pub async fn give_up(op: &Op, actor: &str, id: &str) -> Result<Acted<()>, Stop> {
    let (now, named, line) = (op.now(), id.to_owned(), op.line(actor, "notice_given_up", id));
    let settled = op.store().write(async move |tx| {
        let settled = tx.give_up(&named, now).await?;
        if settled == Settled::Now {
            tx.note(&line).await?;
        }
        Ok(settled)
    });
    of_notice(op, id, settled.await?).await
}

/// Why a notice was not as it had to be.
async fn of_notice(op: &Op, id: &str, settled: Settled) -> Result<Acted<()>, Stop> {
    if settled == Settled::Now {
        return Ok(Acted::Done(()));
    }
    let row = op.store().reader().await?.notice(id).await?;
    Ok(row.map_or(Acted::Unknown, |row| {
        Acted::Not(match row.state {
            NoticeState::Delivered => "it was delivered",
            NoticeState::Refused => "the relying party refused it; that is final unless it is sent again",
            NoticeState::Withdrawn => "it was given up already",
            NoticeState::Pending | NoticeState::Parked => "another notice about the same stay is under way",
        })
    }))
}

/// What an ending did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Carried {
    /// `session`, `account`, `participation`, `client`, `account_at_client`.
    pub what: &'static str,
    /// Which.
    pub subject: String,
    /// What was ordered for background access: `keep`, `revoke`.
    pub offline: &'static str,
    /// Sessions that ended by it: the first thousand.
    pub sessions: Vec<String>,
    /// Notices that were promised: the first thousand.
    pub notices: Vec<String>,
    /// In numbers.
    pub sums: EndSums,
    /// Whether that was all: what reaches a whole client is ended a batch at a time; order it again for the rest.
    pub extent: Extent,
}

/// The order of an operator to end something.
pub fn order(op: &Op, what: Ended, offline: OfflineGrants, actor: &str) -> End {
    End { offline, ..op.order_to_end(what, Cause::Operator, actor) }
}

/// Ends what is ordered. What reaches a whole client is ended a batch at a time, each in its transaction with its line.
pub async fn end(op: &Op, order: &End) -> Result<Carried, Stop> {
    let began = Instant::now();
    let mut all = EndReport::default();
    let most = if matches!(order.what, Ended::Client(_)) { BATCH } else { u32::MAX };
    let extent = loop {
        let report = batch(op, order, most).await?;
        let is_all = most == u32::MAX || report.is_all(most);
        all.add(report);
        match is_all {
            true => break Extent::All,
            false if began.elapsed() > PATIENCE => break Extent::Part,
            false => {}
        }
    };
    Ok(carried(order, &all, extent))
}

async fn batch(op: &Op, order: &End, most: u32) -> Result<EndReport, Stop> {
    let end = End { at: op.now(), ..order.clone() };
    let line = op.line(&end.by, "session_ended", &subject(&end.what).1);
    op.store()
        .write(async move |tx| {
            let report = tx.end_some(&end, most).await?;
            if report.ended_something() {
                let mut line = line.clone();
                line.tell(&report.tally());
                tx.note(&line).await?;
            }
            Ok(report)
        })
        .await
}

fn carried(order: &End, report: &EndReport, extent: Extent) -> Carried {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let (noticed, shown, untold) = (report.notices.len(), report.shown.len(), report.untold.len());
    let (what, subject) = subject(&order.what);
    Carried {
        what,
        subject,
        offline: offline(order.offline),
        sessions: report.sessions.iter().take(NAMED).map(ToString::to_string).collect(),
        notices: report.notices.iter().take(NAMED).map(|posted| posted.id.clone()).collect(),
        sums: EndSums {
            sessions: count(report.sessions.len()),
            stays: count(noticed + shown + untold),
            noticed: count(noticed),
            shown: count(shown),
            untold: count(untold),
            revoked: count(report.revoked.len()),
            kept: count(report.kept.len()),
        },
        extent,
    }
}

impl Carried {
    /// Whether anything ended.
    pub fn ended_something(&self) -> bool {
        self.sums.sessions + self.sums.stays + self.sums.revoked > 0
    }
}
