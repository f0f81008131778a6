//! What specifications oblige a server to, clause by clause, and what holds each: `docs/obligations.md`.
//!
//! Invariant: a clause is held by a case or a test that is there, or says why nothing holds it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::super::given::{cases, texts};
use super::{list, sources, tests, text};

const INTRODUCTION: &str = "# What specifications oblige to, clause by clause\n\n\
    Generated from `openid/obligations.toml`. Do not edit; run `cargo xtask docs`. A clause that no case and no test holds\n\
    fails the build, unless it says why; so does one that names a case or a test that is not there. [specs.md](specs.md) has the\n\
    other direction: every clause that is tested, of every specification.\n";

/// Renders the page.
pub(crate) fn obligations() -> String {
    let rows = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("obligations.toml")).unwrap();
    let read: toml::Table = toml::from_str(&rows).unwrap();
    let read = serde_json::to_value(read).unwrap();
    let there = There::look();
    let mut page = String::from(INTRODUCTION);
    for specification in list(&read, "specification") {
        let (name, title) = (text(specification, "name"), text(specification, "title"));
        assert!(openid::specs::of(name).is_some(), "{name} is no row of SPECS");
        let _ = write!(page, "\n## {name}\n\n{title}.\n\n| clause | obliges to | held by |\n|---|---|---|\n");
        for clause in list(specification, "clause") {
            let held = there.links(clause).join(", ");
            let reason = text(clause, "reason");
            assert!(!(held.is_empty() && reason.is_empty()), "nothing holds {name} {}", text(clause, "at"));
            let by: Vec<&str> = [held.as_str(), reason].into_iter().filter(|one| !one.is_empty()).collect();
            let _ = writeln!(page, "| {} | {} | {} |", text(clause, "at"), text(clause, "says"), by.join("; "));
        }
    }
    page
}

/// What there is.
struct There {
    cases: BTreeSet<String>,
    tests: BTreeSet<String>,
}

impl There {
    fn look() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
        let named = |(file, case): (String, Value)| {
            let path = Path::new(&file).strip_prefix(&folder).unwrap().display().to_string();
            format!("{path}: {}", text(&case, "title"))
        };
        let mut found = BTreeSet::new();
        for (path, source) in sources() {
            found.extend(tests(&source).into_iter().map(|test| format!("{path}: {}", test.name)));
            // Those that run on both engines are marked by the macro around them.
            let both =
                source.lines().filter_map(|line| line.trim().strip_prefix("async fn ")?.split_once("(store: Store)"));
            found.extend(both.map(|(name, _)| format!("{path}: {name}")));
        }
        Self { cases: cases("").into_iter().map(named).collect(), tests: found }
    }

    fn links(&self, clause: &Value) -> Vec<String> {
        let link = |row: &String, all: &BTreeSet<String>, place: &str| {
            assert!(all.contains(row), "{}: {row} is not there", text(clause, "at"));
            let (path, name) = row.split_once(": ").unwrap();
            format!("[{}](../{place}{path})", name.replace(['[', ']', '|'], ""))
        };
        let of_cases = texts(&clause["cases"]);
        let of_tests = texts(&clause["tests"]);
        let cases = of_cases.iter().map(|row| link(row, &self.cases, "openid/cases/"));
        cases.chain(of_tests.iter().map(|row| link(row, &self.tests, ""))).collect()
    }
}
