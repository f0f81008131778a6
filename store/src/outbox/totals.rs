//! What became of everything that was promised, client by client, and whether each stay that ended is accounted for
//! (`logout.md` §1).
//!
//! Invariant: each is one statement, so that it adds up at any moment.

use std::collections::BTreeMap;

use openid::time::Time;

use super::asking::{Counts, NoticeState};
use crate::fault::Fault;
use crate::statements::statements;
use crate::text;
use crate::tx::Reader;
use crate::value::values;

statements! {
    OF_EACH_CLIENT = "SELECT client, coalesce(outcome, 'pending'), count(*), \
        min(CASE WHEN settled_at IS NULL THEN created_at ELSE NULL END) FROM outbox GROUP BY client, outcome \
        UNION ALL SELECT client, outcome, CAST(sum(amount) AS {int}), CAST(NULL AS {int}) FROM outbox_total \
        GROUP BY client, outcome \
        UNION ALL SELECT client, CASE unpromised WHEN 'shown' THEN 'shown' ELSE 'untold' END, count(*), \
        CAST(NULL AS {int}) FROM participation WHERE unpromised IS NOT NULL GROUP BY client, unpromised";
    PROOF = "SELECT CASE WHEN o.id IS NOT NULL THEN 'noticed' WHEN p.unpromised IS NULL THEN 'missing' \
        WHEN p.unpromised = 'shown' THEN 'shown' ELSE 'untold' END, count(*) FROM participation p \
        LEFT JOIN outbox o ON o.id = 'backchannel_logout.' || p.sid WHERE p.ended_at >= $1 GROUP BY 1";
}

/// What became of everything, client by client: the promises, and those beside the equation (`logout.md` §1). Letters stand
/// under the client that has no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By client, in the order of their names.
    pub clients: BTreeMap<String, Sums>,
}

/// The sums of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What became of its promises.
    pub counts: Counts,
    /// Stays whose end it was told by the browser alone.
    pub shown: u64,
    /// Stays of whose end there was no way to tell it.
    pub untold: u64,
}

/// What became of each stay that ended: noticed, shown or untold; one that is neither is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// A notice stands in the ledger.
    pub noticed: u64,
    /// Told by the browser alone.
    pub shown: u64,
    /// There was no way to tell.
    pub untold: u64,
    /// Nobody was promised anything. Must be none.
    pub missing: u64,
}

impl Sums {
    /// Adds what stands under a word: a state of notices, or how a stay's end was told where nothing was promised.
    pub(super) fn add(&mut self, word: &str, amount: u64, oldest: Option<Time>) -> Result<(), Fault> {
        match word {
            "shown" => self.shown += amount,
            "untold" => self.untold += amount,
            state => self.counts.add(text::word(state, NoticeState::read)?, amount, oldest),
        }
        Ok(())
    }
}

impl Ledger {
    /// Of every client together, letters included.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for sums in self.clients.values() {
            let own = &sums.counts;
            for (state, amount) in [
                (NoticeState::Delivered, own.delivered),
                (NoticeState::Refused, own.refused),
                (NoticeState::Parked, own.parked),
                (NoticeState::Pending, own.pending),
                (NoticeState::Withdrawn, own.withdrawn),
            ] {
                total.add(state, amount, own.oldest);
            }
        }
        total
    }
}

impl Proof {
    /// Adds what stands under a word: whatever is none of the others is missing.
    pub(super) fn add(&mut self, word: &str, amount: u64) {
        *match word {
            "noticed" => &mut self.noticed,
            "shown" => &mut self.shown,
            "untold" => &mut self.untold,
            _ => &mut self.missing,
        } += amount;
    }
}

impl Reader {
    /// What became of everything, client by client. One statement, so that it adds up at any moment.
    pub async fn ledger(&mut self) -> Result<Ledger, Fault> {
        let mut ledger = Ledger::default();
        for mut row in self.rows(&OF_EACH_CLIENT, &[]).await? {
            let sums = ledger.clients.entry(row.take()?).or_default();
            sums.add(&row.take::<String>()?, row.take()?, row.take()?)?;
        }
        Ok(ledger)
    }

    /// Whether each stay that ended since is accounted for. One statement.
    pub async fn proof(&mut self, since: Time) -> Result<Proof, Fault> {
        let mut proof = Proof::default();
        for mut row in self.rows(&PROOF, values![since]).await? {
            proof.add(&row.take::<String>()?, row.take()?);
        }
        Ok(proof)
    }
}
