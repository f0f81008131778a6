//! `session …` and `notice …`: who is signed in, and who was told that somebody no longer is (`logout.md` §7).

use clap::{Args, Subcommand, ValueEnum};
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::SessionId;
use openid::session::Cause;
use serde_json::{Value, json};
use store::audit::Entry;
use store::{NoticeFilter, NoticeRow, NoticeState, Selection, SessionFilter, Settled};

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
#[group(required = true, multiple = false, id = "which")]
pub(super) struct EndArguments {
    /// One session.
    #[arg(group = "which")]
    id: Option<String>,
    /// All of a person's.
    #[arg(long, group = "which")]
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
    let subject = arguments.id.clone().or_else(|| arguments.user.clone()).unwrap_or_default();
    let end = End {
        what,
        cause: Cause::Operator,
        by: super::actor(),
        offline: if arguments.offline { OfflineGrants::Revoke } else { OfflineGrants::Keep },
        at: op.now(),
        deadline: op.config().lifetimes.logout_deadline,
    };
    let entry = Entry::new(op.dice().name(), op.now(), super::actor(), "session_ended", subject);
    let report = op
        .store()
        .write(async move |tx| {
            let report = tx.end(&end).await?;
            tx.note(&entry).await?;
            Ok(report)
        })
        .await?;
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

/// `ostiary notice …`.
#[derive(Subcommand, Debug)]
pub(super) enum NoticeCommand {
    /// The ledger: every promise to tell a relying party, and what became of it.
    List {
        /// In one state.
        #[arg(long)]
        state: Option<State>,
        /// How many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Send again: one notice, or all that are parked.
    Retry(RetryArguments),
    /// Give one up that is pending or parked: it is withdrawn and not sent any more.
    GiveUp {
        /// The notice.
        id: String,
    },
}

/// `ostiary notice retry`.
#[derive(Args, Debug)]
#[group(required = true, multiple = false, id = "which-notice")]
pub(super) struct RetryArguments {
    /// One notice.
    #[arg(group = "which-notice")]
    id: Option<String>,
    /// Everything that is parked.
    #[arg(long, group = "which-notice")]
    parked: bool,
}

/// A notice's state.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum State {
    /// Waiting, or coming again.
    Pending,
    /// The relying party knows.
    Delivered,
    /// It said no.
    Refused,
    /// Its deadline came, or it cannot recover: somebody must look.
    Parked,
    /// Nobody needs to be told any more.
    Withdrawn,
}

impl State {
    fn inner(self) -> NoticeState {
        match self {
            Self::Pending => NoticeState::Pending,
            Self::Delivered => NoticeState::Delivered,
            Self::Refused => NoticeState::Refused,
            Self::Parked => NoticeState::Parked,
            Self::Withdrawn => NoticeState::Withdrawn,
        }
    }
}

/// Runs one of them.
pub(super) async fn notices(command: NoticeCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        NoticeCommand::List { state, limit } => ledger(state, limit, op, out).await,
        NoticeCommand::Retry(arguments) => retry(&arguments, op, out).await,
        NoticeCommand::GiveUp { id } => give_up(&id, op, out).await,
    }
}

fn filter(state: Option<NoticeState>, limit: u32) -> NoticeFilter {
    NoticeFilter { state, client: None, account: None, before: None, limit }
}

fn value(row: &NoticeRow) -> Value {
    json!({
        "id": row.id, "state": row.state.as_str(), "client_id": row.notice.client, "sub": row.notice.sub,
        "sid": row.notice.sid, "cause": row.cause.as_str(), "attempts": row.attempts,
        "created_at": stamp(row.created_at), "due_at": stamp(row.due_at), "deliver_by": stamp(row.notice.deliver_by),
        "last_status": row.last_status, "last_reply": row.last_reply, "settled_at": row.settled_at.map(stamp),
    })
}

async fn ledger(state: Option<State>, limit: u32, op: &Op, out: &Out) -> Result<(), Failed> {
    let mut reader = op.store().reader().await?;
    let rows = reader.notices(&filter(state.map(State::inner), limit)).await?;
    let counts = reader.notice_counts().await?;
    let row = |row: &NoticeRow| {
        let next = match row.state {
            NoticeState::Pending => format!("next {}", when(row.due_at)),
            _ => row.settled_at.map(when).unwrap_or_default(),
        };
        vec![
            row.id.clone(),
            row.state.as_str().to_owned(),
            row.notice.client.to_string(),
            row.cause.as_str().to_owned(),
            row.attempts.to_string(),
            next,
            row.last_reply.clone().unwrap_or_default(),
        ]
    };
    let table: Vec<_> = rows.iter().map(row).collect();
    let values: Vec<_> = rows.iter().map(value).collect();
    let head = ["NOTICE", "STATE", "CLIENT", "CAUSE", "ATTEMPTS", "WHEN", "LAST ANSWER"];
    out.table(&head, &table, &values, "no notices yet: nobody has signed out");
    out.hint(&format!(
        "\ncreated {} = delivered {} + refused {} + parked {} + pending {} + withdrawn {}",
        counts.created, counts.delivered, counts.refused, counts.parked, counts.pending, counts.withdrawn
    ));
    if counts.parked > 0 {
        out.hint("Parked notices wait for you: `ostiary notice retry --parked` sends them again.");
    }
    Ok(())
}

async fn retry(arguments: &RetryArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let ids = if let Some(id) = &arguments.id {
        vec![id.clone()]
    } else {
        let parked = op.store().reader().await?.notices(&filter(Some(NoticeState::Parked), 10_000)).await?;
        parked.into_iter().map(|row| row.id).collect()
    };
    let (now, deadline) = (op.now(), op.config().lifetimes.logout_deadline);
    let asked = ids.len();
    let entry = Entry::new(op.dice().name(), now, super::actor(), "notices_retried", format!("{asked} notices"));
    let reopened = op
        .store()
        .write(async move |tx| {
            let mut reopened = 0;
            for id in &ids {
                if tx.retry_notice(id, now, now + deadline).await? == Settled::Now {
                    reopened += 1;
                }
            }
            tx.note(&entry).await?;
            Ok(reopened)
        })
        .await?;
    if arguments.id.is_some() && reopened == 0 {
        return Err(Failed::new("there is no such notice, or it was delivered"));
    }
    out.answer(&json!({"reopened": reopened}), |out| {
        out.line(&format!("{reopened} notices are sent again by a running server."));
    });
    Ok(())
}

async fn give_up(id: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let now = op.now();
    let entry = Entry::new(op.dice().name(), now, super::actor(), "notice_given_up", id.to_owned());
    let named = id.to_owned();
    let settled = op
        .store()
        .write(async move |tx| {
            let settled = tx.give_up(&named, now).await?;
            if settled == Settled::Now {
                tx.note(&entry).await?;
            }
            Ok(settled)
        })
        .await?;
    if settled == Settled::Not {
        return Err(Failed::new("there is no such notice that is pending or parked; `ostiary notice list` shows them"));
    }
    out.answer(&json!({"id": id, "state": "withdrawn"}), |out| {
        out.line(&format!("{id} is withdrawn; `ostiary notice retry` would still send it again."));
    });
    Ok(())
}
