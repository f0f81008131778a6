//! The clock: one of the two places where time is read.

use openid::time::Time;

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock;

impl Clock {
    /// Now.
    pub fn now(self) -> Time {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Time::from_millis(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)))
    }
}
