//! Consent: asked for what is new, stored, taken back (Core §3.1.2.4).

mod overtaken;

use std::time::Duration;

use testkit::{Browser, RelyingParty};

use super::ground::{ADA, notice_of, plan, settles, with_ada};

#[tokio::test]
async fn consent_is_asked_once_and_then_only_for_what_is_new() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::at(&provider, "Shop").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider);
    let page = browser.open(&begun.url()).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    assert!(page.says("May Shop have access?") && page.says("read your e-mail address"), "{}", page.answer.body);
    let none = party.begin(&provider).with("prompt", "none");
    let refused = browser.open(&none.url()).await;
    assert_eq!(refused.parameter("error").as_deref(), Some("consent_required"));
    let page = browser.allow(&page).await;
    party.complete(&provider, &begun, &page).await;
    // Not asked again, not for less either.
    for scope in ["openid email", "openid"] {
        let begun = party.begin(&provider).with("scope", scope);
        let page = browser.open(&begun.url()).await;
        party.complete(&provider, &begun, &page).await;
    }
    // More: asked, and told what is new.
    let begun = party.begin(&provider).with("scope", "openid email address");
    let page = browser.open(&begun.url()).await;
    let news = page.answer.body.matches("class=\"new\"").count();
    assert_eq!((page.has_form("consent-form"), news), (true, 1), "{}", page.answer.body);
    let page = browser.allow(&page).await;
    party.complete(&provider, &begun, &page).await;
    // A single claim is asked for in words.
    let claims = r#"{"userinfo": {"phone_number": null}}"#;
    let begun = party.begin(&provider).with("claims", claims);
    let page = browser.open(&begun.url()).await;
    assert!(page.has_form("consent-form") && page.says("read one detail: your phone number"), "{}", page.answer.body);
    let page = browser.allow(&page).await;
    party.complete(&provider, &begun, &page).await;
    let begun = party.begin(&provider).with("claims", claims).with("scope", "openid email address");
    let page = browser.open(&begun.url()).await;
    party.complete(&provider, &begun, &page).await;
}

#[tokio::test]
async fn a_no_is_told_to_the_relying_party_and_stores_nothing() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::at(&provider, "Shop").await;
    let mut browser = Browser::new(&provider);
    for _ in 0..2 {
        let begun = party.begin(&provider);
        let page = browser.open(&begun.url()).await;
        let page = match page.has_form("login-form") {
            true => browser.sign_in(&page, ADA.0, ADA.1).await,
            false => page,
        };
        let page = browser.submit(&page, &page.form("consent-form").press("deny")).await;
        assert!(page.url.as_str().starts_with(&party.redirect_uri()), "{}", page.url);
        assert_eq!(page.parameter("error").as_deref(), Some("access_denied"));
        assert_eq!(page.parameter("state").as_deref(), Some(begun.state.as_str()));
        assert_eq!(page.parameter("iss").as_deref(), Some(provider.issuer()));
    }
    let clients = provider.cli(&["session", "list"]).await[0]["clients"].clone();
    assert_eq!(clients, serde_json::json!([]), "it takes no part in the session");
}

#[tokio::test]
async fn a_consent_taken_back_ends_that_clients_part_and_tells_it() {
    let provider = with_ada(plan()).await;
    let (shop, other) = (RelyingParty::at(&provider, "Shop").await, RelyingParty::at(&provider, "Other").await);
    let mut browser = Browser::new(&provider);
    let begun = shop.begin(&provider).with("scope", "openid offline_access").with("prompt", "consent");
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let at_shop = shop.complete(&provider, &begun, &page).await;
    other.sign_in(&provider, &mut browser, ADA).await;
    let page = browser.open(&provider.url("/account")).await;
    assert!(page.says("Shop") && page.says("Other"));
    let forms = page.forms();
    let form = forms.iter().find(|form| form.field("client") == Some(shop.client_id.as_str())).unwrap();
    let mut thief = Browser::new(&provider);
    assert_eq!(thief.submit(&page, form).await.answer.status, 400);
    let done = browser.submit(&page, form).await;
    assert!(done.says("no longer has access"), "{}", done.answer.body);
    settles(&provider, &["delivered"], Duration::from_secs(10)).await;
    assert_eq!(notice_of(&provider, &shop).await["cause"], "consent_withdrawn");
    assert_eq!(shop.heard()[0].claims["sid"], at_shop.claims["sid"]);
    assert_eq!(other.heard().len(), 0);
    let answer = shop.try_refresh(&provider, at_shop.get("refresh_token")).await;
    assert_eq!(answer.json()["error"], "invalid_grant", "background access is gone too");
    let begun = other.begin(&provider).with("prompt", "none");
    assert!(browser.open(&begun.url()).await.parameter("code").is_some(), "the session goes on");
    let begun = shop.begin(&provider);
    let page = browser.open(&begun.url()).await;
    assert!(page.has_form("consent-form"), "asked anew: {}", page.url);
    let page = browser.allow(&page).await;
    let again = shop.complete(&provider, &begun, &page).await;
    assert_ne!(again.claim("sid"), at_shop.claim("sid"), "a new stay has a new sid");
}

#[tokio::test]
async fn a_yes_means_what_the_page_showed() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::at(&provider, "Shop").await;
    let mut browser = Browser::new(&provider);
    let narrow = party.begin(&provider).with("scope", "openid");
    let page = browser.open(&narrow.url()).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    let wide = party.begin(&provider).with("scope", "openid email address phone");
    let wider = browser.open(&wide.url()).await;
    // The yes of one page with the request of another is the other's yes: what it showed is sealed into it.
    let (token, form) = (wider.form("consent-form"), page.form("consent-form"));
    let mixed = form.clone().fill("csrf", token.field("csrf").unwrap()).press("allow");
    let page = browser.submit(&page, &mixed).await;
    party.complete(&provider, &narrow, &page).await;
    let page = browser.open(&wide.url()).await;
    assert!(page.has_form("consent-form"), "nothing wider was agreed to");
    let tampered = form.fill("request", "rubbish").press("allow");
    assert_eq!(browser.submit(&page, &tampered).await.answer.status, 400);
}
