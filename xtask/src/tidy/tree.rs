//! The repository as laws see it: texts by path, and what cargo knows of the crates.
//!
//! Invariant: what git ignores is not there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::walls;
use crate::run::{cargo, command, root, said};

/// The repository.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// Texts by path from the top.
    pub(crate) files: BTreeMap<String, String>,
    /// `cargo metadata` of the workspace, without dependencies.
    pub(crate) metadata: Value,
    /// By each pure crate: the names of all crates below it.
    pub(crate) below: BTreeMap<String, Vec<String>>,
    /// Everything the workspace is built of on this machine.
    pub(crate) dependencies: Vec<Dependency>,
}

/// A crate of somebody else's.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its licence, as it says.
    pub(crate) licence: String,
}

/// Lines of `cargo tree`, each `name vVERSION|LICENCE`.
fn grown(selected: &[&str]) -> Result<Vec<Dependency>, String> {
    let mut arguments = vec!["tree", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"];
    arguments.extend(selected);
    let lines = said(command(&cargo(), &arguments))?;
    let lines: BTreeSet<&str> = lines.lines().collect();
    Ok(lines.into_iter().filter_map(dependency).collect())
}

fn dependency(line: &str) -> Option<Dependency> {
    let (package, licence) = line.split_once('|')?;
    let mut words = package.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    Some(Dependency { name: name.to_owned(), version: version.to_owned(), licence: licence.to_owned() })
}

impl Tree {
    /// The one we stand in.
    pub(crate) fn read() -> Result<Self, String> {
        let listed = said(command("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
        let mut files = BTreeMap::new();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            // A file that was deleted but is still in the index, and what is not text, hold nothing for a law.
            if let Ok(text) = fs::read_to_string(root().join(path)) {
                files.insert(path.to_owned(), text);
            }
        }
        let metadata = said(command(&cargo(), &["metadata", "--format-version", "1", "--locked", "--no-deps"]))?;
        let metadata = serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
        let mut below = BTreeMap::new();
        for name in walls::pure() {
            let all = grown(&["--package", name, "--edges", "normal"])?;
            below.insert((*name).to_owned(), all.into_iter().map(|dependency| dependency.name).collect());
        }
        let dependencies = grown(&["--workspace", "--edges", "normal,build,dev"])?;
        Ok(Self { files, metadata, below, dependencies })
    }

    /// A tree of these files, for tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        Self { files, ..Self::default() }
    }

    /// The text at a path; empty if there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.files.get(path).map_or("", String::as_str)
    }

    /// Whether a file or a folder is there.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.files.contains_key(path) || self.files.keys().any(|file| file.starts_with(&folder))
    }

    /// The Rust sources of our crates that are not tests.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rust().filter(|(path, _)| !is_test(path))
    }

    /// All Rust sources.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        let ends = |path: &str| path.rsplit_once('.').is_some_and(|(_, end)| end == "rs");
        self.files.iter().filter(move |(path, _)| ends(path)).map(|(path, text)| (path.as_str(), text.as_str()))
    }
}

/// Whether a path holds tests only: `…/tests/…`, `tests.rs`, `samples.rs` and benches.
pub(crate) fn is_test(path: &str) -> bool {
    path.contains("/tests/")
        || path.ends_with("/tests.rs")
        || path.ends_with("/samples.rs")
        || path.contains("/benches/")
}
