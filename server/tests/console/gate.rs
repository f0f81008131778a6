//! Who gets in, and who does not.

use testkit::http::Question;
use testkit::{Browser, RelyingParty, Reply};

use super::{GRACE, SOON, enter, figured, text_of, with_grace};
use crate::ground::{ADA, passes, plan, settles, sql, with_ada};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_signed_in_is_led_through_our_own_sign_in_and_back() {
    let provider = with_grace(plan(), &[]).await;
    let (_, page) = enter(&provider, "/console?x=1").await;
    assert_eq!((page.url.path(), page.url.query()), ("/console", Some("x=1")), "back where it began");
    assert!(page.says("may look") && page.says("It adds up."), "{}", page.answer.body);
    assert_eq!(page.answer.header("cache-control"), Some("no-store"));
    let policy = page.answer.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_operator_is_told_so_and_nothing_more() {
    let provider = with_grace(plan(), &["--act"]).await;
    let mut browser = Browser::new(&provider);
    let page = browser.open(&provider.url("/console")).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    assert_eq!((page.answer.status, page.url.path()), (403, "/console"));
    assert!(page.says("This page is not for you"), "{}", page.answer.body);
    assert!(!page.says("Figures") && !page.says(GRACE.0), "{}", page.answer.body);
    // Somebody else may sign in beside her.
    let page = browser.open(&provider.url("/console?as=other")).await;
    assert_eq!(page.url.path(), "/login");
    let page = browser.sign_in(&page, GRACE.0, GRACE.1).await;
    assert_eq!((page.answer.status, page.url.path()), (200, "/console"));
    assert!(page.says(GRACE.0), "{}", page.answer.body);
    let document = provider.get("/.well-known/openid-configuration").await.unwrap();
    assert!(!document.body.contains("console"), "nobody is told that it is there");
}

/// A stranger who posts learns nothing of what is there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_and_what_is_not_look_alike_from_outside() {
    let provider = with_grace(plan(), &["--act"]).await;
    let ada = sql(&provider, "SELECT id FROM account WHERE username = 'ada'");
    let mut said = Vec::new();
    for id in [ada.as_str(), "nobody"] {
        let answer = provider.ask(Question::post(&provider.url("/console/end"), &[("account", id)])).await;
        said.push((answer.status, answer.body));
    }
    assert_eq!(said[0], said[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_taken_away_is_gone_at_the_next_request() {
    let provider = with_grace(plan(), &["--act"]).await;
    let (mut browser, page) = enter(&provider, "/console").await;
    assert!(page.says("may act"), "{}", page.answer.body);
    provider.cli(&["user", "operator", GRACE.0]).await;
    assert!(browser.open(&provider.url("/console")).await.says("may look"));
    provider.cli(&["user", "operator", GRACE.0, "--remove"]).await;
    let page = browser.open(&provider.url("/console")).await;
    assert_eq!(page.answer.status, 403, "{}", page.answer.body);
    provider.cli(&["user", "operator", GRACE.0]).await;
    assert_eq!(browser.open(&provider.url("/console")).await.answer.status, 200);
    provider.cli(&["user", "disable", GRACE.0]).await;
    assert_eq!(browser.open(&provider.url("/console")).await.url.path(), "/login", "and with it every session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_of_an_hour_ago_is_not_enough_and_the_same_session_goes_on() {
    let provider = with_grace(plan(), &[]).await;
    let (mut browser, _) = enter(&provider, "/console").await;
    passes(&provider, 59 * 60);
    assert_eq!(browser.open(&provider.url("/console")).await.url.path(), "/console");
    passes(&provider, 2 * 60);
    let page = browser.open(&provider.url("/console")).await;
    assert_eq!(page.url.path(), "/login");
    assert!(page.says("The console asks for a sign-in of the last hour"), "{}", page.answer.body);
    let page = browser.sign_in(&page, GRACE.0, GRACE.1).await;
    assert_eq!((page.answer.status, page.url.path()), (200, "/console"));
    assert_eq!(provider.cli(&["session", "list"]).await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn below_a_path_everything_is_below_it() {
    let provider = with_ada(plan().path("/tenant")).await;
    provider.cli(&["user", "operator", ADA.0]).await;
    let mut browser = Browser::new(&provider);
    let page = browser.open(&provider.url("/console")).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    assert_eq!((page.answer.status, page.url.path()), (200, "/tenant/console"));
    assert!(page.answer.body.contains("href=\"/tenant/console\"") && !page.answer.body.contains("href=\"/console"));
    for path in ["/console/ledger", "/console/find", "/console/clients", "/console/audit", "/console/settle?how=again"]
    {
        let page = browser.open(&provider.url(path)).await;
        assert!(!page.answer.body.contains("=\"/console"), "{path}: {}", page.answer.body);
    }
}

/// The figures are those of the command line, and follow what happens.
async fn the_figures_follow(plan: testkit::Plan) {
    let provider = with_grace(plan, &[]).await;
    let told = RelyingParty::first_party(&provider, "Told").await;
    let dead = RelyingParty::first_party(&provider, "Dead").await;
    dead.always(Reply::Status(404));
    let mut ada = Browser::new(&provider);
    told.sign_in(&provider, &mut ada, ADA).await;
    ada.open(&dead.begin(&provider).url()).await;
    let (mut browser, page) = enter(&provider, "/console").await;
    assert_eq!(text_of(&page, "adds-up"), "0 = 0 + 0 + 0 + 0 + 0 It adds up.");
    assert!(page.says("Nothing needs your hand"), "{}", page.answer.body);
    provider.cli(&["session", "end", "--user", ADA.0]).await;
    settles(&provider, &["delivered", "parked"], SOON).await;
    let page = figured(&provider, &mut browser, "2 = 1 + 0 + 1 + 0 + 0 It adds up.").await;
    assert!(text_of(&page, "hands").contains("One notice needs somebody’s hand."), "{}", page.answer.body);
    assert!(page.answer.body.contains("data-said=\"parked 1, pending 0, delivered 1\""), "{}", page.answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_follow_what_happens() {
    the_figures_follow(plan()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_follow_what_happens_on_postgresql() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    the_figures_follow(plan().database(&url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_not_answered() {
    let provider = plan().start().await;
    let answer = provider.ask(Question::post(&provider.url("/console"), &[])).await;
    assert_eq!(answer.status, 405);
}
