//! Tokens that are bound to a certificate: RFC 8705 §3, §4.

use serde_json::{Value, json};
use testkit::dpop::Prover;
use testkit::http::{Answer, Question};
use testkit::relying_party::part;
use testkit::{Browser, Credential, RelyingParty, Wanted};

use super::{Ground, vouched, wanted};
use crate::ground::{ADA, resource_server};

const API: &str = "https://api.example/";

/// A person who is signed in, and a client whose tokens are bound.
struct Bound {
    ground: Ground,
    browser: Browser,
    party: RelyingParty,
    own: Credential,
}

impl Bound {
    /// By a client that authenticates like this.
    async fn new(own: impl FnOnce(&Ground) -> Credential, how: &Value) -> Self {
        let ground = Ground::new().await;
        let mut party = RelyingParty::open().await;
        let mut metadata = json!({
            "redirect_uris": [party.redirect_uri()],
            "grant_types": ["authorization_code", "refresh_token"],
            "tls_client_certificate_bound_access_tokens": true,
        });
        for (name, value) in how.as_object().unwrap() {
            metadata[name.as_str()] = value.clone();
        }
        party.register(&ground.provider, &metadata, &["--first-party"]).await;
        let first = RelyingParty::first_party(&ground.provider, "First").await;
        let mut browser = Browser::new(&ground.provider);
        first.sign_in(&ground.provider, &mut browser, ADA).await;
        let own = own(&ground);
        Self { ground, browser, party, own }
    }

    async fn confidential() -> Self {
        Self::new(|ground| ground.authority.issue(&wanted()), &vouched()).await
    }

    async fn public() -> Self {
        Self::new(|_| Wanted::of("a telephone").own(), &json!({ "token_endpoint_auth_method": "none" })).await
    }

    /// The question that redeems a fresh code, at this address.
    async fn redeems(&mut self, url: &str, more: &[(&str, &str)]) -> Question {
        let mut begun = self.party.begin(&self.ground.provider);
        begun = more.iter().fold(begun, |begun, (name, value)| begun.with(name, value));
        let page = self.browser.open(&begun.url()).await;
        let code = page.parameter("code").unwrap_or_else(|| panic!("no code at {}", page.url));
        let uri = self.party.redirect_uri();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", uri.as_str()),
            ("code_verifier", begun.verifier.as_str()),
            ("client_id", self.party.client_id.as_str()),
        ];
        Question::post(url, &fields)
    }

    /// Tokens bound to the client's certificate.
    async fn tokens(&mut self, more: &[(&str, &str)]) -> Value {
        let url = self.ground.alias("/token");
        let question = self.redeems(&url, more).await;
        let answer = self.own.ask(question, &[]).await;
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, self.ground.provider.log());
        answer.json()
    }

    fn refreshes(&self, token: &str) -> Question {
        let client = self.party.client_id.as_str();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client)];
        Question::post(&self.ground.alias("/token"), &fields)
    }
}

fn userinfo(base: &str, token: &str) -> Question {
    Question::get(&format!("{base}/userinfo")).header("authorization", &format!("Bearer {token}"))
}

fn is_refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{}", answer.body);
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

/// RFC 8705 §3, §3.2
#[tokio::test]
async fn a_token_is_good_over_connections_with_its_certificate_alone() {
    let mut bound = Bound::confidential().await;
    let tokens = bound.tokens(&[]).await;
    assert_eq!(tokens["token_type"], "Bearer");
    let token = text(&tokens, "access_token");
    let alias = bound.ground.base.clone();
    let answer = bound.own.ask(userinfo(&alias, token), &[]).await;
    assert_eq!((answer.status, answer.json()["email"].as_str()), (200, Some("ada@example.org")), "{}", answer.body);
    // In a form it is the same token.
    let form = Question::post(&bound.ground.alias("/userinfo"), &[("access_token", token)]);
    assert_eq!(bound.own.ask(form.clone(), &[]).await.status, 200);
    let thieves = [bound.ground.authority.issue(&wanted()), Wanted::of("a thief").own()];
    for thief in &thieves {
        for question in [userinfo(&alias, token), form.clone()] {
            let answer = thief.ask(question, &[]).await;
            is_refused(&answer, 401, "invalid_token");
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Bearer ") && challenge.contains("invalid_token"), "{challenge}");
        }
    }
    is_refused(&userinfo(&alias, token).send(&[]).await.unwrap(), 401, "invalid_token");
    // Where no certificate is asked for there is none to be seen, whoever comes.
    let issuer = bound.ground.provider.issuer().to_owned();
    is_refused(&userinfo(&issuer, token).send(&[]).await.unwrap(), 401, "invalid_token");
    is_refused(&bound.own.ask(userinfo(&issuer, token), &[]).await, 401, "invalid_token");
    // And no header field stands in for it.
    let field = format!(":{}:", base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &bound.own.der));
    for base in [&alias, &issuer] {
        let forged = userinfo(base, token).header("client-cert", &field);
        is_refused(&forged.send(&[]).await.unwrap(), 401, "invalid_token");
    }
    let asked = [("token", token), ("client_id", bound.party.client_id.as_str())];
    let said = bound.own.ask(Question::post(&bound.ground.alias("/introspect"), &asked), &[]).await.json();
    assert_eq!((&said["active"], &said["token_type"]), (&json!(true), &json!("Bearer")));
    assert_eq!(said["cnf"], json!({ "x5t#S256": bound.own.x5t() }));
}

/// RFC 8705 §3.1
#[tokio::test]
async fn a_jwt_says_what_it_is_bound_to() {
    let mut bound = Bound::confidential().await;
    let server = json!({ "resource": API, "access_token_format": "jwt", "scopes": { "api:read": {} } });
    resource_server(&bound.ground.provider, &server).await;
    let tokens = bound.tokens(&[("scope", "openid api:read"), ("resource", API)]).await;
    let claims = part(text(&tokens, "access_token"), 1);
    assert_eq!((&claims["aud"], &claims["cnf"]), (&json!(API), &json!({ "x5t#S256": bound.own.x5t() })));
}

/// RFC 8705 §3.4: nothing is issued, and nothing spent, without what it would be bound to.
#[tokio::test]
async fn without_a_certificate_there_is_no_token() {
    let mut bound = Bound::public().await;
    let url = bound.ground.provider.url("/token");
    let question = bound.redeems(&url, &[]).await;
    let answer = question.clone().send(&[]).await.unwrap();
    is_refused(&answer, 400, "invalid_request");
    assert!(answer.body.contains("mtls_endpoint_aliases"), "{}", answer.body);
    // A proof of a key does not stand in for it, and does not stand beside it.
    let alias = bound.ground.alias("/token");
    let proof = Prover::new().proof("POST", &alias, &json!({}));
    let mut moved = question;
    moved.url = testkit::http::read(&alias);
    let answer = bound.own.ask(moved.clone().header("dpop", &proof), &[]).await;
    is_refused(&answer, 400, "invalid_request");
    assert!(answer.body.contains("it must send no DPoP proof"), "{}", answer.body);
    assert_eq!(bound.own.ask(moved, &[]).await.status, 200, "the code was not spent for that");
    let par = bound.ground.alias("/par");
    let proof = Prover::new().proof("POST", &par, &json!({}));
    let uri = bound.party.redirect_uri();
    let fields = [
        ("client_id", bound.party.client_id.as_str()),
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", uri.as_str()),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    is_refused(&bound.own.ask(Question::post(&par, &fields).header("dpop", &proof), &[]).await, 400, "invalid_request");
}

/// RFC 8705 §4
#[tokio::test]
async fn a_public_clients_refresh_token_is_bound_too() {
    let mut bound = Bound::public().await;
    let tokens = bound.tokens(&[]).await;
    let refresh = text(&tokens, "refresh_token");
    is_refused(&Wanted::of("a thief").own().ask(bound.refreshes(refresh), &[]).await, 400, "invalid_grant");
    is_refused(&bound.refreshes(refresh).send(&[]).await.unwrap(), 400, "invalid_request");
    let again = bound.own.ask(bound.refreshes(refresh), &[]).await;
    assert_eq!(again.status, 200, "what a thief tried cost nothing: {}", again.body);
    let again = again.json();
    let next = text(&again, "refresh_token");
    is_refused(&Wanted::of("a thief").own().ask(bound.refreshes(next), &[]).await, 400, "invalid_grant");
    let alias = bound.ground.base.clone();
    let answer = bound.own.ask(userinfo(&alias, text(&again, "access_token")), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// RFC 8705 §4, §6.3: who can authenticate comes with a new certificate, and its new tokens are bound to that.
#[tokio::test]
async fn a_confidential_client_changes_its_certificate() {
    let mut bound = Bound::confidential().await;
    let tokens = bound.tokens(&[]).await;
    let old = std::mem::replace(&mut bound.own, bound.ground.authority.issue(&wanted()));
    let again = bound.own.ask(bound.refreshes(text(&tokens, "refresh_token")), &[]).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let (again, alias) = (again.json(), bound.ground.base.clone());
    let token = text(&again, "access_token");
    assert_eq!(bound.own.ask(userinfo(&alias, token), &[]).await.status, 200);
    is_refused(&old.ask(userinfo(&alias, token), &[]).await, 401, "invalid_token");
    let token = text(&tokens, "access_token");
    is_refused(&bound.own.ask(userinfo(&alias, token), &[]).await, 401, "invalid_token");
}

/// RFC 8705 §3: the operator's API is a resource like others.
#[tokio::test]
async fn the_api_wants_the_certificate_too() {
    let ground = Ground::new().await;
    let robot = ground.authority.issue(&wanted());
    let added = ground.provider.cli(&["api", "add", "robot"]).await;
    let id = text(&added, "client_id").to_owned();
    let mut metadata = ground.provider.cli(&["client", "show", &id]).await["client"].clone();
    let members = metadata.as_object_mut().unwrap();
    members.remove("client_id");
    members.extend(vouched().as_object().unwrap().clone());
    members.insert("tls_client_certificate_bound_access_tokens".into(), true.into());
    ground.provider.cli_with(&metadata.to_string(), &["client", "update", &id, "-"]).await;
    let resource = text(&added, "resource");
    let token = testkit::eventually("the changed client gets a token", std::time::Duration::from_secs(5), async || {
        let form = [("grant_type", "client_credentials"), ("resource", resource), ("client_id", id.as_str())];
        let answer = robot.ask(Question::post(&ground.alias("/token"), &form), &[]).await;
        (answer.status == 200).then(|| text(&answer.json(), "access_token").to_owned())
    })
    .await;
    let asks = |base: &str| {
        Question::get(&format!("{base}/api/v1/figures")).header("authorization", &format!("Bearer {token}"))
    };
    assert_eq!(robot.ask(asks(&ground.base), &[]).await.status, 200);
    for answer in [
        Wanted::of("a thief").own().ask(asks(&ground.base), &[]).await,
        asks(&ground.base).send(&[]).await.unwrap(),
        robot.ask(asks(ground.provider.issuer()), &[]).await,
    ] {
        is_refused(&answer, 401, "invalid_token");
    }
}
