//! What tests and cases say they test: rows of `openid/certification.toml`, and clauses of specifications.
//!
//! Invariant: only a function that is marked as a test can hold a row, and only by a name that is one.

mod obligations;

pub(crate) use self::obligations::obligations;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use openid::specs::{self, Tested};
use serde_json::Value;

use super::given::{cases, texts};

/// Where tests are.
const PLACES: &[&str] = &["server/tests", "server/src", "store/src", "jose", "login", "openid/src", "openid/tests"];

/// A test, and what stands above it.
#[derive(Debug, PartialEq, Eq)]
struct Test {
    name: String,
    doc: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust source below the places, by its path from the top.
fn sources() -> BTreeMap<String, String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => walk(&path, found),
                false if path.extension().is_some_and(|end| end == "rs") => found.push(path),
                false => {}
            }
        }
    }
    let mut found = Vec::new();
    for place in PLACES {
        walk(&root().join(place), &mut found);
    }
    // This file names rows and clauses to try itself on.
    found.retain(|path| !path.ends_with("tests/tested/mod.rs") && !path.ends_with("tests/tested/obligations.rs"));
    let named = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        (name, std::fs::read_to_string(&path).unwrap())
    };
    found.into_iter().map(named).collect()
}

/// The tests of a source.
fn tests(source: &str) -> Vec<Test> {
    let (mut found, mut doc, mut marked) = (Vec::new(), String::new(), false);
    for line in source.lines().map(str::trim) {
        if let Some(more) = line.strip_prefix("///") {
            doc.push_str(more);
        } else if line.starts_with("#[") {
            marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        } else {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('(')).filter(|_| marked);
            found.extend(name.map(|(name, _)| Test { name: name.to_owned(), doc: std::mem::take(&mut doc) }));
            (doc, marked) = (String::new(), false);
        }
    }
    found
}

/// Whether `row` stands in a text as a whole: `item 1` is not named by `item 14`, nor a module by a longer one.
fn names(text: &str, row: &str) -> bool {
    text.match_indices(row).any(|(at, _)| {
        let joins = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !text[at + row.len()..].starts_with(joins) && !text[..at].ends_with(|c| joins(c) || c == '.')
    })
}

/// The modules of the examiner that a text means to name.
fn modules(text: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_');
    text.split(word).filter(|word| word.starts_with("oidcc-"))
}

fn list<'a>(section: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    section[name].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Who names a row, as links from a page in `docs/`.
fn holders(rows: &BTreeSet<&str>) -> BTreeMap<String, Vec<String>> {
    let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, source) in sources() {
        for Test { name, doc } in tests(&source) {
            let link = format!("[{name}](../{path})");
            let named = rows.iter().filter(|row| names(&doc, row));
            named.for_each(|row| holders.entry((*row).to_owned()).or_default().push(link.clone()));
            if path.starts_with("server/tests/") {
                for module in modules(&doc) {
                    assert!(rows.contains(module), "{path}: {name} names {module}, which is no row");
                }
            }
        }
    }
    for (file, case) in cases("") {
        let path = Path::new(&file).strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display();
        for row in texts(&case["rows"]) {
            assert!(rows.contains(row.as_str()), "{file}: {row} is no row");
            let title = text(&case, "title").replace(['[', ']', '|'], "");
            holders.entry(row).or_default().push(format!("[{title}](../openid/{path})"));
        }
    }
    holders
}

/// Renders `docs/certification.md`. A row that nobody names, and that waits for nothing, is a failure.
pub(crate) fn certification() -> String {
    let rows = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("certification.toml")).unwrap();
    let read: toml::Table = toml::from_str(&rows).unwrap();
    let read = serde_json::to_value(read).unwrap();
    let all: Vec<&Value> = list(&read, "section").flat_map(|section| list(section, "row")).collect();
    let ids: BTreeSet<&str> = all.iter().map(|row| text(row, "id")).collect();
    assert_eq!(ids.len(), all.len(), "a row twice");
    let holders = holders(&ids);
    let held = |id: &str| holders.get(id).map(|links| links.join(", "));
    let unheld: Vec<&&str> = ids.iter().filter(|id| held(id).is_none() && later(&all, id).is_none()).collect();
    assert!(unheld.is_empty(), "no test and no case names {unheld:?}");
    let mut page = String::from(INTRODUCTION);
    for section in list(&read, "section") {
        let _ = write!(page, "\n## {} {}\n", text(section, "id"), text(section, "title"));
        if !text(section, "text").is_empty() {
            let _ = write!(page, "\n{}\n", text(section, "text").trim());
        }
        if section["row"].is_array() {
            page.push_str("\n| row | what is asked | held by |\n|---|---|---|\n");
        }
        for row in list(section, "row") {
            let waits = row["later"].as_str().map(|what| format!("*not there yet: {what}*"));
            let by: Vec<String> = held(text(row, "id")).into_iter().chain(waits).collect();
            let _ = writeln!(page, "| {} | {} | {} |", text(row, "id"), text(row, "asks"), by.join("; "));
        }
        if section["plan"].is_array() {
            page.push_str("\n| plan | modules | not there yet |\n|---|---|---|\n");
        }
        for plan in list(section, "plan") {
            let modules: Vec<String> = text(plan, "modules").split(' ').map(|name| format!("oidcc-{name}")).collect();
            for module in &modules {
                assert!(ids.contains(module.as_str()), "{} is of {module}, which is no row", text(plan, "id"));
            }
            let open =
                modules.iter().filter(|id| held(id).is_none()).map(String::as_str).collect::<Vec<_>>().join(", ");
            let _ = writeln!(page, "| {} | {} | {open} |", text(plan, "id"), text(plan, "modules"));
        }
    }
    page
}

const INTRODUCTION: &str = "# What a conformance examiner asks\n\n\
    Generated from `openid/certification.toml` and from the tests and cases that name a row. Do not edit; run\n\
    `cargo xtask docs`. A row that nothing names fails the build, unless it says what it waits for.\n\n\
    What the OpenID Foundation's conformance suite looks at, in our own words. Ostiary has not been certified; this page\n\
    says what it was built to answer. Comments cite the numbers. `server/tests/certification/` plays the examiner.\n";

fn later<'a>(all: &[&'a Value], id: &str) -> Option<&'a str> {
    all.iter().find(|row| text(row, "id") == id)?["later"].as_str()
}

/// Every clause that a case names or a test cites, and by whom it is tested.
pub(crate) fn clauses() -> BTreeMap<String, Tested> {
    let mut clauses: BTreeMap<String, Tested> = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    for (file, case) in cases("") {
        let tested = clauses.entry(text(&case, "clause").to_owned()).or_default();
        tested.cases += 1;
        let path = Path::new(&file).strip_prefix(&folder).unwrap().display().to_string();
        tested.files.insert(path.trim_end_matches(".toml").to_owned());
    }
    for (path, source) in
        sources().into_iter().filter(|(path, _)| path.contains("/tests/") || path.ends_with("/tests.rs"))
    {
        for clause in cited(&source) {
            clauses.entry(clause).or_default().tests.insert(path.clone());
        }
    }
    clauses
}

/// Specifications by the shorter names that tests use.
const SHORT: &[(&str, &str)] = &[
    ("Core", "OpenID Connect Core"),
    ("Discovery", "OpenID Connect Discovery"),
    ("Registration", "OpenID Connect Registration"),
];

/// The clauses a source cites: `RFC 6749 §4.1.2`, `Core §3.2 and §3.3`. Citations of other things are not clauses.
fn cited(source: &str) -> BTreeSet<String> {
    let plain: String = source.lines().map(|line| line.trim().trim_start_matches(['/', '!'])).collect();
    let (mut found, mut last, mut end) = (BTreeSet::new(), None, 0);
    for (at, _) in plain.match_indices('§') {
        let before = plain[..at].trim_end();
        let joined = plain[end..at].trim();
        let named = specs::SPECS.iter().map(|spec| (spec.name, spec.name)).chain(SHORT.iter().copied());
        let named = named.filter(|(short, _)| before.ends_with(short)).max_by_key(|(short, _)| short.len());
        last = match named {
            Some((_, name)) => Some(name),
            None if matches!(joined, "," | "and" | ", and") => last,
            None => None,
        };
        let rest = &plain[at + '§'.len_utf8()..];
        let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
        let section = rest[..length].trim_end_matches('.');
        end = at + '§'.len_utf8() + section.len();
        if let (Some(name), true) = (last, section.starts_with(|c: char| c.is_ascii_digit())) {
            found.insert(format!("{name} §{section}"));
        }
    }
    found
}

#[test]
fn rows_are_named_as_a_whole_and_by_tests_alone() {
    assert!(names("oidcc-server, item 1; 2.0 jwks.", "item 1") && !names("item 14", "item 1"));
    assert!(!names("oidcc-server-client-secret-post", "oidcc-server") && names("(oidcc-server)", "oidcc-server"));
    let source = "/// oidcc-a\nfn helper() {}\n/// oidcc-b,\n/// item 2.\n#[tokio::test(flavor = \"multi_thread\")]\nasync fn walk() {\n}\n#[test]\nfn bare() {}";
    let named = |name: &str, doc: &str| Test { name: name.to_owned(), doc: doc.to_owned() };
    assert_eq!(tests(source), [named("walk", " oidcc-b, item 2."), named("bare", "")]);
    assert_eq!(modules("see oidcc-3rd_party-x: and coidcc-y").collect::<Vec<_>>(), ["oidcc-3rd_party-x"]);
}

#[test]
fn citations_are_read() {
    let source =
        "//! (Core §3.2.2.1 and §3.3, RFC 6749 §4.1.\n//! `logout.md` §5, architecture.md §2.9; RFC 7519\n// §4";
    let found = cited(source);
    let found: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(found, ["OpenID Connect Core §3.2.2.1", "OpenID Connect Core §3.3", "RFC 6749 §4.1", "RFC 7519 §4"]);
}
