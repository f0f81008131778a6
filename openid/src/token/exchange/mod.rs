//! Token exchange: RFC 8693 §2, and its profile in OpenID Connect Native SSO for Mobile Apps §4.
//!
//! Invariant: nothing is exchanged that an operator did not allow: without a policy every exchange is refused.

pub mod general;
pub mod native;
pub mod rules;

pub use general::GeneralExchange;
pub use native::NativeExchange;

use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// `grant_type` (§2.1).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// §3: an access token; the only type that is issued.
pub const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// §3: an ID Token.
pub const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// The same, as the examples of both drafts of Native SSO write it.
pub const ID_TOKEN_HYPHEN: &str = "urn:ietf:params:oauth:token-type:id-token";

/// Native SSO §4.2, draft -07: a device secret.
pub const DEVICE_SECRET: &str = "urn:openid:params:token-type:device-secret";

/// The same in draft -03.
pub const DEVICE_SECRET_03: &str = "urn:x-oath:params:oauth:token-type:device-secret";

/// The request: `grant_type=urn:ietf:params:oauth:grant-type:token-exchange`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// An ID Token and a device secret (Native SSO §4.2).
    Native(NativeExchange),
    /// One of our access tokens (RFC 8693 §2.1).
    General(GeneralExchange),
}

/// RFC 8693 §2.2.2: "the error code is `invalid_request`".
fn malformed(why: &'static str, say: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidRequest, why, say)
}

impl Exchange {
    /// Reads the parameters of §2.1. What is presented as what says which kind of exchange it is.
    pub fn read(form: &Form) -> Result<Self, Refusal> {
        form.need("subject_token")?;
        let subject = form.need("subject_token_type")?;
        if !matches!(form.get("requested_token_type"), None | Some(ACCESS_TOKEN)) {
            return Err(malformed("exchange_requested_type", "requested_token_type: only access tokens are issued"));
        }
        // §2.1: "REQUIRED when the actor_token parameter is present […] but MUST NOT be included otherwise".
        if form.get("actor_token").is_some() != form.get("actor_token_type").is_some() {
            return Err(malformed("exchange_actor_half", "actor_token and actor_token_type go together"));
        }
        match subject {
            ID_TOKEN | ID_TOKEN_HYPHEN => NativeExchange::read(form).map(Self::Native),
            ACCESS_TOKEN => GeneralExchange::read(form).map(Self::General),
            _ => Err(malformed("exchange_subject_type", "subject_token_type is not supported")),
        }
    }
}
