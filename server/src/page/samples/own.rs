//! The person's own page, and the one before an ending there.

use openid::time::Time;

use super::super::{Access, Account, AccountNotice, EndHow, EndParty, EndPreview, InPlace, OwnEnds, Place};
use super::{EVIL, NOW, asked, titled};

fn place(id: &str, here: bool, agent: &str, seconds: i64) -> Place {
    let stay = |name: &str| InPlace { sid: format!("{id}-{}", name.len()), name: name.into() };
    let applications = vec![stay("Example Library"), stay("Reading Room")];
    let seen = Time::from_seconds(NOW - seconds);
    Place {
        id: id.into(),
        here,
        agent: agent.into(),
        seen,
        device: false,
        replayed: None,
        applications,
        below: Vec::new(),
    }
}

fn access(client: &str, name: &str, since: i64) -> Access {
    let scopes =
        vec![asked("openid", false), asked("profile", false), titled("loans.write", "Lend books and take them back")];
    Access { client: client.into(), name: name.into(), scopes, since: Time::from_seconds(since) }
}

pub(super) fn account(notice: Option<AccountNotice>) -> Account {
    Account {
        who: "a1".into(),
        username: "ada".into(),
        name: "Ada Lovelace".into(),
        notice,
        applications: vec![access("c1", "Example Library", 1_741_000_000), access("c2", "Reading Room", 1_751_328_000)],
        sessions: vec![
            place("s1", true, "Firefox · Linux", 5),
            place("s2", false, "Safari · iPhone", 60),
            place("s3", false, "Chrome · Android", 17 * 60),
            place("s4", false, "Edge · Windows", 3600),
            place("s5", false, "Chrome · macOS", 5 * 3600),
            Place { applications: Vec::new(), ..place("s6", false, "", 40 * 86400) },
        ],
        address: None,
        details: Vec::new(),
        csrf: "csrf".into(),
    }
}

pub(super) fn with_devices() -> Account {
    let mut page = account(None);
    let phone = Place { device: true, ..place("d1", false, "Safari · iPhone", 30) };
    let replayed = Some(Time::from_seconds(NOW - 7200));
    let tablet = Place { device: true, replayed, ..place("d2", false, "", 90) };
    page.sessions[0].below = vec![phone, tablet];
    page
}

pub(super) fn party(name: &str, how: EndHow, keeps: bool) -> EndParty {
    EndParty { name: name.into(), how, keeps }
}

pub(super) fn end_preview(ends: OwnEnds) -> EndPreview {
    let parties = vec![
        party("Example Library", EndHow::BackChannel, false),
        party("Reading Room", EndHow::BackChannel, true),
        party("Old Forum", EndHow::Browser, false),
        party("Notes", EndHow::Untold, false),
    ];
    let devices = u64::from(matches!(ends, OwnEnds::Session { .. }));
    EndPreview { who: "a1".into(), ends, devices, parties, csrf: "csrf".into() }
}

pub(super) fn fresh() -> Account {
    let mut page = account(None);
    page.name = "ada".into();
    page.applications.clear();
    page.sessions.truncate(1);
    page.sessions[0].applications.clear();
    page
}

pub(super) fn hostile_account() -> Account {
    let mut page = account(None);
    page.name = "W".repeat(10_000);
    page.username = EVIL.into();
    page.applications =
        vec![Access { scopes: vec![asked(EVIL, false), titled("evil", EVIL)], ..access(EVIL, EVIL, NOW) }];
    page.sessions = vec![Place {
        applications: vec![InPlace { sid: EVIL.into(), name: EVIL.into() }],
        ..place(EVIL, false, EVIL, 5)
    }];
    page
}
