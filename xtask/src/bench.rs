//! `cargo xtask bench`: the load bench, which needs the release binary.
//!
//! Invariant: it prints; nothing is judged by time.

use crate::run::{cargo, command, done};

/// Builds the release binary and the bench, and runs it.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let bench = ["bench", "--locked", "--package", "ostiary", "--bench", "load", "--"];
    done(command(&cargo(), &[&bench[..], arguments].concat()))
}
