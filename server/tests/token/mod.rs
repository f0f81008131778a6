//! The token endpoint and its neighbours from outside: RFC 6749 §5, RFC 6750 §3, RFC 7009, RFC 7662.

mod assertions;
mod endings;
mod exchange;
mod neighbours;
mod pkce;
mod refresh;

use serde_json::json;
use testkit::http::{Answer, Question};
use testkit::{Browser, Provider, RelyingParty};

use super::ground::{ADA, plan, signed_in, with_ada};

/// A token-style error with everything that goes with it.
fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, &answer.json()["error"]), (status, &json!(error)), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// A code for Ada, not yet redeemed, and its verifier.
async fn code_at(provider: &Provider, browser: &mut Browser, party: &RelyingParty) -> (String, String) {
    let begun = party.begin(provider);
    let page = browser.open(&begun.url()).await;
    let page = match page.parameter("code") {
        Some(_) => page,
        None => browser.through(page, ADA.0, ADA.1).await,
    };
    (page.parameter("code").unwrap(), begun.verifier)
}

async fn userinfo(provider: &Provider, token: &str) -> Answer {
    let question = Question::get(&provider.url("/userinfo")).header("authorization", &format!("Bearer {token}"));
    provider.ask(question).await
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_and_its_verifier() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let two = RelyingParty::first_party(&provider, "Two").await;
    let mut browser = Browser::new(&provider);
    let (code, verifier) = code_at(&provider, &mut browser, &one).await;
    // Another client cannot redeem it, nor burn it.
    is_refused(&two.try_redeem(&provider, &code, &verifier).await, 400, "invalid_grant");
    let answer = one.try_redeem(&provider, &code, &verifier).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(userinfo(&provider, &token).await.status, 200);
    // A replay kills what the first gave (RFC 6749 §4.1.2).
    is_refused(&one.try_redeem(&provider, &code, &verifier).await, 400, "invalid_grant");
    let dead = userinfo(&provider, &token).await;
    assert_eq!(dead.status, 401);
    assert!(dead.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    // A wrong verifier is refused, and the code is gone.
    let (code, verifier) = code_at(&provider, &mut browser, &one).await;
    is_refused(&one.try_redeem(&provider, &code, &"x".repeat(43)).await, 400, "invalid_grant");
    is_refused(&one.try_redeem(&provider, &code, &verifier).await, 400, "invalid_grant");
}

#[tokio::test]
async fn sixty_at_once_redeem_a_code_once() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let (code, verifier) = code_at(&provider, &mut Browser::new(&provider), &one).await;
    let mut good = 0;
    let mut running = tokio::task::JoinSet::new();
    let (url, id, secret, back) =
        (provider.url("/token"), one.client_id.clone(), one.client_secret.clone(), one.redirect_uri());
    for _ in 0..60 {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", &*back),
            ("code_verifier", &*verifier),
        ];
        let (question, wires) = (Question::post(&url, &fields).basic(&id, &secret), provider.wires());
        running.spawn(async move { question.send(&wires).await.unwrap() });
    }
    while let Some(answer) = running.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            200 => good += 1,
            _ => is_refused(&answer, 400, "invalid_grant"),
        }
    }
    assert_eq!(good, 1);
}

#[tokio::test]
async fn who_cannot_prove_who_it_is_learns_nothing() {
    let provider = plan().start().await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let url = provider.url("/token");
    let fields = [("grant_type", "client_credentials")];
    for (id, secret) in [(&*one.client_id, "wrong"), ("nobody", "wrong"), ("' OR 1=1 --", "<script>")] {
        let answer = provider.ask(Question::post(&url, &fields).basic(id, secret)).await;
        is_refused(&answer, 401, "invalid_client");
        assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "), "RFC 6749 §5.2");
        assert!(!answer.body.contains("<script") && !answer.body.contains("OR 1"), "{}", answer.body);
    }
    is_refused(&provider.post("/token", &fields).await, 401, "invalid_client");
    // The secret in the body is not the method this client registered.
    let post = [fields[0], ("client_id", &one.client_id), ("client_secret", &one.client_secret)];
    is_refused(&provider.post("/token", &post).await, 401, "invalid_client");
    // Two methods at once, or one repeated, are malformed.
    let both = Question::post(&url, &post).basic(&one.client_id, &one.client_secret);
    is_refused(&provider.ask(both).await, 400, "invalid_request");
    let twice = Question::post(&url, &fields).basic(&one.client_id, "a").basic(&one.client_id, &one.client_secret);
    is_refused(&provider.ask(twice).await, 400, "invalid_request");
}

#[tokio::test]
async fn malformed_requests_are_refused_in_the_channel() {
    let provider = plan().start().await;
    let url = provider.url("/token");
    let form = |body: &[u8]| Question { body: body.to_vec(), ..Question::post(&url, &[]) };
    for body in
        [&b"grant_type=a&grant_type=b"[..], b"grant_type=%ff", b"grant_type=%00", &[b"&a=1".repeat(101)].concat()]
    {
        is_refused(&provider.ask(form(body)).await, 400, "invalid_request");
    }
    let answer = provider.ask(form(&vec![b'a'; 1024 * 1024])).await;
    is_refused(&answer, 413, "invalid_request");
    let json = Question { headers: vec![("content-type".into(), "application/json".into())], ..form(b"{}") };
    is_refused(&provider.ask(json).await, 400, "invalid_request");
    let get = provider.get("/token").await.unwrap();
    assert_eq!((get.status, get.header("allow")), (405, Some("POST, OPTIONS")));
    assert!(!provider.log().contains("ERROR"), "{}", provider.log());
}

#[tokio::test]
async fn tokens_are_revoked_and_introspected_by_their_own() {
    let walk = signed_in(plan()).await;
    let (provider, token) = (&walk.provider, walk.at_one.get("access_token"));
    let ask = |path: &str, party: &RelyingParty| {
        Question::post(&provider.url(path), &[("token", token)]).basic(&party.client_id, &party.client_secret)
    };
    let active = async |party: &RelyingParty| provider.ask(ask("/introspect", party)).await.json();
    assert_eq!(active(&walk.one).await["active"], true);
    assert_eq!(active(&walk.two).await, json!({"active": false}), "another's token is nobody's business");
    assert_eq!(provider.ask(ask("/revoke", &walk.two)).await.status, 200);
    assert_eq!(active(&walk.one).await["active"], true, "another client cannot revoke it");
    for _ in 0..2 {
        assert_eq!(provider.ask(ask("/revoke", &walk.one)).await.status, 200);
    }
    assert_eq!(active(&walk.one).await, json!({"active": false}));
    // RFC 6750 §3.1: who brings nothing hears no error code.
    let bare = provider.get("/userinfo").await.unwrap();
    assert_eq!((bare.status, bare.header("www-authenticate")), (401, Some("Bearer realm=\"ostiary\"")));
    assert!(!bare.body.contains("error"), "{}", bare.body);
}
