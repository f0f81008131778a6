//! Pushed authorization requests: RFC 9126.

mod required;

use std::time::Duration;

use testkit::http::{Answer, Question, encode};
use testkit::{Begun, Browser, Provider, RelyingParty};

use crate::ground::{ADA, plan, sql, with_ada};

/// The time by a client's own clock.
fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a client outside the server has a clock of its own")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// Pushes a request as its client.
async fn push(provider: &Provider, party: &RelyingParty, fields: &[(&str, &str)]) -> Answer {
    provider.ask(party.asks(provider, "/par", fields)).await
}

/// Pushes what was begun, and says where a browser goes with it.
async fn pushed(provider: &Provider, party: &RelyingParty, begun: &Begun) -> String {
    let fields = begun.clone().without("client_id");
    let answer = push(provider, party, &fields.pairs()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    visit(provider, &party.client_id, answer.json()["request_uri"].as_str().unwrap())
}

fn visit(provider: &Provider, client_id: &str, request_uri: &str) -> String {
    provider.url(&format!("/authorize?{}", encode(&[("client_id", client_id), ("request_uri", request_uri)])))
}

fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{}", answer.body);
    assert!(answer.json()["request_uri"].is_null() && answer.header("cache-control") == Some("no-store"));
}

/// RFC 9126 §2.2 and §4, item 13: it is looked at as often as a person likes, answered once, and nothing else counts.
#[tokio::test]
async fn a_request_is_pushed_looked_at_twice_and_answered_once() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider);
    let answer = push(&provider, &party, &begun.clone().without("client_id").pairs()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert_eq!(body["expires_in"], 90);
    assert_eq!(body.as_object().unwrap().len(), 2);
    let request_uri = body["request_uri"].as_str().unwrap();
    let handle = request_uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert!(handle.len() >= 43, "{handle}");
    // §2.3: nothing else than a POST.
    let got = provider.get(&format!("/par?{}", encode(&begun.pairs()))).await.unwrap();
    assert_eq!((got.status, got.header("allow")), (405, Some("POST, OPTIONS")));
    // What stands beside the reference changes nothing.
    let beside = [("redirect_uri", "https://evil.example/"), ("state", "another"), ("prompt", "none"), ("scope", "x")];
    let url = format!("{}&{}", visit(&provider, &party.client_id, request_uri), encode(&beside));
    for _ in 0..2 {
        assert!(browser.open(&url).await.has_form("login-form"), "it was only looked at");
    }
    // Somebody else may begin with it too; who answers first is the one.
    let mut elsewhere = Browser::new(&provider);
    let other = elsewhere.open(&url).await;
    assert!(other.has_form("login-form"));
    let page = browser.open(&url).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    party.complete(&provider, &begun, &page).await;
    // Used: by that browser, by the one that had begun, by whoever comes later.
    for page in [browser.open(&url).await, elsewhere.sign_in(&other, ADA.0, ADA.1).await] {
        assert!(page.url.as_str().starts_with(&party.redirect_uri()), "{}", page.url);
        assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_uri"), "{}", page.url);
        assert_eq!(page.parameter("state").as_deref(), Some(begun.state.as_str()), "the state that was pushed");
        assert_eq!(page.parameter("iss").as_deref(), Some(provider.issuer()));
        assert!(page.parameter("code").is_none());
    }
}

/// RFC 9126 §4, item 13: another client's, nobody's, and what is no longer known: said on a page, sent nowhere.
#[tokio::test]
async fn a_pushed_request_is_for_the_client_that_pushed_it() {
    let provider = with_ada(plan()).await;
    let (one, two) =
        (RelyingParty::first_party(&provider, "One").await, RelyingParty::first_party(&provider, "Two").await);
    let mut browser = Browser::new(&provider);
    let begun = one.begin(&provider);
    let own = pushed(&provider, &one, &begun).await;
    let others = [
        own.replace(&one.client_id, &two.client_id),
        format!("{}&{}", own.replace(&one.client_id, &two.client_id), encode(&[("redirect_uri", &two.redirect_uri())])),
        visit(&provider, &one.client_id, "urn:ietf:params:oauth:request_uri:nobody"),
        visit(&provider, &one.client_id, "urn:ietf:params:oauth:request_uri:"),
    ];
    for other in &others {
        let page = browser.open(other).await;
        assert_eq!(page.answer.status, 400, "{}", page.url);
        assert!(page.url.as_str().starts_with(provider.issuer()), "{}", page.url);
        assert!(page.says("invalid_request_uri") && page.says("too old"), "{}", page.answer.body);
    }
    let without = own.replace("client_id=", "client=");
    assert!(browser.open(&without).await.says("client_id is missing"));
    // Nobody burnt it.
    let page = browser.open(&own).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    one.complete(&provider, &begun, &page).await;
}

/// RFC 9126 §2.2, item 13: a visit must begin in time; a person who began may take longer.
#[tokio::test]
async fn a_pushed_request_expires_but_not_under_a_persons_hands() {
    let provider = with_ada(plan().set("lifetimes.pushed_request = \"2s\"")).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider);
    let url = pushed(&provider, &party, &begun).await;
    let page = browser.open(&url).await;
    assert!(page.has_form("login-form"));
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let late = Browser::new(&provider).open(&url).await;
    assert_eq!(late.parameter("error").as_deref(), Some("invalid_request_uri"), "{}", late.url);
    assert_eq!(late.parameter("state").as_deref(), Some(begun.state.as_str()));
    let page = browser.through(page, ADA.0, ADA.1).await;
    party.complete(&provider, &begun, &page).await;
    // Nothing of the request was legible meanwhile, and the handle is nowhere.
    let kept = sql(&provider, "SELECT count(*), sum(sealed LIKE '%state%') FROM pushed_request");
    assert_eq!(kept, "1|0");
}

/// RFC 9126 §2.1 and §2.3, item 13: what is wrong is said at once, to the client that pushed it, and nothing is kept.
#[tokio::test]
async fn what_must_not_be_pushed_is_refused_at_once() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let begun = party.begin(&provider);
    let with = |name: &str, value: &str| begun.clone().with(name, value);
    let bad = [
        (with("request_uri", "urn:ietf:params:oauth:request_uri:x"), 400, "invalid_request"),
        (with("redirect_uri", "https://evil.example/"), 400, "invalid_request"),
        (begun.clone().without("redirect_uri"), 400, "invalid_request"),
        (begun.clone().without("response_type"), 400, "invalid_request"),
        (with("response_type", "token"), 400, "unauthorized_client"),
        (with("response_type", "nonsense"), 400, "unsupported_response_type"),
        (with("code_challenge_method", "plain"), 400, "invalid_request"),
        (with("scope", "nothing of this"), 400, "invalid_scope"),
        (with("request", "no.object.at_all"), 400, "invalid_request_object"),
        (with("client_id", "another"), 401, "invalid_client"),
        (with("state", &"x".repeat(40_000)), 400, "invalid_request"),
    ];
    for (bad, status, error) in &bad {
        is_refused(&push(&provider, &party, &bad.pairs()).await, *status, error);
    }
    let twice = [begun.pairs(), vec![("scope", "openid")]].concat();
    is_refused(&push(&provider, &party, &twice).await, 400, "invalid_request");
    // Who cannot prove to be the client may not push for it.
    let question = Question::post(&provider.url("/par"), &begun.pairs());
    is_refused(&provider.ask(question.clone()).await, 401, "invalid_client");
    is_refused(&provider.ask(question.basic(&party.client_id, "wrong")).await, 401, "invalid_client");
    let huge = "x".repeat(70_000);
    let answer = push(&provider, &party, &[("state", &huge)]).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
    assert_eq!(sql(&provider, "SELECT count(*) FROM pushed_request"), "0");
}
