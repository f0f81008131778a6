//! What people do to their own account, and the documents beside it.

use testkit::http::Question;
use testkit::{Browser, RelyingParty};

use crate::ground::{ADA, plan, sql, with_ada};

const NEW: &str = "another staple thing";

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_every_other_place_and_its_background_access() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::at(&provider, "Party").await;
    let (mut here, mut there) = (Browser::new(&provider), Browser::new(&provider));
    party.sign_in(&provider, &mut here, ADA).await;
    party.sign_in(&provider, &mut there, ADA).await;
    let page = here.open(&provider.url("/account")).await;
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/account/password")).unwrap();
    let wrong = form.clone().fill("current", "not the one").fill("new", NEW).fill("repeat", NEW);
    here.submit(&page, &wrong).await;
    assert_eq!(
        provider.cli(&["session", "list"]).await.as_array().unwrap().len(),
        2,
        "a wrong password changes nothing"
    );
    here.submit(&page, &form.fill("current", ADA.1).fill("new", NEW).fill("repeat", NEW)).await;
    assert_eq!(party.hears(1, std::time::Duration::from_secs(10)).await.len(), 1);
    assert_eq!(provider.cli(&["session", "list"]).await.as_array().unwrap().len(), 1);
    assert_eq!(provider.notices().await[0]["cause"], "password_changed");
    let begun = party.begin(&provider).with("prompt", "none");
    assert!(here.open(&begun.url()).await.parameter("code").is_some(), "this place stays");
    assert_eq!(there.open(&begun.url()).await.parameter("error").as_deref(), Some("login_required"));
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawn_access_ends_and_is_asked_for_again() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::at(&provider, "Party").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let page = browser.open(&provider.url("/account")).await;
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/account/withdraw")).unwrap();
    browser.submit(&page, &form).await;
    party.hears(1, std::time::Duration::from_secs(10)).await;
    assert_eq!(provider.notices().await[0]["cause"], "consent_withdrawn");
    let page = browser.open(&party.begin(&provider).with("prompt", "none").url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("consent_required"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_in_one_browser_are_chosen_between() {
    let provider = with_ada(plan()).await;
    provider.user("grace", "three word staple").await;
    let party = RelyingParty::first_party(&provider, "Party").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let chooser = browser.open(&party.begin(&provider).with("prompt", "select_account").url()).await;
    assert_eq!(chooser.url.path(), "/choose");
    let another = chooser.form("choose-form").press_value("account", "another");
    let page = browser.submit(&chooser, &another).await;
    browser.sign_in(&page, "grace", "three word staple").await;
    let chooser = browser.open(&party.begin(&provider).with("prompt", "select_account").url()).await;
    assert!(chooser.says("ada") && chooser.says("grace"));
    let forged = chooser.form("choose-form").fill("account", "nobody");
    assert_eq!(browser.submit(&chooser, &forged).await.answer.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_is_the_same_at_both_addresses_and_assets_are_kept() {
    let provider = plan().start().await;
    let one = provider.get("/.well-known/openid-configuration").await.unwrap();
    let other = provider.get("/.well-known/oauth-authorization-server").await.unwrap();
    assert_eq!((one.status, &one.body), (200, &other.body));
    let icon = provider.ask(Question::get(&provider.url("/assets/icon.svg"))).await;
    assert_eq!((icon.status, icon.headers["content-type"].to_str().unwrap()), (200, "image/svg+xml"));
    assert_eq!(provider.get("/assets/none.css").await.unwrap().status, 404);
}

/// Why a password is changed may be that somebody has a copy of this very browser's cookies.
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_cookie_is_worth_nothing_after_a_new_password() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "Party").await;
    let mut here = Browser::new(&provider);
    party.sign_in(&provider, &mut here, ADA).await;
    let page = here.open(&provider.url("/account")).await;
    let mut thief = here.clone();
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/account/password")).unwrap();
    here.submit(&page, &form.fill("current", ADA.1).fill("new", NEW).fill("repeat", NEW)).await;
    let none = party.begin(&provider).with("prompt", "none");
    assert_eq!(thief.open(&none.url()).await.parameter("error").as_deref(), Some("login_required"));
    assert!(here.open(&none.url()).await.parameter("code").is_some(), "its owner stays");
}

/// A page that was made for Ada acts on nobody else, also when Ada is not signed in here any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_somebody_who_has_left_acts_on_nobody() {
    let provider = with_ada(plan()).await;
    provider.user("grace", "three word staple").await;
    let party = RelyingParty::at(&provider, "Party").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let page = browser.open(&provider.url("/account")).await;
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/account/withdraw")).unwrap();
    let begun = party.begin(&provider).with("prompt", "select_account");
    let chooser = browser.open(&begun.url()).await;
    let another = chooser.form("choose-form").press_value("account", "another");
    let sign_in = browser.submit(&chooser, &another).await;
    browser.through(sign_in, "grace", "three word staple").await;
    provider.cli(&["session", "end", "--user", "ada"]).await;
    let answer = browser.submit(&page, &form).await;
    assert_eq!(answer.answer.status, 400, "{}", answer.answer.body);
    let none = party.begin(&provider).with("prompt", "none");
    assert!(browser.open(&none.url()).await.parameter("code").is_some(), "Grace's consent stands");
    let ada = sql(&provider, "SELECT id FROM account WHERE username = 'ada'");
    let page = browser.open(&provider.url(&format!("/account?who={ada}"))).await;
    assert_eq!(page.url.path(), "/login", "and Ada's address is not Grace's page");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_very_many_sessions_can_be_ended_too() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "Party").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let page = browser.open(&provider.url("/account")).await;
    let columns =
        "account, kind, browser, auth_time, acr, amr, agent, created_at, seen_at, idle_span, idle_until, expires_at";
    let many = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1001)";
    let columns_of = columns.replace("browser", "NULL");
    sql(
        &provider,
        &format!("{many} INSERT INTO session (id, {columns}) SELECT '~' || n, {columns_of} FROM n, session"),
    );
    let mut form = page.forms().into_iter().find(|form| form.action.ends_with("/account/password")).unwrap();
    form.action = form.action.replace("/password", "/end");
    form.fields.push(("session".into(), "~999".into()));
    browser.submit(&page, &form).await;
    assert_eq!(sql(&provider, "SELECT cause FROM session WHERE id = '~999'"), "person");
}

/// A row that cannot be read is the operator's to mend; meanwhile people can still see and end what is theirs.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_cannot_be_read_hides_nobodys_page() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::at(&provider, "Party").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let id = sql(&provider, "SELECT id FROM client");
    sql(&provider, "UPDATE client SET metadata = '{\"redirect_uris\": 5}'");
    sql(&provider, "UPDATE version SET value = value + 1 WHERE name = 'clients'");
    let asks = format!("/authorize?client_id={id}");
    testkit::eventually("the provider has noticed", std::time::Duration::from_secs(10), async || {
        (provider.get(&asks).await.unwrap().status == 500).then_some(())
    })
    .await;
    let page = browser.open(&provider.url("/account")).await;
    assert_eq!(page.answer.status, 200, "{}", page.answer.body);
    assert!(page.says(&id), "it is named by its id: {}", page.answer.body);
    assert_eq!(browser.open(&provider.url("/applications")).await.answer.status, 200);
    let confirm = browser.open(&provider.url("/end_session")).await;
    let over = browser.submit(&confirm, &confirm.form("logout-form").press_value("logout", "all")).await;
    assert_eq!(over.answer.status, 200, "{}", over.answer.body);
    assert!(over.says(&id), "and so is who is told: {}", over.answer.body);
}
