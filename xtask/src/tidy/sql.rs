//! Law 7: SQL is in `store` and nowhere else, only `store/src/sessions…` ends anything, and nothing cascades.
//!
//! Invariant: statements are found in texts, so that a comment about SQL is not SQL. Tests and `testkit` may speak it.

use super::rust::{Piece, without_tests};
use super::tree::Tree;

/// How statements begin.
const BEGINNINGS: &[&str] = &[
    "SELECT ",
    "INSERT INTO ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "PRAGMA ",
    "BEGIN IMMEDIATE",
];
/// How statements begin and what comes later, however they are written.
const SHAPES: &[(&str, &str)] = &[
    ("SELECT ", " FROM "),
    ("UPDATE ", " SET "),
    ("INSERT ", " INTO "),
    ("REPLACE ", " INTO "),
    ("DELETE ", " FROM "),
    ("WITH ", " AS ("),
    ("CREATE ", " TABLE "),
    ("DROP ", " TABLE "),
];
/// The tables that only an ending writes.
const ENDED: &[&str] = &["session", "participation", "grants"];

/// The text with its spaces made single and its letters large, as SQL does not tell them apart.
fn normal(text: &str) -> String {
    text.replace('\\', " ").split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase()
}

fn is_sql(text: &str) -> bool {
    let statement = normal(text);
    let spoken = text.trim_start();
    let shaped =
        SHAPES.iter().any(|(first, then)| statement.starts_with(first) && statement[first.len() - 1..].contains(then));
    // An English sentence may begin with Select or Update; a statement shouts, or has the shape of one.
    shaped
        || BEGINNINGS
            .iter()
            .any(|beginning| statement.starts_with(beginning) && spoken.to_uppercase().get(..6) == spoken.get(..6))
}

/// Whether a text ends something: writes `ended_at`, or deletes from what an ending owns.
fn ends(text: &str) -> bool {
    let text = normal(text);
    let deletes = ENDED.iter().any(|table| {
        let delete = format!("DELETE FROM {}", table.to_uppercase());
        text.match_indices(&delete)
            .any(|(at, _)| text[at + delete.len()..].chars().next().is_none_or(|c| !c.is_alphanumeric() && c != '_'))
    });
    let writes = text.split(" SET ").skip(1).any(|rest| {
        rest.split(" WHERE ").next().unwrap_or_default().split(',').any(|part| part.trim().starts_with("ENDED_AT ="))
    });
    deletes || writes
}

/// Checks where SQL stands and what it does.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, text) in tree.sources() {
        let ours = !path.starts_with("xtask/") && !path.starts_with("testkit/") && !path.starts_with("fuzz/");
        for (line, piece) in without_tests(text) {
            let Piece::Text(text) = piece else { continue };
            if ours && !path.starts_with("store/") && is_sql(&text) {
                broken.push(format!("{path}:{line}: SQL outside store"));
            }
            if path.starts_with("store/") && !path.starts_with("store/src/sessions") && ends(&text) {
                broken.push(format!("{path}:{line}: only store/src/sessions may end a session, a stay or a grant"));
            }
        }
    }
    for (path, text) in tree.files.iter().filter(|(path, _)| path.starts_with("store/migrations/")) {
        let statements: String = text
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default())
            .fold(String::new(), |all, line| all + line + " ");
        if normal(&statements).contains("ON DELETE CASCADE") || normal(&statements).contains("ON DELETE SET") {
            broken.push(format!("{path}: ON DELETE would end something without telling anybody"));
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    fn broken(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn sql_outside_the_store_is_seen() {
        for statement in [
            "SELECT 1 FROM t",
            "select a from t",
            "\\\n  delete from code",
            "UPDATE t SET a = 1",
            "update t\\\n set a = 1",
            "INSERT INTO t VALUES (1)",
            "INSERT OR IGNORE INTO t VALUES (1)",
            "replace into t values (1)",
            "WITH x AS (SELECT 1) SELECT * FROM x",
        ] {
            let source = format!("fn a() {{ run(\"{statement}\") }}");
            assert_eq!(broken("server/src/a.rs", &source), 1, "{statement}");
            assert_eq!(broken("store/src/a.rs", &source), 0, "{statement}");
            assert_eq!(broken("server/tests/a/mod.rs", &source), 0, "{statement}");
        }
        assert_eq!(broken("openid/src/a.rs", "// SELECT 1 FROM t\nfn a() { say(\"Select an account\") }"), 0);
    }

    #[test]
    fn only_sessions_end_anything() {
        for statement in [
            "UPDATE session SET cause = $2, ended_at = $3 WHERE id = $1",
            "update grants set\\\n ended_at=$1".replace("=$1", " = $1").as_str(),
            "DELETE FROM participation WHERE sid = $1",
            "DELETE FROM grants",
        ] {
            let source = format!("const A: &str = \"{statement}\";");
            assert_eq!(broken("store/src/clients.rs", &source), 1, "{statement}");
            assert_eq!(broken("store/src/sessions/ending.rs", &source), 0, "{statement}");
        }
        let others = "const A: &str = \"UPDATE session SET seen_at = $1 WHERE ended_at IS NULL\"; const B: &str = \"DELETE FROM session_note\";";
        assert_eq!(broken("store/src/clients.rs", others), 0);
    }

    #[test]
    fn nothing_cascades() {
        let cascade = "CREATE TABLE a (b TEXT REFERENCES session (id)\n  ON DELETE\n CASCADE);";
        assert_eq!(broken("store/migrations/0002_a.sql", cascade), 1);
        assert_eq!(
            broken("store/migrations/0002_a.sql", "-- No ON DELETE CASCADE, anywhere.\nCREATE TABLE a (b TEXT);"),
            0
        );
    }
}
