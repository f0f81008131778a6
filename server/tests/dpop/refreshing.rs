//! Refresh tokens: bound to a public client's key, not to a confidential one's (RFC 9449 §5).

use serde_json::json;
use testkit::dpop::Prover;

use super::{Ground, Who, is_refused, proven};

/// RFC 9449 §5: a public client proves with its refresh token that it holds the key, and keeps to it.
#[tokio::test]
async fn a_public_clients_refresh_token_is_bound() {
    let mut ground = Ground::new().await;
    let url = ground.provider.url("/token");
    let mut refresh = ground.bound(Who::Public).await["refresh_token"].as_str().unwrap().to_owned();
    for _ in 0..2 {
        let other = Prover::new().proof("POST", &url, &json!({}));
        is_refused(
            &ground.provider.ask(proven(ground.refreshes(Who::Public, &refresh), &other)).await,
            400,
            "invalid_grant",
        );
        is_refused(&ground.provider.ask(ground.refreshes(Who::Public, &refresh)).await, 400, "invalid_dpop_proof");
        // Neither spent it; its successor is bound like it.
        let own = ground.token_proof(&json!({}));
        let answer = ground.provider.ask(proven(ground.refreshes(Who::Public, &refresh), &own)).await;
        assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{}", answer.body);
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(ground.userinfo("DPoP", &token, Some(&ground.userinfo_proof(&token))).await.status, 200);
        refresh = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    }
}

/// RFC 9449 §5, item 15: a confidential client's is not bound, and not replaced; it proves who it is, and may take another key.
#[tokio::test]
async fn a_confidential_clients_refresh_token_is_not_bound() {
    let mut ground = Ground::new().await;
    let refresh = ground.bound(Who::Own).await["refresh_token"].as_str().unwrap().to_owned();
    let other = Prover::new();
    for key in [&other, &ground.key] {
        let proof = key.proof("POST", &ground.provider.url("/token"), &json!({}));
        let answer = ground.provider.ask(proven(ground.refreshes(Who::Own, &refresh), &proof)).await;
        assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{}", answer.body);
        assert!(answer.json()["refresh_token"].is_null(), "it is not replaced");
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(ground.introspected(Who::Own, &token).await["cnf"]["jkt"], key.jkt());
    }
}
