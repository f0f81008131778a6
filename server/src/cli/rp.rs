//! `rp …`: what a relying party makes of good and bad logout tokens (`logout.md` §7, Back-Channel Logout §2.4 to §2.8).
//!
//! Invariant: nothing of ours ends or changes by it; what it may end elsewhere it says before it starts, and only a `sub`
//! and a `sid` that were given can end anything.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Subcommand};
use openid::client::Client;
use openid::logout::check::{About, CHECKS, Check, Did, Proof, Sent, Verdict, Wanted, judge};
use openid::logout::judge::Notice;
use openid::name::{AccountId, SessionId, Sid, Sub};
use serde_json::{Value, json};

use super::forge::Forge;
use super::out::{Failed, Out};
use crate::op::Op;
use crate::outbound::{Call, Class, Limits};

/// As long as the courier waits.
const LIMITS: Limits = Limits { time: Duration::from_secs(10), body: 64 * 1024 };

/// `ostiary rp …`.
#[derive(Subcommand, Debug)]
pub(super) enum RpCommand {
    /// Send good and bad logout tokens to a relying party, and say what it does wrong.
    Check(CheckArguments),
}

/// `ostiary rp check`.
#[derive(Args, Debug)]
pub(super) struct CheckArguments {
    /// Its back-channel logout address; if none is given, the one its client registered.
    #[arg(value_name = "BACKCHANNEL_LOGOUT_URI", required_unless_present = "client")]
    uri: Option<String>,
    /// The client the tokens are for; if none is given, the one that registered that address.
    #[arg(long, value_name = "CLIENT_ID")]
    client: Option<String>,
    /// `sub` of a test person who is signed in there. Without it all tokens are about nobody.
    #[arg(long, requires = "sid")]
    sub: Option<String>,
    /// `sid` of that person's session there, from its ID Token: it is ended.
    #[arg(long, requires = "sub", allow_hyphen_values = true)]
    sid: Option<String>,
    /// Advice counts as wrong too.
    #[arg(long)]
    strict: bool,
}

/// What came of one check.
struct Row {
    name: &'static str,
    clause: &'static str,
    link: &'static str,
    wanted: &'static str,
    did: String,
    millis: i64,
    verdict: Verdict,
    why: &'static str,
}

/// What was seen of one answer.
struct Seen {
    did: Did,
    words: String,
    millis: i64,
    no_store: bool,
}

/// Runs one of them. Exit status 1: it does something wrong.
pub(super) async fn rp(command: RpCommand, op: &Op, out: &Out) -> Result<ExitCode, Failed> {
    let RpCommand::Check(arguments) = command;
    let client = find(&arguments, op).await?;
    let (uri, class) = match (&arguments.uri, &client.metadata.backchannel_logout_uri) {
        // Whoever types an address here is the operator.
        (Some(uri), _) => (uri.clone(), Class::Operator),
        (None, Some(uri)) => (uri.clone(), Class::of(&client)),
        (None, None) => return Err(Failed::new(format!("{} has no backchannel_logout_uri; name one", client.id))),
    };
    op.outbound().allows(class, &uri).map_err(|unreached| Failed::new(unreached.to_string()))?;
    warn(&arguments, &client, &uri, out);
    let subject = client.id.to_string();
    let (told, about) = (uri.clone(), arguments.sid.clone());
    super::change(op, "rp_checked", &subject, async move |_, line| {
        line.tell(&json!({"uri": told, "sid": about}));
        Ok(Some(()))
    })
    .await?;
    let mut run = Run { op, class, uri, given: arguments.sub.zip(arguments.sid), forge: Forge::new(op, client).await? };
    let rows = run.all().await?;
    Ok(told_apart(&rows, arguments.strict, out))
}

/// Before anything is sent.
fn warn(arguments: &CheckArguments, client: &Client, uri: &str, out: &Out) {
    out.aside(&format!("Sending {} logout tokens for {} to {uri}, good ones and bad ones.", CHECKS.len(), client.id));
    match &arguments.sid {
        Some(sid) => out.aside(&format!(
            "The session {sid} of a test person ends THERE; if it checks badly, other sessions of that person may too. \
             Here nothing ends."
        )),
        None => out.aside(
            "They are about nobody, so nothing can end. With --sub and --sid of a test person who is signed in there it \
             says more.",
        ),
    }
}

async fn find(arguments: &CheckArguments, op: &Op) -> Result<Arc<Client>, Failed> {
    let id = match (&arguments.client, &arguments.uri) {
        (Some(id), _) => id.clone(),
        (None, uri) => registered(uri.as_deref().unwrap_or_default(), op).await?,
    };
    let client = op.clients().find(op.store(), &id).await?;
    client.ok_or_else(|| Failed::new(format!("there is no client {id}; `ostiary client list` shows them")))
}

/// The one client with this address.
async fn registered(uri: &str, op: &Op) -> Result<String, Failed> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let page = op.store().reader().await?.clients(&after, 500).await?;
        let Some(last) = page.last() else { break };
        after = last.id.to_string();
        for row in page {
            let metadata: Value = serde_json::from_str(&row.metadata).unwrap_or_default();
            if metadata["backchannel_logout_uri"] == uri {
                found.push(row.id.to_string());
            }
        }
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            Err(Failed::new(format!("no client registered {uri}: name the one whose tokens it expects with --client")))
        }
        many => Err(Failed::new(format!("{} registered {uri}: name one with --client", many.join(", ")))),
    }
}

struct Run<'a> {
    op: &'a Op,
    class: Class,
    uri: String,
    given: Option<(String, String)>,
    forge: Forge<'a>,
}

impl Run<'_> {
    async fn all(&mut self) -> Result<Vec<Row>, Failed> {
        let nobody = self.notice(&format!("nobody-{}", self.op.dice().short()), &self.op.dice().name());
        let somebody = self.given.as_ref().map(|(sub, sid)| self.notice(sub, sid));
        let mut seen: Vec<(&Check, bool, Seen)> = Vec::new();
        for check in CHECKS {
            let (notice, is_nobody) = match (check.about, &somebody) {
                (About::Somebody, None) => continue,
                (About::Nobody, _) | (About::Anybody, None) => (&nobody, true),
                (About::Anybody | About::Somebody, Some(somebody)) => (somebody, false),
            };
            let Some(fields) = self.forge.fields(check.sent, notice)? else { continue };
            seen.push((check, is_nobody, self.send(&fields).await));
        }
        Ok(self.rows(&seen))
    }

    fn notice(&self, sub: &str, sid: &str) -> Notice {
        Notice {
            client: self.forge.client_id(),
            sub: Sub::new(sub),
            sid: Sid::new(sid),
            account: AccountId::new(""),
            session: SessionId::new(""),
            deliver_by: self.op.now(),
        }
    }

    async fn send(&self, fields: &[(&'static str, String)]) -> Seen {
        let form: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let began = self.op.now();
        let call = Call { uri: &self.uri, form: Some(&form), authorization: None };
        let answered = self.op.outbound().call(self.class, call, LIMITS).await;
        let millis = self.op.now().since(began).millis();
        match answered {
            Ok(answer) => Seen {
                did: Did::Answered(answer.status),
                words: answer.status.to_string(),
                millis,
                no_store: answer.no_store,
            },
            Err(unreached) => Seen { did: Did::Silent, words: unreached.to_string(), millis, no_store: false },
        }
    }

    /// What good tokens came to says what refusals are worth.
    fn rows(&self, seen: &[(&Check, bool, Seen)]) -> Vec<Row> {
        let takes = |nobody: bool| {
            let good = |check: &Check| matches!(check.sent, Sent::Claims(openid::logout::check::Bend::Not));
            seen.iter().any(|(check, about, seen)| *about == nobody && good(check) && seen.did.took())
        };
        let telling = |nobody| if takes(nobody) { Proof::Telling } else { Proof::Mute };
        let mut rows: Vec<Row> = seen
            .iter()
            .map(|(check, nobody, seen)| Row {
                name: check.name,
                clause: check.clause,
                link: check.link,
                wanted: wanted(check.wanted),
                did: seen.words.clone(),
                millis: seen.millis,
                verdict: judge(check.wanted, seen.did, telling(*nobody)),
                why: check.why,
            })
            .collect();
        let answers = || seen.iter().map(|(_, _, seen)| seen).filter(|seen| seen.did != Did::Silent);
        let response = openid::logout::check::RESPONSE;
        let cached = answers().filter(|seen| !seen.no_store);
        rows.push(Row {
            name: "no-store",
            wanted: "no-store",
            did: match cached.clone().count() {
                0 => "in every answer".to_owned(),
                some => format!("not in {some} answers"),
            },
            millis: 0,
            verdict: if cached.count() == 0 { Verdict::Good } else { Verdict::Advice },
            why: "answers should have Cache-Control: no-store",
            clause: response.0,
            link: response.1,
        });
        let (slowest, patience) =
            (answers().map(|seen| seen.millis).max().unwrap_or_default(), self.op.config().lifetimes.logout_patience);
        rows.push(Row {
            name: "fast",
            wanted: "in time",
            did: format!("{slowest} ms"),
            millis: slowest,
            verdict: if slowest <= patience.millis() { Verdict::Good } else { Verdict::Advice },
            why: "the sign-out page waits no longer than lifetimes.logout_patience and then says \"will be told\"; after 10 s \
                  the notice counts as not delivered and comes again",
            clause: "logout.md §4",
            link: response.1,
        });
        rows
    }
}

fn wanted(wanted: Wanted) -> &'static str {
    match wanted {
        Wanted::Take | Wanted::TakeToo => "200",
        Wanted::Refuse => "400",
        Wanted::BetterRefuse => "better 400",
        Wanted::Either => "200 or 400",
    }
}

/// Says it, and whether that is a failure.
fn told_apart(rows: &[Row], strict: bool, out: &Out) -> ExitCode {
    let count = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
    let (bad, advice, unknown) = (count(Verdict::Bad), count(Verdict::Advice), count(Verdict::Unknown));
    let values: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "check": row.name, "wanted": row.wanted, "did": row.did, "milliseconds": row.millis,
                "verdict": row.verdict.as_str(), "clause": row.clause, "link": row.link, "why": row.why,
            })
        })
        .collect();
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| [row.verdict.as_str(), row.name, row.wanted, &row.did, row.clause].map(str::to_owned).to_vec())
        .collect();
    out.table(&["VERDICT", "CHECK", "WANTED", "DID", "CLAUSE"], &table, &values, "nothing was sent");
    for row in rows.iter().filter(|row| matches!(row.verdict, Verdict::Bad | Verdict::Advice)) {
        out.hint(&format!("\n{}, {}: {}.\n  {}", row.verdict.as_str(), row.name, row.why, row.link));
    }
    if unknown > 0 {
        out.hint(
            "\nunknown: it refuses good tokens about that session too, so that a refusal proves nothing. Sign a test \
             person in there and give --sub and --sid of that ID Token.",
        );
    }
    let good = count(Verdict::Good);
    out.hint(&format!("\n{} checks: {good} good, {advice} advice, {bad} bad, {unknown} unknown", rows.len()));
    if bad > 0 || (strict && advice > 0) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
