//! Law 2: the limits and bans that clippy holds stand, and every crate is under them.
//!
//! Invariant: clippy does the checking; this law sees to it that nobody takes the check away.

use super::tree::Tree;

const LIMITS: &[(&str, i64)] = &[("too-many-lines-threshold", 60), ("too-many-arguments-threshold", 5)];
const BANS: &[&str] = &[
    "std::time::SystemTime::now",
    "jiff::Timestamp::now",
    "reqwest::Client::new",
    "reqwest::Client::builder",
    "reqwest::ClientBuilder::new",
    "reqwest::get",
];
const DENIED: &[&str] = &["allow_attributes", "allow_attributes_without_reason", "todo", "unimplemented", "dbg_macro"];
const WARNED: &[&str] = &["unwrap_used", "panic", "print_stdout", "print_stderr"];

/// Checks `clippy.toml` and the manifests.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    let clippy: toml::Table = tree.text("clippy.toml").parse().unwrap_or_default();
    for (limit, value) in LIMITS {
        if clippy.get(*limit).and_then(toml::Value::as_integer) != Some(*value) {
            broken.push(format!("clippy.toml: {limit} is not {value}"));
        }
    }
    let banned: Vec<&str> = clippy
        .get("disallowed-methods")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|row| row.get("path")?.as_str())
        .collect();
    broken.extend(
        BANS.iter().filter(|ban| !banned.contains(ban)).map(|ban| format!("clippy.toml does not disallow {ban}")),
    );
    let workspace: toml::Table = tree.text("Cargo.toml").parse().unwrap_or_default();
    let lint = |of: &str, name: &str| {
        let lint = workspace.get("workspace")?.get("lints")?.get(of)?.get(name)?;
        lint.as_str().or_else(|| lint.get("level")?.as_str()).map(str::to_owned)
    };
    let mut wanted = vec![("rust", "unsafe_code", "forbid"), ("clippy", "pedantic", "warn")];
    wanted.extend(DENIED.iter().map(|name| ("clippy", *name, "deny")));
    wanted.extend(WARNED.iter().map(|name| ("clippy", *name, "warn")));
    for (of, name, level) in wanted {
        if lint(of, name).as_deref() != Some(level) {
            broken.push(format!("Cargo.toml: {of}::{name} is not at \"{level}\""));
        }
    }
    for (path, text) in &tree.files {
        let member = path.strip_suffix("/Cargo.toml").is_some_and(|folder| !folder.contains('/') && folder != "fuzz");
        let manifest: toml::Table = text.parse().unwrap_or_default();
        let under = manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
        if member && under != Some(true) {
            broken.push(format!("{path}: not under the lints of the workspace"));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    const CLIPPY: &str = include_str!("../../../clippy.toml");
    const WORKSPACE: &str = include_str!("../../../Cargo.toml");
    const MEMBER: &str = "[lints]\nworkspace = true\n";

    fn broken(clippy: &str, workspace: &str, member: &str) -> Vec<String> {
        check(&Tree::of(&[("clippy.toml", clippy), ("Cargo.toml", workspace), ("jose/Cargo.toml", member)]))
    }

    #[test]
    fn each_limit_and_ban_is_missed() {
        assert_eq!(broken(CLIPPY, WORKSPACE, MEMBER), Vec::<String>::new());
        for taken in super::BANS.iter().copied().chain(super::LIMITS.iter().map(|(limit, _)| *limit)) {
            let without: String = CLIPPY.lines().filter(|line| !line.contains(taken)).flat_map(|l| [l, "\n"]).collect();
            assert!(!broken(&without, WORKSPACE, MEMBER).is_empty(), "{taken} may be taken away");
        }
        assert_eq!(broken(&CLIPPY.replace("= 60", "= 600"), WORKSPACE, MEMBER).len(), 1);
    }

    #[test]
    fn each_lint_is_missed() {
        for taken in super::DENIED.iter().chain(super::WARNED).chain(&["unsafe_code", "pedantic"]) {
            let begins = format!("{taken} = ");
            let without: String =
                WORKSPACE.lines().filter(|line| !line.starts_with(&begins)).flat_map(|l| [l, "\n"]).collect();
            assert_eq!(broken(CLIPPY, &without, MEMBER).len(), 1, "{taken} may be taken away");
        }
        assert_eq!(broken(CLIPPY, WORKSPACE, "[package]\n"), ["jose/Cargo.toml: not under the lints of the workspace"]);
    }
}
