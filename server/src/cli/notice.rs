//! `notice …`: who was told that somebody has left, who will be, who could not be (`logout.md` §7); and the letters to people.
//!
//! Invariant: what is shown is the ledger itself; sending again and giving up leave a line in the audit trail.

use std::io::Write as _;

use clap::{Args, Subcommand, ValueEnum};
use openid::time::Span;
use serde_json::json;
use store::{NoticeFilter, NoticeRow, NoticeState, Seen};

use super::out::{Failed, Out};
use crate::act::{self, Acted, How, Looked};
use crate::op::Op;
use crate::view::Moment;
use crate::view::export::{Export, Format};
use crate::view::figures::{self, Balance};
use crate::view::notice::{self, Notice};

/// Parked notices that one command sends again.
const MOST: u32 = 10_000;

/// `ostiary notice …`.
#[derive(Subcommand, Debug)]
pub(super) enum NoticeCommand {
    /// The ledger: every promise to tell a relying party, and what became of it.
    List(ListArguments),
    /// What became of everything that was promised, in total and client by client, and whether it adds up.
    Figures {
        /// Look at every stay that is still kept, not only at those that ended in the last day.
        #[arg(long)]
        all: bool,
    },
    /// The ledger as a file on standard output, a line for each notice.
    Export {
        /// JSON a line, or CSV.
        #[arg(long, default_value = "ndjson")]
        format: FileFormat,
        #[command(flatten)]
        filter: Filter,
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

/// `ostiary notice list`.
#[derive(Args, Debug)]
pub(super) struct ListArguments {
    #[command(flatten)]
    filter: Filter,
    /// Where the page begins, as the page before said.
    #[arg(long)]
    cursor: Option<String>,
    /// How many.
    #[arg(long, default_value_t = 100)]
    limit: u32,
}

/// Which notices.
#[derive(Args, Debug)]
pub(super) struct Filter {
    /// In one state.
    #[arg(long)]
    state: Option<State>,
    /// For one client.
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// About one person.
    #[arg(long)]
    user: Option<String>,
    /// For one reason: `operator`, `idle_expiry`, …
    #[arg(long)]
    cause: Option<String>,
    /// About one session.
    #[arg(long)]
    session: Option<String>,
    /// With this in its name, its client, its subject or the last answer.
    #[arg(long)]
    text: Option<String>,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum FileFormat {
    /// A JSON object a line.
    Ndjson,
    /// RFC 4180, with a header.
    Csv,
}

impl ListArguments {
    fn is_all(&self) -> bool {
        let filter = &self.filter;
        let named = [&filter.client, &filter.user, &filter.cause, &filter.session, &filter.text, &self.cursor];
        filter.state.is_none() && named.iter().all(|argument| argument.is_none())
    }
}

impl Filter {
    /// The filter, read as the API reads it.
    async fn read(&self, op: &Op, cursor: Option<&str>, limit: Option<u32>) -> Result<NoticeFilter, Failed> {
        let account = match &self.user {
            Some(name) => Some(super::session::account(op, name).await?.to_string()),
            None => None,
        };
        let limit = limit.map(|limit| limit.to_string());
        notice::read_filter(|name| match name {
            "state" => self.state.map(|state| state.inner().as_str()),
            "client" => self.client.as_deref(),
            "account" => account.as_deref(),
            "cause" => self.cause.as_deref(),
            "session" => self.session.as_deref(),
            "text" => self.text.as_deref(),
            "cursor" => cursor,
            "limit" => limit.as_deref(),
            _ => None,
        })
        .map_err(|wrong| Failed::new(format!("--{} must be {}", wrong.parameter, wrong.may_be)))
    }
}

async fn export(format: FileFormat, filter: &Filter, op: &Op) -> Result<(), Failed> {
    let format = match format {
        FileFormat::Ndjson => Format::Ndjson,
        FileFormat::Csv => Format::Csv,
    };
    let filter = NoticeFilter { limit: u32::MAX, ..filter.read(op, None, None).await? };
    let mut export = Export::new(filter, format);
    let mut file = std::io::stdout();
    while let Some(piece) = export.next(op).await? {
        file.write_all(piece.as_bytes())?;
    }
    Ok(())
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
        NoticeCommand::List(arguments) => ledger(&arguments, op, out).await,
        NoticeCommand::Figures { all } => sums(all, op, out).await,
        NoticeCommand::Export { format, filter } => export(format, &filter, op).await,
        NoticeCommand::Show { id } => show(&id, op, out).await,
        NoticeCommand::GiveUp { id } => give_up(&id, op, out).await,
        NoticeCommand::Retry(arguments) => retry(&arguments, op, out).await,
    }
}

async fn show(id: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let found = notice::notice(op, id).await?;
    let found = found.ok_or_else(|| unknown(id))?;
    let value = serde_json::to_value(&found)?;
    out.answer(&value, |out| {
        out.line(&format!("{}: {}", found.state, found.story));
        if let Some(trouble) = &found.trouble {
            out.line(&format!("To mend it: {}.", trouble.mend));
        }
        out.line(&serde_json::to_string_pretty(&value).unwrap_or_default());
    });
    Ok(())
}

async fn give_up(id: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    settle(How::GiveUp, id, op).await?;
    out.answer(&json!({"id": id, "state": "withdrawn"}), |out| {
        out.line(&format!("{id} is withdrawn; `ostiary notice retry {id}` would still send it again."));
    });
    Ok(())
}

/// Settles one, or says why that cannot be done.
async fn settle(how: How, id: &str, op: &Op) -> Result<(), Failed> {
    match act::settle(op, &super::session::actor(), how, id).await? {
        Acted::Done(()) => Ok(()),
        Acted::Not(why) => Err(Failed::new(format!("{id}: {why}; `ostiary notice show {id}` tells all of it"))),
        Acted::Unknown => Err(unknown(id)),
    }
}

fn unknown(id: &str) -> Failed {
    Failed::new(format!("there is no notice {id}; `ostiary notice list` shows them"))
}

async fn ledger(arguments: &ListArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let filter = arguments.filter.read(op, arguments.cursor.as_deref(), Some(arguments.limit)).await?;
    let page = notice::notices(op, &filter).await?;
    let row = |notice: &Notice| {
        let to = notice.client_id.clone().or_else(|| notice.to.clone()).unwrap_or_default();
        vec![notice.id.clone(), notice.state.to_owned(), to, notice.cause.to_owned(), notice.story.clone()]
    };
    let table: Vec<_> = page.notices.iter().map(row).collect();
    let values = page.notices.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    let head = ["NOTICE", "STATE", "TO", "CAUSE", "STORY"];
    let none = match arguments.is_all() {
        true => "no notices yet: nobody has signed out, and no letter was sent",
        false => "no notice is like that",
    };
    out.table(&head, &table, &values, none);
    if let Some(next) = &page.next {
        out.hint(&format!("There are more: --cursor {next}"));
    }
    let figures = figures::figures(op, figures::LATELY).await?;
    out.hint(&format!("\n{}", figures.total.equation()));
    if figures.letters.created > 0 {
        out.hint(&format!("letters: {}", figures.letters.equation()));
    }
    let (shown, untold) = (figures.total.shown, figures.total.untold);
    if shown + untold > 0 {
        out.hint(&format!(
            "beside that, of the stays that are still kept: shown {shown} (told by the browser alone), untold {untold} (no way to tell)"
        ));
    }
    if figures.total.parked > 0 {
        out.hint("Parked notices wait for you: `ostiary notice retry --parked` sends them again.");
    }
    Ok(())
}

/// `ostiary notice figures`.
async fn sums(all: bool, op: &Op, out: &Out) -> Result<(), Failed> {
    let since = if all { Span::from_days(89) } else { figures::LATELY };
    let figures = figures::figures(op, since).await?;
    let row = |name: &str, sums: &figures::Sums| {
        let oldest = sums.oldest_pending.map(Moment::exact).unwrap_or_default();
        let numbers = [
            sums.created,
            sums.delivered,
            sums.refused,
            sums.parked,
            sums.pending,
            sums.withdrawn,
            sums.shown,
            sums.untold,
        ];
        [name.to_owned()]
            .into_iter()
            .chain(numbers.map(|number| number.to_string()))
            .chain([oldest])
            .collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = figures.clients.iter().map(|client| row(&client.client_name, &client.sums)).collect();
    rows.push(row("TOTAL", &figures.total));
    if figures.letters.created > 0 {
        rows.push(row("letters", &figures.letters));
    }
    let value = serde_json::to_value(&figures)?;
    out.answer(&value, |out| {
        let head = [
            "CLIENT",
            "CREATED",
            "DELIVERED",
            "REFUSED",
            "PARKED",
            "PENDING",
            "WITHDRAWN",
            "SHOWN",
            "UNTOLD",
            "OLDEST PENDING",
        ];
        out.table(&head, &rows, &[], "");
        out.line(&format!("\n{}\n{}", figures.total.equation(), figures.proof.sentence()));
    });
    match figures.proof.balance {
        Balance::AddsUp => Ok(()),
        Balance::Broken => Err(Failed::new("it does not add up: a promise was lost; keep this database and report it")),
    }
}

async fn retry(arguments: &RetryArguments, op: &Op, out: &Out) -> Result<(), Failed> {
    let reopened = if let Some(id) = &arguments.id {
        settle(How::Again, id, op).await?;
        1
    } else {
        let at = op.now();
        let parked = NoticeFilter { state: Some(NoticeState::Parked), limit: MOST, ..NoticeFilter::default() };
        let rows = op.store().reader().await?.notices(&parked).await?;
        let looked = |row: NoticeRow| {
            let at = row.settled_at.map_or(at, |settled| settled.max(at));
            Looked { id: row.id, seen: Seen { state: row.state, at } }
        };
        let looked: Vec<Looked> = rows.into_iter().map(looked).collect();
        act::settle_all(op, &super::session::actor(), How::Again, (&looked, "state=parked")).await?
    };
    out.answer(&json!({"reopened": reopened}), |out| match reopened {
        0 => out.line("Nothing is parked."),
        1 => out.line("One notice is sent again by a running server."),
        many => out.line(&format!("{many} notices are sent again by a running server.")),
    });
    Ok(())
}
