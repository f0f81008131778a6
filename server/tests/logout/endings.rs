//! Everything else that ends a session tells the relying parties too (`logout.md` §3).

use std::time::Duration;

use super::super::ground::{ADA, ending_page, notice_of, plan, settles, signed_in};
use testkit::RelyingParty;
use testkit::http::Question;

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_disabled_person_is_signed_out_everywhere_and_cannot_come_back() {
    let mut walk = signed_in(plan()).await;
    walk.provider.cli(&["user", "disable", "ada"]).await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    assert_eq!(notice_of(&walk.provider, &walk.one).await["cause"], "account_disabled");
    let begun = walk.one.begin(&walk.provider);
    let page = walk.browser.open(&begun.url()).await;
    let page = walk.browser.sign_in(&page, ADA.0, ADA.1).await;
    assert!(page.says("do not belong together"), "the same words as for a wrong password: {}", page.answer.body);
    let answer = walk.one.try_refresh(&walk.provider, walk.at_one.get("refresh_token")).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn a_person_ends_another_place_on_the_account_page() {
    let mut walk = signed_in(plan()).await;
    let mut laptop = testkit::Browser::new(&walk.provider);
    walk.one.sign_in(&walk.provider, &mut laptop, ADA).await;
    let own = walk.provider.cli(&["session", "list"]).await;
    assert_eq!(own.as_array().unwrap().len(), 2);
    let phone = own.as_array().unwrap().iter().find(|row| row["clients"].as_array().unwrap().len() == 2).unwrap();
    let page = ending_page(&walk.provider, &mut laptop, &format!("session={}", phone["id"].as_str().unwrap())).await;
    assert!(page.says("will be told") && page.says("One") && page.says("Two"), "{}", page.answer.body);
    let form = page.form("end-form");
    assert!(walk.is_signed_in().await, "a preview changes nothing");
    // The form of one browser, posted from another, does nothing.
    let forged = walk.browser.submit(&page, &form).await;
    assert_eq!(forged.answer.status, 400, "{}", forged.answer.body);
    assert!(walk.is_signed_in().await);
    laptop.submit(&page, &form).await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    assert!(!walk.is_signed_in().await);
    let begun = walk.one.begin(&walk.provider).with("prompt", "none");
    assert!(laptop.open(&begun.url()).await.parameter("code").is_some(), "the laptop is signed in still");
}

#[tokio::test]
async fn a_person_signs_out_of_one_application_and_then_everywhere() {
    let mut walk = signed_in(plan()).await;
    let mut laptop = testkit::Browser::new(&walk.provider);
    walk.one.sign_in(&walk.provider, &mut laptop, ADA).await;
    let sid = walk.at_one.claim("sid");
    let page = ending_page(&walk.provider, &mut laptop, &format!("sid={sid}")).await;
    assert!(page.says("signs you out of One alone"), "{}", page.answer.body);
    laptop.submit(&page, &page.form("end-form")).await;
    settles(&walk.provider, &["delivered"], SOON).await;
    assert_eq!(walk.one.heard()[0].claims["sid"], sid);
    let page = ending_page(&walk.provider, &mut walk.browser, "all=1").await;
    assert!(page.says("every session of yours"), "{}", page.answer.body);
    let done = walk.browser.submit(&page, &page.form("end-form")).await;
    assert!(done.says("signed out"), "{}", done.answer.body);
    settles(&walk.provider, &["delivered", "delivered", "delivered"], SOON).await;
    assert_eq!(walk.provider.cli(&["session", "list"]).await, serde_json::json!([]));
}

#[tokio::test]
async fn what_is_somebody_elses_is_neither_shown_nor_ended() {
    let walk = signed_in(plan()).await;
    walk.provider.user("eve", "correct horse battery too").await;
    let mut browser = testkit::Browser::new(&walk.provider);
    walk.one.sign_in(&walk.provider, &mut browser, ("eve", "correct horse battery too")).await;
    let own = ending_page(&walk.provider, &mut browser, "session=").await;
    let sessions = walk.provider.cli(&["session", "list", "--user", ADA.0]).await;
    for (name, value) in [("session", sessions[0]["id"].as_str().unwrap()), ("sid", walk.at_one.claim("sid"))] {
        let page = browser.open(&walk.provider.url(&format!("/account/end?{name}={value}"))).await;
        assert!(!page.answer.body.contains("end-form"), "{}", page.answer.body);
        let mut form = own.form("end-form");
        form.fields.retain(|(field, _)| field != "session");
        form.fields.push((name.to_owned(), value.to_owned()));
        browser.submit(&own, &form).await;
    }
    assert_eq!(walk.provider.notices().await.len(), 0);
}

#[tokio::test]
async fn a_session_that_idles_out_is_a_logout() {
    let walk = signed_in(plan().set("lifetimes.session_idle = \"1s\"")).await;
    // The one node there is goes by its own clock; the sweep looks every 10 s.
    settles(&walk.provider, &["delivered", "delivered"], Duration::from_secs(25)).await;
    assert_eq!(notice_of(&walk.provider, &walk.two).await["cause"], "idle_expiry");
    assert_eq!(walk.two.heard()[0].claims["sid"], walk.at_two.claims["sid"]);
}

#[tokio::test]
async fn background_access_survives_a_sign_out_and_is_without_sid() {
    let mut walk = signed_in(plan()).await;
    let begun = walk.one.begin(&walk.provider).with("scope", "openid offline_access").with("prompt", "consent");
    let page = walk.browser.open(&begun.url()).await;
    let page = walk.browser.through(page, ADA.0, ADA.1).await;
    let offline = walk.one.complete(&walk.provider, &begun, &page).await;
    walk.provider.cli(&["session", "end", "--user", "ada"]).await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    let answer = walk.one.try_refresh(&walk.provider, offline.get("refresh_token")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let fresh = answer.json();
    let claims = testkit::relying_party::part(fresh["id_token"].as_str().unwrap(), 1);
    assert!(!claims.contains_key("sid"), "a token refreshed after the session ended names no stay: {claims:?}");
    let online = walk.one.try_refresh(&walk.provider, walk.at_one.get("refresh_token")).await;
    assert_eq!(online.json()["error"], "invalid_grant");
    // Introspection says so at once.
    let fields = [("token", walk.at_one.get("access_token"))];
    let question =
        Question::post(&walk.provider.url("/introspect"), &fields).basic(&walk.one.client_id, &walk.one.client_secret);
    assert_eq!(walk.provider.ask(question).await.json()["active"], false);
}

#[tokio::test]
async fn background_access_ends_with_a_sign_out_where_the_policy_says_so() {
    let mut walk = signed_in(plan()).await;
    let mut strict = RelyingParty::open().await;
    let policy = walk.provider.file("policy.json", r#"{"consent": "first-party", "offline_grants": "revoke"}"#);
    let metadata = strict.metadata("Strict");
    strict.register(&walk.provider, &metadata, &["--policy", &policy]).await;
    let mut refresh = Vec::new();
    for party in [&walk.one, &strict] {
        let begun = party.begin(&walk.provider).with("scope", "openid offline_access");
        let page = walk.browser.open(&begun.url()).await;
        refresh.push(party.complete(&walk.provider, &begun, &page).await.get("refresh_token").to_owned());
    }
    // Whoever asks: the policy is that of the client that has the access.
    let page = walk.sign_out_with(&[("id_token_hint", &walk.at_one.id_token.clone())]).await;
    assert!(page.says("You have signed out of One. Your session here has ended."), "{}", page.answer.body);
    settles(&walk.provider, &["delivered"; 3], SOON).await;
    assert_eq!(walk.one.try_refresh(&walk.provider, &refresh[0]).await.status, 200);
    let ended = strict.try_refresh(&walk.provider, &refresh[1]).await;
    assert_eq!((ended.status, &ended.json()["error"]), (400, &serde_json::json!("invalid_grant")), "{}", ended.body);
}
