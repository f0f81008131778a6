//! Sign-in attempts: token buckets as rows, so that every node counts together (`login::budget` says which and how large).
//!
//! Invariant: all the buckets of an attempt are taken from, or none is.

use login::budget::{Bucket, Budget, Take, Took};
use openid::time::Time;

use crate::fault::{Fault, Kind};
use crate::statements::statements;
use crate::tx::Tx;
use crate::value::values;

statements! {
    READ = "SELECT remaining, at FROM attempt WHERE kind = $1 AND key = $2 {hold}";
    FILL = "INSERT INTO attempt (kind, key, remaining, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    PUT = "UPDATE attempt SET remaining = $3, at = $4 WHERE kind = $1 AND key = $2";
    SWEEP = "DELETE FROM attempt WHERE (kind, key) IN (SELECT kind, key FROM attempt WHERE at < $1 LIMIT $2)";
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Taken from every bucket.
    All,
    /// One was empty, and nothing was taken from any.
    Blocked {
        /// The budget that was empty.
        budget: Budget,
        /// When it holds one again.
        until: Time,
    },
}

impl Tx {
    /// Takes one attempt from each bucket, in the order given (the same everywhere, so that nobody waits in a circle).
    pub async fn take_attempts(&mut self, takes: &[Take], now: Time) -> Result<Taken, Fault> {
        let mut drained = Vec::with_capacity(takes.len());
        for take in takes {
            match take.limit.take(self.bucket(take, now).await?, now) {
                Took::One(bucket) => drained.push(bucket),
                Took::Empty { until } => return Ok(Taken::Blocked { budget: take.budget, until }),
            }
        }
        for (take, bucket) in takes.iter().zip(drained) {
            self.put_bucket(take, bucket).await?;
        }
        Ok(Taken::All)
    }

    /// Gives one attempt back to each bucket: it was the person.
    pub async fn refund_attempts(&mut self, takes: &[Take], now: Time) -> Result<(), Fault> {
        for take in takes {
            let bucket = take.limit.refund(self.bucket(take, now).await?, now);
            self.put_bucket(take, bucket).await?;
        }
        Ok(())
    }

    async fn bucket(&mut self, take: &Take, now: Time) -> Result<Bucket, Fault> {
        let key = values![take.budget.as_str(), &take.key];
        if let Some(mut row) = self.row(&READ, key).await? {
            return Ok(Bucket { left: row.take()?, at: row.take()? });
        }
        // A row that is not there cannot be held: everybody who comes first at once would find a full bucket.
        let full = take.limit.full(now);
        self.change(&FILL, values![take.budget.as_str(), &take.key, full.left, full.at]).await?;
        let row = self.row(&READ, key).await?;
        let mut row = row.ok_or_else(|| Fault::new(Kind::Busy, "a bucket was swept away").contention())?;
        Ok(Bucket { left: row.take()?, at: row.take()? })
    }

    async fn put_bucket(&mut self, take: &Take, bucket: Bucket) -> Result<(), Fault> {
        let values = values![take.budget.as_str(), &take.key, bucket.left, bucket.at];
        self.change(&PUT, values).await?;
        Ok(())
    }

    /// Removes buckets that nobody touched since `before`: they are full again.
    pub async fn sweep_attempts(&mut self, before: Time, most: u32) -> Result<u64, Fault> {
        self.change(&SWEEP, values![before, most]).await
    }
}
