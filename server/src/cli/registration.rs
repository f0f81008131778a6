//! `registration …`: whether clients may register themselves (RFC 7591), and which.
//!
//! Invariant: what is decided here holds for a running server at once, and in discovery within a second.

mod tokens;

use std::path::PathBuf;

use clap::Subcommand;
use openid::registration::Registration;
use openid::registration::policy::RegistrationPolicy;
use serde_json::{Map, Value, json};

use super::client::read;
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
    /// What may be registered.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Initial access tokens: what those who may register show.
    #[command(subcommand)]
    Token(tokens::TokenCommand),
}

/// `ostiary registration policy …`.
#[derive(Subcommand, Debug)]
pub(super) enum PolicyCommand {
    /// The policy, with what stands where nothing was written.
    Show,
    /// Replace it.
    Set {
        /// A file with the policy as JSON, or `-` for standard input; docs/registration.md explains it.
        file: PathBuf,
    },
}

/// Runs one of them.
pub(super) async fn run(command: RegistrationCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        RegistrationCommand::Open => set(Registration::Open, op, out).await,
        RegistrationCommand::Protected => set(Registration::Protected, op, out).await,
        RegistrationCommand::Off => set(Registration::Off, op, out).await,
        RegistrationCommand::Show => show(op, out).await,
        RegistrationCommand::Policy(PolicyCommand::Show) => show_policy(op, out).await,
        RegistrationCommand::Policy(PolicyCommand::Set { file }) => set_policy(&read(&file)?, op, out).await,
        RegistrationCommand::Token(command) => tokens::run(command, op, out).await,
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
    drop(reader);
    let policy = policy(&settings.policy)?;
    let endpoint = format!("{}/register", op.issuer().as_str());
    let offered = (settings.registration != Registration::Off).then_some(&endpoint);
    let answer = json!({
        "registration": settings.registration.as_str(),
        "registration_endpoint": offered,
        "registered_clients": clients,
        "max_clients": policy.server.max_clients,
        "unused_days": policy.server.unused_days,
    });
    out.answer(&answer, |out| {
        out.line(&match settings.registration {
            Registration::Off => "Registration is off: clients are added by `ostiary client add`.".to_owned(),
            Registration::Protected => {
                format!("Registration is protected: whoever has an initial access token may register at {endpoint}.")
            }
            Registration::Open => format!("Registration is open: anybody may register a client at {endpoint}."),
        });
        out.line(&format!("{clients} clients have registered themselves, of {} at most.", policy.server.max_clients));
        out.line(&match policy.server.unused_days {
            Some(days) => format!("Those that are not used are removed after {days} days."),
            None => "Those that are not used stay; unused_days in the policy removes them.".to_owned(),
        });
        out.hint(match settings.registration {
            Registration::Off => "Next: `ostiary registration protected`, or `open`.",
            Registration::Protected => "Next: `ostiary registration token add`; `ostiary registration policy show` says what may be registered.",
            Registration::Open => "Next: `ostiary registration policy show` says what may be registered.",
        });
    });
    Ok(())
}

fn policy(text: &str) -> Result<RegistrationPolicy, Failed> {
    RegistrationPolicy::stored(text).map_err(|e| {
        Failed::new(format!(
            "the registration policy cannot be read ({e}); `ostiary registration policy set` replaces it"
        ))
    })
}

async fn show_policy(op: &Op, out: &Out) -> Result<(), Failed> {
    let text = op.store().reader().await?.registration_settings().await?.policy;
    told(&policy(&text)?, out);
    Ok(())
}

fn told(policy: &RegistrationPolicy, out: &Out) {
    let document = Value::Object(policy.document());
    out.answer(&document, |out| out.line(&serde_json::to_string_pretty(&document).unwrap_or_default()));
}

async fn set_policy(written: &Map<String, Value>, op: &Op, out: &Out) -> Result<(), Failed> {
    let policy =
        RegistrationPolicy::read(written).map_err(|e| Failed::new(format!("this is no registration policy: {e}")))?;
    let text = Value::Object(written.clone()).to_string();
    super::change(op, "registration_policy_set", "registration_policy", async move |tx, _| {
        Ok(tx.set_registration_policy(&text).await?.is_done().then_some(()))
    })
    .await?;
    told(&policy, out);
    let offered = op.offers().scopes.clone();
    for scope in policy.allowed.scopes.iter().flatten().filter(|scope| !offered.contains(scope)) {
        out.hint(&format!("Note: {scope} is a scope this server itself does not know; a resource server must."));
    }
    for issuer in &policy.server.statement_issuers {
        if let Some(Err(unreached)) =
            issuer.jwks_uri.as_ref().map(|uri| op.outbound().allows(crate::outbound::Class::Operator, uri))
        {
            out.hint(&format!("Warning: {}: {unreached}.", issuer.issuer));
        }
    }
    out.hint("It holds for what is registered from now on, and for what is changed; clients that are there stay as they are.");
    Ok(())
}
