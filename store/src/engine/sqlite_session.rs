//! A SQLite connection: how it is opened, lent to readers, asked, and what its errors mean.
//!
//! Invariant: every connection waits for locks, checks foreign keys, and a writing one syncs each commit to the disk.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags};

use crate::fault::{Fault, Kind};
use crate::row::{Cell, Row};
use crate::value::Value;

/// How long a statement waits for another process's lock.
const PATIENCE: Duration = Duration::from_secs(5);
/// Reading connections kept open.
const SHELF: usize = 16;
/// More than we have statements.
const STATEMENTS: usize = 512;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Write,
    Read,
}

/// Reading connections, waiting to be lent.
#[derive(Clone)]
pub(super) struct Shelf(Arc<Lot>);

struct Lot {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Shelf {
    pub(super) fn new(path: &Path) -> Self {
        Self(Arc::new(Lot { path: path.to_owned(), idle: Mutex::new(Vec::new()) }))
    }

    pub(super) fn lend(&self) -> Result<Session, Fault> {
        let idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open(&self.0.path, Purpose::Read)?,
        };
        Ok(Session { connection: Some(connection), shelf: Some(self.clone()) })
    }

    /// A connection that writes. Makes the file, for its owner's eyes only, if there is none.
    pub(super) fn writer(&self) -> Result<Session, Fault> {
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.0.path);
        if let Err(error) = made
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(Fault::from_error(Kind::Gone, format!("making {}", self.0.path.display()), error));
        }
        Ok(Session { connection: Some(open(&self.0.path, Purpose::Write)?), shelf: None })
    }

    fn take_back(&self, connection: Connection) {
        let mut idle = self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < SHELF {
            idle.push(connection);
        }
    }

    /// Copies the whole file as one snapshot; in WAL mode nobody waits for that.
    pub(super) fn backup(&self, to: &Path) -> Result<(), Fault> {
        let unfinished = to.with_extension("unfinished");
        let disk = |error| Fault::from_error(Kind::Full, format!("writing {}", to.display()), error);
        if to.exists() {
            return Err(Fault::new(Kind::Bug, format!("{} exists already", to.display())));
        }
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished).map_err(disk)?;
        let copied = (|| {
            let from = self.lend()?;
            let mut copy = Connection::open(&unfinished).map_err(|e| fault_of(e, "opening the copy"))?;
            let backup = Backup::new(from.connection(), &mut copy).map_err(|e| fault_of(e, "backup"))?;
            match backup.step(-1).map_err(|e| fault_of(e, "copying"))? {
                StepResult::Done => Ok(()),
                _ => Err(Fault::new(Kind::Busy, "the database was locked during the backup")),
            }
        })();
        if copied.is_err() {
            drop(std::fs::remove_file(&unfinished));
            return copied;
        }
        made.sync_all().map_err(disk)?;
        std::fs::rename(&unfinished, to).map_err(disk)
    }
}

fn open(path: &Path, purpose: Purpose) -> Result<Connection, Fault> {
    let set_up = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        // Without the planner's stability guarantee a statement that a partial index might serve is compiled again each
        // time a value is bound.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL;",
        )?;
        match purpose {
            Purpose::Write => {
                connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864;")?;
            }
            Purpose::Read => connection.execute_batch("PRAGMA query_only = ON;")?,
        }
        Ok(connection)
    };
    set_up().map_err(|error| fault_of(error, format!("opening {}", path.display())))
}

/// A connection, on loan if it is for reading.
pub(crate) struct Session {
    /// There until dropped.
    connection: Option<Connection>,
    shelf: Option<Shelf>,
}

impl Drop for Session {
    fn drop(&mut self) {
        if let (Some(shelf), Some(connection)) = (self.shelf.take(), self.connection.take()) {
            shelf.take_back(connection);
        }
    }
}

impl Session {
    pub(super) fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("a session holds its connection until it is dropped")
    }

    pub(super) fn connection_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("a session holds its connection until it is dropped")
    }

    pub(super) fn rows(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let ask = || {
            let mut statement = self.bound(sql, values)?;
            let columns = statement.column_count();
            let mut cursor = statement.raw_query();
            let mut rows = Vec::new();
            while let Some(row) = cursor.next()? {
                let cells: Result<Vec<Cell>, rusqlite::Error> = (0..columns).map(|at| cell(row.get_ref(at)?)).collect();
                rows.push(Row::new(cells?));
            }
            Ok(rows)
        };
        ask().map_err(|error| fault_of(error, "SQLite"))
    }

    pub(super) fn change(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        let counted = self.bound(sql, values).and_then(|mut statement| statement.raw_execute());
        counted.map(|rows| rows as u64).map_err(|error| fault_of(error, "SQLite"))
    }

    pub(super) fn script(&self, sql: &str) -> Result<(), Fault> {
        self.connection().execute_batch(sql).map_err(|error| fault_of(error, "SQLite"))
    }

    #[cfg(test)]
    pub(super) fn prepare(&self, sql: &str) -> Result<(), Fault> {
        self.connection().prepare_cached(sql).map(drop).map_err(|error| fault_of(error, "SQLite"))
    }

    fn bound(&self, sql: &str, values: &[Value<'_>]) -> Result<CachedStatement<'_>, rusqlite::Error> {
        let mut statement = self.connection().prepare_cached(sql)?;
        let count = statement.parameter_count();
        if count != values.len() {
            return Err(rusqlite::Error::InvalidParameterCount(values.len(), count));
        }
        for (at, value) in (1..).zip(values) {
            match *value {
                Value::Int(number) => statement.raw_bind_parameter(at, number)?,
                Value::Text(text) => statement.raw_bind_parameter(at, text)?,
                Value::Bytes(bytes) => statement.raw_bind_parameter(at, bytes)?,
                Value::Absent => statement.raw_bind_parameter(at, rusqlite::types::Null)?,
            }
        }
        Ok(statement)
    }
}

fn cell(value: ValueRef<'_>) -> Result<Cell, rusqlite::Error> {
    Ok(match value {
        ValueRef::Null => Cell::Absent,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text)?.to_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_owned()),
        ValueRef::Real(_) => return Err(rusqlite::Error::InvalidQuery),
    })
}

/// What an error of SQLite means to whoever must answer somebody.
pub(super) fn fault_of(error: rusqlite::Error, what: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Kind::Busy,
        Some(ErrorCode::DiskFull) => Kind::Full,
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied
            | ErrorCode::SystemIoFailure
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase,
        ) => Kind::Gone,
        _ => Kind::Bug,
    };
    Fault::from_error(kind, what, error)
}
