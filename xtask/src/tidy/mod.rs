//! `cargo xtask tidy`: the laws a machine checks (`architecture.md` §2.15), each a pure function of the tree.
//!
//! Invariant: a law answers with one line for each break, and has a test that breaks it.

mod habits;
mod length;
mod lints;
mod lists;
mod map;
mod rust;
mod sql;
mod supply;
mod tree;
mod walls;
mod whys;

use tree::Tree;

use crate::docs;

type Law = (&'static str, fn(&Tree) -> Vec<String>);

/// Every law that can be judged from the files alone.
const LAWS: &[Law] = &[
    ("walls", walls::edges),
    ("purity", walls::purity),
    ("lints", lints::check),
    ("length", length::check),
    ("map", map::check),
    ("lists", lists::check),
    ("whys", whys::check),
    ("sql", sql::check),
    ("habits", habits::check),
    ("supply", supply::check),
];

fn broken(tree: &Tree) -> Vec<String> {
    LAWS.iter().flat_map(|(name, law)| law(tree).into_iter().map(move |line| format!("{name}: {line}"))).collect()
}

/// The laws that need no compiler.
pub(crate) fn laws() -> Result<(), String> {
    let broken = broken(&Tree::read()?);
    if broken.is_empty() { Ok(()) } else { Err(format!("{} breaks\n{}", broken.len(), broken.join("\n"))) }
}

/// All laws.
pub(crate) fn run() -> Result<(), String> {
    laws()?;
    docs::compare()
}
