//! Proofs at the token endpoint that are not what they must be: RFC 9449 §4.3, §11.1.

use serde_json::json;
use testkit::dpop::now;

use super::{Ground, Who, is_refused, proven};

/// item 17: ten seconds either way are nothing, an hour is; an address without its query; one field; and a code survives all of it.
#[tokio::test]
async fn a_proof_at_the_token_endpoint_is_looked_at() {
    let mut ground = Ground::new().await;
    let (begun, code) = ground.code(Who::Own, |begun| begun).await;
    let url = ground.provider.url("/token");
    let bad = [
        ("an hour old", ground.token_proof(&json!({"iat": now() - 3600}))),
        ("an hour ahead", ground.token_proof(&json!({"iat": now() + 3600}))),
        ("no iat", ground.token_proof(&json!({"iat": null}))),
        ("no jti", ground.token_proof(&json!({"jti": null}))),
        ("another method", ground.key.proof("GET", &url, &json!({}))),
        ("another address", ground.key.proof("POST", &ground.provider.url("/par"), &json!({}))),
        ("nonsense", "a.b.c".to_owned()),
        ("bent", format!("{}A", ground.token_proof(&json!({})))),
    ];
    for (what, proof) in &bad {
        let answer = ground.provider.ask(proven(ground.redeems(Who::Own, &begun, &code), proof)).await;
        assert_eq!(answer.json()["error"], "invalid_dpop_proof", "{what}: {}", answer.body);
        assert_eq!(answer.status, 400, "{what}");
    }
    let (one, two) = (ground.token_proof(&json!({})), ground.token_proof(&json!({})));
    let twice = proven(proven(ground.redeems(Who::Own, &begun, &code), &one), &two);
    is_refused(&ground.provider.ask(twice).await, 400, "invalid_dpop_proof");
    let query = ground.key.proof("POST", &format!("{url}?a=b#c"), &json!({"iat": now() - 10}));
    let answer = ground.provider.ask(proven(ground.redeems(Who::Own, &begun, &code), &query)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let (begun, code) = ground.code(Who::Own, |begun| begun).await;
    let ahead = ground.token_proof(&json!({"iat": now() + 10}));
    let answer = ground.provider.ask(proven(ground.redeems(Who::Own, &begun, &code), &ahead)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // §11.1: once.
    let refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    is_refused(
        &ground.provider.ask(proven(ground.refreshes(Who::Own, &refresh), &ahead)).await,
        400,
        "invalid_dpop_proof",
    );
    let fresh = ground.token_proof(&json!({}));
    assert_eq!(ground.provider.ask(proven(ground.refreshes(Who::Own, &refresh), &fresh)).await.status, 200);
}

/// RFC 9449 §11.1: of many who send one proof at once, one is served.
#[tokio::test]
async fn a_proof_is_used_once_by_many_at_once() {
    let mut ground = Ground::new().await;
    let refresh = ground.bound(Who::Own).await["refresh_token"].as_str().unwrap().to_owned();
    let proof = ground.token_proof(&json!({}));
    let wires = ground.provider.wires();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (question, wires) = (proven(ground.refreshes(Who::Own, &refresh), &proof), wires.clone());
        running.spawn(async move { question.send(&wires).await.unwrap() });
    }
    let mut served = 0;
    for answer in running.join_all().await {
        match answer.status {
            200 => served += 1,
            _ => is_refused(&answer, 400, "invalid_dpop_proof"),
        }
    }
    assert_eq!(served, 1);
}

/// RFC 9449 §11.1: what strangers send grows no table.
#[tokio::test]
async fn proofs_beside_nothing_are_not_remembered() {
    let ground = Ground::new().await;
    for n in 0..5 {
        let fields =
            [("grant_type", "authorization_code"), ("code", "guess"), ("client_id", ground.public.client_id.as_str())];
        let question = testkit::http::Question::post(&ground.provider.url("/token"), &fields);
        let answer =
            ground.provider.ask(proven(question, &ground.token_proof(&json!({"jti": format!("guess {n}")})))).await;
        is_refused(&answer, 400, "invalid_grant");
    }
    assert_eq!(crate::ground::sql(&ground.provider, "SELECT count(*) FROM replay"), "0");
}
