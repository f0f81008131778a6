//! The clock: one of the two places where time is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use openid::time::{Span, Time};

/// What time it is.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's.
    System,
    /// A hand-turned one, for tests.
    Held(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at a time.
    pub fn held(at: Time) -> Self {
        Self::Held(Arc::new(AtomicI64::new(at.millis())))
    }

    /// Now.
    pub fn now(&self) -> Time {
        match self {
            Self::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                Time::from_millis(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
            }
            Self::Held(millis) => Time::from_millis(millis.load(Ordering::SeqCst)),
        }
    }

    /// Turns a held clock; a system clock turns by itself.
    pub fn turn(&self, by: Span) {
        if let Self::Held(millis) = self {
            millis.fetch_add(by.millis(), Ordering::SeqCst);
        }
    }
}
