//! Bound tokens and bearer tokens, each presented as the other: RFC 9449 §7.1, §7.2.

use serde_json::json;
use testkit::dpop::Prover;
use testkit::http::Question;

use super::{Ground, Who, is_refused, proven};

fn challenges(answer: &testkit::http::Answer) -> Vec<String> {
    answer.headers.get_all("www-authenticate").iter().map(|field| field.to_str().unwrap().to_owned()).collect()
}

/// RFC 9449 §7.2, item 17: the downgrade is refused, with the challenge of the scheme it takes.
#[tokio::test]
async fn a_bound_token_is_no_bearer_token() {
    let mut ground = Ground::new().await;
    let tokens = ground.bound(Who::Own).await;
    let token = tokens["access_token"].as_str().unwrap();
    let proof = ground.userinfo_proof(token);
    for proof in [None, Some(proof.as_str())] {
        let answer = ground.userinfo("Bearer", token, proof).await;
        is_refused(&answer, 401, "invalid_token");
        let [challenge] = &challenges(&answer)[..] else { panic!("{:?}", answer.headers) };
        assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"invalid_token\""), "{challenge}");
        assert!(challenge.contains("algs=\"") && challenge.contains("ES256"), "{challenge}");
    }
    let url = ground.provider.url("/userinfo");
    let posted = Question::post(&url, &[("access_token", token)]);
    is_refused(&ground.provider.ask(posted).await, 401, "invalid_token");
    // It was not used up by that.
    assert_eq!(ground.userinfo("DPoP", token, Some(&proof)).await.status, 200);
}

/// RFC 9449 §7.1, item 17: and the other way round; without any token both schemes are offered.
#[tokio::test]
async fn a_bearer_token_is_not_bound() {
    let mut ground = Ground::new().await;
    let (begun, code) = ground.code(Who::Own, |begun| begun).await;
    let tokens = ground.provider.ask(ground.redeems(Who::Own, &begun, &code)).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    let answer = ground.userinfo("DPoP", token, Some(&ground.userinfo_proof(token))).await;
    is_refused(&answer, 401, "invalid_token");
    assert!(challenges(&answer)[0].starts_with("DPoP "), "{:?}", answer.headers);
    assert_eq!(ground.userinfo("Bearer", token, None).await.status, 200);
    let bare = challenges(&ground.provider.get("/userinfo").await.unwrap());
    assert!(
        bare.len() == 2
            && bare[0] == "Bearer realm=\"ostiary\""
            && bare[1].starts_with("DPoP realm=\"ostiary\", algs=")
    );
    assert!(!bare.concat().contains("error"), "RFC 6750 §3.1: nothing more: {bare:?}");
    let dead = ground.userinfo("Bearer", "nothing", None).await;
    assert!(challenges(&dead)[0].starts_with("Bearer ") && challenges(&dead).len() == 1);
    let dead = ground.userinfo("DPoP", "nothing", Some(&ground.userinfo_proof("nothing"))).await;
    is_refused(&dead, 401, "invalid_token");
    assert!(challenges(&dead)[0].starts_with("DPoP "));
}

/// RFC 9449 §4.3, §7.1, item 17: what is wrong with a proof at a resource.
#[tokio::test]
async fn a_proof_at_userinfo_is_looked_at() {
    let mut ground = Ground::new().await;
    let tokens = ground.bound(Who::Own).await;
    let token = tokens["access_token"].as_str().unwrap();
    let url = ground.provider.url("/userinfo");
    let ath = json!(jose::base64url(jose::sha256(token.as_bytes())));
    let other = Prover::new();
    let bad = [
        ("none", None, "invalid_dpop_proof"),
        ("no ath", Some(ground.key.proof("GET", &url, &json!({}))), "invalid_dpop_proof"),
        ("another token's", Some(ground.key.proof_with("GET", &url, "another")), "invalid_dpop_proof"),
        ("another method's", Some(ground.key.proof_with("POST", &url, token)), "invalid_dpop_proof"),
        (
            "another endpoint's",
            Some(ground.key.proof_with("GET", &ground.provider.url("/token"), token)),
            "invalid_dpop_proof",
        ),
        (
            "old",
            Some(ground.key.proof("GET", &url, &json!({"ath": ath, "iat": testkit::dpop::now() - 3600}))),
            "invalid_dpop_proof",
        ),
        ("another key's", Some(other.proof_with("GET", &url, token)), "invalid_token"),
        ("no JWT", Some("nonsense".to_owned()), "invalid_dpop_proof"),
    ];
    for (what, proof, error) in &bad {
        let answer = ground.userinfo("DPoP", token, proof.as_deref()).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some(*error)), "{what}: {}", answer.body);
        let challenge = &challenges(&answer)[0];
        assert!(
            challenge.starts_with("DPoP ") && challenge.contains(&format!("error=\"{error}\"")),
            "{what}: {challenge}"
        );
    }
    let good = ground.userinfo_proof(token);
    let twice = Question::get(&url).header("authorization", &format!("DPoP {token}"));
    let twice = proven(proven(twice, &good), &ground.userinfo_proof(token));
    is_refused(&ground.provider.ask(twice).await, 401, "invalid_dpop_proof");
    assert_eq!(ground.userinfo("DPoP", token, Some(&good)).await.status, 200);
    is_refused(&ground.userinfo("DPoP", token, Some(&good)).await, 401, "invalid_dpop_proof");
    // Strangers' proofs are not remembered: of all those, one is.
    let kept = crate::ground::sql(&ground.provider, "SELECT count(*) FROM replay WHERE realm LIKE 'dpop:%'");
    assert_eq!(kept, "2", "that of the token endpoint and that of UserInfo");
}

/// RFC 9449 §7.2: the operator's API takes bound tokens as they are bound, too.
#[tokio::test]
async fn a_bound_token_opens_the_api_with_its_proof_alone() {
    let ground = Ground::new().await;
    let provider = &ground.provider;
    let added = provider.cli(&["api", "add", "robot"]).await;
    let text = |name: &str| added[name].as_str().unwrap().to_owned();
    let token = testkit::eventually("the new client is let in", std::time::Duration::from_secs(5), async || {
        let fields = [("grant_type", "client_credentials"), ("resource", added["resource"].as_str().unwrap())];
        let question =
            Question::post(&provider.url("/token"), &fields).basic(&text("client_id"), &text("client_secret"));
        let answer = provider.ask(proven(question, &ground.token_proof(&json!({})))).await;
        let issued = answer.status == 200 && answer.json()["scope"].as_str().is_some_and(|s| s.contains("ostiary:"));
        issued.then(|| answer.json()["access_token"].as_str().unwrap().to_owned())
    })
    .await;
    let url = provider.url("/api/v1/figures");
    let asks = |scheme: &str| Question::get(&url).header("authorization", &format!("{scheme} {token}"));
    let stolen = provider.ask(asks("Bearer")).await;
    assert_eq!(stolen.status, 401, "{}", stolen.body);
    assert!(challenges(&stolen)[0].starts_with("DPoP "), "{:?}", stolen.headers);
    let proof = ground.key.proof_with("GET", &url, &token);
    assert_eq!(provider.ask(proven(asks("DPoP"), &proof)).await.status, 200);
    assert_eq!(provider.ask(proven(asks("DPoP"), &proof)).await.status, 401, "once");
}
