//! Claims: the parameter, languages, scopes and claims of the operator's own (OpenID Connect Core §5).

mod declared;
mod sources;

use serde_json::Value;
use testkit::http::Question;
use testkit::{Browser, Provider, RelyingParty};

use super::ground::{ADA, plan, with_ada};

/// What UserInfo says to a token.
pub(super) async fn userinfo(provider: &Provider, token: &str) -> Value {
    let question = Question::get(&provider.url("/userinfo")).header("authorization", &format!("Bearer {token}"));
    let answer = provider.ask(question).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// Ada with names in several languages.
async fn with_names() -> Provider {
    let provider = with_ada(plan()).await;
    let names = [
        "--name",
        "Ada",
        "--claim",
        "name#DE-ch=Äda",
        "--claim",
        "name#ja-kana-jp=エイダ",
        "--claim",
        "groups=[\"staff\"]",
    ];
    provider.cli(&[&["user", "update", ADA.0][..], &names].concat()).await;
    provider
}

#[tokio::test]
async fn claims_are_told_in_the_languages_asked_for_and_a_refresh_keeps_them() {
    let provider = with_names().await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let claims = r#"{"id_token": {"name": null, "groups": {"value": ["staff"]}, "email": {"value": "x@example.org"}},
                     "userinfo": {"name#ja-Kana-JP": {"essential": true}, "auth_time": null}}"#;
    let begun = party.begin(&provider).with("scope", "openid profile offline_access").with("claims", claims);
    let begun = begun.with("claims_locales", "se de");
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let first = party.complete(&provider, &begun, &page).await;
    assert_eq!((first.claims["name"].as_str(), &first.claims["groups"]), (Some("Äda"), &serde_json::json!(["staff"])));
    assert!(!first.claims.contains_key("email") && !first.claims.contains_key("name#ja-Kana-JP"));
    let told = userinfo(&provider, first.get("access_token")).await;
    assert_eq!((&told["name"], &told["name#ja-Kana-JP"]), (&"Äda".into(), &"エイダ".into()), "{told}");
    assert!(told.get("groups").is_none() && told.get("auth_time").is_none() && told.get("name#de-CH").is_none());
    let again = party.try_refresh(&provider, first.get("refresh_token")).await.json();
    let refreshed = testkit::relying_party::part(again["id_token"].as_str().unwrap(), 1);
    assert_eq!(refreshed["name"], "Äda", "Core §12.2: what was asked for is kept");
    assert_eq!(userinfo(&provider, again["access_token"].as_str().unwrap()).await, told);
}

#[tokio::test]
async fn nobody_else_is_signed_in_than_the_one_claims_ask_for() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let tokens = party.sign_in(&provider, &mut browser, ADA).await;
    let asks = |sub: &str, prompt: &str| {
        let claims = serde_json::json!({ "id_token": { "sub": { "value": sub } } }).to_string();
        party.begin(&provider).with("claims", &claims).with("prompt", prompt)
    };
    let page = browser.open(&asks("somebody else", "none").url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"));
    let begun = asks(tokens.claim("sub"), "none");
    let page = browser.open(&begun.url()).await;
    party.complete(&provider, &begun, &page).await;
    // Where somebody can be asked, and the wrong person signs in.
    let page = browser.open(&asks("somebody else", "login").url()).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"), "{}", page.answer.body);
}

#[tokio::test]
async fn an_acr_is_one_that_was_asked_for_or_the_one_there_is() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let document = provider.get("/.well-known/openid-configuration").await.unwrap().json();
    let offered = document["acr_values_supported"][0].as_str().unwrap();
    for (asked, told) in [(format!("phrh {offered}"), offered), ("phrh phr".to_owned(), offered)] {
        let begun = party.begin(&provider).with("acr_values", &asked).with("prompt", "none");
        let page = browser.open(&begun.url()).await;
        assert_eq!(party.complete(&provider, &begun, &page).await.claim("acr"), told);
    }
    let claims = r#"{"id_token": {"acr": {"essential": true, "values": ["phrh", "phr"]}}}"#;
    let page = browser.open(&party.begin(&provider).with("claims", claims).url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("unmet_authentication_requirements"));
    for bad in ["{", r#"{"userinfo": {"a b": null}}"#, r#"{"id_token": {"name": {"values": []}}}"#] {
        let page = browser.open(&party.begin(&provider).with("claims", bad).url()).await;
        assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{bad}");
        assert!(page.parameter("error_description").unwrap().contains("claims"), "{bad}");
    }
}
