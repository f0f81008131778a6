//! The figures: what became of everything that was promised, in total and client by client, and the proof that it adds up
//! (`logout.md` §1).

use std::time::Duration;

use openid::name::ClientId;
use openid::time::{Span, Time};
use serde::Serialize;
use store::{Fault, Ledger};
use utoipa::ToSchema;

use super::{Moment, Names};
use crate::op::Op;

/// How far back the proof looks where nothing else is said: old enough to see a night, young enough to be counted often.
pub const LATELY: Span = Span::from_hours(24);

/// What became of everything.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Figures {
    /// When they were counted: what happened later is not in them.
    pub at: Moment,
    /// Of every relying party together.
    pub total: Sums,
    /// Client by client, in the order of their names.
    pub clients: Vec<OfClient>,
    /// Letters to people, counted apart.
    pub letters: Sums,
    /// Whether each stay that ended is accounted for.
    pub proof: Proof,
}

/// Sums: `created = delivered + refused + parked + pending + withdrawn`, and beside that `shown` and `untold`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sums {
    /// Promises that were made.
    pub created: u64,
    /// The relying party knows.
    pub delivered: u64,
    /// It said no.
    pub refused: u64,
    /// Somebody must look at them.
    pub parked: u64,
    /// Not settled.
    pub pending: u64,
    /// Given up.
    pub withdrawn: u64,
    /// Stays whose end was told by the browser alone, of those that are still kept.
    pub shown: u64,
    /// Stays of whose end there was no way to tell, of those that are still kept.
    pub untold: u64,
    /// When the oldest pending one was promised.
    pub oldest_pending: Option<Moment>,
    /// How long ago that was.
    pub oldest_pending_seconds: Option<i64>,
}

impl Sums {
    fn of(sums: &store::Sums, now: Time) -> Self {
        let counts = &sums.counts;
        Self {
            created: counts.created,
            delivered: counts.delivered,
            refused: counts.refused,
            parked: counts.parked,
            pending: counts.pending,
            withdrawn: counts.withdrawn,
            shown: sums.shown,
            untold: sums.untold,
            oldest_pending: counts.oldest.map(Moment),
            oldest_pending_seconds: counts.oldest.map(|oldest| now.since(oldest).seconds()),
        }
    }

    fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.delivered += other.delivered;
        self.refused += other.refused;
        self.parked += other.parked;
        self.pending += other.pending;
        self.withdrawn += other.withdrawn;
        self.shown += other.shown;
        self.untold += other.untold;
        if self.oldest_pending.is_none() || other.oldest_pending.is_some_and(|at| Some(at) < self.oldest_pending) {
            self.oldest_pending = other.oldest_pending;
            self.oldest_pending_seconds = other.oldest_pending_seconds;
        }
    }

    /// The equation, in its own words.
    pub fn equation(&self) -> String {
        format!(
            "created {} = delivered {} + refused {} + parked {} + pending {} + withdrawn {}",
            self.created, self.delivered, self.refused, self.parked, self.pending, self.withdrawn
        )
    }

    fn adds_up(&self) -> bool {
        self.created == self.delivered + self.refused + self.parked + self.pending + self.withdrawn
    }
}

/// The sums of one client.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OfClient {
    /// `client_id`.
    pub client_id: String,
    /// What it is called.
    pub client_name: String,
    /// Its sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// Each stay that ended since is noticed, shown or untold. One that is none of these was forgotten: that must not happen.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Proof {
    /// From when on.
    pub since: Moment,
    /// Stays that ended since.
    pub ended: u64,
    /// Those there is a notice about.
    pub noticed: u64,
    /// Those told by the browser alone.
    pub shown: u64,
    /// Those there was no way to tell of.
    pub untold: u64,
    /// Those nobody was told of although somebody could have been.
    pub missing: u64,
    /// Whether it all adds up.
    pub balance: Balance,
}

/// Whether the figures add up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Balance {
    /// They do: the sums, and no stay is missing.
    AddsUp,
    /// They do not: something was lost.
    Broken,
}

impl Proof {
    /// The proof, in a sentence.
    pub fn sentence(&self) -> String {
        format!(
            "of {} stays that ended since {}: noticed {}, shown {}, untold {}, missing {}",
            self.ended,
            self.since.exact(),
            self.noticed,
            self.shown,
            self.untold,
            self.missing
        )
    }
}

/// The figures, counted now, however long that takes. `back`: how far back the proof looks.
pub async fn figures(op: &Op, back: Span) -> Result<Figures, Fault> {
    let now = op.now();
    let mut reader = op.store().reader().await?;
    let ledger = reader.ledger().await?;
    let proof = reader.proof(now - back).await?;
    drop(reader);
    shown(op, now, &ledger, (proof, now - back)).await
}

/// The figures as they were counted lately for whoever looks; the proof is that of the last day. `None`: they are being counted
/// for the first time, and that takes longer than `patience`.
pub async fn lately(op: &Op, patience: Duration) -> Result<Option<Figures>, Fault> {
    match op.counting().lately(op.store(), op.now(), patience).await {
        Some(counted) => shown(op, counted.at, &counted.ledger, (counted.proof, counted.since)).await.map(Some),
        None => Ok(None),
    }
}

async fn shown(op: &Op, now: Time, ledger: &Ledger, (proof, since): (store::Proof, Time)) -> Result<Figures, Fault> {
    let ids: Vec<ClientId> = clients(ledger).map(ClientId::new).collect();
    let names = Names::of(op, ids.clone()).await?;
    let mut total = Sums::default();
    let mut clients = Vec::with_capacity(ids.len());
    for id in ids {
        let sums = Sums::of(&ledger.clients[id.as_str()], now);
        total.add(&sums);
        clients.push(OfClient { client_name: names.name(&id), client_id: id.to_string(), sums });
    }
    clients.sort_by(|a, b| {
        (a.client_name.to_lowercase(), &a.client_id).cmp(&(b.client_name.to_lowercase(), &b.client_id))
    });
    let letters = ledger.clients.get("").map(|sums| Sums::of(sums, now)).unwrap_or_default();
    let adds_up = total.adds_up() && letters.adds_up() && proof.missing == 0;
    let proof = Proof {
        since: Moment(since),
        ended: proof.noticed + proof.shown + proof.untold + proof.missing,
        noticed: proof.noticed,
        shown: proof.shown,
        untold: proof.untold,
        missing: proof.missing,
        balance: if adds_up { Balance::AddsUp } else { Balance::Broken },
    };
    Ok(Figures { at: Moment(now), total, clients, letters, proof })
}

/// The clients of a ledger: letters have none.
fn clients(ledger: &Ledger) -> impl Iterator<Item = &str> {
    ledger.clients.keys().map(String::as_str).filter(|client| !client.is_empty())
}
