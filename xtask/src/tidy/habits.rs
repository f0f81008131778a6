//! Law 7, habits: no `unwrap` and no panic outside tests, no test that is skipped, no leftovers of a merge, records numbered.
//!
//! Invariant: what clippy warns of is refused here too, so that an `expect` attribute cannot let it in.

use super::rust::{read, spells, without_tests};
use super::tree::Tree;

/// Code that gives up, and how to say it instead.
const GIVES_UP: &[(&str, &str)] = &[
    (". unwrap ( )", "`?`, or `expect` with the invariant as its text"),
    (". unwrap_err ( )", "a match"),
    ("panic !", "a fault"),
    ("todo !", "the work"),
    ("unimplemented !", "the work"),
    ("unreachable ! ( )", "a type that has no such case, or the invariant as its text"),
];

fn gives_up(tree: &Tree, broken: &mut Vec<String>) {
    for (path, text) in tree.sources().filter(|(path, _)| !path.starts_with("testkit/") && !path.starts_with("fuzz/")) {
        let pieces = without_tests(text);
        for (at, (line, _)) in pieces.iter().enumerate() {
            let found = GIVES_UP.iter().find(|(pattern, _)| spells(&pieces[at..], pattern));
            if let Some((pattern, instead)) = found {
                broken.push(format!("{path}:{line}: {} outside tests; use {instead}", pattern.replace(' ', "")));
            }
        }
    }
}

fn skipped(tree: &Tree, broken: &mut Vec<String>) {
    for (path, text) in tree.rust() {
        let pieces = read(text);
        for (at, (line, _)) in pieces.iter().enumerate() {
            if spells(&pieces[at..], "# [ ignore") {
                broken.push(format!("{path}:{line}: a test that is skipped"));
            }
        }
    }
}

fn leftovers(tree: &Tree, broken: &mut Vec<String>) {
    let marks = ["<<<<<<<", ">>>>>>>", "|||||||"];
    for (path, text) in &tree.files {
        for (at, line) in text.lines().enumerate() {
            if marks
                .iter()
                .any(|mark| line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')))
            {
                broken.push(format!("{path}:{}: left over from a merge", at + 1));
            }
        }
    }
}

fn records(tree: &Tree, broken: &mut Vec<String>) {
    let names: Vec<&str> = tree.files.keys().filter_map(|path| path.strip_prefix("docs/decisions/")).collect();
    // BTreeMap: in order of their names.
    for (at, name) in names.iter().enumerate() {
        let number = format!("{:04}-", at + 1);
        if !name.starts_with(&number) || !name.ends_with("md") {
            broken.push(format!("docs/decisions/{name}: {number}….md would be its number"));
        }
    }
}

/// Checks the habits.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    gives_up(tree, &mut broken);
    skipped(tree, &mut broken);
    leftovers(tree, &mut broken);
    records(tree, &mut broken);
    broken
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn broken(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn giving_up_outside_tests_is_seen() {
        for line in ["x.unwrap()", "x\n  .unwrap( )", "panic!(\"no\")", "todo!()", "unimplemented!()", "unreachable!()"]
        {
            let source = format!("fn a() {{ {line} }}");
            assert_eq!(broken("server/src/a.rs", &source), 1, "{line}");
            assert_eq!(broken("server/src/a/tests.rs", &source), 0, "{line}");
            assert_eq!(broken("server/src/a.rs", &format!("#[cfg(test)]\nmod tests {{ {source} }}")), 0, "{line}");
        }
        assert_eq!(broken("server/src/a.rs", "fn a() { x.unwrap_or_default(); y.expect(\"it is so\") } // panic!"), 0);
    }

    #[test]
    fn skipped_tests_and_leftovers_are_seen() {
        assert_eq!(broken("server/tests/a/mod.rs", "#[test]\n#[ignore]\nfn a() {}"), 1);
        assert_eq!(broken("server/tests/a/mod.rs", "#[test]\n#[ignore = \"slow\"]\nfn a() {}"), 1);
        assert_eq!(broken("README.md", &format!("a\n{} HEAD\nb\n", "<".repeat(7))), 1);
    }

    #[test]
    fn records_are_numbered_without_gaps() {
        let (one, two) = ("docs/decisions/0001-a.md", "docs/decisions/0002-b.md");
        assert_eq!(check(&Tree::of(&[(one, ""), (two, "")])), Vec::<String>::new());
        for other in ["docs/decisions/0003-b.md", "docs/decisions/0001-b.md", "docs/decisions/b.md"] {
            assert_eq!(check(&Tree::of(&[(one, ""), (other, "")])).len(), 1, "{other}");
        }
    }
}
