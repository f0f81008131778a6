//! Pushed authorization requests: written once, used once (RFC 9126 §2.2, §4).
//!
//! Invariant: looking at one uses nothing, so that a page may be loaded again; one conditional statement, in the transaction that
//! answers, uses it.

use openid::authorize::par::{Pushed, Standing};
use openid::name::{ClientId, Digest};
use openid::time::{Span, Time};

use crate::accounts::Done;
use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    INSERT = "INSERT INTO pushed_request (hash, client, sealed, pushed_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    READ = "SELECT sealed, expires_at, used_at FROM pushed_request WHERE hash = $1 AND client = $2";
    USE = "UPDATE pushed_request SET used_at = $3 WHERE hash = $1 AND client = $2 AND used_at IS NULL";
    SWEEP = "DELETE FROM pushed_request WHERE hash IN (SELECT hash FROM pushed_request WHERE expires_at < $1 LIMIT $2)";
}

/// A row is kept so long after its end: a person who began in time may take half an hour, by the clock of any node.
const MEMORY: Span = Span::from_minutes(35);

/// A pushed request to be.
#[derive(Clone, Debug)]
pub struct NewPushed {
    /// The digest of its handle.
    pub hash: Digest,
    /// Who pushed it.
    pub client: ClientId,
    /// Its parameters, sealed.
    pub sealed: String,
    /// When it was pushed.
    pub pushed_at: Time,
    /// Until when a visit may begin.
    pub expires_at: Time,
}

impl Reader {
    /// A client's pushed request: its parameters, sealed, and how it stands. Another client's is not found.
    pub async fn pushed_request(
        &mut self,
        hash: &Digest,
        client: &ClientId,
    ) -> Result<Option<(String, Pushed)>, Fault> {
        let Some(mut row) = self.row(&READ, values![&hash.0, client.as_str()]).await? else {
            return Ok(None);
        };
        let (sealed, expires_at) = (row.take()?, row.take()?);
        let standing = match row.take::<Option<Time>>()? {
            None => Standing::Open,
            Some(_) => Standing::Used,
        };
        Ok(Some((sealed, Pushed { expires_at, standing })))
    }
}

impl Tx {
    /// Keeps a pushed request.
    pub async fn push_request(&mut self, new: &NewPushed) -> Result<(), Fault> {
        let NewPushed { hash, client, sealed, pushed_at, expires_at } = new;
        self.change(&INSERT, values![&hash.0, client.as_str(), sealed, *pushed_at, *expires_at]).await?;
        Ok(())
    }

    /// Uses a client's pushed request for an authorization. [`Done::No`]: it was used before, or is not there any more.
    pub async fn use_pushed_request(&mut self, hash: &Digest, client: &ClientId, now: Time) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&USE, values![&hash.0, client.as_str(), now]).await?))
    }

    /// Removes those that nobody can come back to.
    pub async fn sweep_pushed_requests(&mut self, now: Time, most: u32) -> Result<u64, Fault> {
        self.change(&SWEEP, values![now - MEMORY, most]).await
    }
}

#[cfg(test)]
mod tests;
