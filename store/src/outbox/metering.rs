//! What monitors ask every few seconds: the counts of the ledger, without reading all of it (`logout.md` §7).
//!
//! Invariant: the figures are those of [`Reader::notice_counts`], taken in one statement. What was delivered stays delivered,
//! so what was counted long after it was settled is not counted again.

use openid::name::SessionId;
use openid::time::{Span, Time};

use super::{BACKCHANNEL, Counts};
use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::Reader;
use crate::value::values;

/// Nobody's transaction takes so long, and no clock is so wrong: what was settled before this has been committed.
const SURELY: Span = Span::from_minutes(10);

statements! {
    DELIVERED_BEFORE = "SELECT (SELECT CAST(coalesce(sum(amount), 0) AS {int}) FROM outbox_total \
        WHERE outcome = 'delivered') + (SELECT count(*) FROM outbox WHERE settled_at <= $1 AND outcome = 'delivered')";
    FIGURES = "SELECT 'pending', count(*), min(created_at) FROM outbox WHERE settled_at IS NULL \
        UNION ALL SELECT outcome, count(*), NULL FROM outbox WHERE outcome IN ('refused', 'parked', 'withdrawn') \
        GROUP BY outcome \
        UNION ALL SELECT outcome, CAST(sum(amount) AS {int}), NULL FROM outbox_total WHERE outcome <> 'delivered' \
        GROUP BY outcome \
        UNION ALL SELECT 'aged', count(*), NULL FROM outbox \
        WHERE settled_at > $1 AND settled_at <= $2 AND outcome = 'delivered' \
        UNION ALL SELECT 'fresh', count(*), NULL FROM outbox WHERE settled_at > $2 AND outcome = 'delivered'";
    TURN = "SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE session = $1 AND settled_at <= $3 \
        AND (settled_at < $3 OR id < $4) AND outcome = 'delivered' AND created_at = $2 AND kind = $5) \
        THEN 1 ELSE 0 END AS {int}), \
        CAST(CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE session = $1 AND settled_at IS NULL AND created_at = $2 \
        AND kind = $5) OR EXISTS (SELECT 1 FROM outbox WHERE session = $1 AND settled_at >= $3 \
        AND (settled_at > $3 OR id > $4) AND outcome = 'delivered' AND created_at = $2 AND kind = $5) \
        THEN 1 ELSE 0 END AS {int})";
}

/// Reads the counts again and again, and remembers what cannot change any more. Each node has its own.
#[derive(Debug, Default)]
pub struct Meter {
    /// Until when deliveries were counted, and how many they were.
    counted: Option<(Time, u64)>,
}

/// Which delivery of an ending one was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Nobody had been told before.
    pub is_first: bool,
    /// Nobody was left to be told.
    pub is_last: bool,
}

impl Meter {
    /// The counts now. The first time takes as long as the ledger is; after that it goes by what is not delivered and by
    /// what was delivered lately.
    pub async fn read(&mut self, reader: &mut Reader, now: Time) -> Result<Counts, Fault> {
        let (since, before) = if let Some(counted) = self.counted {
            counted
        } else {
            let since = now - SURELY;
            let row = reader.row(&DELIVERED_BEFORE, values![since]).await?;
            let before = row.ok_or_else(|| Fault::bug("a sum has no row"))?.take()?;
            *self.counted.insert((since, before))
        };
        let until = since.max(now - SURELY);
        let mut counts = Counts { delivered: before, ..Counts::default() };
        for mut row in reader.rows(&FIGURES, values![since, until]).await? {
            let (word, amount, oldest) = (row.take::<String>()?, row.take::<u64>()?, row.take::<Option<Time>>()?);
            match word.as_str() {
                "pending" => (counts.pending, counts.oldest) = (amount, oldest),
                "aged" => {
                    counts.delivered += amount;
                    self.counted = Some((until, before + amount));
                }
                "fresh" => counts.delivered += amount,
                "refused" => counts.refused += amount,
                "parked" => counts.parked += amount,
                "withdrawn" => counts.withdrawn += amount,
                other => return Err(Fault::bug(format!("a notice is {other:?}"))),
            }
        }
        counts.created = counts.delivered + counts.refused + counts.parked + counts.pending + counts.withdrawn;
        Ok(counts)
    }
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
