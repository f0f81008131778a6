//! Addresses as such: what the routes of `docs/routes.txt` that no flow writes out answer to whoever comes straight to them.

mod cors;
mod webfinger;

use super::ground::{ADA, plan, with_ada};
use testkit::{Browser, RelyingParty};

#[tokio::test]
async fn both_addresses_of_the_metadata_say_the_same() {
    let provider = plan().start().await;
    let openid = provider.get("/.well-known/openid-configuration").await.unwrap().json();
    let oauth = provider.get("/.well-known/oauth-authorization-server").await.unwrap().json();
    assert_eq!(openid["issuer"], provider.issuer());
    for member in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "introspection_endpoint"] {
        assert_eq!(openid[member], oauth[member], "{member}");
        assert!(openid[member].is_string(), "{member}");
    }
}

#[tokio::test]
async fn the_style_sheet_of_a_page_may_be_kept_for_ever() {
    let provider = plan().start().await;
    let mut browser = Browser::new(&provider);
    let page = browser.open(&provider.url("/")).await;
    let at = page.answer.body.find("/assets/").expect("a page has a style sheet");
    let path: String = page.answer.body[at..].chars().take_while(|c| *c != '"').collect();
    let sheet = provider.get(&path).await.unwrap();
    assert_eq!(sheet.status, 200, "{path}");
    assert!(sheet.header("cache-control").is_some_and(|cache| cache.contains("immutable")), "{path}");
    let other = provider.get("/assets/nothing.css").await.unwrap();
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn forms_without_their_browser_change_nothing() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let new = "another horse battery";
    let fields = [("current", ADA.1), ("new", new), ("repeat", new), ("client", party.client_id.as_str())];
    for path in ["/choose", "/account/password", "/account/details", "/account/withdraw"] {
        // From nowhere, and from the signed-in browser as another site would make it.
        let bare = provider.post(path, &fields).await;
        assert!(matches!(bare.status, 303 | 400 | 403), "{path}: {}", bare.status);
        let page = browser.post_from_elsewhere(&provider.url(path), &fields).await;
        assert!(!page.answer.body.contains(new), "{path}");
        let wrong = provider.get(path).await.unwrap();
        assert!(wrong.status >= 300, "{path} showed something to a stranger: {}", wrong.status);
    }
    let mut elsewhere = Browser::new(&provider);
    party.sign_in(&provider, &mut elsewhere, ADA).await;
}
