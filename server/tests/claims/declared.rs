//! Scopes and claims an operator declares while the server runs.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Browser, Provider, RelyingParty, eventually};

use super::super::ground::{ADA, plan, with_ada};
use super::userinfo;

/// Waits until discovery says so.
async fn discovers(provider: &Provider, what: &str, says: impl Fn(&Value) -> bool) -> Value {
    eventually(what, Duration::from_secs(10), async || {
        let document = provider.get("/.well-known/openid-configuration").await.unwrap().json();
        says(&document).then_some(document)
    })
    .await
}

fn has(list: &Value, word: &str) -> bool {
    list.as_array().is_some_and(|all| all.iter().any(|one| one == word))
}

#[tokio::test]
async fn a_declared_scope_is_discovered_agreed_to_told_and_taken_away() {
    let provider = with_ada(plan()).await;
    provider.cli(&["user", "update", ADA.0, "--claim", "groups=[\"staff\", \"editors\"]", "--claim", "level=3"]).await;
    let words =
        ["--title", "read your groups", "--title", "de=Ihre Gruppen lesen", "--description", "de=Aus dem Verzeichnis."];
    let declare = [&["scope", "add", "staff", "--claim", "groups", "--claim", "level"][..], &words].concat();
    provider.cli(&declare).await;
    provider.cli(&["claim", "add", "card", "--title", "de=Ihre Karte"]).await;
    provider.cli(&["claim", "locales", "DE", "ja-kana-jp"]).await;
    assert!(provider.try_cli("", &declare).await.is_err(), "it is there already");
    for odd in [["scope", "add", "email", "--claim", "x"], ["scope", "add", "x", "--claim", "sub"]] {
        assert!(provider.try_cli("", &odd).await.is_err(), "{odd:?}");
    }
    let document = discovers(&provider, "all of it", |all| {
        has(&all["scopes_supported"], "staff") && !all["claims_locales_supported"].is_null()
    })
    .await;
    assert!(has(&document["claims_supported"], "groups") && has(&document["claims_supported"], "card"));
    assert_eq!(document["claims_locales_supported"], json!(["de", "ja-Kana-JP"]));
    let party = RelyingParty::at(&provider, "Shop").await;
    let mut browser = Browser::new(&provider);
    browser.language = Some("de-AT".into());
    let claims = r#"{"userinfo": {"card": null}}"#;
    let asks = || party.begin(&provider).with("scope", "openid staff").with("claims", claims);
    let begun = asks();
    let page = browser.open(&begun.url()).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    assert!(
        page.says("Ihre Gruppen lesen") && page.says("Aus dem Verzeichnis.") && page.says("Ihre Karte"),
        "{}",
        page.answer.body
    );
    let page = browser.allow(&page).await;
    let tokens = party.complete(&provider, &begun, &page).await;
    let told = userinfo(&provider, tokens.get("access_token")).await;
    assert_eq!((&told["groups"], &told["level"]), (&json!(["staff", "editors"]), &json!("3")), "{told}");
    assert!(browser.open(&provider.url("/account")).await.says("Ihre Gruppen lesen"));
    // Taken away: from the token that is out, and from what was agreed to.
    provider.cli(&["scope", "remove", "staff"]).await;
    discovers(&provider, "the scope is gone", |all| !has(&all["scopes_supported"], "staff")).await;
    let told = userinfo(&provider, tokens.get("access_token")).await;
    assert!(told.get("groups").is_none(), "{told}");
    provider.cli(&declare).await;
    discovers(&provider, "the scope is back", |all| has(&all["scopes_supported"], "staff")).await;
    assert!(userinfo(&provider, tokens.get("access_token")).await.get("groups").is_none(), "it is another one");
    let page = browser.open(&asks().url()).await;
    assert!(page.has_form("consent-form"), "and is agreed to anew: {}", page.url);
}

#[tokio::test]
async fn a_scope_can_go_with_every_openid_and_ask_nobody() {
    let provider = with_ada(plan()).await;
    provider.cli(&["user", "update", ADA.0, "--claim", "tenant=acme"]).await;
    let party = RelyingParty::at(&provider, "Shop").await;
    let mut browser = Browser::new(&provider);
    let tokens = party.sign_in(&provider, &mut browser, ADA).await;
    assert!(userinfo(&provider, tokens.get("access_token")).await.get("tenant").is_none());
    provider.cli(&["scope", "add", "tenant", "--claim", "tenant", "--default", "--no-consent"]).await;
    discovers(&provider, "the scope", |all| has(&all["scopes_supported"], "tenant")).await;
    let begun = party.begin(&provider).with("prompt", "none");
    let page = browser.open(&begun.url()).await;
    let tokens = party.complete(&provider, &begun, &page).await;
    assert_eq!(tokens.get("scope"), "openid email tenant", "RFC 6749 §3.3: more than was asked for is said");
    assert_eq!(userinfo(&provider, tokens.get("access_token")).await["tenant"], "acme");
    provider.cli(&["scope", "update", "tenant", "--consent", "true"]).await;
    let asks = eventually("consent is asked for it", Duration::from_secs(10), async || {
        let page = browser.open(&party.begin(&provider).with("prompt", "none").url()).await;
        page.parameter("error")
    });
    assert_eq!(asks.await, "consent_required");
}

#[tokio::test]
async fn people_see_and_change_what_the_operator_lets_them() {
    let provider = with_ada(plan()).await;
    provider
        .cli(&["user", "update", ADA.0, "--claim", "groups=[\"staff\"]", "--phone-number", "+1 425 555 1212"])
        .await;
    provider.cli(&["user", "update", ADA.0, "--phone-number-verified", "true", "--claim", "secret=s"]).await;
    for (claim, may) in
        [("groups", "edit"), ("nickname", "edit"), ("website", "edit"), ("phone_number", "edit"), ("secret", "nothing")]
    {
        provider.cli(&["claim", "add", claim, "--person", may]).await;
    }
    provider.cli(&["claim", "update", "groups", "--title", "Your groups"]).await;
    provider.cli(&["claim", "locales", "ja"]).await;
    let refused = provider.try_cli("", &["claim", "add", "email", "--person", "edit"]).await;
    assert!(refused.is_err_and(|say| say.contains("proven")));
    discovers(&provider, "the claims", |all| {
        !all["claims_locales_supported"].is_null() && has(&all["claims_supported"], "groups")
    })
    .await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("scope", "openid profile phone").with("claims_locales", "ja");
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let tokens = party.complete(&provider, &begun, &page).await;
    let page = browser.open(&provider.url("/account")).await;
    assert!(page.says("Your groups") && page.says("staff") && !page.says("secret"), "{}", page.answer.body);
    let form = page.form("details-form");
    assert!(form.field("claim:groups").is_none(), "a list is not typed");
    assert!(form.action.ends_with("/account/details"), "{}", form.action);
    let bad = form.clone().fill("claim:website", "javascript:alert(1)").fill("claim:nickname", "Adie");
    let again = browser.submit(&page, &bad).await;
    assert!(
        again.has_form("details-form") && again.says("javascript:alert(1)") && again.says("Adie"),
        "what was typed stands there"
    );
    assert!(userinfo(&provider, tokens.get("access_token")).await.get("nickname").is_none(), "nothing of it was kept");
    let form =
        again.form("details-form").fill("claim:website", "https://ada.example").fill("claim:nickname#ja", "エイダ");
    let done = browser.submit(&again, &form.fill("claim:phone_number", "+1 425 555 9999")).await;
    assert!(done.says("Your details are saved."), "{}", done.answer.body);
    let told = userinfo(&provider, tokens.get("access_token")).await;
    assert_eq!((&told["website"], &told["nickname"]), (&"https://ada.example".into(), &"エイダ".into()), "{told}");
    assert_eq!(told["phone_number_verified"], false, "another number is not the one that was verified");
    // What is not on the page is not changed by its form, and an empty field takes away.
    let mut form = done.form("details-form").fill("claim:nickname#ja", "");
    form.fields.push(("claim:secret".to_owned(), "mine".to_owned()));
    form.fields.push(("claim:email".to_owned(), "eve@example.org".to_owned()));
    browser.submit(&done, &form).await;
    let account = provider.cli(&["user", "show", ADA.0]).await["claims"].clone();
    assert_eq!((&account["secret"], &account["email"]), (&"s".into(), &"ada@example.org".into()));
    assert!(account.get("nickname#ja").is_none() && account["nickname"] == "Adie", "{account}");
    let mut thief = Browser::new(&provider);
    assert_eq!(thief.submit(&done, &done.form("details-form")).await.answer.status, 400);
}

#[tokio::test]
async fn an_address_and_a_text_of_the_operators_own_can_be_typed_again_as_they_were() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    for claim in ["address", "motto"] {
        provider.cli(&["claim", "add", claim, "--person", "edit"]).await;
    }
    let page = eventually("they stand on the page", Duration::from_secs(5), async || {
        let page = browser.open(&provider.url("/account")).await;
        let there = page.has_form("details-form") && page.form("details-form").field("claim:motto").is_some();
        there.then_some(page)
    })
    .await;
    let form = page.form("details-form").fill("claim:address", "1 Main St").fill("claim:motto", "[1]");
    let saved = browser.submit(&page, &form).await.form("details-form");
    assert_eq!((saved.field("claim:address"), saved.field("claim:motto")), (Some("1 Main St"), Some("[1]")));
    let account = provider.cli(&["user", "show", ADA.0]).await["claims"].clone();
    assert_eq!(
        (&account["address"]["formatted"], &account["motto"]),
        (&"1 Main St".into(), &"[1]".into()),
        "{account}"
    );
}
