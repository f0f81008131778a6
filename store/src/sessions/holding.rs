//! Holding what a request rests on, before it is known whether it is granted.
//!
//! Invariant: one order of rows (`architecture.md` §2.9): the browser's session, devices in the order of their names, grants. A
//! device's session is held alone by everybody: who uses a secret may replace it, end the device, or move its `auth_time`, and
//! sharing first and updating later deadlocks. Nothing is seen by being held: what is refused keeps nobody signed in.

use openid::client::policy::Policy;
use openid::name::{AccountId, ClientId, Digest, GrantId, SessionId, Sid};
use openid::native_sso::{HeldSecret, SecretStanding, SecretUse};
use openid::session::{Grant, GrantStanding, Session, SessionKind, SessionStanding};
use openid::time::Time;

use super::SEEN_EVERY;
use super::rows::{grant_columns, read_grant, read_session, session_columns};
use crate::fault::{Fault, Kind};
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

macro_rules! lives {
    () => {
        "ended_at IS NULL AND idle_until > $2 AND expires_at > $2"
    };
}

macro_rules! stay {
    () => {
        "SELECT s.id, s.kind FROM session s JOIN participation p ON p.session = s.id WHERE p.sid = $1 \
         AND p.ended_at IS NULL AND s.ended_at IS NULL AND s.idle_until > $2 AND s.expires_at > $2"
    };
}

statements! {
    BESIDE = concat!("SELECT ", session_columns!(), " FROM session WHERE id = $1 AND ", lives!(), " \
              AND kind = 'browser' AND seen_at > $3 {share}");
    ALONE = concat!("SELECT ", session_columns!(), " FROM session WHERE id = $1 AND ", lives!(), " {hold}");
    FREE = concat!("SELECT ", session_columns!(), " FROM session WHERE id = $1 AND ", lives!(), " {lease}");
    STAY = stay!();
    STAY_BESIDE = concat!(stay!(), " AND s.kind = 'browser' AND s.seen_at > $3 {share}");
    STAY_ALONE = concat!(stay!(), " {hold}");
    HOLD_GRANT = concat!("SELECT ", grant_columns!(), ", ended_at FROM grants WHERE id = $1 {share}");
    PLACE = "SELECT x.session, s.account FROM device_secret x JOIN session s ON s.id = x.session WHERE x.hash = $1";
    HELD = "SELECT x.issued_at, x.used_at, x.replaced_at, x.revoked_at, d.ds_hash, \
            (SELECT MIN(c.used_at) FROM device_secret c WHERE c.parent = $1), \
            (SELECT c.policy FROM client c WHERE c.id = d.client) \
            FROM device_secret x JOIN device d ON d.session = x.session WHERE x.hash = $1 {hold}";
    FROM = "SELECT d.session FROM device d JOIN session s ON s.id = d.session WHERE d.opened_from = $1 AND d.client = $2 \
            AND s.ended_at IS NULL AND s.idle_until > $3 AND s.expires_at > $3 ORDER BY s.created_at DESC, s.id LIMIT 1";
    BEYOND = "SELECT s.id FROM session s JOIN device d ON d.session = s.id WHERE s.account = $1 AND d.client = $3 \
              AND s.ended_at IS NULL AND s.idle_until > $2 AND s.expires_at > $2 AND s.id <> $4 \
              ORDER BY s.seen_at DESC, s.created_at DESC, s.id LIMIT $6 OFFSET $5";
}

/// How often it is looked again where a stay is that moves while its session is waited for. It moves once.
const LOOKS: u32 = 3;

/// How the session of a stay is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Beside others who add to it, if it is a browser's.
    Beside,
    /// Alone: the stay may move into a device session.
    Alone,
}

/// The devices a redemption may concern.
#[derive(Clone, Debug, Default)]
pub struct HeldDevices {
    /// The secret that was presented, if it is one.
    pub secret: Option<HeldSecret>,
    /// The live device session this client opened from the code's browser session before.
    pub there: Option<SessionId>,
}

/// The sharing group in a client's policy. It is read and not held: the client comes before the session in the order of rows,
/// and a group that changes at this moment may count from the next.
fn group(policy: Option<&str>) -> Option<String> {
    let policy: Option<Policy> = policy.and_then(|text| serde_json::from_str(text).ok());
    policy.and_then(|policy| policy.native_sso).map(|native| native.group)
}

impl Reader {
    /// Of which device and whose account a secret is: what never changes of it.
    pub async fn device_of(&mut self, secret: &Digest) -> Result<Option<(SessionId, AccountId)>, Fault> {
        let row = self.row(&PLACE, values![&secret.0]).await?;
        let read = |mut row: Row| Ok((SessionId::new(row.take::<String>()?), AccountId::new(row.take::<String>()?)));
        row.map(read).transpose()
    }

    /// The live device sessions of an account that a client opened beyond so many, but for one: those not seen for the
    /// longest time.
    pub(super) async fn devices_beyond(
        &mut self,
        (account, client): (&AccountId, &ClientId),
        (opened, kept): (&SessionId, u32),
        (most, now): (u32, Time),
    ) -> Result<Vec<SessionId>, Fault> {
        let values = values![account.as_str(), now, client.as_str(), opened.as_str(), kept, most];
        let rows = self.rows(&BEYOND, values).await?;
        rows.into_iter().map(|mut row| Ok(SessionId::new(row.take::<String>()?))).collect()
    }
}

impl Tx {
    /// Holds a live session until the transaction ends, and notes nothing: whoever comes may be refused yet, and where
    /// something is given [`Tx::see_session`] notes it. `None`: it has ended or expired.
    pub async fn hold_unseen(&mut self, id: &SessionId, now: Time) -> Result<Option<Session>, Fault> {
        // One that is due to be seen is taken alone at once: it will be written.
        let beside = self.row(&BESIDE, values![id.as_str(), now, now - SEEN_EVERY]).await?;
        if let Some(mut row) = beside {
            return read_session(&mut row).map(Some);
        }
        self.one_session(&ALONE, id, now).await
    }

    /// The same, if nobody else holds it at this moment. `None`: it is over, or somebody does.
    pub(super) async fn hold_free(&mut self, id: &SessionId, now: Time) -> Result<Option<Session>, Fault> {
        self.one_session(&FREE, id, now).await
    }

    async fn one_session(
        &mut self,
        statement: &crate::statements::Statement,
        id: &SessionId,
        now: Time,
    ) -> Result<Option<Session>, Fault> {
        let row = self.row(statement, values![id.as_str(), now]).await?;
        row.map(|mut row| read_session(&mut row)).transpose()
    }

    /// Holds a stay and the session it is in: for a code that is redeemed long after the stay began. `None`: one of the two is
    /// over.
    pub async fn hold_stay(
        &mut self,
        sid: &Sid,
        hold: Hold,
        now: Time,
    ) -> Result<Option<(SessionId, SessionKind)>, Fault> {
        let read = |mut row: Row| {
            Ok((SessionId::new(row.take::<String>()?), text::word(&row.take::<String>()?, SessionKind::read)?))
        };
        for _ in 0..LOOKS {
            if hold == Hold::Beside
                && let Some(row) = self.row(&STAY_BESIDE, values![sid.as_str(), now, now - SEEN_EVERY]).await?
            {
                return read(row).map(Some);
            }
            if let Some(row) = self.row(&STAY_ALONE, values![sid.as_str(), now]).await? {
                return read(row).map(Some);
            }
            // It may have moved into a device session while its own was waited for.
            if self.row(&STAY, values![sid.as_str(), now]).await?.is_none() {
                return Ok(None);
            }
        }
        Err(Fault::new(Kind::Busy, "the stay moved meanwhile").contention())
    }

    /// Holds a grant until the transaction ends. `None`: there is no such grant.
    pub async fn hold_grant(&mut self, id: &GrantId) -> Result<Option<(Grant, GrantStanding)>, Fault> {
        let Some(mut row) = self.row(&HOLD_GRANT, values![id.as_str()]).await? else {
            return Ok(None);
        };
        let grant = read_grant(&mut row)?;
        let ended: Option<Time> = row.take()?;
        let standing = if ended.is_some() { GrantStanding::Over } else { GrantStanding::Live };
        Ok(Some((grant, standing)))
    }

    /// Holds a device secret, its device, and before them its session, if that lives.
    pub async fn hold_secret(
        &mut self,
        secret: &Digest,
        now: Time,
    ) -> Result<Option<(HeldSecret, Option<Session>)>, Fault> {
        let Some((device, account)) = self.device_of(secret).await? else {
            return Ok(None);
        };
        let session = self.hold_unseen(&device, now).await?;
        let held = self.read_secret(secret, (device, account), session.as_ref()).await?;
        Ok(held.map(|held| (held, session)))
    }

    /// Holds the devices that a redemption may concern, in the order of their names. The stay of its code is held
    /// ([`Tx::hold_stay`]).
    pub async fn hold_devices(
        &mut self,
        (stay, kept_by): (&SessionId, SessionKind),
        client: &ClientId,
        secret: Option<&Digest>,
        now: Time,
    ) -> Result<HeldDevices, Fault> {
        let place = match secret {
            Some(secret) => self.device_of(secret).await?.map(|place| (*secret, place)),
            None => None,
        };
        let there = match kept_by {
            SessionKind::Browser => {
                let row = self.row(&FROM, values![stay.as_str(), client.as_str(), now]).await?;
                row.map(|mut row| row.take::<String>().map(SessionId::new)).transpose()?
            }
            SessionKind::Device => None,
        };
        let mut wanted: Vec<&SessionId> = place.iter().map(|(_, (device, _))| device).chain(&there).collect();
        wanted.sort_unstable();
        wanted.dedup();
        let mut live = Vec::new();
        for device in wanted {
            // A stay that is in a device session already may come after another device in the order. Nobody waits out of it:
            // a secret of that one is good for nothing here anyway.
            let held = match kept_by == SessionKind::Device && device != stay {
                true => self.hold_free(device, now).await?,
                false => self.hold_unseen(device, now).await?,
            };
            live.extend(held);
        }
        let find = |id: &SessionId| live.iter().find(|session| session.id == *id);
        let secret = match place {
            Some((secret, place)) => {
                let session = find(&place.0).cloned();
                self.read_secret(&secret, place, session.as_ref()).await?
            }
            None => None,
        };
        Ok(HeldDevices { secret, there: there.filter(|there| find(there).is_some()) })
    }

    /// What is known of a secret whose device session is held, if it lives.
    pub(crate) async fn read_secret(
        &mut self,
        secret: &Digest,
        (device, account): (SessionId, AccountId),
        session: Option<&Session>,
    ) -> Result<Option<HeldSecret>, Fault> {
        let Some(mut row) = self.row(&HELD, values![&secret.0]).await? else {
            return Ok(None);
        };
        let issued_at = row.take()?;
        let used = match row.take::<Option<Time>>()? {
            None => SecretUse::First,
            Some(_) => SecretUse::Again,
        };
        let replaced_at = row.take()?;
        let standing = match row.take::<Option<Time>>()? {
            None => SecretStanding::Good,
            Some(_) => SecretStanding::Revoked,
        };
        Ok(Some(HeldSecret {
            hash: *secret,
            account,
            device,
            ds_hash: row.take()?,
            issued_at,
            used,
            replaced_at,
            successor_used_at: row.take()?,
            group: group(row.take::<Option<String>>()?.as_deref()),
            standing,
            session: if session.is_some() { SessionStanding::Live } else { SessionStanding::Over },
        }))
    }
}
