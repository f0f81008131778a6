//! Other people's software: clients from the registries against the running binary, and libraries as oracles of `jose`.
//!
//! Invariant: `interop/run` knows how; here is only the call.

use crate::run::{command, done, root};

/// Whether `interop/run` is there.
pub(crate) fn there() -> bool {
    root().join("interop/run").is_file()
}

/// Whether the oracles are there.
pub(crate) fn oracles_there() -> bool {
    root().join("interop/oracles/Cargo.toml").is_file()
}

/// Runs all of it.
pub(crate) fn run() -> Result<(), String> {
    if !there() {
        return Err("interop/run is not there".to_owned());
    }
    done(command("bash", &["interop/run"]))
}
