//! Refresh tokens: rotation, its grace, reuse, and what a refusal leaves as it was (RFC 6749 §6, RFC 9700 §4.14.2).

use serde_json::{Value, json};
use testkit::http::Answer;
use testkit::{Browser, Provider, RelyingParty, Tokens};

use super::{is_refused, userinfo};
use crate::ground::{ADA, passes, plan, with_ada};

/// Ada at a public client of the operator's own, with background access.
async fn public() -> (Provider, RelyingParty, Browser, Tokens) {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::public(&provider, "Phone").await;
    let mut browser = Browser::new(&provider);
    let tokens = offline(&provider, &party, &mut browser).await;
    (provider, party, browser, tokens)
}

pub(super) async fn offline(provider: &Provider, party: &RelyingParty, browser: &mut Browser) -> Tokens {
    let begun = party.begin(provider).with("scope", "openid email offline_access").with("prompt", "consent");
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    party.complete(provider, &begun, &page).await
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// A refresh that must work; its answer.
async fn refreshed(provider: &Provider, party: &RelyingParty, token: &str) -> Value {
    let answer = party.try_refresh(provider, token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

/// A refresh that is replaced: the successor, and the access token that came with it.
async fn rotated(provider: &Provider, party: &RelyingParty, token: &str) -> (String, String) {
    let answer = refreshed(provider, party, token).await;
    let next = text(&answer, "refresh_token");
    assert_ne!(next, token);
    (next, text(&answer, "access_token"))
}

async fn lives(provider: &Provider, access: &str) -> bool {
    match userinfo(provider, access).await.status {
        200 => true,
        401 => false,
        other => panic!("UserInfo answered {other}"),
    }
}

/// Nothing of the grant is good for anything any more, and the trail says that reuse was noticed.
async fn is_dead(provider: &Provider, party: &RelyingParty, refresh: &[&str], access: &[&str]) {
    for token in refresh {
        is_refused(&party.try_refresh(provider, token).await, 400, "invalid_grant");
    }
    for token in access {
        assert!(!lives(provider, token).await, "an access token of a grant that ended");
    }
    let trail = provider.cli(&["audit"]).await;
    let noticed = trail.as_array().unwrap().iter().find(|line| line["action"] == "reuse_noticed");
    assert!(noticed.is_some_and(|line| line.to_string().contains("refresh_reused")), "{trail}");
}

#[tokio::test]
async fn a_public_clients_token_is_replaced_and_an_old_one_ends_the_grant() {
    let (provider, party, mut browser, tokens) = public().await;
    let first = tokens.get("refresh_token").to_owned();
    let (second, access_2) = rotated(&provider, &party, &first).await;
    let (third, access_3) = rotated(&provider, &party, &second).await;
    assert!(lives(&provider, tokens.get("access_token")).await && lives(&provider, &access_3).await);
    // Within the grace, but a successor was used: whoever brings the first does not belong here.
    is_refused(&party.try_refresh(&provider, &first).await, 400, "invalid_grant");
    let access = [tokens.get("access_token"), &access_2, &access_3];
    is_dead(&provider, &party, &[&first, &second, &third], &access).await;
    // The session goes on: the person need not prove anything again.
    let begun = party.begin(&provider).with("prompt", "none");
    let page = browser.open(&begun.url()).await;
    party.complete(&provider, &begun, &page).await;
}

#[tokio::test]
async fn a_lost_answer_may_be_asked_for_again_for_half_a_minute() {
    let (provider, party, mut browser, tokens) = public().await;
    let first = tokens.get("refresh_token").to_owned();
    let (lost, _) = rotated(&provider, &party, &first).await;
    passes(&provider, 28);
    let (had, _) = rotated(&provider, &party, &first).await;
    assert_ne!(lost, had);
    let (next, access) = rotated(&provider, &party, &had).await;
    // The answer that was thought lost turns up with somebody else.
    is_refused(&party.try_refresh(&provider, &lost).await, 400, "invalid_grant");
    is_dead(&provider, &party, &[&first, &had, &next], &[&access]).await;
    // Half a minute later the old token is reuse, although no successor was used.
    let tokens = offline(&provider, &party, &mut browser).await;
    let first = tokens.get("refresh_token").to_owned();
    let (second, access) = rotated(&provider, &party, &first).await;
    passes(&provider, 31);
    is_refused(&party.try_refresh(&provider, &first).await, 400, "invalid_grant");
    is_dead(&provider, &party, &[&second], &[&access]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_refreshes_at_once_one_line_goes_on() {
    let (provider, party, _, tokens) = public().await;
    let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.get("refresh_token"))];
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (question, wires) = (party.asks(&provider, "/token", &fields), provider.wires());
        running.spawn(async move { question.send(&wires).await.unwrap() });
    }
    let answers: Vec<Answer> = running.join_all().await;
    assert!(answers.iter().all(|answer| answer.status == 200), "none was used, so all are retries: {answers:?}");
    let mut next: Vec<String> = answers.iter().map(|answer| text(&answer.json(), "refresh_token")).collect();
    next.sort();
    next.dedup();
    assert_eq!(next.len(), 20);
    let (after, access) = rotated(&provider, &party, &next[7]).await;
    is_refused(&party.try_refresh(&provider, &next[11]).await, 400, "invalid_grant");
    is_dead(&provider, &party, &[&after, &next[0]], &[&access]).await;
}

/// item 15: by default the token of a confidential client is not replaced.
#[tokio::test]
async fn a_confidential_clients_token_is_kept_and_a_policy_says_otherwise() {
    let provider = with_ada(plan()).await;
    let mut browser = Browser::new(&provider);
    let one = RelyingParty::first_party(&provider, "One").await;
    let tokens = offline(&provider, &one, &mut browser).await;
    for _ in 0..3 {
        let answer = refreshed(&provider, &one, tokens.get("refresh_token")).await;
        assert_eq!(answer["refresh_token"], Value::Null, "the one it has stays good");
        assert!(lives(&provider, &text(&answer, "access_token")).await);
    }
    let policy = json!({"refresh_rotation": "rotate", "consent": "first-party"});
    let rotating = RelyingParty::with_policy(&provider, "Rotating", &policy).await;
    let first = offline(&provider, &rotating, &mut browser).await.get("refresh_token").to_owned();
    let (second, _) = rotated(&provider, &rotating, &first).await;
    rotated(&provider, &rotating, &second).await;
    is_refused(&rotating.try_refresh(&provider, &first).await, 400, "invalid_grant");
    // A public client whose operator vouches for where it keeps its token.
    let mut kept = RelyingParty::open().await;
    let file = provider.file("keep.json", &json!({"refresh_rotation": "keep"}).to_string());
    let metadata = json!({
        "client_name": "Kept", "redirect_uris": [kept.redirect_uri()], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    kept.register(&provider, &metadata, &["--policy", &file]).await;
    let token = offline(&provider, &kept, &mut browser).await.get("refresh_token").to_owned();
    for _ in 0..2 {
        assert_eq!(refreshed(&provider, &kept, &token).await["refresh_token"], Value::Null);
    }
}

#[tokio::test]
async fn an_answer_that_was_displaced_is_as_dead_to_introspection_as_to_a_refresh() {
    let provider = with_ada(plan()).await;
    let policy = json!({"refresh_rotation": "rotate", "consent": "first-party"});
    let party = RelyingParty::with_policy(&provider, "Rotating", &policy).await;
    let first = offline(&provider, &party, &mut Browser::new(&provider)).await.get("refresh_token").to_owned();
    let active = async |token: &str| {
        let fields = [("token", token), ("token_type_hint", "refresh_token")];
        provider.ask(party.asks(&provider, "/introspect", &fields)).await.json()["active"].clone()
    };
    let (lost, _) = rotated(&provider, &party, &first).await;
    let (had, _) = rotated(&provider, &party, &first).await;
    assert_eq!(
        (active(&lost).await, active(&had).await),
        (json!(true), json!(true)),
        "either may be the one that came"
    );
    let (next, _) = rotated(&provider, &party, &had).await;
    for (token, lives) in [(&first, false), (&lost, false), (&had, false), (&next, true)] {
        assert_eq!(active(token).await, json!(lives));
    }
}

#[tokio::test]
async fn a_refusal_spends_nothing_and_another_client_gets_nothing() {
    let (provider, party, _, tokens) = public().await;
    let two = RelyingParty::first_party(&provider, "Two").await;
    let first = tokens.get("refresh_token").to_owned();
    for (name, value, error) in [
        ("scope", "openid email address", "invalid_scope"),
        ("scope", "openid\u{7}", "invalid_scope"),
        ("resource", "https://api.example.org/", "invalid_target"),
        ("resource", "not absolute", "invalid_target"),
    ] {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &*first), (name, value)];
        is_refused(&provider.ask(party.asks(&provider, "/token", &fields)).await, 400, error);
    }
    is_refused(&two.try_refresh(&provider, &first).await, 400, "invalid_grant");
    is_refused(&party.try_refresh(&provider, tokens.get("access_token")).await, 400, "invalid_grant");
    is_refused(&party.try_refresh(&provider, "x").await, 400, "invalid_grant");
    // Less than was granted may be asked for, and the next refresh has it all again.
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &*first), ("scope", "openid")];
    let answer = provider.ask(party.asks(&provider, "/token", &fields)).await.json();
    assert_eq!(answer["scope"], "openid");
    let answer = refreshed(&provider, &party, &text(&answer, "refresh_token")).await;
    assert_eq!(answer["scope"], "openid email offline_access");
    // A client without that grant type is given none, and may use nobody's.
    let mut plain = RelyingParty::open().await;
    let mut metadata = plain.metadata("Plain");
    metadata["grant_types"] = json!(["authorization_code"]);
    plain.register(&provider, &metadata, &["--first-party"]).await;
    let plainly = plain.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
    assert_eq!(plainly.all["refresh_token"], Value::Null);
    is_refused(&plain.try_refresh(&provider, &first).await, 400, "unauthorized_client");
}
