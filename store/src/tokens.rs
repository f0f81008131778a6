//! Access and refresh tokens: digests that belong to a grant.
//!
//! Invariant: a token's life is asked of everything it hangs from, in one query; a refresh token is spent by a conditional
//! statement that can succeed once, and no row back is contention.

mod exchanged;
mod held;
pub use self::exchanged::ExchangedRow;
#[cfg(test)]
pub(crate) use self::exchanged::STATEMENTS as EXCHANGED;
#[cfg(test)]
pub(crate) use self::held::STATEMENTS as HELD;

use openid::account::Account;
use openid::bound::Confirmation;
use openid::bound::dpop::Jkt;
use openid::bound::mtls::X5t;
use openid::name::{AccountId, ClientId, Digest, GrantId, SessionId, Sid, Sub};
use openid::native_sso::HeldSecret;
use openid::resource::TokenFormat;
use openid::session::{Cause, GrantKind, GrantStanding, SessionKind, SessionStanding};
use openid::time::Time;
use openid::token::facts::{Acting, Life, TokenFacts};
use openid::token::issue::{Ground, Issue, RefreshIssue, Retry};
use openid::token::refresh_token::{Held, RefreshStanding, Successor};
use openid::wire::scope::Scope;

use crate::accounts::{Done, joined_account};
use crate::fault::{Fault, Kind};
use crate::row::Row;
use crate::sessions::rows::read_grant;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

macro_rules! access_columns {
    () => {
        "t.client, t.sub, t.grant_id, t.scope, t.resources, t.issued_at, t.expires_at, t.jkt, t.x5t, t.revoked_at, \
         g.account, g.sid, g.claims, g.kind, g.ended_at, s.id, s.ended_at, s.expires_at, s.idle_until, s.seen_at, \
         t.act, t.may_act"
    };
}

macro_rules! access_tables {
    () => {
        "access_token t LEFT JOIN grants g ON g.id = t.grant_id LEFT JOIN session s ON s.id = g.session"
    };
}

statements! {
    ACCESS = concat!("SELECT ", access_columns!(), " FROM ", access_tables!(), " WHERE t.hash = $1");
    BEARER = concat!("SELECT ", access_columns!(), ", a.id, a.username, a.sub, a.claims, a.created_at, a.updated_at, \
              a.disabled_at FROM ", access_tables!(), " LEFT JOIN account a ON a.id = g.account WHERE t.hash = $1");
    REFRESH = "SELECT g.client, g.sub, t.grant_id, g.scope, g.resources, t.issued_at, t.expires_at, t.jkt, t.x5t, \
               COALESCE(t.rotated_at, (SELECT MIN(s.used_at) FROM refresh_token s \
                                       WHERE s.parent = t.parent AND s.hash <> t.hash)), \
               g.account, g.sid, g.claims, g.kind, g.ended_at, s.id, s.ended_at, s.expires_at, s.idle_until, s.seen_at, \
               CAST(NULL AS {text}), CAST(NULL AS {text}) \
               FROM refresh_token t LEFT JOIN grants g ON g.id = t.grant_id LEFT JOIN session s ON s.id = g.session \
               WHERE t.hash = $1";
    REFRESH_PLACE = "SELECT g.id, g.session, g.kind, s.kind FROM refresh_token t JOIN grants g ON g.id = t.grant_id \
                     JOIN session s ON s.id = g.session WHERE t.hash = $1 AND g.client = $2";
    SESSION_LIVES = "SELECT id FROM session WHERE id = $1 AND ended_at IS NULL AND expires_at > $2 AND idle_until > $2";
    HOLD_GRANT = "SELECT id, client, account, sub, sid, session, kind, scope, claims, resources, auth_time, acr, amr, nonce, \
                  created_at, expires_at, ended_at FROM grants WHERE id = $1 {hold}";
    REFRESH_ROW = "SELECT issued_at, expires_at, jkt, x5t, rotated_at, \
                   (SELECT count(*) FROM refresh_token c WHERE c.parent = $1 AND c.used_at IS NOT NULL), \
                   (SELECT count(*) FROM refresh_token s JOIN refresh_token me ON me.hash = $1 \
                    WHERE s.parent = me.parent AND s.hash <> me.hash AND s.used_at IS NOT NULL) \
                   FROM refresh_token WHERE hash = $1";
    INSERT_ACCESS = "INSERT INTO access_token (hash, grant_id, client, sub, scope, resources, issued_at, expires_at, \
                     act, may_act, exchanged, jkt, x5t) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    INSERT_REFRESH = "INSERT INTO refresh_token (hash, grant_id, parent, issued_at, expires_at, jkt, x5t) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ROTATE = "UPDATE refresh_token SET rotated_at = $2, used_at = $2 WHERE hash = $1 AND rotated_at IS NULL";
    ROTATE_AGAIN = "UPDATE refresh_token SET used_at = $2 WHERE hash = $1 AND rotated_at IS NOT NULL AND NOT EXISTS \
                    (SELECT 1 FROM refresh_token c WHERE c.parent = $1 AND c.used_at IS NOT NULL)";
    KEEP = "UPDATE refresh_token SET expires_at = $3, used_at = $2 WHERE hash = $1 AND rotated_at IS NULL";
    REVOKE_ACCESS = "UPDATE access_token SET revoked_at = $3 WHERE hash = $1 AND client = $2 AND revoked_at IS NULL";
    SWEEP_ACCESS = "DELETE FROM access_token WHERE hash IN (SELECT hash FROM access_token WHERE expires_at < $1 LIMIT $2)";
    SWEEP_REFRESH = "DELETE FROM refresh_token WHERE hash IN (SELECT hash FROM refresh_token WHERE expires_at < $1 LIMIT $2)";
}

/// Digests of the tokens drawn for one answer; which of them are used is for the ruling to say.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    /// The access token's, if it is an opaque one.
    pub access: Digest,
    /// That of its `jti`, if it is a JWT.
    pub jti: Digest,
    /// The refresh token's, if one may be issued.
    pub refresh: Option<Digest>,
}

/// A token that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What rules may know of it.
    pub facts: TokenFacts,
    /// The session it hangs from, and when that was last seen: of a token that lives. What goes on in the background keeps
    /// nobody signed in.
    pub session: Option<(SessionId, Time)>,
}

/// The columns of what a token is bound to.
fn thumbprints(cnf: Option<&Confirmation>) -> (Option<&str>, Option<&str>) {
    (cnf.and_then(Confirmation::jkt).map(Jkt::as_str), cnf.and_then(Confirmation::x5t).map(X5t::as_str))
}

/// Reads `act` or `may_act`.
fn acted(text: Option<String>) -> Result<Option<serde_json::Value>, Fault> {
    let read = |text: String| serde_json::from_str(&text).map_err(|_| Fault::bug("a stored act is not JSON"));
    text.map(read).transpose()
}

/// Reads the columns of `access_columns` and `REFRESH`.
fn found(row: &mut Row, now: Time) -> Result<Found, Fault> {
    let client = row.take::<Option<String>>()?.unwrap_or_default();
    let sub = row.take::<Option<String>>()?.map(Sub::new);
    let grant = row.take::<Option<String>>()?.map(GrantId::new);
    let scope = Scope::from(row.take::<Option<String>>()?.unwrap_or_default());
    let resources = match row.take::<Option<String>>()? {
        None => Vec::new(),
        Some(list) => text::read_list(&list, "resources")?,
    };
    let (issued_at, expires_at, cnf) = (row.take()?, row.take()?, text::cnf(row.take()?, row.take()?)?);
    let gone: Option<Time> = row.take()?;
    let account = row.take::<Option<String>>()?.map(AccountId::new);
    let sid = row.take::<Option<String>>()?.map(Sid::new);
    let claims = text::claims(&row.take::<Option<String>>()?.unwrap_or_default())?;
    let kind = row.take::<Option<String>>()?.map(|word| text::word(&word, GrantKind::read)).transpose()?;
    let grant_ended: Option<Time> = row.take()?;
    let session = row.take::<Option<String>>()?.map(SessionId::new);
    let (session_ended, session_expires, idle_until): (Option<Time>, Option<Time>, Option<Time>) =
        (row.take()?, row.take()?, row.take()?);
    let seen_at: Option<Time> = row.take()?;
    let acting = Acting { act: acted(row.take()?)?, may_act: acted(row.take()?)? };
    let session_lives = session.is_some()
        && session_ended.is_none()
        && session_expires.is_some_and(|end| now < end)
        && idle_until.is_some_and(|end| now < end);
    let hangs_well = match (&grant, kind) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(_), Some(GrantKind::Offline)) => grant_ended.is_none(),
        (Some(_), Some(GrantKind::Online)) => grant_ended.is_none() && session_lives,
    };
    let online = kind == Some(GrantKind::Online);
    let life = if gone.is_none() && hangs_well { Life::Live } else { Life::Dead };
    let facts = TokenFacts {
        client: ClientId::new(client),
        sub,
        account,
        grant,
        sid,
        scope,
        claims,
        resources,
        cnf,
        issued_at,
        expires_at,
        life,
        acting,
    };
    let seen = session.filter(|_| online && facts.is_live(now)).zip(seen_at);
    Ok(Found { facts, session: seen })
}

impl Reader {
    /// An access token, and whether it and all it hangs from live.
    pub async fn access_token(&mut self, hash: &Digest, now: Time) -> Result<Option<Found>, Fault> {
        let row = self.row(&ACCESS, values![&hash.0]).await?;
        row.map(|mut row| found(&mut row, now)).transpose()
    }

    /// An access token as its bearer shows it, with the account of the person it is about. One query.
    pub async fn bearer(&mut self, hash: &Digest, now: Time) -> Result<Option<(Found, Option<Account>)>, Fault> {
        let Some(mut row) = self.row(&BEARER, values![&hash.0]).await? else {
            return Ok(None);
        };
        Ok(Some((found(&mut row, now)?, joined_account(&mut row)?)))
    }

    /// A refresh token, for introspection and revocation. One that was replaced is dead, and so is one that was displaced:
    /// another answer to the token before it was used.
    pub async fn refresh_token(&mut self, hash: &Digest, now: Time) -> Result<Option<Found>, Fault> {
        let row = self.row(&REFRESH, values![&hash.0]).await?;
        row.map(|mut row| found(&mut row, now)).transpose()
    }
}

impl Tx {
    /// A client's refresh token with what keeps it alive, all held: the session first, if it must live, then the grant. With
    /// the grant of a device session goes the device secret that came with the token, its session held before the grant too.
    pub async fn refresh_held(
        &mut self,
        (hash, secret): (&Digest, Option<&Digest>),
        client: &ClientId,
        now: Time,
    ) -> Result<Option<(Held, Option<HeldSecret>)>, Fault> {
        let Some(mut place) = self.row(&REFRESH_PLACE, values![&hash.0, client.as_str()]).await? else {
            return Ok(None);
        };
        let id: String = place.take()?;
        let session_id = SessionId::new(place.take::<String>()?);
        let kind = text::word(&place.take::<String>()?, GrantKind::read)?;
        let session_kind = text::word(&place.take::<String>()?, SessionKind::read)?;
        let secret = secret.filter(|_| session_kind == SessionKind::Device);
        let (lives, presented) = match kind {
            GrantKind::Online => self.hold_with_secret(&session_id, secret, now).await?,
            GrantKind::Offline => (self.row(&SESSION_LIVES, values![session_id.as_str(), now]).await?.is_some(), None),
        };
        let Some(mut row) = self.row(&HOLD_GRANT, values![&id]).await? else {
            return Ok(None);
        };
        let grant = read_grant(&mut row)?;
        if grant.session != session_id {
            return Err(Fault::new(Kind::Busy, "the grant moved into a device session meanwhile").contention());
        }
        let grant_ended: Option<Time> = row.take()?;
        let Some(mut row) = self.row(&REFRESH_ROW, values![&hash.0]).await? else {
            return Ok(None);
        };
        let (issued_at, expires_at, cnf) = (row.take()?, row.take()?, text::cnf(row.take()?, row.take()?)?);
        let rotated_at = row.take::<Option<Time>>()?;
        let successor = if row.take::<i64>()? > 0 { Successor::Used } else { Successor::Untouched };
        // Two successors of one token within its grace, and the other was used: whoever has this one does not belong here.
        let displaced = row.take::<i64>()? > 0;
        let held = Held {
            grant,
            issued_at,
            expires_at,
            cnf,
            standing: match rotated_at {
                Some(at) => RefreshStanding::Rotated { at, successor },
                None if displaced => RefreshStanding::Displaced,
                None => RefreshStanding::Unused,
            },
            grant_standing: if grant_ended.is_some() { GrantStanding::Over } else { GrantStanding::Live },
            session: if lives { SessionStanding::Live } else { SessionStanding::Over },
            session_kind,
        };
        Ok(Some((held, presented)))
    }

    /// Holds a session and the one of a device secret, in the order of their names; whether the first lives.
    async fn hold_with_secret(
        &mut self,
        session: &SessionId,
        secret: Option<&Digest>,
        now: Time,
    ) -> Result<(bool, Option<HeldSecret>), Fault> {
        let place = match secret {
            Some(secret) => self.device_of(secret).await?,
            None => None,
        };
        let (Some(secret), Some(place)) = (secret, place) else {
            return Ok((self.hold_unseen(session, now).await?.is_some(), None));
        };
        let mut wanted = vec![session, &place.0];
        wanted.sort_unstable();
        wanted.dedup();
        let mut live = Vec::new();
        for id in wanted {
            live.extend(self.hold_unseen(id, now).await?);
        }
        let lives = live.iter().any(|held| held.id == *session);
        let device = live.into_iter().find(|held| held.id == place.0);
        Ok((lives, self.read_secret(secret, place, device.as_ref()).await?))
    }

    /// Writes what a judge granted, and notes that the session was seen it rests on. It can only succeed or fault: what it
    /// relies on is held or compared, and if that has changed meanwhile the fault is contention and the whole work runs again.
    pub async fn settle_issue(&mut self, issue: &Issue, drawn: &Drawn, now: Time) -> Result<(), Fault> {
        // What goes on in the background keeps nobody signed in.
        if let Some(grant) = issue.ground.grant().filter(|grant| grant.kind == GrantKind::Online) {
            self.see_session(&grant.session, now).await?;
        }
        if let RefreshIssue::Successor { of, retry, .. } = &issue.refresh {
            let statement = match retry {
                Retry::First => &ROTATE,
                Retry::Again => &ROTATE_AGAIN,
            };
            if self.change(statement, values![&of.0, now]).await? == 0 {
                return Err(Fault::new(Kind::Busy, "the refresh token was used meanwhile").contention());
            }
        }
        let (grant, sub) = match &issue.ground {
            Ground::Begin(grant) => {
                self.begin_grant(grant).await?;
                (Some(grant.id.as_str()), Some(grant.sub.as_str()))
            }
            Ground::Go(grant) | Ground::Exchanged { grant, .. } => (Some(grant.id.as_str()), Some(grant.sub.as_str())),
            Ground::Client => (None, None),
        };
        let (acting, exchanged) = match &issue.ground {
            Ground::Exchanged { acting, .. } => (acting.clone(), Some(1_i64)),
            Ground::Begin(_) | Ground::Go(_) | Ground::Client => (Acting::default(), None),
        };
        let [act, may_act] = [acting.act, acting.may_act].map(|value| value.map(|value| value.to_string()));
        let (scope, resources) = (issue.access.scope.to_string(), text::list(&issue.access.resources));
        let hash = match issue.access.format {
            TokenFormat::Opaque => &drawn.access,
            TokenFormat::Jwt(_) => &drawn.jti,
        };
        let (jkt, x5t) = thumbprints(issue.access.cnf.as_ref());
        let access = values![
            &hash.0,
            grant,
            issue.client.as_str(),
            sub,
            &scope,
            &resources,
            now,
            issue.access.expires_at,
            act.as_deref(),
            may_act.as_deref(),
            exchanged,
            jkt,
            x5t,
        ];
        self.change(&INSERT_ACCESS, access).await?;
        self.settle_refresh(issue, drawn, grant, now).await
    }

    async fn settle_refresh(
        &mut self,
        issue: &Issue,
        drawn: &Drawn,
        grant: Option<&str>,
        now: Time,
    ) -> Result<(), Fault> {
        let (parent, expires_at) = match &issue.refresh {
            RefreshIssue::None => return Ok(()),
            RefreshIssue::Keep { token, expires_at } => {
                return match self.change(&KEEP, values![&token.0, now, *expires_at]).await? {
                    0 => Err(Fault::new(Kind::Busy, "the refresh token was rotated meanwhile").contention()),
                    _ => Ok(()),
                };
            }
            RefreshIssue::First { expires_at } => (None, *expires_at),
            RefreshIssue::Successor { of, expires_at, .. } => (Some(of.0), *expires_at),
        };
        let (Some(grant), Some(fresh)) = (grant, &drawn.refresh) else {
            return Err(Fault::bug("a refresh token without a grant or a name"));
        };
        let (jkt, x5t) = thumbprints(issue.refresh_cnf.as_ref());
        let refresh = values![&fresh.0, grant, parent.as_ref(), now, expires_at, jkt, x5t];
        self.change(&INSERT_REFRESH, refresh).await?;
        Ok(())
    }

    /// Ends a family whose code or refresh token came twice.
    pub async fn breach(&mut self, family: &GrantId, client: &ClientId, now: Time) -> Result<(), Fault> {
        self.end_grant(family, Cause::Reuse, &format!("client:{client}"), now).await?;
        Ok(())
    }

    /// Ends one access token of a client; its grant goes on (RFC 7009 §2.1).
    pub async fn revoke_access(&mut self, hash: &Digest, client: &ClientId, now: Time) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&REVOKE_ACCESS, values![&hash.0, client.as_str(), now]).await?))
    }

    /// Removes tokens that have expired.
    pub async fn sweep_tokens(&mut self, now: Time, most: u32) -> Result<u64, Fault> {
        let access = self.change(&SWEEP_ACCESS, values![now, most]).await?;
        Ok(access + self.change(&SWEEP_REFRESH, values![now, most]).await?)
    }
}
