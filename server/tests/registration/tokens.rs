//! Initial access tokens: RFC 7591 §3.

use serde_json::{Value, json};
use testkit::Provider;
use testkit::http::Answer;

use super::{Registered, asked, plain};
use crate::ground::{plan, sql};

async fn protected() -> Provider {
    let provider = plan().start().await;
    provider.cli(&["registration", "protected"]).await;
    provider
}

async fn token(provider: &Provider, arguments: &[&str]) -> (String, String) {
    let mut all = vec!["registration", "token", "add"];
    all.extend_from_slice(arguments);
    let added = provider.cli(&all).await;
    (added["id"].as_str().unwrap().to_owned(), added["token"].as_str().unwrap().to_owned())
}

async fn with(provider: &Provider, token: &str, metadata: &Value) -> Answer {
    provider.ask(asked(provider, &metadata.to_string(), Some(token))).await
}

async fn listed(provider: &Provider, id: &str) -> Value {
    let all = provider.cli(&["registration", "token", "list"]).await;
    all.as_array().unwrap().iter().find(|row| row["id"] == id).unwrap().clone()
}

#[tokio::test]
async fn a_token_lets_so_many_in_and_no_more() {
    let provider = protected().await;
    let (id, secret) = token(&provider, &["--name", "Team A", "--uses", "3", "--expires", "1h"]).await;
    assert!(secret.len() >= 43, "256 bits");
    assert!(
        !sql(&provider, "SELECT hex(hash), name, policy FROM initial_token").contains(&secret),
        "only its digest is kept"
    );
    let bad = with(&provider, &secret, &json!({"redirect_uris": []})).await;
    assert_eq!(bad.status, 400);
    assert_eq!(listed(&provider, &id).await["uses"], 0, "what registered nothing used nothing");
    // Twenty at once: three are let in.
    let one = |_| asked(&provider, &plain().to_string(), Some(&secret));
    let answers = at_once(&provider, (0..20).map(one).collect()).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(401)), (3, 17));
    let spent = with(&provider, &secret, &plain()).await;
    assert_eq!((spent.status, spent.json()["error"].as_str()), (401, Some("invalid_token")));
    let row = listed(&provider, &id).await;
    assert_eq!((row["uses"].clone(), row["standing"].clone()), (json!(3), json!("used up")));
    let clients = provider.cli(&["client", "list"]).await;
    let came: Vec<_> =
        clients.as_array().unwrap().iter().map(|row| row["came"]["initial_token_name"].clone()).collect();
    assert_eq!(came, [json!("Team A"), json!("Team A"), json!("Team A")]);
    let table = provider.says(&["client", "list"]);
    assert!(table.contains("with token Team A"), "{table}");
}

/// Asks all at once.
async fn at_once(provider: &Provider, questions: Vec<testkit::http::Question>) -> Vec<Answer> {
    let wires = provider.wires();
    let mut running = tokio::task::JoinSet::new();
    for question in questions {
        let wires = wires.clone();
        running.spawn(async move { question.send(&wires).await.unwrap() });
    }
    running.join_all().await
}

#[tokio::test]
async fn a_token_ends_by_its_time_and_by_its_operator() {
    let provider = protected().await;
    let (expired, secret) = token(&provider, &["--expires", "1h"]).await;
    sql(&provider, "UPDATE initial_token SET expires_at = expires_at - 3600000");
    assert_eq!(with(&provider, &secret, &plain()).await.status, 401);
    assert_eq!(listed(&provider, &expired).await["standing"], "expired");
    let (id, secret) = token(&provider, &["--name", "CI"]).await;
    let answer = with(&provider, &secret, &plain()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let client = Registered { information: answer.json() };
    assert_eq!(provider.cli(&["registration", "token", "revoke", "CI"]).await["revoked"], true);
    assert_eq!(with(&provider, &secret, &plain()).await.status, 401);
    assert_eq!(listed(&provider, &id).await["standing"], "revoked");
    assert_eq!(client.own(&provider, "GET", None).await.status, 200, "who came with it stays");
    assert_eq!(provider.cli(&["registration", "token", "revoke", &id]).await["revoked"], false);
    let unknown = provider.try_cli("", &["registration", "token", "revoke", "nobody"]).await.unwrap_err();
    assert!(unknown.contains("token list"), "{unknown}");
    // A dead token is no better than none where none is needed: it was meant to count.
    provider.cli(&["registration", "open"]).await;
    assert_eq!(with(&provider, &secret, &plain()).await.status, 401);
    let trail = provider.cli(&["audit"]).await;
    let did = |action: &str| trail.as_array().unwrap().iter().filter(|line| line["action"] == action).count();
    assert_eq!((did("initial_token_added"), did("initial_token_revoked")), (2, 1));
    assert!(!trail.to_string().contains(&secret) && !provider.log().contains(&secret));
}

#[tokio::test]
async fn a_token_takes_away_and_adds_nothing() {
    let provider = protected().await;
    let file = provider.file(
        "policy.json",
        &json!({"hosts": [".rp.example"], "grant_types": ["authorization_code", "client_credentials"]}).to_string(),
    );
    let (_, secret) = token(&provider, &["--policy", &file]).await;
    let refused = with(&provider, &secret, &plain()).await;
    assert_eq!(refused.json()["error"], "invalid_redirect_uri", "{}", refused.body);
    let good = json!({"redirect_uris": ["https://a.rp.example/cb"]});
    let credentials = json!({"grant_types": ["client_credentials"]});
    let answer = with(&provider, &secret, &credentials).await;
    assert_eq!(
        answer.json()["error"],
        "invalid_client_metadata",
        "the server's policy does not allow it: {}",
        answer.body
    );
    let answer = with(&provider, &secret, &good).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    // What was registered with it cannot be changed into what could not have been.
    let client = Registered { information: answer.json() };
    let mut body = client.update();
    body["redirect_uris"] = json!(["https://rp.example/cb"]);
    let answer = client.own(&provider, "PUT", Some(&body)).await;
    assert_eq!(answer.json()["error"], "invalid_redirect_uri", "{}", answer.body);
    for wrong in [json!({"max_clients": 1}), json!({"host": []}), json!([])] {
        let file = provider.file("wrong.json", &wrong.to_string());
        assert!(provider.try_cli("", &["registration", "token", "add", "--policy", &file]).await.is_err(), "{wrong}");
    }
}
