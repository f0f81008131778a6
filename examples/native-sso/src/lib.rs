//! What two apps of one vendor have in common: Native SSO for Mobile Apps 1.0, draft -07, as an app's developer writes it.
//!
//! Nothing of Ostiary is in here but what its discovery document says. Invariant: what apps share is in the keychain, an ID
//! Token and a device secret; access and refresh tokens are each app's own.

mod app;
mod loopback;

pub use app::{App, Failed};

use std::process::ExitCode;

/// Runs an app from its command line: `mail [--issuer URL] [--keychain FILE] COMMAND`.
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
    let app = App::open(name, &issuer, keychain.into()).await?;
    match command.as_deref() {
        Some("sign-in") => app.sign_in().await,
        Some("browser") => app.sign_in_by_browser().await,
        Some("whoami") => app.whoami().await,
        Some("refresh") => app.refresh().await,
        Some("sign-out") => app.sign_out().await,
        _ => Err(format!(
            "{name} [--issuer URL] [--keychain FOLDER] COMMAND\n  sign-in   by what is in the keychain, else by the browser\n  \
             browser   by the browser\n  whoami    ask the provider\n  refresh   use the refresh token\n  sign-out  of every app \
             on this device"
        )
        .into()),
    }
}
