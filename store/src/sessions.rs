//! Sessions, the stays of clients in them, and what was granted there (`logout.md` §2).
//!
//! Invariant: what adds to a session takes hold of the row that keeps it alive first, in its own transaction; only this
//! noun writes `ended_at`, and only [`Tx::end`](crate::Tx::end) and [`Tx::end_grant`](crate::Tx::end_grant) end anything.

mod asking;
mod devices;
mod ending;
mod holding;
mod leaving;
pub(crate) mod rows;
mod sweeping;
#[cfg(test)]
pub(crate) mod tests;
mod tree;

use openid::acr::Amr;
use openid::name::{ClientId, Digest, SessionId, Sid, Sub};
use openid::session::{Grant, Session, SessionKind, SessionStanding};
use openid::time::{Span, Time};

pub use self::asking::{Asker, Browser, Selection, SessionFilter, SessionRow, StayRow};
pub use self::devices::{DeviceRow, DrawnDevice};
pub use self::ending::{EndReport, GrantEnding, Posted};
pub use self::holding::{HeldDevices, Hold};
pub use self::leaving::Preview;
pub use self::sweeping::{Sweep, Swept};
pub use self::tree::{Ending, GrantRow, Unpromised};

pub(crate) use self::rows::grant_columns;
#[cfg(test)]
pub(crate) static STATEMENTS: &[&[&Statement]] = &[
    STATEMENTS_HERE,
    asking::STATEMENTS,
    devices::STATEMENTS,
    ending::STATEMENTS,
    holding::STATEMENTS,
    leaving::STATEMENTS,
    sweeping::STATEMENTS,
    tree::STATEMENTS,
];
use self::rows::{read_session, session_columns};
use crate::accounts::HeldAccount;
use crate::fault::Fault;
#[cfg(test)]
use crate::statements::Statement;
use crate::statements::statements;
use crate::text;
use crate::tx::Tx;
use crate::value::values;

/// `seen_at` is written at most this often (`logout.md` §2).
const SEEN_EVERY: Span = Span::from_minutes(5);

statements! { STATEMENTS_HERE:
    OPEN = "INSERT INTO session (id, account, kind, browser, auth_time, acr, amr, agent, created_at, seen_at, \
            idle_span, idle_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11, $12)";
    SEE = concat!("UPDATE session SET seen_at = $2, idle_until = $2 + idle_span \
            WHERE id = $1 AND ended_at IS NULL AND idle_until > $2 AND expires_at > $2 AND seen_at <= $3 \
            RETURNING ", session_columns!());
    HOLD = concat!("SELECT ", session_columns!(), " FROM session \
            WHERE id = $1 AND ended_at IS NULL AND idle_until > $2 AND expires_at > $2 {share}");
    REAUTHENTICATE = "UPDATE session SET auth_time = $2, acr = $3, amr = $4, browser = $5, seen_at = $2, \
            idle_span = $7, idle_until = $2 + $7, expires_at = $6 \
            WHERE id = $1 AND ended_at IS NULL AND idle_until > $2 AND expires_at > $2";
    REBIND = "UPDATE session SET browser = $2 WHERE browser = $1 AND ended_at IS NULL";
    JOIN = "INSERT INTO participation (sid, session, account, client, sub, begun_at, used_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $6) \
            ON CONFLICT (session, client) WHERE ended_at IS NULL DO UPDATE SET used_at = excluded.used_at \
            RETURNING sid";
    BEGIN_GRANT = concat!("INSERT INTO grants (", grant_columns!(), ", auth_time_wanted) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1)");
}

/// A session to be opened.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its name, drawn by the server.
    pub id: SessionId,
    /// What keeps it alive.
    pub kind: SessionKind,
    /// The browser it belongs to.
    pub browser: Option<Digest>,
    /// What the proof was worth.
    pub acr: Option<String>,
    /// How it was proven.
    pub amr: Amr,
    /// The browser's name, short, for the person's own list.
    pub agent: Option<String>,
    /// When the person proved who they are: also `auth_time`.
    pub now: Time,
    /// How long it lives unseen.
    pub idle: Span,
    /// How long it lives at most.
    pub absolute: Span,
}

/// A stay to be begun, or gone on with.
#[derive(Clone, Debug)]
pub struct NewStay {
    /// Its `sid`, should it begin; drawn by the server.
    pub sid: Sid,
    /// Whose stay.
    pub client: ClientId,
    /// The subject that client knows.
    pub sub: Sub,
}

/// Proof given again in a session.
#[derive(Clone, Debug)]
pub struct Reproof {
    /// When: the new `auth_time`.
    pub auth_time: Time,
    /// What it was worth.
    pub acr: Option<String>,
    /// How.
    pub amr: Amr,
    /// The browser's new secret.
    pub browser: Digest,
    /// How long it lives unseen.
    pub idle: Span,
    /// How long it lives from now at most.
    pub absolute: Span,
}

impl Tx {
    /// Opens a session of an account that is held: disabling it or changing its password ends its sessions, and none may
    /// begin beside that.
    pub async fn open_session(&mut self, account: &HeldAccount, new: &NewSession) -> Result<(), Fault> {
        let amr = new.amr.text();
        let opened = values![
            new.id.as_str(),
            account.id().as_str(),
            new.kind.as_str(),
            new.browser.as_ref().map(|b| &b.0),
            new.now,
            new.acr.as_deref(),
            amr.as_str(),
            new.agent.as_deref(),
            new.now,
            new.idle,
            new.now + new.idle,
            new.now + new.absolute,
        ];
        self.change(&OPEN, opened).await.map(drop)
    }

    /// Holds a live session until the transaction ends, and notes that it was seen: whoever comes is known to be let in
    /// ([`Tx::hold_unseen`]). `None`: it has ended or expired.
    ///
    /// One order of rows for everybody (`architecture.md` §2.9): the client, the account, the session, then a grant.
    pub async fn hold_session(&mut self, id: &SessionId, now: Time) -> Result<Option<Session>, Fault> {
        // The row is taken by the UPDATE at once: sharing first and updating later deadlocks.
        if let Some(mut row) = self.row(&SEE, values![id.as_str(), now, now - SEEN_EVERY]).await? {
            return read_session(&mut row).map(Some);
        }
        let held = self.row(&HOLD, values![id.as_str(), now]).await?;
        held.map(|mut row| read_session(&mut row)).transpose()
    }

    /// Notes that a session was seen, at most every five minutes: `UserInfo` and introspection count too.
    pub async fn see_session(&mut self, id: &SessionId, now: Time) -> Result<(), Fault> {
        self.row(&SEE, values![id.as_str(), now, now - SEEN_EVERY]).await.map(drop)
    }

    /// The same person has proven again who they are: `auth_time` moves, the session and every `sid` stay.
    pub async fn reauthenticate(&mut self, id: &SessionId, proof: &Reproof) -> Result<SessionStanding, Fault> {
        let amr = proof.amr.text();
        let values = values![
            id.as_str(),
            proof.auth_time,
            proof.acr.as_deref(),
            amr.as_str(),
            &proof.browser.0,
            proof.auth_time + proof.absolute,
            proof.idle,
        ];
        let changed = self.change(&REAUTHENTICATE, values).await?;
        Ok(if changed == 0 { SessionStanding::Over } else { SessionStanding::Live })
    }

    /// The browser has a new secret: every live session of the old one goes with it.
    pub async fn rebind_browser(&mut self, old: &Digest, new: &Digest) -> Result<(), Fault> {
        self.change(&REBIND, values![&old.0, &new.0]).await.map(drop)
    }

    /// A client takes part in a session, which must be held. Its `sid` stays for as long as the stay lasts; the one
    /// handed in is used if a stay begins.
    pub async fn join(&mut self, session: &Session, new: &NewStay, now: Time) -> Result<Sid, Fault> {
        let values = values![
            new.sid.as_str(),
            session.id.as_str(),
            session.account.as_str(),
            new.client.as_str(),
            new.sub.as_str(),
            now,
        ];
        let row = self.row(&JOIN, values).await?;
        let mut row = row.ok_or_else(|| Fault::bug("a stay neither began nor went on"))?;
        row.take().map(|sid: String| Sid::new(sid))
    }

    /// Begins a grant in a stay, which must be held.
    pub async fn begin_grant(&mut self, grant: &Grant) -> Result<(), Fault> {
        let (scope, amr) = (grant.scope.to_string(), grant.amr.text());
        let (resources, claims) = (text::list(&grant.resources), grant.claims.text());
        let values = values![
            grant.id.as_str(),
            grant.client.as_str(),
            grant.account.as_str(),
            grant.sub.as_str(),
            grant.sid.as_str(),
            grant.session.as_str(),
            grant.kind.as_str(),
            scope.as_str(),
            claims.as_str(),
            resources.as_str(),
            grant.auth_time,
            grant.acr.as_deref(),
            amr.as_str(),
            grant.nonce.as_deref(),
            grant.created_at,
            grant.expires_at,
        ];
        self.change(&BEGIN_GRANT, values).await.map(drop)
    }
}
