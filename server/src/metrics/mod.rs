//! Metrics for Prometheus (`logout.md` §7), on a listener of their own (`metrics.listen`).
//!
//! Invariant: without a listener nothing is counted and nothing is asked. What the ledger says comes from the database, counted
//! once for whoever looks (`crate::counting`), so that it survives a restart and is the same on every node; what a process did
//! comes from its memory.

mod count;
mod list;
mod page;
mod process;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use openid::time::Span;
use openid::wire::refusal::{ErrorCode, Refusal};

use self::count::{Histogram, Table};
use crate::endpoint::ENDPOINTS;

pub use list::{Kind, LIST, Metric, Whose};
pub use page::{Door, reference};

/// Upper bounds of buckets in seconds: what a person waits for.
const WAITS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What a transaction waits for.
const TURNS: &[f64] = &[0.0001, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0];

/// What a notice takes: to its deadline.
const DELIVERIES: &[f64] =
    &[0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 21_600.0, 86_400.0];

/// The statuses that are told apart.
const STATUSES: &[&str] = &[
    "200", "201", "204", "302", "303", "304", "400", "401", "403", "404", "405", "408", "413", "414", "415", "429",
    "500", "503", "other",
];

/// How a sign-in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Somebody is signed in.
    Done,
    /// The password, or the name, is wrong.
    Wrong,
    /// It was not tried: too many attempts.
    Blocked,
    /// The account changed meanwhile.
    Overtaken,
}

impl SignIn {
    const ALL: [Self; 4] = [Self::Done, Self::Wrong, Self::Blocked, Self::Overtaken];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Wrong => "wrong",
            Self::Blocked => "blocked",
            Self::Overtaken => "overtaken",
        }
    }
}

/// What came of an attempt to deliver a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Delivered.
    Delivered,
    /// Refused.
    Refused,
    /// Parked.
    Parked,
    /// It comes again.
    Later,
    /// It was not made.
    TurnedAway,
}

impl Carried {
    const ALL: [Self; 5] = [Self::Delivered, Self::Refused, Self::Parked, Self::Later, Self::TurnedAway];

    /// The word of labels and spans.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Parked => "parked",
            Self::Later => "later",
            Self::TurnedAway => "turned_away",
        }
    }
}

/// What became of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanFate {
    /// The collector has it.
    Sent,
    /// Nobody has it.
    Dropped,
}

impl SpanFate {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Dropped => "dropped",
        }
    }
}

/// How a request to somebody else's server ended, as words of a label.
const OUTCOMES: [&str; 8] = ["2xx", "3xx", "4xx", "5xx", "forbidden", "timeout", "too_large", "broken"];

/// What this process counts; nothing if nobody wants to know. Cheap to clone.
#[derive(Clone, Default)]
pub struct Metrics(Option<Arc<Counted>>);

struct Counted {
    requests: Table,
    request_seconds: Histogram,
    refusals: Table,
    sign_ins: Table,
    outbound: Table,
    attempts: Table,
    spans: Table,
    first: Histogram,
    last: Histogram,
    turns: Histogram,
    places_used: AtomicUsize,
    closed: AtomicUsize,
}

impl Metrics {
    /// Counts, if there is somewhere to ask.
    pub fn new(listen: Option<SocketAddr>) -> Self {
        if listen.is_none() {
            return Self(None);
        }
        let paths: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
        let codes = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        let one = |metric, values: Vec<&'static str>| Table::new(metric, vec![values]);
        Self(Some(Arc::new(Counted {
            requests: Table::new(&list::REQUESTS, vec![paths.clone(), STATUSES.to_vec()]),
            request_seconds: Histogram::labelled(&list::REQUEST_SECONDS, WAITS, paths),
            refusals: one(&list::REFUSALS, codes),
            sign_ins: one(&list::SIGN_INS, SignIn::ALL.map(SignIn::as_str).to_vec()),
            outbound: one(&list::OUTBOUND, OUTCOMES.to_vec()),
            attempts: one(&list::ATTEMPTS, Carried::ALL.map(Carried::as_str).to_vec()),
            spans: one(&list::SPANS, vec![SpanFate::Sent.as_str(), SpanFate::Dropped.as_str()]),
            first: Histogram::new(&list::FIRST, DELIVERIES),
            last: Histogram::new(&list::LAST, DELIVERIES),
            turns: Histogram::new(&list::DATABASE_WAIT, TURNS),
            places_used: AtomicUsize::new(0),
            closed: AtomicUsize::new(0),
        })))
    }

    /// Whether anybody wants to know.
    pub fn are_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// The moment something begins, if anybody wants to know how long it takes.
    pub fn begin(&self) -> Option<Instant> {
        self.0.as_ref().map(|_| Instant::now())
    }

    /// A request was answered.
    pub fn answered(&self, path: &str, status: u16, began: Option<Instant>) {
        let (Some(counted), Some(began)) = (&self.0, began) else { return };
        counted.requests.add(&[path, &status.to_string()]);
        counted.request_seconds.add(path, began.elapsed());
    }

    /// The protocol said no.
    pub fn refused(&self, refusal: &Refusal) {
        if let Some(counted) = &self.0 {
            counted.refusals.add(&[refusal.code.as_str()]);
        }
    }

    /// Somebody tried to sign in.
    pub fn signed_in(&self, outcome: SignIn) {
        if let Some(counted) = &self.0 {
            counted.sign_ins.add(&[outcome.as_str()]);
        }
    }

    /// Somebody else's server was asked.
    pub fn asked(&self, outcome: impl FnOnce() -> Outcome) {
        if let Some(counted) = &self.0 {
            counted.outbound.add(&[outcome().as_str()]);
        }
    }

    /// An attempt came to its end.
    pub fn carried(&self, result: Carried) {
        if let Some(counted) = &self.0 {
            counted.attempts.add(&[result.as_str()]);
        }
    }

    /// A relying party knows, so long after the session's end.
    pub fn delivered(&self, turn: store::Turn, took: Span) {
        let Some(counted) = &self.0 else { return };
        let took = Duration::from_millis(u64::try_from(took.millis()).unwrap_or_default());
        for (_, histogram) in
            [(turn.is_first, &counted.first), (turn.is_last, &counted.last)].iter().filter(|(is, _)| *is)
        {
            histogram.add("", took);
        }
    }

    /// A notice is under way until what is returned goes away.
    pub fn under_way(&self) -> UnderWay {
        if let Some(counted) = &self.0 {
            counted.places_used.fetch_add(1, Ordering::Relaxed);
        }
        UnderWay(self.clone())
    }

    /// So many addresses are closed now.
    pub fn closed(&self, addresses: usize) {
        if let Some(counted) = &self.0 {
            counted.closed.store(addresses, Ordering::Relaxed);
        }
    }

    /// Spans were sent or dropped.
    pub fn spans(&self, fate: SpanFate, amount: usize) {
        if let Some(counted) = &self.0 {
            for _ in 0..amount {
                counted.spans.add(&[fate.as_str()]);
            }
        }
    }

    /// A transaction waited so long for its turn.
    pub fn waited(&self, time: Duration) {
        if let Some(counted) = &self.0 {
            counted.turns.add("", time);
        }
    }
}

/// A notice under way.
pub struct UnderWay(Metrics);

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(counted) = &self.0.0 {
            counted.places_used.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// How a request to somebody else's server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered with a status.
    Status(u16),
    /// The address may not be reached.
    Forbidden,
    /// The time was over.
    Timeout,
    /// The answer was too large.
    TooLarge,
    /// No connection, or one that broke.
    Broken,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Status(100..=299) => OUTCOMES[0],
            Self::Status(300..=399) => OUTCOMES[1],
            Self::Status(400..=499) => OUTCOMES[2],
            Self::Status(_) => OUTCOMES[3],
            Self::Forbidden => OUTCOMES[4],
            Self::Timeout => OUTCOMES[5],
            Self::TooLarge => OUTCOMES[6],
            Self::Broken => OUTCOMES[7],
        }
    }
}

#[cfg(test)]
mod tests;
