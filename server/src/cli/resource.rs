//! `resource …`: resource servers, what their access tokens look like, and which scopes mean something there (RFC 8707,
//! RFC 9068).

use std::path::PathBuf;

use clap::Subcommand;
use openid::resource::{Ours, ResourceServer, TokenFormat};
use serde_json::{Value, json};
use store::resources::Written;

use super::client::read;
use super::out::{Failed, Out};
use crate::keyring::ALGORITHMS;
use crate::op::Op;

/// `ostiary resource …`.
#[derive(Subcommand, Debug)]
pub(super) enum ResourceCommand {
    /// Add a resource server; docs/resource-servers.md explains the file.
    Add {
        /// A file that describes it as JSON, or `-` for standard input.
        file: PathBuf,
    },
    /// Every resource server.
    List,
    /// One resource server.
    Show {
        /// Its identifier, the URI that applications name as `resource`.
        resource: String,
    },
    /// Replace what is known of a resource server.
    Change {
        /// A file that describes it as JSON, or `-` for standard input.
        file: PathBuf,
    },
    /// Remove it: nobody gets a token for it any more. Those that are JWTs stay good for who verifies them until they expire.
    Remove {
        /// Its identifier.
        resource: String,
    },
}

/// Runs one of them.
pub(super) async fn run(command: ResourceCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        ResourceCommand::Add { file } => {
            let server = described(&file, op)?;
            let new = server.clone();
            let now = op.now();
            let added = write(op, "resource_added", &server, async move |tx| tx.add_resource_server(&new, now).await);
            if !added.await? {
                return Err(Failed::new(format!(
                    "there is a resource server {} already; `ostiary resource change` replaces it",
                    server.identifier
                )));
            }
            told(&server, op, out).await
        }
        ResourceCommand::Change { file } => {
            let server = described(&file, op)?;
            let new = server.clone();
            let now = op.now();
            let changed =
                write(op, "resource_changed", &server, async move |tx| tx.replace_resource_server(&new, now).await);
            if !changed.await? {
                return Err(unknown(&server.identifier));
            }
            told(&server, op, out).await
        }
        ResourceCommand::List => {
            list(op, out);
            Ok(())
        }
        ResourceCommand::Show { resource } => {
            let resources = op.resources();
            let server = resources.find(&resource).ok_or_else(|| unknown(&resource))?;
            let shown = Value::Object(server.written());
            out.answer(&shown, |out| out.line(&serde_json::to_string_pretty(&shown).unwrap_or_default()));
            Ok(())
        }
        ResourceCommand::Remove { resource } => remove(&resource, op, out).await,
    }
}

fn unknown(resource: &str) -> Failed {
    Failed::new(format!("there is no resource server {resource}; `ostiary resource list` shows them"))
}

fn described(file: &std::path::Path, op: &Op) -> Result<ResourceServer, Failed> {
    let ours = Ours { issuer: op.issuer().as_str(), algs: ALGORITHMS, scopes: &op.catalogue().all_scopes() };
    ResourceServer::read(&read(file)?, ours).map_err(|problem| Failed::new(format!("{}: {problem}", file.display())))
}

/// Writes it with its audit line. `false`: there was nothing to be written to, or something in its place.
async fn write<F>(op: &Op, action: &str, server: &ResourceServer, work: F) -> Result<bool, Failed>
where
    F: AsyncFn(&mut store::Tx) -> Result<Written, store::Fault> + Send + 'static,
{
    let detail = Value::Object(server.written());
    let written = super::change(op, action, &server.identifier, async move |tx, line| {
        line.tell(&detail);
        match work(tx).await? {
            Written::Yes => Ok(Some(Written::Yes)),
            // Nothing was written: there is no line to write. The refusal says why.
            Written::No => Ok(None),
            Written::ScopeTaken { value, resource } => Err(taken(&value, &resource).into()),
        }
    });
    Ok(written.await?.is_some())
}

fn taken(value: &str, resource: &str) -> openid::wire::refusal::Refusal {
    openid::wire::refusal::refuse(
        openid::wire::refusal::ErrorCode::InvalidScope,
        "resource_scope_taken",
        format!("the scope {value} belongs to {resource}; a scope means something at one resource server"),
    )
}

/// What was written, and what is still missing for it to be of use.
async fn told(server: &ResourceServer, op: &Op, out: &Out) -> Result<(), Failed> {
    let mut missing = Vec::new();
    let mut reader = op.store().reader().await?;
    for client in &server.clients {
        if reader.client(client).await?.is_none() {
            missing.push(client.as_str());
        }
    }
    drop(reader);
    let shown = Value::Object(server.written());
    out.answer(&shown, |out| {
        out.line(&serde_json::to_string_pretty(&shown).unwrap_or_default());
        for client in missing {
            out.hint(&format!("Warning: there is no client {client} yet; `ostiary client add --client-id {client}`."));
        }
        if server.format == TokenFormat::Opaque && server.clients.is_empty() {
            out.hint("Note: nobody may introspect its access tokens, and opaque ones say nothing by themselves.");
            out.hint("  Name the client of the resource server in introspected_by, or let them be JWTs.");
        }
    });
    Ok(())
}

fn list(op: &Op, out: &Out) {
    let resources = op.resources();
    let row = |server: &ResourceServer| {
        let format = match server.format {
            TokenFormat::Opaque => "opaque".to_owned(),
            TokenFormat::Jwt(alg) => format!("jwt {alg}"),
        };
        let lifetime = server.lifetime.map_or_else(|| "default".to_owned(), |span| format!("{} s", span.seconds()));
        let scopes: Vec<&str> = server.scopes.iter().map(|scope| scope.value.as_str()).collect();
        vec![server.identifier.clone(), server.name(&[]).to_owned(), format, lifetime, scopes.join(" ")]
    };
    let rows: Vec<_> = resources.iter().map(|server| row(server)).collect();
    let values: Vec<_> = resources.iter().map(|server| Value::Object(server.written())).collect();
    let head = ["RESOURCE", "NAME", "TOKENS", "LIFETIME", "SCOPES"];
    out.table(&head, &rows, &values, "none yet; `ostiary resource add FILE.json` adds a resource server");
}

async fn remove(resource: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let identifier = resource.to_owned();
    let removed = super::change(op, "resource_removed", resource, async move |tx, _| {
        Ok(tx.remove_resource_server(&identifier).await?.is_done().then_some(()))
    });
    if removed.await?.is_none() {
        return Err(unknown(resource));
    }
    out.answer(&json!({"resource": resource, "done": "removed"}), |out| out.line(&format!("{resource} is removed.")));
    Ok(())
}
