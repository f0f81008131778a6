//! Proof Key for Code Exchange, RFC 7636. Only `S256`: `plain` is refused (RFC 9700 §2.1.1).

/// A `code_challenge` made with `S256`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);
