//! What an operator allows clients that register themselves: one JSON document, data and not configuration.
//!
//! Invariant: it is read strictly, when it is written and when it is used: a restriction that this release does not understand
//! is never taken for none.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::allowed::Allowed;
use super::statement::StatementIssuer;
use crate::client::policy::{ConsentPolicy, EnteredBy, Policy};

/// The members that are about the whole server, and not about what one client may register.
const SERVERS: &[&str] = &["max_clients", "unused_days", "management", "client_policy", "statement_issuers"];

/// Grant types for strangers, if the operator names none: those in which a person decides.
const GRANT_TYPES: &[&str] = &["authorization_code", "implicit", "refresh_token"];

/// The most clients, issuers and days anybody can mean.
const MOST_CLIENTS: u32 = 10_000_000;
const MOST_ISSUERS: usize = 50;
const MOST_DAYS: u32 = 36_500;

/// The policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationPolicy {
    /// What a client may register.
    pub allowed: Allowed,
    /// What is about all of them.
    pub server: ServerPolicy,
}

/// What is about all clients that register themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerPolicy {
    /// How many there may be.
    pub max_clients: u32,
    /// Days after which one that is not used is removed. `None`: it stays.
    pub unused_days: Option<u32>,
    /// What they may do with their registration.
    pub management: Vec<Management>,
    /// The operator's decisions about each of them; consent is always asked for.
    pub client_policy: Map<String, Value>,
    /// Whose software statements are trusted (RFC 7591 §2.3).
    pub statement_issuers: Vec<StatementIssuer>,
}

/// What a client may do with its registration (RFC 7592 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Management {
    /// Read it: GET.
    Read,
    /// Replace it: PUT.
    Update,
    /// End it: DELETE.
    Delete,
}

impl Default for ServerPolicy {
    fn default() -> Self {
        Self {
            max_clients: 10_000,
            unused_days: None,
            management: vec![Management::Read, Management::Update, Management::Delete],
            client_policy: Map::new(),
            statement_issuers: Vec::new(),
        }
    }
}

impl RegistrationPolicy {
    /// Reads it as it is stored: the JSON text of what an operator wrote.
    pub fn stored(text: &str) -> Result<Self, String> {
        let written = serde_json::from_str(text).map_err(|e| e.to_string())?;
        Self::read(&written)
    }

    /// Reads what an operator wrote; says what is wrong in words for them.
    pub fn read(written: &Map<String, Value>) -> Result<Self, String> {
        let (mut server, mut allowed) = (Map::new(), Map::new());
        for (name, value) in written {
            let part = if SERVERS.contains(&name.as_str()) { &mut server } else { &mut allowed };
            part.insert(name.clone(), value.clone());
        }
        allowed.entry("grant_types").or_insert_with(|| GRANT_TYPES.into());
        let server: ServerPolicy = serde_json::from_value(server.into()).map_err(|e| e.to_string())?;
        server.check()?;
        Ok(Self { allowed: Allowed::read(&allowed)?, server })
    }

    /// The document, with what stands where nothing was written.
    pub fn document(&self) -> Map<String, Value> {
        let part = |value: Result<Value, serde_json::Error>| match value {
            Ok(Value::Object(members)) => members,
            Ok(_) | Err(_) => Map::new(),
        };
        let mut document = part(serde_json::to_value(&self.allowed));
        document.extend(part(serde_json::to_value(&self.server)));
        document
    }
}

impl ServerPolicy {
    fn check(&self) -> Result<(), String> {
        if self.max_clients > MOST_CLIENTS {
            return Err(format!("max_clients is at most {MOST_CLIENTS}"));
        }
        if self.unused_days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            return Err(format!("unused_days is 1 to {MOST_DAYS}, or null"));
        }
        if self.statement_issuers.len() > MOST_ISSUERS {
            return Err(format!("there are at most {MOST_ISSUERS} statement_issuers"));
        }
        let mut names: Vec<&str> = Vec::new();
        for issuer in &self.statement_issuers {
            issuer.check()?;
            if names.contains(&issuer.issuer.as_str()) {
                return Err(format!("statement_issuers has {} twice", issuer.issuer));
            }
            names.push(&issuer.issuer);
        }
        self.client_policy().map(drop)
    }

    /// The operator's decisions about a client that registers: people are asked, and its addresses are a stranger's.
    pub fn client_policy(&self) -> Result<Policy, String> {
        if let Some(name) = ["consent", "entered_by"].into_iter().find(|name| self.client_policy.contains_key(*name)) {
            return Err(format!("client_policy: {name} is not for clients that register themselves to choose"));
        }
        let policy = Policy::read(&self.client_policy).map_err(|e| format!("client_policy: {e}"))?;
        Ok(Policy { consent: ConsentPolicy::Ask, entered_by: EnteredBy::Stranger, ..policy })
    }

    /// Whether this may be done.
    pub fn lets(&self, management: Management) -> bool {
        self.management.contains(&management)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::RegistrationPolicy;

    fn read(written: &Value) -> Result<RegistrationPolicy, String> {
        RegistrationPolicy::read(written.as_object().unwrap())
    }

    #[test]
    fn what_is_written_is_read_strictly() {
        for (written, names) in [
            (json!({"grant_type": ["authorization_code"]}), "grant_type"),
            (json!({"grant_types": ["password"]}), "password"),
            (json!({"grant_types": "authorization_code"}), "invalid type"),
            (json!({"response_types": ["code code"]}), "code code"),
            (json!({"token_endpoint_auth_methods": ["magic"]}), "magic"),
            (json!({"signing_algs": ["RS257"]}), "RS257"),
            (json!({"hosts": ["https://rp.example"]}), "https://rp.example"),
            (json!({"hosts": ["*.example"]}), "*.example"),
            (json!({"hosts": [""]}), "hosts"),
            (json!({"scopes": ["two words"]}), "two words"),
            (json!({"scopes": ["openid"], "default_scopes": ["email"]}), "email"),
            (json!({"max_clients": -1}), "invalid value"),
            (json!({"unused_days": 0}), "unused_days"),
            (json!({"management": ["write"]}), "write"),
            (json!({"client_policy": {"consent": "first-party"}}), "consent"),
            (json!({"client_policy": {"entered_by": "operator"}}), "entered_by"),
            (json!({"client_policy": {"logot": "session"}}), "logot"),
            (json!({"statement_issuers": [{"issuer": "https://i.example"}]}), "jwks"),
            (
                json!({"statement_issuers": [{"issuer": "i", "jwks": {"keys": []}, "jwks_uri": "https://i.example"}]}),
                "jwks",
            ),
            (json!({"statement_issuers": [{"issuer": "i", "jwks_uri": "ftp://i.example"}]}), "jwks_uri"),
            (json!({"statement_issuers": [{"issuer": "i", "jwks": {"keys": []}}]}), "jwks"),
            (json!({"statement_issuers": [{"issuer": "i", "jwks_uri": "https://i.example", "algs": []}]}), "algs"),
        ] {
            let complaint = read(&written).unwrap_err();
            assert!(complaint.contains(names), "{written}: {complaint}");
        }
    }

    #[test]
    fn what_is_shown_can_be_written_again() {
        let policy =
            read(&json!({"hosts": [".example.org"], "unused_days": 90, "client_policy": {"pkce": "required"}}));
        let policy = policy.unwrap();
        assert_eq!(read(&Value::Object(policy.document())), Ok(policy));
        let nothing = read(&json!({})).unwrap();
        assert_eq!(nothing.document()["grant_types"], json!(["authorization_code", "implicit", "refresh_token"]));
        assert_eq!(read(&Value::Object(nothing.document())), Ok(nothing));
    }
}
