//! Previews of endings in the operator's console.

use super::EVIL;
use super::console::at;
use super::ledger::{exchanged, grant};
use crate::page::console::{EndPreview, Ends};
use crate::view::preview::{EndSums, Extent, Party, Preview};
use crate::view::tree::Grant;

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
        exchanged: vec![exchanged("Orders", 2)],
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
    page.preview.exchanged = vec![exchanged(EVIL, 1)];
    page.preview.background =
        vec![Grant { client_name: EVIL.into(), scope: EVIL.into(), ..grant("g", "offline", false) }];
    page
}
