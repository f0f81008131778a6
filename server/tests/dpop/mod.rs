//! DPoP: RFC 9449.

mod bearers;
mod nonces;
mod proofs;
mod refreshing;

use serde_json::{Value, json};
use testkit::dpop::Prover;
use testkit::http::{Answer, Question};
use testkit::relying_party::part;
use testkit::{Begun, Browser, Provider, RelyingParty};

use crate::ground::{ADA, plan, with_ada};

/// The question with a proof beside it.
fn proven(question: Question, proof: &str) -> Question {
    question.header("dpop", proof)
}

/// A person, a confidential and a public client, a browser that is signed in, and a key.
struct Ground {
    provider: Provider,
    own: RelyingParty,
    public: RelyingParty,
    browser: Browser,
    key: Prover,
}

impl Ground {
    async fn new() -> Self {
        let provider = with_ada(plan()).await;
        let own = RelyingParty::first_party(&provider, "Own").await;
        let public = RelyingParty::public(&provider, "Public").await;
        let mut browser = Browser::new(&provider);
        own.sign_in(&provider, &mut browser, ADA).await;
        Self { provider, own, public, browser, key: Prover::new() }
    }

    /// A fresh code for a client.
    async fn code(&mut self, party: Who, changed: impl Fn(Begun) -> Begun) -> (Begun, String) {
        let begun = changed(self.party(party).begin(&self.provider));
        let page = self.browser.open(&begun.url()).await;
        let code = page.parameter("code").unwrap_or_else(|| panic!("no code at {}", page.url));
        (begun, code)
    }

    fn party(&self, party: Who) -> &RelyingParty {
        match party {
            Who::Own => &self.own,
            Who::Public => &self.public,
        }
    }

    /// The question that redeems a code.
    fn redeems(&self, party: Who, begun: &Begun, code: &str) -> Question {
        let uri = self.party(party).redirect_uri();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", uri.as_str()),
            ("code_verifier", begun.verifier.as_str()),
        ];
        self.party(party).asks(&self.provider, "/token", &fields)
    }

    /// The question that refreshes.
    fn refreshes(&self, party: Who, token: &str) -> Question {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.party(party).asks(&self.provider, "/token", &fields)
    }

    fn token_proof(&self, changed: &Value) -> String {
        self.key.proof("POST", &self.provider.url("/token"), changed)
    }

    /// Tokens bound to the key.
    async fn bound(&mut self, party: Who) -> Value {
        let (begun, code) = self.code(party, |begun| begun).await;
        let question = proven(self.redeems(party, &begun, &code), &self.token_proof(&json!({})));
        let answer = self.provider.ask(question).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// UserInfo by a scheme, with a proof or without.
    async fn userinfo(&self, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
        let question =
            Question::get(&self.provider.url("/userinfo")).header("authorization", &format!("{scheme} {token}"));
        self.provider.ask(proof.into_iter().fold(question, proven)).await
    }

    fn userinfo_proof(&self, token: &str) -> String {
        self.key.proof_with("GET", &self.provider.url("/userinfo"), token)
    }

    async fn introspected(&self, party: Who, token: &str) -> Value {
        self.provider.ask(self.party(party).asks(&self.provider, "/introspect", &[("token", token)])).await.json()
    }
}

/// Which client.
#[derive(Clone, Copy)]
enum Who {
    Own,
    Public,
}

fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{}", answer.body);
}

/// RFC 9449 §5, §6, §7, item 17: bound where it is issued, said where it is asked about, needed where it is used.
#[tokio::test]
async fn an_access_token_is_bound_to_a_key() {
    let mut ground = Ground::new().await;
    let tokens = ground.bound(Who::Own).await;
    assert_eq!(tokens["token_type"], "DPoP");
    let token = tokens["access_token"].as_str().unwrap();
    let told = ground.introspected(Who::Own, token).await;
    assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("DPoP")), "{told}");
    assert_eq!(told["cnf"], json!({"jkt": ground.key.jkt()}));
    for scheme in ["DPoP", "dpop", "DPOP"] {
        let answer = ground.userinfo(scheme, token, Some(&ground.userinfo_proof(token))).await;
        assert_eq!(answer.status, 200, "{scheme}: {}", answer.body);
        assert!(answer.json()["sub"].is_string());
    }
    let posted =
        Question::post(&ground.provider.url("/userinfo"), &[]).header("authorization", &format!("DPoP {token}"));
    let proof = ground.key.proof_with("POST", &ground.provider.url("/userinfo"), token);
    assert_eq!(ground.provider.ask(proven(posted, &proof)).await.status, 200);
    // Without a proof everything is as it was.
    let (begun, code) = ground.code(Who::Own, |begun| begun).await;
    let plain = ground.provider.ask(ground.redeems(Who::Own, &begun, &code)).await.json();
    assert_eq!(plain["token_type"], "Bearer");
    let told = ground.introspected(Who::Own, plain["access_token"].as_str().unwrap()).await;
    assert!(told["token_type"] == "Bearer" && told["cnf"].is_null(), "{told}");
}

/// RFC 9449 §6.1: a JWT says to which key it is bound.
#[tokio::test]
async fn a_jwt_access_token_names_the_key() {
    let mut ground = Ground::new().await;
    let described = json!({
        "resource": "https://api.example/", "access_token_format": "jwt", "scopes": {"api:read": {}},
    });
    crate::ground::resource_server(&ground.provider, &described).await;
    let asks = |begun: Begun| begun.with("scope", "openid api:read").with("resource", "https://api.example/");
    let (begun, code) = ground.code(Who::Own, asks).await;
    let question = proven(ground.redeems(Who::Own, &begun, &code), &ground.token_proof(&json!({})));
    let tokens = ground.provider.ask(question).await.json();
    assert_eq!(tokens["token_type"], "DPoP", "{tokens}");
    let claims = part(tokens["access_token"].as_str().unwrap(), 1);
    assert_eq!(claims["cnf"], json!({"jkt": ground.key.jkt()}));
}

/// RFC 9449 §10: a code for whoever holds the key that the request named, and for nobody else.
#[tokio::test]
async fn a_code_is_bound_to_a_key() {
    let mut ground = Ground::new().await;
    let jkt = ground.key.jkt();
    let other = Prover::new();
    let url = ground.provider.url("/token");
    let (begun, code) = ground.code(Who::Public, |begun| begun.with("dpop_jkt", &jkt)).await;
    let answer = ground
        .provider
        .ask(proven(ground.redeems(Who::Public, &begun, &code), &other.proof("POST", &url, &json!({}))))
        .await;
    is_refused(&answer, 400, "invalid_grant");
    // Decision 0006: whatever was wrong, the code is gone.
    let answer =
        ground.provider.ask(proven(ground.redeems(Who::Public, &begun, &code), &ground.token_proof(&json!({})))).await;
    is_refused(&answer, 400, "invalid_grant");
    let (begun, code) = ground.code(Who::Public, |begun| begun.with("dpop_jkt", &jkt)).await;
    is_refused(&ground.provider.ask(ground.redeems(Who::Public, &begun, &code)).await, 400, "invalid_dpop_proof");
    let (begun, code) = ground.code(Who::Public, |begun| begun.with("dpop_jkt", &jkt)).await;
    let answer =
        ground.provider.ask(proven(ground.redeems(Who::Public, &begun, &code), &ground.token_proof(&json!({})))).await;
    assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{}", answer.body);
    // What is no thumbprint is refused to the client.
    let begun = ground.own.begin(&ground.provider).with("dpop_jkt", "no thumbprint");
    let page = ground.browser.open(&begun.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{}", page.url);
}

/// RFC 9449 §10.1: a proof at PAR binds the code, and must be of the key that is named.
#[tokio::test]
async fn a_proof_at_par_binds_the_code() {
    let mut ground = Ground::new().await;
    let url = ground.provider.url("/par");
    let push = |ground: &Ground, begun: &Begun, proof: &str| {
        let pairs = begun.clone().without("client_id");
        proven(ground.own.asks(&ground.provider, "/par", &pairs.pairs()), proof)
    };
    let begun = ground.own.begin(&ground.provider);
    let elsewhere = ground.token_proof(&json!({}));
    is_refused(&ground.provider.ask(push(&ground, &begun, &elsewhere)).await, 400, "invalid_dpop_proof");
    let named = begun.clone().with("dpop_jkt", &Prover::new().jkt());
    let answer = ground.provider.ask(push(&ground, &named, &ground.key.proof("POST", &url, &json!({})))).await;
    is_refused(&answer, 400, "invalid_request");
    let named = begun.clone().with("dpop_jkt", &ground.key.jkt());
    let proof = ground.key.proof("POST", &url, &json!({}));
    assert_eq!(ground.provider.ask(push(&ground, &named, &proof)).await.status, 201);
    is_refused(&ground.provider.ask(push(&ground, &named, &proof)).await, 400, "invalid_dpop_proof");
    let answer = ground.provider.ask(push(&ground, &begun, &ground.key.proof("POST", &url, &json!({})))).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let fields =
        [("client_id", ground.own.client_id.as_str()), ("request_uri", answer.json()["request_uri"].as_str().unwrap())]
            .map(|(n, v)| (n.to_owned(), v.to_owned()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let page =
        ground.browser.open(&ground.provider.url(&format!("/authorize?{}", testkit::http::encode(&fields)))).await;
    let code = page.parameter("code").unwrap();
    is_refused(&ground.provider.ask(ground.redeems(Who::Own, &begun, &code)).await, 400, "invalid_dpop_proof");
}

/// RFC 9449 §5.2, §5.1, item 17: a client that binds all its tokens gets none without a proof, and its code is not spent by asking.
#[tokio::test]
async fn a_client_can_require_it_of_itself() {
    let mut ground = Ground::new().await;
    let mut metadata = ground.own.metadata("Bound");
    metadata["dpop_bound_access_tokens"] = json!(true);
    ground.own.register(&ground.provider, &metadata, &["--first-party"]).await;
    let document = ground.provider.get("/.well-known/openid-configuration").await.unwrap().json();
    let algs = document["dpop_signing_alg_values_supported"].as_array().unwrap();
    assert!(
        algs.contains(&json!("ES256")) && algs.contains(&json!("EdDSA")) && !algs.contains(&json!("HS256")),
        "{algs:?}"
    );
    let (begun, code) = ground.code(Who::Own, |begun| begun).await;
    is_refused(&ground.provider.ask(ground.redeems(Who::Own, &begun, &code)).await, 400, "invalid_dpop_proof");
    let answer =
        ground.provider.ask(proven(ground.redeems(Who::Own, &begun, &code), &ground.token_proof(&json!({})))).await;
    assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{}", answer.body);
}

/// RFC 9449 §5: a client's own authority, bound too.
#[tokio::test]
async fn client_credentials_are_bound() {
    let ground = Ground::new().await;
    let metadata = json!({
        "client_name": "Service", "grant_types": ["client_credentials"], "scope": "read",
        "token_endpoint_auth_method": "client_secret_basic",
    });
    let mut service = RelyingParty::open().await;
    service.register(&ground.provider, &metadata, &[]).await;
    let question = service.asks(&ground.provider, "/token", &[("grant_type", "client_credentials")]);
    let answer = ground.provider.ask(proven(question, &ground.token_proof(&json!({})))).await;
    assert_eq!((answer.status, &answer.json()["token_type"]), (200, &json!("DPoP")), "{}", answer.body);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let told = ground.provider.ask(service.asks(&ground.provider, "/introspect", &[("token", &token)])).await.json();
    assert_eq!(told["cnf"]["jkt"], ground.key.jkt());
}
