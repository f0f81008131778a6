//! The token endpoint: RFC 6749 §3.2, OpenID Connect Core §3.1.3 and §12.
//!
//! Invariant: tokens are written only after a judge said yes; a refusal never spends a refresh token.

pub mod authorization_code;
pub mod claims;
pub mod client_credentials;
pub mod issue;
pub mod refresh_token;
pub mod request;
