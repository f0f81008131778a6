//! What a proof is worth: `acr`, `amr` and `auth_time` (OpenID Connect Core §2, RFC 8176).
//!
//! Invariant: nothing else in the program makes an `acr` or an `amr`; a requested value is never copied.

use openid::acr::{Amr, PASSWORD};
use openid::time::Time;

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
}

/// That somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// How.
    pub method: Method,
    /// When.
    pub at: Time,
}

/// What a sign-in was worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assurance {
    /// `acr`.
    pub acr: Option<String>,
    /// `amr`.
    pub amr: Amr,
    /// `auth_time`.
    pub auth_time: Time,
}

/// The `acr` values a sign-in here can have: `acr_values_supported`.
pub const ACR_VALUES: &[&str] = &[PASSWORD];

impl Proof {
    /// What it is worth.
    pub fn assurance(&self) -> Assurance {
        let (acr, amr) = match self.method {
            // RFC 8176 §2: `pwd`, password-based authentication.
            Method::Password => (PASSWORD, "pwd"),
        };
        Assurance { acr: Some(acr.to_owned()), amr: Amr::one(amr), auth_time: self.at }
    }
}
