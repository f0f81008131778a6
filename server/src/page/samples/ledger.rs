//! The ledger and the sessions of the operator's console.

use super::console::at;
use super::tree::{grant, session};
use super::{EVIL, NOW};
use crate::page::console::{
    Clients, Did, EndPreview, Ends, Filter, Find, Found, How, Ledger, OneClient, OneNotice, Settle, Trail,
};
use crate::view::figures::Sums;
use crate::view::notice::{Notice, Notices, Trouble};
use crate::view::preview::{EndSums, Extent, Party, Preview};
use crate::view::tree::{Grant, Listed, Sessions, Standing};
use openid::time::Time;
use std::collections::HashMap;
use store::audit::Entry;

/// Every kind of trouble there is.
const TROUBLES: &[&str] = &[
    "token",
    "login",
    "nothing",
    "redirect",
    "unsupported",
    "often",
    "down",
    "odd",
    "inside",
    "address",
    "deadline",
    "certificate",
    "unreachable",
    "mail",
];

const CAUSES: &[&str] = &[
    "rp_initiated",
    "person",
    "consent_withdrawn",
    "operator",
    "password_changed",
    "account_disabled",
    "client_disabled",
    "idle_expiry",
    "absolute_expiry",
    "reuse",
    "revoked",
    "replaced",
];

const LETTERS: &[&str] = &["sign_up", "sign_up_taken", "verify_email", "email_changed", "recover"];

pub(super) fn notice(state: &'static str, cause: &'static str, trouble: Option<&'static str>) -> Notice {
    let settled = matches!(state, "delivered" | "refused" | "parked" | "withdrawn");
    Notice {
        id: "backchannel_logout.s1d".into(),
        kind: "backchannel_logout",
        state,
        cause,
        client_id: Some("library".into()),
        client_name: Some("Example Library".into()),
        sub: Some("5ub".into()),
        sid: Some("s1d".into()),
        session: Some("s1".into()),
        to: None,
        letter: None,
        account: "a1".into(),
        created_at: at(7_200),
        due_at: (state == "pending").then(|| at(-60)),
        deliver_by: at(-79_200),
        attempts: if state == "delivered" { 1 } else { 4 },
        last_status: Some(404),
        last_reply: Some("HTTP 404".into()),
        settled_at: settled.then(|| at(7_100)),
        latency_ms: settled.then_some(100_412),
        trouble: trouble.map(|kind| Trouble { kind, words: "words".into(), mend: "mend".into() }),
        story: "story".into(),
    }
}

fn letter(cause: &'static str) -> Notice {
    Notice {
        kind: "email",
        client_id: None,
        client_name: None,
        sub: None,
        sid: None,
        session: None,
        to: Some("ada@example.org".into()),
        letter: Some("l1".into()),
        account: String::new(),
        ..notice("delivered", cause, None)
    }
}

fn people() -> HashMap<String, String> {
    HashMap::from([("a1".to_owned(), "ada".to_owned())])
}

pub(super) fn ledger() -> Ledger {
    let mut notices: Vec<Notice> =
        ["pending", "delivered", "refused", "parked", "withdrawn"].map(|state| notice(state, "operator", None)).into();
    notices.extend(TROUBLES.iter().map(|trouble| notice("parked", "rp_initiated", Some(trouble))));
    notices.extend(CAUSES.iter().map(|cause| notice("delivered", cause, None)));
    notices.extend(LETTERS.iter().map(|cause| letter(cause)));
    let notices = Notices { notices, next: Some("7.backchannel_logout.x".into()) };
    Ledger { filter: Filter::default(), wrong: None, notices, people: people() }
}

pub(super) fn parked() -> Ledger {
    let filter = Filter { state: "parked".into(), client: "a&b".into(), ..Filter::default() };
    let notices = Notices { notices: vec![notice("parked", "operator", Some("nothing"))], next: None };
    Ledger { filter, notices, ..ledger() }
}

pub(super) fn nothing_found() -> Ledger {
    let filter = Filter { person: "nobody".into(), ..Filter::default() };
    Ledger {
        filter,
        wrong: Some("person"),
        notices: Notices { notices: Vec::new(), next: None },
        people: HashMap::new(),
    }
}

pub(super) fn hostile_ledger() -> Ledger {
    let evil = || Some(EVIL.to_owned());
    let bad = Notice {
        id: EVIL.into(),
        client_id: evil(),
        client_name: evil(),
        last_reply: evil(),
        account: EVIL.into(),
        ..notice("parked", "operator", Some("odd"))
    };
    let filter = Filter {
        state: "parked".into(),
        client: EVIL.into(),
        person: EVIL.into(),
        cause: EVIL.into(),
        text: EVIL.into(),
    };
    let people = HashMap::from([(EVIL.to_owned(), EVIL.to_owned())]);
    Ledger { filter, wrong: None, notices: Notices { notices: vec![bad], next: evil() }, people }
}

pub(super) fn one_notice(state: &'static str, trouble: Option<&'static str>, did: Option<Did>) -> OneNotice {
    OneNotice { notice: notice(state, "operator", trouble), username: Some("ada".into()), did }
}

pub(super) fn hostile_notice() -> OneNotice {
    let notice = hostile_ledger().notices.notices.remove(0);
    let notice = Notice { sub: Some(EVIL.into()), sid: Some(EVIL.into()), session: Some(EVIL.into()), ..notice };
    OneNotice { notice, username: Some(EVIL.into()), did: None }
}

pub(super) fn settle(how: How, id: Option<&str>) -> Settle {
    let notices = vec![notice("parked", "operator", Some("down")), notice("pending", "person", None)];
    let (count, more) = if id.is_some() { (1, false) } else { (1_000, true) };
    Settle { how, id: id.map(str::to_owned), filter: parked().filter, cursor: "8.".into(), notices, count, more }
}

pub(super) fn hostile_settle() -> Settle {
    let ledger = hostile_ledger();
    Settle { filter: ledger.filter, notices: ledger.notices.notices, cursor: EVIL.into(), ..settle(How::GiveUp, None) }
}

fn party(name: &str, untold: Option<&'static str>) -> Party {
    Party {
        client_id: "library".into(),
        client_name: name.into(),
        sid: "s1d".into(),
        session: "s1".into(),
        channels: if untold.is_some() || name == "Map Room" { Vec::new() } else { vec!["back_channel"] },
        untold,
        deliver_by: untold.is_none().then(|| at(-86_400)),
        revoked: vec![grant("g1", "online", false)],
        kept: vec![grant("g2", "offline", false)],
    }
}

fn preview(parties: Vec<Party>, offline: &'static str) -> Preview {
    let sums = EndSums { sessions: 1, stays: 4, noticed: 2, shown: 0, untold: 2, revoked: 4, kept: 4 };
    Preview {
        what: "session",
        subject: "s1".into(),
        cause: "operator",
        offline,
        sessions: vec!["s1".into()],
        parties,
        background: vec![grant("b1", "offline", false)],
        sums,
        reach: None,
        extent: Extent::All,
    }
}

pub(super) fn ends(ends: Ends, offline: &'static str) -> EndPreview {
    let parties = vec![
        party("Example Library", None),
        party("Map Cabinet", Some("no-address")),
        party("Map Room", None),
        party("Music Shelf", Some("no-browser")),
    ];
    let back = "/console/session?id=s1".to_owned();
    EndPreview { ends, named: ("session", "s1".into()), back, preview: preview(parties, offline) }
}

pub(super) fn ends_client() -> EndPreview {
    let mut page = ends(Ends::Client("Example Library".into()), "keep");
    page.preview.reach = Some(12_000);
    page.preview.extent = Extent::Part;
    page.preview.sums.sessions = 0;
    page
}

pub(super) fn ends_nothing() -> EndPreview {
    let mut page = ends(Ends::Stay("Example Library".into()), "keep");
    page.preview.parties.clear();
    page.preview.sums = EndSums::default();
    page
}

pub(super) fn hostile_end() -> EndPreview {
    let mut page = ends(Ends::Account(EVIL.into()), "keep");
    page.named = ("account", EVIL.into());
    page.preview.parties =
        vec![Party { revoked: vec![Grant { scope: EVIL.into(), ..grant("g", "online", false) }], ..party(EVIL, None) }];
    page.preview.background =
        vec![Grant { client_name: EVIL.into(), scope: EVIL.into(), ..grant("g", "offline", false) }];
    page
}

fn found(name: &str) -> Found {
    Found { name: name.into(), more: "more".into(), path: "/console/person?id=a1".into() }
}

pub(super) fn find(words: &str, people: &[&str]) -> Find {
    let people: Vec<Found> = people.iter().map(|name| found(name)).collect();
    let things = people.iter().take(1).cloned().collect();
    Find { words: words.into(), people, things }
}

pub(super) fn clients(names: &[&str]) -> Clients {
    Clients {
        clients: names.iter().map(|name| found(name)).collect(),
        next: names.first().map(|name| (*name).to_owned()),
    }
}

pub(super) fn one_client(name: &str, live: bool) -> OneClient {
    let listed =
        Listed { session: session("s1", Standing::Live, Vec::new()), username: name.into(), clients: Vec::new() };
    let sums = Sums { created: 6, delivered: 5, parked: 1, shown: 2, ..Sums::default() };
    OneClient {
        id: name.into(),
        name: name.into(),
        back_channel: live.then(|| format!("https://library.example/{name}")),
        front_channel: live.then(|| "https://library.example/frame".to_owned()),
        disabled: !live,
        sums: if live { sums } else { Sums { created: 1, ..Sums::default() } },
        sessions: Sessions {
            sessions: if live { vec![listed] } else { Vec::new() },
            next: live.then(|| name.to_owned()),
        },
        did: live.then_some(Did::Again(1)),
    }
}

pub(super) fn trail(words: &str, lines: bool) -> Trail {
    let line = |action: &str, detail: &str| Entry {
        id: "l1".into(),
        at: Time::from_seconds(NOW),
        actor: format!("operator:{words}"),
        action: action.into(),
        subject: words.into(),
        detail: detail.into(),
    };
    let all = vec![line("session_ended", "{\"sessions\":1}"), line("sign_in", "{}")];
    Trail {
        actor: words.into(),
        subject: words.into(),
        lines: if lines { all } else { Vec::new() },
        next: lines.then(|| format!("8.{words}")),
    }
}
