//! What is looked for in the operator's console: people and things, applications, the trail.

use openid::time::Time;
use store::audit::Entry;

use super::NOW;
use super::ledger::session;
use crate::page::console::{Clients, Did, Find, Found, OneClient, Trail};
use crate::view::Moment;
use crate::view::figures::Sums;
use crate::view::tree::{Listed, Sessions, Standing};

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
        sums: Some((Moment(Time::from_seconds(NOW)), if live { sums } else { Sums { created: 1, ..Sums::default() } })),
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
