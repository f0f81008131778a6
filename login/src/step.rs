//! What to ask a person next. Today there is one proof, so one question; passkeys, codes and recovery come here.
//!
//! Invariant: asking is repeatable. Nothing is remembered between two calls.

use crate::assurance::{Assurance, Proof};

/// What now?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask for a password.
    Password,
    /// Enough is proven.
    Done(Assurance),
}

/// Given what has been proven since the request began, what next.
pub fn next(proven: Option<&Proof>) -> Step {
    match proven {
        None => Step::Password,
        Some(proof) => Step::Done(proof.assurance()),
    }
}
