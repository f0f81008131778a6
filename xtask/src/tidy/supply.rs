//! What `deny.toml` says about dependencies, checked where cargo-deny is not installed: bans, licences, duplicates.
//!
//! Invariant: the lists stand in `deny.toml` alone; a list that cannot be read is a break.

use std::collections::{BTreeMap, BTreeSet};

use super::tree::Tree;

fn listed<'a>(deny: &'a toml::Table, section: &str, list: &str) -> Vec<&'a toml::Value> {
    deny.get(section).and_then(|section| section.get(list)?.as_array()).into_iter().flatten().collect()
}

/// Whether an SPDX expression can be met with what is allowed. The old `/` means `OR`.
fn is_met(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = either(&words, allowed);
    met && rest.is_empty()
}

fn either<'a>(words: &'a [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = both(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (other, left) = both(after, allowed);
        (met, rest) = (met || other, left);
    }
    (met, rest)
}

fn both<'a>(words: &'a [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (other, left) = one(after, allowed);
        (met, rest) = (met && other, left);
    }
    (met, rest)
}

fn one<'a>(words: &'a [&'a str], allowed: &BTreeSet<&str>) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inner @ ..] => match either(inner, allowed) {
            (met, [")", rest @ ..]) => (met, rest),
            (_, rest) => (false, rest),
        },
        [name, "WITH", exception, rest @ ..] => (allowed.contains(format!("{name} WITH {exception}").as_str()), rest),
        [name, rest @ ..] => (allowed.contains(name), rest),
        [] => (false, words),
    }
}

fn duplicates(tree: &Tree, deny: &toml::Table, broken: &mut Vec<String>) {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for dependency in &tree.dependencies {
        versions.entry(&dependency.name).or_default().insert(&dependency.version);
    }
    for skip in listed(deny, "bans", "skip") {
        let named = skip.get("crate").and_then(toml::Value::as_str).unwrap_or_default();
        let reason = skip.get("reason").and_then(toml::Value::as_str).unwrap_or_default();
        let (name, version) = named.split_once('@').unwrap_or((named, ""));
        let found = versions.get_mut(name).filter(|found| found.len() > 1).is_some_and(|found| found.remove(version));
        if !found || reason.is_empty() {
            broken.push(format!("deny.toml: skip {named} excuses nothing, or has no reason"));
        }
    }
    for (name, found) in versions.iter().filter(|(_, found)| found.len() > 1) {
        let found: Vec<&str> = found.iter().copied().collect();
        broken.push(format!("{name} is there more than once: {} (deny.toml, skip, with a reason)", found.join(", ")));
    }
}

/// Checks what is depended on.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    let deny: toml::Table = tree.text("deny.toml").parse().unwrap_or_default();
    let banned: BTreeSet<&str> =
        listed(&deny, "bans", "deny").into_iter().filter_map(|row| row.get("crate")?.as_str()).collect();
    for name in ["openssl-sys", "native-tls", "ring"] {
        if !banned.contains(name) {
            broken.push(format!("deny.toml does not ban {name}"));
        }
    }
    let allowed: BTreeSet<&str> =
        listed(&deny, "licenses", "allow").into_iter().filter_map(toml::Value::as_str).collect();
    for dependency in &tree.dependencies {
        if banned.contains(dependency.name.as_str()) {
            broken.push(format!("{} is banned", dependency.name));
        }
        if !is_met(&dependency.licence, &allowed) {
            broken.push(format!("{}: its licence, {:?}, is not allowed", dependency.name, dependency.licence));
        }
    }
    duplicates(tree, &deny, &mut broken);
    broken
}

#[cfg(test)]
mod tests {
    use super::super::tree::Dependency;
    use super::{Tree, check};

    const DENY: &str = "[bans]\ndeny = [{ crate = \"openssl-sys\" }, { crate = \"native-tls\" }, { crate = \"ring\" }]\n\
        [licenses]\nallow = [\"MIT\", \"ISC\"]\n";

    fn broken(deny: &str, dependencies: &[(&str, &str, &str)]) -> Vec<String> {
        let mut tree = Tree::of(&[("deny.toml", deny)]);
        let dependency = |(name, version, licence): &(&str, &str, &str)| Dependency {
            name: (*name).to_owned(),
            version: (*version).to_owned(),
            licence: (*licence).to_owned(),
        };
        tree.dependencies = dependencies.iter().map(dependency).collect();
        check(&tree)
    }

    #[test]
    fn banned_crates_and_licences_are_seen() {
        let good = ("a", "1.0.0", "GPL-3.0 OR MIT");
        assert_eq!(broken(DENY, &[good, ("b", "1.0.0", "ISC AND (Apache-2.0/ISC)")]), Vec::<String>::new());
        assert_eq!(broken(DENY, &[good, ("ring", "0.17.0", "MIT")]), ["ring is banned"]);
        for licence in ["GPL-3.0", "MIT AND GPL-3.0", "", "(MIT", "MIT WITH something", "ISC AND (GPL-3.0 OR AGPL-3.0)"]
        {
            assert_eq!(broken(DENY, &[("c", "1.0.0", licence)]).len(), 1, "{licence}");
        }
        assert_eq!(broken("[licenses]\nallow = [\"MIT\"]\n", &[good]).len(), 3);
    }

    #[test]
    fn duplicates_need_a_reason() {
        let twice = [("a", "1.0.0", "MIT"), ("a", "2.0.0", "MIT")];
        assert_eq!(broken(DENY, &twice).len(), 1);
        let skip = |row: &str| DENY.replace("[licenses]", &format!("skip = [{row}]\n[licenses]"));
        assert_eq!(broken(&skip("{ crate = \"a@1.0.0\", reason = \"b needs it\" }"), &twice), Vec::<String>::new());
        assert_eq!(
            broken(&skip("{ crate = \"a@1.0.0\" }"), &twice),
            ["deny.toml: skip a@1.0.0 excuses nothing, or has no reason"]
        );
        assert_eq!(broken(&skip("{ crate = \"a@1.0.0\", reason = \"gone\" }"), &twice[1..]).len(), 1);
    }
}
