//! What strangers, mistaken apps and thieves send.

use serde_json::json;
use testkit::Browser;

use super::apps::{Keychain, SECRET_07, app, exchange, first, native, native_with, parameters, question, refused};
use crate::ground::plan;

/// Every missing or doubled parameter, and wrong token types.
#[tokio::test]
async fn every_parameter_once_and_of_its_type() {
    let provider = native().await;
    let one = app(&provider, "Mail", &json!({"group": "acme"})).await;
    let two = app(&provider, "Calendar", &json!({"group": "acme"})).await;
    let keychain = Keychain::of(&first(&provider, &mut Browser::new(&provider), &one, "openid device_sso").await);
    let good = parameters(&provider, &keychain);
    let ask = async |fields: &[(&str, &str)]| provider.ask(two.asks(&provider, "/token", fields)).await;
    for (name, value) in &good {
        let without: Vec<_> = good.iter().copied().filter(|(n, _)| n != name).collect();
        refused(&ask(&without).await, "invalid_request");
        let twice: Vec<_> = good.iter().copied().chain([(*name, *value)]).collect();
        let error = if *name == "audience" { "invalid_target" } else { "invalid_request" };
        refused(&ask(&twice).await, error);
    }
    let with = |name: &'static str, value: &'static str| {
        let others = good.iter().copied().filter(move |(n, _)| *n != name);
        others.chain([(name, value)]).collect::<Vec<_>>()
    };
    let access = "urn:ietf:params:oauth:token-type:access_token";
    for (name, value, error) in [
        ("subject_token_type", access, "invalid_request"),
        ("subject_token_type", SECRET_07, "invalid_request"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id-token", "invalid_request"),
        ("actor_token_type", access, "invalid_request"),
        ("requested_token_type", SECRET_07, "invalid_request"),
        ("audience", "https://elsewhere.example", "invalid_target"),
        ("actor_token", "nonsense", "invalid_request"),
        ("subject_token", "nonsense", "invalid_request"),
        ("scope", "email", "invalid_scope"),
        ("scope", "openid admin", "invalid_scope"),
    ] {
        refused(&ask(&with(name, value)).await, error);
    }
    assert_eq!(ask(&good).await.status, 200, "and nothing was spent by all that");
    assert!(!provider.log().contains(&keychain.device_secret), "no secret in the log");
}

/// ID Tokens that are not this device's, this group's, or ours.
#[tokio::test]
async fn an_id_token_of_another_origin_opens_nothing() {
    let provider = native().await;
    let one = app(&provider, "Mail", &json!({"group": "acme"})).await;
    let two = app(&provider, "Calendar", &json!({"group": "acme"})).await;
    let rival = app(&provider, "Rival", &json!({"group": "rival"})).await;
    let mut browser = Browser::new(&provider);
    let keychain = Keychain::of(&first(&provider, &mut browser, &one, "openid device_sso").await);
    // Another device of the same person, and a secret that is used from there.
    let other = Keychain::of(&first(&provider, &mut Browser::new(&provider), &one, "openid device_sso").await);
    let crossed = Keychain { id_token: keychain.id_token.clone(), device_secret: other.device_secret.clone() };
    refused(&exchange(&provider, &two, &crossed).await, "invalid_request");
    // An ID Token that was bound to no device.
    let plain = first(&provider, &mut Browser::new(&provider), &one, "openid").await;
    let unbound = Keychain { id_token: plain["id_token"].as_str().unwrap().to_owned(), ..keychain.clone() };
    refused(&exchange(&provider, &two, &unbound).await, "invalid_request");
    // A client outside the group.
    refused(&exchange(&provider, &rival, &keychain).await, "invalid_request");
    // Tampered with, unsigned, of another issuer.
    let parts: Vec<&str> = keychain.id_token.split('.').collect();
    let mut claims = testkit::relying_party::part(&keychain.id_token, 1);
    claims.insert("sub".into(), json!("somebody-else"));
    let body = jose::base64url(serde_json::Value::Object(claims).to_string());
    let none = jose::base64url(r#"{"alg":"none"}"#);
    for forged in [
        format!("{}.{body}.{}", parts[0], parts[2]),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
    ] {
        let forged = Keychain { id_token: forged, ..keychain.clone() };
        refused(&exchange(&provider, &two, &forged).await, "invalid_request");
    }
    let elsewhere = native().await;
    let there = app(&elsewhere, "Mail", &json!({"group": "acme"})).await;
    let foreign = first(&elsewhere, &mut Browser::new(&elsewhere), &there, "openid device_sso").await;
    let foreign = Keychain { id_token: foreign["id_token"].as_str().unwrap().to_owned(), ..keychain.clone() };
    refused(&exchange(&provider, &two, &foreign).await, "invalid_request");
    // An access token is no ID Token, a refresh token no secret.
    let access = Keychain { id_token: plain["access_token"].as_str().unwrap().to_owned(), ..keychain.clone() };
    refused(&exchange(&provider, &two, &access).await, "invalid_request");
    let refresh = Keychain { device_secret: plain["refresh_token"].as_str().unwrap().to_owned(), ..keychain.clone() };
    refused(&exchange(&provider, &two, &refresh).await, "invalid_request");
    assert_eq!(exchange(&provider, &two, &keychain).await.status, 200);
}

async fn hundred(provider: testkit::Provider) {
    let one = app(&provider, "Mail", &json!({"group": "acme"})).await;
    let two = app(&provider, "Calendar", &json!({"group": "acme"})).await;
    let keychain = Keychain::of(&first(&provider, &mut Browser::new(&provider), &one, "openid device_sso").await);
    let mut running = tokio::task::JoinSet::new();
    for n in 0..100 {
        let app = if n % 2 == 0 { &one } else { &two };
        let (asked, wires) = (question(&provider, app, &keychain), provider.wires());
        running.spawn(async move { asked.send(&wires).await.unwrap() });
    }
    while let Some(answer) = running.join_next().await {
        let answer = answer.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

/// A hundred concurrent exchanges by two honest apps: all succeed.
#[tokio::test]
async fn a_hundred_at_once_by_two_honest_apps() {
    hundred(native().await).await;
}

#[tokio::test]
async fn a_hundred_at_once_on_postgresql() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    hundred(native_with(plan().database(&url)).await).await;
}
