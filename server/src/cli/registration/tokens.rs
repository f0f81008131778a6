//! `registration token …`: initial access tokens (RFC 7591 §3).
//!
//! Invariant: a token is shown once; of it only the digest is stored.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use openid::name::Secret;
use openid::registration::admission::InitialToken;
use openid::registration::allowed::Allowed;
use openid::time::{Span, Time};
use serde_json::{Value, json};
use store::initial_tokens::InitialTokenRow;

use super::super::client::read;
use super::super::out::{Failed, Out, stamp, when};
use crate::op::Op;

/// `ostiary registration token …`.
#[derive(Subcommand, Debug)]
pub(in super::super) enum TokenCommand {
    /// Make one and show it.
    Add(AddArguments),
    /// Every one there was.
    List,
    /// Revoke one; clients that came with it stay.
    Revoke {
        /// Its id, or its name if only one has it.
        id: String,
    },
}

/// `ostiary registration token add`.
#[derive(Args, Debug)]
pub(in super::super) struct AddArguments {
    /// What you call it: who gets it, what it is for.
    #[arg(long, default_value = "")]
    name: String,
    /// How long it may be used: `90s`, `12h`, `30d`. Not given: until it is revoked.
    #[arg(long, value_name = "DURATION")]
    expires: Option<String>,
    /// How many clients may be registered with it. Not given: as many as the policy allows.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,
    /// A file with what may be registered with it as JSON, or `-`; it takes away from the server's policy and adds nothing.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// Runs one of them.
pub(super) async fn run(command: TokenCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        TokenCommand::Add(arguments) => add(&arguments, op, out).await,
        TokenCommand::List => list(op, out).await,
        TokenCommand::Revoke { id } => revoke(&id, op, out).await,
    }
}

async fn add(arguments: &AddArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let now = op.now();
    let life = arguments.expires.as_deref().map(span).transpose()?;
    if arguments.name.len() > 200 || arguments.name.chars().any(char::is_control) {
        return Err(Failed::new("a name has at most 200 characters and no control characters"));
    }
    let policy = match &arguments.policy {
        None => "{}".to_owned(),
        Some(file) => {
            let written = read(file)?;
            Allowed::read(&written).map_err(|e| {
                Failed::new(format!("{}: this is no policy of an initial access token: {e}", file.display()))
            })?;
            Value::Object(written).to_string()
        }
    };
    let secret = Secret::from_bytes(&op.dice().draw());
    let id = op.dice().name();
    let token = InitialToken {
        id,
        most_uses: arguments.uses,
        uses: 0,
        expires_at: life.map(|life| now + life),
        revoked_at: None,
    };
    let row = InitialTokenRow { token, name: arguments.name.trim().to_owned(), policy, created_at: now };
    let (new, hash) = (row.clone(), secret.digest());
    super::super::change(op, "initial_token_added", &row.token.id, async move |tx, line| {
        line.tell(&json!({"name": new.name}));
        tx.add_initial_token(&new, &hash).await?;
        Ok(Some(()))
    })
    .await?;
    let mut answer = shown(&row, now)?;
    answer["token"] = json!(secret.reveal());
    out.answer(&answer, |out| {
        out.line(secret.reveal());
        out.line(&format!("This initial access token is shown this once. Its id is {}.", row.token.id));
        out.hint(&format!(
            "Whoever has it registers a client with:\n  curl -H 'Authorization: Bearer TOKEN' -H 'Content-Type: application/json' -d @client.json {}/register",
            op.issuer().as_str()
        ));
    });
    let settings = op.store().reader().await?.registration_settings().await?;
    if settings.registration == openid::registration::Registration::Off {
        out.hint("Registration is off: nobody can use it before `ostiary registration protected`.");
    }
    Ok(())
}

fn span(text: &str) -> Result<Span, Failed> {
    crate::config::read_span(text)
        .filter(|span| *span > Span::ZERO)
        .ok_or_else(|| Failed::new(format!("\"{text}\" is not a duration; write it as 90s, 15min, 12h or 30d")))
}

fn standing(token: &InitialToken, now: Time) -> &'static str {
    match token {
        _ if token.is_live(now) => "live",
        InitialToken { revoked_at: Some(_), .. } => "revoked",
        InitialToken { expires_at: Some(end), .. } if *end <= now => "expired",
        _ => "used up",
    }
}

fn shown(row: &InitialTokenRow, now: Time) -> Result<Value, Failed> {
    let policy: Value = serde_json::from_str(&row.policy)?;
    let token = &row.token;
    Ok(json!({
        "id": token.id,
        "name": row.name,
        "standing": standing(token, now),
        "uses": token.uses,
        "most_uses": token.most_uses,
        "created_at": stamp(row.created_at),
        "expires_at": token.expires_at.map(stamp),
        "revoked_at": token.revoked_at.map(stamp),
        "policy": policy,
    }))
}

async fn every(op: &Op) -> Result<Vec<InitialTokenRow>, Failed> {
    let mut all: Vec<InitialTokenRow> = Vec::new();
    loop {
        let after = all.last().map_or("", |row| row.token.id.as_str()).to_owned();
        let page = op.store().reader().await?.initial_tokens(&after, 500).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

async fn list(op: &Op, out: &Out) -> Result<(), Failed> {
    let (all, now) = (every(op).await?, op.now());
    let row = |row: &InitialTokenRow| {
        let token = &row.token;
        let uses = token.most_uses.map_or_else(|| token.uses.to_string(), |most| format!("{} of {most}", token.uses));
        let expires = token.expires_at.map_or_else(|| "never".to_owned(), when);
        vec![token.id.clone(), row.name.clone(), uses, expires, standing(token, now).to_owned()]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let values = all.iter().map(|row| shown(row, now)).collect::<Result<Vec<_>, _>>()?;
    let none = "none yet; `ostiary registration token add` makes one";
    out.table(&["ID", "NAME", "USES", "EXPIRES", "STANDING"], &rows, &values, none);
    Ok(())
}

async fn revoke(named: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let all = every(op).await?;
    let by_name: Vec<_> = all.iter().filter(|row| !row.name.is_empty() && row.name == named).collect();
    let found = all.iter().find(|row| row.token.id == named).or(if let [one] = by_name[..] { Some(one) } else { None });
    let Some(row) = found else {
        return Err(Failed::new(match by_name.len() {
            0 => format!("there is no initial access token {named}; `ostiary registration token list` shows them"),
            many => format!("{many} initial access tokens are called {named}; give the id of one"),
        }));
    };
    let (id, now) = (row.token.id.clone(), op.now());
    let revoked = super::super::change(op, "initial_token_revoked", &row.token.id, async move |tx, _| {
        Ok(tx.revoke_initial_token(&id, now).await?.is_done().then_some(()))
    })
    .await?;
    out.answer(&json!({"id": row.token.id, "revoked": revoked.is_some()}), |out| {
        out.line(&match revoked {
            Some(()) => format!("{} is revoked; {} clients came with it and stay.", row.token.id, row.token.uses),
            None => format!("{} was revoked before.", row.token.id),
        });
    });
    Ok(())
}
