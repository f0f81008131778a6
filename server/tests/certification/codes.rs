//! What a code, a refresh token and an assertion are good for, and for how long.

use jose::{JwsAlg, SigningKey};
use serde_json::{Value, json};
use testkit::http::Question;
use testkit::{Browser, RelyingParty};

use super::checks::{self, Fields};
use super::examiner::{
    Asked, Client, Examiner, ISSUER, Mode, Outcome, Variant, assertion, assertion_claims, own_key, registration, signed,
};
use crate::ground::passes;

const CODE: Variant = Variant { kind: "code", mode: Mode::Default };

/// oidcc-codereuse: 400, `invalid_grant`, JSON; item 7, item 24.
#[tokio::test]
async fn a_code_twice() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::with_code() {
        let asked = examiner.ask(variant);
        let outcome = examiner.succeeds(&mut browser, &asked).await;
        let again = examiner.redeem(&asked, outcome.fields.get("code").unwrap()).await;
        checks::token_error(&again, 400, "invalid_grant");
    }
}

/// oidcc-codereuse-30seconds: still `invalid_grant` after 30 seconds, and what the first use gave is dead; item 7.
#[tokio::test]
async fn a_code_twice_half_a_minute_later() {
    // Time passes here, for everybody.
    let examiner = Examiner::new().await;
    let mut browser = examiner.browser();
    for variant in Variant::with_code() {
        let asked = examiner.ask(variant);
        let outcome = examiner.succeeds(&mut browser, &asked).await;
        passes(&examiner.provider, 30);
        let again = examiner.redeem(&asked, outcome.fields.get("code").unwrap()).await;
        checks::token_error(&again, 400, "invalid_grant");
        let bearer = format!("Bearer {}", outcome.access_token());
        let question = Question::get(examiner.metadata["userinfo_endpoint"].as_str().unwrap());
        let dead = examiner.provider.ask(question.header("authorization", &bearer)).await;
        assert!((400..500).contains(&dead.status), "{}", dead.status);
    }
}

/// oidcc-ensure-request-with-valid-pkce-succeeds: S256, and verified (RFC 7636 §4.6).
#[tokio::test]
async fn a_request_with_pkce() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    let methods = examiner.metadata["code_challenge_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&json!("S256")));
    for variant in Variant::with_code() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let challenge = jose::base64url(jose::sha256(verifier.as_bytes()));
        let mut asked = examiner.ask(variant).with("code_challenge", &challenge).with("code_challenge_method", "S256");
        asked.verifier = Some(verifier);
        examiner.succeeds(&mut browser, &asked).await;
        let walked = examiner.walk(&mut browser, &asked).await;
        let code = checks::success(&asked, &walked.page).get("code").unwrap().to_owned();
        asked.verifier = Some("x".repeat(43));
        checks::token_error(&examiner.redeem(&asked, &code).await, 400, "invalid_grant");
    }
}

/// oidcc-ensure-client-assertion-with-iss-aud-succeeds: the issuer, and as the examiner usually does, the token endpoint;
/// item 3, item 14.
#[tokio::test]
async fn an_assertion_for_the_issuer() {
    let examiner = Examiner::shared().await;
    let mut metadata = registration("code");
    metadata["token_endpoint_auth_method"] = json!("private_key_jwt");
    let client = examiner.register(&metadata).await;
    let mut browser = examiner.browser();
    let asked = examiner.ask_as(&client, CODE);
    for aud in [ISSUER, examiner.metadata["token_endpoint"].as_str().unwrap()] {
        let walked = examiner.walk(&mut browser, &asked).await;
        let code = checks::success(&asked, &walked.page).get("code").unwrap().to_owned();
        let fields = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", &*client.redirect_uri)];
        let answer = examiner.token_with_assertion(&fields, &assertion(own_key(), &client.id, aud)).await;
        checks::token_response(&answer);
    }
}

/// A client that may have refresh tokens, with each response type that has a code.
fn refreshing() -> Value {
    let mut metadata = registration("code");
    metadata["response_types"] = json!(["code", "code id_token", "code token", "code id_token token"]);
    metadata["grant_types"] = json!(["authorization_code", "implicit", "refresh_token"]);
    metadata
}

/// A request for background access, as the examiner makes it where `offline_access` is advertised.
fn offline(examiner: &Examiner, client: &Client, variant: Variant) -> Asked {
    let scopes = examiner.metadata["scopes_supported"].as_array().unwrap();
    assert!(scopes.contains(&json!("offline_access")));
    let asked = examiner.ask_as(client, variant);
    asked.with("scope", "openid offline_access").with("prompt", "consent")
}

/// oidcc-refresh-token: it works, for its own client; the new ID Token names the same person and sign-in; item 15, item 24.
#[tokio::test]
async fn a_refresh_token() {
    let examiner = Examiner::shared().await;
    assert!(examiner.metadata["grant_types_supported"].as_array().unwrap().contains(&json!("refresh_token")));
    let (one, two) = (examiner.register(&refreshing()).await, examiner.register(&refreshing()).await);
    let mut browser = examiner.browser();
    let mut firsts = Vec::new();
    for variant in Variant::with_code() {
        let asked = offline(&examiner, &one, variant);
        let first = examiner.succeeds(&mut browser, &asked).await;
        assert!(first.seen.contains(&"consent"), "prompt=consent");
        firsts.push((asked, first));
    }
    // So that a new `iat` can be told from the old one.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    for (asked, first) in firsts {
        refreshes(&examiner, &asked, &first).await;
        let theirs = examiner.succeeds(&mut browser, &offline(&examiner, &two, asked.variant)).await;
        let theirs = theirs.tokens["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", theirs)];
        checks::token_error(&examiner.token(&one, &fields).await, 400, "invalid_grant");
    }
}

/// With the scope of the request, as the examiner sends it.
async fn refreshes(examiner: &Examiner, asked: &Asked, first: &Outcome) {
    let token = first.tokens["refresh_token"].as_str().expect("a refresh token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", asked.get("scope").unwrap())];
    let answer = checks::token_response(&examiner.token(&asked.client, &fields).await);
    let access = answer["access_token"].as_str().unwrap();
    assert_ne!(answer["access_token"], first.tokens["access_token"]);
    let id_token = answer["id_token"].as_str().expect("a new ID Token too");
    let beside = Fields::of([("access_token", access)]);
    let again = checks::id_token(examiner, &asked.clone().without("nonce"), id_token, &beside);
    for name in ["iss", "sub", "aud", "azp", "auth_time"] {
        assert_eq!(again.get(name), first.claims().get(name), "{name}");
    }
    assert!(again["iat"].as_i64() > first.claims()["iat"].as_i64(), "Core §12.2: when the new one is issued");
    assert_eq!(examiner.userinfo(access).await["sub"], first.claims()["sub"]);
}

/// Redeems or refreshes with an assertion that says which key it is of.
async fn with_key(
    examiner: &Examiner,
    client: &Client,
    key: (&SigningKey, &str),
    fields: &[(&str, &str)],
) -> testkit::http::Answer {
    let endpoint = examiner.metadata["token_endpoint"].as_str().unwrap();
    let header = json!({ "alg": "RS256", "kid": key.1 });
    let assertion = signed(key.0, &header, &assertion_claims(&client.id, endpoint));
    examiner.token_with_assertion(fields, &assertion).await
}

/// A client whose keys stand behind an address.
async fn keyed(examiner: &Examiner, jwks_uri: &str) -> Client {
    let mut metadata = refreshing();
    metadata.as_object_mut().unwrap().remove("jwks");
    metadata["jwks_uri"] = json!(jwks_uri);
    metadata["token_endpoint_auth_method"] = json!("private_key_jwt");
    examiner.register(&metadata).await
}

async fn code_of(examiner: &Examiner, browser: &mut Browser, asked: &Asked) -> String {
    let walked = examiner.walk(browser, asked).await;
    checks::success(asked, &walked.page).get("code").unwrap().to_owned()
}

/// oidcc-registration-jwks-uri, oidcc-refresh-token-rp-key-rotation: a key behind the address is fetched once; one that
/// takes its place is refused within the minute in which nothing is fetched again, and taken after it; item 3.
///
/// The minute is a new process here, which has fetched nothing; that it is a minute is held beside `client_keys.rs`.
#[tokio::test]
async fn keys_behind_an_address_and_others_after_them() {
    let mut examiner = Examiner::new().await;
    let party = RelyingParty::open().await;
    let keys = ["one", "two"].map(|kid| (SigningKey::generate(JwsAlg::Rs256, kid).unwrap(), kid));
    let set = |at: usize| json!({ "keys": [keys[at].0.public_jwk()] }).to_string();
    let client = keyed(&examiner, &party.serves("/jwks", set(0))).await;
    let mut browser = examiner.browser();
    let asked = offline(&examiner, &client, CODE);
    let code = code_of(&examiner, &mut browser, &asked).await;
    let fields = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", &*client.redirect_uri)];
    let first = with_key(&examiner, &client, (&keys[0].0, "one"), &fields).await;
    let first = checks::token_response(&first);
    let token = first["refresh_token"].as_str().expect("a refresh token is mandatory here");
    assert_eq!(party.asked("/jwks"), 1);
    party.serves("/jwks", set(1));
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let early = with_key(&examiner, &client, (&keys[1].0, "two"), &fields).await;
    checks::token_error(&early, 401, "invalid_client");
    assert_eq!(party.asked("/jwks"), 1, "not more than once a minute");
    examiner.provider.kill();
    examiner.provider.start().await;
    checks::token_response(&with_key(&examiner, &client, (&keys[1].0, "two"), &fields).await);
    assert_eq!(party.asked("/jwks"), 2);
    let gone = with_key(&examiner, &client, (&keys[0].0, "one"), &fields).await;
    checks::token_error(&gone, 401, "invalid_client");
}
