//! An address that keeps failing is probed, not hammered (`logout.md` §4).
//!
//! Invariant: a hint of this process and nobody's truth; losing it costs a few attempts. Only a probe that failed makes the
//! wait longer: those that were under way when the address began to fail say the same thing once more.

use std::collections::{BTreeSet, HashMap};

use openid::name::ClientId;
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
enum Failing {
    /// So often in a row, which is not often enough.
    Times(u32),
    /// It keeps failing.
    Closed {
        /// So many probes have failed.
        probed: u32,
        /// When the next one goes.
        next: Time,
        /// Whose notices wait for it.
        waiting: BTreeSet<ClientId>,
    },
}

/// Whether an address may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// It may.
    Free,
    /// It may, to see whether it still fails: after so many probes that did.
    Probe(u32),
    /// It keeps failing; somebody may look again then.
    Closed(Time),
}

/// How much of a client may go whose address keeps failing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing.
    Back,
    /// One.
    ForProbe,
}

impl Probes {
    /// Whether an address may be tried now for a client. Of one that keeps failing, whoever is let through is the probe:
    /// everybody else waits for the next.
    pub(super) fn enter(&mut self, address: &str, client: &ClientId, now: Time) -> Way {
        match self.0.get_mut(address) {
            Some(Failing::Closed { next, waiting, .. }) if now < *next => {
                waiting.insert(client.clone());
                Way::Closed(*next)
            }
            Some(Failing::Closed { probed, next, .. }) => {
                *next = now + wait(*probed);
                Way::Probe(*probed)
            }
            Some(Failing::Times(_)) | None => Way::Free,
        }
    }

    /// It failed for somebody who had gone this way, and asked for so long a pause (`Retry-After`). A pause it asks for
    /// holds for everybody, up to the longest wait.
    pub(super) fn failed(&mut self, address: &str, way: Way, now: Time, asked: Option<Span>) {
        if self.0.len() >= MOST && !self.0.contains_key(address) {
            self.0.clear();
        }
        let pause = asked.unwrap_or(Span::ZERO).min(LONGEST);
        let failing = self.0.entry(address.to_owned()).or_insert(Failing::Times(0));
        match failing {
            Failing::Times(times) => {
                *times += 1;
                if *times >= MANY {
                    let next = now + wait(0).max(pause);
                    *failing = Failing::Closed { probed: 0, next, waiting: BTreeSet::new() };
                }
            }
            // The probe, and not one that another has overtaken.
            Failing::Closed { probed, next, .. } if way == Way::Probe(*probed) => {
                *probed = probed.saturating_add(1);
                *next = now + wait(*probed).max(pause);
            }
            Failing::Closed { next, .. } => *next = (*next).max(now + pause),
        }
    }

    /// It answered, whatever it said. Returns the clients whose notices wait for that: none if it was not closed.
    pub(super) fn answered(&mut self, address: &str) -> BTreeSet<ClientId> {
        match self.0.remove(address) {
            Some(Failing::Closed { waiting, .. }) => waiting,
            Some(Failing::Times(_)) | None => BTreeSet::new(),
        }
    }

    /// Whose notices need not be looked at yet; and of whom one may go, to see whether it still fails.
    pub(super) fn held(&self, now: Time) -> impl Iterator<Item = (&ClientId, Held)> {
        let closed = self.0.values().filter_map(move |failing| match failing {
            Failing::Closed { next, waiting, .. } => {
                Some((if now < *next { Held::Back } else { Held::ForProbe }, waiting))
            }
            Failing::Times(_) => None,
        });
        closed.flat_map(|(held, waiting)| waiting.iter().map(move |client| (client, held)))
    }

    /// How many keep failing.
    pub(super) fn closed(&self) -> usize {
        self.0.values().filter(|failing| matches!(failing, Failing::Closed { .. })).count()
    }

    /// Whether it keeps failing.
    pub(super) fn is_closed(&self, address: &str) -> bool {
        matches!(self.0.get(address), Some(Failing::Closed { .. }))
    }
}

fn wait(probed: u32) -> Span {
    Span::from_millis(FIRST.millis() << probed.min(16)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RP: &str = "https://rp.example/logout";
    const START: Time = Time::from_seconds(1_800_000_000);

    fn rp(name: &str) -> ClientId {
        ClientId::new(name)
    }

    /// An address that has just begun to keep failing.
    fn closed() -> Probes {
        let mut probes = Probes::default();
        for _ in 0..MANY {
            assert_eq!(probes.enter(RP, &rp("a"), START), Way::Free);
            probes.failed(RP, Way::Free, START, None);
        }
        probes
    }

    #[test]
    fn after_many_failures_one_probe_at_a_time() {
        let mut probes = closed();
        assert_eq!(probes.enter(RP, &rp("a"), START), Way::Closed(START + FIRST));
        assert_eq!(probes.enter("https://other.example/logout", &rp("b"), START), Way::Free);
        // Two come when the time is there: one goes.
        let mut then = START + FIRST;
        assert_eq!(probes.enter(RP, &rp("a"), then), Way::Probe(0));
        assert_eq!(probes.enter(RP, &rp("a"), then), Way::Closed(then + FIRST));
        probes.failed(RP, Way::Probe(0), then, None);
        assert_eq!(probes.enter(RP, &rp("a"), then), Way::Closed(then + FIRST + FIRST), "the wait doubles");
        for probed in 1..100 {
            then = then + LONGEST;
            assert_eq!(probes.enter(RP, &rp("a"), then), Way::Probe(probed));
            probes.failed(RP, Way::Probe(probed), then, None);
        }
        assert_eq!(probes.enter(RP, &rp("a"), then), Way::Closed(then + LONGEST), "up to the longest");
        probes.answered(RP);
        assert_eq!(probes.enter(RP, &rp("a"), then), Way::Free);
    }

    #[test]
    fn those_that_were_under_way_together_do_not_double_the_wait() {
        let mut probes = closed();
        for _ in 0..12 {
            probes.failed(RP, Way::Free, START, None);
        }
        assert_eq!(probes.enter(RP, &rp("a"), START), Way::Closed(START + FIRST));
        // Nor does a probe that another one has overtaken.
        let then = START + FIRST + FIRST;
        assert_eq!(probes.enter(RP, &rp("a"), START + FIRST), Way::Probe(0));
        assert_eq!(probes.enter(RP, &rp("a"), then), Way::Probe(0));
        probes.failed(RP, Way::Probe(0), then, None);
        probes.failed(RP, Way::Probe(0), then, None);
        assert_eq!(probes.enter(RP, &rp("a"), then), Way::Closed(then + FIRST + FIRST));
    }

    #[test]
    fn who_was_turned_away_is_named_when_it_answers() {
        let mut probes = closed();
        assert_eq!(probes.enter(RP, &rp("a"), START), Way::Closed(START + FIRST));
        assert_eq!(probes.enter(RP, &rp("b"), START), Way::Closed(START + FIRST));
        assert!(probes.is_closed(RP));
        let held = |now| probes.held(now).map(|(client, held)| (client.clone(), held)).collect::<Vec<_>>();
        assert_eq!(held(START), [(rp("a"), Held::Back), (rp("b"), Held::Back)]);
        assert_eq!(held(START + FIRST), [(rp("a"), Held::ForProbe), (rp("b"), Held::ForProbe)]);
        assert_eq!(probes.enter(RP, &rp("c"), START + FIRST), Way::Probe(0));
        assert_eq!(probes.answered(RP), BTreeSet::from([rp("a"), rp("b")]));
        assert!(!probes.is_closed(RP));
        assert_eq!(probes.answered(RP), BTreeSet::new(), "once");
        probes.failed(RP, Way::Free, START, None);
        assert_eq!(probes.answered(RP), BTreeSet::new(), "nobody was turned away");
    }

    #[test]
    fn the_pause_it_asks_for_holds_for_everybody() {
        let (mut probes, pause) = (closed(), Span::from_minutes(2));
        probes.failed(RP, Way::Free, START, Some(pause));
        assert_eq!(probes.enter(RP, &rp("a"), START + FIRST), Way::Closed(START + pause));
        assert_eq!(probes.enter(RP, &rp("a"), START + pause), Way::Probe(0));
        probes.failed(RP, Way::Probe(0), START + pause, Some(Span::from_days(1)));
        assert_eq!(
            probes.enter(RP, &rp("a"), START + pause),
            Way::Closed(START + pause + LONGEST),
            "up to the longest wait"
        );
    }
}
