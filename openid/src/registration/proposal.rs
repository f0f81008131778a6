//! What a client proposes to be registered with: RFC 7591 §3.1, RFC 7592 §2.2, OpenID Connect Registration §3.1.
//!
//! Invariant: members nobody knows are gone (RFC 7591 §2: a server MUST ignore them), so that they are not echoed as if they
//! had been registered; known ones are honoured or refused by [`crate::client::metadata::Metadata::read`].

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::client::registered::{is_known, wrong};
use crate::name::ClientId;
use crate::wire::json;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// More members than any client needs.
const MOST_MEMBERS: usize = 1_000;

/// What is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// Members that mean something here.
    pub members: Map<String, Value>,
    /// `software_statement`, as it was sent.
    pub statement: Option<String>,
}

/// What is to take the place of what a client registered.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The metadata.
    pub proposed: Proposed,
    /// `client_secret`, if it is repeated: it must be the one there is.
    pub secret: Option<Zeroizing<String>>,
}

/// Checks the `Content-Type` of a body (RFC 7591 §3.1).
pub fn judge_type(content_type: Option<&str>) -> Result<(), Refusal> {
    let essence = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
    match essence.eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => Err(refuse(ErrorCode::InvalidRequest, "registration_type", "the body must be application/json")),
    }
}

impl Proposed {
    /// Reads the body of a registration request.
    pub fn read(body: &[u8]) -> Result<Self, Refusal> {
        Self::of(object(body)?)
    }

    fn of(mut members: Map<String, Value>) -> Result<Self, Refusal> {
        members.retain(|name, _| is_known(name));
        let statement = match members.shift_remove("software_statement") {
            None | Some(Value::Null) => None,
            Some(Value::String(statement)) => Some(statement),
            Some(_) => {
                return Err(refuse(
                    ErrorCode::InvalidSoftwareStatement,
                    "statement_form",
                    "software_statement must be a string",
                ));
            }
        };
        Ok(Self { members, statement })
    }

    /// With what a genuine statement says, which wins (RFC 7591 §2.3), in whatever language something else is said.
    #[must_use]
    pub fn with(mut self, says: Map<String, Value>) -> Self {
        let bare = |name: &str| name.split('#').next().unwrap_or_default().to_owned();
        self.members.retain(|name, _| !says.keys().any(|said| bare(said) == bare(name)));
        self.members.extend(says);
        self
    }
}

impl Replacement {
    /// Reads the body of an update request of this client (RFC 7592 §2.2): it names the client, may repeat the secret, and
    /// must not have what the server alone says.
    pub fn read(body: &[u8], client: &ClientId) -> Result<Self, Refusal> {
        let mut members = object(body)?;
        match members.shift_remove("client_id") {
            Some(Value::String(named)) if named == client.as_str() => {}
            Some(_) => return Err(wrong("update_other_client", "client_id must be that of the client itself")),
            None => return Err(wrong("update_nameless", "client_id must be there, and that of the client itself")),
        }
        for name in
            ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
        {
            if members.contains_key(name) {
                return Err(wrong("update_ours", format!("{name} must not be in an update request")));
            }
        }
        let secret = match members.shift_remove("client_secret") {
            None | Some(Value::Null) => None,
            Some(Value::String(secret)) => Some(Zeroizing::new(secret)),
            Some(_) => return Err(wrong("update_secret_form", "client_secret must be a string")),
        };
        Ok(Self { proposed: Proposed::of(members)?, secret })
    }
}

/// The `why` of a `client_secret` in an update that is not the one the client has (RFC 7592 §2.2).
pub fn other_secret() -> Refusal {
    wrong("update_other_secret", "client_secret must be the one this client has, or be left out")
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let members = json::object(body).map_err(|_| {
        refuse(
            ErrorCode::InvalidRequest,
            "registration_json",
            "the body must be one JSON object, no member of it repeated",
        )
    })?;
    match members.len() > MOST_MEMBERS {
        true => Err(wrong("registration_members", "there are more members than any client needs")),
        false => Ok(members),
    }
}
