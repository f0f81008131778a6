//! The protected header that JWS and JWE share: RFC 7515 §4, RFC 7516 §4.
//!
//! Invariant: a header that asks for something we do not do (`crit`, `b64`, `zip`) is refused, whatever else it says.

use serde_json::{Map, Value};

use crate::JoseError;

/// The largest header, in base64url.
pub(crate) const LARGEST_HEADER: usize = 8 * 1024;

/// The members of a protected header that choose keys and kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `alg`, whatever it says.
    pub alg: String,
    /// `kid`.
    pub kid: Option<String>,
    /// `typ`.
    pub typ: Option<String>,
    /// `cty`.
    pub cty: Option<String>,
    /// `jwk`: a key somebody says is their own (RFC 7515 §4.1.3). It never chooses a key for [`crate::verify`].
    pub jwk: Option<Value>,
}

impl Header {
    pub(crate) fn read(members: &Map<String, Value>) -> Result<Self, JoseError> {
        // RFC 7515 §4.1.11 and RFC 7797 §6: we understand no extension.
        if members.contains_key("crit") || members.contains_key("b64") {
            return Err(JoseError::Critical);
        }
        // RFC 7516 §4.1.3; RFC 8725 §3.6: what compresses well is told apart by its length.
        if members.contains_key("zip") {
            return Err(JoseError::Compressed);
        }
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JoseError::Malformed),
        };
        let alg = text("alg")?.ok_or(JoseError::Malformed)?;
        Ok(Self { alg, kid: text("kid")?, typ: text("typ")?, cty: text("cty")?, jwk: members.get("jwk").cloned() })
    }
}
