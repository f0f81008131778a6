//! The authorization code flow with PKCE, as a relying party runs it.
//!
//! Invariant: `state`, `nonce` and verifier are fresh each time, and checked on the way back.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value};

use crate::browser::{Browser, Page};
use crate::http::{Answer, Question, encode};
use crate::provider::Provider;
use crate::relying_party::{RelyingParty, part};

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// An authorization request that was begun.
#[derive(Clone, Debug)]
pub struct Begun {
    endpoint: String,
    /// Its parameters.
    pub parameters: Vec<(String, String)>,
    /// Its `state`.
    pub state: String,
    /// Its `nonce`.
    pub nonce: String,
    /// Its PKCE verifier.
    pub verifier: String,
}

impl Begun {
    /// With a parameter, in place of an earlier one of its name.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(n, _)| n != name);
        self
    }

    /// The parameters, as pairs.
    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()
    }

    /// The address to send the browser to.
    pub fn url(&self) -> String {
        format!("{}?{}", self.endpoint, encode(&self.pairs()))
    }
}

/// What a code was redeemed for.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The whole answer.
    pub all: Value,
    /// The ID Token as it came.
    pub id_token: String,
    /// Its claims.
    pub claims: Map<String, Value>,
}

impl Tokens {
    /// A member of the answer.
    ///
    /// # Panics
    /// If it is not there.
    pub fn get(&self, name: &str) -> &str {
        self.all.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {}", self.all))
    }

    /// A claim of the ID Token.
    ///
    /// # Panics
    /// If it is not there.
    pub fn claim(&self, name: &str) -> &str {
        self.claims.get(name).and_then(Value::as_str).unwrap_or_else(|| panic!("no {name} in {:?}", self.claims))
    }
}

impl RelyingParty {
    /// Begins a sign-in.
    pub fn begin(&self, provider: &Provider) -> Begun {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let state = format!("state-{number}-of-{}", self.client_id);
        let nonce = format!("nonce-{number}");
        let verifier = format!("verifier-{number:0>40}-{}", std::process::id());
        let challenge = jose::base64url(jose::sha256(verifier.as_bytes()));
        let uri = self.redirect_uri();
        let parameters = [
            ("client_id", self.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", uri.as_str()),
            ("scope", "openid email"),
            ("state", state.as_str()),
            ("nonce", nonce.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let parameters = parameters.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        Begun { endpoint: provider.url("/authorize"), parameters, state, nonce, verifier }
    }

    /// A POST of its own to an endpoint: with its secret by Basic, or a public client's by its name alone.
    pub fn asks(&self, provider: &Provider, path: &str, fields: &[(&str, &str)]) -> Question {
        let url = provider.url(path);
        match self.client_secret.is_empty() {
            true => Question::post(&url, &[fields, &[("client_id", &self.client_id)]].concat()),
            false => Question::post(&url, fields).basic(&self.client_id, &self.client_secret),
        }
    }

    /// Redeems a code; whatever the answer is.
    pub async fn try_redeem(&self, provider: &Provider, code: &str, verifier: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri()),
            ("code_verifier", verifier),
        ];
        provider.ask(self.asks(provider, "/token", &fields)).await
    }

    /// Refreshes; whatever the answer is.
    pub async fn try_refresh(&self, provider: &Provider, token: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        provider.ask(self.asks(provider, "/token", &fields)).await
    }

    /// Takes the code from the page a browser came back with, and redeems it.
    ///
    /// # Panics
    /// If anything about it is not as it must be.
    pub async fn complete(&self, provider: &Provider, begun: &Begun, page: &Page) -> Tokens {
        assert!(
            page.url.as_str().starts_with(&self.redirect_uri()),
            "the browser came back, not to {} ({}): {}",
            page.url,
            page.answer.status,
            page.answer.body
        );
        assert_eq!(page.parameter("error"), None, "at {}", page.url);
        assert_eq!(page.parameter("state").as_deref(), Some(begun.state.as_str()));
        assert_eq!(page.parameter("iss").as_deref(), Some(provider.issuer()), "RFC 9207");
        let code = page.parameter("code").expect("a code came");
        let answer = self.try_redeem(provider, &code, &begun.verifier).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let all = answer.json();
        let id_token = all.get("id_token").and_then(Value::as_str).unwrap_or_default().to_owned();
        let claims = part(&id_token, 1);
        assert_eq!(claims.get("nonce").and_then(Value::as_str), Some(begun.nonce.as_str()));
        assert_eq!(claims.get("aud").and_then(Value::as_str), Some(self.client_id.as_str()));
        Tokens { all, id_token, claims }
    }

    /// A whole sign-in: to the provider, through whatever it asks, back, and the code redeemed.
    pub async fn sign_in(&self, provider: &Provider, browser: &mut Browser, (name, password): (&str, &str)) -> Tokens {
        let begun = self.begin(provider);
        let page = browser.open(&begun.url()).await;
        let page = browser.through(page, name, password).await;
        self.complete(provider, &begun, &page).await
    }

    /// Where to send a browser to sign out.
    pub fn end_session_url(&self, provider: &Provider, fields: &[(&str, &str)]) -> String {
        format!("{}?{}", provider.url("/end_session"), encode(fields))
    }
}
