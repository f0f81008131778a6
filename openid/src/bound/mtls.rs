//! Certificates on the connection as what a token is bound to: RFC 8705 §3.
//!
//! Invariant: a certificate is the one its SHA-256 says; what else stands in it is nobody's business here, not even its dates
//! (§6.3: with another certificate the binding is over).

use serde_json::{Value, json};

use super::dpop::Proven;
use crate::client::Client;
use crate::client::metadata::CertificateBinding;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// A certificate by its thumbprint: `x5t#S256` (§3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct X5t(String);

impl X5t {
    /// That of a certificate, DER.
    pub fn of(der: &[u8]) -> Self {
        Self(jose::base64url(jose::sha256(der)))
    }

    /// Reads one that was stored: the 43 characters of a SHA-256.
    pub fn read(text: &str) -> Option<Self> {
        let legal = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        legal.then(|| Self(text.to_owned()))
    }

    /// As it is spelt.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `cnf` (§3.1, §3.2).
    pub fn cnf(&self) -> Value {
        json!({ "x5t#S256": self.0 })
    }
}

/// Whether a client may ask for an access token over this connection (§3.4).
pub fn admit(client: &Client, certificate: Option<&X5t>) -> Result<(), Refusal> {
    match (client.metadata.certificate_binding, certificate) {
        (CertificateBinding::Required, None) => Err(refuse(
            ErrorCode::InvalidRequest,
            "tls_binding_certificate_absent",
            "this client must connect with a certificate, at an address of mtls_endpoint_aliases",
        )),
        (CertificateBinding::Unasked, _) | (CertificateBinding::Required, Some(_)) => Ok(()),
    }
}

/// A token is bound to one thing: who has them bound to a certificate sends no proof of a key.
pub fn alone(client: &Client, proof: Option<&Proven>) -> Result<(), Refusal> {
    match (client.metadata.certificate_binding, proof) {
        (CertificateBinding::Required, Some(_)) => Err(refuse(
            ErrorCode::InvalidRequest,
            "tls_binding_beside_dpop",
            "what this client gets is bound to its certificate: it must send no DPoP proof",
        )),
        (CertificateBinding::Unasked, _) | (CertificateBinding::Required, None) => Ok(()),
    }
}
