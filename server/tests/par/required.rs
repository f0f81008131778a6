//! Who must push, who may push how much, and pushing with objects and assertions: RFC 9126 §2, §3, §5, §6.

use std::time::Duration;

use jose::{JwsAlg, SigningKey};
use serde_json::{Value, json};
use testkit::http::{Answer, Question};
use testkit::{Browser, Provider, RelyingParty, eventually};

use super::{is_refused, push, pushed, visit};
use crate::ground::{ADA, plan, with_ada};

async fn document(provider: &Provider) -> Value {
    provider.get("/.well-known/openid-configuration").await.unwrap().json()
}

/// RFC 9126 §5 and §6: required of one client by its own metadata, of all by the operator.
#[tokio::test]
async fn pushing_can_be_required() {
    let provider = with_ada(plan()).await;
    let plain = RelyingParty::first_party(&provider, "Plain").await;
    let mut strict = RelyingParty::open().await;
    let mut metadata = strict.metadata("Strict");
    metadata["require_pushed_authorization_requests"] = json!(true);
    strict.register(&provider, &metadata, &["--first-party"]).await;
    let discovered = document(&provider).await;
    assert_eq!(discovered["pushed_authorization_request_endpoint"], provider.url("/par"));
    assert_eq!(discovered["require_pushed_authorization_requests"], false);
    let mut browser = Browser::new(&provider);
    let begun = strict.begin(&provider);
    let page = browser.open(&begun.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{}", page.url);
    assert_eq!(page.parameter("state").as_deref(), Some(begun.state.as_str()));
    let page = browser.open(&begun.clone().without("redirect_uri").url()).await;
    assert!(page.answer.status == 400 && page.says("must be pushed"), "{}", page.url);
    let page = browser.open(&pushed(&provider, &strict, &begun).await).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    strict.complete(&provider, &begun, &page).await;
    // Another client goes on as ever, until the operator says otherwise.
    let begun = plain.begin(&provider);
    let page = browser.open(&begun.url()).await;
    plain.complete(&provider, &begun, &page).await;
    let begun = plain.begin(&provider);
    let under_way = Browser::new(&provider).open(&begun.url()).await;
    assert_eq!(provider.cli(&["par", "required"]).await["pushed_requests"], "required");
    eventually("the change is noticed", Duration::from_secs(5), async || {
        (document(&provider).await["require_pushed_authorization_requests"] == true).then_some(())
    })
    .await;
    let page = browser.open(&begun.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{}", page.url);
    assert!(under_way.has_form("login-form"), "who began before goes on");
    let page = browser.open(&pushed(&provider, &plain, &begun).await).await;
    plain.complete(&provider, &begun, &page).await;
    // Said once more it changes nothing, and leaves no line.
    provider.cli(&["par", "required"]).await;
    assert_eq!(provider.cli(&["par", "optional"]).await["pushed_requests"], "optional");
    let trail = provider.cli(&["audit", "--limit", "50"]).await.to_string();
    assert_eq!(trail.matches("pushed_requests_set").count(), 2, "{trail}");
}

/// RFC 9126 §2.3: strangers fill no table; clients an operator entered and that prove who they are are not held up.
#[tokio::test]
async fn strangers_push_within_a_budget() {
    let provider = with_ada(plan().set("limits.pushed_per_source = 2")).await;
    let (public, own) =
        (RelyingParty::public(&provider, "Public").await, RelyingParty::first_party(&provider, "Own").await);
    let pushes =
        async |party: &RelyingParty| push(&provider, party, &party.begin(&provider).without("client_id").pairs()).await;
    for _ in 0..2 {
        assert_eq!(pushes(&public).await.status, 201);
    }
    let mut refused = pushes(&public).await;
    // One comes back every second.
    while refused.status == 201 {
        refused = pushes(&public).await;
    }
    assert_eq!(refused.status, 429, "{}", refused.body);
    assert_eq!(refused.json()["error"], "temporarily_unavailable");
    let after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=2).contains(&after), "{after}");
    for _ in 0..4 {
        assert_eq!(pushes(&own).await.status, 201);
    }
}

/// RFC 9126 §3, item 13: a request object is pushed like any parameter, and is the client's own.
#[tokio::test]
async fn a_request_object_is_pushed() {
    let provider = with_ada(plan()).await;
    let key = SigningKey::generate(JwsAlg::Es256, "own").unwrap();
    let mut party = RelyingParty::open().await;
    let mut metadata = party.metadata("Objects");
    metadata["jwks"] = json!({"keys": [key.public_jwk()]});
    metadata["request_object_signing_alg"] = json!("ES256");
    party.register(&provider, &metadata, &["--first-party"]).await;
    let begun = party.begin(&provider);
    let object = |changed: Value| {
        let mut claims: Value =
            begun.parameters.iter().map(|(n, v)| (n.clone(), json!(v))).collect::<serde_json::Map<_, _>>().into();
        claims["iss"] = json!(party.client_id);
        claims["aud"] = json!(provider.issuer());
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        jose::sign(&key, Some("oauth-authz-req+jwt"), claims.to_string().as_bytes()).unwrap()
    };
    for (changed, error) in [
        (json!({"client_id": "another"}), "invalid_request_object"),
        (json!({"iss": "another"}), "invalid_request_object"),
        (json!({"aud": "https://elsewhere.example"}), "invalid_request_object"),
        (json!({"request_uri": "https://rp.example/object"}), "invalid_request_object"),
        (json!({"redirect_uri": "https://evil.example/"}), "invalid_request"),
    ] {
        is_refused(&push(&provider, &party, &[("request", &object(changed))]).await, 400, error);
    }
    let answer = push(&provider, &party, &[("request", &object(json!({}))), ("state", "outside")]).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let mut browser = Browser::new(&provider);
    let url = visit(&provider, &party.client_id, answer.json()["request_uri"].as_str().unwrap());
    let page = browser.open(&url).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    party.complete(&provider, &begun, &page).await;
}

/// RFC 9126 §2, item 14: the audience of an assertion here, lenient or the issuer alone, as at every other endpoint.
#[tokio::test]
async fn the_audience_of_an_assertion_at_par() {
    let provider = with_ada(plan()).await;
    let key = SigningKey::generate(JwsAlg::Es256, "own").unwrap();
    let mut parties = Vec::new();
    for (name, policy) in [("lenient", json!({})), ("strict", json!({"assertion_audience": "issuer"}))] {
        let mut party = RelyingParty::open().await;
        let mut metadata = party.metadata(name);
        metadata["token_endpoint_auth_method"] = json!("private_key_jwt");
        metadata["jwks"] = json!({"keys": [key.public_jwk()]});
        let file = provider.file(&format!("{name}.json"), &policy.to_string());
        party.register(&provider, &metadata, &["--policy", &file]).await;
        parties.push(party);
    }
    let ask = async |party: &RelyingParty, jti: &str, aud: Value| -> Answer {
        let now = super::now();
        let claims = json!({
            "iss": party.client_id, "sub": party.client_id, "aud": aud, "iat": now, "exp": now + 60, "jti": jti,
        });
        let token = jose::sign(&key, Some("JWT"), claims.to_string().as_bytes()).unwrap();
        let begun = party.begin(&provider);
        let proof = [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", token.as_str()),
        ];
        provider.ask(Question::post(&provider.url("/par"), &[begun.pairs(), proof.to_vec()].concat())).await
    };
    let issuer = provider.issuer();
    let names =
        [json!(issuer), json!(provider.url("/token")), json!(provider.url("/par")), json!([provider.url("/par")])];
    for (n, aud) in names.iter().enumerate() {
        let answer = ask(&parties[0], &format!("lenient {n}"), aud.clone()).await;
        assert_eq!(answer.status, 201, "{aud}: {}", answer.body);
        let answer = ask(&parties[1], &format!("strict {n}"), aud.clone()).await;
        assert_eq!(answer.status == 201, *aud == json!(issuer), "{aud}: {}", answer.body);
    }
    is_refused(&ask(&parties[0], "elsewhere", json!(provider.url("/revoke"))).await, 401, "invalid_client");
    // RFC 7523 §3 item 7: and once.
    is_refused(&ask(&parties[0], "lenient 0", json!(issuer)).await, 401, "invalid_client");
}
