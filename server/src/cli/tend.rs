//! `key …`, `audit`, `backup`: tending a provider.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use openid::name::{AccountId, ClientId};
use openid::time::Time;
use serde_json::{Value, json};
use store::Reader;
use store::keys::KeyRow;
use store::sources::ClaimLink;

use super::out::{Failed, Out, exact, stamp, when};
use crate::client_row::PURPOSE as SECRET_PURPOSE;
use crate::keyring::{self, KeyKind};
use crate::op::Op;
use crate::sealing::Sealing;
use crate::sources::PURPOSE as LINK_PURPOSE;

/// `ostiary key …`.
#[derive(Subcommand, Debug)]
pub(super) enum KeyCommand {
    /// Every signing key.
    List,
    /// Add successors: published now, signing in 24 hours.
    Rotate {
        /// Sign with them at once, `EdDSA` too: for a key that leaked. Relying parties that cache the JWK Set may fail for a
        /// while.
        #[arg(long)]
        now: bool,
    },
    /// Seal signing keys and client secrets anew with the first line of the secret file: afterwards the other lines may go.
    Reseal,
    /// Take a key out: it no longer signs, is published or verifies. For one that leaked, once a successor signs.
    Remove {
        /// Its `kid`.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
}

/// Runs one of them.
pub(super) async fn keys(command: KeyCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        KeyCommand::List => list(op, out).await,
        KeyCommand::Rotate { now } => rotate(now, op, out).await,
        KeyCommand::Reseal => reseal(op, out).await,
        KeyCommand::Remove { kid } => remove(&kid, op, out).await,
    }
}

fn standing(all: &[KeyRow], key: &KeyRow, now: Time) -> &'static str {
    let active = all
        .iter()
        .filter(|other| other.alg == key.alg && other.purpose == key.purpose && other.active_from <= now)
        .max_by_key(|other| other.active_from);
    match active {
        _ if key.active_from > now => "next",
        Some(active) if active.kid == key.kid && key.purpose == "enc" => "decrypts",
        Some(active) if active.kid == key.kid => "signs",
        _ => "retired",
    }
}

async fn list(op: &Op, out: &Out) -> Result<(), Failed> {
    let all = op.store().reader().await?.keys().await?;
    let now = op.now();
    let rows: Vec<_> = all
        .iter()
        .map(|key| vec![key.kid.clone(), key.alg.clone(), standing(&all, key, now).to_owned(), when(key.active_from)])
        .collect();
    let values: Vec<Value> = all
        .iter()
        .map(|key| json!({"kid": key.kid, "alg": key.alg, "standing": standing(&all, key, now), "active_from": stamp(key.active_from)}))
        .collect();
    out.table(
        &["KID", "ALG", "STANDING", "ACTIVE FROM"],
        &rows,
        &values,
        "no keys; `ostiary serve` makes them at its first start",
    );
    Ok(())
}

async fn rotate(at_once: bool, op: &Op, out: &Out) -> Result<(), Failed> {
    let now = op.now();
    let active_from = if at_once { now } else { now + keyring::NOTICE };
    let (mut okp, mut others) = (Vec::new(), Vec::new());
    for kind in KeyKind::all() {
        if kind == KeyKind::Signing(jose::JwsAlg::EdDsa) && !at_once { okp.push(kind) } else { others.push(kind) }
    }
    // RSA and EC in one step, OKP in a step of its own: some relying parties stumble over a new OKP key beside new others.
    // A leak does not wait for that.
    let rows = keyring::make(&others, op.sealing(), op.dice(), now, active_from).await?;
    let kids: Vec<String> = rows.iter().map(|row| row.kid.clone()).collect();
    let entry = op.line(&super::actor(), "keys_rotated", &kids.join(" "));
    keyring::add(op.store(), rows, entry).await?;
    let left: Vec<&str> = okp.iter().map(|kind| kind.as_str()).collect();
    out.answer(&json!({"kids": kids, "active_from": stamp(active_from), "left": left}), |out| {
        out.line(&format!("{} new keys are published; they are used from {}.", kids.len(), when(active_from)));
        out.hint(match at_once {
            true => "Old keys stay published for verification; `ostiary key remove KID` takes out one that leaked.",
            false => "Old keys stay published for verification. EdDSA keys rotate on their own schedule.",
        });
    });
    Ok(())
}

/// Clients read at once.
const PAGE: u32 = 500;

/// What cannot be opened any more.
fn unopened(what: &str) -> Failed {
    Failed::new(format!("{what} opens with no line of the secret file; nothing was changed"))
}

/// The links whose tokens an older secret sealed, each with the new seal.
async fn unsealed_links(reader: &mut Reader, sealing: &Sealing) -> Result<Vec<(ClaimLink, String, String)>, Failed> {
    let mut links = Vec::new();
    for link in reader.links_with_tokens().await? {
        let Some(old) = link.token.clone() else { continue };
        if sealing.open(LINK_PURPOSE, &old).is_none() {
            return Err(unopened(&format!("a token for the claim source {}", link.source)));
        }
        links.extend(sealing.renew(LINK_PURPOSE, &old).map(|new| (link, old, new)));
    }
    Ok(links)
}

/// The keys an older secret sealed, each with the new seal.
async fn unsealed_keys(reader: &mut Reader, sealing: &Sealing) -> Result<Vec<(String, String, String)>, Failed> {
    let mut keys = Vec::new();
    for key in reader.keys().await? {
        if sealing.open(keyring::PURPOSE, &key.sealed).is_none() {
            return Err(unopened(&format!("the key {}", key.kid)));
        }
        keys.extend(sealing.renew(keyring::PURPOSE, &key.sealed).map(|new| (key.kid, key.sealed, new)));
    }
    Ok(keys)
}

/// A page of clients whose secrets an older secret sealed, each with the new seal, and the last one looked at. `None`: there
/// are no more.
async fn unsealed_clients(
    reader: &mut Reader,
    sealing: &Sealing,
    after: &str,
) -> Result<Option<(String, Vec<(ClientId, String, String)>)>, Failed> {
    let page = reader.clients(after, PAGE).await?;
    let Some(last) = page.last() else { return Ok(None) };
    let (last, mut clients) = (last.id.to_string(), Vec::new());
    for client in page {
        let Some(old) = client.secret_sealed else { continue };
        if sealing.open(SECRET_PURPOSE, &old).is_none() {
            return Err(unopened(&format!("the secret of client {}", client.id)));
        }
        clients.extend(sealing.renew(SECRET_PURPOSE, &old).map(|new| (client.id, old, new)));
    }
    Ok(Some((last, clients)))
}

/// Clients page by page, each in a transaction of its own: there may be very many, and others write meanwhile.
async fn reseal_clients(op: &Op) -> Result<usize, Failed> {
    let (mut some, mut after) = (0, String::new());
    loop {
        let mut reader = op.store().reader().await?;
        let Some((last, clients)) = unsealed_clients(&mut reader, op.sealing(), &after).await? else { return Ok(some) };
        drop(reader);
        after = last;
        if clients.is_empty() {
            continue;
        }
        some += clients.len();
        op.store().write(async move |tx| Ok(tx.reseal_clients(&clients).await?)).await?;
    }
}

async fn reseal(op: &Op, out: &Out) -> Result<(), Failed> {
    let mut reader = op.store().reader().await?;
    let keys = unsealed_keys(&mut reader, op.sealing()).await?;
    let links = unsealed_links(&mut reader, op.sealing()).await?;
    // Looked at first: either everything can be opened, or nothing is changed.
    let mut after = String::new();
    while let Some((last, _)) = unsealed_clients(&mut reader, op.sealing(), &after).await? {
        after = last;
    }
    drop(reader);
    let (some_keys, some_links) = (keys.len(), links.len());
    let some_clients = reseal_clients(op).await?;
    let mut entry = op.line(&super::actor(), "secrets_resealed", "");
    let done = json!({"keys": some_keys, "clients": some_clients, "claim_links": some_links});
    entry.detail = done.to_string();
    if some_keys + some_clients + some_links > 0 {
        op.store()
            .write(async move |tx| {
                for (kid, old, new) in &keys {
                    tx.reseal_key(kid, old, new).await?;
                }
                for (link, old, new) in &links {
                    tx.reseal_link(link, old, new).await?;
                }
                Ok(tx.note(&entry).await?)
            })
            .await?;
    }
    out.answer(&done, |out| {
        out.line(&format!(
            "{some_keys} signing keys, {some_clients} client secrets and {some_links} tokens for claim sources are sealed anew."
        ));
        out.hint("Everything is sealed by the first line of the secret file now; the other lines may go.");
    });
    Ok(())
}

async fn remove(kid: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let now = op.now();
    let all = op.store().reader().await?.keys().await?;
    if !all.iter().any(|key| key.kid == kid) {
        return Err(Failed::new(format!("there is no key {kid}; `ostiary key list` shows them")));
    }
    let named = kid.to_owned();
    let done = super::change(op, "key_removed", kid, async move |tx, _| {
        Ok(tx.remove_key(&named, now).await?.is_done().then_some(()))
    });
    if done.await?.is_none() {
        return Err(Failed::new(format!(
            "{kid} is the last key of its algorithm that signs; `ostiary key rotate --now` makes a successor first"
        )));
    }
    out.answer(&json!({"kid": kid}), |out| {
        out.line(&format!("{kid} is removed. Every node forgets it within a second."));
        out.hint(
            "Relying parties forget it when they fetch the JWK Set again. ID Tokens it signed are no hints any more.",
        );
    });
    Ok(())
}

/// `ostiary audit`.
#[derive(Args, Debug)]
pub(super) struct AuditArguments {
    /// How many of the latest lines.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// The latest lines of the audit trail, the newest first.
pub(super) async fn audit(arguments: &AuditArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let later = op.now() + openid::time::Span::from_hours(1);
    let mut reader = op.store().reader().await?;
    let lines = reader.audit(later, arguments.limit).await?;
    let mut rows = Vec::with_capacity(lines.len());
    for line in &lines {
        // People know people by their usernames; the JSON has what stands in the trail.
        let who = match line.actor.strip_prefix("account:") {
            Some(id) => reader.account(&AccountId::new(id)).await?.map(|account| account.username),
            None => None,
        };
        let who = who.unwrap_or_else(|| line.actor.clone());
        let detail = if line.detail == "{}" { String::new() } else { line.detail.clone() };
        rows.push(vec![exact(line.at), who, line.action.clone(), line.subject.clone(), detail]);
    }
    let values: Vec<_> = lines
        .iter()
        .map(|line| {
            let detail: Value = serde_json::from_str(&line.detail).unwrap_or_default();
            json!({"at": stamp(line.at), "actor": line.actor, "action": line.action, "subject": line.subject, "detail": detail})
        })
        .collect();
    out.table(&["WHEN", "WHO", "WHAT", "TO WHAT", "MORE"], &rows, &values, "nothing has changed yet");
    Ok(())
}

/// `ostiary backup`.
#[derive(Args, Debug)]
pub(super) struct BackupArguments {
    /// A new file.
    file: PathBuf,
}

/// Copies a SQLite database while it is in use.
pub(super) async fn backup(arguments: &BackupArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    if let store::Location::Postgres(_) = op.config().database {
        return Err(Failed::new(
            "PostgreSQL has its own tools: `pg_dump --format=custom --file=FILE URL` is a consistent copy while in use",
        ));
    }
    if arguments.file.exists() {
        return Err(Failed::new(format!("{} is there already and is left as it is", arguments.file.display())));
    }
    op.store().backup(&arguments.file).await?;
    out.answer(&json!({"file": arguments.file}), |out| {
        out.line(&format!("Copied to {}.", arguments.file.display()));
        out.hint("Keep the secret file with it: without it the keys in the copy cannot be opened.");
    });
    Ok(())
}
