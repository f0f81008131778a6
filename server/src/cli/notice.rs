//! `notice …`: who was told that somebody has left, who will be, who could not be (`logout.md` §7); and the letters to people.
//!
//! Invariant: what is shown is the ledger itself; sending again and giving up leave a line in the audit trail.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use store::{Matter, NoticeFilter, NoticeRow, NoticeState, Settled};

use super::out::{Failed, Out, exact, stamp};
use crate::op::Op;

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
    /// One notice, with everything known of it.
    Show {
        /// The notice.
        id: String,
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
        NoticeCommand::Show { id } => show(&id, op, out).await,
        NoticeCommand::GiveUp { id } => give_up(&id, op, out).await,
        NoticeCommand::Retry(arguments) => retry(&arguments, op, out).await,
    }
}

fn filter(state: Option<NoticeState>, limit: u32) -> NoticeFilter {
    NoticeFilter { state, client: None, account: None, before: None, limit }
}

fn value(row: &NoticeRow) -> Value {
    let mut value = match row.matter {
        Matter::Logout(_) => json!({"client_id": row.notice.client, "sub": row.notice.sub, "sid": row.notice.sid}),
        Matter::Letter(_) => json!({"to": row.notice.sub, "letter": row.notice.sid}),
    };
    let own = json!({
        "id": row.id, "kind": row.matter.kind(), "state": row.state.as_str(), "cause": row.matter.as_str(),
        "attempts": row.attempts, "created_at": stamp(row.created_at), "due_at": stamp(row.due_at), "deliver_by": stamp(row.notice.deliver_by),
        "last_status": row.last_status, "last_reply": row.last_reply, "settled_at": row.settled_at.map(stamp), "story": story(row),
    });
    if let (Some(value), Value::Object(own)) = (value.as_object_mut(), own) {
        value.extend(own);
    }
    value
}

/// What became of a notice, in a sentence.
fn story(row: &NoticeRow) -> String {
    let attempts = match row.attempts {
        0 => "not tried yet".to_owned(),
        1 => "1 attempt".to_owned(),
        many => format!("{many} attempts"),
    };
    let at = row.settled_at.map(exact).unwrap_or_default();
    let last = row.last_reply.as_deref().map_or_else(String::new, |reply| match row.matter {
        Matter::Logout(_) => format!(", last: {}", plain(row.last_status, reply)),
        Matter::Letter(_) => format!(", last: {reply}"),
    });
    match row.state {
        NoticeState::Pending => {
            format!("{attempts}{last}; next {}, until {}", exact(row.due_at), exact(row.notice.deliver_by))
        }
        NoticeState::Delivered => match row.matter {
            Matter::Logout(_) => format!("told {at} ({attempts})"),
            Matter::Letter(_) => format!("taken by the mail server {at} ({attempts})"),
        },
        NoticeState::Refused => format!("refused {at} ({attempts}{last})"),
        NoticeState::Parked => {
            format!("parked {at} ({attempts}{last}); `ostiary notice retry {}` sends it again", row.id)
        }
        NoticeState::Withdrawn => format!("given up {at} ({attempts}{last})"),
    }
}

/// A relying party's last answer in plain words: Back-Channel Logout §2.8, RFC 9110 §15.
fn plain(status: Option<u16>, reply: &str) -> String {
    let means = match status {
        Some(400) => "it says the logout token is not good; does it know this issuer and its keys?",
        Some(401 | 403) => "it wants somebody to sign in there; the logout address must be open",
        Some(404 | 410) => "there is nothing at its backchannel_logout_uri",
        Some(408 | 504) => "it took too long",
        Some(429) => "it wants to be asked less often",
        Some(501) => "it does not do back-channel logout",
        Some(502) => "a proxy before it could not reach it",
        Some(503) => "it is down for now",
        Some(300..=399) => "it redirects, which is not followed; correct its backchannel_logout_uri",
        Some(500..=599) => "it failed",
        _ => return reply.to_owned(),
    };
    format!("{reply}, {means}")
}

async fn show(id: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let row = op.store().reader().await?.notice(id).await?;
    let row = row.ok_or_else(|| Failed::new(format!("there is no notice {id}; `ostiary notice list` shows them")))?;
    out.answer(&value(&row), |out| {
        out.line(&format!("{}: {}", row.state.as_str(), story(&row)));
        out.line(&serde_json::to_string_pretty(&value(&row)).unwrap_or_default());
    });
    Ok(())
}

async fn give_up(id: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let now = op.now();
    let named = id.to_owned();
    let done = super::change(op, "notice_given_up", id, async move |tx, _| {
        Ok((tx.give_up(&named, now).await? == Settled::Now).then_some(()))
    });
    if done.await?.is_none() {
        return Err(Failed::new(format!(
            "{id} is no notice that waits or is parked; `ostiary notice list` shows them"
        )));
    }
    out.answer(&json!({"id": id, "state": "withdrawn"}), |out| {
        out.line(&format!("{id} is withdrawn; `ostiary notice retry` would still send it again."));
    });
    Ok(())
}

async fn ledger(state: Option<State>, limit: u32, op: &Op, out: &Out) -> Result<(), Failed> {
    let mut reader = op.store().reader().await?;
    let rows = reader.notices(&filter(state.map(State::inner), limit)).await?;
    let counts = reader.notice_counts().await?;
    let row = |row: &NoticeRow| {
        vec![
            row.id.clone(),
            row.state.as_str().to_owned(),
            match row.matter {
                Matter::Logout(_) => row.notice.client.to_string(),
                Matter::Letter(_) => row.notice.sub.to_string(),
            },
            row.matter.as_str().to_owned(),
            story(row),
        ]
    };
    let table: Vec<_> = rows.iter().map(row).collect();
    let values: Vec<_> = rows.iter().map(value).collect();
    let head = ["NOTICE", "STATE", "TO", "CAUSE", "STORY"];
    let none = match state {
        None => "no notices yet: nobody has signed out, and no letter was sent",
        Some(_) => "no notice is in this state",
    };
    out.table(&head, &table, &values, none);
    out.hint(&format!(
        "\ncreated {} = delivered {} + refused {} + parked {} + pending {} + withdrawn {}",
        counts.created, counts.delivered, counts.refused, counts.parked, counts.pending, counts.withdrawn
    ));
    let beside = reader.beside_the_notices().await?;
    if beside != store::Beside::default() {
        out.hint(&format!(
            "beside that, in the last 90 days: shown {} (told by the browser alone), untold {} (no way to tell)",
            beside.shown, beside.untold
        ));
    }
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
    let subject = arguments.id.as_deref().unwrap_or("parked");
    let reopened = super::change(op, "notices_retried", subject, async move |tx, line| {
        let mut reopened = 0;
        for id in &ids {
            reopened += usize::from(tx.retry_notice(id, now, now + deadline).await? == Settled::Now);
        }
        line.tell(&json!({"reopened": reopened}));
        Ok((reopened > 0).then_some(reopened))
    })
    .await?
    .unwrap_or_default();
    if arguments.id.is_some() && reopened == 0 {
        return Err(Failed::new("there is no such notice, or it was delivered; `ostiary notice list` shows them"));
    }
    out.answer(&json!({"reopened": reopened}), |out| {
        out.line(&format!("{reopened} notices are sent again by a running server."));
    });
    Ok(())
}
