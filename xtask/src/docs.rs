//! The generated pages: `docs/specs.md`, `docs/configuration.md`, `docs/routes.txt` (`architecture.md` §2.15 law 6).
//!
//! Invariant: the crate that owns a table renders its page; a test of that crate (`…_in_step`) compares, and writes
//! instead if `UPDATE_DOCS` is set. There is no second way.

use crate::run::{cargo, command, done};

/// The tests that compare; the same features as a test of the workspace, so that nothing is built twice.
const IN_STEP: [&str; 9] =
    ["test", "--quiet", "--workspace", "--lib", "--test", "cases", "--", "in_step", "--nocapture"];

/// Writes the pages anew.
pub(crate) fn write() -> Result<(), String> {
    let mut test = command(&cargo(), &IN_STEP);
    test.env("UPDATE_DOCS", "1");
    done(test)
}

/// Compares the pages with what would be written.
pub(crate) fn compare() -> Result<(), String> {
    let mut test = command(&cargo(), &IN_STEP);
    test.env_remove("UPDATE_DOCS");
    done(test).map_err(|_| "a generated page is out of step: cargo xtask docs writes it anew".to_owned())
}
