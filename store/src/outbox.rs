//! The outbox: promises to tell relying parties and people, each an intention and not a token (`logout.md` §4).
//!
//! Invariant: created = delivered + refused + parked + pending + withdrawn, always. A failed attempt settles only the
//! attempt it belongs to; a success settles whatever is not settled yet. No row leaves but into the totals.

mod asking;
mod folding;
mod letters;
mod metering;
#[cfg(test)]
mod tests;
mod totals;

use std::collections::HashMap;

use openid::logout::judge::Notice;
use openid::name::{AccountId, ClientId, SessionId, Sid, Sub};
use openid::session::Cause;
use openid::time::{Span, Time};

pub use self::asking::{Counts, Cursor, Matter, NoticeFilter, NoticeRow, NoticeState};
pub use self::letters::{LeasedLetter, Letter, Queue};
pub use self::metering::{Meter, Reading, Turn};
pub use self::totals::{Ledger, Proof, Sums};

#[cfg(test)]
pub(crate) static STATEMENTS: &[&[&Statement]] = &[
    STATEMENTS_HERE,
    asking::STATEMENTS,
    folding::STATEMENTS,
    letters::STATEMENTS,
    letters::tests::STATEMENTS,
    metering::STATEMENTS,
    tests::STATEMENTS,
    totals::STATEMENTS,
];

use crate::fault::Fault;
use crate::row::Row;
use crate::statements::{Statement, statements};
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

/// OpenID Connect Back-Channel Logout 1.0. Letters ([`letters`]) share the table.
const BACKCHANNEL: &str = "backchannel_logout";

statements! { STATEMENTS_HERE:
    POST = "INSERT INTO outbox (id, kind, client, account, subject, sid, session, cause, created_at, due_at, attempts, \
        deliver_by, traceparent, unasked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, $13) \
        ON CONFLICT DO NOTHING";
    DUE = "SELECT id FROM outbox WHERE settled_at IS NULL AND due_at <= $1 AND kind = $2 \
        AND (lease_until IS NULL OR lease_until <= $1) ORDER BY due_at LIMIT 1";
    NEXT_CLIENT = "SELECT client FROM outbox WHERE settled_at IS NULL AND unasked = $3 AND client > $1 \
        AND (CAST($2 AS {text}) IS NULL OR client <= $2) ORDER BY client LIMIT 1";
    LEASE = "UPDATE outbox SET attempts = attempts + 1, lease_until = $3 WHERE id IN (SELECT id FROM outbox \
        WHERE unasked = $5 AND client = $1 AND settled_at IS NULL AND due_at <= $2 \
        AND (lease_until IS NULL OR lease_until <= $2) \
        ORDER BY due_at LIMIT $4 {lease}) \
        RETURNING id, client, subject, sid, account, session, deliver_by, cause, attempts, created_at, \
        traceparent";
    LEASE_OVERDUE = "UPDATE outbox SET attempts = attempts + 1, lease_until = $3 WHERE id IN (SELECT id FROM outbox \
        WHERE unasked = $5 AND client = $1 AND settled_at IS NULL AND due_at <= $2 AND deliver_by <= $2 \
        AND (lease_until IS NULL OR lease_until <= $2) \
        ORDER BY due_at LIMIT $4 {lease}) \
        RETURNING id, client, subject, sid, account, session, deliver_by, cause, attempts, created_at, \
        traceparent";
    DELIVER = "UPDATE outbox SET settled_at = $2, outcome = 'delivered', last_status = $3, last_reply = $4, \
        lease_until = NULL WHERE id = $1 AND settled_at IS NULL";
    SETTLE = "UPDATE outbox SET settled_at = $2, outcome = $3, last_status = $4, last_reply = $5, lease_until = NULL \
        WHERE id = $1 AND attempts = $6 AND settled_at IS NULL";
    POSTPONE = "UPDATE outbox SET due_at = $2, last_status = $3, last_reply = $4, lease_until = NULL \
        WHERE id = $1 AND attempts = $5 AND settled_at IS NULL";
    GIVE_BACK = "UPDATE outbox SET due_at = $2, attempts = attempts - 1, lease_until = NULL \
        WHERE id = $1 AND attempts = $3 AND settled_at IS NULL";
    BRING_FORWARD = "UPDATE outbox SET due_at = $2 WHERE id IN (SELECT id FROM outbox WHERE client = $1 \
        AND settled_at IS NULL AND due_at > $2 AND (lease_until IS NULL OR lease_until <= $2) \
        ORDER BY due_at LIMIT $3 {lease})";
    TAKE_BACK = "UPDATE outbox SET lease_until = NULL WHERE settled_at IS NULL AND lease_until IS NOT NULL";
    REOPEN = "UPDATE outbox SET settled_at = NULL, unasked = 0, outcome = NULL, due_at = $2, deliver_by = $3, lease_until = NULL \
        WHERE id = $1 AND outcome <> 'delivered' \
        AND (CAST($4 AS {text}) IS NULL OR (outcome = $4 AND settled_at <= $5)) AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.kind = outbox.kind \
        AND o.client = outbox.client AND o.subject = outbox.subject AND o.sid = outbox.sid AND o.settled_at IS NULL)";
    HURRY = "UPDATE outbox SET unasked = 0, due_at = $2, deliver_by = $3 WHERE id = $1 AND settled_at IS NULL \
        AND (CAST($4 AS {text}) IS NULL OR $4 = 'pending')";
    GIVE_UP = "UPDATE outbox SET settled_at = $2, outcome = 'withdrawn', lease_until = NULL \
        WHERE id = $1 AND (settled_at IS NULL OR outcome = 'parked') AND (CAST($3 AS {text}) IS NULL \
        OR (coalesce(outcome, 'pending') = $3 AND (settled_at IS NULL OR settled_at <= $4)))";
    WITHDRAW = "UPDATE outbox SET settled_at = $2, outcome = 'withdrawn', lease_until = NULL \
        WHERE client = $1 AND (settled_at IS NULL OR outcome = 'parked')";
}

/// How many notices are taken, and until when.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Now.
    pub now: Time,
    /// Until when they are ours: at least now + the attempt's timeout + twice the clocks' bound.
    pub until: Time,
    /// How many at most.
    pub limit: u32,
    /// How many at most for one client: a dead relying party delays nobody else.
    pub per_client: u32,
    /// The last client served: the next ones come first.
    pub after: Option<ClientId>,
    /// For whom there is less room than that.
    pub room: HashMap<ClientId, Room>,
}

/// How much room there is for the notices of one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// For so many more.
    For(u32),
    /// Its address keeps failing: for so many of those whose deadline has come, which are tried once more.
    Overdue(u32),
}

impl Lease {
    /// Whether as many are taken as may be.
    fn is_full(&self, taken: &[Leased]) -> bool {
        taken.len() >= usize::try_from(self.limit).unwrap_or(usize::MAX)
    }

    /// How many more may be taken for a client.
    fn left(&self, client: &ClientId, taken: &[Leased]) -> u32 {
        let count = |amount: usize| u32::try_from(amount).unwrap_or(u32::MAX);
        let own = match self.room.get(client) {
            None => self.per_client,
            Some(Room::For(room) | Room::Overdue(room)) => *room,
        };
        let has = taken.iter().filter(|leased| leased.notice.client == *client).count();
        own.saturating_sub(count(has)).min(self.limit.saturating_sub(count(taken.len())))
    }
}

/// One attempt to deliver one notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The notice's name.
    pub id: String,
    /// Counted from one: a failure settles only this one.
    pub number: u32,
}

/// A notice that is ours to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// The attempt.
    pub attempt: Attempt,
    /// What it says, and to whom.
    pub notice: Notice,
    /// Why the stay ended.
    pub cause: Cause,
    /// When it was promised.
    pub created_at: Time,
    /// The trace it was promised in, W3C Trace Context §3.2.
    pub traceparent: Option<String>,
}

/// How a notice is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relying party knows.
    Delivered,
    /// It said no.
    Refused,
    /// Somebody must look at it.
    Parked,
}

/// What an attempt was told, for the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// In plain words.
    pub words: String,
}

/// Whether a verb found the row as it must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It did.
    Now,
    /// Another attempt has taken its place, it was settled before, or there is none.
    Not,
}

/// As what somebody has seen a notice before they decided about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Where it stood.
    pub state: NoticeState,
    /// When they looked.
    pub at: Time,
}

/// The name of the notice about a stay. A stay ends once, so one name is enough.
fn notice_id(sid: &Sid) -> String {
    format!("{BACKCHANNEL}.{sid}")
}

impl Tx {
    /// Writes a promise. The courier is called by whoever writes the last.
    pub(crate) async fn post(&mut self, notice: &Notice, cause: Cause, now: Time, due: Time) -> Result<String, Fault> {
        let (id, trace) = (notice_id(&notice.sid), self.traceparent());
        let values = values![
            id.as_str(),
            BACKCHANNEL,
            notice.client.as_str(),
            notice.account.as_str(),
            notice.sub.as_str(),
            notice.sid.as_str(),
            notice.session.as_str(),
            cause.as_str(),
            now,
            due,
            notice.deliver_by,
            trace.as_deref(),
            i64::from(cause.is_expiry()),
        ];
        self.change(&POST, values).await?;
        Ok(id)
    }

    /// Takes due notices and raises their attempts: first what somebody asked for, then what expired. Of either those of the
    /// clients behind the last one served, then of those up to it. Which client comes before which is for the database alone
    /// to say: its collation may be any.
    pub async fn lease_notices(&mut self, lease: &Lease) -> Result<Vec<Leased>, Fault> {
        let mut taken = Vec::new();
        let last = lease.after.as_ref().map(ClientId::as_str);
        let laps = [Some((last.unwrap_or_default(), None)), last.map(|last| ("", Some(last)))];
        for unasked in [0, 1] {
            for (behind, until) in laps.into_iter().flatten() {
                let mut client = behind.to_owned();
                while !lease.is_full(&taken) {
                    let Some(mut row) = self.row(&NEXT_CLIENT, values![&client, until, unasked]).await? else { break };
                    client = row.take()?;
                    self.lease_of(lease, &ClientId::new(client.clone()), unasked, &mut taken).await?;
                }
            }
        }
        Ok(taken)
    }

    /// Those of one client, as far as there is room for it.
    async fn lease_of(
        &mut self,
        lease: &Lease,
        client: &ClientId,
        unasked: i64,
        taken: &mut Vec<Leased>,
    ) -> Result<(), Fault> {
        let statement = match lease.room.get(client) {
            Some(Room::Overdue(_)) => &LEASE_OVERDUE,
            Some(Room::For(_)) | None => &LEASE,
        };
        let room = lease.left(client, taken);
        if room > 0 {
            let some = values![client.as_str(), lease.now, lease.until, room, unasked];
            for row in self.rows(statement, some).await? {
                taken.push(read_leased(row)?);
            }
        }
        Ok(())
    }

    /// Settles a notice: a success whatever attempt it was, a failure only its own attempt.
    pub async fn settle(
        &mut self,
        attempt: &Attempt,
        outcome: Outcome,
        said: &Said,
        now: Time,
    ) -> Result<Settled, Fault> {
        let (status, words) = (said.status.map(u32::from), said.words.as_str());
        let word = match outcome {
            Outcome::Delivered => {
                return self.changed(&DELIVER, values![&attempt.id, now, status, words]).await;
            }
            Outcome::Refused => NoticeState::Refused.as_str(),
            Outcome::Parked => NoticeState::Parked.as_str(),
        };
        self.changed(&SETTLE, values![&attempt.id, now, word, status, words, attempt.number]).await
    }

    /// The attempt failed and may be repeated then.
    pub async fn postpone(&mut self, attempt: &Attempt, due: Time, said: &Said) -> Result<Settled, Fault> {
        let (status, words) = (said.status.map(u32::from), said.words.as_str());
        self.changed(&POSTPONE, values![&attempt.id, due, status, words, attempt.number]).await
    }

    /// Returns a lease untried: it does not count as an attempt, and is due again then. Only for an attempt of which
    /// nothing has left the house; its number is given to the next one.
    pub async fn give_back(&mut self, attempt: &Attempt, due: Time) -> Result<Settled, Fault> {
        self.changed(&GIVE_BACK, values![&attempt.id, due, attempt.number]).await
    }

    /// The client answers again: its notices that wait are due now, those first that would have come first. Returns how
    /// many they were: fewer than the limit means that nobody waits any more.
    pub async fn bring_forward(&mut self, client: &ClientId, now: Time, limit: u32) -> Result<u64, Fault> {
        self.change(&BRING_FORWARD, values![client.as_str(), now, limit]).await
    }

    /// Ends every lease, so that what was leased is due again: for the one node there is, when it starts and nothing it
    /// leased is under way any more. An attempt that was made counts, and settles nothing but itself. Returns how many.
    pub async fn take_back_leases(&mut self) -> Result<u64, Fault> {
        self.change(&TAKE_BACK, &[]).await
    }

    /// "Send again": opens a parked, refused or withdrawn notice once more, or makes a pending one due now. If it is said as
    /// what it was seen, only while it is that still. It is tried as long as its client's policy has it, or for `deadline`.
    pub async fn retry_notice(
        &mut self,
        id: &str,
        seen: Option<Seen>,
        now: Time,
        deadline: Span,
    ) -> Result<Settled, Fault> {
        let Some(row) = self.notice(id).await? else { return Ok(Settled::Not) };
        let deliver_by = now + self.deadline_of(&row.notice.client).await?.unwrap_or(deadline);
        let (state, at) = (seen.map(|seen| seen.state.as_str()), seen.map(|seen| seen.at));
        let mut settled = self.changed(&REOPEN, values![id, now, deliver_by, state, at]).await?;
        if settled == Settled::Not {
            settled = self.changed(&HURRY, values![id, now, deliver_by, state]).await?;
        }
        if settled == Settled::Now {
            self.wake_courier().await?;
        }
        Ok(settled)
    }

    /// "Give up": an unsettled or parked notice is withdrawn. If it is said as what it was seen, only while it is that still.
    pub async fn give_up(&mut self, id: &str, seen: Option<Seen>, now: Time) -> Result<Settled, Fault> {
        let (state, at) = (seen.map(|seen| seen.state.as_str()), seen.map(|seen| seen.at));
        self.changed(&GIVE_UP, values![id, now, state, at]).await
    }

    /// The client is deleted: what it was still to be told is withdrawn. Returns how many.
    pub async fn withdraw_notices(&mut self, client: &ClientId, now: Time) -> Result<u64, Fault> {
        self.change(&WITHDRAW, values![client.as_str(), now]).await
    }

    async fn changed(&mut self, statement: &Statement, values: &[crate::value::Value<'_>]) -> Result<Settled, Fault> {
        let rows = self.change(statement, values).await?;
        Ok(if rows == 0 { Settled::Not } else { Settled::Now })
    }
}

impl Reader {
    /// Whether a notice waits to be delivered: asked by the poll before it writes anything.
    pub async fn notice_due(&mut self, now: Time) -> Result<bool, Fault> {
        Ok(self.row(&DUE, values![now, BACKCHANNEL]).await?.is_some())
    }
}

fn read_leased(mut row: Row) -> Result<Leased, Fault> {
    let row = &mut row;
    let id = row.take()?;
    let notice = read_notice(row)?;
    let cause = text::word(&row.take::<String>()?, Cause::read)?;
    Ok(Leased {
        attempt: Attempt { id, number: row.take()? },
        notice,
        cause,
        created_at: row.take()?,
        traceparent: row.take()?,
    })
}

/// Reads `client, subject, sid, account, session, deliver_by`.
fn read_notice(row: &mut Row) -> Result<Notice, Fault> {
    Ok(Notice {
        client: ClientId::new(row.take::<String>()?),
        sub: Sub::new(row.take::<String>()?),
        sid: Sid::new(row.take::<String>()?),
        account: AccountId::new(row.take::<String>()?),
        session: SessionId::new(row.take::<String>()?),
        deliver_by: row.take()?,
    })
}
