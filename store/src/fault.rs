//! Accidents of ours: what failed, in which words it is logged, and whether to try later.
//!
//! `architecture.md` §2.14. Invariant: a fault never carries a value bound to a statement, so it may be logged whole.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// What went wrong, seen from the caller who must answer somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Locked, overloaded or out of turns: the same request may well succeed in a moment (503).
    Busy,
    /// No room left on the disk (503, and an alarm).
    Full,
    /// The database cannot be reached or read (503, and an alarm).
    Gone,
    /// Our own mistake (500).
    Bug,
}

impl Kind {
    /// The word used in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Full => "full",
            Self::Gone => "gone",
            Self::Bug => "bug",
        }
    }
}

/// Whether the same work, run again at once, may go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// Another transaction was in the way, and the engine threw this one away.
    Contention,
    /// Anything else.
    Never,
}

/// We failed: a disk, a lock, a network, a bug. A transaction that ends in a fault is rolled back.
pub struct Fault(Box<Inner>);

struct Inner {
    kind: Kind,
    retry: Retry,
    /// Innermost first.
    said: Vec<Cow<'static, str>>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Fault {
    /// A fault of a kind, in words for the log.
    pub fn new(kind: Kind, what: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, retry: Retry::Never, said: vec![what.into()], source: None }))
    }

    /// A mistake of ours.
    pub fn bug(what: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Kind::Bug, what)
    }

    /// A fault with the error that caused it.
    pub fn from_error(
        kind: Kind,
        what: impl Into<Cow<'static, str>>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        let mut fault = Self::new(kind, what);
        fault.0.source = Some(source.into());
        fault
    }

    /// Says, from further out, what was being tried.
    #[must_use]
    pub fn context(mut self, what: impl Into<Cow<'static, str>>) -> Self {
        self.0.said.push(what.into());
        self
    }

    /// What went wrong, seen from the caller.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    pub(crate) fn contention(mut self) -> Self {
        self.0.retry = Retry::Contention;
        self
    }

    pub(crate) fn retry(&self) -> Retry {
        self.0.retry
    }
}

impl fmt::Display for Fault {
    /// The whole chain on one line, outermost first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = self.0.said.iter().rev();
        if let Some(first) = words.next() {
            f.write_str(first)?;
        }
        for word in words {
            write!(f, ": {word}")?;
        }
        let mut cause = self.0.source.as_deref().map(|e| e as &dyn Error);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({}: {self})", self.0.kind.as_str())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|e| e as &(dyn Error + 'static))
    }
}
