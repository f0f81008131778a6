//! Law 4: `docs/ARCHITECTURE.md` knows every crate, and whatever a page points at is there.
//!
//! Invariant: a path named in the map exists, and no link between our own pages leads nowhere.

use super::tree::Tree;

const MAP: &str = "docs/ARCHITECTURE.md";
/// Folders whose names begin a path of ours.
const TOPS: &[&str] = &[
    "jose", "openid", "login", "store", "server", "testkit", "xtask", "fuzz", "interop", "examples", "docs", "deploy",
    ".ci",
];

/// The crates' folders.
fn crates(tree: &Tree) -> Vec<String> {
    let workspace: toml::Table = tree.text("Cargo.toml").parse().unwrap_or_default();
    let members = workspace.get("workspace").and_then(|workspace| workspace.get("members")?.as_array());
    members.into_iter().flatten().filter_map(|member| member.as_str().map(str::to_owned)).collect()
}

/// Paths between backticks: `openid/src/token/`.
fn named(page: &str) -> impl Iterator<Item = &str> {
    page.split('`').skip(1).step_by(2).filter(|word| {
        let top = word.split_once('/').map(|(top, _)| top);
        top.is_some_and(|top| TOPS.contains(&top)) && !word.contains([' ', '*', '<', '…', '{', '\n'])
    })
}

/// Relative links: `[text](specs.md)`.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter_map(|link| {
        let path = link.split('#').next().unwrap_or_default();
        let outside = path.contains(':') || path.is_empty() || path.starts_with('/') || path.contains([' ', '\n']);
        if outside { None } else { Some(path) }
    })
}

/// A path relative to the folder of `page`, from the top.
fn resolved(page: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Checks the map and the links.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let map = tree.text(MAP);
    let mut broken = Vec::new();
    for name in crates(tree) {
        if !map.lines().any(|line| line.starts_with(&format!("| `{name}` |"))) {
            broken.push(format!("{MAP} has no line for the crate {name}"));
        }
    }
    // Generated while a test runs, or left out of a checkout: never named in the map.
    broken.extend(
        named(map).filter(|path| !tree.has(path)).map(|path| format!("{MAP} names {path}, which is not there")),
    );
    for (path, text) in tree.files.iter().filter(|(path, _)| path.ends_with("md")) {
        for link in links(text) {
            let there = resolved(path, link).is_some_and(|target| target.is_empty() || tree.has(&target));
            if !there {
                broken.push(format!("{path} links to {link}, which is not there"));
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    const WORKSPACE: &str = "[workspace]\nmembers = [\"jose\"]\n";

    fn broken(map: &str) -> Vec<String> {
        check(&Tree::of(&[
            ("Cargo.toml", WORKSPACE),
            ("docs/ARCHITECTURE.md", map),
            ("docs/logout.md", "[map](ARCHITECTURE.md#2) [out](https://example.org/) [top](../jose/)"),
            ("jose/src/lib.rs", ""),
        ]))
    }

    #[test]
    fn a_crate_without_a_line_and_names_of_nothing_are_seen() {
        let good = "| `jose` | keys |\nsee `jose/src/lib.rs`, `jose/src/` and [logout](logout.md), not `a/b`\n";
        assert_eq!(broken(good), Vec::<String>::new());
        assert_eq!(broken("no lines"), ["docs/ARCHITECTURE.md has no line for the crate jose"]);
        let named = good.replace("jose/src/lib.rs", "jose/src/gone.rs");
        assert_eq!(broken(&named), ["docs/ARCHITECTURE.md names jose/src/gone.rs, which is not there"]);
        let linked = good.replace("(logout.md)", "(gone.md)");
        assert_eq!(broken(&linked), ["docs/ARCHITECTURE.md links to gone.md, which is not there"]);
    }
}
