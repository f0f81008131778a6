//! Very many notices, and many who look: the ledger is counted for all of them together.

use std::time::Instant;

use serde_json::json;
use testkit::http::Question;
use testkit::{Provider, RelyingParty, eventually, free_port};
use tokio::task::JoinSet;

use super::{SOON, enter, text_of, with_grace};
use crate::ground::{plan, sql};

/// Puts so many delivered notices and some parked ones of one relying party into the ledger, as if they had always been there.
fn fill(provider: &Provider, client: &str, many: u32) {
    let parked = "n % 1000 = 0";
    sql(
        provider,
        &format!(
            "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < {many}), \
             clock(now) AS (SELECT CAST(strftime('%s') AS INTEGER) * 1000) \
             INSERT INTO outbox (id, kind, client, account, subject, sid, session, cause, created_at, due_at, attempts, deliver_by, \
             settled_at, outcome) SELECT 'backchannel_logout.x' || n, 'backchannel_logout', '{client}', 'a', 's', 'x' || n, 's' || n, \
             'person', now - 7200000 - n, now - 7200000 - n, 1, now, now - 3600000 - n, \
             CASE WHEN {parked} THEN 'parked' ELSE 'delivered' END FROM count, clock"
        ),
    );
}

async fn counts(port: u16) -> u64 {
    let answer = Question::get(&format!("http://127.0.0.1:{port}/metrics")).send(&[]).await.unwrap();
    let line = answer.body.lines().find(|line| line.starts_with("ostiary_ledger_counts_total ")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_not_counted_more_often_the_more_look() {
    let port = free_port();
    let provider = with_grace(plan().set(&format!("metrics.listen = \"127.0.0.1:{port}\"")), &[]).await;
    let rp = RelyingParty::first_party(&provider, "Old Catalogue").await;
    fill(&provider, &rp.client_id, 50_000);
    let (browser, page) = enter(&provider, "/console").await;
    assert_eq!(text_of(&page, "adds-up"), "50000 = 49950 + 0 + 50 + 0 + 0 It adds up.");
    let (before, began) = (counts(port).await, Instant::now());
    let mut looking = JoinSet::new();
    for tab in 0..16 {
        let (mut browser, url) = (browser.clone(), provider.url("/console"));
        looking.spawn(async move {
            for _ in 0..10 {
                if tab % 4 == 0 {
                    counts(port).await;
                } else {
                    assert_eq!(browser.open(&url).await.answer.status, 200);
                }
            }
        });
    }
    looking.join_all().await;
    let (counted, seconds) = (counts(port).await - before, began.elapsed().as_secs());
    assert!(counted <= seconds + 2, "{counted} counts in {seconds} s, for 160 who looked");
    // What is settled now is seen by all of them, and by the command line at once.
    sql(&provider, "UPDATE outbox SET outcome = 'withdrawn' WHERE outcome = 'parked'");
    let exact = provider.cli(&["notice", "figures"]).await;
    assert_eq!((&exact["total"]["withdrawn"], &exact["total"]["parked"]), (&json!(50), &json!(0)));
    let mut browser = browser;
    eventually("the page has it", SOON, async || {
        let page = browser.open(&provider.url("/console")).await;
        (text_of(&page, "adds-up") == "50000 = 49950 + 0 + 0 + 0 + 50 It adds up.").then_some(())
    })
    .await;
    let client = browser.open(&provider.url(&format!("/console/client?id={}", rp.client_id))).await;
    assert!(text_of(&client, "adds-up").starts_with("50000 = 49950 + 0 + 0 + 0 + 50"), "{}", client.answer.body);
}
