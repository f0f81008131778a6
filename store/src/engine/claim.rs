//! One SQLite file is served by one process: two couriers that know nothing of each other would each deliver what the
//! other delivers.
//!
//! Invariant: the lock is the operating system's and ends with the process, however it ends; the file that carries it is
//! not the database, whose own locks a second descriptor would drop.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use super::Location;
use crate::fault::{Fault, Kind};

/// The right to serve from a database. Given back when dropped.
#[derive(Debug)]
pub struct Claim(#[expect(dead_code, reason = "held for its lock")] Option<File>);

impl Claim {
    /// Takes it. Fails while another process has it; on PostgreSQL, which nodes share, never.
    pub fn take(location: &Location) -> Result<Self, Fault> {
        let Location::Sqlite(path) = location else { return Ok(Self(None)) };
        let mut beside = path.clone().into_os_string();
        beside.push("-serve");
        let failed = |error| Fault::from_error(Kind::Gone, format!("{}", beside.display()), error);
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&beside).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut who = String::new();
                let _ = (&mut file).take(20).read_to_string(&mut who);
                return Err(Fault::new(
                    Kind::Gone,
                    format!(
                        "{location} is served by another process ({}); one serves a SQLite file at a time, several share \
                         a PostgreSQL database",
                        who.trim()
                    ),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self(Some(file)))
    }
}
