//! Aggregated and distributed claims (OpenID Connect Core §5.6.2).

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jose::{JwsAlg, SigningKey};
use serde_json::{Value, json};
use testkit::http::Question;
use testkit::relying_party::{Reply, part};
use testkit::{Browser, Provider, RelyingParty, eventually};
use tokio::task::JoinSet;

use super::super::ground::{ADA, plan, sql, with_ada};
use super::userinfo;

/// A claims provider's key, and what it says with it.
struct Office {
    key: SigningKey,
}

impl Office {
    fn new() -> Self {
        Self { key: SigningKey::generate(JwsAlg::Es256, "office").unwrap() }
    }

    fn says(&self, claims: &Value, seconds: i64) -> String {
        #[expect(clippy::disallowed_methods, reason = "the server's clock is the machine's")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut all = json!({ "iss": "https://office.example", "exp": i64::try_from(now).unwrap() + seconds });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        jose::sign(&self.key, None, all.to_string().as_bytes()).unwrap()
    }

    /// Configures it at a provider; `more` are further arguments.
    async fn configure(&self, provider: &Provider, more: &[&str]) {
        let jwks = provider.file("office.jwks", &json!({ "keys": [self.key.public_jwk()] }).to_string());
        let add = ["claim-source", "add", "office", "--kind", "aggregated", "--claim", "degree", "--claim", "school"];
        let place = ["--issuer", "https://office.example", "--jwks", &jwks];
        provider.cli(&[&add[..], &place, more].concat()).await;
        knows(provider, "aggregated").await;
    }
}

/// Waits until the running server knows of claims providers of a kind.
async fn knows(provider: &Provider, kind: &str) {
    eventually("the kind of claims is discovered", Duration::from_secs(20), async || {
        let document = provider.get("/.well-known/openid-configuration").await.unwrap().json();
        let types = document["claim_types_supported"].as_array().unwrap();
        types.iter().any(|one| one == kind).then_some(())
    })
    .await;
}

const ASKS: &str = r#"{"userinfo": {"degree": {"essential": true}, "name": null}, "id_token": {"degree": null}}"#;

#[tokio::test]
async fn a_jwt_the_operator_gave_is_verified_agreed_to_and_passed_on() {
    let provider = with_ada(plan()).await;
    let (office, stranger) = (Office::new(), Office::new());
    office.configure(&provider, &[]).await;
    let said = json!({ "degree": "PhD", "school": "Lyon" });
    let link = ["claim-source", "link", "office", ADA.0, "--jwt"];
    for bad in
        [stranger.says(&said, 600), office.says(&said, -1), office.says(&json!({ "degree": "PhD", "salary": 1 }), 600)]
    {
        let file = provider.file("bad.jwt", &bad);
        assert!(provider.try_cli("", &[&link[..], &[&file]].concat()).await.is_err());
    }
    assert!(provider.try_cli("", &link[..4]).await.is_err(), "nothing to tell");
    let jwt = office.says(&said, 600);
    let file = provider.file("good.jwt", &jwt);
    provider.cli(&[&link[..], &[&file]].concat()).await;
    let mut party = RelyingParty::open().await;
    let mut metadata = party.metadata("Shop");
    metadata["userinfo_signed_response_alg"] = json!("ES256");
    party.register(&provider, &metadata, &[]).await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("claims", ASKS);
    let page = browser.open(&begun.url()).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    assert!(page.says("degree") && page.says("school"), "all that the JWT tells is agreed to: {}", page.answer.body);
    let page = browser.allow(&page).await;
    let tokens = party.complete(&provider, &begun, &page).await;
    let sources = json!({ "office": { "JWT": jwt } });
    assert_eq!(
        (&tokens.claims["_claim_names"], &tokens.claims["_claim_sources"]),
        (&json!({ "degree": "office" }), &sources)
    );
    let bearer = format!("Bearer {}", tokens.get("access_token"));
    let answer = provider.ask(Question::get(&provider.url("/userinfo")).header("authorization", &bearer)).await;
    assert_eq!(answer.header("content-type"), Some("application/jwt"));
    let told = part(&answer.body, 1);
    assert_eq!((&told["_claim_names"], &told["_claim_sources"]), (&json!({ "degree": "office" }), &sources));
    assert!(!told.contains_key("degree") && !told.contains_key("school"));
    // Whoever did not ask hears nothing of it.
    let other = RelyingParty::first_party(&provider, "Other").await;
    let begun = other.begin(&provider);
    let page = browser.open(&begun.url()).await;
    let tokens = other.complete(&provider, &begun, &page).await;
    assert!(userinfo(&provider, tokens.get("access_token")).await.get("_claim_sources").is_none());
    // The provider's keys are others now: what was kept is believed no more.
    let jwks = provider.file("new.jwks", &json!({ "keys": [stranger.key.public_jwk()] }).to_string());
    provider.cli(&["claim-source", "update", "office", "--jwks", &jwks]).await;
    eventually("it is not passed on", Duration::from_secs(20), async || {
        let answer = provider.ask(Question::get(&provider.url("/userinfo")).header("authorization", &bearer)).await;
        (!part(&answer.body, 1).contains_key("_claim_sources")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_jwt_is_fetched_once_kept_and_left_out_when_its_provider_is_down() {
    let provider = with_ada(plan()).await;
    let office = Office::new();
    let mut desk = RelyingParty::open().await;
    let jwt = office.says(&json!({ "degree": "PhD" }), 600);
    let endpoint = desk.serves("/claims", jwt.clone());
    office.configure(&provider, &["--endpoint", &endpoint]).await;
    let link = ["claim-source", "link", "office", ADA.0, "--token-stdin"];
    provider.cli_with("s3cret-token\n", &link).await;
    let dump = sql(&provider, "SELECT token FROM claim_link; SELECT detail FROM audit;");
    assert!(!dump.contains("s3cret-token"), "it is sealed, and in no line of the audit trail: {dump}");
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("claims", r#"{"userinfo": {"degree": null, "email": null}}"#);
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let tokens = party.complete(&provider, &begun, &page).await;
    assert_eq!(desk.asked("/claims"), 0, "nobody asked for it in the ID Token");
    for _ in 0..3 {
        let told = userinfo(&provider, tokens.get("access_token")).await;
        assert_eq!(told["_claim_sources"], json!({ "office": { "JWT": jwt } }), "{told}");
    }
    assert_eq!(desk.asked("/claims"), 1, "it is kept while it is good");
    // Linked anew, what was kept is of another token; and the provider is down.
    provider.cli_with("another-token", &link).await;
    desk.down();
    let start = Instant::now();
    for _ in 0..3 {
        let told = userinfo(&provider, tokens.get("access_token")).await;
        assert!(told.get("_claim_sources").is_none() && told["email"] == "ada@example.org", "{told}");
    }
    assert!(start.elapsed() < Duration::from_secs(20), "nobody waits for it");
    let said = provider.log().matches("claims are left out").count();
    assert_eq!(said, 1, "it is said once");
}

#[tokio::test]
async fn a_jwt_that_is_not_its_providers_is_not_passed_on() {
    let provider = with_ada(plan()).await;
    let office = Office::new();
    let desk = RelyingParty::open().await;
    let endpoint = desk.serves("/claims", Office::new().says(&json!({ "degree": "PhD" }), 600));
    office.configure(&provider, &["--endpoint", &endpoint]).await;
    provider.cli_with("token", &["claim-source", "link", "office", ADA.0, "--token-stdin"]).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("claims", ASKS);
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let tokens = party.complete(&provider, &begun, &page).await;
    assert!(!tokens.claims.contains_key("_claim_sources"), "{:?}", tokens.claims);
    for _ in 0..3 {
        assert!(userinfo(&provider, tokens.get("access_token")).await.get("_claim_sources").is_none());
    }
    assert_eq!(desk.asked("/claims"), 1, "and is not asked for again at once");
}

/// One that hangs takes its own time, and no other's good name.
#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_hangs_marks_down_no_other() {
    let provider = with_ada(plan()).await;
    let (office, desk, slow) = (Office::new(), RelyingParty::open().await, RelyingParty::open().await);
    let jwt = office.says(&json!({ "degree": "PhD" }), 600);
    let endpoint = desk.serves("/claims", jwt);
    let jwks = provider.file("slow.jwks", &json!({ "keys": [office.key.public_jwk()] }).to_string());
    let add = ["claim-source", "add", "slow", "--kind", "aggregated", "--claim", "shoe_size", "--jwks", &jwks];
    let place = slow.says("/claims", Reply::Hang);
    provider.cli(&[&add[..], &["--issuer", "https://office.example", "--endpoint", &place]].concat()).await;
    office.configure(&provider, &["--endpoint", &endpoint]).await;
    for source in ["slow", "office"] {
        provider.cli_with("token", &["claim-source", "link", source, ADA.0, "--token-stdin"]).await;
    }
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let mut tokens = async |claims: &str| {
        let begun = party.begin(&provider).with("claims", claims);
        let page = browser.open(&begun.url()).await;
        let page = browser.through(page, ADA.0, ADA.1).await;
        party.complete(&provider, &begun, &page).await.get("access_token").to_owned()
    };
    let of_slow = tokens(r#"{"userinfo": {"shoe_size": null}}"#).await;
    let of_office = tokens(r#"{"userinfo": {"degree": null}}"#).await;
    let provider = Arc::new(provider);
    let mut storm = JoinSet::new();
    for _ in 0..64 {
        let (provider, token) = (Arc::clone(&provider), of_slow.clone());
        storm.spawn(async move { userinfo(&provider, &token).await });
    }
    eventually("the room is full", Duration::from_secs(10), async || (slow.asked("/claims") >= 32).then_some(())).await;
    userinfo(&provider, &of_office).await;
    storm.join_all().await;
    let told = userinfo(&provider, &of_office).await;
    assert!(told.get("_claim_sources").is_some(), "{told}");
}

#[tokio::test]
async fn distributed_claims_are_told_by_where_they_are() {
    let provider = with_ada(plan()).await;
    let add = ["claim-source", "add", "bank", "--kind", "distributed", "--claim", "credit_score"];
    assert!(provider.try_cli("", &add).await.is_err(), "without an endpoint");
    let odd = [&add[..], &["--endpoint", "http://bank.example/"]].concat();
    assert!(provider.try_cli("", &odd).await.is_err(), "a token is sent there");
    provider.cli(&[&add[..], &["--endpoint", "https://bank.example/claims"]].concat()).await;
    let everybody = ["claim-source", "add", "club", "--kind", "distributed", "--claim", "member", "--everybody"];
    provider.cli(&[&everybody[..], &["--endpoint", "https://club.example/claims"]].concat()).await;
    knows(&provider, "distributed").await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("claims", r#"{"userinfo": {"credit_score": null, "member": null}}"#);
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let tokens = party.complete(&provider, &begun, &page).await;
    let told = userinfo(&provider, tokens.get("access_token")).await;
    let club = json!({ "endpoint": "https://club.example/claims" });
    assert_eq!(
        (&told["_claim_names"], &told["_claim_sources"]),
        (&json!({ "member": "club" }), &json!({ "club": club }))
    );
    provider.cli_with("ksj3n283dke", &["claim-source", "link", "bank", ADA.0, "--token-stdin"]).await;
    let told = userinfo(&provider, tokens.get("access_token")).await;
    let bank = json!({ "endpoint": "https://bank.example/claims", "access_token": "ksj3n283dke" });
    assert_eq!(told["_claim_sources"], json!({ "bank": bank, "club": club }));
    let links = provider.cli(&["claim-source", "links", "bank"]).await;
    assert_eq!((&links[0]["username"], &links[0]["token"]), (&json!(ADA.0), &json!(true)), "{links}");
    provider.cli(&["claim-source", "unlink", "bank", ADA.0]).await;
    assert!(userinfo(&provider, tokens.get("access_token")).await["_claim_sources"].get("bank").is_none());
}
