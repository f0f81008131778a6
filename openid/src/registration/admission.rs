//! Who may register, and who may come back: RFC 7591 §3, RFC 7592 §2, OpenID Connect Registration §3 and §4.4.
//!
//! Invariant: a token that was sent counts, also where none was needed; a client nobody knows and a token that is wrong get
//! the same answer.

use super::Registration;
use crate::name::Digest;
use crate::time::Time;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// What is known of an initial access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialToken {
    /// Its name in the list of tokens.
    pub id: String,
    /// How often it may be used; `None`: as often as it is shown.
    pub most_uses: Option<u32>,
    /// How often it was.
    pub uses: u32,
    /// When it ends.
    pub expires_at: Option<Time>,
    /// When an operator revoked it.
    pub revoked_at: Option<Time>,
}

impl InitialToken {
    /// Whether it may be used once more.
    pub fn is_live(&self, now: Time) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|end| now < end)
            && self.most_uses.is_none_or(|most| self.uses < most)
    }
}

/// What somebody who wants to register has shown.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// No token.
    Nothing,
    /// One that nobody handed out.
    Unknown,
    /// One that was handed out.
    Token(&'a InitialToken),
}

/// How somebody came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By themselves: their network's budget pays.
    Open,
    /// With an initial access token: one use of it pays.
    Token,
}

/// `why` of a request that needs a token and has none: the challenge then names the scheme and nothing else (RFC 6750 §3).
pub const NO_TOKEN: &str = "registration_token_absent";

/// Whether somebody may register.
pub fn admit(registration: Registration, shown: Shown<'_>, now: Time) -> Result<Way, Refusal> {
    match (registration, shown) {
        (Registration::Off, _) => Err(refuse(
            ErrorCode::AccessDenied,
            "registration_off",
            "this server does not let clients register themselves; ask its operator to add the client",
        )),
        (Registration::Protected, Shown::Nothing) => {
            Err(refuse(ErrorCode::InvalidToken, NO_TOKEN, "an initial access token is needed to register"))
        }
        (Registration::Open, Shown::Nothing) => Ok(Way::Open),
        (_, Shown::Token(token)) if token.is_live(now) => Ok(Way::Token),
        (_, Shown::Unknown | Shown::Token(_)) => Err(refuse(
            ErrorCode::InvalidToken,
            "initial_token_dead",
            "the initial access token is unknown, used up, or has ended",
        )),
    }
}

/// Whether this is the registration access token of a client that registered itself; of nobody, if there is no such client.
pub fn returns(presented: Option<&str>, kept: Option<&Digest>) -> Result<(), Refusal> {
    let Some(presented) = presented else {
        return Err(refuse(
            ErrorCode::InvalidToken,
            "configuration_token_absent",
            "the registration access token is needed",
        ));
    };
    let nobody = Digest([0; 32]);
    match jose::equal(&Digest::of(presented).0, &kept.unwrap_or(&nobody).0) && kept.is_some() {
        true => Ok(()),
        false => Err(refuse(
            ErrorCode::InvalidToken,
            "registration_token_wrong",
            "the registration access token is not that of this client",
        )),
    }
}
