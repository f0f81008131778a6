//! Law 1: the edges between our crates are those of `architecture.md` §2.1, and rules and bytes see no I/O.
//!
//! Invariant: what is not in the table is refused, a new crate too.

use std::collections::BTreeSet;

use serde_json::Value;

use super::tree::Tree;

/// Each crate and what it may depend on, exactly.
const EDGES: &[(&str, &[&str])] = &[
    ("jose", &[]),
    ("openid", &["jose"]),
    ("login", &["jose", "openid"]),
    ("store", &["jose", "login", "openid"]),
    ("ostiary", &["jose", "login", "openid", "store"]),
    ("xtask", &[]),
    // What an app's developer writes: nothing of ours is in it.
    ("example-native-sso", &[]),
];

/// For development only: any edge downwards.
const DEVELOPMENT: &str = "testkit";

/// The crates without I/O, and what they never see.
const PURE: &[&str] = &["jose", "openid", "login"];
const IMPURE: &[&str] =
    &["tokio", "rusqlite", "tokio-postgres", "reqwest", "hyper", "axum", "mio", "socket2", "jiff", "chrono", "time"];

fn strings<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn edges_of(package: &Value, ours: &BTreeSet<&str>) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut normal = BTreeSet::new();
    let mut development = BTreeSet::new();
    for dependency in package["dependencies"].as_array().into_iter().flatten() {
        let name = strings(dependency, "name");
        if !ours.contains(name) || !dependency["source"].is_null() {
            continue;
        }
        match dependency["kind"].as_str() {
            Some("dev") => development.insert(name.to_owned()),
            _ => normal.insert(name.to_owned()),
        };
    }
    (normal, development)
}

/// Checks the edges.
pub(crate) fn edges(tree: &Tree) -> Vec<String> {
    let packages: Vec<&Value> = tree.metadata["packages"].as_array().into_iter().flatten().collect();
    let ours: BTreeSet<&str> = packages.iter().map(|package| strings(package, "name")).collect();
    let mut broken = Vec::new();
    for package in packages {
        let name = strings(package, "name");
        let (normal, development) = edges_of(package, &ours);
        if let Some(other) = development.iter().find(|other| *other != DEVELOPMENT && !normal.contains(*other)) {
            let below = EDGES.iter().any(|(above, allowed)| *above == name && allowed.contains(&other.as_str()));
            if !below {
                broken.push(format!("{name} → {other} (development) is an edge upwards"));
            }
        }
        if name == DEVELOPMENT {
            continue;
        }
        let Some((_, allowed)) = EDGES.iter().find(|(above, _)| *above == name) else {
            broken.push(format!("{name} is not in the table of crates (xtask/src/tidy/walls.rs)"));
            continue;
        };
        let allowed: BTreeSet<String> = allowed.iter().map(|below| (*below).to_owned()).collect();
        for extra in normal.difference(&allowed) {
            broken.push(format!("{name} → {extra} is not an edge of architecture §2.1"));
        }
        for gone in allowed.difference(&normal) {
            broken.push(format!("{name} → {gone} stands in architecture §2.1 and is gone"));
        }
    }
    broken
}

/// Checks that rules and bytes depend on nothing that does I/O or reads a clock.
pub(crate) fn purity(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    for pure in PURE {
        let Some(below) = tree.below.get(*pure) else {
            broken.push(format!("{pure} is gone"));
            continue;
        };
        let seen = below.iter().filter(|name| IMPURE.contains(&name.as_str()));
        broken.extend(seen.map(|name| format!("{pure} must not see {name}")));
    }
    broken
}

/// The crates whose trees [`purity`] asks for.
pub(crate) fn pure() -> &'static [&'static str] {
    PURE
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Tree, edges, purity};

    fn house() -> Value {
        let package = |name: &str, below: &[&str], development: &[&str]| {
            let edge = |name: &&str, kind: Value| json!({ "name": name, "kind": kind, "source": null });
            let mut all: Vec<Value> = below.iter().map(|name| edge(name, Value::Null)).collect();
            all.extend(development.iter().map(|name| edge(name, json!("dev"))));
            json!({ "name": name, "dependencies": all })
        };
        json!({ "packages": [
            package("jose", &[], &[]),
            package("openid", &["jose"], &[]),
            package("login", &["openid", "jose"], &[]),
            package("store", &["openid", "login", "jose"], &["testkit"]),
            package("ostiary", &["jose", "openid", "login", "store"], &["testkit"]),
            package("testkit", &["jose"], &[]),
            package("xtask", &[], &[]),
        ]})
    }

    fn with(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut metadata = house();
        change(&mut metadata);
        edges(&Tree { metadata, ..Tree::default() })
    }

    #[test]
    fn the_house_as_drawn_holds() {
        assert_eq!(with(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn an_edge_upwards_breaks_the_wall() {
        let store = json!({ "name": "store", "kind": null, "source": null });
        let broken = with(|m| m["packages"][1]["dependencies"].as_array_mut().unwrap().push(store));
        assert_eq!(broken, ["openid → store is not an edge of architecture §2.1"]);
    }

    #[test]
    fn so_does_one_for_development_only() {
        let store = json!({ "name": "store", "kind": "dev", "source": null });
        let broken = with(|m| m["packages"][0]["dependencies"].as_array_mut().unwrap().push(store));
        assert_eq!(broken, ["jose → store (development) is an edge upwards"]);
    }

    #[test]
    fn an_edge_that_is_gone_and_a_new_crate_are_seen() {
        assert_eq!(with(|m| m["packages"][1]["dependencies"] = json!([])).len(), 1);
        let new = json!({ "name": "helpers", "dependencies": [] });
        assert_eq!(with(|m| m["packages"].as_array_mut().unwrap().push(new)).len(), 1);
    }

    #[test]
    fn a_runtime_under_the_rules_breaks_the_wall() {
        let mut tree = Tree::default();
        for name in super::pure() {
            tree.below.insert((*name).to_owned(), vec!["serde".to_owned()]);
        }
        assert_eq!(purity(&tree), Vec::<String>::new());
        tree.below.insert("openid".to_owned(), vec!["serde".to_owned(), "tokio".to_owned()]);
        assert_eq!(purity(&tree), ["openid must not see tokio"]);
        tree.below.remove("jose");
        assert_eq!(purity(&tree).len(), 2);
    }
}
