//! What an operator allows those who register themselves.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Provider, eventually};

use super::{Registered, asked, open, plain, register};
use crate::ground::{plan, sql, with_ada};

async fn set(provider: &Provider, policy: &Value) {
    provider.cli_with(&policy.to_string(), &["registration", "policy", "set", "-"]).await;
}

/// A policy that allows little.
fn narrow() -> Value {
    json!({
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_methods": ["private_key_jwt", "none", "client_secret_basic"],
        "signing_algs": ["RS256", "ES256"],
        "hosts": ["rp.example", ".apps.example", "com.example.app:"],
        "scopes": ["openid", "profile", "orders"],
        "default_scopes": ["openid"],
    })
}

#[tokio::test]
async fn what_the_policy_does_not_allow_is_refused_by_name() {
    let provider = open().await;
    set(&provider, &narrow()).await;
    let with = |more: Value| {
        let mut metadata = plain();
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        metadata
    };
    let (redirect, metadata) = ("invalid_redirect_uri", "invalid_client_metadata");
    for (given, error, names) in [
        (json!({"grant_types": ["client_credentials"]}), metadata, "grant_types: client_credentials"),
        (with(json!({"response_types": ["id_token"], "grant_types": ["implicit"]})), metadata, "implicit"),
        (with(json!({"token_endpoint_auth_method": "client_secret_post"})), metadata, "client_secret_post"),
        (with(json!({"id_token_signed_response_alg": "HS256"})), metadata, "id_token_signed_response_alg: HS256"),
        (with(json!({"request_object_signing_alg": "none"})), metadata, "request_object_signing_alg: none"),
        (with(json!({"userinfo_signed_response_alg": "PS256"})), metadata, "userinfo_signed_response_alg: PS256"),
        (with(json!({"redirect_uris": ["https://evil.example/cb"]})), redirect, "redirect_uris"),
        (with(json!({"redirect_uris": ["https://apps.example/cb"]})), redirect, "redirect_uris"),
        (with(json!({"redirect_uris": ["https://evil-apps.example/cb"]})), redirect, "redirect_uris"),
        (with(json!({"redirect_uris": ["http://localhost/cb"]})), redirect, "redirect_uris"),
        (
            with(json!({"application_type": "native", "redirect_uris": ["com.example.other:/cb"]})),
            redirect,
            "redirect_uris",
        ),
        (with(json!({"logo_uri": "https://cdn.example/logo.png"})), metadata, "logo_uri"),
        (with(json!({"tos_uri#de": "https://cdn.example/agb"})), metadata, "tos_uri"),
        (with(json!({"post_logout_redirect_uris": ["https://evil.example/"]})), metadata, "post_logout_redirect_uris"),
        (with(json!({"backchannel_logout_uri": "https://evil.example/"})), metadata, "backchannel_logout_uri"),
        (with(json!({"scope": "openid email"})), metadata, "scope: email"),
    ] {
        let answer = register(&provider, &given).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{given}: {}", answer.body);
        let said = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(said.contains(names), "{given}: {said}");
    }
    let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]});
    let keyed = with(json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks}));
    let answer = register(&provider, &keyed).await;
    assert!(answer.body.contains("token_endpoint_auth_signing_alg: it must be named"), "{}", answer.body);
    for (more, scope) in [
        (
            json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks, "token_endpoint_auth_signing_alg": "ES256"}),
            "openid",
        ),
        (json!({"redirect_uris": ["https://one.apps.example/cb"], "scope": "openid orders"}), "openid orders"),
        (
            json!({"application_type": "native", "redirect_uris": ["com.example.app:/cb"], "token_endpoint_auth_method": "none"}),
            "openid",
        ),
    ] {
        let answer = register(&provider, &with(more)).await;
        assert_eq!((answer.status, answer.json()["scope"].as_str()), (201, Some(scope)), "{}", answer.body);
    }
}

#[tokio::test]
async fn without_a_policy_strangers_get_what_people_decide_about() {
    let provider = open().await;
    let shown = provider.cli(&["registration", "policy", "show"]).await;
    assert_eq!(shown["grant_types"], json!(["authorization_code", "implicit", "refresh_token"]));
    let refused = register(&provider, &json!({"grant_types": ["client_credentials"]})).await;
    assert!(refused.body.contains("client_credentials is not allowed"), "{}", refused.body);
    // A scope this server does not know may mean the world to a resource server.
    let refused =
        register(&provider, &json!({"redirect_uris": ["https://rp.example/cb"], "scope": "openid admin"})).await;
    assert!(refused.body.contains("scope: admin"), "{}", refused.body);
    let client = Registered::at(&provider, &plain()).await;
    let row = provider.cli(&["client", "show", client.text("client_id")]).await;
    assert_eq!(
        (row["policy"]["consent"].as_str(), row["policy"]["entered_by"].as_str()),
        (Some("ask"), Some("stranger"))
    );
    assert_eq!(row["came"]["by"], "registration");
    set(&provider, &json!({"client_policy": {"logout": "this-client", "pkce": "required"}})).await;
    let client = Registered::at(&provider, &plain()).await;
    let row = provider.cli(&["client", "show", client.text("client_id")]).await;
    assert_eq!(
        (row["policy"]["logout"].as_str(), row["policy"]["pkce"].as_str()),
        (Some("this-client"), Some("required"))
    );
    assert_eq!(row["policy"]["entered_by"], "stranger");
    for wrong in [json!({"grant_type": []}), json!({"client_policy": {"consent": "first-party"}}), json!([])] {
        let said = provider.try_cli(&wrong.to_string(), &["registration", "policy", "set", "-"]).await;
        assert!(said.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn there_are_so_many_and_what_they_may_do_is_the_operators_to_say() {
    let provider = open().await;
    set(&provider, &json!({"max_clients": 2, "management": ["read"]})).await;
    let one = Registered::at(&provider, &plain()).await;
    Registered::at(&provider, &plain()).await;
    let full = register(&provider, &plain()).await;
    assert_eq!((full.status, full.json()["error"].as_str()), (403, Some("access_denied")), "{}", full.body);
    assert_eq!(one.own(&provider, "GET", None).await.status, 200);
    for (method, body) in [("PUT", Some(one.update())), ("DELETE", None)] {
        let answer = one.own(&provider, method, body.as_ref()).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (403, Some("access_denied")), "{method}");
    }
    // Whoever does not know the token learns nothing of what is forbidden.
    assert_eq!(one.ask(&provider, "DELETE", "wrong", None).await.status, 401);
    set(&provider, &json!({"max_clients": 2})).await;
    assert_eq!(one.own(&provider, "DELETE", None).await.status, 204);
    assert_eq!(register(&provider, &plain()).await.status, 201, "there is room again");
}

#[tokio::test]
async fn one_network_registers_so_many_and_a_token_is_not_counted() {
    let provider = with_ada(plan().set("limits.registrations_per_source = 3")).await;
    provider.cli(&["registration", "open"]).await;
    for _ in 0..5 {
        assert_eq!(register(&provider, &json!({"redirect_uris": []})).await.status, 400, "mistakes cost nothing");
    }
    for _ in 0..3 {
        assert_eq!(register(&provider, &plain()).await.status, 201);
    }
    let answer = register(&provider, &plain()).await;
    assert_eq!(answer.status, 429, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let wait: i64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&wait), "{wait}");
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    let added = provider.cli(&["registration", "token", "add"]).await;
    let paid = asked(&provider, &plain().to_string(), added["token"].as_str());
    assert_eq!(provider.ask(paid).await.status, 201);
    sql(&provider, "UPDATE attempt SET at = at - 61000 WHERE kind = 'registration'");
    assert_eq!(register(&provider, &plain()).await.status, 201);
}

#[tokio::test]
async fn who_is_not_used_is_removed() {
    let mut provider = open().await;
    set(&provider, &json!({"unused_days": 30})).await;
    let (old, young) = (Registered::at(&provider, &plain()).await, Registered::at(&provider, &plain()).await);
    let credentials = Registered::at(&provider, &plain()).await;
    let day = 86_400_000_i64;
    let age = |client: &Registered, days: i64| {
        format!(
            "UPDATE registration SET used_at = used_at - {} WHERE client = '{}';",
            days * day,
            client.text("client_id")
        )
    };
    sql(&provider, &format!("{}{}{}", age(&old, 32), age(&young, 30), age(&credentials, 40)));
    // It is used: authenticated, though nothing came of it.
    let question = testkit::http::Question::post(
        &provider.url("/token"),
        &[("grant_type", "refresh_token"), ("refresh_token", "x")],
    );
    let answer = provider.ask(question.basic(credentials.text("client_id"), credentials.text("client_secret"))).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    eventually("its use is noted", Duration::from_secs(5), async || {
        let used = sql(
            &provider,
            &format!(
                "SELECT used_at > registered_at FROM registration WHERE client = '{}'",
                credentials.text("client_id")
            ),
        );
        (used == "1").then_some(())
    })
    .await;
    provider.terminate();
    provider.ended().await;
    // The caretaker begins its rounds with the server.
    provider.start().await;
    eventually("who is not used is gone", Duration::from_secs(10), async || {
        (old.own(&provider, "GET", None).await.status == 401).then_some(())
    })
    .await;
    assert_eq!(young.own(&provider, "GET", None).await.status, 200);
    assert_eq!(credentials.own(&provider, "GET", None).await.status, 200);
    let trail = provider.cli(&["audit"]).await;
    let line = trail.as_array().unwrap().iter().find(|line| line["action"] == "client_unused").unwrap();
    assert_eq!((line["subject"].as_str(), line["actor"].as_str()), (Some(old.text("client_id")), Some("server")));
}
