//! What may be seen once: `jti`s and the like (RFC 7523 §3 item 7).
//!
//! Invariant: the row outlives what it guards; only its digest is kept.

use openid::name::Digest;
use openid::time::Time;

use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::Tx;
use crate::value::values;

statements! {
    RECORD = "INSERT INTO replay (realm, hash, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    SWEEP = "DELETE FROM replay WHERE (realm, hash) IN \
             (SELECT realm, hash FROM replay WHERE expires_at < $1 LIMIT $2)";
}

/// Whether it was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Once {
    /// It was not.
    First,
    /// It was.
    Again,
}

impl Once {
    /// Whether it was not.
    pub fn is_first(self) -> bool {
        self == Self::First
    }
}

impl Tx {
    /// Records something of a realm, such as a client's `jti`.
    pub async fn record_once(&mut self, realm: &str, what: &str, expires_at: Time) -> Result<Once, Fault> {
        let rows = self.change(&RECORD, values![realm, &Digest::of(what).0, expires_at]).await?;
        Ok(if rows == 1 { Once::First } else { Once::Again })
    }

    /// Removes records of what has expired.
    pub async fn sweep_replay(&mut self, now: Time, most: u32) -> Result<u64, Fault> {
        self.change(&SWEEP, values![now, most]).await
    }
}
