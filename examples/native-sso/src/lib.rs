//! What two apps of one vendor have in common: Native SSO for Mobile Apps 1.0, draft -07, as an app's developer writes it.
//!
//! Nothing of Ostiary is in here but what its discovery document says. Invariant: what apps share is in the keychain, an ID
//! Token and a device secret; access and refresh tokens are each app's own.

mod app;
mod loopback;

pub use app::{App, Failed};

use std::process::ExitCode;

const COMMANDS: &str = "[--issuer URL] [--keychain FOLDER] COMMAND\n  \
    sign-in          by what is in the keychain, else by the browser\n  \
    browser          by the browser\n  \
    whoami           ask the provider\n  \
    refresh          use the refresh token\n  \
    sign-out         of this app; the others go on, and share what they get anew\n  \
    sign-out-device  of every app on this device, by the browser";

/// Runs an app from its command line: `mail [--issuer URL] [--keychain FOLDER] COMMAND`.
pub async fn run(name: &'static str) -> ExitCode {
    match command(name).await {
        Ok(said) => {
            say(&said);
            ExitCode::SUCCESS
        }
        Err(failed) => {
            say(&format!("{name}: {failed}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "an app of the command line talks to the terminal")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

async fn command(name: &'static str) -> Result<String, Failed> {
    let mut issuer = "http://localhost:8080".to_owned();
    let mut keychain = std::env::temp_dir().join("acme-keychain").display().to_string();
    let mut words = std::env::args().skip(1);
    let mut command = None;
    while let Some(word) = words.next() {
        match word.as_str() {
            "--issuer" => issuer = words.next().ok_or("--issuer needs a URL")?,
            "--keychain" => keychain = words.next().ok_or("--keychain needs a folder")?,
            _ => command = Some(word),
        }
    }
    // Whoever asks what there is gets an answer without a provider.
    let command = command.unwrap_or_default();
    if !COMMANDS.lines().any(|line| !command.is_empty() && line.trim_start().starts_with(&format!("{command} "))) {
        return Err(COMMANDS.into());
    }
    let app = App::open(name, &issuer, keychain.into()).await?;
    match command.as_str() {
        "sign-in" => app.sign_in().await,
        "browser" => app.sign_in_by_browser().await,
        "whoami" => app.whoami().await,
        "refresh" => app.refresh().await,
        "sign-out" => app.sign_out().await,
        _ => app.sign_out_device(),
    }
}
