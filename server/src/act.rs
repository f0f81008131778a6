//! What an operator does, whoever asks for it: sends notices again, gives them up, ends sessions. The command line, the API and
//! the console do these and nothing else (`logout.md` §7).
//!
//! Invariant: each leaves its line in the audit trail, in the transaction that did it, under one name whoever did it; what
//! changed nothing leaves none.

use std::time::{Duration, Instant};

use openid::account::{Account, Operator};
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::{AccountId, SessionId};
use openid::session::{Cause, SessionStanding};
use openid::time::{Span, Time};
use openid::wire::refusal::{ErrorCode, refuse};
use serde::Serialize;
use serde_json::json;
use store::audit::Entry;
use store::{EndReport, Fault, NoticeState, Seen, Settled, Tx};
use utoipa::ToSchema;

use crate::answer::Stop;
use crate::op::Op;
use crate::view::preview::{EndSums, Extent, offline, subject};

/// Sessions and grants ended in one transaction: their people wait that long at most.
const BATCH: u32 = 500;

/// Notices settled in one transaction.
const NOTICES: usize = 200;

/// What reaches a whole client is ended for so long; the rest is left to whoever asks again.
const PATIENCE: Duration = Duration::from_secs(20);

/// More names than this are not listed in an answer.
const NAMED: usize = 1_000;

/// In whose name something is done.
#[derive(Clone, Debug)]
pub struct Actor {
    name: String,
    role: Option<(AccountId, SessionId)>,
}

impl Actor {
    /// Somebody who was let in: the command line, a client of the API.
    pub fn named(name: String) -> Self {
        Self { name, role: None }
    }

    /// An operator at the console, signed in by that session: role and session are held by each act.
    pub fn operator(account: &Account, session: &SessionId) -> Self {
        let role = Some((account.id.clone(), session.clone()));
        Self { name: format!("operator:{}", account.username), role }
    }

    /// As the audit trail names them.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Holds the role until the transaction ends, and looks whether the session still lives.
    async fn hold(&self, tx: &mut Tx, now: Time) -> Result<(), Stop> {
        let Some((account, session)) = &self.role else { return Ok(()) };
        let holds = tx.hold_operator(account).await? == Some(Operator::Act);
        let found = tx.session(session).await?;
        if !holds || !found.is_some_and(|found| found.standing(now) == SessionStanding::Live) {
            let say = "you may not act here any more";
            return Err(refuse(ErrorCode::AccessDenied, "console_role_over", say).into());
        }
        Ok(())
    }
}

/// How notices are settled by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// "Send again": a parked, refused or withdrawn one once more, a pending one now.
    Again,
    /// "Give up": a pending or parked one is withdrawn.
    GiveUp,
}

impl How {
    /// The word in a form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Again => "again",
            Self::GiveUp => "give-up",
        }
    }

    /// Reads the word.
    pub fn read(word: &str) -> Option<Self> {
        [Self::Again, Self::GiveUp].into_iter().find(|how| how.as_str() == word)
    }

    /// What the audit trail says of one notice.
    const fn one(self) -> &'static str {
        match self {
            Self::Again => "notice_retried",
            Self::GiveUp => "notice_given_up",
        }
    }

    /// And of many.
    const fn many(self) -> &'static str {
        match self {
            Self::Again => "notices_retried",
            Self::GiveUp => "notices_given_up",
        }
    }

    async fn settle(self, tx: &mut Tx, (id, seen): (&str, Option<Seen>), at: &At) -> Result<Settled, Fault> {
        match self {
            Self::Again => tx.retry_notice(id, seen, at.now, at.deadline).await,
            Self::GiveUp => tx.give_up(id, seen, at.now).await,
        }
    }
}

/// When it is done, and how long it is tried from then unless the client's policy says otherwise.
struct At {
    now: Time,
    deadline: Span,
}

impl At {
    fn of(op: &Op) -> Self {
        Self { now: op.now(), deadline: op.config().lifetimes.logout_deadline }
    }
}

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

/// Settles one notice.
pub async fn settle(op: &Op, actor: &Actor, how: How, id: &str) -> Result<Acted<()>, Stop> {
    let (named, line, at, own) = (id.to_owned(), op.line(actor.name(), how.one(), id), At::of(op), actor.clone());
    let settled = op.store().write(async move |tx| {
        own.hold(tx, at.now).await?;
        let settled = how.settle(tx, (&named, None), &at).await?;
        if settled == Settled::Now {
            tx.note(&line).await?;
        }
        Ok(settled)
    });
    if settled.await? == Settled::Now {
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

/// A notice that was looked at before it was decided about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Its name.
    pub id: String,
    /// As what it was seen.
    pub seen: Seen,
}

/// Settles many, those that are still what they were when somebody looked at them. Each has its line in the trail, and each
/// transaction one that says how many they were, and of what. Returns how many were settled.
pub async fn settle_all(op: &Op, actor: &Actor, how: How, (looked, of): (&[Looked], &str)) -> Result<usize, Stop> {
    let mut done = 0;
    for some in looked.chunks(NOTICES) {
        done += settle_some(op, actor, how, (some, of)).await?;
    }
    Ok(done)
}

async fn settle_some(op: &Op, actor: &Actor, how: How, (looked, of): (&[Looked], &str)) -> Result<usize, Stop> {
    let lined = |one: &Looked| (one.clone(), op.line(actor.name(), how.one(), &one.id));
    let all: Vec<(Looked, Entry)> = looked.iter().map(lined).collect();
    let whole = op.line(actor.name(), how.many(), "ledger");
    let (at, own, of) = (At::of(op), actor.clone(), of.to_owned());
    op.store()
        .write(async move |tx| {
            own.hold(tx, at.now).await?;
            let mut done = 0;
            for (one, line) in &all {
                if how.settle(tx, (&one.id, Some(one.seen)), &at).await? == Settled::Now {
                    let mut line = line.clone();
                    line.tell(&json!({"of": whole.id}));
                    tx.note(&line).await?;
                    done += 1;
                }
            }
            if done > 0 {
                let mut whole = whole.clone();
                whole.tell(&json!({"notices": done, "filter": of}));
                tx.note(&whole).await?;
            }
            Ok(done)
        })
        .await
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
pub fn order(op: &Op, what: Ended, offline: OfflineGrants, actor: &Actor) -> End {
    End { offline, ..op.order_to_end(what, Cause::Operator, actor.name()) }
}

/// Ends what is ordered. What reaches a whole client is ended a batch at a time, each in its transaction with its line.
pub async fn end(op: &Op, actor: &Actor, order: &End) -> Result<Carried, Stop> {
    let began = Instant::now();
    let mut all = EndReport::default();
    let most = if matches!(order.what, Ended::Client(_)) { BATCH } else { u32::MAX };
    let extent = loop {
        let report = batch(op, actor, order, most).await?;
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

async fn batch(op: &Op, actor: &Actor, order: &End, most: u32) -> Result<EndReport, Stop> {
    let end = End { at: op.now(), ..order.clone() };
    let (what, subject) = subject(&end.what);
    let (line, own) = (op.line(actor.name(), "session_ended", &subject), actor.clone());
    op.store()
        .write(async move |tx| {
            own.hold(tx, end.at).await?;
            let report = tx.end_some(&end, most).await?;
            if report.ended_something() {
                let (mut line, mut detail) = (line.clone(), report.tally());
                detail["what"] = json!(what);
                line.tell(&detail);
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
