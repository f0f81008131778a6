//! Requests that say more than they must, or say it in another way.

use serde_json::{Value, json};

use super::examiner::{Examiner, ISSUER, Mode, Variant};

/// oidcc-display-page, oidcc-display-popup, oidcc-ui-locales, oidcc-claims-locales, oidcc-login-hint,
/// oidcc-ensure-request-with-unknown-parameter-succeeds: nothing fails because of them; item 21.
#[tokio::test]
async fn what_is_not_understood_never_fails() {
    let examiner = Examiner::shared().await;
    for (name, value) in [
        ("display", "page"),
        ("display", "popup"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("login_hint", "buffy@op.test"),
        ("extra", "foobar"),
    ] {
        // A jar for each module; signed in to from its second request on, but for whom the hint does not mean.
        let mut browser = examiner.browser();
        for variant in Variant::all() {
            if name == "login_hint" {
                browser = examiner.browser();
            }
            let asked = examiner.ask(variant).with(name, value);
            examiner.succeeds(&mut browser, &asked).await;
        }
    }
}

/// oidcc-login-hint: it stands in the field.
#[tokio::test]
async fn a_login_hint_is_typed_in_already() {
    let examiner = Examiner::shared().await;
    let asked = examiner.ask(Variant { kind: "code", mode: Mode::Default }).with("login_hint", "buffy@op.test");
    let page = examiner.browser().open_from_elsewhere(&asked.url()).await;
    assert_eq!(page.form("login-form").field("username"), Some("buffy@op.test"));
}

/// oidcc-alternate-happy-flow: parameters and scope values the other way round, 128 characters of state; item 21: long
/// nonces too.
#[tokio::test]
async fn an_alternate_happy_flow() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    let odd = "-._~!$'()*,;:@/? &=+%#\"<>\\^`{|}";
    let state = format!("{odd}{}", "Ab3".repeat(40)).chars().take(128).collect::<String>();
    for variant in Variant::all() {
        let mut asked = examiner.ask(variant).with("scope", "email openid").with("state", &state);
        asked.parameters.reverse();
        let outcome = examiner.succeeds(&mut browser, &asked).await;
        let told = outcome.userinfo.as_ref().unwrap_or(outcome.claims());
        assert_eq!(told["email"], "fixture@example.org");
    }
    for length in [64, 384] {
        let asked = examiner.ask(Variant { kind: "code", mode: Mode::Default }).with("nonce", &"n".repeat(length));
        examiner.succeeds(&mut browser, &asked).await;
    }
}

/// oidcc-ensure-post-request-succeeds: from the examiner's site, signed in and not.
#[tokio::test]
async fn a_request_by_post() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    let url = examiner.metadata["authorization_endpoint"].as_str().unwrap();
    for variant in Variant::all() {
        let asked = examiner.ask(variant);
        let page = browser.post_from_elsewhere(url, &asked.pairs()).await;
        let walked = examiner.through(&mut browser, page).await;
        examiner.concludes(&asked, walked).await;
    }
}

/// oidcc-ensure-request-with-acr-values-succeeds: all that are supported are asked for, and one of them is reached; item 22.
#[tokio::test]
async fn one_of_the_acr_values_asked_for() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    let supported: Vec<&str> = match &examiner.metadata["acr_values_supported"] {
        Value::Array(all) => all.iter().map(|value| value.as_str().unwrap()).collect(),
        _ => panic!("acr_values_supported is not there: the examiner would ask for 1 and 2"),
    };
    for variant in Variant::all() {
        let asked = examiner.ask(variant).with("acr_values", &supported.join(" "));
        let outcome = examiner.succeeds(&mut browser, &asked).await;
        let acr = outcome.claims()["acr"].as_str().expect("an acr");
        assert!(supported.contains(&acr), "{acr}");
    }
    let asked = examiner.ask(Variant { kind: "code", mode: Mode::Default }).with("acr_values", "1 2");
    examiner.succeeds(&mut browser, &asked).await;
}

/// oidcc-claims-essential: `name` from UserInfo and not in the ID Token; in the ID Token where that is all there is; item 10.
#[tokio::test]
async fn an_essential_claim() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let place = if variant.gives_access() { "userinfo" } else { "id_token" };
        let claims = json!({ place: { "name": { "essential": true } } }).to_string();
        let outcome = examiner.succeeds(&mut browser, &examiner.ask(variant).with("claims", &claims)).await;
        assert_eq!(outcome.claims().contains_key("name"), place == "id_token");
        assert_eq!(outcome.userinfo.as_ref().unwrap_or(outcome.claims())["name"], "Fixture User");
        let back = outcome.back.is_none_or(|claims| !claims.contains_key("name"));
        assert!(back, "not leaked into the other ID Token");
    }
    assert_eq!(examiner.metadata["claims_parameter_supported"], true);
    assert_eq!(examiner.metadata["issuer"], ISSUER);
}
