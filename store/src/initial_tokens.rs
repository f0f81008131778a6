//! Initial access tokens: RFC 7591 §3. What an operator hands out to those who may register.
//!
//! Invariant: a use is one conditional statement, in the transaction of the registration it pays for; of the token itself only
//! the digest is kept.

use openid::name::Digest;
use openid::registration::admission::InitialToken;
use openid::time::Time;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    INSERT = "INSERT INTO initial_token (id, hash, name, policy, most_uses, uses, created_at, expires_at) \
              VALUES ($1, $2, $3, $4, $5, 0, $6, $7)";
    BY_HASH = "SELECT id, name, policy, most_uses, uses, created_at, expires_at, revoked_at FROM initial_token WHERE hash = $1";
    BY_ID = "SELECT id, name, policy, most_uses, uses, created_at, expires_at, revoked_at FROM initial_token WHERE id = $1";
    LIST = "SELECT id, name, policy, most_uses, uses, created_at, expires_at, revoked_at FROM initial_token \
            WHERE id > $1 ORDER BY id LIMIT $2";
    SPEND = "UPDATE initial_token SET uses = uses + 1 WHERE id = $1 AND revoked_at IS NULL \
             AND (expires_at IS NULL OR expires_at > $2) AND (most_uses IS NULL OR uses < most_uses)";
    REVOKE = "UPDATE initial_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
}

/// An initial access token as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialTokenRow {
    /// What decides whether it may be used.
    pub token: InitialToken,
    /// What the operator calls it; may be empty.
    pub name: String,
    /// What may be registered with it: JSON.
    pub policy: String,
    /// When it was made.
    pub created_at: Time,
}

fn initial_token(mut row: Row) -> Result<InitialTokenRow, Fault> {
    let id = row.take()?;
    let (name, policy) = (row.take()?, row.take()?);
    let (most_uses, uses, created_at) = (row.take()?, row.take()?, row.take()?);
    let token = InitialToken { id, most_uses, uses, expires_at: row.take()?, revoked_at: row.take()? };
    Ok(InitialTokenRow { token, name, policy, created_at })
}

impl Reader {
    /// An initial access token somebody has shown.
    pub async fn initial_token(&mut self, shown: &Digest) -> Result<Option<InitialTokenRow>, Fault> {
        self.row(&BY_HASH, values![&shown.0]).await?.map(initial_token).transpose()
    }

    /// The one of this id, whatever has become of it.
    pub async fn initial_token_by_id(&mut self, id: &str) -> Result<Option<InitialTokenRow>, Fault> {
        self.row(&BY_ID, values![id]).await?.map(initial_token).transpose()
    }

    /// All of them in the order of their ids, from behind `after`.
    pub async fn initial_tokens(&mut self, after: &str, most: u32) -> Result<Vec<InitialTokenRow>, Fault> {
        let rows = self.rows(&LIST, values![after, most]).await?;
        rows.into_iter().map(initial_token).collect()
    }
}

impl Tx {
    /// Adds one.
    pub async fn add_initial_token(&mut self, row: &InitialTokenRow, hash: &Digest) -> Result<(), Fault> {
        let token = &row.token;
        let values =
            values![&token.id, &hash.0, &row.name, &row.policy, token.most_uses, row.created_at, token.expires_at];
        self.change(&INSERT, values).await?;
        Ok(())
    }

    /// Uses one once. [`Done::No`]: it is used up, over or revoked.
    pub async fn spend_initial_token(&mut self, id: &str, now: Time) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&SPEND, values![id, now]).await?))
    }

    /// Revokes one; clients that came with it stay.
    pub async fn revoke_initial_token(&mut self, id: &str, now: Time) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&REVOKE, values![id, now]).await?))
    }
}
