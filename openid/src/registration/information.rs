//! What a client is told about its registration: RFC 7591 §3.2.1, RFC 7592 §3, OpenID Connect Registration §3.2 and §4.3.
//!
//! Invariant: `registration_client_uri` and `registration_access_token` come together, and so do `client_secret` and
//! `client_secret_expires_at`.

use serde_json::{Map, Value, json};

use crate::name::ClientId;
use crate::time::Time;

/// The client information response.
#[derive(Clone, Copy)]
pub struct Information<'a> {
    /// `client_id`.
    pub client: &'a ClientId,
    /// `client_id_issued_at`.
    pub issued_at: Time,
    /// `client_secret`, if it has one that can be shown. It does not expire.
    pub secret: Option<&'a str>,
    /// `registration_client_uri`.
    pub uri: &'a str,
    /// `registration_access_token`.
    pub token: &'a str,
    /// The metadata, defaults filled in.
    pub registered: &'a Map<String, Value>,
    /// `software_statement`, as it was sent (RFC 7591 §3.2.1).
    pub statement: Option<&'a str>,
}

impl Information<'_> {
    /// The document.
    pub fn document(&self) -> Map<String, Value> {
        let mut document = Map::new();
        document.insert("client_id".into(), json!(self.client));
        document.insert("client_id_issued_at".into(), json!(self.issued_at.seconds()));
        if let Some(secret) = self.secret {
            document.insert("client_secret".into(), json!(secret));
            document.insert("client_secret_expires_at".into(), json!(0));
        }
        document.insert("registration_client_uri".into(), json!(self.uri));
        document.insert("registration_access_token".into(), json!(self.token));
        document.extend(self.registered.clone());
        if let Some(statement) = self.statement {
            document.insert("software_statement".into(), json!(statement));
        }
        document
    }
}
