//! The provider's keys, sealed: those it signs with and those it decrypts with.
//!
//! Invariant: a key is added and never changed, only sealed anew or removed, and never the last that signs; which one
//! signs follows from `active_from`.

use openid::time::Time;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    INSERT = "INSERT INTO signing_key (kid, alg, use, sealed, public, created_at, active_from) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    ALL = "SELECT kid, alg, use, sealed, public, created_at, active_from FROM signing_key \
           WHERE removed_at IS NULL ORDER BY active_from DESC, kid";
    NEWER = "SELECT kid FROM signing_key WHERE alg = $1 AND use = $3 AND removed_at IS NULL AND active_from > $2";
    RESEAL = "UPDATE signing_key SET sealed = $3 WHERE kid = $1 AND sealed = $2";
    REMOVE = "UPDATE signing_key SET removed_at = $2 WHERE kid = $1 AND removed_at IS NULL AND EXISTS \
              (SELECT 1 FROM signing_key o WHERE o.alg = signing_key.alg AND o.kid <> signing_key.kid \
              AND o.use = signing_key.use AND o.removed_at IS NULL AND o.active_from <= $2)";
    RETIRE = "UPDATE signing_key SET removed_at = $2 WHERE removed_at IS NULL AND EXISTS \
              (SELECT 1 FROM signing_key o WHERE o.alg = signing_key.alg AND o.use = signing_key.use \
              AND o.removed_at IS NULL AND o.active_from > signing_key.active_from AND o.active_from <= $1)";
}

/// A key as it is stored.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// `kid`.
    pub kid: String,
    /// The algorithm it signs with, or the kind of key that decrypts.
    pub alg: String,
    /// `use`: `sig` or `enc`.
    pub purpose: String,
    /// The private key, sealed.
    pub sealed: String,
    /// The public key, a JWK.
    pub public: String,
    /// When it was made.
    pub created_at: Time,
    /// From when on it is used.
    pub active_from: Time,
}

impl Reader {
    /// All keys, the newest first.
    pub async fn keys(&mut self) -> Result<Vec<KeyRow>, Fault> {
        let rows = self.rows(&ALL, &[]).await?;
        rows.into_iter()
            .map(|mut row| {
                Ok(KeyRow {
                    kid: row.take()?,
                    alg: row.take()?,
                    purpose: row.take()?,
                    sealed: row.take()?,
                    public: row.take()?,
                    created_at: row.take()?,
                    active_from: row.take()?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Adds a key.
    pub async fn add_key(&mut self, key: &KeyRow) -> Result<(), Fault> {
        let values =
            values![&key.kid, &key.alg, &key.purpose, &key.sealed, &key.public, key.created_at, key.active_from];
        self.change(&INSERT, values).await?;
        self.move_version("keys").await
    }

    /// Adds a key unless another node has added one of its algorithm that is newer than the newest this one knew of.
    pub async fn add_key_after(&mut self, key: &KeyRow, newest: Option<Time>) -> Result<Done, Fault> {
        // Moved first: of two nodes that add at once, the second sees what the first added.
        self.move_version("keys").await?;
        let newest = newest.unwrap_or(Time::from_millis(i64::MIN));
        match self.row(&NEWER, values![&key.alg, newest, &key.purpose]).await? {
            Some(_) => Ok(Done::No),
            None => self.add_key(key).await.map(|()| Done::Yes),
        }
    }

    /// Removes keys whose successors took over before then. Returns how many.
    pub async fn retire_keys(&mut self, before: Time, now: Time) -> Result<u64, Fault> {
        self.move_version("keys").await?;
        self.change(&RETIRE, values![before, now]).await
    }

    /// Replaces a key's seal, unless somebody else has. The key is what it was, so no node need read it again.
    pub async fn reseal_key(&mut self, kid: &str, old: &str, new: &str) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&RESEAL, values![kid, old, new]).await?))
    }

    /// Removes a key: it signs, is published and verifies no more. [`Done::No`]: there is none of this name, or no other
    /// of its algorithm that signs.
    pub async fn remove_key(&mut self, kid: &str, now: Time) -> Result<Done, Fault> {
        // Moved first: of two that remove at once, the second sees what the first left.
        self.move_version("keys").await?;
        Ok(Done::of(self.change(&REMOVE, values![kid, now]).await?))
    }
}
