//! What a courier bears: parties that keep failing, rows it cannot read, more than it can carry.

use std::time::{Duration, Instant};

use testkit::{Browser, RelyingParty, Reply, eventually};

use crate::ground::{ADA, plan, settles, signed_in, sql, with_ada};

/// A client that cannot be read ends nobody's sessions later, and the notice to it comes to its deadline.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_fails_on_our_side_is_parked_in_the_end() {
    let walk = signed_in(plan().set("lifetimes.logout_deadline = \"4s\"")).await;
    let broken = walk.one.client_id.clone();
    sql(
        &walk.provider,
        &format!(
            "UPDATE client SET policy = '{{\"consent\": 7}}' WHERE id = '{broken}'; UPDATE version SET value = value + 1"
        ),
    );
    // By then the server has forgotten what it had at hand.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let ended = walk.provider.cli(&["session", "end", "--user", "ada"]).await;
    assert_eq!(ended["notices"], 2, "{ended}");
    settles(&walk.provider, &["delivered", "parked"], Duration::from_secs(20)).await;
    let all = walk.provider.notices().await;
    let parked = all.iter().find(|row| row["state"] == "parked").unwrap();
    assert!(parked.to_string().contains("failed on our side"), "{parked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_keeps_failing_is_probed_not_hammered() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "Down").await;
    party.always(Reply::Status(503));
    for _ in 0..16 {
        party.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
    }
    let ended = Instant::now();
    provider.cli(&["session", "end", "--user", "ada"]).await;
    party.hears(8, Duration::from_secs(30)).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    // Eight, those that were under way with the eighth, and a probe every ten seconds.
    let (heard, probes) = (party.heard().len(), ended.elapsed().as_secs() / 10);
    assert!(heard as u64 <= 8 + 3 + probes, "{heard} attempts, {probes} of them probes at most");
    // Once it answers a probe, everybody is told, and nobody waits for a probe of their own.
    party.always(Reply::Status(200));
    let before = party.heard().len();
    party.hears(before + 1, Duration::from_mins(2)).await;
    settles(&provider, &["delivered"; 16], Duration::from_secs(20)).await;
}

/// `logout.md` §8.3: many who do not answer at all take no places from those who do.
#[tokio::test(flavor = "multi_thread")]
async fn parties_that_hang_take_no_places_from_others() {
    let provider = with_ada(plan().set("courier.concurrency = 2")).await;
    let (mut browser, mut hanging) = (Browser::new(&provider), Vec::new());
    let healthy = RelyingParty::first_party(&provider, "Healthy").await;
    healthy.sign_in(&provider, &mut browser, ADA).await;
    for number in 0..8 {
        let party = RelyingParty::first_party(&provider, &format!("Hangs {number}")).await;
        party.always(Reply::Hang);
        let begun = party.begin(&provider);
        let page = browser.open(&begun.url()).await;
        party.complete(&provider, &begun, &page).await;
        hanging.push(party);
    }
    provider.cli(&["session", "end", "--user", "ada"]).await;
    // An attempt has ten seconds: two places, taken four times, would take forty.
    for party in hanging.iter().chain([&healthy]) {
        party.hears(1, Duration::from_secs(8)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_to_stop_stops_although_much_is_due() {
    let mut walk = signed_in(plan()).await;
    walk.provider.cli(&["session", "end", "--user", "ada"]).await;
    settles(&walk.provider, &["delivered", "delivered"], Duration::from_secs(10)).await;
    let copied = "kind, client, account, subject, session, cause, created_at, due_at, attempts, deliver_by";
    let many = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60000)";
    sql(
        &walk.provider,
        &format!(
            "{many} INSERT INTO outbox (id, sid, {copied}) SELECT 'x' || n || client, 'x' || n, {copied} FROM n, outbox"
        ),
    );
    let party = &walk.one;
    eventually("they are being delivered", Duration::from_secs(20), async || (party.heard().len() > 50).then_some(()))
        .await;
    walk.provider.terminate();
    assert_eq!(walk.provider.ended().await, Some(0));
    let left: u64 = sql(&walk.provider, "SELECT count(*) FROM outbox WHERE settled_at IS NULL").parse().unwrap();
    assert!(left > 0, "there was more than could be done");
}

/// Why a client was disabled may be that its addresses are somebody else's by now.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_to_a_disabled_client() {
    let mut walk = signed_in(plan()).await;
    walk.provider.cli(&["client", "disable", &walk.one.client_id.clone()]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (after, hint) = (walk.one.url("/after"), walk.at_one.id_token.clone());
    let page = walk.sign_out_with(&[("id_token_hint", &*hint), ("post_logout_redirect_uri", &*after)]).await;
    assert!(page.url.as_str().starts_with(walk.provider.issuer()), "{}", page.url);
}
