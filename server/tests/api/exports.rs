//! The ledger as a file: whole however long it is, filtered, never in memory.

use serde_json::{Value, json};
use testkit::http::Question;

use super::Caller;
use crate::ground::{plan, signed_in, sql};

#[tokio::test]
async fn a_long_ledger_is_exported_whole() {
    let walk = signed_in(plan()).await;
    let provider = &walk.provider;
    let session = provider.cli(&["session", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    provider.cli(&["session", "end", &session]).await;
    crate::ground::settles(provider, &["delivered", "delivered"], std::time::Duration::from_secs(15)).await;
    // More than two pages, many of one moment.
    let copied =
        "kind, client, account, subject, sid, session, cause, created_at, due_at, attempts, deliver_by, last_status";
    sql(
        provider,
        &format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300) \
             INSERT INTO outbox (id, {copied}, last_reply, settled_at, outcome) SELECT 'copy.' || i, {copied}, \
             CASE i WHEN 7 THEN '=1+1, \"said\"' ELSE last_reply END, settled_at, outcome FROM n, \
             (SELECT * FROM outbox WHERE client = '{}' LIMIT 1);",
            walk.one.client_id
        ),
    );
    let caller = Caller::at(provider, &[]).await;
    let ndjson = caller.get(provider, "/api/v1/notices/export").await;
    assert_eq!(ndjson.header("content-type"), Some("application/x-ndjson"));
    let lines: Vec<Value> = ndjson.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut ids: Vec<&str> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    caller.described.is_notice(&lines[0]);
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((lines.len(), ids.len()), (1302, 1302), "each once");

    let of_two = caller.get(provider, &format!("/api/v1/notices/export?client={}", walk.two.client_id)).await;
    assert_eq!(of_two.body.lines().count(), 1);
    let csv = caller.get(provider, "/api/v1/notices/export?format=csv").await;
    assert!(csv.header("content-disposition").unwrap().contains("notices.csv"));
    assert!(csv.body.starts_with("id,kind,state,cause,client_id,client_name,"), "{:.200}", csv.body);
    assert_eq!(csv.body.lines().count(), 1303, "and a header");
    assert!(csv.body.contains("\"'=1+1, \"\"said\"\"\""), "no formula comes out of a ledger");
    assert_eq!(caller.get(provider, "/api/v1/notices/export?format=xlsx").await.status, 422);

    // The command line writes the same.
    let (code, printed, problem) = provider.runs(&["notice", "export"]).await;
    assert_eq!(code, Some(0), "{problem}");
    assert!(printed == ndjson.body, "{:.300}\n{:.300}", printed, ndjson.body);
    let (_, printed, _) = provider.runs(&["notice", "export", "--format", "csv", "--state", "parked"]).await;
    assert_eq!(printed.lines().count(), 1, "{printed}");
    let unknown = Question::get(&provider.url("/api/v1/notices/export?state=lost"));
    let unknown = provider.ask(unknown.header("authorization", &caller.bearer())).await;
    assert_eq!((unknown.status, unknown.json()["status"].clone()), (422, json!(422)));
}
