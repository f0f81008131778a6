//! An issuer with a path: everything below it and nothing beside it (Discovery §4.1, RFC 8414 §3.1).

use std::time::Duration;

use serde_json::Value;
use testkit::http::Question;
use testkit::{Browser, Provider, RelyingParty};

use super::super::ground::{ADA, plan, settles, signed_in, with_ada};

const SOON: Duration = Duration::from_secs(10);

async fn at_origin(provider: &Provider, path: &str) -> testkit::http::Answer {
    let origin = testkit::http::read(provider.issuer()).origin().ascii_serialization();
    provider.ask(Question::get(&format!("{origin}{path}"))).await
}

#[tokio::test]
async fn its_metadata_stands_where_both_specifications_look() {
    for path in ["/tenant", "/a/deeper-one/v2.0"] {
        let provider = plan().path(path).start().await;
        assert!(provider.issuer().ends_with(path));
        let mut all: Vec<Value> = Vec::new();
        for place in [
            format!("{path}/.well-known/openid-configuration"),
            format!("/.well-known/openid-configuration{path}"),
            format!("/.well-known/oauth-authorization-server{path}"),
            format!("{path}/.well-known/oauth-authorization-server"),
        ] {
            let answer = at_origin(&provider, &place).await;
            assert_eq!(answer.status, 200, "{place}");
            all.push(answer.json());
        }
        all.dedup();
        assert_eq!(all.len(), 1, "the same truth everywhere");
        assert_eq!(all[0]["issuer"], provider.issuer());
        let mut endpoints = 0;
        for (name, value) in all[0].as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                let uri = value.as_str().unwrap();
                assert!(uri.starts_with(&format!("{}/", provider.issuer())), "{name}: {uri}");
                let answer = Question::get(uri).send(&provider.wires()).await.unwrap();
                assert_ne!(answer.status, 404, "{name}: {uri}");
                endpoints += 1;
            }
        }
        assert!(endpoints >= 7, "{:#}", all[0]);
        for beside in [
            "/",
            "/authorize",
            "/token",
            "/jwks",
            "/health",
            "/.well-known/openid-configuration",
            "/.well-known/oauth-authorization-server",
            &format!("{path}x/authorize"),
            &format!("{path}/..{path}x"),
        ] {
            assert_eq!(at_origin(&provider, beside).await.status, 404, "{beside}");
        }
        for home in [path.to_owned(), format!("{path}/")] {
            assert_eq!(at_origin(&provider, &home).await.status, 200, "{home}");
        }
    }
}

#[tokio::test]
async fn people_sign_in_look_after_themselves_and_sign_out_below_it() {
    let mut walk = signed_in(plan().https("https://op.test").path("/tenant")).await;
    assert_eq!(walk.at_one.claim("iss"), "https://op.test/tenant");
    assert_eq!(walk.browser.jar.refused(), Vec::<String>::new(), "no cookie breaks its own rules");
    for cookie in walk.browser.jar.cookies() {
        assert!(cookie.name.starts_with("__Host-") && cookie.attribute("path") == Some("/"), "{cookie:?}");
    }
    let shop = RelyingParty::at(&walk.provider, "Shop").await;
    let begun = shop.begin(&walk.provider);
    let page = walk.browser.open(&begun.url()).await;
    assert!(page.url.as_str().starts_with("https://op.test/tenant/consent?"), "{}", page.url);
    let page = walk.browser.allow(&page).await;
    let at_shop = shop.complete(&walk.provider, &begun, &page).await;
    let bearer = format!("Bearer {}", at_shop.get("access_token"));
    let question = Question::get(&walk.provider.url("/userinfo")).header("authorization", &bearer);
    assert_eq!(walk.provider.ask(question).await.json()["sub"], at_shop.claim("sub"));
    assert_eq!(shop.try_refresh(&walk.provider, at_shop.get("refresh_token")).await.status, 200);
    // Style sheet, links and forms of a page lie below the path too.
    let account = walk.browser.open(&walk.provider.url("/account")).await;
    let at = account.answer.body.find("rel=\"stylesheet\" href=\"").expect("a page has a style sheet");
    let sheet: String = account.answer.body[at + 23..].chars().take_while(|c| *c != '"').collect();
    assert!(sheet.starts_with("/tenant/assets/"), "{sheet}");
    assert_eq!(walk.browser.plain(account.url.join(&sheet).unwrap().as_str()).await.status, 200);
    let withdraw = account.forms().into_iter().find(|form| form.field("client") == Some(shop.client_id.as_str()));
    let done = walk.browser.submit(&account, &withdraw.unwrap()).await;
    assert!(done.says("no longer has access"), "{}", done.answer.body);
    shop.hears(1, SOON).await;
    let after = walk.one.url("/after");
    let fields = [("id_token_hint", walk.at_one.id_token.as_str()), ("post_logout_redirect_uri", &after)];
    let page = walk.browser.open_from_elsewhere(&walk.one.end_session_url(&walk.provider, &fields)).await;
    assert_eq!(page.url.as_str(), after);
    settles(&walk.provider, &["delivered"; 3], SOON).await;
    assert_eq!(walk.two.heard()[0].claims["iss"], "https://op.test/tenant");
    let begun = walk.one.begin(&walk.provider).with("prompt", "none");
    let page = walk.browser.open(&begun.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"), "{}", page.url);
    // Asked on the page instead.
    let begun = walk.two.begin(&walk.provider);
    let page = walk.browser.open(&begun.url()).await;
    let page = walk.browser.sign_in(&page, ADA.0, ADA.1).await;
    walk.two.complete(&walk.provider, &begun, &page).await;
    let page = walk.browser.open(&walk.provider.url("/end_session")).await;
    let form = page.form("logout-form").press_value("logout", "all");
    let page = walk.browser.submit(&page, &form).await;
    assert!(page.says("You are signed out"), "{}", page.answer.body);
}

/// Cookies know no ports and, being `__Host-`, no paths: two issuers on one host must not take each other's.
#[tokio::test]
async fn two_issuers_on_one_host_do_not_sign_each_others_people_out() {
    let (a, b) = (with_ada(plan().path("/a")).await, with_ada(plan().path("/b")).await);
    let (at_a, at_b) = (RelyingParty::first_party(&a, "One").await, RelyingParty::first_party(&b, "Two").await);
    let mut browser = Browser::new(&a);
    at_a.sign_in(&a, &mut browser, ADA).await;
    browser.use_node(&b);
    let begun = at_b.begin(&b);
    let page = browser.open(&begun.url()).await;
    assert!(page.has_form("login-form"), "nobody is known there: {}", page.url);
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    at_b.complete(&b, &begun, &page).await;
    browser.use_node(&a);
    let begun = at_a.begin(&a).with("prompt", "none");
    let page = browser.open(&begun.url()).await;
    at_a.complete(&a, &begun, &page).await;
    assert_eq!(browser.jar.cookies().len(), 8, "{:?}", browser.jar.cookies());
}
