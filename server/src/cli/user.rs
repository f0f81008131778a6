//! `user …`: people, from the command line.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use openid::account::{Account, Operator};
use openid::authorize::request::SignUp;
use openid::logout::judge::Ended;
use openid::name::AccountId;
use openid::session::Cause;
use serde_json::{Map, Value, json};
use store::EndReport;
use store::subjects::Pairwise;

use super::claims::ClaimArguments;
use super::operator::{self, OperatorArguments};
use super::out::{Failed, Out, stamp, when};
use super::subject::{self, SubjectCommand};
use crate::op::Op;

/// `ostiary user …`.
#[derive(Subcommand, Debug)]
pub(super) enum UserCommand {
    /// Add a person.
    Add(Box<AddArguments>),
    /// Everybody.
    List,
    /// One person.
    Show {
        /// The username.
        name: String,
    },
    /// Change a person's claims: those given take the place of those of the same name.
    Update(Box<UpdateArguments>),
    /// Set a person's password: every session ends.
    Passwd {
        /// The username.
        name: String,
        #[command(flatten)]
        password: PasswordArguments,
    },
    /// Disable a person: every session ends, every relying party is told.
    Disable {
        /// The username.
        name: String,
    },
    /// Enable a person again.
    Enable {
        /// The username.
        name: String,
    },
    /// Let a person into the operator's console at /console, or out of it again.
    Operator(OperatorArguments),
    /// By what sectors know people: pairwise subjects.
    #[command(subcommand)]
    Subject(SubjectCommand),
    /// Whether people may make themselves an account: say `open` or `closed`, or nothing to see how it is.
    SignUp {
        /// What it is to be.
        wanted: Option<WantedSignUp>,
    },
}

/// What signing up is to be.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum WantedSignUp {
    /// Anybody may make an account, and proves to read the mail of its address.
    Open,
    /// Accounts are made by operators alone.
    Closed,
}

/// Where a password comes from.
#[derive(Args, Debug)]
pub(super) struct PasswordArguments {
    /// Read the password from standard input.
    #[arg(long)]
    password_stdin: bool,
    /// Read the password from a file.
    #[arg(long, value_name = "FILE", conflicts_with = "password_stdin")]
    password_file: Option<PathBuf>,
}

/// `ostiary user add`.
#[derive(Args, Debug)]
pub(super) struct AddArguments {
    /// The username.
    name: String,
    /// By what public clients know them, brought along from another provider; else it is drawn.
    #[arg(long, value_name = "SUB")]
    sub: Option<String>,
    #[command(flatten)]
    password: PasswordArguments,
    #[command(flatten)]
    claims: ClaimArguments,
}

/// `ostiary user update`.
#[derive(Args, Debug)]
pub(super) struct UpdateArguments {
    /// The username.
    username: String,
    /// A claim to take away; may stand several times.
    #[arg(long, value_name = "CLAIM")]
    remove: Vec<String>,
    #[command(flatten)]
    claims: ClaimArguments,
}

/// Runs one of them.
pub(super) async fn run(command: UserCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        UserCommand::Add(arguments) => add(*arguments, op, out).await,
        UserCommand::List => list(op, out).await,
        UserCommand::Show { name } => {
            let shown = read(op, &find(op, &name).await?).await?;
            out.answer(&shown, |out| out.line(&serde_json::to_string_pretty(&shown).unwrap_or_default()));
            Ok(())
        }
        UserCommand::Update(arguments) => update(&arguments, op, out).await,
        UserCommand::Passwd { name, password } => passwd(&name, &password, op, out).await,
        UserCommand::Disable { name } => disable(&name, op, out).await,
        UserCommand::Enable { name } => enable(&name, op, out).await,
        UserCommand::Operator(arguments) => operator::run(&arguments, op, out).await,
        UserCommand::Subject(command) => subject::run(command, op, out).await,
        UserCommand::SignUp { wanted } => sign_up(wanted, op, out).await,
    }
}

pub(super) async fn find(op: &Op, name: &str) -> Result<Account, Failed> {
    let found = op.store().reader().await?.account_by_username(name).await?;
    found
        .map(|(account, _)| account)
        .ok_or_else(|| Failed::new(format!("there is no user {name}; `ostiary user list` shows them")))
}

/// The account as JSON, with all that is kept beside it.
pub(super) async fn read(op: &Op, account: &Account) -> Result<Value, Failed> {
    let mut reader = op.store().reader().await?;
    let subjects = reader.subjects(&account.username, &account.username).await?;
    let operators = reader.operators().await?;
    Ok(shown(account, &subjects, &operators))
}

fn role(account: &Account, operators: &[(AccountId, Operator)]) -> Option<Operator> {
    operators.iter().find(|(id, _)| *id == account.id).map(|(_, role)| *role)
}

/// The account as JSON, with what sectors know it by, and whether it is an operator.
fn shown(account: &Account, subjects: &[Pairwise], operators: &[(AccountId, Operator)]) -> Value {
    let own: Vec<&Pairwise> = subjects.iter().filter(|one| one.account == account.id).collect();
    json!({
        "id": account.id,
        "username": account.username,
        "sub": account.sub,
        "pairwise": subject::shown(&own),
        "claims": account.claims,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.updated_at),
        "disabled_at": account.disabled_at.map(stamp),
        "operator": role(account, operators).map(Operator::as_str),
    })
}

async fn list(op: &Op, out: &Out) -> Result<(), Failed> {
    let (mut all, mut values): (Vec<Account>, Vec<Value>) = (Vec::new(), Vec::new());
    let operators = op.store().reader().await?.operators().await?;
    loop {
        let after = all.last().map_or("", |account| account.username.as_str()).to_owned();
        let mut reader = op.store().reader().await?;
        let page = reader.accounts(&after, 500).await?;
        let (Some(first), Some(last)) = (page.first(), page.last()) else { break };
        let subjects = reader.subjects(&first.username, &last.username).await?;
        values.extend(page.iter().map(|account| shown(account, &subjects, &operators)));
        all.extend(page);
    }
    let row = |account: &Account| {
        let text = |name: &str| account.claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let standing = account.disabled_at.map_or_else(|| "enabled".to_owned(), |at| format!("disabled {}", when(at)));
        let role = role(account, &operators).map_or("", Operator::as_str).to_owned();
        vec![account.username.clone(), text("name"), text("email"), standing, role]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    out.table(
        &["USERNAME", "NAME", "EMAIL", "STANDING", "OPERATOR"],
        &rows,
        &values,
        "nobody yet; `ostiary user add NAME` adds a person",
    );
    Ok(())
}

async fn add(arguments: AddArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let name = arguments.name.trim().to_owned();
    if name.is_empty() || name.len() > 128 || name.chars().any(char::is_control) {
        return Err(Failed::new("a username has 1 to 128 characters and no control characters"));
    }
    let sub = arguments.sub.as_deref().map(subject::read).transpose()?;
    let claims = arguments.claims.over(Map::new())?;
    let password = arguments.password.read(&name)?;
    let hash = op.hashing().hash(&password).await?;
    let now = op.now();
    let account = Account {
        id: AccountId::new(op.dice().name()),
        username: name,
        sub: sub.map_or_else(|| op.dice().name(), |sub| sub.to_string()),
        claims,
        created_at: now,
        updated_at: now,
        disabled_at: None,
    };
    let new = account.clone();
    let added = super::change(op, "user_added", &account.username, async move |tx, _| {
        Ok(tx.add_account(&new, Some(&hash)).await?.is_done().then_some(()))
    });
    if added.await?.is_none() {
        let name = &account.username;
        return Err(match op.store().reader().await?.account_by_username(name).await? {
            Some(_) => Failed::new(format!("there is a user {name} already; `ostiary user passwd` sets a password")),
            None => Failed::new(format!("{} is somebody's sub already; no two are alike", account.sub)),
        });
    }
    out.answer(&shown(&account, &[], &[]), |out| {
        out.line(&format!("Added {} (sub {}).", account.username, account.sub));
        let page = format!("{}/account", op.issuer().as_str());
        out.hint(&format!("Next: `ostiary client add` for a relying party, or sign in at {page}."));
    });
    Ok(())
}

async fn update(arguments: &UpdateArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let account = find(op, &arguments.username).await?;
    let mut left = account.claims.clone();
    for claim in &arguments.remove {
        let claim = &login::claims::spelt(claim);
        if left.shift_remove(claim).is_none() {
            return Err(Failed::new(format!("{} has no claim {claim}", account.username)));
        }
        left.shift_remove(&format!("{claim}_verified"));
    }
    let new = arguments.claims.over(left)?;
    let changed: Vec<&String> = new
        .iter()
        .filter(|(claim, value)| account.claims.get(*claim) != Some(value))
        .map(|(claim, _)| claim)
        .chain(account.claims.keys().filter(|claim| !new.contains_key(*claim)))
        .collect();
    if changed.is_empty() {
        let shown = read(op, &account).await?;
        out.answer(&shown, |out| out.line(&format!("{} is as it was.", account.username)));
        return Ok(());
    }
    let detail = json!({"claims": changed});
    let (id, before, set, now) = (account.id.clone(), account.claims.clone(), new.clone(), op.now());
    let done = super::change(op, "user_updated", &account.username, async move |tx, line| {
        line.tell(&detail);
        let stands = tx.account_to_change(&id).await?.is_some_and(|account| account.claims == before);
        Ok((stands && tx.set_claims(&id, &set, now).await?.is_done()).then_some(()))
    });
    if done.await?.is_none() {
        let name = &account.username;
        return Err(Failed::new(format!(
            "{name} was changed by somebody else just now; nothing is written, run it again"
        )));
    }
    let account = Account { claims: new, updated_at: now, ..account };
    out.answer(&read(op, &account).await?, |out| {
        out.line(&format!("{} is updated; clients see it at their next UserInfo request.", account.username));
    });
    Ok(())
}

impl PasswordArguments {
    /// From a file, from standard input, or typed twice.
    fn read(&self, username: &str) -> Result<String, Failed> {
        let password = if let Some(file) = &self.password_file {
            std::fs::read_to_string(file).map_err(|e| Failed::new(format!("{}: {e}", file.display())))?
        } else if self.password_stdin {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        } else {
            let ask = |words: String| {
                rpassword::prompt_password(words).map_err(|e| {
                    Failed::new(format!(
                        "nobody can be asked for a password here ({e}); give it with --password-stdin or --password-file"
                    ))
                })
            };
            let first = ask(format!("Password for {username}: "))?;
            if ask("Again: ".to_owned())? != first {
                return Err(Failed::new("the two passwords differ"));
            }
            first
        };
        let password = password.trim_end_matches(['\n', '\r']).to_owned();
        login::password::judge(&password, username).map_err(|problem| Failed::new(problem.to_string()))?;
        Ok(password)
    }
}

async fn passwd(name: &str, password: &PasswordArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let account = find(op, name).await?;
    let hash = op.hashing().hash(&password.read(&account.username)?).await?;
    let id = account.id.clone();
    let end = op.order_to_end(Ended::Account(id.clone()), Cause::PasswordChanged, &super::actor());
    let report = super::change(op, "password_set", &account.username, async move |tx, line| {
        tx.set_password(&id, &hash, end.at).await?;
        let report = tx.end(&end).await?;
        line.tell(&report.tally());
        Ok(Some(report))
    })
    .await?;
    told(out, &account.username, "has a new password", &report.unwrap_or_default());
    Ok(())
}

async fn disable(name: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let account = find(op, name).await?;
    let id = account.id.clone();
    let end = op.order_to_end(Ended::Account(id.clone()), Cause::AccountDisabled, &super::actor());
    let report = super::change(op, "user_disabled", &account.username, async move |tx, line| {
        let done = tx.disable_account(&id, end.at).await?;
        let report = tx.end(&end).await?;
        line.tell(&report.tally());
        Ok((done.is_done() || report.ended_something()).then_some(report))
    })
    .await?;
    told(out, &account.username, "is disabled", &report.unwrap_or_default());
    Ok(())
}

fn told(out: &Out, name: &str, what: &str, report: &EndReport) {
    let (sessions, notices, untold) = (report.sessions.len(), report.notices.len(), report.untold.len());
    let answer = json!({"username": name, "sessions_ended": sessions, "notices": notices, "untold": untold});
    out.answer(&answer, |out| {
        out.line(&format!(
            "{name} {what}; {sessions} sessions ended, {notices} relying parties are being told, {untold} cannot be."
        ));
        if notices > 0 {
            out.hint("`ostiary notice list` shows how that goes.");
        }
    });
}

async fn enable(name: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let account = find(op, name).await?;
    let (id, now) = (account.id.clone(), op.now());
    super::change(op, "user_enabled", &account.username, async move |tx, _| {
        Ok(tx.enable_account(&id, now).await?.is_done().then_some(()))
    })
    .await?;
    out.answer(&json!({"username": account.username}), |out| out.line(&format!("{} is enabled.", account.username)));
    Ok(())
}

async fn sign_up(wanted: Option<WantedSignUp>, op: &Op, out: &Out) -> Result<(), Failed> {
    let wanted = wanted.map(|wanted| match wanted {
        WantedSignUp::Open => SignUp::Open,
        WantedSignUp::Closed => SignUp::Closed,
    });
    if let Some(wanted) = wanted {
        super::change(op, "sign_up_set", wanted.as_str(), async move |tx, _| {
            Ok(tx.set_sign_up(wanted).await?.is_done().then_some(()))
        })
        .await?;
    }
    let is = op.store().reader().await?.sign_up().await?;
    let reachable = op.mail().is_some();
    out.answer(&json!({"sign_up": is.as_str(), "mail": reachable}), |out| {
        out.line(match is {
            SignUp::Open => "Signing up is open: anybody may make an account.",
            SignUp::Closed => "Signing up is closed: accounts are made by `ostiary user add`.",
        });
        if is == SignUp::Open && !reachable {
            out.hint("It is not offered until [mail] is configured: an address must be proven.");
        }
    });
    Ok(())
}
