//! Request objects by reference: which are fetched, which are kept, and what comes of addresses that mean harm (Core §6.2,
//! RFC 9101 §10.4).

use jose::{base64url, sha256};
use serde_json::json;
use testkit::relying_party::Reply;
use testkit::{Browser, Page, Provider, RelyingParty};

use super::super::ground::{ADA, plan, with_ada};
use super::objects::{Keys, party};

/// Makes these the client's `request_uris`.
async fn registers(provider: &Provider, party: &RelyingParty, keys: &Keys, uris: &[String]) {
    let mut metadata = party.metadata("Objects");
    metadata["application_type"] = json!("native");
    metadata["jwks"] = keys.public();
    metadata["request_uris"] = json!(uris);
    provider.cli_with(&metadata.to_string(), &["client", "update", &party.client_id, "-"]).await;
    // The running server notices within a second.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
}

/// A request that says where its object is, and repeats outside what OAuth demands.
async fn by_reference(provider: &Provider, browser: &mut Browser, party: &RelyingParty, uri: &str) -> Page {
    let redirect_uri = party.redirect_uri();
    let fields = [
        ("client_id", party.client_id.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", redirect_uri.as_str()),
        ("request_uri", uri),
    ];
    browser.open(&format!("{}?{}", provider.url("/authorize"), testkit::http::encode(&fields))).await
}

#[tokio::test]
async fn an_object_whose_address_names_its_content_is_fetched_once() {
    let provider = with_ada(plan()).await;
    let keys = Keys::new();
    let party = party(&provider, &keys, &json!({})).await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let begun = party.begin(&provider);
    let object = keys.object(&provider, &party, &begun, &json!({"state": "inside"}));
    let hash = base64url(sha256(object.as_bytes()));
    let [named, plain, random] = ["/named.jwt", "/plain.jwt", "/random.jwt"].map(|path| party.serves(path, &*object));
    // 32 random octets look like a hash and are none.
    let uris = [format!("{named}#{hash}"), plain, format!("{random}#{}", base64url(sha256(b"something else")))];
    registers(&provider, &party, &keys, &uris).await;
    for (uri, path, fetched) in [(&uris[0], "/named.jwt", 1), (&uris[1], "/plain.jwt", 3), (&uris[2], "/random.jwt", 3)]
    {
        for _ in 0..3 {
            let page = by_reference(&provider, &mut browser, &party, uri).await;
            assert_eq!(page.parameter("state").as_deref(), Some("inside"), "{uri}: {}", page.url);
            assert!(page.parameter("code").is_some());
        }
        assert_eq!(party.asked(path), fetched, "{uri}");
    }
    // Another content under the old name is never asked for, and does not take its place.
    let other = keys.object(&provider, &party, &begun, &json!({"state": "other"}));
    party.serves("/named.jwt", &*other);
    let page = by_reference(&provider, &mut browser, &party, &uris[0]).await;
    assert_eq!((page.parameter("state").as_deref(), party.asked("/named.jwt")), (Some("inside"), 1));
    // Under the other names it is what is there now.
    party.serves("/random.jwt", &*other);
    let page = by_reference(&provider, &mut browser, &party, &uris[2]).await;
    assert_eq!(page.parameter("state").as_deref(), Some("other"));
}

#[tokio::test]
async fn nothing_is_fetched_for_a_client_that_may_not_ask() {
    let provider = with_ada(plan()).await;
    let keys = Keys::new();
    let party = party(&provider, &keys, &json!({})).await;
    let mut browser = Browser::new(&provider);
    let uri = party.serves("/ro.jwt", "anything");
    registers(&provider, &party, &keys, std::slice::from_ref(&uri)).await;
    let page = by_reference(&provider, &mut browser, &party, &uri).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_object"));
    assert_eq!(party.asked("/ro.jwt"), 1, "it was fetched while it might ask");
    provider.cli(&["client", "disable", &party.client_id]).await;
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let page = by_reference(&provider, &mut browser, &party, &uri).await;
    assert_eq!(page.answer.status, 400);
    assert!(page.answer.body.contains("authorize_client_disabled"), "{}", page.answer.body);
    let mut stranger = party;
    stranger.client_id = "nobody".to_owned();
    let page = by_reference(&provider, &mut browser, &stranger, &uri).await;
    assert!(page.answer.body.contains("authorize_client_unknown"), "{}", page.answer.body);
    assert_eq!(stranger.asked("/ro.jwt"), 1, "a disabled or unknown client sends us nowhere");
}

#[tokio::test]
async fn what_stands_behind_an_address_may_mean_harm() {
    let provider = with_ada(plan()).await;
    let keys = Keys::new();
    let party = party(&provider, &keys, &json!({})).await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let object = keys.object(&provider, &party, &party.begin(&provider), &json!({}));
    let target = party.serves("/target.jwt", &*object);
    let huge = format!("{object}{}", " ".repeat(64 * 1024));
    let refused: Vec<(String, &str)> = vec![
        ("https://169.254.169.254/latest/meta-data".to_owned(), "invalid_request_uri"),
        ("https://10.0.0.7/ro.jwt".to_owned(), "invalid_request_uri"),
        ("https://[::ffff:10.0.0.7]/ro.jwt".to_owned(), "invalid_request_uri"),
        (party.says("/elsewhere.jwt", Reply::With(302, format!("location: {target}"))), "invalid_request_uri"),
        (party.says("/endless.jwt", Reply::Gigabyte), "invalid_request_uri"),
        (party.says("/slow.jwt", Reply::Hang), "invalid_request_uri"),
        (party.says("/reset.jwt", Reply::Reset), "invalid_request_uri"),
        (party.says("/gone.jwt", Reply::Status(404)), "invalid_request_uri"),
        (party.serves("/huge.jwt", huge), "invalid_request_uri"),
        (party.serves("/empty.jwt", "  "), "invalid_request_uri"),
        (party.serves_as("/page.jwt", "text/html; charset=utf-8", &*object), "invalid_request_uri"),
        (party.serves_as("/picture.jwt", "image/png", &*object), "invalid_request_uri"),
        (party.serves("/nonsense.jwt", "a.b.c"), "invalid_request_object"),
    ];
    let good = [
        party.serves_as("/own.jwt", "application/oauth-authz-req+jwt", &*object),
        party.serves_as("/text.jwt", "Text/Plain; charset=utf-8", format!("\n{object}\n")),
    ];
    let uris: Vec<String> = refused.iter().map(|(uri, _)| uri.clone()).chain(good.clone()).collect();
    registers(&provider, &party, &keys, &uris).await;
    for (uri, error) in &refused {
        let page = by_reference(&provider, &mut browser, &party, uri).await;
        assert_eq!(page.parameter("error").as_deref(), Some(*error), "{uri}: {}", page.url);
    }
    assert_eq!(party.asked("/target.jwt"), 0, "no redirect is followed");
    for uri in &good {
        let page = by_reference(&provider, &mut browser, &party, uri).await;
        assert!(page.parameter("code").is_some(), "{uri}: {}", page.url);
    }
}
