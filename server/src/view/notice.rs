//! Lines of the ledger: every promise to tell a relying party, and every letter, with what became of it in plain words.

use openid::name::{AccountId, ClientId, SessionId};
use openid::session::Cause;
use openid::time::Time;
use serde::Serialize;
use store::{Cursor, Fault, Matter, NoticeFilter, NoticeRow, NoticeState};
use utoipa::ToSchema;

use super::{Moment, Names};
use crate::op::Op;

/// The longest page.
pub const MOST: u32 = 1_000;

/// One line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notice {
    /// Its name.
    pub id: String,
    /// `backchannel_logout`, or `email`.
    pub kind: &'static str,
    /// `pending`, `delivered`, `refused`, `parked`, `withdrawn`.
    pub state: &'static str,
    /// Why the stay ended, or what the letter is about.
    pub cause: &'static str,
    /// The relying party.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// By what the relying party knows the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The session it was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The address of a letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub letter: Option<String>,
    /// Whom it is about; empty where a letter is about nobody yet.
    pub account: String,
    /// When it was promised.
    pub created_at: Moment,
    /// When it is tried next, while it is pending.
    pub due_at: Option<Moment>,
    /// Until when it is tried.
    pub deliver_by: Moment,
    /// Attempts so far.
    pub attempts: u32,
    /// The last HTTP status, or that of the mail server.
    pub last_status: Option<u16>,
    /// The last answer or error.
    pub last_reply: Option<String>,
    /// When it was settled.
    pub settled_at: Option<Moment>,
    /// From the promise to its settling, in milliseconds.
    pub latency_ms: Option<i64>,
    /// What stands in the way, while something does.
    pub trouble: Option<Trouble>,
    /// What became of it, in a sentence.
    pub story: String,
}

/// What stands in the way of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Trouble {
    /// Its kind: what it is called in every language.
    pub kind: &'static str,
    /// The last answer or error, in plain words.
    pub words: String,
    /// How to mend it.
    pub mend: String,
}

/// A page of the ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notices {
    /// Its lines, newest first.
    pub notices: Vec<Notice>,
    /// Where the next page begins, if there is one.
    pub next: Option<String>,
}

/// A parameter of a filter that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Which.
    pub parameter: &'static str,
    /// What it may be.
    pub may_be: String,
}

/// Reads a filter from parameters: `state`, `client`, `account`, `cause`, `session`, `text`, `cursor`, `limit`. An empty one
/// is as if it were not there: forms send those.
pub fn read_filter<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<NoticeFilter, Unreadable> {
    let get = |name| get(name).map(str::trim).filter(|value| !value.is_empty());
    let wrong = |parameter, may_be: String| Unreadable { parameter, may_be };
    let words = |all: &[&str]| format!("one of {}", all.join(", "));
    let state = get("state").map(|word| {
        let all: Vec<&str> = NoticeState::ALL.iter().map(|state| state.as_str()).collect();
        NoticeState::read(word).ok_or_else(|| wrong("state", words(&all)))
    });
    let cause = get("cause").map(|word| {
        let all: Vec<&str> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
        let known = Cause::read(word).is_some() || login::letter::About::read(word).is_some();
        known.then(|| word.to_owned()).ok_or_else(|| wrong("cause", words(&all)))
    });
    let before = get("cursor").map(|text| read_cursor(text).ok_or_else(|| wrong("cursor", "what `next` said".into())));
    let limit = get("limit").map(|text| {
        let number = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        number.ok_or_else(|| wrong("limit", format!("a number from 1 to {MOST}")))
    });
    let text = get("text").map(|text| match text.chars().count() {
        ..=200 => Ok(text.to_owned()),
        _ => Err(wrong("text", "200 characters at most".into())),
    });
    Ok(NoticeFilter {
        state: state.transpose()?,
        client: get("client").map(ClientId::new),
        account: get("account").map(AccountId::new),
        cause: cause.transpose()?,
        session: get("session").map(SessionId::new),
        text: text.transpose()?,
        before: before.transpose()?,
        limit: limit.transpose()?.unwrap_or(NoticeFilter::default().limit),
    })
}

/// A cursor as text: it names the last line that was seen, so that what is promised meanwhile moves nothing.
fn cursor(row: &NoticeRow) -> String {
    format!("{}.{}", row.created_at.millis(), row.id)
}

pub(super) fn read_cursor(text: &str) -> Option<Cursor> {
    let (millis, id) = text.split_once('.')?;
    Some(Cursor { created_at: Time::from_millis(millis.parse().ok()?), id: id.to_owned() })
}

/// A page of the ledger.
pub async fn notices(op: &Op, filter: &NoticeFilter) -> Result<Notices, Fault> {
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    // One more says whether there is a next page.
    let more = NoticeFilter { limit: filter.limit.saturating_add(1), ..filter.clone() };
    let mut rows = op.store().reader().await?.notices(&more).await?;
    let next = (rows.len() > limit).then(|| rows.get(limit.saturating_sub(1)).map(cursor)).flatten();
    rows.truncate(limit);
    Ok(Notices { notices: of_rows(op, &rows).await?, next })
}

/// One notice.
pub async fn notice(op: &Op, id: &str) -> Result<Option<Notice>, Fault> {
    let row = op.store().reader().await?.notice(id).await?;
    let rows: Vec<NoticeRow> = row.into_iter().collect();
    Ok(of_rows(op, &rows).await?.pop())
}

/// Lines for rows that were read.
pub(super) async fn of_rows(op: &Op, rows: &[NoticeRow]) -> Result<Vec<Notice>, Fault> {
    let logouts = rows.iter().filter(|row| matches!(row.matter, Matter::Logout(_)));
    let names = Names::of(op, logouts.map(|row| row.notice.client.clone()).collect()).await?;
    Ok(rows.iter().map(|row| of_row(row, &names)).collect())
}

fn of_row(row: &NoticeRow, names: &Names) -> Notice {
    let logout = matches!(row.matter, Matter::Logout(_)).then_some(&row.notice);
    let letter = matches!(row.matter, Matter::Letter(_)).then_some(&row.notice);
    let settled = row.settled_at;
    Notice {
        id: row.id.clone(),
        kind: row.matter.kind(),
        state: row.state.as_str(),
        cause: row.matter.as_str(),
        client_id: logout.map(|notice| notice.client.to_string()),
        client_name: logout.map(|notice| names.name(&notice.client)),
        sub: logout.map(|notice| notice.sub.to_string()),
        sid: logout.map(|notice| notice.sid.to_string()),
        session: logout.map(|notice| notice.session.to_string()),
        to: letter.map(|notice| notice.sub.to_string()),
        letter: letter.map(|notice| notice.sid.to_string()),
        account: row.notice.account.to_string(),
        created_at: Moment(row.created_at),
        due_at: (row.state == NoticeState::Pending).then_some(Moment(row.due_at)),
        deliver_by: Moment(row.notice.deliver_by),
        attempts: row.attempts,
        last_status: row.last_status,
        last_reply: row.last_reply.clone(),
        settled_at: settled.map(Moment),
        latency_ms: settled.map(|at| at.since(row.created_at).millis()),
        trouble: trouble(row),
        story: story(row),
    }
}

/// What stands in the way: of one that was delivered or given up nothing does, nor of one that was not tried yet.
fn trouble(row: &NoticeRow) -> Option<Trouble> {
    let troubled = matches!(row.state, NoticeState::Pending | NoticeState::Refused | NoticeState::Parked);
    let reply = row.last_reply.as_deref().filter(|_| troubled)?;
    Some(match row.matter {
        Matter::Logout(_) => {
            let (status, words) = (row.last_status, plain(row.last_status, reply));
            Trouble { kind: kind(status, reply), words, mend: mend(status, reply).into() }
        }
        Matter::Letter(_) => {
            let mend = "`ostiary doctor` tries the mail server".to_owned();
            Trouble { kind: "mail", words: reply.to_owned(), mend }
        }
    })
}

/// What became of a notice, in a sentence.
fn story(row: &NoticeRow) -> String {
    let attempts = match row.attempts {
        0 => "not tried yet".to_owned(),
        1 => "1 attempt".to_owned(),
        many => format!("{many} attempts"),
    };
    let at = row.settled_at.map(|at| Moment(at).exact()).unwrap_or_default();
    let last = row.last_reply.as_deref().map_or_else(String::new, |reply| match row.matter {
        Matter::Logout(_) => format!(", last: {}", plain(row.last_status, reply)),
        Matter::Letter(_) => format!(", last: {reply}"),
    });
    match row.state {
        NoticeState::Pending => {
            let (next, until) = (Moment(row.due_at).exact(), Moment(row.notice.deliver_by).exact());
            format!("{attempts}{last}; next {next}, until {until}")
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

/// The kind of what stands in the way.
fn kind(status: Option<u16>, reply: &str) -> &'static str {
    match status {
        Some(400) => "token",
        Some(401 | 403) => "login",
        Some(404 | 410) => "nothing",
        Some(300..=399) => "redirect",
        Some(405 | 501) => "unsupported",
        Some(429) => "often",
        Some(408 | 425 | 500..=599) => "down",
        Some(_) => "odd",
        None if reply.contains("may not be reached") => "inside",
        None if reply.contains("no backchannel_logout_uri") => "address",
        None if reply.contains("deadline") => "deadline",
        None if reply.contains("certificate") => "certificate",
        None => "unreachable",
    }
}

/// How to mend it.
fn mend(status: Option<u16>, reply: &str) -> &'static str {
    match status {
        Some(400) => "`ostiary rp check` shows which tokens it takes; its log says why it refused this one",
        Some(401 | 403) => "let requests to its logout address in without a login, then send again",
        Some(300..=399 | 404 | 405 | 410 | 501) => {
            "correct backchannel_logout_uri (`ostiary client update`); the next attempt reads it anew"
        }
        Some(408 | 425 | 429 | 500..=599) => "nothing: it comes again by itself until its deadline; else send it again",
        Some(_) => "look at what answers at its backchannel_logout_uri",
        None if reply.contains("may not be reached") => {
            "if the address is meant to be inside, add it to outbound.internal and restart; then send again"
        }
        None if reply.contains("no backchannel_logout_uri") => "register one, or give this notice up",
        None if reply.contains("deadline") => "once it is up again, send again",
        None if reply.contains("certificate") => "renew its certificate, or let this machine trust its authority",
        None => "see that it is up and its name can be found from here; it comes again by itself until its deadline",
    }
}

#[cfg(test)]
mod tests {
    use super::{read_cursor, read_filter};

    fn read(query: &str) -> Result<store::NoticeFilter, String> {
        let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        read_filter(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| *v))
            .map_err(|wrong| wrong.parameter.into())
    }

    #[test]
    fn a_filter_is_read_or_its_parameter_named() {
        let all =
            read("state=parked&client=c&account=a&cause=operator&session=s&text=50%25&cursor=7.x.y&limit=9").unwrap();
        assert_eq!((all.limit, all.cause.as_deref(), all.text.as_deref()), (9, Some("operator"), Some("50%25")));
        assert_eq!(all.before, read_cursor("7.x.y"));
        assert_eq!(all.before.map(|cursor| cursor.id), Some("x.y".to_owned()));
        let none = read("state=&limit=&cursor=").unwrap();
        assert_eq!((none.state, none.limit, none.before), (None, 100, None));
        for wrong in ["state=lost", "cause=boredom", "limit=0", "limit=1001", "limit=x", "cursor=x", "cursor=x.y"] {
            assert_eq!(read(wrong).unwrap_err(), wrong.split('=').next().unwrap(), "{wrong}");
        }
        assert_eq!(read(&format!("text={}", "x".repeat(201))).unwrap_err(), "text");
        assert!(read("cause=recover").is_ok() || read("cause=sign_up").is_ok(), "letters have reasons too");
    }
}
