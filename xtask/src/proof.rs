//! `cargo xtask proof`: what logout promises, against the running server (`logout.md` §8).
//!
//! Invariant: the harness is a test program of the server; it judges, here is only the call.

use crate::run::{cargo, command, done};

/// As many graphs as CI has time for: the same harness, the same judge.
pub(crate) const SHORT: [&str; 8] = ["--graphs", "32", "--postgres", "0", "--expire", "1000", "--failover", "0"];

/// Builds the binary and the harness with the features of the whole workspace, and runs it.
pub(crate) fn run(arguments: &[&str]) -> Result<(), String> {
    let proof = ["test", "--quiet", "--locked", "--workspace", "--test", "proof", "--", "prove"];
    done(command(&cargo(), &[&proof[..], arguments].concat()))
}
