//! Law 3: a source file has at most 400 lines, tests apart; a file that passes them has found a second subject.
//!
//! Invariant: the length of functions is clippy's to hold (law 2).

use super::tree::Tree;

const LONGEST: usize = 400;

/// Checks every source.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let lines = |text: &str| text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default().lines().count();
    let long = tree.sources().map(|(path, text)| (path, lines(text))).filter(|(_, lines)| *lines > LONGEST);
    long.map(|(path, lines)| format!("{path} has {lines} lines, {LONGEST} are allowed: split it by subject")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    #[test]
    fn a_long_file_is_seen_and_tests_are_not_counted() {
        let (long, short) = ("x\n".repeat(401), "x\n".repeat(400));
        let tested = format!("{short}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        let tree = Tree::of(&[
            ("openid/src/long.rs", &long),
            ("openid/src/short.rs", &short),
            ("openid/src/tested.rs", &tested),
            ("openid/tests/cases.rs", &long),
            ("openid/src/x/tests.rs", &long),
            ("openid/cases/x.toml", &long),
        ]);
        let broken = check(&tree);
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].starts_with("openid/src/long.rs has 401 lines"), "{broken:?}");
    }
}
