//! `kill -9`, SIGTERM, and two nodes (`logout.md` §8): nothing promised is lost.

use std::time::Duration;

use testkit::http::Question;
use testkit::jar::Errand;
use testkit::{Browser, Plan, Reply};

use super::ground::{ADA, SignedIn, notice_of, plan, settles, signed_in, with_ada};

const SOON: Duration = Duration::from_secs(15);

/// Where other nodes may be at work a lease is waited for. It outlives the attempt and twice the clock bound: 75 s
/// (`logout.md` §4).
const LEASE: Duration = Duration::from_secs(110);

async fn postgres() -> Option<Plan> {
    Some(plan().database(&testkit::postgres::fresh_database().await?))
}

/// Killed after the commit and before any attempt: the command line ends the session while no courier runs.
async fn between_commit_and_delivery(plan: Plan) {
    let mut walk = signed_in(plan).await;
    walk.provider.kill();
    walk.provider.cli(&["session", "end", "--user", "ada"]).await;
    settles(&walk.provider, &["pending", "pending"], SOON).await;
    assert_eq!(walk.one.heard().len() + walk.two.heard().len(), 0);
    walk.provider.start().await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    assert_eq!(walk.one.heard().len(), 1);
    assert_eq!(walk.two.heard()[0].claims["sid"], walk.at_two.claims["sid"]);
}

#[tokio::test]
async fn killed_between_commit_and_delivery_nothing_is_lost() {
    between_commit_and_delivery(plan()).await;
}

#[tokio::test]
async fn killed_between_commit_and_delivery_nothing_is_lost_on_postgresql() {
    let Some(plan) = postgres().await else { return };
    between_commit_and_delivery(plan).await;
}

/// Killed while the POST is under way: it is delivered again, once its lease is over or taken back.
async fn during_the_post(plan: Plan, patience: Duration) {
    let mut walk = signed_in(plan).await;
    walk.two.always(Reply::Hang);
    let url = walk.one.end_session_url(&walk.provider, &[("id_token_hint", &walk.at_one.id_token)]);
    let page = walk.browser.open_from_elsewhere(&url).await;
    assert!(page.says("does not answer yet, will be told"), "the page says the truth: {}", page.answer.body);
    walk.two.hears(1, SOON).await;
    walk.provider.kill();
    walk.two.always(Reply::Status(200));
    walk.provider.start().await;
    settles(&walk.provider, &["delivered", "delivered"], patience).await;
    let heard = walk.two.heard();
    assert_eq!(heard.len(), 2, "once before the crash, once after it");
    assert_eq!(heard[0].claims["sid"], heard[1].claims["sid"]);
    assert_ne!(heard[0].claims["jti"], heard[1].claims["jti"]);
    assert_eq!(walk.one.heard().len(), 1, "the one that was told is not told again");
}

#[tokio::test]
async fn killed_during_a_post_it_is_delivered_again() {
    during_the_post(plan(), SOON).await;
}

#[tokio::test]
async fn killed_during_a_post_it_is_delivered_again_on_postgresql() {
    let Some(plan) = postgres().await else { return };
    during_the_post(plan, LEASE).await;
}

/// Killed at any moment of a sign-out: either it never happened, or everybody hears of it.
#[tokio::test]
async fn killed_at_any_moment_of_a_sign_out_it_happened_whole_or_not_at_all() {
    let SignedIn { mut provider, mut browser, one, two, .. } = signed_in(plan()).await;
    let mut promised = 0;
    for millis in [0, 2, 4, 6, 9, 13, 20] {
        let begun = one.begin(&provider);
        let page = browser.open(&begun.url()).await;
        let page = browser.through(page, ADA.0, ADA.1).await;
        let tokens = one.complete(&provider, &begun, &page).await;
        two.sign_in(&provider, &mut browser, ADA).await;
        let url = one.end_session_url(&provider, &[("id_token_hint", &tokens.id_token)]);
        let mut other = browser.clone();
        let under_way = tokio::spawn(async move { other.step(Question::get(&url), Errand::CrossSiteLink).await });
        tokio::time::sleep(Duration::from_millis(millis)).await;
        provider.kill();
        let _answered_or_not = under_way.await;
        let sessions = provider.cli(&["session", "list"]).await.as_array().unwrap().len();
        let notices = provider.notices().await.len();
        assert!(
            (sessions, notices) == (1, promised) || (sessions, notices) == (0, promised + 2),
            "{sessions} sessions, {notices} notices after {promised}, killed after {millis} ms"
        );
        promised = notices;
        provider.start().await;
    }
    let wanted = vec!["delivered"; promised];
    settles(&provider, &wanted, SOON).await;
    let heard: std::collections::HashSet<String> =
        one.heard().iter().chain(&two.heard()).map(|heard| heard.claims["sid"].to_string()).collect();
    assert_eq!(heard.len(), promised, "every stay that ended was heard of");
}

#[tokio::test]
async fn sigterm_lets_a_request_under_way_finish() {
    let mut walk = signed_in(plan()).await;
    walk.two.always(Reply::Hang);
    let url = walk.one.end_session_url(&walk.provider, &[("id_token_hint", &walk.at_one.id_token)]);
    let mut browser = walk.browser.clone();
    let under_way = tokio::spawn(async move { browser.open_from_elsewhere(&url).await });
    // The page waits 1.5 s for the relying party that hangs.
    walk.two.hears(1, SOON).await;
    walk.provider.terminate();
    let page = under_way.await.unwrap();
    assert!(page.says("You are signed out"), "{}", page.answer.body);
    assert!(walk.provider.get("/health").await.is_err(), "no new connections");
    assert_eq!(walk.provider.ended().await, Some(0));
    assert!(walk.provider.log().contains("stopping"));
    walk.two.always(Reply::Status(200));
    walk.provider.start().await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
}

#[tokio::test]
async fn two_nodes_deliver_each_notice_once() {
    let Some(plan) = postgres().await else { return };
    let provider = with_ada(plan).await;
    let second = provider.second_node().await;
    let one = testkit::RelyingParty::first_party(&provider, "One").await;
    let two = testkit::RelyingParty::first_party(&provider, "Two").await;
    // The second node hears of new clients within about a second.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let mut stays = std::collections::HashSet::new();
    for round in 0..20 {
        let node = if round % 2 == 0 { &provider } else { &second };
        let mut browser = Browser::new(node);
        for party in [&one, &two] {
            let tokens = party.sign_in(node, &mut browser, ADA).await;
            stays.insert(tokens.claims["sid"].to_string());
        }
    }
    provider.cli(&["session", "end", "--user", "ada"]).await;
    settles(&provider, &["delivered"; 40], Duration::from_secs(30)).await;
    let heard: Vec<String> =
        one.heard().iter().chain(&two.heard()).map(|heard| heard.claims["sid"].to_string()).collect();
    assert_eq!(heard.len(), 40, "none twice");
    assert_eq!(heard.into_iter().collect::<std::collections::HashSet<_>>(), stays, "each once");
    let worked = |node: &testkit::Provider| node.log().matches("delivered").count();
    assert_eq!(worked(&provider) + worked(&second), 40);
    assert_eq!(notice_of(&provider, &one).await["attempts"], 1);
}
