//! Clients as rows: JSON for what the rules parse, columns for what is searched.
//!
//! Invariant: every change moves the row's version and the table's, so that no node goes on with what was.

use openid::client::policy::{ConsentPolicy, Policy};
use openid::name::{ClientId, Digest};
use openid::time::Time;
use serde::Deserialize;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    INSERT = "INSERT INTO client (id, metadata, policy, secret_hash, secret_sealed, origins, version, created_at, updated_at, \
              front) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7, $8) ON CONFLICT DO NOTHING";
    REPLACE = "UPDATE client SET metadata = $2, policy = $3, secret_hash = $4, secret_sealed = $5, origins = $6, \
               version = version + 1, updated_at = $7, front = $8 WHERE id = $1 AND version = $9";
    RESEAL = "UPDATE client SET secret_sealed = $3, version = version + 1 WHERE id = $1 AND secret_sealed = $2";
    BY_ID = "SELECT id, metadata, policy, secret_hash, secret_sealed, origins, version, created_at, updated_at, disabled_at \
             FROM client WHERE id = $1";
    LIST = "SELECT id, metadata, policy, secret_hash, secret_sealed, origins, version, created_at, updated_at, disabled_at \
            FROM client WHERE id > $1 ORDER BY id LIMIT $2";
    STANDS = "SELECT version FROM client WHERE id = $1 AND version = $2 AND disabled_at IS NULL {share}";
    SHARES = "SELECT policy FROM client WHERE id = $1 AND disabled_at IS NULL {share}";
    STANDS_NOW = "SELECT version FROM client WHERE id = $1 AND version = $2 AND disabled_at IS NULL";
    DISABLE = "UPDATE client SET disabled_at = $2, version = version + 1, updated_at = $2 \
               WHERE id = $1 AND disabled_at IS NULL";
    ENABLE = "UPDATE client SET disabled_at = NULL, version = version + 1, updated_at = $2 \
              WHERE id = $1 AND disabled_at IS NOT NULL";
    DELETE = "DELETE FROM client WHERE id = $1";
    FRONT = "SELECT id FROM client WHERE front = 1 AND disabled_at IS NULL ORDER BY id LIMIT $1";
    UNREAD = "SELECT id, metadata, policy FROM client WHERE front IS NULL ORDER BY id LIMIT $1";
    READ_FRONT = "UPDATE client SET front = $2 WHERE id = $1 AND front IS NULL";
    DELETE_CONSENTS = "DELETE FROM consent WHERE client = $1";
    KNOWS_ORIGIN = "SELECT o.client FROM client_origin o JOIN client c ON c.id = o.client \
                    WHERE o.origin = $1 AND c.disabled_at IS NULL LIMIT 1";
    ADD_ORIGIN = "INSERT INTO client_origin (origin, client) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    DELETE_ORIGINS = "DELETE FROM client_origin WHERE client = $1";
}

/// A client as it is stored.
#[derive(Clone, Debug)]
pub struct ClientRow {
    /// `client_id`.
    pub id: ClientId,
    /// Registered metadata, JSON.
    pub metadata: String,
    /// The operator's policy, JSON.
    pub policy: String,
    /// SHA-256 of its generated secret.
    pub secret_hash: Option<Digest>,
    /// Its secret, sealed, if it signs or encrypts symmetrically.
    pub secret_sealed: Option<String>,
    /// Web origins whose scripts may call us: of public clients only.
    pub origins: Vec<String>,
    /// Moves with every change; set by the store.
    pub version: i64,
    /// When it was added.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
    /// When an operator disabled it.
    pub disabled_at: Option<Time>,
}

fn client(row: &mut Row) -> Result<ClientRow, Fault> {
    Ok(ClientRow {
        id: ClientId::new(row.take::<String>()?),
        metadata: row.take()?,
        policy: row.take()?,
        secret_hash: row.take::<Option<[u8; 32]>>()?.map(Digest),
        secret_sealed: row.take()?,
        origins: words(&row.take::<String>()?),
        version: row.take()?,
        created_at: row.take()?,
        updated_at: row.take()?,
        disabled_at: row.take()?,
    })
}

/// The one member of the metadata that is asked for across clients.
#[derive(Deserialize)]
struct Started {
    initiate_login_uri: Option<String>,
}

/// Whether it stands on everybody's page of applications: one of the operator's own that can be started from there.
fn front(metadata: &str, policy: &str) -> i64 {
    let started = serde_json::from_str::<Started>(metadata).is_ok_and(|client| client.initiate_login_uri.is_some());
    let own = serde_json::from_str::<Policy>(policy).is_ok_and(|policy| policy.consent == ConsentPolicy::FirstParty);
    i64::from(started && own)
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl Reader {
    /// A client by its id, disabled ones too.
    pub async fn client(&mut self, id: &ClientId) -> Result<Option<ClientRow>, Fault> {
        let row = self.row(&BY_ID, values![id.as_str()]).await?;
        row.map(|mut row| client(&mut row)).transpose()
    }

    /// Whether a client is enabled and of this version, as of now.
    pub async fn client_stands_now(&mut self, id: &ClientId, version: i64) -> Result<bool, Fault> {
        Ok(self.row(&STANDS_NOW, values![id.as_str(), version]).await?.is_some())
    }

    /// Clients in the order of their ids, from behind `after`.
    pub async fn clients(&mut self, after: &str, most: u32) -> Result<Vec<ClientRow>, Fault> {
        let rows = self.rows(&LIST, values![after, most]).await?;
        rows.into_iter().map(|mut row| client(&mut row)).collect()
    }

    /// The operator's own applications that can be started from a page.
    pub async fn front_clients(&mut self, most: u32) -> Result<Vec<ClientId>, Fault> {
        let rows = self.rows(&FRONT, values![most]).await?;
        rows.into_iter().map(|mut row| row.take().map(|id: String| ClientId::new(id))).collect()
    }

    /// Whether a web origin belongs to an enabled public client.
    pub async fn is_client_origin(&mut self, origin: &str) -> Result<bool, Fault> {
        Ok(self.row(&KNOWS_ORIGIN, values![origin]).await?.is_some())
    }
}

impl Tx {
    /// Adds a client. [`Done::No`]: the id is taken. Nobody has a new client at hand, so no version moves.
    pub async fn add_client(&mut self, row: &ClientRow) -> Result<Done, Fault> {
        let (origins, hash) = (row.origins.join(" "), row.secret_hash.map(|digest| digest.0));
        let values = values![
            row.id.as_str(),
            &row.metadata,
            &row.policy,
            hash.as_ref(),
            row.secret_sealed.as_ref(),
            &origins,
            row.created_at,
            front(&row.metadata, &row.policy)
        ];
        let done = Done::of(self.change(&INSERT, values).await?);
        if done.is_done() {
            self.keep_origins(row).await?;
        }
        Ok(done)
    }

    /// Replaces metadata, policy and secret of a client that is still of this version: what it was judged by is what it is.
    pub async fn replace_client(&mut self, row: &ClientRow, version: i64) -> Result<Done, Fault> {
        let (origins, hash) = (row.origins.join(" "), row.secret_hash.map(|digest| digest.0));
        let values = values![
            row.id.as_str(),
            &row.metadata,
            &row.policy,
            hash.as_ref(),
            row.secret_sealed.as_ref(),
            &origins,
            row.updated_at,
            front(&row.metadata, &row.policy),
            version
        ];
        let done = Done::of(self.change(&REPLACE, values).await?);
        if done.is_done() {
            self.keep_origins(row).await?;
        }
        self.changed_client(done).await
    }

    /// Replaces the seals of clients' secrets (id, old, new), each unless somebody else has.
    pub async fn reseal_clients(&mut self, all: &[(ClientId, String, String)]) -> Result<(), Fault> {
        let mut rows = 0;
        for (id, old, new) in all {
            rows += self.change(&RESEAL, values![id.as_str(), old, new]).await?;
        }
        self.changed_client(Done::of(rows)).await.map(drop)
    }

    /// Whoever has the client at hand reads it again.
    async fn changed_client(&mut self, done: Done) -> Result<Done, Fault> {
        if done.is_done() {
            self.move_version("clients").await?;
        }
        Ok(done)
    }

    /// What can be looked up by origin is what the row says.
    async fn keep_origins(&mut self, row: &ClientRow) -> Result<(), Fault> {
        self.change(&DELETE_ORIGINS, values![row.id.as_str()]).await?;
        for origin in &row.origins {
            self.change(&ADD_ORIGIN, values![origin, row.id.as_str()]).await?;
        }
        Ok(())
    }

    /// Reads what a release before this one wrote without saying whether it can be started. Returns how many.
    pub async fn read_fronts(&mut self, most: u32) -> Result<u64, Fault> {
        let mut read = 0;
        for mut row in self.rows(&UNREAD, values![most]).await? {
            let (id, metadata, policy): (String, String, String) = (row.take()?, row.take()?, row.take()?);
            read += self.change(&READ_FRONT, values![&id, front(&metadata, &policy)]).await?;
        }
        Ok(read)
    }

    /// Whether a client is enabled and of this version; its row is held until the transaction ends.
    pub async fn client_stands(&mut self, id: &ClientId, version: i64) -> Result<bool, Fault> {
        Ok(self.row(&STANDS, values![id.as_str(), version]).await?.is_some())
    }

    /// An enabled client's policy, held until the transaction ends. `None`: there is no such client, or it cannot be read.
    pub async fn hold_policy(&mut self, id: &ClientId) -> Result<Option<Policy>, Fault> {
        let row = self.row(&SHARES, values![id.as_str()]).await?;
        let text: Option<String> = row.map(|mut row| row.take()).transpose()?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Disables a client: the first thing to do when one is to end, so that nobody joins it meanwhile. Its row is held
    /// before any session (`architecture.md` §2.9). The caller then ends its participations, the first of them in the same
    /// transaction ([`Tx::end_some`]).
    pub async fn disable_client(&mut self, id: &ClientId, now: Time) -> Result<Done, Fault> {
        let rows = self.change(&DISABLE, values![id.as_str(), now]).await?;
        self.changed_client(Done::of(rows)).await
    }

    /// Enables it again.
    pub async fn enable_client(&mut self, id: &ClientId, now: Time) -> Result<Done, Fault> {
        let rows = self.change(&ENABLE, values![id.as_str(), now]).await?;
        self.changed_client(Done::of(rows)).await
    }

    /// Deletes a client's row, its origins, how it registered, and what people consented to. The caller has disabled it and ended its participations, and
    /// withdraws its pending notices ([`Tx::withdraw_notices`]).
    pub async fn delete_client(&mut self, id: &ClientId) -> Result<Done, Fault> {
        self.change(&DELETE_CONSENTS, values![id.as_str()]).await?;
        self.change(&DELETE_ORIGINS, values![id.as_str()]).await?;
        self.forget_registration(id).await?;
        let rows = self.change(&DELETE, values![id.as_str()]).await?;
        self.changed_client(Done::of(rows)).await
    }
}
