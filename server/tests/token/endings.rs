//! The ends of codes and tokens at the documented defaults (`docs/configuration.md`, `lifetimes`).

use testkit::http::Question;
use testkit::{Browser, Provider, RelyingParty};

use super::refresh::offline;
use super::{code_at, is_refused, userinfo};
use crate::ground::{ADA, passes, plan, with_ada};

const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn a_code_is_good_for_a_minute() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    for (age, good) in [(57, true), (60, false), (3 * DAY / 2, false)] {
        let (code, verifier) = code_at(&provider, &mut browser, &one).await;
        passes(&provider, age);
        let answer = one.try_redeem(&provider, &code, &verifier).await;
        match good {
            true => assert_eq!(answer.status, 200, "{}", answer.body),
            false => is_refused(&answer, 400, "invalid_grant"),
        }
        browser = Browser::new(&provider);
    }
    assert!(provider.log().contains("code_expired"));
}

async fn introspected(provider: &Provider, party: &RelyingParty, token: &str) -> bool {
    let answer = provider.ask(party.asks(provider, "/introspect", &[("token", token)])).await;
    answer.json()["active"] == true
}

#[tokio::test]
async fn an_access_token_is_good_for_ten_minutes_and_a_refresh_token_for_a_month_or_half_a_year_in_all() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let tokens = offline(&provider, &one, &mut browser).await;
    let (access, refresh) = (tokens.get("access_token"), tokens.get("refresh_token"));
    assert_eq!(tokens.all["expires_in"], 600);
    passes(&provider, 597);
    assert_eq!(userinfo(&provider, access).await.status, 200);
    assert!(introspected(&provider, &one, access).await);
    passes(&provider, 3);
    let dead = userinfo(&provider, access).await;
    assert_eq!(dead.status, 401);
    assert!(dead.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    assert!(!introspected(&provider, &one, access).await);
    // Each use begins the month anew, and the half year ends all the same.
    for _ in 0..6 {
        passes(&provider, 29 * DAY);
        assert!(introspected(&provider, &one, refresh).await);
        assert_eq!(one.try_refresh(&provider, refresh).await.status, 200);
    }
    passes(&provider, 5 * DAY);
    let last = one.try_refresh(&provider, refresh).await.json();
    assert_eq!(last["expires_in"], 600);
    passes(&provider, DAY);
    assert!(!introspected(&provider, &one, refresh).await);
    is_refused(&one.try_refresh(&provider, refresh).await, 400, "invalid_grant");
    // Unused, it ends after the month.
    let tokens = offline(&provider, &one, &mut Browser::new(&provider)).await;
    passes(&provider, 30 * DAY);
    is_refused(&one.try_refresh(&provider, tokens.get("refresh_token")).await, 400, "invalid_grant");
    assert!(provider.log().contains("refresh_expired"));
}

#[tokio::test]
async fn what_is_not_background_access_ends_with_the_session() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let tokens = one.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
    passes(&provider, DAY / 2);
    is_refused(&one.try_refresh(&provider, tokens.get("refresh_token")).await, 400, "invalid_grant");
    assert!(!introspected(&provider, &one, tokens.get("refresh_token")).await);
    let tokens = one.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
    provider.cli(&["session", "end", "--user", "ada"]).await;
    is_refused(&one.try_refresh(&provider, tokens.get("refresh_token")).await, 400, "invalid_grant");
    assert_eq!(userinfo(&provider, tokens.get("access_token")).await.status, 401);
    assert!(provider.log().contains("refresh_session_over"));
}

/// RFC 6750 §3: the challenge of a request with a token that is no good, and its error code.
async fn is_challenged(provider: &Provider, question: Question, status: u16, error: Option<&str>) {
    let what = format!("{:?} {}", question.headers, question.url);
    let answer = provider.ask(question).await;
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert_eq!(answer.status, status, "{what}: {}", answer.body);
    assert!(challenge.starts_with("Bearer realm=\"ostiary\""), "{what}: {challenge}");
    match error {
        Some(error) => assert!(challenge.contains(&format!("error=\"{error}\"")), "{what}: {challenge}"),
        None => assert!(!challenge.contains("error"), "{what}: {challenge}"),
    }
    assert_eq!(challenge.matches('"').count() % 2, 0, "{challenge}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(!answer.body.contains("ada") && !answer.body.contains("<script"), "{}", answer.body);
}

#[tokio::test]
async fn userinfo_says_what_is_wrong_with_each_kind_of_token() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let tokens = one.sign_in(&provider, &mut browser, ADA).await;
    let (code, _) = code_at(&provider, &mut browser, &one).await;
    let access = tokens.get("access_token");
    let url = provider.url("/userinfo");
    let with = |value: &str| Question::get(&url).header("authorization", value);
    // No token, in no way we know: the scheme and nothing else.
    for value in ["Basic YTpi", "Bearer", "Bearer ", "Token x"] {
        is_challenged(&provider, with(value), 401, None).await;
    }
    is_challenged(&provider, Question::get(&format!("{url}?access_token={access}")), 401, None).await;
    // Malformed.
    for value in ["Bearer a b", "Bearer <script>", "Bearer \"x\"", "Bearer a,b"] {
        is_challenged(&provider, with(value), 400, Some("invalid_request")).await;
    }
    let form = |fields: &[(&str, &str)]| Question::post(&url, fields);
    let both = form(&[("access_token", access)]).header("authorization", &format!("Bearer {access}"));
    is_challenged(&provider, both, 400, Some("invalid_request")).await;
    let twice = form(&[("access_token", access), ("access_token", access)]);
    is_challenged(&provider, twice, 400, Some("invalid_request")).await;
    let header_twice = with(&format!("Bearer {access}")).header("authorization", "Bearer x");
    is_challenged(&provider, header_twice, 400, Some("invalid_request")).await;
    // Something, but no access token.
    let none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.";
    for token in [&*code, tokens.get("refresh_token"), &tokens.id_token, none, "x", &"x".repeat(6000)] {
        is_challenged(&provider, with(&format!("Bearer {token}")), 401, Some("invalid_token")).await;
    }
    // A good one, in each way it may come.
    for question in
        [with(&format!("Bearer {access}")), with(&format!("bEARER  {access}")), form(&[("access_token", access)])]
    {
        let answer = provider.ask(question).await;
        assert_eq!(answer.json()["email"], "ada@example.org", "{}", answer.body);
    }
    // The account is no more: so is the token.
    provider.cli(&["user", "disable", "ada"]).await;
    is_challenged(&provider, with(&format!("Bearer {access}")), 401, Some("invalid_token")).await;
}

#[tokio::test]
async fn userinfo_is_for_tokens_that_were_granted_openid() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let begun = one.begin(&provider).with("scope", "email").without("nonce");
    let mut browser = Browser::new(&provider);
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let answer = one.try_redeem(&provider, &page.parameter("code").unwrap(), &begun.verifier).await.json();
    assert_eq!(answer["id_token"], serde_json::Value::Null, "plain OAuth 2.0");
    let metadata = serde_json::json!({"client_name": "Export", "grant_types": ["client_credentials"], "scope": "read"});
    let export = provider.client(&metadata, &["--client-id", "export"]).await;
    let question = Question::post(&provider.url("/token"), &[("grant_type", "client_credentials")]);
    let own = provider.ask(question.basic("export", export["client_secret"].as_str().unwrap())).await.json();
    for token in [&answer, &own] {
        let token = token["access_token"].as_str().unwrap();
        let question = Question::get(&provider.url("/userinfo")).header("authorization", &format!("Bearer {token}"));
        is_challenged(&provider, question, 403, Some("insufficient_scope")).await;
    }
}
