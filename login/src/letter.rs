//! Letters: e-mails to people, most of them with a link that works once. What each is about, how long its link lives, what
//! a link that comes back is worth, and what a mail server's reply means.
//!
//! Invariant: pure. A link proves that somebody reads the mail of one address, and nothing else.

use openid::account::Account;
use openid::time::{Span, Time};
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use serde_json::Value;

/// What a letter is about; the word is the `about` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum About {
    /// Somebody wants an account under this address.
    SignUp,
    /// Somebody wanted one under an address that has one.
    Taken,
    /// The account wants to have this address.
    Verify,
    /// The account has another address now: to the old one.
    Changed,
    /// The password was forgotten.
    Recover,
}

impl About {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::SignUp, Self::Taken, Self::Verify, Self::Changed, Self::Recover];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Taken => "sign_up_taken",
            Self::Verify => "verify_email",
            Self::Changed => "email_changed",
            Self::Recover => "recover",
        }
    }

    /// Reads the word.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|about| about.as_str() == text)
    }

    /// How long its link lives; a letter that is not delivered by then is not sent any more. A new password is worth more
    /// to a thief than an address, and whoever has forgotten one is waiting.
    pub const fn life(self) -> Span {
        match self {
            Self::Recover => Span::from_minutes(30),
            Self::SignUp | Self::Taken | Self::Verify | Self::Changed => Span::from_hours(24),
        }
    }

    /// Whether it carries a link that works once.
    pub const fn has_link(self) -> bool {
        match self {
            Self::SignUp | Self::Verify | Self::Recover => true,
            Self::Taken | Self::Changed => false,
        }
    }
}

/// What is known of the letter a link came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Until when.
    pub expires_at: Time,
    /// When it was used, or another took its place.
    pub spent_at: Option<Time>,
}

/// Judges a link that somebody opened or used. `None`: nobody knows it.
pub fn judge(letter: Option<Standing>, now: Time) -> Result<(), Refusal> {
    let no = |why, say| Err(refuse(ErrorCode::InvalidRequest, why, say));
    match letter {
        None => no("link_unknown", "this link is not known here"),
        Some(Standing { spent_at: Some(_), .. }) => {
            no("link_spent", "this link has been used, or another took its place")
        }
        Some(letter) if now >= letter.expires_at => no("link_expired", "this link is too old"),
        Some(_) => Ok(()),
    }
}

/// Where a letter reaches the owner of an account: the address an operator or its reader vouched for. One that is said not to
/// be confirmed may be anybody's.
pub fn reachable(account: &Account) -> Option<&str> {
    let confirmed = account.claims.get("email_verified") != Some(&Value::Bool(false));
    let address = account.claims.get("email").and_then(Value::as_str);
    address.filter(|address| account.disabled_at.is_none() && confirmed && is_address(address))
}

/// Whether a letter that was written to this address goes to the owner of the account still: an address that was given up
/// since, or is not confirmed any more, may be anybody's.
pub fn still_reaches(account: &Account, address: &str) -> bool {
    reachable(account).is_some_and(|own| address_key(own) == address_key(address))
}

/// What a mail server's reply means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighed {
    /// It took the letter.
    Delivered,
    /// It says no to this letter: another attempt would hear the same.
    Refused,
    /// Something that may pass, or that an operator can mend: again, until the deadline.
    Later,
}

/// What a reply was given to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The address itself: no mail server could be asked to take it.
    Address,
    /// The greeting, TLS, our credentials, `MAIL FROM`: nothing of this letter was known yet.
    Door,
    /// `RCPT TO` and `DATA`.
    Letter,
}

/// Weighs the code of a reply, RFC 5321 §4.2.1 and §4.2.3; none if there was no reply.
pub fn weigh(phase: Phase, code: Option<u16>) -> Weighed {
    match (phase, code) {
        (Phase::Letter, Some(200..=299)) => Weighed::Delivered,
        // The mailbox, its size, its name, its domain (RFC 7504), the transaction as a whole.
        (Phase::Letter, Some(501 | 521 | 550..=554 | 556)) | (Phase::Address, _) => Weighed::Refused,
        // What is said at the door (RFC 5321 §3.1: 554 is "no SMTP service here") says nothing of the letter.
        (Phase::Letter | Phase::Door, _) => Weighed::Later,
    }
}

/// An address as it is compared. The part before the `@` could in theory tell cases apart (RFC 5321 §2.4); nobody's does.
pub fn address_key(address: &str) -> String {
    address.trim().to_lowercase()
}

/// Whether a letter can be sent to what somebody typed: a `Dot-string` at a `Domain` (RFC 5321 §4.1.2, RFC 6531 §3.3).
pub fn is_address(typed: &str) -> bool {
    let Some((local, host)) = typed.rsplit_once('@') else { return false };
    let atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii();
    let local_fits = local.len() <= 64 && local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(atext));
    let label = |label: &str| {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || !c.is_ascii();
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-') && label.chars().all(legal)
    };
    let host_fits = host.len() <= 255 && host.split('.').all(label);
    local_fits && host_fits && crate::claims::parse("email", typed).is_ok()
}
