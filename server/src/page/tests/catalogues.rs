//! The catalogues against each other, and against what the pages ask for.

use std::collections::{BTreeMap, BTreeSet};

use fluent_bundle::{FluentBundle, FluentResource};

use super::super::texts::Language;

/// Every source that asks for texts, by its name or by the beginning of it.
const SOURCES: &[&str] = &[
    include_str!("../mod.rs"),
    include_str!("../account.rs"),
    include_str!("../console/mod.rs"),
    include_str!("../console/end.rs"),
    include_str!("../console/figures.rs"),
    include_str!("../console/find.rs"),
    include_str!("../console/ledger.rs"),
    include_str!("../console/tree.rs"),
    include_str!("../console/gate.rs"),
    include_str!("../frame.rs"),
    include_str!("../interaction.rs"),
    include_str!("../letter.rs"),
    include_str!("../people.rs"),
    include_str!("../sign_out.rs"),
    include_str!("../../endpoint/link.rs"),
    include_str!("../../../templates/account.html"),
    include_str!("../../../templates/account_end.html"),
    include_str!("../../../templates/account_place.html"),
    include_str!("../../../templates/application.html"),
    include_str!("../../../templates/applications.html"),
    include_str!("../../../templates/base.html"),
    include_str!("../../../templates/choose.html"),
    include_str!("../../../templates/consent.html"),
    include_str!("../../../templates/console.html"),
    include_str!("../../../templates/console_audit.html"),
    include_str!("../../../templates/console_client.html"),
    include_str!("../../../templates/console_clients.html"),
    include_str!("../../../templates/console_closed.html"),
    include_str!("../../../templates/console_end.html"),
    include_str!("../../../templates/console_figures.html"),
    include_str!("../../../templates/console_find.html"),
    include_str!("../../../templates/console_ledger.html"),
    include_str!("../../../templates/console_live.html"),
    include_str!("../../../templates/console_notice.html"),
    include_str!("../../../templates/console_person.html"),
    include_str!("../../../templates/console_session.html"),
    include_str!("../../../templates/console_settle.html"),
    include_str!("../../../templates/create.html"),
    include_str!("../../../templates/error.html"),
    include_str!("../../../templates/form_post.html"),
    include_str!("../../../templates/home.html"),
    include_str!("../../../templates/link.html"),
    include_str!("../../../templates/login.html"),
    include_str!("../../../templates/logout.html"),
    include_str!("../../../templates/recover.html"),
    include_str!("../../../templates/sent.html"),
    include_str!("../../../templates/signed_out.html"),
];

/// Keys that are put together at run time: the samples show that each of them is there.
const BUILT: &[&str] = &[
    "scope-",
    "claim-",
    "told-",
    "password-",
    "console-state-",
    "console-story-",
    "console-trouble-",
    "console-cause-",
    "console-grant-",
    "console-what-",
    "console-why-",
];

/// The keys of a catalogue, and the placeables of each text.
fn catalogue(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in language.source().lines().filter(|line| !line.starts_with('#')) {
        if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with([' ', '}'])) {
            current = key.to_owned();
            assert!(keys.insert(current.clone(), BTreeSet::new()).is_none(), "{} twice in {}", key, language.tag());
        }
        for placeable in line.split('$').skip(1) {
            let name = placeable.split(|c: char| !c.is_ascii_lowercase()).next().unwrap().to_owned();
            keys.get_mut(&current).unwrap().insert(name);
        }
    }
    keys
}

#[test]
fn every_language_has_every_text_with_the_same_placeables() {
    let english = catalogue(Language::En);
    assert!(english.len() > 100);
    for language in Language::ALL {
        let parsed = FluentResource::try_new(language.source().to_owned());
        let resource = parsed.unwrap_or_else(|(_, errors)| panic!("{}: {errors:?}", language.tag()));
        assert_eq!(resource.entries().count(), english.len(), "{}: a line got lost", language.tag());
        let mut bundle = FluentBundle::new(Vec::new());
        bundle.add_resource(resource).unwrap();
        let own = catalogue(*language);
        for key in own.keys() {
            assert!(bundle.get_message(key).unwrap().value().is_some(), "{}: {key} says nothing", language.tag());
        }
        assert_eq!(own, english, "{}", language.tag());
    }
}

#[test]
fn no_text_is_unused_and_none_is_asked_for_in_vain() {
    let english = catalogue(Language::En);
    let built = |key: &str| BUILT.iter().any(|beginning| key.starts_with(beginning));
    for key in english.keys().filter(|key| !built(key)) {
        let quoted = format!("\"{key}\"");
        assert!(SOURCES.iter().any(|source| source.contains(&quoted)), "{key} is used nowhere");
    }
    for source in SOURCES {
        for call in ["f.t(\"", "f.t1(\"", "f.tn(\""] {
            for asked in source.split(call).skip(1) {
                let key = asked.split('"').next().unwrap();
                assert!(english.contains_key(key), "{key} is asked for");
            }
        }
    }
}

/// The built keys stand in the golden pages in words; a key that is missing would stand there itself.
#[test]
fn no_page_shows_a_key() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let shown: String =
        std::fs::read_dir(golden).unwrap().map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap()).collect();
    for key in catalogue(Language::En).keys() {
        for around in [(">", "<"), (">", " <"), (" ", "<")] {
            let bare = format!("{}{key}{}", around.0, around.1);
            assert!(!key.contains('-') || !shown.contains(&bare), "{key} stands on a page as it is");
        }
    }
    for (key, reason) in [("account-did-", "a notice"), ("password-s", "a reason"), ("told-", "a fate")] {
        assert!(!shown.contains(&format!(">{key}")), "{reason} has no words");
    }
}
