//! The provider as a relying party sees it: discovery, keys, tokens, `UserInfo` (OpenID Connect Core §3.1, Discovery §4).
//!
//! Invariant: what a token says counts only after its signature, issuer, audience and times were checked (Core §3.1.3.7).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jose::{JoseError, JwkSet};
use openid::time::{Span, Time};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Rp;
use crate::outbound::{Call, Class, Limits};

const LIMITS: Limits = Limits { time: Duration::from_secs(10), body: 256 * 1024 };

/// How far clocks may differ.
const SLACK: i64 = 60;

/// Keys are not asked for more often, whatever a token's `kid` says.
const KEYS_EVERY: Span = Span::from_seconds(5);

/// What the discovery document says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Document {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) userinfo_endpoint: String,
    pub(super) jwks_uri: String,
    pub(super) end_session_endpoint: String,
}

/// What the token endpoint gives.
#[derive(Debug, Deserialize)]
pub(super) struct Tokens {
    pub(super) access_token: String,
    pub(super) id_token: String,
}

#[derive(Clone)]
struct Keys {
    set: Arc<JwkSet>,
    at: Time,
}

/// What was learnt of it.
#[derive(Default)]
pub(super) struct Provider {
    document: Mutex<Option<Document>>,
    keys: Mutex<Option<Keys>>,
}

fn read<T: DeserializeOwned>(what: &str, body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|e| format!("the provider's {what} cannot be read: {e}"))
}

impl Rp {
    async fn fetch(&self, what: &str, call: Call<'_>) -> Result<Vec<u8>, String> {
        let fetched = self.registered.outbound.call(Class::Operator, call, LIMITS).await;
        let fetched = fetched.map_err(|e| format!("the provider's {what} cannot be reached: {e}"))?;
        if fetched.status == 200 {
            return Ok(fetched.body.to_vec());
        }
        let said = serde_json::from_slice::<Map<String, Value>>(&fetched.body).ok();
        let error =
            said.as_ref().and_then(|said| said.get("error")).and_then(Value::as_str).unwrap_or("no reason given");
        Err(format!("the provider's {what} answered {}: {error}", fetched.status))
    }

    /// The discovery document, read once (Discovery §4.3: it must name the issuer that was asked).
    pub(super) async fn document(&self) -> Result<Document, String> {
        let known = self.provider.document.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let uri = format!("{}/.well-known/openid-configuration", self.registered.issuer);
        let body = self.fetch("discovery document", Call { uri: &uri, form: None, authorization: None }).await?;
        let document: Document = read("discovery document", &body)?;
        if document.issuer != self.registered.issuer {
            return Err(format!("the discovery document is of another issuer, {}", document.issuer));
        }
        *self.provider.document.lock().unwrap_or_else(PoisonError::into_inner) = Some(document.clone());
        Ok(document)
    }

    async fn keys(&self, known: Option<Keys>) -> Result<Keys, String> {
        let now = self.clock.now();
        if let Some(known) = known
            && now < known.at + KEYS_EVERY
        {
            return Ok(known);
        }
        let document = self.document().await?;
        let call = Call { uri: &document.jwks_uri, form: None, authorization: None };
        let value: Value = read("keys", &self.fetch("keys", call).await?)?;
        let set = JwkSet::read(&value).map_err(|e| format!("the provider's keys cannot be read: {e}"))?;
        let keys = Keys { set: Arc::new(set), at: now };
        *self.provider.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
        Ok(keys)
    }

    /// Verifies a token of the provider: signature under the registered algorithm, issuer, audience, times.
    pub(super) async fn verify(&self, token: &str) -> Result<(Option<String>, Map<String, Value>), String> {
        let allow = [self.registered.look.alg];
        let known = self.provider.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let first = match &known {
            Some(known) => jose::verify(token, &known.set, &allow),
            None => Err(JoseError::NoKey),
        };
        // A key we do not know may be new (Core §10.1.1).
        let verified = match first {
            Err(JoseError::NoKey | JoseError::Signature) => jose::verify(token, &self.keys(known).await?.set, &allow),
            other => other,
        };
        let verified = verified.map_err(|e| format!("its signature does not hold: {e}"))?;
        let claims = verified.claims().map_err(|_| "its claims are malformed".to_owned())?;
        self.check(&claims)?;
        Ok((verified.header().typ.clone(), claims))
    }

    fn check(&self, claims: &Map<String, Value>) -> Result<(), String> {
        if claims.get("iss").and_then(Value::as_str) != Some(&self.registered.issuer) {
            return Err("it is of another issuer".into());
        }
        let id = self.registered.look.id;
        let for_us = match claims.get("aud") {
            Some(Value::String(aud)) => aud == id,
            Some(Value::Array(all)) => all.iter().any(|aud| aud == id) && claims.get("azp").is_none_or(|azp| azp == id),
            _ => false,
        };
        if !for_us {
            return Err("it is for somebody else".into());
        }
        let now = self.clock.now().seconds();
        let time = |name: &str| claims.get(name).and_then(Value::as_i64);
        match (time("exp"), time("iat")) {
            (Some(exp), Some(iat)) if now < exp + SLACK && iat <= now + SLACK => Ok(()),
            _ => Err("it has expired, or is from the future".into()),
        }
    }

    /// Redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5).
    pub(super) async fn redeem(&self, code: &str, verifier: &str) -> Result<Tokens, String> {
        let document = self.document().await?;
        let redirect_uri = format!("{}/callback", self.registered.origin);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", verifier),
        ];
        let basic = self.registered.secret.as_ref().map(|secret| self.basic(secret));
        if basic.is_none() {
            form.push(("client_id", self.registered.look.id));
        }
        let call = Call { uri: &document.token_endpoint, form: Some(&form), authorization: basic.as_deref() };
        read("tokens", &self.fetch("token endpoint", call).await?)
    }

    /// RFC 6749 §2.3.1: both parts are form-encoded first.
    fn basic(&self, secret: &str) -> String {
        use base64::Engine as _;
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(self.registered.look.id), encode(secret));
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    }

    /// `UserInfo`: its `sub` must be the ID Token's (Core §5.3.2).
    pub(super) async fn userinfo(&self, access_token: &str, sub: &str) -> Result<Map<String, Value>, String> {
        let document = self.document().await?;
        let bearer = format!("Bearer {access_token}");
        let call = Call { uri: &document.userinfo_endpoint, form: None, authorization: Some(&bearer) };
        let claims: Map<String, Value> = read("UserInfo", &self.fetch("UserInfo endpoint", call).await?)?;
        match claims.get("sub").and_then(Value::as_str) == Some(sub) {
            true => Ok(claims),
            false => Err("UserInfo is about somebody else".into()),
        }
    }
}
