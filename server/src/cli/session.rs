//! `session …`: who is signed in, and ending that.
//!
//! Invariant: a session ends by the store's one verb, and its relying parties are promised to be told in the same transaction.

use clap::{ArgGroup, Args, Subcommand};
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::{AccountId, ClientId, SessionId};
use openid::session::Cause;
use serde_json::json;
use store::{EndReport, Selection, SessionFilter};

use super::out::{Failed, Out, when};
use crate::op::Op;
use crate::view::tree;

/// `ostiary session …`.
#[derive(Subcommand, Debug)]
pub(super) enum SessionCommand {
    /// Live sessions.
    List {
        /// Of one person.
        #[arg(long)]
        user: Option<String>,
        /// In which one client takes part.
        #[arg(long, value_name = "CLIENT_ID")]
        client: Option<String>,
        /// Ended ones too.
        #[arg(long)]
        all: bool,
    },
    /// End a session, or all of a person's: every relying party in it is told.
    End(EndArguments),
}

/// `ostiary session end`.
#[derive(Args, Debug)]
#[group(skip)]
#[command(group(ArgGroup::new("which").required(true).args(["id", "user"])))]
pub(super) struct EndArguments {
    /// One session.
    id: Option<String>,
    /// All of a person's.
    #[arg(long)]
    user: Option<String>,
    /// Background access (`offline_access`) too.
    #[arg(long)]
    offline: bool,
}

/// Runs one of them.
pub(super) async fn sessions(command: SessionCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        SessionCommand::List { user, client, all } => list(user.as_deref(), client, all, (op, out)).await,
        SessionCommand::End(arguments) => end(&arguments, op, out).await,
    }
}

/// The account of a username.
pub(super) async fn account(op: &Op, name: &str) -> Result<AccountId, Failed> {
    match op.store().reader().await?.account_by_username(name).await? {
        Some((account, _)) => Ok(account.id),
        None => Err(Failed::new(format!("there is no user {name}"))),
    }
}

async fn list(user: Option<&str>, client: Option<String>, all: bool, (op, out): (&Op, &Out)) -> Result<(), Failed> {
    let selection = if all { Selection::All } else { Selection::Live };
    let mut filter = SessionFilter { client: client.map(ClientId::new), ..SessionFilter::of(selection) };
    if let Some(name) = user {
        filter.account = Some(account(op, name).await?);
    }
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    loop {
        let page = tree::sessions(op, &filter).await?;
        for listed in page.sessions {
            values.push(serde_json::to_value(&listed)?);
            let session = listed.session;
            let ended = session.ended.map(|ended| format!("{} {}", when(ended.at.0), ended.cause));
            rows.push(vec![
                session.id,
                listed.username,
                session.kind.to_string(),
                session.agent.unwrap_or_default(),
                listed.clients.join(" "),
                when(session.seen_at.0),
                ended.unwrap_or_default(),
            ]);
        }
        let Some(next) = page.next else { break };
        filter.after = Some(SessionId::new(next));
    }
    out.table(&["SESSION", "USER", "KIND", "ON", "CLIENTS", "SEEN", "ENDED"], &rows, &values, "nobody is signed in");
    Ok(())
}

async fn end(arguments: &EndArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let what = match (&arguments.id, &arguments.user) {
        (Some(id), _) => Ended::Session(SessionId::new(id)),
        (None, Some(name)) => Ended::Account(account(op, name).await?),
        (None, None) => return Err(Failed::new("name a session, or a person with --user")),
    };
    let subject = arguments.id.as_deref().or(arguments.user.as_deref()).unwrap_or_default();
    let end = End {
        offline: if arguments.offline { OfflineGrants::Revoke } else { OfflineGrants::Keep },
        ..op.order_to_end(what, Cause::Operator, &super::actor())
    };
    let report = super::change(op, "session_ended", subject, async move |tx, line| {
        let report = tx.end(&end).await?;
        line.tell(&report.tally());
        Ok(report.ended_something().then_some(report))
    })
    .await?;
    let report = match (report, &arguments.id) {
        (Some(report), _) => report,
        (None, None) => EndReport::default(),
        (None, Some(id)) => {
            return Err(Failed::new(format!("no session {id} is live; `ostiary session list` shows those that are")));
        }
    };
    let (sessions, told, untold) = (report.sessions.len(), report.notices.len(), report.untold.len());
    out.answer(
        &json!({"sessions": sessions, "notices": told, "untold": untold, "kept_grants": report.kept.len()}),
        |out| {
            out.line(&format!("{sessions} sessions ended; {told} relying parties are being told, {untold} cannot be."));
            if told > 0 {
                out.hint("A running server delivers the notices now; `ostiary notice list` shows how that goes.");
            }
        },
    );
    Ok(())
}
