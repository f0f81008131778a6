//! The schema, step by step and only forwards.
//!
//! `architecture.md` §2.9. Invariant: the first new process moves the schema while old ones still run, so the code of the
//! step before runs on each step's schema; the schema row says which is the oldest code that may.

use crate::engine::Line;
use crate::fault::{Fault, Kind};
use crate::statements::statements;
use crate::value::values;

statements! {
    READ = "SELECT version, oldest FROM schema_version";
    MOVE = "UPDATE schema_version SET version = $1, oldest = $2";
}

/// One step: what it makes of the schema before it.
pub(crate) struct Step {
    /// The version it leads to.
    pub(crate) version: i64,
    /// The version of the oldest code that may run on it.
    pub(crate) oldest: i64,
    /// `CREATE TABLE`s in the engines' common words.
    pub(crate) sql: &'static str,
}

/// Every step there ever was, in order.
pub(crate) const STEPS: &[Step] = &[
    Step { version: 1, oldest: 1, sql: include_str!("../migrations/0001_start.sql") },
    Step { version: 3, oldest: 1, sql: include_str!("../migrations/0003_people.sql") },
    Step { version: 4, oldest: 1, sql: include_str!("../migrations/0004_registration.sql") },
    Step { version: 5, oldest: 1, sql: include_str!("../migrations/0005_claims.sql") },
    Step { version: 6, oldest: 1, sql: include_str!("../migrations/0006_resources.sql") },
    Step { version: 7, oldest: 1, sql: include_str!("../migrations/0007_front_channel.sql") },
    Step { version: 8, oldest: 1, sql: include_str!("../migrations/0008_pairwise.sql") },
    Step { version: 9, oldest: 1, sql: include_str!("../migrations/0009_origins.sql") },
    Step { version: 10, oldest: 1, sql: include_str!("../migrations/0010_client_origin.sql") },
    Step { version: 11, oldest: 1, sql: include_str!("../migrations/0011_ledger.sql") },
    Step { version: 12, oldest: 1, sql: include_str!("../migrations/0012_pushed.sql") },
    Step { version: 13, oldest: 1, sql: include_str!("../migrations/0013_operators.sql") },
    Step { version: 14, oldest: 1, sql: include_str!("../migrations/0014_watched.sql") },
    Step { version: 15, oldest: 1, sql: include_str!("../migrations/0015_native_sso.sql") },
    Step { version: 16, oldest: 1, sql: include_str!("../migrations/0016_exchange.sql") },
    Step { version: 17, oldest: 1, sql: include_str!("../migrations/0017_dpop.sql") },
    Step { version: 18, oldest: 1, sql: include_str!("../migrations/0018_crowds.sql") },
    Step { version: 19, oldest: 1, sql: include_str!("../migrations/0019_trail.sql") },
    Step { version: 20, oldest: 1, sql: include_str!("../migrations/0020_kinds.sql") },
    Step { version: 21, oldest: 1, sql: include_str!("../migrations/0021_figures.sql") },
    Step { version: 22, oldest: 1, sql: include_str!("../migrations/0022_wanted.sql") },
    Step { version: 23, oldest: 1, sql: include_str!("../migrations/0023_exchanged.sql") },
    Step { version: 24, oldest: 1, sql: include_str!("../migrations/0024_mtls.sql") },
];

const BEGINNING: &str = "CREATE TABLE IF NOT EXISTS schema_version (\
    one {int} NOT NULL PRIMARY KEY CHECK (one = 1), version {int} NOT NULL, oldest {int} NOT NULL){strict};\
    INSERT INTO schema_version (one, version, oldest) VALUES (1, 0, 0) ON CONFLICT (one) DO NOTHING;";

/// Takes the steps that are missing, inside the transaction the line is in.
pub(crate) async fn run(line: &mut Line, steps: &[Step]) -> Result<(), Fault> {
    line.script(BEGINNING).await?;
    let mut rows = line.rows(&READ, &[]).await?;
    let row = rows.first_mut().ok_or_else(|| Fault::bug("the schema row is missing"))?;
    let (at, oldest): (i64, i64) = (row.take()?, row.take()?);
    let ours = steps.last().map_or(0, |step| step.version);
    if ours < oldest {
        return Err(Fault::new(
            Kind::Bug,
            format!("the database has schema {at}, which needs code for schema {oldest} or later; this is {ours}"),
        ));
    }
    for step in steps.iter().filter(|step| step.version > at) {
        let doing = || format!("migration to schema {}", step.version);
        line.script(step.sql).await.map_err(|fault| fault.context(doing()))?;
        line.change(&MOVE, values![step.version, step.oldest]).await.map_err(|fault| fault.context(doing()))?;
        tracing::info!(version = step.version, "the database has a new schema");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{STEPS, Step};

    /// The steps on which a node that has not been replaced yet could not go on.
    fn too_long(steps: &[Step]) -> Vec<i64> {
        let pairs = steps.windows(2).filter(|pair| pair[1].oldest > pair[0].version);
        pairs.map(|pair| pair[1].version).collect()
    }

    #[test]
    fn nodes_can_be_replaced_one_at_a_time() {
        let step = |version, oldest| Step { version, oldest, sql: "" };
        assert_eq!(too_long(&[step(1, 1), step(2, 1), step(3, 3)]), [3]);
        assert_eq!(too_long(STEPS), Vec::<i64>::new());
        assert!(STEPS.windows(2).all(|pair| pair[0].version < pair[1].version), "in order");
    }
}
