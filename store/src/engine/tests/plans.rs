//! How SQLite goes about each statement: nothing reads through a table that grows with use, whatever is in it.

use rusqlite::Connection;

use super::both::sqlite;
use crate::Store;
use crate::statements::EVERY;

/// What an operator fills by hand, and what has one row for each kind.
const SMALL: &[&str] = &[
    "CONSTANT ROW",
    "json_each VIRTUAL TABLE INDEX 1:",
    "schema_version",
    "version",
    "setting",
    "signing_key",
    "claim",
    "claim_scope",
    "claim_source",
    "exchange_rule",
    "resource_server",
    "outbox_total",
];

/// Statements that read through a table or an index, and why that is well.
const THROUGH: &[(&str, &str)] = &[
    ("accounts::UNREAD", "a page of an index that empties itself"),
    ("clients::UNREAD", "a page of an index that empties itself"),
    ("clients::FRONT", "an index of the clients that have a frame"),
    ("operators::LIST", "an index of the operators alone"),
    ("catalogue::FORGET_CONSENTED", "an operator removes a scope"),
    ("catalogue::FORGET_GRANTED", "an operator removes a scope"),
    ("catalogue::FORGET_IN_CODES", "an operator removes a scope"),
    ("catalogue::FORGET_IN_TOKENS", "an operator removes a scope"),
    ("keys::REMOVE", "a handful of keys"),
    ("keys::RETIRE", "a handful of keys"),
    ("resources::ALL", "what an operator filled by hand"),
    ("registrations::COUNT", "an operator asks"),
    ("sources::TOKENS", "a page, when secrets are sealed anew"),
    ("asking::SOME", "a page in the order of its key"),
    ("outbox::TAKE_BACK", "once, when the one node starts"),
    ("asking::NOTICES", "a page in the order of its index"),
    ("asking::COUNT", "the command line and the proof count exactly"),
    ("metering::FIGURES", "once for everybody who looks (decision 0026)"),
    ("totals::OF_EACH_CLIENT", "once for everybody who looks (decision 0026)"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_reads_through_what_grows() {
    let (_store, folder) = sqlite().await;
    let file = Connection::open(folder.0.join("ostiary.db")).unwrap();
    let mut found = Vec::new();
    for statement in EVERY.iter().copied().flatten().copied().flatten() {
        if statement.name.contains("::tests::") || THROUGH.iter().any(|(name, _)| statement.name.ends_with(name)) {
            continue;
        }
        let mut plan = file.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sqlite())).unwrap();
        let mut rows = plan.raw_query();
        while let Some(row) = rows.next().unwrap() {
            let step: String = row.get(3).unwrap();
            let through = step.strip_prefix("SCAN ").map(|step| step.split(" USING").next().unwrap_or_default());
            if through.is_some_and(|table| !SMALL.contains(&table)) {
                found.push(format!("{}: {step}", statement.name));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A party that does not answer has very many that are due: those whose deadline has come are found in the index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overdue_notices_are_found_without_a_look_at_the_others() {
    let (_store, folder) = sqlite().await;
    let file = Connection::open(folder.0.join("ostiary.db")).unwrap();
    let index: String = file
        .query_row("SELECT group_concat(name) FROM pragma_index_info('outbox_wanted')", [], |row| row.get(0))
        .unwrap();
    assert_eq!(index, "unasked,client,due_at,deliver_by");
    let mut all = EVERY.iter().copied().flatten().copied().flatten();
    let overdue = all.find(|statement| statement.name.ends_with("outbox::LEASE_OVERDUE")).unwrap();
    let mut plan = file.prepare(&format!("EXPLAIN QUERY PLAN {}", overdue.sqlite())).unwrap();
    let mut rows = plan.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get::<_, String>(3).unwrap());
    }
    assert!(steps.iter().any(|step| step.contains("outbox_wanted (unasked=? AND client=? AND due_at<?)")), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_table_was_like_once_decides_nothing() {
    let (store, folder) = sqlite().await;
    store.close().await;
    let known = |file: &Connection| {
        let count = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'";
        file.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let file = Connection::open(folder.0.join("ostiary.db")).unwrap();
    assert_eq!(known(&file), 0, "nothing is gathered when the file is closed");
    file.execute_batch("ANALYZE").unwrap();
    assert!(known(&file) > 0);
    let store = Store::open(&folder.location()).await.unwrap();
    assert_eq!(known(&file), 0);
    store.close().await;
}
