//! Authorization codes: written once, spent once (RFC 6749 §4.1.2, §10.5).
//!
//! Invariant: one conditional statement spends a code; the client is part of it, so that another client cannot burn it.

use openid::bound::dpop::Jkt;
use openid::bound::pkce::Challenge;
use openid::name::{ClientId, Digest, GrantId};
use openid::native_sso::DEVICE_SSO;
use openid::session::{GrantKind, SessionKind};
use openid::time::Time;
use openid::token::authorization_code::{Code, RedirectGiven, Spent};

use crate::accounts::EnabledAccount;
use crate::fault::Fault;
use crate::row::Row;
use crate::sessions::Hold;
use crate::sessions::rows::read_grant;
use crate::statements::statements;
use crate::text;
use crate::tx::Tx;
use crate::value::values;

statements! {
    INSERT = "INSERT INTO code (hash, client, family, sid, session, account, sub, kind, scope, claims, resources, \
              auth_time, acr, amr, nonce, created_at, grant_expires_at, redirect_uri, redirect_given, \
              challenge, expires_at, jkt, auth_time_wanted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
              $14, $15, $16, $17, $18, $19, $20, $21, $22, 1)";
    SPEND = "UPDATE code SET spent_at = $3 WHERE hash = $1 AND client = $2 AND spent_at IS NULL \
             RETURNING family, client, account, sub, sid, session, kind, scope, claims, resources, auth_time, acr, amr, \
             nonce, created_at, grant_expires_at, redirect_uri, redirect_given, challenge, expires_at, jkt";
    SPENT = "SELECT family FROM code WHERE hash = $1 AND client = $2";
    SWEEP = "DELETE FROM code WHERE hash IN (SELECT hash FROM code WHERE expires_at < $1 LIMIT $2)";
}

/// A code's row is kept this long after its end, so that a replay is still recognised (`certification.md` §3 item 7).
const MEMORY: openid::time::Span = openid::time::Span::from_hours(24);

fn code(row: &mut Row) -> Result<Code, Fault> {
    let grant = read_grant(row)?;
    let redirect_uri = row.take()?;
    let redirect_uri_given = match row.take::<i64>()? {
        0 => RedirectGiven::Implied,
        _ => RedirectGiven::Given,
    };
    let challenge = match row.take::<Option<String>>()? {
        None => None,
        Some(text) => Some(Challenge::stored(&text).ok_or_else(|| Fault::bug("a stored code_challenge is not one"))?),
    };
    let expires_at = row.take()?;
    Ok(Code { grant, redirect_uri, redirect_uri_given, challenge, jkt: text::jkt(row.take()?)?, expires_at })
}

impl Tx {
    /// Writes a fresh code. The session it belongs to is held by this transaction ([`Tx::hold_session`]).
    pub async fn insert_code(&mut self, hash: &Digest, code: &Code) -> Result<(), Fault> {
        let grant = &code.grant;
        let given = i64::from(code.redirect_uri_given == RedirectGiven::Given);
        let (scope, amr) = (grant.scope.to_string(), grant.amr.text());
        let (resources, claims) = (text::list(&grant.resources), grant.claims.text());
        let values = values![
            &hash.0,
            grant.client.as_str(),
            grant.id.as_str(),
            grant.sid.as_str(),
            grant.session.as_str(),
            grant.account.as_str(),
            grant.sub.as_str(),
            grant.kind.as_str(),
            &scope,
            &claims,
            &resources,
            grant.auth_time,
            grant.acr.as_ref(),
            &amr,
            grant.nonce.as_ref(),
            grant.created_at,
            grant.expires_at,
            &code.redirect_uri,
            given,
            code.challenge.as_ref().map(Challenge::as_str),
            code.expires_at,
            code.jkt.as_ref().map(Jkt::as_str)
        ];
        self.change(&INSERT, values).await?;
        Ok(())
    }

    /// Tries to spend a code, and takes hold of the session and the stay it belongs to: to gather is to spend. Of a code that
    /// may open a device session the account is held before them, and the session alone. The grant is in the session where
    /// its stay is by now.
    pub async fn spend_code(
        &mut self,
        hash: &Digest,
        client: &ClientId,
        now: Time,
    ) -> Result<(Spent, Option<EnabledAccount>), Fault> {
        let Some(mut row) = self.row(&SPEND, values![&hash.0, client.as_str(), now]).await? else {
            let before = self.row(&SPENT, values![&hash.0, client.as_str()]).await?;
            let spent = match before {
                None => Spent::Unknown,
                Some(mut row) => Spent::Before { family: GrantId::new(row.take::<String>()?) },
            };
            return Ok((spent, None));
        };
        let mut code = Box::new(code(&mut row)?);
        let opens = code.grant.scope.contains(DEVICE_SSO);
        let account = if opens { self.hold_enabled(&code.grant.account).await? } else { None };
        // A stay can end without its session: nothing may be added to one that nobody will be told about again.
        let stay = match (opens, &account) {
            (true, None) => None,
            (true, Some(_)) => self.hold_stay(&code.grant.sid, Hold::Alone, now).await?,
            (false, _) => self.hold_stay(&code.grant.sid, Hold::Beside, now).await?,
        };
        let session = stay.map(|(session, kind)| {
            code.grant.session = session;
            if kind == SessionKind::Device {
                code.grant.kind = GrantKind::Online;
            }
            kind
        });
        Ok((Spent::Now { code, session }, account))
    }

    /// Removes codes that are long over.
    pub async fn sweep_codes(&mut self, now: Time, most: u32) -> Result<u64, Fault> {
        self.change(&SWEEP, values![now - MEMORY, most]).await
    }
}
