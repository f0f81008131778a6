//! Consent: what an account allowed a client to know, one row for each pair (OpenID Connect Core §3.1.2.4).
//!
//! Invariant: a new yes is added to the old ones; only withdrawal takes away.

use openid::authorize::next::Consent;
use openid::name::{AccountId, ClientId};
use openid::wire::scope::Scope;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    ONE = "SELECT scope, id_token_claims, userinfo_claims, resources, given_at FROM consent \
           WHERE account = $1 AND client = $2";
    HOLD = "SELECT scope, id_token_claims, userinfo_claims, resources, given_at FROM consent \
            WHERE account = $1 AND client = $2 {share}";
    HOLD_ALONE = "SELECT scope, id_token_claims, userinfo_claims, resources, given_at FROM consent \
                  WHERE account = $1 AND client = $2 {hold}";
    OF_ACCOUNT = "SELECT scope, id_token_claims, userinfo_claims, resources, given_at, client FROM consent \
                  WHERE account = $1 ORDER BY client";
    PUT = "INSERT INTO consent (account, client, scope, id_token_claims, userinfo_claims, resources, given_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, client) DO UPDATE SET scope = excluded.scope, \
           id_token_claims = excluded.id_token_claims, userinfo_claims = excluded.userinfo_claims, \
           resources = excluded.resources, given_at = excluded.given_at";
    WITHDRAW = "DELETE FROM consent WHERE account = $1 AND client = $2";
}

/// Reads the five columns of a consent.
pub(crate) fn consent(row: &mut Row) -> Result<Consent, Fault> {
    Ok(Consent {
        scope: Scope::from(row.take::<String>()?),
        id_token_claims: text::read_list(&row.take::<String>()?, "id_token_claims")?,
        userinfo_claims: text::read_list(&row.take::<String>()?, "userinfo_claims")?,
        resources: text::read_list(&row.take::<String>()?, "resources")?,
        given_at: row.take()?,
    })
}

/// The words of both, the old ones first.
fn both(mut old: Vec<String>, new: &[String]) -> String {
    for word in new {
        if !old.contains(word) {
            old.push(word.clone());
        }
    }
    text::list(&old)
}

impl Reader {
    /// What an account allowed a client.
    pub async fn consent(&mut self, account: &AccountId, client: &ClientId) -> Result<Option<Consent>, Fault> {
        let row = self.row(&ONE, values![account.as_str(), client.as_str()]).await?;
        row.map(|mut row| consent(&mut row)).transpose()
    }

    /// Everything an account allowed.
    pub async fn consents(&mut self, account: &AccountId) -> Result<Vec<(ClientId, Consent)>, Fault> {
        let rows = self.rows(&OF_ACCOUNT, values![account.as_str()]).await?;
        rows.into_iter()
            .map(|mut row| {
                let consent = consent(&mut row)?;
                Ok((ClientId::new(row.take::<String>()?), consent))
            })
            .collect()
    }
}

impl Tx {
    /// [`Reader::consent`], held until the transaction ends. It comes before the session: whoever withdraws a consent
    /// takes it first too.
    pub async fn hold_consent(&mut self, account: &AccountId, client: &ClientId) -> Result<Option<Consent>, Fault> {
        let row = self.row(&HOLD, values![account.as_str(), client.as_str()]).await?;
        row.map(|mut row| consent(&mut row)).transpose()
    }

    /// Adds a yes to what was allowed before.
    pub async fn give_consent(&mut self, account: &AccountId, client: &ClientId, given: &Consent) -> Result<(), Fault> {
        // Held: what is being withdrawn at this moment does not come back with it.
        let old = self.row(&HOLD_ALONE, values![account.as_str(), client.as_str()]).await?;
        let old = old.map(|mut row| consent(&mut row)).transpose()?.unwrap_or_default();
        let scope = old.scope.union(&given.scope).to_string();
        let id_token = both(old.id_token_claims, &given.id_token_claims);
        let userinfo = both(old.userinfo_claims, &given.userinfo_claims);
        let resources = both(old.resources, &given.resources);
        let values =
            values![account.as_str(), client.as_str(), &scope, &id_token, &userinfo, &resources, given.given_at];
        self.change(&PUT, values).await?;
        Ok(())
    }

    /// Takes it all back. The caller ends the client's participations in the same transaction.
    pub async fn withdraw_consent(&mut self, account: &AccountId, client: &ClientId) -> Result<Done, Fault> {
        let rows = self.change(&WITHDRAW, values![account.as_str(), client.as_str()]).await?;
        Ok(Done::of(rows))
    }
}
