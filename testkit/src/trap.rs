//! A trap under a process on SQLite: it ends as by `kill -9` at a chosen step of a commit, on purpose and not by luck.
//!
//! Invariant: nothing of it is in the program under test. A small library laid under it by `LD_PRELOAD` sees the writes
//! and syncs of the write-ahead log.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

static LIBRARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
static SERIAL: AtomicU64 = AtomicU64::new(1);

/// A step of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before this write of it, counted from one: the statements have run, the commit has not.
    BeforeWrite(u32),
    /// Before it is synced: written, for whoever reads the log next.
    BeforeSync,
    /// After it is synced, before anybody hears of it.
    AfterCommit,
}

/// Such a trap: for every process that is started with its variables.
#[derive(Clone, Debug)]
pub struct Trap {
    order: PathBuf,
    library: PathBuf,
}

impl Trap {
    /// One whose orders stand in a file of a folder.
    ///
    /// # Errors
    /// If the library cannot be compiled: there is no C compiler, or this is not Linux.
    pub fn lay(dir: &Path) -> Result<Self, String> {
        let library = LIBRARY.get_or_init(compile).clone()?;
        Ok(Self { order: dir.join("trap-order"), library })
    }

    /// The environment of a process it is laid under.
    pub fn variables(&self) -> [(&'static str, String); 2] {
        [("LD_PRELOAD", self.library.display().to_string()), ("TESTKIT_TRAP", self.order.display().to_string())]
    }

    /// It springs at the next such step.
    ///
    /// # Panics
    /// If the folder cannot be written to.
    pub fn arm(&self, moment: Moment) {
        let (letter, number) = match moment {
            Moment::BeforeWrite(number) => ('w', number),
            Moment::BeforeSync => ('s', 1),
            Moment::AfterCommit => ('S', 1),
        };
        let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
        let new = self.order.with_extension(format!("new-{serial}"));
        fs::write(&new, format!("{letter} {number} {serial}")).expect("the folder can be written to");
        fs::rename(&new, &self.order).expect("the folder can be written to");
    }

    /// It does not spring any more.
    pub fn disarm(&self) {
        drop(fs::remove_file(&self.order));
    }
}

fn compile() -> Result<PathBuf, String> {
    let dir = std::env::temp_dir().join(format!("ostiary-trap-{}", std::process::id()));
    fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
    let (source, library) = (dir.join("trap.c"), dir.join("trap.so"));
    fs::write(&source, include_str!("trap.c")).map_err(|error| error.to_string())?;
    let compiled = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).output();
    match compiled {
        Ok(output) if output.status.success() => Ok(library),
        Ok(output) => Err(format!("cc: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => Err(format!("cc: {error}")),
    }
}
