//! The three budgets: what they take, what they hold, who can empty what.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::HashMap;
use std::net::IpAddr;

use login::budget::{Browser, Bucket, Budget, Limit, Limits, Take, Took, network, takes, username_key};
use openid::time::{Span, Time};
use proptest::prelude::*;

const NOW: Time = Time::from_seconds(1_700_000_000);
const LIMITS: Limits = Limits::of(600, 10, 20);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Buckets as the store keeps them: all of an attempt's are taken from, or none.
#[derive(Default)]
struct Rows(HashMap<(Budget, Vec<u8>), Bucket>);

impl Rows {
    fn try_once(&mut self, takes: &[Take], now: Time) -> Result<(), Time> {
        let mut changed = Vec::new();
        for take in takes {
            let key = (take.budget, take.key.clone());
            let bucket = self.0.get(&key).copied().unwrap_or_else(|| take.limit.full(now));
            match take.limit.take(bucket, now) {
                Took::One(bucket) => changed.push((key, bucket)),
                Took::Empty { until } => return Err(until),
            }
        }
        self.0.extend(changed);
        Ok(())
    }

    fn succeed(&mut self, takes: &[Take], now: Time) {
        self.try_once(takes, now).unwrap();
        for take in takes {
            let key = (take.budget, take.key.clone());
            let bucket = self.0[&key];
            self.0.insert(key, take.limit.refund(bucket, now));
        }
    }
}

#[test]
fn sources_are_networks() {
    assert_eq!(network(ip("192.0.2.1")), [192, 0, 2, 1]);
    assert_eq!(network(ip("::ffff:192.0.2.1")), network(ip("192.0.2.1")), "mapped into IPv6 it is the same source");
    assert_eq!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:2:ffff::9")), "a /64 is one source");
    assert_ne!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:3::1")));
}

#[test]
fn an_attacker_empties_the_account_and_its_owner_signs_in_from_a_known_browser() {
    let (limits, mut rows) = (LIMITS, Rows::default());
    let mut guesses = 0;
    for host in 0..=255u8 {
        let attack = takes("Alice", Browser::Stranger(IpAddr::from([203, 0, 113, host])), &limits);
        while rows.try_once(&attack, NOW).is_ok() {
            guesses += 1;
        }
    }
    assert_eq!(guesses, 10, "from however many addresses, the account allows ten");
    let owner = takes("alice", Browser::Known("device-1"), &limits);
    assert_eq!(rows.try_once(&owner, NOW), Ok(()));
    let elsewhere = takes("alice", Browser::Stranger(ip("198.51.100.7")), &limits);
    assert_eq!(rows.try_once(&elsewhere, NOW), Err(NOW + Span::from_minutes(10)), "and it says until when");
}

#[test]
fn five_hundred_people_behind_one_address() {
    let (limits, mut rows) = (LIMITS, Rows::default());
    for n in 0..500 {
        let person = takes(&format!("person{n}"), Browser::Stranger(ip("192.0.2.1")), &limits);
        // Everybody mistypes once, and then succeeds.
        rows.try_once(&person, NOW).unwrap();
        rows.succeed(&person, NOW);
    }
}

#[test]
fn one_address_cannot_try_many_accounts_for_ever() {
    let (limits, mut rows) = (LIMITS, Rows::default());
    let spray = |n: u32| takes(&format!("person{n}"), Browser::Stranger(ip("192.0.2.1")), &limits);
    let tried = (0..10_000).take_while(|n| rows.try_once(&spray(*n), NOW).is_ok()).count();
    assert_eq!(tried, 600);
    assert!(rows.try_once(&spray(9_999), NOW).is_err());
    let neighbour = takes("person1", Browser::Stranger(ip("192.0.2.2")), &limits);
    assert_eq!(rows.try_once(&neighbour, NOW), Ok(()), "its neighbour is not its source");
}

#[test]
fn a_known_browser_has_an_end_too() {
    let (limits, mut rows) = (LIMITS, Rows::default());
    let owner = takes("alice", Browser::Known("device-1"), &limits);
    let tried = (0..100).take_while(|_| rows.try_once(&owner, NOW).is_ok()).count();
    assert_eq!(tried, 20);
    assert_eq!(rows.try_once(&takes("alice", Browser::Known("device-2"), &limits), NOW), Ok(()));
    assert_eq!(rows.try_once(&takes("bob", Browser::Known("device-1"), &limits), NOW), Ok(()));
}

#[test]
fn spellings_of_a_name_share_a_bucket() {
    let limits = LIMITS;
    let of = |name| takes(name, Browser::Stranger(ip("192.0.2.1")), &limits);
    assert_eq!(of(" ALICE"), of("alice"));
    assert_ne!(of("alice"), of("bob"));
    assert_eq!(username_key("ÅSA "), "åsa");
    let known = |name, browser| takes(name, Browser::Known(browser), &limits);
    assert_ne!(known("alice", "x"), known("alicex", ""), "name and browser cannot be confused");
}

#[test]
fn buckets_that_say_nothing_can_be_swept() {
    for limits in [LIMITS, Limits::of(1, 500, 1), Limits::of(1, 1, 5000), Limits::of(100_000, 1, 1)] {
        let early = limits.forget_after().millis() - 1;
        let full = |limit: &Limit, wait| {
            let now = NOW + Span::from_millis(wait);
            limit.filled(Bucket { left: 0, at: NOW }, now) == limit.full(now)
        };
        let all = [limits.source, limits.account, limits.known];
        assert!(all.iter().all(|limit| full(limit, early + 1)), "{limits:?}");
        assert!(!all.iter().all(|limit| full(limit, early)), "{limits:?}");
    }
}

fn any_limit() -> impl Strategy<Value = Limit> {
    (1..1000u32, 0..10_000_000i64).prop_map(|(capacity, refill)| Limit { capacity, refill: Span::from_millis(refill) })
}

proptest! {
    /// Never more than the capacity, never less than nothing, whatever the row and the clocks say.
    #[test]
    fn a_bucket_stays_in_its_bounds(limit in any_limit(), left in any::<i64>(), at in any::<i64>(), now in any::<i64>()) {
        let bucket = Bucket { left, at: Time::from_millis(at) };
        let now = Time::from_millis(now);
        let most = i64::from(limit.capacity) * 1000;
        for bucket in [limit.filled(bucket, now), limit.refund(bucket, now)] {
            prop_assert!((0..=most).contains(&bucket.left));
        }
        match limit.take(bucket, now) {
            Took::One(after) => prop_assert!(after.left <= most - 1000),
            Took::Empty { until } => prop_assert!(until >= now),
        }
    }

    /// Whoever waits as long as told gets an attempt, and not a millisecond earlier.
    #[test]
    fn until_is_the_very_moment(limit in any_limit(), left in 0..1000i64, at in 0..1_000_000_000i64) {
        let bucket = Bucket { left, at: Time::from_millis(at) };
        if let Took::Empty { until } = limit.take(bucket, Time::from_millis(at)) {
            prop_assert!(matches!(limit.take(bucket, until), Took::One(_)));
            let before = until - Span::from_millis(1);
            let early = matches!(limit.take(bucket, before), Took::One(_));
            prop_assert!(before.millis() < at || !early);
        }
    }

    /// A success costs nothing.
    #[test]
    fn success_refunds(limit in any_limit(), left in 1000..1_000_000i64, at in 0..1_000_000_000i64, later in 0..1_000_000i64) {
        let bucket = Bucket { left, at: Time::from_millis(at) };
        let now = Time::from_millis(at + later);
        if let Took::One(after) = limit.take(bucket, now) {
            prop_assert_eq!(limit.refund(after, now), limit.filled(bucket, now));
        }
    }
}
