//! How we come to know who is there: what a proof is worth, how often somebody may try, what a password, a letter and a
//! person's claims must be.
//!
//! Invariant: pure. No I/O, no clock, no dice, no HTML; passwords are hashed in the server, buckets are rows in the store.

pub mod assurance;
pub mod budget;
pub mod claims;
pub mod letter;
pub mod password;
