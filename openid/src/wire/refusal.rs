//! How the protocol says no: RFC 6749 §4.1.2.1 and §5.2, and the IANA OAuth Extensions Error Registry.
//!
//! Invariant: `say` is safe for a stranger and keeps to the characters of RFC 6749 §5.2 (no quotes, no backslash);
//! `why` is a unique static key that is logged and counted and never sent.

use std::borrow::Cow;
use std::fmt;

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// An error code of the protocols. Closed: a code outside the registry cannot be sent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$meta])* $name),* }

        impl ErrorCode {
            /// Every code, in registry order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as it is spelt on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

codes! {
    /// RFC 6749 §4.1.2.1, §5.2
    InvalidRequest = "invalid_request",
    /// RFC 6749 §5.2
    InvalidClient = "invalid_client",
    /// RFC 6749 §5.2
    InvalidGrant = "invalid_grant",
    /// RFC 6749 §4.1.2.1, §5.2
    UnauthorizedClient = "unauthorized_client",
    /// RFC 6749 §5.2
    UnsupportedGrantType = "unsupported_grant_type",
    /// RFC 6749 §4.1.2.1, §5.2
    InvalidScope = "invalid_scope",
    /// RFC 6749 §4.1.2.1
    AccessDenied = "access_denied",
    /// RFC 6749 §4.1.2.1
    UnsupportedResponseType = "unsupported_response_type",
    /// RFC 6749 §4.1.2.1
    ServerError = "server_error",
    /// RFC 6749 §4.1.2.1
    TemporarilyUnavailable = "temporarily_unavailable",
    /// RFC 7009 §2.2.1
    UnsupportedTokenType = "unsupported_token_type",
    /// OpenID Connect Core §3.1.2.6
    InteractionRequired = "interaction_required",
    /// OpenID Connect Core §3.1.2.6
    LoginRequired = "login_required",
    /// OpenID Connect Core §3.1.2.6
    AccountSelectionRequired = "account_selection_required",
    /// OpenID Connect Core §3.1.2.6
    ConsentRequired = "consent_required",
    /// OpenID Connect Core §3.1.2.6
    InvalidRequestUri = "invalid_request_uri",
    /// OpenID Connect Core §3.1.2.6
    InvalidRequestObject = "invalid_request_object",
    /// OpenID Connect Core §3.1.2.6
    RequestNotSupported = "request_not_supported",
    /// OpenID Connect Core §3.1.2.6
    RequestUriNotSupported = "request_uri_not_supported",
    /// OpenID Connect Core §3.1.2.6
    RegistrationNotSupported = "registration_not_supported",
    /// OpenID Connect Core Error Code `unmet_authentication_requirements` 1.0
    UnmetAuthenticationRequirements = "unmet_authentication_requirements",
    /// RFC 6750 §3.1
    InvalidToken = "invalid_token",
    /// RFC 6750 §3.1
    InsufficientScope = "insufficient_scope",
    /// RFC 9449 §5, §7.1
    InvalidDpopProof = "invalid_dpop_proof",
    /// RFC 9449 §8
    UseDpopNonce = "use_dpop_nonce",
    /// RFC 8707 §2
    InvalidTarget = "invalid_target",
    /// RFC 7591 §3.2.2
    InvalidRedirectUri = "invalid_redirect_uri",
    /// RFC 7591 §3.2.2
    InvalidClientMetadata = "invalid_client_metadata",
    /// RFC 7591 §3.2.2
    InvalidSoftwareStatement = "invalid_software_statement",
    /// RFC 7591 §3.2.2
    UnapprovedSoftwareStatement = "unapproved_software_statement",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The protocol says no. Not a fault of ours: a transaction that ends in a refusal commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The error code on the wire.
    pub code: ErrorCode,
    /// `error_description`: what was wrong, in words safe for a stranger.
    pub say: Cow<'static, str>,
    /// A unique key of the place that refused, for logs and metrics.
    pub why: &'static str,
}

/// Makes a [`Refusal`]. `why` is unique in the whole program (`xtask tidy` checks), so one log line names one place.
pub fn refuse(code: ErrorCode, why: &'static str, say: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal { code, say: say.into(), why }
}

impl Refusal {
    /// `say` in the characters `error_description` may have (RFC 6749 §4.1.2.1, §5.2).
    pub fn description(&self) -> String {
        self.say.chars().map(|c| if matches!(c, ' ' | '!' | '#'..='[' | ']'..='~') { c } else { '?' }).collect()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.code, self.say, self.why)
    }
}

impl std::error::Error for Refusal {}
