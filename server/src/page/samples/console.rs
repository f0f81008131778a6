//! The operator's console.

use openid::account::Operator;
use openid::time::Time;

use super::super::console::Console;
use super::{EVIL, NOW};
use crate::view::Moment;
use crate::view::figures::{Balance, Figures, OfClient, Proof, Sums};

pub(super) use super::super::console::{self as pages, NotForYou};

pub(super) fn console(role: Operator) -> Console {
    Console { who: "a1".into(), username: "ada".into(), role, here: "/console".into(), csrf: "csrf".into() }
}

pub(super) fn acting() -> Console {
    console(Operator::Act)
}

pub(super) fn looking() -> Console {
    console(Operator::Look)
}

pub(super) fn hostile_console() -> Console {
    Console { username: EVIL.into(), here: format!("/console?x={EVIL}"), ..acting() }
}

pub(super) fn at(seconds: i64) -> Moment {
    Moment(Time::from_seconds(NOW - seconds))
}

fn sums([delivered, refused, parked, pending, withdrawn]: [u64; 5]) -> Sums {
    let oldest_pending = (pending > 0).then(|| at(5400));
    let oldest_pending_seconds = oldest_pending.map(|_| 5400);
    let created = delivered + refused + parked + pending + withdrawn;
    let (shown, untold) = (88, 4);
    Sums {
        created,
        delivered,
        refused,
        parked,
        pending,
        withdrawn,
        shown,
        untold,
        oldest_pending,
        oldest_pending_seconds,
    }
}

fn client(id: &str, name: &str, counts: [u64; 5]) -> OfClient {
    OfClient { client_id: id.into(), client_name: name.into(), sums: sums(counts) }
}

pub(super) fn figures() -> Figures {
    let proof = Proof {
        since: at(86_400),
        ended: 1_204,
        noticed: 1_190,
        shown: 12,
        untold: 2,
        missing: 0,
        balance: Balance::AddsUp,
    };
    Figures {
        at: at(0),
        total: sums([120_431, 12, 3, 9, 2]),
        clients: vec![
            client("library", "Example Library", [100_000, 0, 0, 0, 0]),
            client("https://music.example/?a=b&c", "Music Shelf", [20_431, 12, 0, 2, 2]),
            client("old", "Old Catalogue", [0, 0, 3, 7, 0]),
        ],
        letters: sums([7, 0, 0, 0, 0]),
        proof,
    }
}

pub(super) fn calm() -> Figures {
    let none = Proof { ended: 0, noticed: 0, shown: 0, untold: 0, ..figures().proof };
    Figures { total: Sums::default(), clients: Vec::new(), letters: Sums::default(), proof: none, ..figures() }
}

pub(super) fn wrong() -> Figures {
    let proof = Proof { missing: 1, ended: 1_205, balance: Balance::Broken, ..figures().proof };
    Figures { total: Sums { created: 9, ..sums([1, 1, 1, 1, 1]) }, proof, ..calm() }
}

pub(super) fn hostile_figures() -> Figures {
    Figures { clients: vec![client(EVIL, EVIL, [1, 0, 1, 0, 0])], ..figures() }
}
