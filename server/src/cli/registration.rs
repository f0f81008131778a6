//! `registration …`: whether clients may register themselves (RFC 7591), and which.
//!
//! Invariant: what is decided here holds for a running server within a second.

use clap::Subcommand;
use openid::registration::Registration;
use serde_json::json;

use super::out::{Failed, Out};
use crate::op::Op;

/// `ostiary registration …`.
#[derive(Subcommand, Debug)]
pub(super) enum RegistrationCommand {
    /// Anybody may register a client.
    Open,
    /// Whoever has an initial access token may register a client.
    Protected,
    /// Nobody may; clients that are there stay.
    Off,
    /// How it is.
    Show,
}

/// Runs one of them.
pub(super) async fn run(command: RegistrationCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        RegistrationCommand::Open => set(Registration::Open, op, out).await,
        RegistrationCommand::Protected => set(Registration::Protected, op, out).await,
        RegistrationCommand::Off => set(Registration::Off, op, out).await,
        RegistrationCommand::Show => show(op, out).await,
    }
}

async fn set(registration: Registration, op: &Op, out: &Out) -> Result<(), Failed> {
    super::change(op, "registration_set", registration.as_str(), async move |tx, _| {
        Ok(tx.set_registration(registration).await?.is_done().then_some(()))
    })
    .await?;
    show(op, out).await
}

async fn show(op: &Op, out: &Out) -> Result<(), Failed> {
    let mut reader = op.store().reader().await?;
    let settings = reader.registration_settings().await?;
    let clients = reader.count_registrations().await?;
    let endpoint = format!("{}/register", op.issuer().as_str());
    let offered = (settings.registration != Registration::Off).then_some(&endpoint);
    let answer = json!({
        "registration": settings.registration.as_str(),
        "registration_endpoint": offered,
        "registered_clients": clients,
    });
    out.answer(&answer, |out| {
        out.line(&match settings.registration {
            Registration::Off => "Registration is off: clients are added by `ostiary client add`.".to_owned(),
            Registration::Protected => {
                format!("Registration is protected: whoever has an initial access token may register at {endpoint}.")
            }
            Registration::Open => format!("Registration is open: anybody may register a client at {endpoint}."),
        });
        out.line(&format!("{clients} clients have registered themselves."));
        match settings.registration {
            Registration::Off => out.hint("Next: `ostiary registration protected`, or `open`."),
            Registration::Protected | Registration::Open => {}
        }
    });
    Ok(())
}
