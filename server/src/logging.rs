//! The log: one line an event, readable alone, identifiers also as fields.
//!
//! Invariant: no secret is ever a field; fields are named by hand.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::config::{LogConfig, LogFormat};

/// Whether the level is one. A bare word that is no level would silence everything but a module of that name.
pub fn check(config: &LogConfig) -> Result<(), String> {
    let level = &config.level;
    let stray = level.split(',').find(|part| !part.contains(['=', '[']) && part.trim().parse::<LevelFilter>().is_err());
    if stray.is_some() || EnvFilter::try_new(level).is_err() {
        return Err(format!("\"{level}\" is neither a level such as info nor a filter such as info,store=debug"));
    }
    Ok(())
}

/// Starts logging to standard error. A second start in one process changes nothing.
pub fn start(config: &LogConfig) {
    // What cannot be read was refused with the configuration.
    let filter = EnvFilter::new(&config.level);
    let base = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let started = match config.format {
        LogFormat::Json => base.json().flatten_event(true).try_init(),
        LogFormat::Text => base.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
    if let Err(error) = started {
        tracing::debug!("logging was started before: {error}");
    }
}
