//! Proof of possession: what binds a code or token to the one who asked for it.

pub mod dpop;
pub mod mtls;
pub mod pkce;
