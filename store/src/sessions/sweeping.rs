//! Expiry is a logout too: sweeps end what has expired by the same verb, and remove what was kept long enough.
//!
//! Invariant: nothing is removed while a live grant or an unsettled notice points at it.

use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::SessionId;
use openid::session::Cause;
use openid::time::{Span, Time};

use crate::fault::Fault;
use crate::statements::{Statement, statements};
use crate::tx::Tx;
use crate::value::values;

statements! {
    IDLE = "SELECT id, expires_at FROM session WHERE ended_at IS NULL AND idle_until <= $1 \
        ORDER BY idle_until LIMIT $2 {lease}";
    EXPIRED = "SELECT id, expires_at FROM session WHERE ended_at IS NULL AND expires_at <= $1 \
        ORDER BY expires_at LIMIT $2 {lease}";
    EXPIRED_GRANTS = "SELECT id FROM grants WHERE ended_at IS NULL AND expires_at <= $1 ORDER BY expires_at LIMIT $2 {lease}";
    OVER = "UPDATE grants SET ended_at = $2, cause = $3 WHERE id = $1 AND ended_at IS NULL";
    KEPT_LONG = "SELECT s.id FROM session s WHERE s.ended_at <= $1 \
        AND NOT EXISTS (SELECT 1 FROM participation p JOIN grants g ON g.sid = p.sid \
        WHERE p.session = s.id AND g.ended_at IS NULL) \
        AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.session = s.id AND o.settled_at IS NULL) \
        ORDER BY s.ended_at LIMIT $2";
    REMOVE_GRANTS = "DELETE FROM grants WHERE sid IN (SELECT sid FROM participation WHERE session = $1)";
    REMOVE_STAYS = "DELETE FROM participation WHERE session = $1";
    REMOVE_SECRETS = "DELETE FROM device_secret WHERE session = $1";
    REMOVE_DEVICE = "DELETE FROM device WHERE session = $1";
    REMOVE = "DELETE FROM session WHERE id = $1 AND ended_at IS NOT NULL";
    REMOVE_ENDINGS = "DELETE FROM ending WHERE id IN (SELECT id FROM ending WHERE at <= $1 ORDER BY at LIMIT $2)";
}

/// One small batch of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Sweep {
    /// Now, minus the bound by which clocks may differ.
    pub now: Time,
    /// How many at most.
    pub limit: u32,
    /// The default deadline of notices.
    pub deadline: Span,
    /// The time over which the notices of this batch are spread.
    pub spread: Span,
}

/// What a batch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Sessions that ended.
    pub sessions: u32,
    /// Notices promised.
    pub notices: u32,
}

impl Tx {
    /// Ends expired sessions: those past their absolute life, and those nobody was seen in for their idle time. Fewer
    /// than the limit: there were no more, or another node has them.
    pub async fn sweep_sessions(&mut self, sweep: &Sweep) -> Result<Swept, Fault> {
        let mut swept = Swept::default();
        // Each by its own index: a batch costs the same however many have expired at once.
        for statement in [&IDLE, &EXPIRED] {
            self.sweep_by(statement, sweep, &mut swept).await?;
        }
        Ok(swept)
    }

    async fn sweep_by(&mut self, statement: &Statement, sweep: &Sweep, swept: &mut Swept) -> Result<(), Fault> {
        let step = Span::from_millis(sweep.spread.millis() / i64::from(sweep.limit.max(1)));
        let mut wait = Span::from_millis(step.millis() * i64::from(swept.sessions));
        for mut row in self.rows(statement, values![sweep.now, sweep.limit - swept.sessions]).await? {
            let session = SessionId::new(row.take::<String>()?);
            let absolute = row.take::<Time>()? <= sweep.now;
            let end = End {
                browser: Vec::new(),
                what: Ended::Session(session),
                cause: if absolute { Cause::AbsoluteExpiry } else { Cause::IdleExpiry },
                by: "sweep".to_owned(),
                offline: OfflineGrants::Keep,
                at: sweep.now,
                deadline: sweep.deadline,
            };
            let report = self.end_spread(&end, wait).await?;
            wait = wait + step;
            swept.sessions += 1;
            swept.notices = swept.notices.saturating_add(u32::try_from(report.notices.len()).unwrap_or(u32::MAX));
        }
        Ok(())
    }

    /// Ends grants past their absolute life. Nobody is told: their tokens are dead already. Returns how many.
    pub async fn sweep_grants(&mut self, now: Time, limit: u32) -> Result<u32, Fault> {
        let mut ended = 0;
        for mut row in self.rows(&EXPIRED_GRANTS, values![now, limit]).await? {
            let id: String = row.take()?;
            self.change(&OVER, values![&id, now, Cause::AbsoluteExpiry.as_str()]).await?;
            ended += 1;
        }
        Ok(ended)
    }

    /// Removes sessions that ended before, with their stays and grants. A token that outlives its grant is dead, and goes
    /// when it expires ([`Tx::sweep_tokens`]). Returns how many.
    pub async fn remove_ended(&mut self, before: Time, limit: u32) -> Result<u32, Fault> {
        let mut removed = 0;
        for mut row in self.rows(&KEPT_LONG, values![before, limit]).await? {
            let id: String = row.take()?;
            for statement in [&REMOVE_SECRETS, &REMOVE_DEVICE, &REMOVE_GRANTS, &REMOVE_STAYS, &REMOVE] {
                self.change(statement, values![&id]).await?;
            }
            removed += 1;
        }
        self.change(&REMOVE_ENDINGS, values![before, limit]).await?;
        Ok(removed)
    }
}
