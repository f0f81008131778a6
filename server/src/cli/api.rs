//! `api …`: who may call the operator's API.
//!
//! Invariant: by default nobody may. A client that may has `client_credentials` and the API among the targets of its policy;
//! both are written in one transaction with their line in the audit trail.

use clap::{Args, Subcommand};
use openid::claims::language::Words;
use openid::client::metadata::Metadata;
use openid::client::policy::{EnteredBy, Policy};
use openid::name::ClientId;
use openid::operator::{ACT, READ, resource};
use openid::resource::{ResourceScope, ResourceServer, TokenFormat};
use serde_json::json;
use store::resources::Written;

use super::out::{Failed, Out};
use crate::client_row::{keep, row};
use crate::op::Op;

/// `ostiary api …`.
#[derive(Subcommand, Debug)]
pub(super) enum ApiCommand {
    /// Add a client that may call the API, and say how.
    Add(AddArguments),
    /// The API's description (`OpenAPI` 3.1).
    Describe,
}

/// `ostiary api add`.
#[derive(Args, Debug)]
pub(super) struct AddArguments {
    /// What it is called: `dashboard`, `on-call`.
    name: String,
    /// It may act too: end sessions, send notices again, give them up. Without this it may only look.
    #[arg(long)]
    act: bool,
    /// The `client_id`, if it is not to be drawn.
    #[arg(long)]
    client_id: Option<String>,
}

/// Runs one of them.
pub(super) async fn run(command: ApiCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        ApiCommand::Add(arguments) => add(&arguments, op, out).await,
        ApiCommand::Describe => {
            let document = crate::endpoint::api::description::description(op.issuer().as_str());
            out.line(&serde_json::to_string_pretty(&document)?);
            Ok(())
        }
    }
}

/// The API as a resource server like any other.
fn api(issuer: &str) -> ResourceServer {
    let words = |texts: &[(&str, &str)]| {
        Words(texts.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned())).collect())
    };
    let scope = |value: &str, titles: &[(&str, &str)]| ResourceScope { value: value.to_owned(), titles: words(titles) };
    ResourceServer {
        identifier: resource(issuer),
        names: words(&[("", "Ostiary, the operator's API")]),
        format: TokenFormat::Opaque,
        lifetime: None,
        scopes: vec![
            scope(READ, &[("", "Look at figures, notices and sessions")]),
            scope(ACT, &[("", "End sessions, send notices again, give them up")]),
        ],
        clients: Vec::new(),
    }
}

async fn add(arguments: &AddArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let issuer = op.issuer().as_str().to_owned();
    let scope = if arguments.act { format!("{READ} {ACT}") } else { READ.to_owned() };
    let metadata = json!({
        "client_name": arguments.name,
        "grant_types": ["client_credentials"],
        "response_types": [],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": scope,
    });
    let metadata = Metadata::read(metadata.as_object().unwrap_or(&serde_json::Map::new()))?;
    let policy = Policy { targets: vec![resource(&issuer)], ..Policy::default() };
    let id = arguments.client_id.clone().unwrap_or_else(|| op.dice().name());
    if !openid::client::is_id(&id) {
        return Err(Failed::new("a client_id has 1 to 255 printable ASCII characters without spaces"));
    }
    let kept = keep(op, &metadata, None, EnteredBy::Operator)?;
    let row = row(op, ClientId::new(&id), &metadata, &policy, &kept)?;
    let (server, now, new) = (api(&issuer), op.now(), row);
    let added = super::change(op, "api_client_added", &id, async move |tx, line| {
        // There already is as good as added; a scope value of it that belongs to another is not.
        let written = tx.add_resource_server(&server, now).await?;
        if matches!(written, Written::ScopeTaken { .. }) {
            return Ok(None);
        }
        line.tell(&json!({"scope": scope}));
        Ok(tx.add_client(&new).await?.is_done().then_some(scope.clone()))
    });
    let Some(scope) = added.await? else {
        return Err(Failed::new(format!(
            "there is a client {id} already, or {READ} is a scope of another resource server (`ostiary resource list`)"
        )));
    };
    let secret = kept.shown.as_ref().map(|secret| secret.as_str()).unwrap_or_default();
    let answer = json!({
        "client_id": id, "client_secret": secret, "scope": scope, "resource": resource(&issuer),
        "token_endpoint": format!("{issuer}/token"), "api": format!("{issuer}/api/v1"),
    });
    out.answer(&answer, |out| {
        out.line(&format!("{} may call the API with the scope {scope}.", arguments.name));
        out.line(&format!("  client_id      {id}\n  client_secret  {secret}"));
        out.line("The client_secret is shown this once. Ask for an access token:");
        let asked = format!("-d grant_type=client_credentials -d resource={}", resource(&issuer));
        out.line(&format!("  curl -u '{id}:{secret}' {issuer}/token {asked}"));
        out.line("and use it:");
        out.line(&format!("  curl -H \"Authorization: Bearer $TOKEN\" {issuer}/api/v1/figures"));
        out.line(&format!("What there is stands in {issuer}/api/v1/openapi.json and in docs/api.md."));
        out.line(&format!("`ostiary client disable {id}` shuts it out at once."));
    });
    Ok(())
}
