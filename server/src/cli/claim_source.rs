//! `claim-source …`: claims providers, for aggregated and distributed claims (OpenID Connect Core §5.6.2).
//!
//! Invariant: a token is sealed before it is stored and never shown; a JWT is verified before it is stored.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use openid::claims::source::{Reach, Source, SourceKind};
use serde_json::{Value, json};
use store::sources::ClaimLink;

use super::out::{Failed, Out, stamp, when};
use crate::op::Op;
use crate::outbound::Class;
use crate::sources::PURPOSE;

/// `ostiary claim-source …`.
#[derive(Subcommand, Debug)]
pub(super) enum SourceCommand {
    /// Configure a claims provider.
    Add(AddSource),
    /// Every claims provider.
    List,
    /// One claims provider.
    Show {
        /// Its name.
        name: String,
    },
    /// Change where a claims provider is, its issuer or its keys. Its claims stay as they are: people agreed to those.
    Update(UpdateSource),
    /// Remove a claims provider, and every link to it.
    Remove {
        /// Its name.
        name: String,
    },
    /// Link an account to a claims provider, or link it anew.
    Link(LinkArguments),
    /// Take a link away.
    Unlink {
        /// The claims provider.
        name: String,
        /// The username.
        username: String,
    },
    /// The accounts linked to a claims provider.
    Links {
        /// The claims provider.
        name: String,
    },
}

/// `ostiary claim-source add`.
#[derive(Args, Debug)]
pub(super) struct AddSource {
    /// Its name, as clients see it in `_claim_sources`.
    name: String,
    /// Whether its claims are told in its JWT, or by a reference to where they are.
    #[arg(long)]
    kind: Kind,
    /// A claim it tells; may stand several times. Everything it tells must be named.
    #[arg(long = "claim", value_name = "CLAIM", required = true)]
    claims: Vec<String>,
    #[command(flatten)]
    place: Place,
    /// It knows of every account, and clients have their own way to be let in (distributed claims).
    #[arg(long)]
    everybody: bool,
}

/// How claims are told.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Kind {
    /// In the provider's JWT.
    Aggregated,
    /// By a reference.
    Distributed,
}

/// Where a claims provider is, and how its JWTs are known.
#[derive(Args, Debug)]
pub(super) struct Place {
    /// Where its claims are fetched: by clients, if they are distributed; by this server, if they are aggregated.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// `iss` of its JWTs (aggregated claims).
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// A file with its public keys, a JWK Set (aggregated claims).
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
}

/// `ostiary claim-source update`.
#[derive(Args, Debug)]
pub(super) struct UpdateSource {
    /// Its name.
    name: String,
    #[command(flatten)]
    place: Place,
}

/// `ostiary claim-source link`.
#[derive(Args, Debug)]
pub(super) struct LinkArguments {
    /// The claims provider.
    name: String,
    /// The username.
    username: String,
    /// Read the access token for this account from a file.
    #[arg(long, value_name = "FILE", conflicts_with = "token_stdin")]
    token_file: Option<PathBuf>,
    /// Read it from standard input.
    #[arg(long)]
    token_stdin: bool,
    /// A file with the provider's JWT about this account (aggregated claims).
    #[arg(long, value_name = "FILE")]
    jwt: Option<PathBuf>,
}

fn read(file: &Path) -> Result<String, Failed> {
    std::fs::read_to_string(file).map_err(|e| Failed::new(format!("{}: {e}", file.display())))
}

fn shown(source: &Source) -> Value {
    let keys: Option<Value> = source.jwks.as_deref().and_then(|text| serde_json::from_str(text).ok());
    json!({
        "name": source.name, "kind": source.kind.as_str(), "claims": source.claims, "endpoint": source.endpoint,
        "issuer": source.issuer, "jwks": keys, "accounts": source.reach.as_str(),
    })
}

impl Place {
    /// Puts what is given in the place of what was.
    fn over(&self, source: &mut Source) -> Result<(), Failed> {
        source.endpoint = self.endpoint.clone().or(source.endpoint.take());
        source.issuer = self.issuer.clone().or(source.issuer.take());
        if let Some(file) = &self.jwks {
            source.jwks = Some(read(file)?);
        }
        Ok(())
    }
}

/// Whether it can be configured here.
fn judge(source: &Source, op: &Op) -> Result<(), Failed> {
    source.judge().map_err(|say| Failed::new(format!("{}: {say}", source.name)))?;
    let Some(endpoint) = &source.endpoint else { return Ok(()) };
    let bad = |why: String| Failed::new(format!("{endpoint}: {why}"));
    match source.kind {
        // It is fetched from here.
        SourceKind::Aggregated => op.outbound().allows(Class::Operator, endpoint).map_err(|e| bad(e.to_string())),
        SourceKind::Distributed => match openid::wire::uri::judge(endpoint) {
            Ok(openid::wire::uri::Kind::Https | openid::wire::uri::Kind::HttpLoopback) => Ok(()),
            Ok(_) => Err(bad("clients send an access token there: it must use https".to_owned())),
            Err(fault) => Err(bad(fault.to_string())),
        },
    }
}

async fn find(op: &Op, name: &str) -> Result<Source, Failed> {
    let all = op.store().reader().await?.claim_sources().await?;
    let found = all.into_iter().find(|source| source.name == name);
    found.ok_or_else(|| Failed::new(format!("there is no claim source {name}; `ostiary claim-source list` shows them")))
}

/// Runs one of them.
pub(super) async fn run(command: SourceCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        SourceCommand::Add(arguments) => add(arguments, op, out).await,
        SourceCommand::Update(arguments) => update(&arguments, op, out).await,
        SourceCommand::List => list(op, out).await,
        SourceCommand::Link(arguments) => link(&arguments, op, out).await,
        SourceCommand::Unlink { name, username } => unlink(name, &username, op, out).await,
        SourceCommand::Links { name } => links(&name, op, out).await,
        SourceCommand::Show { name } => {
            let value = shown(&find(op, &name).await?);
            out.answer(&value, |out| out.line(&serde_json::to_string_pretty(&value).unwrap_or_default()));
            Ok(())
        }
        SourceCommand::Remove { name } => {
            find(op, &name).await?;
            let gone = name.clone();
            super::change(op, "claim_source_removed", &name, async move |tx, _| {
                Ok(tx.remove_claim_source(&gone).await?.is_done().then_some(()))
            })
            .await?;
            out.answer(&json!({"name": name}), |out| out.line(&format!("{name} is removed, with every link to it.")));
            Ok(())
        }
    }
}

async fn add(arguments: AddSource, op: &Op, out: &Out) -> Result<(), Failed> {
    let mut claims: Vec<String> = Vec::new();
    for claim in arguments.claims {
        if !claims.contains(&claim) {
            claims.push(claim);
        }
    }
    let mut source = Source {
        name: arguments.name,
        kind: match arguments.kind {
            Kind::Aggregated => SourceKind::Aggregated,
            Kind::Distributed => SourceKind::Distributed,
        },
        claims,
        endpoint: None,
        issuer: None,
        jwks: None,
        reach: if arguments.everybody { Reach::Everybody } else { Reach::Linked },
    };
    arguments.place.over(&mut source)?;
    judge(&source, op)?;
    let (new, now, detail) = (source.clone(), op.now(), shown(&source));
    let done = super::change(op, "claim_source_added", &source.name, async move |tx, line| {
        line.tell(&detail);
        Ok(tx.add_claim_source(&new, now).await?.is_done().then_some(()))
    });
    if done.await?.is_none() {
        return Err(Failed::new(format!("there is a claim source {} already", source.name)));
    }
    out.answer(&shown(&source), |out| {
        out.line(&format!("The claims provider {} is configured.", source.name));
        if source.reach == Reach::Linked {
            out.hint(&format!("Next: `ostiary claim-source link {} USERNAME`.", source.name));
        }
    });
    Ok(())
}

async fn update(arguments: &UpdateSource, op: &Op, out: &Out) -> Result<(), Failed> {
    let mut source = find(op, &arguments.name).await?;
    arguments.place.over(&mut source)?;
    judge(&source, op)?;
    let (to, now, detail) = (source.clone(), op.now(), shown(&source));
    super::change(op, "claim_source_updated", &source.name, async move |tx, line| {
        line.tell(&detail);
        Ok(tx.change_claim_source(&to, now).await?.is_done().then_some(()))
    })
    .await?;
    out.answer(&shown(&source), |out| out.line(&format!("The claims provider {} is updated.", source.name)));
    Ok(())
}

async fn list(op: &Op, out: &Out) -> Result<(), Failed> {
    let all = op.store().reader().await?.claim_sources().await?;
    let row = |source: &Source| {
        let endpoint = source.endpoint.clone().unwrap_or_default();
        let (kind, reach) = (source.kind.as_str().to_owned(), source.reach.as_str().to_owned());
        vec![source.name.clone(), kind, source.claims.join(" "), reach, endpoint]
    };
    let (rows, values) = (all.iter().map(row).collect::<Vec<_>>(), all.iter().map(shown).collect::<Vec<_>>());
    let none = "none; `ostiary claim-source add NAME` configures a claims provider";
    out.table(&["SOURCE", "KIND", "CLAIMS", "ACCOUNTS", "ENDPOINT"], &rows, &values, none);
    Ok(())
}

impl LinkArguments {
    fn token(&self) -> Result<Option<String>, Failed> {
        let text = match (&self.token_file, self.token_stdin) {
            (Some(file), _) => read(file)?,
            (None, true) => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                text
            }
            (None, false) => return Ok(None),
        };
        // RFC 6750 §2.1: b64token.
        let token = text.trim();
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        match !token.is_empty() && token.len() <= 8192 && token.bytes().all(legal) {
            true => Ok(Some(token.to_owned())),
            false => Err(Failed::new("that is no access token: RFC 6750 §2.1 says which characters it may have")),
        }
    }
}

async fn link(arguments: &LinkArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let source = find(op, &arguments.name).await?;
    let account = super::user::find(op, &arguments.username).await?;
    let token = arguments.token()?;
    let now = op.now();
    let (jwt, jwt_until) = match (&arguments.jwt, source.kind) {
        (None, _) => (None, None),
        (Some(_), SourceKind::Distributed) => return Err(Failed::new("distributed claims are told without a JWT")),
        (Some(file), SourceKind::Aggregated) => {
            let text = read(file)?;
            let bad = |why| Failed::new(format!("{}: {why}", file.display()));
            let asserted = source.verify(&text, now).map_err(bad)?;
            let dated = jose::peek_claims(&asserted.jwt).is_ok_and(|claims| claims.unverified().contains_key("exp"));
            (Some(asserted.jwt), dated.then_some(asserted.until))
        }
    };
    if source.kind == SourceKind::Aggregated && jwt.is_none() && (token.is_none() || source.endpoint.is_none()) {
        return Err(Failed::new("give the provider's JWT (--jwt), or an access token for its endpoint (--token-file)"));
    }
    let token = token.map(|token| op.sealing().seal(PURPOSE, token.as_bytes()));
    let link = ClaimLink { source: source.name.clone(), account: account.id, token, jwt, jwt_until, linked_at: now };
    let value = shown_link(&link, &account.username);
    let detail = value.clone();
    super::change(op, "claims_linked", &account.username, async move |tx, line| {
        line.tell(&detail);
        tx.link_claims(&link).await?;
        Ok(Some(()))
    })
    .await?;
    out.answer(&value, |out| out.line(&format!("{} is linked to {}.", account.username, source.name)));
    Ok(())
}

fn shown_link(link: &ClaimLink, username: &str) -> Value {
    json!({
        "source": link.source, "username": username, "token": link.token.is_some(), "jwt": link.jwt.is_some(),
        "jwt_until": link.jwt_until.map(stamp), "linked_at": stamp(link.linked_at),
    })
}

async fn unlink(name: String, username: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let account = super::user::find(op, username).await?;
    let (id, source, detail) = (account.id, name.clone(), json!({"source": name}));
    let done = super::change(op, "claims_unlinked", &account.username, async move |tx, line| {
        line.tell(&detail);
        Ok(tx.unlink_claims(&source, &id).await?.is_done().then_some(()))
    });
    done.await?.ok_or_else(|| Failed::new(format!("{username} is not linked to {name}")))?;
    out.answer(&json!({"source": name, "username": username}), |out| {
        out.line(&format!("{username} is linked to {name} no more."));
    });
    Ok(())
}

async fn links(name: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    find(op, name).await?;
    let mut reader = op.store().reader().await?;
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page = reader.links_of_source(name, &after, 500).await?;
        let Some(last) = page.last() else { break };
        after = last.account.to_string();
        for link in page {
            let username = reader.account(&link.account).await?.map_or_else(String::new, |account| account.username);
            all.push((link, username));
        }
    }
    let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let row = |(link, username): &(ClaimLink, String)| {
        let until = link.jwt_until.map_or_else(String::new, when);
        vec![username.clone(), word(link.token.is_some()), word(link.jwt.is_some()), until]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    let values: Vec<_> = all.iter().map(|(link, username)| shown_link(link, username)).collect();
    out.table(&["USERNAME", "TOKEN", "JWT", "GOOD UNTIL"], &rows, &values, "nobody is linked to it yet");
    Ok(())
}
