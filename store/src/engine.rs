//! The only place that knows there are two engines, with the table of their differences (`architecture.md` §2.9).
//!
//! | difference | SQLite | PostgreSQL |
//! |---|---|---|
//! | words in migrations | `INTEGER TEXT BLOB`, `STRICT`, `instr` | `BIGINT TEXT BYTEA`, none, `strpos` |
//! | places of values | `?1` | `$1` |
//! | a write | the one writer thread, group commit | a thread with a pool, read committed |
//! | a list of names | `json_each` | `jsonb_array_elements_text` |
//! | hold and lease rows | nothing, already alone | `FOR SHARE`, `FOR UPDATE`, `SKIP LOCKED` |
//! | wake the courier | in-process signal | `NOTIFY` without payload |
//! | try again | `BEGIN` waits while busy | deadlock, serialization |
//!
//! Invariant: no other module names an engine.

mod claim;
mod location;
mod postgres;
mod postgres_session;
mod postgres_tls;
mod sqlite;
mod sqlite_session;
#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot, watch};

pub use self::claim::Claim;
pub use self::location::{Address, Location};

use crate::fault::{Fault, Kind};
use crate::job::{Message, Waited};
use crate::migrate;
use crate::row::Row;
use crate::statements::Statement;
use crate::tx::Pressure;
use crate::value::Value;

/// Jobs that may wait before callers have to: the back-pressure.
const QUEUE: usize = 1024;

/// How many nodes may serve from one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// This one: a file, one clock, nobody else's leases.
    One,
    /// Any number.
    Many,
}

/// A running engine.
#[derive(Clone)]
pub(crate) struct Engine(Arc<Running>);

struct Running {
    queue: mpsc::Sender<Message>,
    wakes: watch::Receiver<()>,
    readers: Readers,
    waited: OnceLock<Waited>,
}

enum Readers {
    Sqlite(sqlite_session::Shelf),
    Postgres(deadpool_postgres::Pool),
}

impl Engine {
    pub(crate) async fn open(location: &Location) -> Result<Self, Fault> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let (call, wakes) = watch::channel(());
        let readers = match location {
            Location::Sqlite(path) => {
                let files = sqlite_session::Shelf::new(path);
                sqlite::start(&files, jobs, call).await?;
                Readers::Sqlite(files)
            }
            Location::Postgres(address) => {
                postgres::start(address, jobs, call).await?;
                Readers::Postgres(postgres_session::reading_pool(address)?)
            }
        };
        Ok(Self(Arc::new(Running { queue, wakes, readers, waited: OnceLock::new() })))
    }

    pub(crate) async fn send(&self, message: Message) -> Result<(), Fault> {
        let sent = self.0.queue.send(message).await;
        sent.map_err(|_| Fault::new(Kind::Gone, "the store has closed"))
    }

    pub(crate) async fn reader(&self) -> Result<Line, Fault> {
        match &self.0.readers {
            Readers::Sqlite(files) => Ok(Line::Sqlite(files.lend()?)),
            Readers::Postgres(pool) => {
                Ok(Line::Postgres(postgres_session::Session::new(postgres_session::connect(pool).await?)))
            }
        }
    }

    /// Who hears how long each job waited, if anybody does.
    pub(crate) fn waited(&self) -> Option<&Waited> {
        self.0.waited.get()
    }

    pub(crate) fn hear_waits(&self, hears: Waited) {
        // A second who wants to hear hears nothing.
        drop(self.0.waited.set(hears));
    }

    pub(crate) fn pressure(&self) -> Pressure {
        let waiting = QUEUE - self.0.queue.capacity();
        match &self.0.readers {
            Readers::Sqlite(_) => Pressure { waiting, ..Pressure::default() },
            Readers::Postgres(pool) => {
                let status = pool.status();
                Pressure { waiting, readers: status.size.saturating_sub(status.available), unread: status.waiting }
            }
        }
    }

    pub(crate) fn nodes(&self) -> Nodes {
        match &self.0.readers {
            Readers::Sqlite(_) => Nodes::One,
            Readers::Postgres(_) => Nodes::Many,
        }
    }

    pub(crate) async fn wakes(&self) -> Result<watch::Receiver<()>, Fault> {
        if matches!(self.0.readers, Readers::Postgres(_)) {
            self.send(Message::Listen).await?;
        }
        Ok(self.0.wakes.clone())
    }

    pub(crate) async fn close(&self) {
        let (done, finished) = oneshot::channel();
        if self.send(Message::Close(done)).await.is_ok() {
            // An error means the thread has ended already.
            drop(finished.await);
        }
        if let Readers::Postgres(pool) = &self.0.readers {
            pool.close();
        }
    }

    /// Milliseconds by which the database's clock is ahead of `now`. SQLite has no clock of its own.
    pub(crate) async fn clock_ahead(&self, now: i64) -> Result<i64, Fault> {
        match self.reader().await? {
            Line::Sqlite(_) => Ok(0),
            Line::Postgres(session) => Ok(session.clock().await?.saturating_sub(now)),
        }
    }

    /// Copies the whole database to a new file while others read and write.
    pub(crate) async fn backup(&self, to: &Path) -> Result<(), Fault> {
        match &self.0.readers {
            Readers::Sqlite(files) => {
                let (files, to) = (files.clone(), to.to_owned());
                let copied = tokio::task::spawn_blocking(move || files.backup(&to)).await;
                copied.unwrap_or_else(|error| Err(Fault::from_error(Kind::Bug, "the backup", error)))
            }
            Readers::Postgres(_) => Err(Fault::new(
                Kind::Bug,
                "backup copies a SQLite file; for PostgreSQL use pg_dump or the server's own backups",
            )),
        }
    }
}

/// One connection.
pub(crate) enum Line {
    Sqlite(sqlite_session::Session),
    Postgres(postgres_session::Session),
}

impl Line {
    pub(crate) async fn rows(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        match self {
            Self::Sqlite(session) => session.rows(statement.sqlite(), values),
            Self::Postgres(session) => session.rows(statement.postgres(), values).await,
        }
    }

    pub(crate) async fn change(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, Fault> {
        match self {
            Self::Sqlite(session) => session.change(statement.sqlite(), values),
            Self::Postgres(session) => session.change(statement.postgres(), values).await,
        }
    }

    /// Runs a step of the schema: several statements, no values.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<(), Fault> {
        match self {
            Self::Sqlite(session) => session.script(&replace(sql, Words::SQLITE)),
            Self::Postgres(session) => session.script(&replace(sql, Words::POSTGRES)).await,
        }
    }

    /// Prepares a statement without running it.
    #[cfg(test)]
    pub(crate) async fn prepare(&mut self, statement: &Statement) -> Result<(), Fault> {
        match self {
            Self::Sqlite(session) => session.prepare(statement.sqlite()),
            Self::Postgres(session) => session.prepare(statement.postgres()).await,
        }
    }

    /// Waits inside a transaction where others run beside it; SQLite's one writer has nobody beside it.
    #[cfg(test)]
    pub(crate) async fn dawdle(&mut self, millis: i64) -> Result<(), Fault> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.script(&format!("SELECT pg_sleep({millis} / 1000.0)")).await,
        }
    }

    /// Promises a wake-up with the commit. On SQLite the writer thread gives it itself.
    pub(crate) async fn announce(&mut self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(session) => session.script(postgres::ANNOUNCE).await,
        }
    }

    /// Begins a transaction that nobody else's migration can share.
    async fn begin_alone(&mut self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(session) => session.script("BEGIN IMMEDIATE"),
            Self::Postgres(session) => session.script(postgres::BEGIN_ALONE).await,
        }
    }

    /// Brings the schema up to date, in one transaction.
    pub(crate) async fn migrate(&mut self) -> Result<(), Fault> {
        self.begin_alone().await?;
        match migrate::run(self, migrate::STEPS).await {
            Ok(()) => self.script("COMMIT").await,
            Err(fault) => {
                // The fault is the news; a rollback that fails as well adds nothing.
                drop(self.script("ROLLBACK").await);
                Err(fault)
            }
        }
    }
}

/// The words that differ and what they become.
struct Words(&'static [(&'static str, &'static str)]);

impl Words {
    const SQLITE: &'static Self = &Self(&[
        ("{int}", "INTEGER"),
        ("{text}", "TEXT"),
        ("{bytes}", "BLOB"),
        ("{strict}", " STRICT"),
        ("{position}", "instr"),
        ("{share}", ""),
        ("{hold}", ""),
        ("{lease}", ""),
        ("{each}", "SELECT value FROM json_each("),
        ("{all}", ")"),
        // `$2, $1` would be numbered by first appearance; a value's place is the number in its name.
        ("$", "?"),
    ]);
    const POSTGRES: &'static Self = &Self(&[
        ("{int}", "BIGINT"),
        ("{text}", "TEXT"),
        ("{bytes}", "BYTEA"),
        ("{strict}", ""),
        ("{position}", "strpos"),
        ("{share}", "FOR SHARE"),
        ("{hold}", "FOR UPDATE"),
        ("{lease}", "FOR UPDATE SKIP LOCKED"),
        ("{each}", "SELECT jsonb_array_elements_text(CAST(CAST("),
        ("{all}", " AS TEXT) AS JSONB))"),
    ]);
}

impl Statement {
    fn sqlite(&self) -> &str {
        self.spelt.sqlite.get_or_init(|| replace(self.sql, Words::SQLITE))
    }

    fn postgres(&self) -> &str {
        self.spelt.postgres.get_or_init(|| replace(self.sql, Words::POSTGRES))
    }
}

fn replace(sql: &str, words: &Words) -> String {
    words.0.iter().fold(sql.to_owned(), |sql, (brace, word)| sql.replace(brace, word))
}
