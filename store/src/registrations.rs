//! Clients that registered themselves: how they came, and the digest of what they come back with (RFC 7591, RFC 7592).
//!
//! Invariant: whoever writes a registration holds the settings it was judged by, so that neither they nor the number of
//! registered clients change meanwhile; the row goes with its client.

#[cfg(test)]
mod tests;

use openid::name::{ClientId, Digest};
use openid::registration::Registration;
use openid::time::Time;

use crate::accounts::Done;
use crate::clients::ClientRow;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    INSERT = "INSERT INTO registration (client, token, initial_token, statement, registered_at, used_at) \
              VALUES ($1, $2, $3, $4, $5, $5)";
    BY_CLIENT = "SELECT token, initial_token, statement, registered_at, used_at FROM registration WHERE client = $1";
    HOLD_CLIENT = "SELECT id FROM client WHERE id = $1 {hold}";
    UNUSED = "SELECT client FROM registration WHERE client = $1 AND used_at < $2";
    UNUSED_ALL = "SELECT client FROM registration WHERE used_at < $1 ORDER BY used_at, client LIMIT $2";
    USE = "UPDATE registration SET used_at = $2 WHERE client = $1 AND used_at < $3";
    STATE = "UPDATE registration SET statement = $2 WHERE client = $1";
    COUNT = "SELECT count(*) FROM registration";
    DELETE = "DELETE FROM registration WHERE client = $1";
}

/// How a client came by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationRow {
    /// SHA-256 of its registration access token.
    pub token: Digest,
    /// The initial access token it came with, by its id.
    pub initial_token: Option<String>,
    /// Its software statement, as it was sent.
    pub statement: Option<String>,
    /// When it came.
    pub registered_at: Time,
    /// When it was last used, to the day.
    pub used_at: Time,
}

fn registration(row: &mut Row) -> Result<RegistrationRow, Fault> {
    Ok(RegistrationRow {
        token: Digest(row.take()?),
        initial_token: row.take()?,
        statement: row.take()?,
        registered_at: row.take()?,
        used_at: row.take()?,
    })
}

/// What an operator decided about registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationSettings {
    /// Who may register.
    pub registration: Registration,
    /// What may be registered: JSON.
    pub policy: String,
}

impl Reader {
    /// How a client came by itself; `None`: it did not.
    pub async fn registration(&mut self, client: &ClientId) -> Result<Option<RegistrationRow>, Fault> {
        let row = self.row(&BY_CLIENT, values![client.as_str()]).await?;
        row.map(|mut row| registration(&mut row)).transpose()
    }

    /// Clients that registered themselves and were not used since, those first that were not for longest.
    pub async fn unused_clients(&mut self, since: Time, most: u32) -> Result<Vec<ClientId>, Fault> {
        let rows = self.rows(&UNUSED_ALL, values![since, most]).await?;
        rows.into_iter().map(|mut row| row.take().map(|id: String| ClientId::new(id))).collect()
    }

    /// How many clients there are that registered themselves.
    pub async fn count_registrations(&mut self) -> Result<u64, Fault> {
        let row = self.row(&COUNT, &[]).await?;
        row.ok_or_else(|| Fault::bug("a count has no row"))?.take()
    }
}

impl Tx {
    /// Adds a client that registered itself. The caller holds the settings.
    pub async fn register_client(&mut self, row: &ClientRow, came: &RegistrationRow) -> Result<(), Fault> {
        if !self.add_client(row).await?.is_done() {
            return Err(Fault::bug("a drawn client_id is taken"));
        }
        let values = values![
            row.id.as_str(),
            &came.token.0,
            came.initial_token.as_ref(),
            came.statement.as_ref(),
            came.registered_at
        ];
        self.change(&INSERT, values).await?;
        Ok(())
    }

    /// Replaces the software statement of a client.
    pub async fn set_statement(&mut self, client: &ClientId, statement: Option<&str>) -> Result<(), Fault> {
        self.change(&STATE, values![client.as_str(), statement]).await?;
        Ok(())
    }

    /// Notes that a client that registered itself is in use, unless that was noted after `since`.
    pub async fn use_client(&mut self, client: &ClientId, now: Time, since: Time) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&USE, values![client.as_str(), now, since]).await?))
    }

    /// Whether a client registered itself and was not used since. Its row is held until the transaction ends, so that nothing is
    /// issued to it meanwhile.
    pub async fn is_unused(&mut self, client: &ClientId, since: Time) -> Result<bool, Fault> {
        self.row(&HOLD_CLIENT, values![client.as_str()]).await?;
        Ok(self.row(&UNUSED, values![client.as_str(), since]).await?.is_some())
    }

    /// The client's row goes, and so does this.
    pub(crate) async fn forget_registration(&mut self, client: &ClientId) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&DELETE, values![client.as_str()]).await?))
    }
}
