//! Back-channel notices: OpenID Connect Back-Channel Logout 1.0 §2.4 to §2.8, and `logout.md` §4.
//!
//! Invariant: every reply and every failure has exactly one weight; nothing is dropped.

use serde_json::{Map, Value, json};

use crate::logout::judge::Notice;
use crate::time::{Span, Time};

/// `typ` of a logout token, §2.4.
pub const TYP: &str = "logout+jwt";

/// The member of `events` that makes a token a logout token, §2.4.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How long a logout token is good for: §2.4 recommends two minutes at most.
pub const LIFETIME: Span = Span::from_seconds(120);

/// The claims of a logout token. Always both `sub` and `sid`: without `sid` it would end every session the person has
/// at that relying party. `jti` is drawn anew for each attempt, because some record it before they act.
pub fn claims(notice: &Notice, issuer: &str, now: Time, jti: &str) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("iss".into(), json!(issuer));
    claims.insert("sub".into(), json!(notice.sub.as_str()));
    claims.insert("aud".into(), json!(notice.client.as_str()));
    claims.insert("iat".into(), json!(now.seconds()));
    claims.insert("exp".into(), json!((now + LIFETIME).seconds()));
    claims.insert("jti".into(), json!(jti));
    claims.insert("events".into(), json!({ EVENT: {} }));
    claims.insert("sid".into(), json!(notice.sid.as_str()));
    claims
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The relying party answered.
    Status {
        /// The HTTP status.
        code: u16,
        /// `Retry-After`, read by [`retry_after`].
        retry_after: Option<Span>,
    },
    /// It did not.
    Failed(Failure),
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Too slow.
    Timeout,
    /// No connection, or it broke.
    Connection,
    /// The name was not found.
    Dns,
    /// TLS failed.
    Tls,
    /// The answer could not be read as HTTP.
    Garbled,
    /// The address may not be reached (`architecture.md` §2.13), or is not an address.
    ForbiddenAddress,
}

/// What an attempt means for its notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// The relying party knows.
    Delivered,
    /// The relying party said no (§2.8): its own decision, final.
    Refused,
    /// It may recover: again later, not before the span it named.
    Later(Option<Span>),
    /// Somebody must look at it: parked, visible, repeatable.
    Park,
}

/// Weighs what came of an attempt (`logout.md` §4).
pub fn weigh(reply: &Reply) -> Weighed {
    match *reply {
        Reply::Status { code: 200 | 204, .. } => Weighed::Delivered,
        Reply::Status { code: 400, .. } => Weighed::Refused,
        Reply::Status { code: 501, .. } | Reply::Failed(Failure::ForbiddenAddress) => Weighed::Park,
        Reply::Status { code: 408 | 425 | 429 | 500..=599, retry_after } => Weighed::Later(retry_after),
        Reply::Status { .. } => Weighed::Park,
        Reply::Failed(Failure::Timeout | Failure::Connection | Failure::Dns | Failure::Tls | Failure::Garbled) => {
            Weighed::Later(None)
        }
    }
}

/// The first wait.
const FIRST_WAIT: i64 = 2_000;
/// The longest wait.
const LONGEST_WAIT: i64 = 15 * 60 * 1_000;

/// How long to wait after so many attempts: doubling from two seconds to a quarter of an hour, of which a drawn part
/// of at most half is taken off, so that notices that failed together do not come back together.
pub fn backoff(attempts: u32, jitter: u64) -> Span {
    let doublings = attempts.saturating_sub(1).min(16);
    let full = (FIRST_WAIT << doublings).min(LONGEST_WAIT);
    let half = full.unsigned_abs() / 2;
    let off = i64::try_from(jitter % (half + 1)).expect("at most half of the longest wait");
    Span::from_millis(full - off)
}

/// What becomes of a notice that must come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It is due then.
    At(Time),
    /// Its deadline has passed.
    Park,
}

/// When a notice comes again: after the back-off, or after what the relying party asked for if that is longer; a last
/// time at its deadline; then it is parked.
pub fn again(now: Time, wait: Span, asked: Option<Span>, deliver_by: Time) -> Again {
    if now >= deliver_by {
        return Again::Park;
    }
    Again::At((now + wait.max(asked.unwrap_or(Span::ZERO))).min(deliver_by))
}

/// Reads `Retry-After`, RFC 9110 §10.2.3: seconds, or an IMF-fixdate, as a span from now. `None`: not readable.
pub fn retry_after(header: &str, now: Time) -> Option<Span> {
    let header = header.trim();
    if header.bytes().all(|b| b.is_ascii_digit()) && !header.is_empty() {
        // More digits than fit are more than any deadline.
        return Some(header.parse().map_or(Span::from_days(365), Span::from_seconds));
    }
    fixdate(header).map(|at| at.since(now))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, RFC 9110 §5.6.7.
fn fixdate(text: &str) -> Option<Time> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_once(", ")?.1.split(' ');
    let day: i64 = words.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let name = words.next()?;
    let month = i64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1;
    let year: i64 = words.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut clock = words.next()?.split(':').map(|part| part.parse::<i64>().ok().filter(|n| (0..=60).contains(n)));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    if words.next() != Some("GMT") || words.next().is_some() || clock.next().is_some() {
        return None;
    }
    let days = days_since_epoch(year, month, day);
    Some(Time::from_seconds(((days * 24 + hour) * 60 + minute) * 60 + second))
}

/// Days from 1970-01-01, proleptic Gregorian: years begin in March, so that the leap day is the last of its year.
const fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
