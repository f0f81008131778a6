//! Software statements whose issuer publishes its keys: RFC 7591 §2.3, over HTTP.

use jose::{JwsAlg, SigningKey};
use serde_json::{Value, json};
use testkit::http::Answer;
use testkit::{Provider, RelyingParty, Reply};

use super::{open, register};

const ISSUER: &str = "https://federation.example";

fn statement(issuer: &str, key: &SigningKey, says: &Value) -> String {
    let mut claims = says.clone();
    claims["iss"] = json!(issuer);
    jose::sign(key, Some("JWT"), claims.to_string().as_bytes()).unwrap()
}

fn keys(all: &[&SigningKey]) -> String {
    let keys: Vec<Value> = all.iter().map(|key| key.public_jwk()).collect();
    json!({ "keys": keys }).to_string()
}

async fn trusts(provider: &Provider, issuers: &Value) {
    let policy = json!({"statement_issuers": issuers, "statements": "required"}).to_string();
    provider.cli_with(&policy, &["registration", "policy", "set", "-"]).await;
}

async fn with(provider: &Provider, statement: &str) -> Answer {
    let metadata = json!({
        "redirect_uris": ["https://rp.example/cb"], "client_name": "As it says itself", "software_statement": statement,
    });
    register(provider, &metadata).await
}

fn is_refused(answer: &Answer, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{}", answer.body);
}

/// RFC 7591 §2.3: the keys are fetched from the address the operator wrote, once, and what the statement says wins.
#[tokio::test]
async fn the_keys_of_an_issuer_are_fetched() {
    let provider = open().await;
    let federation = RelyingParty::open().await;
    let (own, next, strange) = (
        SigningKey::generate(JwsAlg::Es256, "own").unwrap(),
        SigningKey::generate(JwsAlg::Ps256, "next").unwrap(),
        SigningKey::generate(JwsAlg::Es256, "own").unwrap(),
    );
    let jwks_uri = federation.serves("/jwks", keys(&[&own, &next]));
    trusts(&provider, &json!([{"issuer": ISSUER, "jwks_uri": jwks_uri}])).await;
    // Nobody is asked anything for a statement of somebody else's, or one that is none.
    is_refused(
        &with(&provider, &statement("https://other.example", &own, &json!({}))).await,
        "unapproved_software_statement",
    );
    is_refused(&with(&provider, "no.state.ment").await, "invalid_software_statement");
    assert_eq!(federation.asked("/jwks"), 0);
    for key in [&own, &next] {
        let said = statement(ISSUER, key, &json!({"client_name": "As its issuer says", "scope": "openid"}));
        let answer = with(&provider, &said).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let told = answer.json();
        assert_eq!(
            (told["client_name"].as_str(), told["scope"].as_str()),
            (Some("As its issuer says"), Some("openid"))
        );
        assert_eq!(told["software_statement"], said, "§3.2.1: unchanged");
    }
    assert_eq!(federation.asked("/jwks"), 1, "they are kept");
    let forged = statement(ISSUER, &strange, &json!({"client_name": "Forged"}));
    is_refused(&with(&provider, &forged).await, "invalid_software_statement");
    assert_eq!(federation.asked("/jwks"), 1, "and not asked for again because of a forgery a moment later");
}

/// An issuer whose keys cannot be had vouches for nobody.
#[tokio::test]
async fn an_issuer_without_keys_vouches_for_nobody() {
    let provider = open().await;
    let mut federation = RelyingParty::open().await;
    let own = SigningKey::generate(JwsAlg::Es256, "own").unwrap();
    let issuers = [
        json!({"issuer": "https://gone.example", "jwks_uri": federation.says("/gone", Reply::Status(404))}),
        json!({"issuer": "https://odd.example", "jwks_uri": federation.serves("/odd", "no keys")}),
        json!({"issuer": "https://down.example", "jwks_uri": federation.url("/down")}),
    ];
    trusts(&provider, &json!(issuers)).await;
    for name in ["https://gone.example", "https://odd.example"] {
        is_refused(&with(&provider, &statement(name, &own, &json!({}))).await, "invalid_software_statement");
    }
    federation.down();
    is_refused(
        &with(&provider, &statement("https://down.example", &own, &json!({}))).await,
        "invalid_software_statement",
    );
    assert_eq!((federation.asked("/gone"), federation.asked("/odd")), (1, 1));
}
