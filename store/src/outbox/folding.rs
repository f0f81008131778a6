//! Retention of the outbox: old settled rows become daily totals, in the transaction that removes them.
//!
//! Invariant: the totals never shrink. Parked rows stay until somebody sends them again or gives them up.

use std::collections::BTreeMap;

use openid::time::{Span, Time};

use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::Tx;
use crate::value::values;

statements! {
    OLD = "SELECT id, created_at, client, outcome FROM outbox WHERE settled_at <= $1 AND outcome <> 'parked' \
        ORDER BY settled_at, id LIMIT $2 {lease}";
    FOLD = "INSERT INTO outbox_total (day, client, outcome, amount) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (day, client, outcome) DO UPDATE SET amount = outbox_total.amount + excluded.amount";
    REMOVE = "DELETE FROM outbox WHERE id = $1";
}

impl Tx {
    /// Folds rows settled before into the totals of the days they were promised on. Returns how many.
    pub async fn fold_outbox(&mut self, before: Time, limit: u32) -> Result<u32, Fault> {
        let mut totals: BTreeMap<(i64, String, String), i64> = BTreeMap::new();
        let mut folded = 0;
        for mut row in self.rows(&OLD, values![before, limit]).await? {
            let (id, created_at): (String, Time) = (row.take()?, row.take()?);
            let day = created_at.millis().div_euclid(Span::from_days(1).millis());
            *totals.entry((day, row.take()?, row.take()?)).or_default() += 1;
            self.change(&REMOVE, values![&id]).await?;
            folded += 1;
        }
        // In the order of the key, as every other node does it.
        for ((day, client, outcome), amount) in &totals {
            self.change(&FOLD, values![*day, client, outcome, *amount]).await?;
        }
        Ok(folded)
    }
}
