//! Differential tests of `jose` against the oracles, each in both directions.

mod jwe;
mod jws;
mod keys;
mod parts;
