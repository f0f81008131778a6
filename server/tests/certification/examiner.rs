//! Who asks: clients as an examiner registers them, requests, and flows played to their end.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Weak};

use jose::{JwkSet, JwsAlg, Signer as _, SigningKey, base64url};
use serde_json::{Map, Value, json};
use testkit::http::{Answer, Question, encode};
use testkit::{Browser, Page, Provider};

use super::checks::{self, Fields};
use crate::ground::plan;

/// Where we are, behind a proxy.
pub(super) const ISSUER: &str = "https://op.test";
/// Where the examiner is. Its browser never goes in.
pub(super) const SUITE: &str = "https://suite.test/";
/// Its redirect URI.
pub(super) const CALLBACK: &str = "https://suite.test/test/a/ostiary/callback";
/// The fixture user's password.
const PASSWORD: &str = "a fixture's password";

/// The response types of the plans (§2.2).
pub(super) const KINDS: &[&str] =
    &["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];

static NUMBER: AtomicU32 = AtomicU32::new(0);
static SHARED: tokio::sync::Mutex<Weak<Examiner>> = tokio::sync::Mutex::const_new(Weak::new());
/// One key for every client: RSA takes a while to make.
static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(JwsAlg::Rs256, "never said").unwrap());

/// A response type and how it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Variant {
    pub(super) kind: &'static str,
    pub(super) mode: Mode,
}

/// `response_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Default,
    FormPost,
}

impl Variant {
    /// Every one.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().flat_map(|kind| [Mode::Default, Mode::FormPost].map(|mode| Self { kind, mode }))
    }

    /// Those that have a code.
    pub(super) fn with_code() -> impl Iterator<Item = Self> {
        Self::all().filter(|variant| variant.carries("code"))
    }

    pub(super) fn carries(self, what: &str) -> bool {
        self.kind.split(' ').any(|value| value == what)
    }

    /// Whether any access token is issued.
    pub(super) fn gives_access(self) -> bool {
        self.carries("code") || self.carries("token")
    }
}

/// A client of the examiner's.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) method: String,
    pub(super) redirect_uri: String,
    /// The whole answer to its registration.
    pub(super) information: Value,
}

/// A request that is about to be sent.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) client: Client,
    pub(super) variant: Variant,
    pub(super) parameters: Vec<(String, String)>,
    /// Claims that may stand in its ID Tokens besides those of the protocol.
    pub(super) in_id_token: Vec<&'static str>,
    pub(super) verifier: Option<String>,
    endpoint: String,
}

impl Asked {
    /// With a parameter, in place of an earlier one of its name.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    pub(super) fn url(&self) -> String {
        format!("{}?{}", self.endpoint, encode(&self.pairs()))
    }
}

/// Where a request ended, and which pages the person saw on the way.
pub(super) struct Walked {
    pub(super) page: Page,
    pub(super) seen: Vec<&'static str>,
}

/// A flow that succeeded.
pub(super) struct Outcome {
    /// The authorization response.
    pub(super) fields: Fields,
    /// Pages on the way.
    pub(super) seen: Vec<&'static str>,
    /// The claims of its ID Token.
    pub(super) front: Option<Map<String, Value>>,
    /// The token response.
    pub(super) tokens: Value,
    /// The claims of its ID Token.
    pub(super) back: Option<Map<String, Value>>,
    /// What UserInfo said, if there was an access token.
    pub(super) userinfo: Option<Map<String, Value>>,
}

impl Outcome {
    /// The claims of the ID Token, wherever it came from.
    pub(super) fn claims(&self) -> &Map<String, Value> {
        self.back.as_ref().or(self.front.as_ref()).expect("every flow here gives an ID Token")
    }

    /// The ID Token itself.
    pub(super) fn id_token(&self) -> &str {
        let front = self.fields.get("id_token");
        self.tokens["id_token"].as_str().or(front).expect("every flow here gives an ID Token")
    }

    /// Its `auth_time`.
    pub(super) fn auth_time(&self) -> i64 {
        self.claims()["auth_time"].as_i64().expect("auth_time is a number of seconds")
    }

    /// An access token.
    pub(super) fn access_token(&self) -> &str {
        let front = self.fields.get("access_token");
        self.tokens["access_token"].as_str().or(front).expect("this flow gives an access token")
    }
}

/// The examiner and the provider it examines.
pub(super) struct Examiner {
    pub(super) provider: Provider,
    /// What discovery says.
    pub(super) metadata: Value,
    pub(super) jwks: JwkSet,
    clients: Vec<Client>,
}

impl Examiner {
    /// One that others use too: for tests that change nothing but their own browsers.
    pub(super) async fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().await;
        if let Some(there) = shared.upgrade() {
            return there;
        }
        let fresh = Arc::new(Self::new().await);
        *shared = Arc::downgrade(&fresh);
        fresh
    }

    /// One of its own, with a client for each response type.
    pub(super) async fn new() -> Self {
        let mut provider = plan().https(ISSUER).prepare();
        let claims = provider.file("fixture.json", &fixture().to_string());
        let user = ["user", "add", "fixture", "--password-stdin", "--claims", &claims];
        provider.cli_with(PASSWORD, &user).await;
        provider.cli(&["registration", "open"]).await;
        provider.start().await;
        let metadata = provider.get("/.well-known/openid-configuration").await.unwrap().json();
        let jwks = JwkSet::read_public(&provider.get("/jwks").await.unwrap().json()).unwrap();
        let mut examiner = Self { provider, metadata, jwks, clients: Vec::new() };
        for kind in KINDS {
            examiner.clients.push(examiner.register(&registration(kind)).await);
        }
        examiner
    }

    /// Registers one more client.
    pub(super) async fn register(&self, metadata: &Value) -> Client {
        let information = checks::registered(metadata, &self.proposes(metadata).await);
        let text = |name: &str| information[name].as_str().unwrap_or_default().to_owned();
        Client {
            id: text("client_id"),
            secret: text("client_secret"),
            method: text("token_endpoint_auth_method"),
            redirect_uri: metadata["redirect_uris"][0].as_str().unwrap().to_owned(),
            information,
        }
    }

    /// Asks to be registered; whatever the answer is.
    pub(super) async fn proposes(&self, metadata: &Value) -> Answer {
        let mut question = Question::post(self.metadata["registration_endpoint"].as_str().unwrap(), &[]);
        question.headers = vec![("content-type".into(), "application/json".into())];
        question.body = metadata.to_string().into_bytes();
        // From a network of its own each time: how many one network may register is not what is asked here.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let network = format!("198.18.{}.{}", number / 256 % 256, number % 256);
        self.provider.ask(question.header("x-forwarded-for", &network)).await
    }

    /// What a client asks of its own registration.
    pub(super) async fn manages(&self, client: &Client, method: &'static str) -> Answer {
        let text = |name: &str| client.information[name].as_str().unwrap();
        let question = Question { method, ..Question::get(text("registration_client_uri")) };
        let bearer = format!("Bearer {}", text("registration_access_token"));
        self.provider.ask(question.header("authorization", &bearer)).await
    }

    /// The client of a response type.
    pub(super) fn client(&self, kind: &str) -> &Client {
        &self.clients[KINDS.iter().position(|known| *known == kind).unwrap()]
    }

    pub(super) fn browser(&self) -> Browser {
        let mut browser = Browser::new(&self.provider);
        browser.stops_at = Some(SUITE.to_owned());
        browser
    }

    /// A request of the client of that response type.
    pub(super) fn ask(&self, variant: Variant) -> Asked {
        self.ask_as(self.client(variant.kind), variant)
    }

    /// A request of another client.
    pub(super) fn ask_as(&self, client: &Client, variant: Variant) -> Asked {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let endpoint = self.metadata["authorization_endpoint"].as_str().unwrap().to_owned();
        let (state, nonce) = (format!("State{number:0>4}xyz"), format!("Nonce{number:0>4}xyz"));
        let parameters = [
            ("client_id", client.id.as_str()),
            ("redirect_uri", client.redirect_uri.as_str()),
            ("scope", "openid"),
            ("state", state.as_str()),
            ("nonce", nonce.as_str()),
            ("response_type", variant.kind),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let asked =
            Asked { client: client.clone(), variant, parameters, in_id_token: Vec::new(), verifier: None, endpoint };
        match variant.mode {
            Mode::Default => asked,
            Mode::FormPost => asked.with("response_mode", "form_post"),
        }
    }

    /// Sends the browser there, and through whatever it asks.
    pub(super) async fn walk(&self, browser: &mut Browser, asked: &Asked) -> Walked {
        let page = browser.open_from_elsewhere(&asked.url()).await;
        self.through(browser, page).await
    }

    /// Goes through whatever is asked.
    pub(super) async fn through(&self, browser: &mut Browser, mut page: Page) -> Walked {
        let mut seen = Vec::new();
        loop {
            // Distinguishable paths (§1): a script of the examiner's finds its form by the address.
            if page.has_form("login-form") {
                assert_eq!(page.url.path(), "/login");
                seen.push("login");
                page = browser.sign_in(&page, "fixture", PASSWORD).await;
                assert!(!page.has_form("login-form"), "the right password does: {}", page.answer.body);
            } else if page.has_form("consent-form") {
                assert_eq!(page.url.path(), "/consent");
                seen.push("consent");
                page = browser.allow(&page).await;
            } else {
                return Walked { page, seen };
            }
        }
    }

    /// A request that must succeed, and everything that follows from it.
    pub(super) async fn succeeds(&self, browser: &mut Browser, asked: &Asked) -> Outcome {
        let walked = self.walk(browser, asked).await;
        self.concludes(asked, walked).await
    }

    /// What follows from an authorization response.
    pub(super) async fn concludes(&self, asked: &Asked, walked: Walked) -> Outcome {
        let fields = checks::success(asked, &walked.page);
        let mut outcome =
            Outcome { fields, seen: walked.seen, front: None, tokens: Value::Null, back: None, userinfo: None };
        if let Some(token) = outcome.fields.get("id_token") {
            let front = checks::id_token(self, asked, token, &outcome.fields);
            outcome.front = Some(front);
        }
        if let Some(token) = outcome.fields.get("access_token") {
            outcome.userinfo = Some(self.userinfo(token).await);
        }
        if let Some(code) = outcome.fields.get("code") {
            let answer = self.redeem(asked, code).await;
            outcome.tokens = checks::token_response(&answer);
            let token = outcome.tokens["id_token"].as_str().expect("an ID Token comes with openid").to_owned();
            let beside = Fields::of([("access_token", outcome.tokens["access_token"].as_str().unwrap())]);
            outcome.back = Some(checks::id_token(self, asked, &token, &beside));
            outcome.userinfo = Some(self.userinfo(outcome.tokens["access_token"].as_str().unwrap()).await);
        }
        checks::one_person(&outcome);
        outcome
    }

    /// A request that must be refused where it came from; the error's code.
    pub(super) async fn refuses(&self, browser: &mut Browser, asked: &Asked) -> String {
        let page = browser.open_from_elsewhere(&asked.url()).await;
        checks::refusal(asked, &page)
    }

    /// A request that must end on a page of ours: no redirect, a stable phrase.
    pub(super) async fn shows(&self, browser: &mut Browser, asked: &Asked, phrase: &str) {
        let page = browser.open_from_elsewhere(&asked.url()).await;
        checks::error_page(&page, "/authorize", phrase);
    }

    /// Redeems a code.
    pub(super) async fn redeem(&self, asked: &Asked, code: &str) -> Answer {
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &*asked.client.redirect_uri)];
        if let Some(verifier) = &asked.verifier {
            fields.push(("code_verifier", verifier));
        }
        self.token(&asked.client, &fields).await
    }

    /// Asks the token endpoint, authenticated as the client registered.
    pub(super) async fn token(&self, client: &Client, fields: &[(&str, &str)]) -> Answer {
        let url = self.metadata["token_endpoint"].as_str().unwrap();
        let assertion = match client.method.as_str() {
            "private_key_jwt" => Some(assertion(&KEY, &client.id, url)),
            "client_secret_jwt" => {
                let key = SigningKey::from_secret(JwsAlg::Hs256, client.secret.as_bytes()).unwrap();
                Some(assertion(&key, &client.id, url))
            }
            _ => None,
        };
        if let Some(assertion) = assertion {
            return self.token_with_assertion(fields, &assertion).await;
        }
        let question = match client.method.as_str() {
            "client_secret_basic" => Question::post(url, fields).basic(&client.id, &client.secret),
            "client_secret_post" => {
                let own = [("client_id", client.id.as_str()), ("client_secret", client.secret.as_str())];
                Question::post(url, &[fields, &own].concat())
            }
            _ => Question::post(url, &[fields, &[("client_id", &*client.id)]].concat()),
        };
        self.provider.ask(question).await
    }

    /// Asks the token endpoint with an assertion of the caller's.
    pub(super) async fn token_with_assertion(&self, fields: &[(&str, &str)], assertion: &str) -> Answer {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let own = [("client_assertion_type", kind), ("client_assertion", assertion)];
        let url = self.metadata["token_endpoint"].as_str().unwrap();
        self.provider.ask(Question::post(url, &[fields, &own].concat())).await
    }

    /// Asks UserInfo with a bearer token.
    pub(super) async fn userinfo(&self, token: &str) -> Map<String, Value> {
        let question = Question::get(self.metadata["userinfo_endpoint"].as_str().unwrap());
        let question =
            question.header("authorization", &format!("Bearer {token}")).header("accept", "application/json");
        checks::userinfo(&self.provider.ask(question).await)
    }
}

/// What an examiner registers (§2.0): one response type, the grant types that go with it, one RSA key without a `kid`.
pub(super) fn registration(kind: &str) -> Value {
    let code = kind.split(' ').any(|value| value == "code").then_some("authorization_code");
    let implicit = (kind != "code").then_some("implicit");
    json!({
        "client_name": format!("Examiner {kind}"),
        "grant_types": code.into_iter().chain(implicit).collect::<Vec<_>>(),
        "response_types": [kind],
        "redirect_uris": [CALLBACK],
        "contacts": ["certification@suite.test"],
        "token_endpoint_auth_method": "client_secret_basic",
        "jwks": jwks(),
    })
}

/// The examiner's key, as it registers it.
pub(super) fn jwks() -> Value {
    let mut key = KEY.public_jwk();
    key.as_object_mut().unwrap().remove("kid");
    json!({ "keys": [key] })
}

/// A client assertion as an examiner makes it: no `kid`.
pub(super) fn assertion(key: &SigningKey, client: &str, aud: &str) -> String {
    signed(key, &json!({ "alg": key.alg().as_str() }), &assertion_claims(client, aud))
}

/// The claims of one.
pub(super) fn assertion_claims(client: &str, aud: &str) -> Value {
    let now = checks::now();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    json!({
        "iss": client, "sub": client, "aud": aud, "iat": now, "nbf": now, "exp": now + 60,
        "jti": format!("{client} {number}"),
    })
}

/// A JWT with exactly this header.
pub(super) fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", base64url(header.to_string()), base64url(claims.to_string()));
    format!("{input}.{}", base64url(key.sign(input.as_bytes()).unwrap()))
}

/// The examiner's own key.
pub(super) fn own_key() -> &'static SigningKey {
    &KEY
}

/// A user with every standard claim (`certification.md` §3 item 1).
pub(super) fn fixture() -> Value {
    json!({
        "name": "Fixture User", "given_name": "Fixture", "family_name": "User", "middle_name": "Mid", "nickname": "Fix",
        "preferred_username": "fixture", "profile": "https://example.org/fixture", "website": "https://example.org/",
        "picture": "https://example.org/fixture.png", "gender": "female", "birthdate": "1990-02-28",
        "zoneinfo": "Europe/Paris", "locale": "en-GB", "email": "fixture@example.org", "email_verified": true,
        "phone_number": "+33 1 23 45 67 89", "phone_number_verified": true,
        "address": {
            "formatted": "1 rue X\n69000 Lyon\nFrance", "street_address": "1 rue X", "locality": "Lyon",
            "region": "ARA", "postal_code": "69000", "country": "France",
        },
    })
}
