//! `session …`: who is signed in, and ending that.
//!
//! Invariant: a session ends by the store's one verb, and its relying parties are promised to be told in the same transaction.

use clap::{ArgGroup, Args, Subcommand};
use openid::logout::judge::{End, Ended, OfflineGrants};
use openid::name::{AccountId, ClientId, SessionId, Sid};
use openid::session::SessionStanding;
use serde_json::json;
use store::{Selection, SessionFilter};

use super::out::{Failed, Out, when};
use crate::act::{self, Actor};
use crate::op::Op;
use crate::view::preview::{self, Extent, Party};
use crate::view::{history, tree};

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
    /// One session: who takes part, what was granted, and all that happened to it.
    Show {
        /// The session.
        id: String,
    },
    /// What an ending would do: whom it would tell and how, which grants would end. Nothing is changed.
    Preview(Which),
    /// End a session, a stay, all of a person's or all of a client's: every relying party in it is told.
    End(Which),
}

/// What is to end.
#[derive(Args, Debug)]
#[group(skip)]
#[command(group(ArgGroup::new("which").required(true).multiple(true).args(["id", "user", "sid", "client"])))]
pub(super) struct Which {
    /// One session.
    #[arg(conflicts_with_all = ["user", "sid", "client"])]
    id: Option<String>,
    /// All of a person's.
    #[arg(long)]
    user: Option<String>,
    /// One client's stay, by its `sid`.
    #[arg(long, conflicts_with_all = ["user", "client"])]
    sid: Option<String>,
    /// All of a client's; with --user, that person's there.
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// Background access (`offline_access`) too.
    #[arg(long)]
    offline: bool,
}

/// Runs one of them.
pub(super) async fn sessions(command: SessionCommand, op: &Op, out: &Out) -> Result<(), Failed> {
    match command {
        SessionCommand::List { user, client, all } => list(user.as_deref(), client, all, (op, out)).await,
        SessionCommand::Show { id } => show(&id, op, out).await,
        SessionCommand::Preview(which) => foresee(&which, op, out).await,
        SessionCommand::End(which) => end(&which, op, out).await,
    }
}

/// Whoever works on the command line.
pub(super) fn actor() -> Actor {
    Actor::named(super::actor())
}

/// The account of a username.
pub(super) async fn account(op: &Op, name: &str) -> Result<AccountId, Failed> {
    match op.store().reader().await?.account_by_username(name).await? {
        Some((account, _)) => Ok(account.id),
        None => Err(Failed::new(format!("there is no user {name}; `ostiary user list` shows them"))),
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
                session.replayed_at.map(|at| when(at.0)).unwrap_or_default(),
                ended.unwrap_or_default(),
            ]);
        }
        let Some(next) = page.next else { break };
        filter.after = Some(SessionId::new(next));
    }
    let head = ["SESSION", "USER", "KIND", "ON", "CLIENTS", "SEEN", "REPLAYED", "ENDED"];
    out.table(&head, &rows, &values, "nobody is signed in");
    Ok(())
}

impl Which {
    /// What is meant, which must be there.
    async fn read(&self, op: &Op) -> Result<Ended, Failed> {
        if let Some(id) = &self.id {
            let id = SessionId::new(id);
            let live = op.store().reader().await?.session(&id).await?.is_some_and(|row| row.ended.is_none());
            return match live {
                true => Ok(Ended::Session(id)),
                false => {
                    Err(Failed::new(format!("no session {id} is live; `ostiary session list` shows those that are")))
                }
            };
        }
        if let Some(sid) = &self.sid {
            let sid = Sid::new(sid);
            let stay = op.store().reader().await?.participation(&sid).await?;
            return match stay.is_some_and(|stay| stay.standing(op.now()) == SessionStanding::Live) {
                true => Ok(Ended::Participation(sid)),
                false => Err(Failed::new(format!(
                    "no stay {sid} goes on; `ostiary session show` shows those of a session, `ostiary session list` the sessions"
                ))),
            };
        }
        let person = match &self.user {
            Some(name) => Some(account(op, name).await?),
            None => None,
        };
        let client = self.client.as_ref().map(ClientId::new);
        if let Some(client) = &client
            && op.store().reader().await?.client(client).await?.is_none()
        {
            return Err(Failed::new(format!("there is no client {client}; `ostiary client list` shows them")));
        }
        match (person, client) {
            (Some(account), Some(client)) => Ok(Ended::AccountAtClient(account, client)),
            (Some(account), None) => Ok(Ended::Account(account)),
            (None, Some(client)) => Ok(Ended::Client(client)),
            (None, None) => Err(Failed::new("name a session, or --user, --client or --sid")),
        }
    }

    async fn order(&self, op: &Op) -> Result<End, Failed> {
        let offline = if self.offline { OfflineGrants::Revoke } else { OfflineGrants::Keep };
        Ok(act::order(op, self.read(op).await?, offline, &actor()))
    }
}

async fn end(which: &Which, op: &Op, out: &Out) -> Result<(), Failed> {
    let carried = act::end(op, &actor(), &which.order(op).await?).await?;
    let sums = carried.sums;
    let value = json!({
        "sessions": sums.sessions, "notices": sums.noticed, "shown": sums.shown, "untold": sums.untold,
        "ended_grants": sums.revoked, "kept_grants": sums.kept, "extent": carried.extent,
    });
    out.answer(&value, |out| {
        out.line(&format!(
            "{} sessions ended; {} relying parties are being told, {} cannot be.",
            sums.sessions, sums.noticed, sums.untold
        ));
        if sums.noticed > 0 {
            out.hint("A running server delivers the notices now; `ostiary notice list` shows how that goes.");
        }
        if carried.extent == Extent::Part {
            out.hint("There is more; the same command ends the next part.");
        }
    });
    Ok(())
}

/// What an ending would do, and nothing is done.
async fn foresee(which: &Which, op: &Op, out: &Out) -> Result<(), Failed> {
    let preview = preview::preview(op, &which.order(op).await?).await?;
    let row = |party: &Party| {
        let told = match party.untold {
            Some(why) => format!("cannot be told: {why}"),
            None => party.channels.join(" + "),
        };
        let grants = format!("{} end, {} live on", party.revoked.len(), party.kept.len());
        vec![party.client_id.clone(), party.sid.clone(), party.session.clone(), told, grants]
    };
    let rows: Vec<_> = preview.parties.iter().map(row).collect();
    let value = serde_json::to_value(&preview)?;
    out.answer(&value, |out| {
        out.table(&["CLIENT", "SID", "SESSION", "TOLD", "GRANTS"], &rows, &[], "no stay would end");
        for one in &preview.exchanged {
            out.line(&format!("{} ({}) takes no part and is not told: {}, dead with the grant.", one.client_name, one.client_id, held(one.tokens)));
        }
        let sums = preview.sums;
        out.line(&format!(
            "\n{} sessions and {} stays would end: {} noticed, {} by the browser alone, {} untold; {} grants would end, {} live on.",
            sums.sessions, sums.stays, sums.noticed, sums.shown, sums.untold, sums.revoked, sums.kept
        ));
        if let (Some(reach), Extent::Part) = (preview.reach, preview.extent) {
            out.line(&format!("That is the first part: the client takes part in {reach} sessions."));
        }
        out.line("Nothing was changed.");
    });
    Ok(())
}

fn held(tokens: u64) -> String {
    if tokens == 1 {
        "it holds a token it exchanged".to_owned()
    } else {
        format!("it holds {tokens} tokens it exchanged")
    }
}

/// One session, its tree and its history.
async fn show(id: &str, op: &Op, out: &Out) -> Result<(), Failed> {
    let history = history::history(op, &SessionId::new(id)).await?;
    let unknown =
        || Failed::new(format!("there is no session {id}; `ostiary session list --all` shows those that are kept"));
    let history = history.ok_or_else(unknown)?;
    let value = serde_json::to_value(&history)?;
    out.answer(&value, |out| {
        let session = &history.session;
        let agent = session.agent.as_deref().unwrap_or_default();
        out.line(&format!("{} {} of {} {agent}", session.kind, session.id, history.username));
        if let Some(at) = session.replayed_at {
            out.line(&format!("  a device secret came back that had been replaced: {}", at.exact()));
        }
        for stay in &session.stays {
            let end = match (&stay.ended, &stay.told) {
                (Some(ended), Some(told)) => format!("ended {}: {}, {}", ended.at.exact(), ended.cause, told.words()),
                _ => format!("goes on, last used {}", stay.used_at.exact()),
            };
            out.line(&format!("  {} {} ({}) {end}", stay.client_id, stay.sid, stay.client_name));
            for grant in &stay.grants {
                let end =
                    grant.ended.as_ref().map_or_else(|| "lives".to_owned(), |ended| format!("ended: {}", ended.cause));
                out.line(&format!("    {} {} {}, {end}", grant.kind, grant.id, grant.scope));
                for one in &grant.exchanged {
                    out.line(&format!("      {}", one.words()));
                }
            }
        }
        out.line("");
        for event in &history.events {
            let by = event.by.as_ref().map(|by| format!(" [{by}]")).unwrap_or_default();
            out.line(&format!("{}  {}{by}", event.at.exact(), event.words));
        }
    });
    Ok(())
}
