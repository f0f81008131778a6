//! An address that keeps failing is probed, not hammered (`logout.md` §4).
//!
//! Invariant: a hint of this process and nobody's truth; losing it costs a few attempts.

use std::collections::HashMap;

use openid::time::{Span, Time};

/// So many failures in a row make an address one that keeps failing: more than are under way at once.
const MANY: u32 = 8;

/// The first wait between two probes. It doubles.
const FIRST: Span = Span::from_seconds(10);

/// The longest.
const LONGEST: Span = Span::from_minutes(5);

/// More failing addresses than this are not remembered.
const MOST: usize = 10_000;

/// The addresses that failed last time.
#[derive(Debug, Default)]
pub(super) struct Probes(HashMap<String, Failing>);

#[derive(Debug)]
struct Failing {
    times: u32,
    next: Time,
}

/// Whether an address may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It may.
    Free,
    /// It keeps failing; somebody may look again then.
    Closed(Time),
}

impl Probes {
    /// Whether an address may be tried now. Of one that keeps failing, whoever is let through is the probe: everybody else
    /// waits for the next.
    pub(super) fn enter(&mut self, address: &str, now: Time) -> Way {
        match self.0.get_mut(address) {
            Some(failing) if failing.times >= MANY && now < failing.next => Way::Closed(failing.next),
            Some(failing) if failing.times >= MANY => {
                failing.next = now + wait(failing.times);
                Way::Free
            }
            _ => Way::Free,
        }
    }

    /// It failed.
    pub(super) fn failed(&mut self, address: &str, now: Time) {
        if self.0.len() >= MOST && !self.0.contains_key(address) {
            self.0.clear();
        }
        let failing = self.0.entry(address.to_owned()).or_insert(Failing { times: 0, next: now });
        failing.times = failing.times.saturating_add(1);
        failing.next = now + wait(failing.times);
    }

    /// It answered, whatever it said.
    pub(super) fn answered(&mut self, address: &str) {
        self.0.remove(address);
    }
}

fn wait(times: u32) -> Span {
    let doublings = times.saturating_sub(MANY).min(16);
    Span::from_millis(FIRST.millis() << doublings).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RP: &str = "https://rp.example/logout";

    #[test]
    fn after_many_failures_one_probe_at_a_time() {
        let (mut probes, start) = (Probes::default(), Time::from_seconds(1_800_000_000));
        for _ in 0..MANY {
            assert_eq!(probes.enter(RP, start), Way::Free);
            probes.failed(RP, start);
        }
        assert_eq!(probes.enter(RP, start), Way::Closed(start + FIRST));
        assert_eq!(probes.enter("https://other.example/logout", start), Way::Free);
        // Two come when the time is there: one goes.
        let then = start + FIRST;
        assert_eq!(probes.enter(RP, then), Way::Free);
        assert_eq!(probes.enter(RP, then), Way::Closed(then + FIRST));
        probes.failed(RP, then);
        assert_eq!(probes.enter(RP, then), Way::Closed(then + FIRST + FIRST), "the wait doubles");
        for _ in 0..100 {
            probes.failed(RP, then);
        }
        assert_eq!(probes.enter(RP, then), Way::Closed(then + LONGEST), "up to the longest");
        probes.answered(RP);
        assert_eq!(probes.enter(RP, then), Way::Free);
    }
}
