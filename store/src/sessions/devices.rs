//! Device sessions and the secrets of their devices (`logout.md` §2, Native SSO §3).
//!
//! Invariant: whoever does anything on a device holds its session alone, and after it a grant, then the device with its secrets.
//! What a secret's worth was judged by is held until the commit, and so no two answers replace one secret.

use openid::logout::judge::{End, Ended};
use openid::name::{AccountId, ClientId, Digest, GrantId, SessionId, Sid};
use openid::native_sso::{DeviceTie, SecretIssue, SecretUse, Way};
use openid::session::{Grant, GrantKind, SessionKind, SessionStanding};
use openid::time::{Span, Time};
use openid::token::issue::Issue;

use super::ending::EndReport;
use super::{JOIN, OPEN};
use crate::accounts::{Done, EnabledAccount};
use crate::fault::{Fault, Kind};
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    HOLD_DEVICE = "SELECT ds_hash FROM device WHERE session = $1 {hold}";
    ONE = "SELECT d.opened_from, d.client, d.tie, d.replayed_at, \
           (SELECT count(*) FROM device_secret x WHERE x.session = d.session AND x.revoked_at IS NULL) \
           FROM device d WHERE d.session = $1";
    FOLLOWERS = "SELECT d.session, d.tie FROM device d JOIN session s ON s.id = d.session \
                 WHERE d.opened_from = $1 AND s.ended_at IS NULL ORDER BY d.session";
    STAY_IN = "SELECT sid FROM participation WHERE sid = $1 AND session = $2 AND ended_at IS NULL";
    TAKES_PART = "SELECT p.session FROM participation p JOIN device_secret x ON x.session = p.session \
                  WHERE x.hash = $1 AND p.client = $2 AND p.ended_at IS NULL";
    OPENER = "SELECT agent, kind FROM session WHERE id = $1";
    INSERT_DEVICE = "INSERT INTO device (session, opened_from, client, tie) VALUES ($1, $2, $3, $4)";
    INSERT_SECRET = "INSERT INTO device_secret (hash, session, parent, issued_at) VALUES ($1, $2, $3, $4)";
    PUSH_OUT = "DELETE FROM device_secret WHERE hash IN (SELECT hash FROM device_secret WHERE session = $1 \
                ORDER BY CASE WHEN hash = $3 OR hash IS NOT DISTINCT FROM $4 THEN 0 WHEN revoked_at IS NOT NULL THEN 3 \
                WHEN used_at IS NOT NULL OR issued_at > $5 THEN 1 ELSE 2 END, COALESCE(used_at, issued_at) DESC \
                LIMIT 1000 OFFSET $2)";
    REOPEN = "UPDATE device SET opened_from = $2 WHERE session = $1";
    PROVEN = "UPDATE session SET auth_time = $2, acr = $3, amr = $4 WHERE id = $1 AND auth_time < $2";
    MOVE = "UPDATE participation SET session = $2 WHERE sid = $1 AND ended_at IS NULL AND NOT EXISTS \
            (SELECT 1 FROM participation o WHERE o.session = $2 AND o.client = $3 AND o.ended_at IS NULL)";
    MOVE_GRANTS = "UPDATE grants SET session = $2, kind = $3 WHERE sid = $1";
    DISCARD = "DELETE FROM participation WHERE sid = $1 AND begun_at = used_at \
               AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.sid = $1) \
               AND NOT EXISTS (SELECT 1 FROM code c WHERE c.expires_at > $2 AND c.sid = $1 AND c.spent_at IS NULL)";
    STAY_OF = "UPDATE participation SET used_at = $3 WHERE session = $1 AND client = $2 AND ended_at IS NULL RETURNING sid";
    USE = "UPDATE device_secret SET used_at = $2 WHERE hash = $1 AND used_at IS NULL";
    REPLACE = "UPDATE device_secret SET replaced_at = $2 WHERE hash = $1 \
               AND (replaced_at IS NULL OR replaced_at = $3) AND revoked_at IS NULL";
    NAME_DEVICE = "UPDATE device SET ds_hash = $2 WHERE session = $1 AND ds_hash IS NULL";
    REVOKE = "UPDATE device_secret SET revoked_at = $2 WHERE session = $1 AND revoked_at IS NULL";
    UNNAME = "UPDATE device SET ds_hash = NULL WHERE session = $1";
    FIRST_APP = "SELECT d.session FROM grants g JOIN device d ON d.session = g.session AND d.client = g.client \
                 WHERE g.id = $1";
    REPLAYED = "UPDATE device SET replayed_at = $2 WHERE session = $1";
}

/// More secrets of one device than honest apps come to. Revoked ones go first, then those nobody used for a day, then those
/// first used the longest ago; never the one that is given, nor the one in whose place.
const MOST_SECRETS: i64 = 32;

/// So many device sessions are ended at once for being too many; the next to be opened ends more.
const MOST_AT_ONCE: u32 = 8;

/// What is drawn for an answer that may open a device session or give a secret.
#[derive(Clone, Debug)]
pub struct DrawnDevice {
    /// The device session's name, should one be opened.
    pub session: SessionId,
    /// `ds_hash`, should the device have none yet: made from a name of its own.
    pub ds_hash: String,
    /// The secret, should one be issued.
    pub secret: Digest,
    /// A `sid`, should a stay begin.
    pub sid: Sid,
    /// How long a device session lives unseen.
    pub idle: Span,
    /// How long it lives at most.
    pub absolute: Span,
}

/// A device session as a person or an operator sees it, beside its row in the list of sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// The browser session it was last opened from.
    pub opened_from: SessionId,
    /// The first app.
    pub client: ClientId,
    /// Whether it ends with that browser session.
    pub tie: DeviceTie,
    /// When a secret of it last came back that had been replaced.
    pub replayed_at: Option<Time>,
    /// How many of its secrets are good.
    pub secrets: i64,
}

impl Reader {
    /// What is known of a device session. `None`: it is none.
    pub async fn device(&mut self, session: &SessionId) -> Result<Option<DeviceRow>, Fault> {
        let row = self.row(&ONE, values![session.as_str()]).await?;
        let read = |mut row: Row| {
            Ok(DeviceRow {
                opened_from: SessionId::new(row.take::<String>()?),
                client: ClientId::new(row.take::<String>()?),
                tie: text::word(&row.take::<String>()?, DeviceTie::read)?,
                replayed_at: row.take()?,
                secrets: row.take()?,
            })
        };
        row.map(read).transpose()
    }

    /// The device session of a secret in which a client takes part: it may revoke it.
    pub async fn shared_device(&mut self, secret: &Digest, client: &ClientId) -> Result<Option<SessionId>, Fault> {
        let row = self.row(&TAKES_PART, values![&secret.0, client.as_str()]).await?;
        row.map(|mut row| Ok(SessionId::new(row.take::<String>()?))).transpose()
    }

    /// The live device sessions that were opened from a browser session, and whether they end with it.
    pub(super) async fn followers(&mut self, session: &SessionId) -> Result<Vec<(SessionId, DeviceTie)>, Fault> {
        let rows = self.rows(&FOLLOWERS, values![session.as_str()]).await?;
        let read = |mut row: Row| {
            Ok((SessionId::new(row.take::<String>()?), text::word(&row.take::<String>()?, DeviceTie::read)?))
        };
        rows.into_iter().map(read).collect()
    }
}

impl Tx {
    /// Whether a stay lives in a session, which must be held: then it cannot end meanwhile.
    pub async fn stays_in(&mut self, session: &SessionId, sid: &Sid) -> Result<SessionStanding, Fault> {
        let found = self.row(&STAY_IN, values![sid.as_str(), session.as_str()]).await?;
        Ok(if found.is_some() { SessionStanding::Live } else { SessionStanding::Over })
    }

    /// Does what an answer does on a device, and notes in it where it is now and what binds its ID Token. The session it
    /// comes from is held, and before it the account, if a device session may be opened; nothing of it is refused here.
    pub async fn settle_device(
        &mut self,
        issue: &mut Issue,
        account: Option<&EnabledAccount>,
        drawn: &DrawnDevice,
        now: Time,
    ) -> Result<(), Fault> {
        let on = issue.device.clone();
        let Some(grant) = issue.ground.grant_mut().filter(|_| on.way != Way::Nowhere) else {
            return Ok(());
        };
        match &on.way {
            Way::Nowhere | Way::Within(_) => {}
            Way::Opens(tie) => {
                let account = account.filter(|held| *held.id() == grant.account);
                let account = account.ok_or_else(|| Fault::bug("a device session of an account nobody holds"))?;
                self.open_device(grant, (*tie, account), drawn, now).await?;
            }
            Way::Joins(device) => {
                let amr = grant.amr.text();
                let proven = values![device.as_str(), grant.auth_time, grant.acr.as_deref(), amr.as_str()];
                self.change(&PROVEN, proven).await?;
                self.change(&REOPEN, values![device.as_str(), grant.session.as_str()]).await?;
                self.move_stay(grant, device, now).await?;
            }
            Way::Enters(device) => self.enter(grant, device, drawn, now).await?,
        }
        let session = grant.session.clone();
        issue.device.ds_hash = self.give_secret(&session, &on.secret, drawn, now).await?;
        Ok(())
    }

    async fn open_device(
        &mut self,
        grant: &mut Grant,
        (tie, account): (DeviceTie, &EnabledAccount),
        drawn: &DrawnDevice,
        now: Time,
    ) -> Result<(), Fault> {
        let row = self.row(&OPENER, values![grant.session.as_str()]).await?;
        let mut row = row.ok_or_else(|| Fault::bug("a device session opened from none"))?;
        let (agent, kind): (Option<String>, String) = (row.take()?, row.take()?);
        // Whoever signs out in the browser reaches the device by `opened_from`: it names a browser's session, or nobody would.
        if text::word(&kind, SessionKind::read)? == SessionKind::Device {
            return Err(Fault::bug("a device session opened from another"));
        }
        let (name, amr) = (&drawn.session, grant.amr.text());
        let opened = values![
            name.as_str(),
            account.id().as_str(),
            SessionKind::Device.as_str(),
            None::<&[u8; 32]>,
            grant.auth_time,
            grant.acr.as_deref(),
            amr.as_str(),
            agent.as_deref(),
            now,
            drawn.idle,
            now + drawn.idle,
            now + drawn.absolute,
        ];
        self.change(&OPEN, opened).await?;
        let device = values![name.as_str(), grant.session.as_str(), grant.client.as_str(), tie.as_str()];
        self.change(&INSERT_DEVICE, device).await?;
        self.move_stay(grant, name, now).await
    }

    /// The stay moves into the device session with all that was granted in it: one `sid`, one notice. If its client has a
    /// stay there already, that one goes on; nobody ever heard of the other, which this code alone began.
    async fn move_stay(&mut self, grant: &mut Grant, device: &SessionId, now: Time) -> Result<(), Fault> {
        let sid = grant.sid.clone();
        let here = values![sid.as_str(), device.as_str(), grant.client.as_str()];
        if self.change(&MOVE, here).await? == 1 {
            // A code of the stay that is redeemed later goes where the stay is.
            self.change(&MOVE_GRANTS, values![sid.as_str(), device.as_str(), GrantKind::Online.as_str()]).await?;
        } else {
            let stay = self.row(&STAY_OF, values![device.as_str(), grant.client.as_str(), now]).await?;
            let mut stay = stay.ok_or_else(|| Fault::bug("a stay neither moved nor was there"))?;
            grant.sid = Sid::new(stay.take::<String>()?);
            self.change(&DISCARD, values![sid.as_str(), now]).await?;
        }
        grant.session = device.clone();
        grant.kind = GrantKind::Online;
        Ok(())
    }

    async fn enter(
        &mut self,
        grant: &mut Grant,
        device: &SessionId,
        drawn: &DrawnDevice,
        now: Time,
    ) -> Result<(), Fault> {
        let stay = values![
            drawn.sid.as_str(),
            device.as_str(),
            grant.account.as_str(),
            grant.client.as_str(),
            grant.sub.as_str(),
            now,
        ];
        let row = self.row(&JOIN, stay).await?;
        let mut row = row.ok_or_else(|| Fault::bug("a stay on a device neither began nor went on"))?;
        grant.sid = Sid::new(row.take::<String>()?);
        Ok(())
    }

    /// Gives a secret, or notes the use of one; the answer is what binds ID Tokens to the device.
    async fn give_secret(
        &mut self,
        device: &SessionId,
        secret: &SecretIssue,
        drawn: &DrawnDevice,
        now: Time,
    ) -> Result<Option<String>, Fault> {
        let Some(mut row) = self.row(&HOLD_DEVICE, values![device.as_str()]).await? else {
            return Ok(None);
        };
        let parent = match secret {
            SecretIssue::None => return row.take(),
            SecretIssue::Fresh => None,
            SecretIssue::Keep { of, used } | SecretIssue::Successor { of, used, .. } => {
                if *used == SecretUse::First {
                    self.change(&USE, values![&of.0, now]).await?;
                }
                Some(of)
            }
        };
        if let SecretIssue::Successor { of, replaced_at, .. } = secret
            && self.change(&REPLACE, values![&of.0, now, *replaced_at]).await? == 0
        {
            return Err(Fault::new(Kind::Busy, "the device secret was replaced meanwhile").contention());
        }
        if !matches!(secret, SecretIssue::Keep { .. }) {
            let parent = parent.map(|parent| &parent.0);
            self.change(&INSERT_SECRET, values![&drawn.secret.0, device.as_str(), parent, now]).await?;
            let kept = values![device.as_str(), MOST_SECRETS, &drawn.secret.0, parent, now - Span::from_hours(24)];
            self.change(&PUSH_OUT, kept).await?;
        }
        if let Some(ds_hash) = row.take::<Option<String>>()? {
            return Ok(Some(ds_hash));
        }
        self.change(&NAME_DEVICE, values![device.as_str(), &drawn.ds_hash]).await?;
        Ok(Some(drawn.ds_hash.clone()))
    }

    /// Revokes every secret of a device. Its session goes on; ID Tokens of before are bound to nothing any more.
    pub async fn revoke_secrets(&mut self, device: &SessionId, now: Time) -> Result<Done, Fault> {
        self.hold_unseen(device, now).await?;
        self.row(&HOLD_DEVICE, values![device.as_str()]).await?;
        let done = Done::of(self.change(&REVOKE, values![device.as_str(), now]).await?);
        self.change(&UNNAME, values![device.as_str()]).await?;
        Ok(done)
    }

    /// The device session whose first app a grant is, held if it lives: with that grant the device's secrets go (Native SSO
    /// §4.3), and a session comes before a grant.
    pub(super) async fn hold_first_app(&mut self, grant: &GrantId, now: Time) -> Result<Option<SessionId>, Fault> {
        let Some(mut row) = self.row(&FIRST_APP, values![grant.as_str()]).await? else {
            return Ok(None);
        };
        let device = SessionId::new(row.take::<String>()?);
        self.hold_unseen(&device, now).await?;
        Ok(Some(device))
    }

    /// Ends the device sessions of a client and an account beyond so many: those not seen for the longest time, as any ending
    /// ends one. One that somebody holds at this moment is in use, and stays.
    pub async fn end_devices_beyond(
        &mut self,
        of: (&AccountId, &ClientId),
        (opened, kept): (&SessionId, u32),
        end: &End,
    ) -> Result<EndReport, Fault> {
        let mut all = EndReport::default();
        for device in self.devices_beyond(of, (opened, kept), (MOST_AT_ONCE, end.at)).await? {
            if self.hold_free(&device, end.at).await?.is_some() {
                all.add(self.end(&End { what: Ended::Session(device), ..end.clone() }).await?);
            }
        }
        Ok(all)
    }

    /// Notes that a secret came back whose successor is in use.
    pub async fn note_replay(&mut self, device: &SessionId, now: Time) -> Result<(), Fault> {
        self.change(&REPLAYED, values![device.as_str(), now]).await.map(drop)
    }
}
