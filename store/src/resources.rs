//! Resource servers as rows (RFC 8707, RFC 9068).
//!
//! Invariant: a scope value belongs to one resource server at most, because it is the key of its row; every change moves the
//! version of the settings, so that every node reads them again within a second.

use openid::name::ClientId;
use openid::resource::{ResourceScope, ResourceServer, TokenFormat};
use openid::time::{Span, Time};

use crate::accounts::Done;
use crate::fault::{Fault, Kind};
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

#[cfg(test)]
mod tests;

statements! {
    ALL = "SELECT r.identifier, r.names, r.format, r.alg, r.lifetime, r.clients, s.value, s.titles \
           FROM resource_server r LEFT JOIN resource_scope s ON s.resource = r.identifier ORDER BY r.identifier, s.place";
    INSERT = "INSERT INTO resource_server (identifier, names, format, alg, lifetime, clients, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING";
    REPLACE = "UPDATE resource_server SET names = $2, format = $3, alg = $4, lifetime = $5, clients = $6, updated_at = $7 \
               WHERE identifier = $1";
    REMOVE = "DELETE FROM resource_server WHERE identifier = $1";
    TAKEN = "SELECT resource FROM resource_scope WHERE value = $1 AND resource <> $2";
    INSERT_SCOPE = "INSERT INTO resource_scope (value, resource, place, titles) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT DO NOTHING";
    REMOVE_SCOPES = "DELETE FROM resource_scope WHERE resource = $1";
}

/// What became of a resource server that was to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is written.
    Yes,
    /// There is one of that identifier already, or there is none to be changed.
    No,
    /// One of its scope values belongs to another; nothing is written.
    ScopeTaken {
        /// The value.
        value: String,
        /// Whose it is.
        resource: String,
    },
}

fn server(row: &mut Row) -> Result<ResourceServer, Fault> {
    let identifier = row.take()?;
    let names = text::read_words(&row.take::<String>()?, "names")?;
    let (format, alg): (String, Option<String>) = (row.take()?, row.take()?);
    let format = match (format.as_str(), alg) {
        ("opaque", None) => TokenFormat::Opaque,
        ("jwt", Some(alg)) => TokenFormat::Jwt(text::word(&alg, |alg| alg.parse().ok())?),
        _ => return Err(Fault::bug("a resource server of an unknown format")),
    };
    Ok(ResourceServer {
        identifier,
        names,
        format,
        lifetime: row.take::<Option<i64>>()?.map(Span::from_millis),
        scopes: Vec::new(),
        clients: text::read_list(&row.take::<String>()?, "clients")?.into_iter().map(ClientId::new).collect(),
    })
}

impl Reader {
    /// Every resource server.
    pub async fn resource_servers(&mut self) -> Result<Vec<ResourceServer>, Fault> {
        let mut all: Vec<ResourceServer> = Vec::new();
        for mut row in self.rows(&ALL, &[]).await? {
            let next = server(&mut row)?;
            if all.last().is_none_or(|last| last.identifier != next.identifier) {
                all.push(next);
            }
            if let (Some(value), Some(words), Some(last)) =
                (row.take::<Option<String>>()?, row.take::<Option<String>>()?, all.last_mut())
            {
                last.scopes.push(ResourceScope { value, titles: text::read_words(&words, "titles")? });
            }
        }
        Ok(all)
    }
}

impl Tx {
    /// Adds a resource server. [`Written::No`]: there is one of that identifier.
    pub async fn add_resource_server(&mut self, server: &ResourceServer, now: Time) -> Result<Written, Fault> {
        self.put_resource_server(&INSERT, server, now).await
    }

    /// Replaces what is known of one. [`Written::No`]: there is none of that identifier.
    pub async fn replace_resource_server(&mut self, server: &ResourceServer, now: Time) -> Result<Written, Fault> {
        self.put_resource_server(&REPLACE, server, now).await
    }

    async fn put_resource_server(
        &mut self,
        statement: &crate::statements::Statement,
        server: &ResourceServer,
        now: Time,
    ) -> Result<Written, Fault> {
        let identifier = server.identifier.as_str();
        for scope in &server.scopes {
            if let Some(mut row) = self.row(&TAKEN, values![&scope.value, identifier]).await? {
                return Ok(Written::ScopeTaken { value: scope.value.clone(), resource: row.take()? });
            }
        }
        let alg = match server.format {
            TokenFormat::Opaque => None,
            TokenFormat::Jwt(alg) => Some(alg.as_str()),
        };
        let clients: Vec<String> = server.clients.iter().map(ToString::to_string).collect();
        let (names, clients) = (text::words(&server.names), text::list(&clients));
        let values = values![identifier, &names, server.format.as_str(), alg, server.lifetime, &clients, now];
        if self.change(statement, values).await? == 0 {
            return Ok(Written::No);
        }
        self.change(&REMOVE_SCOPES, values![identifier]).await?;
        for (place, scope) in server.scopes.iter().enumerate() {
            let (place, titles) = (i64::try_from(place).unwrap_or(i64::MAX), text::words(&scope.titles));
            if self.change(&INSERT_SCOPE, values![&scope.value, identifier, place, &titles]).await? == 0 {
                return Err(Fault::new(Kind::Busy, "a scope value was taken meanwhile").contention());
            }
        }
        self.move_version("settings").await?;
        Ok(Written::Yes)
    }

    /// Removes one. Its tokens go on until they expire; nobody may introspect them any more but their own clients.
    pub async fn remove_resource_server(&mut self, identifier: &str) -> Result<Done, Fault> {
        self.change(&REMOVE_SCOPES, values![identifier]).await?;
        let done = Done::of(self.change(&REMOVE, values![identifier]).await?);
        if done.is_done() {
            self.move_version("settings").await?;
        }
        Ok(done)
    }
}
