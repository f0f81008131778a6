//! The ledger for whoever asks every few seconds, without reading all of it again (`logout.md` §7).
//!
//! Invariant: what is read is what [`Reader::ledger`] and [`Reader::proof`] count. What was delivered stays delivered and a stay
//! that ended stays noticed, shown or untold, so what was counted long after it happened is not counted again.

use std::collections::BTreeMap;

use openid::name::SessionId;
use openid::time::{Span, Time};

use super::BACKCHANNEL;
use super::asking::NoticeState;
use super::totals::{Ledger, Proof};
use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::Reader;
use crate::value::values;

/// Nobody's transaction takes so long, and no clock is so wrong: what happened before this has been committed.
const SURELY: Span = Span::from_minutes(10);

/// Stays are counted by slices of the time they ended in. The number stands in [`LEFT`] too.
const SLICE: Span = Span::from_minutes(5);

statements! {
    DELIVERED_BEFORE = "SELECT client, count(*) FROM outbox WHERE settled_at <= $1 AND outcome = 'delivered' \
        GROUP BY client UNION ALL SELECT client, CAST(sum(amount) AS {int}) FROM outbox_total \
        WHERE outcome = 'delivered' GROUP BY client";
    FIGURES = "SELECT client, 'pending', count(*), min(created_at) FROM outbox WHERE settled_at IS NULL GROUP BY client \
        UNION ALL SELECT client, outcome, count(*), CAST(NULL AS {int}) FROM outbox \
        WHERE outcome IN ('refused', 'parked', 'withdrawn') GROUP BY client, outcome \
        UNION ALL SELECT client, outcome, CAST(sum(amount) AS {int}), CAST(NULL AS {int}) FROM outbox_total \
        WHERE outcome <> 'delivered' GROUP BY client, outcome \
        UNION ALL SELECT client, 'aged', count(*), CAST(NULL AS {int}) FROM outbox \
        WHERE settled_at > $1 AND settled_at <= $2 AND outcome = 'delivered' GROUP BY client \
        UNION ALL SELECT client, 'delivered', count(*), CAST(NULL AS {int}) FROM outbox \
        WHERE settled_at > $2 AND outcome = 'delivered' GROUP BY client \
        UNION ALL SELECT client, CASE unpromised WHEN 'shown' THEN 'shown' ELSE 'untold' END, count(*), \
        CAST(NULL AS {int}) FROM participation WHERE unpromised IS NOT NULL GROUP BY client, unpromised";
    LEFT = "SELECT p.ended_at / 300000, CASE WHEN o.id IS NOT NULL THEN 'noticed' WHEN p.unpromised IS NULL THEN 'missing' \
        WHEN p.unpromised = 'shown' THEN 'shown' ELSE 'untold' END, count(*) FROM participation p \
        LEFT JOIN outbox o ON o.id = 'backchannel_logout.' || p.sid WHERE p.ended_at >= $1 GROUP BY 1, 2";
    TURN = "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE session = $1 AND settled_at <= $3 \
        AND (settled_at < $3 OR id < $4) AND outcome = 'delivered' AND created_at = $2 AND kind = $5) \
        THEN 1 ELSE 0 END AS {int}), \
        CAST(CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE session = $1 AND settled_at IS NULL AND created_at = $2 \
        AND kind = $5) OR EXISTS (SELECT 1 FROM outbox WHERE session = $1 AND settled_at >= $3 \
        AND (settled_at > $3 OR id > $4) AND outcome = 'delivered' AND created_at = $2 AND kind = $5) \
        THEN 1 ELSE 0 END AS {int})";
}

/// Reads the ledger again and again, and remembers what cannot change any more. Each node has its own.
#[derive(Debug)]
pub struct Meter {
    /// How far back the proof looks.
    back: Span,
    /// Until when deliveries were counted, and how many each client had by then.
    delivered: Option<(Time, BTreeMap<String, u64>)>,
    /// Stays by the slice they ended in, of slices that are long over.
    slices: BTreeMap<i64, Proof>,
    /// The first slice that is not among them.
    open: i64,
}

/// What a meter reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What became of everything.
    pub ledger: Ledger,
    /// Whether each stay that ended since is accounted for.
    pub proof: Proof,
    /// Since when: at the beginning of a slice.
    pub since: Time,
}

/// Which delivery of an ending one was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Nobody had been told before.
    pub is_first: bool,
    /// Nobody was left to be told.
    pub is_last: bool,
}

/// The slice a moment is in.
fn slice(at: Time) -> i64 {
    at.millis().div_euclid(SLICE.millis())
}

impl Meter {
    /// One whose proof looks so far back, and up to a slice farther.
    pub fn looking_back(back: Span) -> Self {
        Self { back, delivered: None, slices: BTreeMap::new(), open: i64::MIN }
    }

    /// The ledger now. The first time takes as long as the ledger is; after that it goes by what is not delivered, and by what
    /// happened lately.
    pub async fn read(&mut self, reader: &mut Reader, now: Time) -> Result<Reading, Fault> {
        let ledger = self.ledger(reader, now).await?;
        let (proof, since) = self.proof(reader, now).await?;
        Ok(Reading { ledger, proof, since })
    }

    async fn ledger(&mut self, reader: &mut Reader, now: Time) -> Result<Ledger, Fault> {
        let (since, mut delivered) = match &self.delivered {
            Some(counted) => counted.clone(),
            None => delivered_before(reader, now - SURELY).await?,
        };
        let until = since.max(now - SURELY);
        let mut ledger = Ledger::default();
        for mut row in reader.rows(&FIGURES, values![since, until]).await? {
            let (client, word, amount) = (row.take::<String>()?, row.take::<String>()?, row.take::<u64>()?);
            match word.as_str() {
                "aged" => *delivered.entry(client).or_default() += amount,
                word => ledger.clients.entry(client).or_default().add(word, amount, row.take()?)?,
            }
        }
        for (client, amount) in &delivered {
            let sums = ledger.clients.entry(client.clone()).or_default();
            sums.add(NoticeState::Delivered.as_str(), *amount, None)?;
        }
        self.delivered = Some((until, delivered));
        Ok(ledger)
    }

    async fn proof(&mut self, reader: &mut Reader, now: Time) -> Result<(Proof, Time), Fault> {
        let first = slice(now - self.back);
        let from = self.open.max(first);
        let mut late: BTreeMap<i64, Proof> = BTreeMap::new();
        for mut row in reader.rows(&LEFT, values![from * SLICE.millis()]).await? {
            late.entry(row.take()?).or_default().add(&row.take::<String>()?, row.take()?);
        }
        let closed = slice(now - SURELY).max(from);
        self.slices = self.slices.split_off(&first);
        let open = late.split_off(&closed);
        self.slices.extend(late);
        self.open = closed;
        let mut proof = Proof::default();
        for one in self.slices.values().chain(open.values()) {
            proof.noticed += one.noticed;
            proof.shown += one.shown;
            proof.untold += one.untold;
            proof.missing += one.missing;
        }
        Ok((proof, Time::from_millis(first * SLICE.millis())))
    }
}

async fn delivered_before(reader: &mut Reader, since: Time) -> Result<(Time, BTreeMap<String, u64>), Fault> {
    let mut delivered: BTreeMap<String, u64> = BTreeMap::new();
    for mut row in reader.rows(&DELIVERED_BEFORE, values![since]).await? {
        let (client, amount) = (row.take()?, row.take::<u64>()?);
        *delivered.entry(client).or_default() += amount;
    }
    Ok((since, delivered))
}

impl Reader {
    /// Which delivery it was among the notices of one session's ending: for the time it took to tell the first relying
    /// party and the last. To be asked once it is settled.
    pub async fn turn_of_delivery(
        &mut self,
        id: &str,
        session: &SessionId,
        created_at: Time,
        settled_at: Time,
    ) -> Result<Turn, Fault> {
        let row = self.row(&TURN, values![session.as_str(), created_at, settled_at, id, BACKCHANNEL]).await?;
        let mut row = row.ok_or_else(|| Fault::bug("a question has no row"))?;
        Ok(Turn { is_first: row.take::<i64>()? == 0, is_last: row.take::<i64>()? == 0 })
    }
}
