//! `session …`: who is signed in, and ending that.
//!
//! Invariant: a session ends by the store's one verb, and its relying parties are promised to be told in the same transaction.

use clap::{ArgGroup, Args, Subcommand};
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::SessionId;
use openid::session::Cause;
use serde_json::json;
use store::{EndReport, Selection, SessionFilter};

use super::out::{Failed, Out, stamp, when};
use crate::op::Op;

/// `ostiary session …`.
#[derive(Subcommand, Debug)]
pub(super) enum SessionCommand {
    /// Live sessions.
    List {
        /// Of one person.
        #[arg(long)]
        user: Option<String>,
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
        SessionCommand::List { user, all } => list(user.as_deref(), all, op, out).await,
        SessionCommand::End(arguments) => end(&arguments, op, out).await,
    }
}

async fn list(user: Option<&str>, all: bool, op: &Op, out: &Out) -> Result<(), Failed> {
    let mut reader = op.store().reader().await?;
    let account = match user {
        None => None,
        Some(name) => match reader.account_by_username(name).await? {
            Some((account, _)) => Some(account.id),
            None => return Err(Failed::new(format!("there is no user {name}"))),
        },
    };
    let selection = if all { Selection::All } else { Selection::Live };
    let mut filter = SessionFilter { account, selection, after: None, limit: 500 };
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    loop {
        let page = reader.sessions(&filter, op.now()).await?;
        let Some(last) = page.last() else { break };
        filter.after = Some(last.session.id.clone());
        for row in page {
            let person = reader.account(&row.session.account).await?.map(|a| a.username).unwrap_or_default();
            let stays = reader.participations(&row.session.id).await?;
            let clients: Vec<String> = stays
                .iter()
                // What ended before the session did is nobody's stay any more.
                .filter(|stay| stay.ended.is_none() || row.ended.is_some())
                .map(|stay| stay.participation.client.to_string())
                .collect();
            let ended = row
                .ended
                .as_ref()
                .map_or_else(String::new, |(at, cause, _)| format!("{} {}", when(*at), cause.as_str()));
            values.push(json!({
                "id": row.session.id, "username": person, "agent": row.agent, "clients": clients,
                "auth_time": stamp(row.session.auth_time), "seen_at": stamp(row.session.seen_at),
                "expires_at": stamp(row.session.expires_at),
                "ended": row.ended.as_ref().map(|(at, cause, by)| json!({"at": stamp(*at), "cause": cause.as_str(), "by": by})),
            }));
            let agent = row.agent.unwrap_or_default();
            rows.push(vec![
                row.session.id.to_string(),
                person,
                agent,
                clients.join(" "),
                when(row.session.seen_at),
                ended,
            ]);
        }
    }
    out.table(&["SESSION", "USER", "BROWSER", "CLIENTS", "SEEN", "ENDED"], &rows, &values, "nobody is signed in");
    Ok(())
}

async fn end(arguments: &EndArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let what = match (&arguments.id, &arguments.user) {
        (Some(id), _) => Ended::Session(SessionId::new(id)),
        (None, Some(name)) => match op.store().reader().await?.account_by_username(name).await? {
            Some((account, _)) => Ended::Account(account.id),
            None => return Err(Failed::new(format!("there is no user {name}"))),
        },
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
