//! `client …`: relying parties, from their registration metadata (RFC 7591 §2).
//!
//! Invariant: a secret is shown once; it is stored as SHA-256, or sealed where it keys a MAC.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use openid::client::metadata::{Metadata, SecretNeed};
use openid::client::policy::{ConsentPolicy, Policy};
use openid::name::ClientId;
use serde_json::{Map, Value, json};
use store::Reader;
use store::clients::ClientRow;

use super::out::{Failed, Out, stamp, when};
use crate::acceptance::accept;
use crate::client_row::{Kept, keep, row};
use crate::op::Op;
use crate::outbound::Class;
use crate::removal::{self, Removal, Then};

/// `ostiary client …`.
#[derive(Subcommand, Debug)]
pub(super) enum ClientCommand {
    /// Add a relying party from its registration metadata.
    Add(AddArguments),
    /// Every relying party.
    List,
    /// One relying party.
    Show {
        /// The `client_id`.
        id: String,
    },
    /// Replace a relying party's metadata; its secret stays unless another is given.
    Update {
        /// The `client_id`.
        id: String,
        #[command(flatten)]
        given: GivenArguments,
    },
    /// Disable it: its participations end and it is told.
    Disable {
        /// The `client_id`.
        id: String,
    },
    /// Enable it again.
    Enable {
        /// The `client_id`.
        id: String,
    },
    /// Delete it: its participations end; notices it was still to be sent are withdrawn.
    Delete {
        /// The `client_id`.
        id: String,
    },
}

/// `ostiary client add`.
#[derive(Args, Debug)]
pub(super) struct AddArguments {
    /// The `client_id`, if it is not to be drawn.
    #[arg(long)]
    client_id: Option<String>,
    #[command(flatten)]
    given: GivenArguments,
}

/// What is given for a relying party.
#[derive(Args, Debug)]
pub(super) struct GivenArguments {
    /// A file with registration metadata as JSON, or `-` for standard input.
    file: PathBuf,
    /// One of the operator's own applications: people are not asked for consent.
    #[arg(long)]
    first_party: bool,
    /// A file with the operator's policy as JSON; docs/clients.md explains it.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A file with a secret of at least 32 characters, if it is not to be drawn.
    #[arg(long, value_name = "FILE", conflicts_with = "client_secret")]
    client_secret_file: Option<PathBuf>,
    /// That secret itself. Others on this machine can see a command line while it runs: prefer --client-secret-file.
    #[arg(long)]
    client_secret: Option<String>,
}

/// Runs one of them.
pub(super) async fn run(command: ClientCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        ClientCommand::Add(arguments) => add(&arguments, op, out).await,
        ClientCommand::List => list(op, out).await,
        ClientCommand::Show { id } => {
            let row = find(op, &id).await?;
            let (_, came) = came(&mut op.store().reader().await?, &row).await?;
            let shown = shown(&row, &came)?;
            out.answer(&shown, |out| out.line(&serde_json::to_string_pretty(&shown).unwrap_or_default()));
            Ok(())
        }
        ClientCommand::Update { id, given } => update(&id, &given, op, out).await,
        ClientCommand::Disable { id } => end(&id, Then::Keep, op, out).await,
        ClientCommand::Delete { id } => end(&id, Then::Delete, op, out).await,
        ClientCommand::Enable { id } => enable(&id, op, out).await,
    }
}

async fn find(op: &Op, id: &str) -> Result<ClientRow, Failed> {
    let row = op.store().reader().await?.client(&ClientId::new(id)).await?;
    row.ok_or_else(|| Failed::new(format!("there is no client {id}; `ostiary client list` shows them")))
}

/// How a client came: added by an operator, or by itself, with which token.
async fn came(reader: &mut Reader, row: &ClientRow) -> Result<(String, Value), Failed> {
    let Some(registration) = reader.registration(&row.id).await? else {
        return Ok(("added".to_owned(), json!({"by": "operator"})));
    };
    let token = match &registration.initial_token {
        Some(id) => reader.initial_token_by_id(id).await?,
        None => None,
    };
    let words = match &token {
        None => "registered itself".to_owned(),
        Some(row) => format!("with token {}", if row.name.is_empty() { &row.token.id } else { &row.name }),
    };
    let value = json!({
        "by": "registration",
        "initial_token": registration.initial_token,
        "initial_token_name": token.map(|row| row.name),
        "software_statement": registration.statement,
        "registered_at": stamp(registration.registered_at),
        "used_at": stamp(registration.used_at),
    });
    Ok((words, value))
}

fn shown(row: &ClientRow, came: &Value) -> Result<Value, Failed> {
    let mut metadata: Map<String, Value> = serde_json::from_str(&row.metadata)?;
    let mut shown = Map::new();
    shown.insert("client_id".into(), json!(row.id));
    shown.append(&mut metadata);
    let policy: Value = serde_json::from_str(&row.policy)?;
    let mut all = json!({"client": shown, "policy": policy, "enabled": row.disabled_at.is_none(), "came": came});
    // A client that cannot be read is shown all the same.
    if let Some(sector) =
        Metadata::read(&serde_json::from_str(&row.metadata)?).ok().and_then(|read| read.sector().map(str::to_owned))
    {
        all["sector"] = json!(sector);
    }
    Ok(all)
}

async fn list(op: &Op, out: &Out) -> Result<(), Failed> {
    let mut all: Vec<ClientRow> = Vec::new();
    loop {
        let after = all.last().map_or("", |row| row.id.as_str()).to_owned();
        let page = op.store().reader().await?.clients(&after, 500).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let mut rows = Vec::new();
    let mut values = Vec::new();
    let mut reader = op.store().reader().await?;
    for row in &all {
        let (way, came) = came(&mut reader, row).await?;
        let metadata: Map<String, Value> = serde_json::from_str(&row.metadata)?;
        let text = |name: &str| metadata.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let told = match ["backchannel_logout_uri", "frontchannel_logout_uri"].map(|name| metadata.contains_key(name)) {
            [true, true] => "both channels",
            [true, false] => "back channel",
            [false, true] => "front channel",
            [false, false] => "cannot be told",
        };
        let standing = row.disabled_at.map_or_else(|| "enabled".to_owned(), |at| format!("disabled {}", when(at)));
        rows.push(vec![
            row.id.to_string(),
            text("client_name"),
            text("token_endpoint_auth_method"),
            told.to_owned(),
            way,
            standing,
        ]);
        values.push(shown(row, &came)?);
    }
    let head = ["CLIENT_ID", "NAME", "AUTHENTICATION", "LOGOUT", "CAME", "STANDING"];
    out.table(&head, &rows, &values, "none yet; `ostiary client add FILE.json` adds a relying party");
    Ok(())
}

/// A JSON object in a file, or on standard input.
pub(super) fn read(file: &Path) -> Result<Map<String, Value>, Failed> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file).map_err(|e| Failed::new(format!("{}: {e}", file.display())))?;
    }
    serde_json::from_str(&text).map_err(|e| Failed::new(format!("{}: not a JSON object: {e}", file.display())))
}

impl GivenArguments {
    fn read_secret(&self) -> Result<Option<String>, Failed> {
        let Some(file) = &self.client_secret_file else { return Ok(self.client_secret.clone()) };
        let text = std::fs::read_to_string(file).map_err(|e| Failed::new(format!("{}: {e}", file.display())))?;
        Ok(Some(text.trim_end_matches(['\n', '\r']).to_owned()))
    }

    /// The policy of the file, or the one there is, with what the flags say.
    fn read_policy(&self, old: Policy) -> Result<Policy, Failed> {
        let mut policy = match &self.policy {
            None => old,
            Some(file) => {
                let written = read(file)?;
                let policy = Policy::read(&written).map_err(|e| Failed::new(format!("{}: {e}", file.display())))?;
                // Who entered the addresses does not change by being left out.
                match written.contains_key("entered_by") {
                    true => policy,
                    false => Policy { entered_by: old.entered_by, ..policy },
                }
            }
        };
        if self.first_party {
            policy.consent = ConsentPolicy::FirstParty;
        }
        Ok(policy)
    }
}

/// What an address that cannot be reached means, said before the first logout finds out.
fn warn(op: &Op, metadata: &Metadata, out: &Out) {
    for uri in [&metadata.backchannel_logout_uri, &metadata.jwks_uri].into_iter().flatten() {
        if let Err(unreached) = op.outbound().allows(Class::Operator, uri) {
            out.hint(&format!("Warning: {uri}: {unreached}."));
            if let Some(host) = url::Url::parse(uri).ok().and_then(|url| url.host_str().map(str::to_owned)) {
                out.hint(&format!(
                    "  add to the configuration:  [outbound]\n                             internal = [\"{host}\"]"
                ));
            }
        }
    }
    match (&metadata.backchannel_logout_uri, &metadata.frontchannel_logout_uri) {
        (None, None) => out.hint("Note: it has no backchannel_logout_uri, so it cannot be told of a logout."),
        (None, Some(_)) => out.hint(
            "Note: it has no backchannel_logout_uri, so only the person's own browser can tell it of a logout, where it \
             does not block third-party cookies.",
        ),
        (Some(_), _) => {}
    }
}

async fn add(arguments: &AddArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let given = &arguments.given;
    let metadata = Metadata::read(&read(&given.file)?)?;
    let policy = given.read_policy(Policy::default())?;
    accept(op, None, &metadata, Class::of_entry(policy.entered_by)).await?;
    let id = arguments.client_id.clone().unwrap_or_else(|| op.dice().name());
    if !openid::client::is_id(&id) {
        return Err(Failed::new("a client_id has 1 to 255 printable ASCII characters without spaces"));
    }
    let kept = keep(op, &metadata, given.read_secret()?.as_deref(), policy.entered_by)?;
    let row = row(op, ClientId::new(id), &metadata, &policy, &kept)?;
    let new = row.clone();
    let added = super::change(op, "client_added", row.id.as_str(), async move |tx, _| {
        Ok(tx.add_client(&new).await?.is_done().then_some(()))
    });
    if added.await?.is_none() {
        return Err(Failed::new(format!("there is a client {} already; `ostiary client update` replaces it", row.id)));
    }
    registered(&row, &metadata, &kept, out);
    warn(op, &metadata, out);
    Ok(())
}

/// RFC 7591 §3.2.1.
fn registered(row: &ClientRow, metadata: &Metadata, kept: &Kept, out: &Out) {
    let mut answer = Map::new();
    answer.insert("client_id".into(), json!(row.id));
    answer.insert("client_id_issued_at".into(), json!(row.created_at.seconds()));
    if let Some(secret) = &kept.shown {
        answer.insert("client_secret".into(), json!(secret.as_str()));
        answer.insert("client_secret_expires_at".into(), json!(0));
    }
    answer.append(&mut metadata.registered.clone());
    out.answer(&Value::Object(answer.clone()), |out| {
        out.line(&serde_json::to_string_pretty(&answer).unwrap_or_default());
        if kept.shown.is_some() {
            out.line("The client_secret is shown this once.");
        }
    });
}

async fn update(id: &str, given: &GivenArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let old = find(op, id).await?;
    let metadata = Metadata::read(&read(&given.file)?)?;
    let policy = given.read_policy(serde_json::from_str(&old.policy)?)?;
    let was = Metadata::read(&serde_json::from_str(&old.metadata)?)?;
    accept(op, Some(&was), &metadata, Class::of_entry(policy.entered_by)).await?;
    let fits = match metadata.secret_need() {
        SecretNeed::None => true,
        SecretNeed::Hashed => old.secret_hash.is_some() || old.secret_sealed.is_some(),
        SecretNeed::Sealed { .. } => old.secret_sealed.is_some(),
    };
    let kept = match (given.read_secret()?, fits) {
        (None, true) => Kept { shown: None, hash: old.secret_hash, sealed: old.secret_sealed.clone() },
        (secret, _) => keep(op, &metadata, secret.as_deref(), policy.entered_by)?,
    };
    let new = ClientRow { created_at: old.created_at, ..row(op, old.id.clone(), &metadata, &policy, &kept)? };
    let replaced = new.clone();
    let done = super::change(op, "client_updated", id, async move |tx, _| {
        Ok(tx.replace_client(&replaced, old.version).await?.is_done().then_some(()))
    });
    if done.await?.is_none() {
        return Err(Failed::new(format!(
            "{id} was changed by somebody else just now; nothing is written, run it again"
        )));
    }
    registered(&new, &metadata, &kept, out);
    warn(op, &metadata, out);
    Ok(())
}

/// Disabled or deleted, and what it holds ended with it.
async fn end(id: &str, then: Then, op: &Op, out: &Out) -> Result<(), Failed> {
    let client = find(op, id).await?.id;
    let (what, action) = match then {
        Then::Keep => ("disabled", "client_disabled"),
        Then::Delete => ("deleted", "client_deleted"),
    };
    let removal = Removal { client, actor: super::actor(), action, then, unused_since: None };
    let grants = removal::remove(op, &removal).await?.unwrap_or_default();
    out.answer(&json!({"client_id": id, "done": what, "grants_ended": grants}), |out| {
        out.line(&format!("{id} is {what}; {grants} grants ended."));
    });
    Ok(())
}

async fn enable(id: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let row = find(op, id).await?;
    let now = op.now();
    super::change(op, "client_enabled", id, async move |tx, _| {
        Ok(tx.enable_client(&row.id, now).await?.is_done().then_some(()))
    })
    .await?;
    out.answer(&json!({"client_id": id}), |out| out.line(&format!("{id} is enabled.")));
    Ok(())
}
