//! The ledger and the sessions of the operator's console.

use std::collections::HashMap;

use super::EVIL;
use super::console::at;
use crate::act::How;
use crate::page::console::{Did, Filter, Ledger, OneNotice, OnePerson, OneSession, Settle, Shown};
use crate::view::Ended;
use crate::view::exchanged::Exchanged;
use crate::view::history::{Event, History, What};
use crate::view::notice::{Notice, Notices, Trouble};
use crate::view::tree::{Grant, How as Way, Person, Session, Standing, Stay, Told};

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

fn notice(state: &'static str, cause: &'static str, trouble: Option<&'static str>) -> Notice {
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
    Settle {
        how,
        id: id.map(str::to_owned),
        filter: parked().filter,
        looked: "8 parked:n1".into(),
        notices,
        count,
        more,
    }
}

pub(super) fn hostile_settle() -> Settle {
    let ledger = hostile_ledger();
    Settle { filter: ledger.filter, notices: ledger.notices.notices, looked: EVIL.into(), ..settle(How::GiveUp, None) }
}

pub(super) fn grant(id: &str, kind: &'static str, over: bool) -> Grant {
    Grant {
        id: id.into(),
        client_id: "library".into(),
        client_name: "Example Library".into(),
        sid: "s1d".into(),
        kind,
        scope: "openid profile loans.read".into(),
        resources: Vec::new(),
        created_at: at(7_000),
        expires_at: at(-86_400),
        ended: over.then(|| ended("operator")),
        exchanged: Vec::new(),
    }
}

pub(super) fn exchanged(name: &str, tokens: u64) -> Exchanged {
    Exchanged { client_id: "orders".into(), client_name: name.into(), tokens, until: at(-300) }
}

fn ended(cause: &'static str) -> Ended {
    Ended { at: at(600), cause, by: Some("operator:grace".into()) }
}

fn told(how: Way, state: Option<&'static str>, why: Option<&'static str>) -> Told {
    Told { how, why, notice: state.map(|_| "n1".to_owned()), state }
}

fn stay(sid: &str, name: &str, told: Option<Told>) -> Stay {
    let over = told.is_some();
    Stay {
        sid: sid.into(),
        client_id: "library".into(),
        client_name: name.into(),
        sub: "5ub".into(),
        begun_at: at(7_100),
        used_at: at(300),
        ended: over.then(|| ended("operator")),
        told,
        grants: vec![grant(&format!("{sid}-g1"), "online", over), grant(&format!("{sid}-g2"), "offline", false)],
    }
}

pub(super) fn session(id: &str, standing: Standing, stays: Vec<Stay>) -> Session {
    Session {
        id: id.into(),
        kind: "browser",
        account: "a1".into(),
        browser: Some("0a1b2c".into()),
        agent: Some("Firefox · Linux".into()),
        opened_from: None,
        replayed_at: None,
        begun_at: at(7_200),
        auth_time: at(7_200),
        acr: Some("urn:x:1".into()),
        amr: vec!["pwd".into()],
        seen_at: at(300),
        idle_until: at(-40_000),
        expires_at: at(-400_000),
        standing,
        ended: (standing == Standing::Ended).then(|| ended("operator")),
        stays,
        below: Vec::new(),
    }
}

fn over() -> Session {
    let stays = vec![
        stay("o1", "Example Library", Some(told(Way::Noticed, Some("delivered"), None))),
        stay("o2", "Old Catalogue", Some(told(Way::Noticed, Some("parked"), None))),
        stay("o3", "Map Room", Some(told(Way::Shown, None, None))),
        stay("o4", "Map Cabinet", Some(told(Way::Untold, None, Some("no-address")))),
        stay("o5", "Music Shelf", Some(told(Way::Untold, None, Some("no-browser")))),
        stay("o6", "Reading Room", Some(told(Way::Untold, None, Some("declined")))),
        stay("o7", "Attic", Some(told(Way::Noticed, None, None))),
        stay("o8", "Cellar", Some(told(Way::Unrecorded, None, None))),
    ];
    session("s2", Standing::Ended, stays)
}

fn person(sessions: Vec<Session>) -> Person {
    Person {
        account: "a1".into(),
        username: "ada".into(),
        sessions,
        background: vec![grant("b1", "offline", false)],
        notices: vec![notice("delivered", "operator", None), notice("parked", "person", Some("down"))],
    }
}

pub(super) fn one_person(shown: Shown) -> OnePerson {
    let mut phone = session("s3", Standing::Expired, Vec::new());
    phone.kind = "device";
    phone.browser = None;
    phone.agent = None;
    let mut live =
        session("s1", Standing::Live, vec![stay("s1d", "Example Library", None), stay("s1e", "Reading Room", None)]);
    let mut below = session("s4", Standing::Live, vec![stay("s4d", "Mail", None)]);
    (below.kind, below.browser, below.agent) = ("device", None, Some("Safari · iPhone".into()));
    (below.opened_from, below.replayed_at) = (Some("s1".into()), Some(at(600)));
    live.stays[0].grants[0].exchanged = vec![exchanged("Orders", 2)];
    live.below = vec![below];
    let sessions = match shown {
        Shown::Live => vec![live, phone],
        Shown::All => vec![live, over(), phone],
    };
    OnePerson { person: person(sessions), name: "Ada Lovelace".into(), disabled: false, shown, did: None }
}

pub(super) fn nowhere() -> OnePerson {
    let person = Person { sessions: Vec::new(), background: Vec::new(), notices: Vec::new(), ..person(Vec::new()) };
    OnePerson { person, disabled: true, did: Some(Did::Ended(2)), ..one_person(Shown::Live) }
}

pub(super) fn hostile_person() -> OnePerson {
    let mut bad = session(EVIL, Standing::Live, vec![stay(EVIL, EVIL, None)]);
    bad.agent = Some(EVIL.into());
    bad.stays[0].grants = vec![Grant { scope: EVIL.into(), ..grant("g", "offline", false) }];
    let person = Person { account: EVIL.into(), username: EVIL.into(), notices: Vec::new(), ..person(vec![bad]) };
    OnePerson { person, name: EVIL.into(), ..one_person(Shown::Live) }
}

fn event(what: What, subject: Option<&str>, seconds: i64) -> Event {
    let client =
        matches!(what, What::Joined | What::Granted | What::Left | What::GrantEnded | What::Noticed | What::Settled);
    Event {
        at: at(seconds),
        what,
        client_id: client.then(|| "library".to_owned()),
        subject: subject.map(str::to_owned),
        by: matches!(what, What::Ended | What::Audited).then(|| "operator:grace".to_owned()),
        words: "session_ended".into(),
    }
}

pub(super) fn one_session(live: bool) -> OneSession {
    let session = if live { session("s1", Standing::Live, vec![stay("s1d", "Example Library", None)]) } else { over() };
    let mut events = vec![
        event(What::Opened, None, 7_200),
        event(What::Authenticated, None, 7_150),
        event(What::Joined, Some("o1"), 7_100),
        event(What::Granted, Some("o1-g1"), 7_050),
    ];
    if !live {
        events.extend([
            event(What::Ended, None, 600),
            event(What::Left, Some("o1"), 600),
            event(What::GrantEnded, Some("o1-g1"), 600),
            event(What::Noticed, Some("backchannel_logout.s1d"), 600),
            event(What::Settled, Some("backchannel_logout.s1d"), 599),
            event(What::Audited, None, 600),
        ]);
    }
    let notices = if live { Vec::new() } else { vec![notice("delivered", "operator", None)] };
    let history = History { session, username: "ada".into(), ending: None, events, notices };
    OneSession { history, did: None }
}

pub(super) fn hostile_session() -> OneSession {
    let mut page = one_session(false);
    page.history.username = EVIL.into();
    page.history.session.id = EVIL.into();
    page.history.session.agent = Some(EVIL.into());
    page.history.session.amr = vec![EVIL.into()];
    for event in &mut page.history.events {
        event.words = EVIL.into();
        event.by = Some(EVIL.into());
        event.client_id = Some(EVIL.into());
    }
    page
}
