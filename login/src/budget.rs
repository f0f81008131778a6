//! How often somebody may try a password: three budgets, each a set of token buckets kept as rows. A fourth says how often
//! clients may register themselves, a fifth how many authorization requests strangers may push.
//!
//! | budget | bucket for each | taken by | who can empty it |
//! |---|---|---|---|
//! | source | network: IPv4 /32, IPv6 /64 | browsers that do not know the account | that network |
//! | account | account | browsers that do not know the account | anybody, so owners do not depend on it: |
//! | known | (account, browser) | browsers that signed in to it before | that browser alone |
//! | registration | network | clients that register without a token | that network |
//! | pushed | network | clients anybody can pass for, and clients that registered themselves | that network |
//!
//! A success gives back what it took, so only failures count, and an office of five hundred behind one address signs in
//! freely. A name nobody has gets the same buckets as one that somebody has.
//!
//! Invariant: a stranger's attempts never touch a bucket that a known browser depends on.

use std::net::IpAddr;

use openid::time::{Span, Time};

/// Which budget; the word is the `kind` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Budget {
    /// Per source network.
    Source,
    /// Per account, from unknown browsers.
    Account,
    /// Per account and known browser.
    Known,
    /// Per source network, for clients that register themselves.
    Registration,
    /// Per source network, for authorization requests that strangers push.
    Pushed,
}

impl Budget {
    /// Every budget.
    pub const ALL: &[Self] = &[Self::Source, Self::Account, Self::Known, Self::Registration, Self::Pushed];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Account => "account",
            Self::Known => "known",
            Self::Registration => "registration",
            Self::Pushed => "pushed",
        }
    }
}

/// How much a bucket holds and how fast it fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Attempts in a full bucket.
    pub capacity: u32,
    /// How long until one more attempt is allowed.
    pub refill: Span,
}

/// The limits of the three budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Per source network.
    pub source: Limit,
    /// Per account, from unknown browsers.
    pub account: Limit,
    /// Per account and known browser.
    pub known: Limit,
}

impl Limits {
    /// Buckets that hold so many; how fast they fill does not depend on it.
    ///
    /// * source: then 10 a minute. With 600 at once, five hundred people who come at nine and all mistype once pass.
    /// * account: then one every ten minutes. With 10 at once, 154 guesses on the first day, 144 on each after it.
    /// * known: then one a minute. It is most likely the owner.
    pub const fn of(source: u32, account: u32, known: u32) -> Self {
        Self {
            source: Limit { capacity: source, refill: Span::from_seconds(6) },
            account: Limit { capacity: account, refill: Span::from_minutes(10) },
            known: Limit { capacity: known, refill: Span::from_minutes(1) },
        }
    }

    /// How long until any bucket that nobody touches is full: a row older than that says nothing and may be swept.
    pub fn forget_after(&self) -> Span {
        [self.source, self.account, self.known].iter().map(Limit::forgets_after).max().unwrap_or_default()
    }
}

/// One attempt to be taken from one bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// Which budget.
    pub budget: Budget,
    /// Which bucket of it.
    pub key: Vec<u8>,
    /// How that bucket behaves.
    pub limit: Limit,
}

/// Who tries.
#[derive(Clone, Copy, Debug)]
pub enum Browser<'a> {
    /// It has never signed in to this account, or cannot prove it.
    Stranger(IpAddr),
    /// Its sealed device cookie names this account and this browser.
    Known(&'a str),
}

/// The buckets an attempt takes from, all or none. The name is the one typed, whether anybody has it or not.
pub fn takes(username: &str, browser: Browser<'_>, limits: &Limits) -> Vec<Take> {
    match browser {
        Browser::Stranger(source) => vec![
            Take { budget: Budget::Source, key: network(source), limit: limits.source },
            Take { budget: Budget::Account, key: account_key(username), limit: limits.account },
        ],
        Browser::Known(browser) => {
            vec![Take { budget: Budget::Known, key: known_key(username, browser), limit: limits.known }]
        }
    }
}

/// The buckets a letter to an address takes from: others than those of sign-ins, so that whoever has used up the sign-ins
/// can still ask for a new password, and nobody uses up the sign-ins of an office with letters. A network sends a tenth as
/// many as it may try passwords, then one a minute. Nothing gives these back.
pub fn letter_takes(address: &str, source: IpAddr, limits: &Limits) -> Vec<Take> {
    // As in `known_key`: no username that is found begins with a zero byte, and no network is so long.
    let key = jose::sha256(format!("\0letter\0{}", mailbox_key(address)).as_bytes()).to_vec();
    let from = jose::sha256(&[b"\0letter\0".as_slice(), &network(source)].concat()).to_vec();
    let few = Limit {
        capacity: (limits.source.capacity / 10).max(1),
        refill: Span::from_millis(limits.source.refill.millis() * 10),
    };
    vec![
        Take { budget: Budget::Source, key: from, limit: few },
        Take { budget: Budget::Account, key, limit: limits.account },
    ]
}

/// `ada+shop@example.org` is ada's mailbox almost everywhere: it must not be as many buckets as there are words.
fn mailbox_key(address: &str) -> String {
    let key = username_key(address);
    match key.rsplit_once('@') {
        Some((local, host)) => format!("{}@{host}", local.split('+').next().unwrap_or(local)),
        None => key,
    }
}

/// What a registration without an initial access token takes. Nothing gives it back.
pub fn registration_takes(source: IpAddr, limit: Limit) -> Vec<Take> {
    vec![Take { budget: Budget::Registration, key: network(source), limit }]
}

/// What a pushed authorization request takes, if a stranger may have pushed it. Nothing gives it back: it is a row.
pub fn push_takes(source: IpAddr, limit: Limit) -> Vec<Take> {
    vec![Take { budget: Budget::Pushed, key: network(source), limit }]
}

/// The network a source is counted as: an IPv4 address (also one mapped into IPv6), or an IPv6 /64.
pub fn network(source: IpAddr) -> Vec<u8> {
    match source.to_canonical() {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => six.octets()[..8].to_vec(),
    }
}

fn account_key(username: &str) -> Vec<u8> {
    jose::sha256(username_key(username).as_bytes()).to_vec()
}

fn known_key(username: &str, browser: &str) -> Vec<u8> {
    // Nobody can type a zero byte into a name that is then found, so the two parts cannot be confused.
    jose::sha256(format!("{}\0{browser}", username_key(username)).as_bytes()).to_vec()
}

/// The form in which two spellings of a username are the same: the `username_key` column.
pub fn username_key(username: &str) -> String {
    username.trim().to_lowercase()
}

/// Thousandths of an attempt.
const ONE: i64 = 1000;

/// What is in a bucket: the `left` and `at` columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Thousandths of attempts left when last written.
    pub left: i64,
    /// When that was.
    pub at: Time,
}

/// What came of trying to take one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// There was one; the bucket is now this.
    One(Bucket),
    /// There was none; there will be one then.
    Empty {
        /// When to try again.
        until: Time,
    },
}

impl Limit {
    /// Registrations at once from one network; then one more every minute.
    pub const fn of_registrations(capacity: u32) -> Self {
        Self { capacity, refill: Span::from_minutes(1) }
    }

    /// Pushed authorization requests at once from one network; then one more every second.
    pub const fn of_pushed(capacity: u32) -> Self {
        Self { capacity, refill: Span::from_seconds(1) }
    }

    /// A bucket nobody took from yet.
    pub fn full(&self, now: Time) -> Bucket {
        Bucket { left: i64::from(self.capacity) * ONE, at: now }
    }

    /// A bucket as it is now, filled up since it was written. A clock that went back fills nothing.
    #[must_use]
    pub fn filled(&self, bucket: Bucket, now: Time) -> Bucket {
        let per_attempt = self.refill.millis().max(1);
        let gained = i128::from(now.since(bucket.at).millis()) * i128::from(ONE) / i128::from(per_attempt);
        let most = i64::from(self.capacity) * ONE;
        let left = (i128::from(bucket.left) + gained).clamp(0, i128::from(most));
        Bucket { left: i64::try_from(left).expect("between nothing and the capacity"), at: now.max(bucket.at) }
    }

    /// Takes one attempt.
    pub fn take(&self, bucket: Bucket, now: Time) -> Took {
        let filled = self.filled(bucket, now);
        if filled.left >= ONE {
            return Took::One(Bucket { left: filled.left - ONE, at: filled.at });
        }
        let missing = i128::from(ONE - filled.left) * i128::from(self.refill.millis());
        let wait = i64::try_from((missing + i128::from(ONE) - 1) / i128::from(ONE)).unwrap_or(i64::MAX);
        Took::Empty { until: filled.at + Span::from_millis(wait) }
    }

    /// Gives one attempt back.
    #[must_use]
    pub fn refund(&self, bucket: Bucket, now: Time) -> Bucket {
        let filled = self.filled(bucket, now);
        Bucket { left: (filled.left + ONE).min(i64::from(self.capacity) * ONE), at: filled.at }
    }

    /// How long a bucket takes to fill from empty.
    pub fn forgets_after(&self) -> Span {
        Span::from_millis(self.refill.millis().saturating_mul(i64::from(self.capacity)))
    }
}
