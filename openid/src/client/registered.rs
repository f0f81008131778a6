//! The table of registered client metadata (IANA OAuth Dynamic Client Registration Metadata), and typed access to a
//! proposal by it.
//!
//! Invariant: a member that is not in the table is refused, so a misspelt one is never silently ignored.

use serde_json::{Map, Value};

use crate::claims::language::is_tag;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::uri;

/// What becomes of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Read and honoured.
    Honoured,
    /// Honoured, also with a language tag after `#` (RFC 7591 §2.2).
    Tagged,
    /// Known, but what it asks for is not there yet. `false` and an empty list ask for nothing.
    NotYet,
    /// Assigned by the server, never proposed.
    Ours,
    /// Read before the metadata, where clients register themselves (RFC 7591 §2.3), and nowhere else.
    Registration,
}

use Fate::{Honoured, NotYet, Ours, Registration, Tagged};

pub(super) const MEMBERS: &[(&str, Fate)] = &[
    ("application_type", Honoured),
    ("authorization_details_types", NotYet),
    ("authorization_encrypted_response_alg", NotYet),
    ("authorization_encrypted_response_enc", NotYet),
    ("authorization_signed_response_alg", NotYet),
    ("backchannel_authentication_request_signing_alg", NotYet),
    ("backchannel_client_notification_endpoint", NotYet),
    ("backchannel_logout_session_required", Honoured),
    ("backchannel_logout_uri", Honoured),
    ("backchannel_token_delivery_mode", NotYet),
    ("backchannel_user_code_parameter", NotYet),
    ("claims_redirect_uris", NotYet),
    ("client_id", Ours),
    ("client_id_issued_at", Ours),
    ("client_name", Tagged),
    ("client_registration_types", NotYet),
    ("client_secret", Ours),
    ("client_secret_expires_at", Ours),
    ("client_uri", Tagged),
    ("contacts", Honoured),
    ("default_acr_values", Honoured),
    ("default_max_age", Honoured),
    ("dpop_bound_access_tokens", Honoured),
    ("frontchannel_logout_session_required", Honoured),
    ("frontchannel_logout_uri", Honoured),
    ("grant_types", Honoured),
    ("id_token_encrypted_response_alg", Honoured),
    ("id_token_encrypted_response_enc", Honoured),
    ("id_token_signed_response_alg", Honoured),
    ("initiate_login_uri", Honoured),
    ("introspection_encrypted_response_alg", NotYet),
    ("introspection_encrypted_response_enc", NotYet),
    ("introspection_signed_response_alg", NotYet),
    ("jwks", Honoured),
    ("jwks_uri", Honoured),
    ("logo_uri", Tagged),
    ("nfv_token_encrypted_response_alg", NotYet),
    ("nfv_token_encrypted_response_enc", NotYet),
    ("nfv_token_signed_response_alg", NotYet),
    ("organization_name", NotYet),
    ("policy_uri", Tagged),
    ("post_logout_redirect_uris", Honoured),
    ("redirect_uris", Honoured),
    ("registration_access_token", Ours),
    ("registration_client_uri", Ours),
    ("request_object_encryption_alg", Honoured),
    ("request_object_encryption_enc", Honoured),
    ("request_object_signing_alg", Honoured),
    ("request_uris", Honoured),
    ("require_auth_time", Honoured),
    ("require_pushed_authorization_requests", Honoured),
    ("require_signed_request_object", NotYet),
    ("response_types", Honoured),
    ("scope", Honoured),
    ("sector_identifier_uri", Honoured),
    ("signed_jwks_uri", NotYet),
    ("software_id", Honoured),
    ("software_statement", Registration),
    ("software_version", Honoured),
    ("subject_type", Honoured),
    ("tls_client_auth_san_dns", Honoured),
    ("tls_client_auth_san_email", Honoured),
    ("tls_client_auth_san_ip", Honoured),
    ("tls_client_auth_san_uri", Honoured),
    ("tls_client_auth_subject_dn", Honoured),
    ("tls_client_certificate_bound_access_tokens", Honoured),
    ("token_endpoint_auth_method", Honoured),
    ("token_endpoint_auth_signing_alg", Honoured),
    ("tos_uri", Tagged),
    ("use_mtls_endpoint_aliases", Honoured),
    ("userinfo_encrypted_response_alg", Honoured),
    ("userinfo_encrypted_response_enc", Honoured),
    ("userinfo_signed_response_alg", Honoured),
];

/// Whether a member, with its language tag, is in the table.
pub(crate) fn is_known(name: &str) -> bool {
    let (bare, tag) = name.split_once('#').map_or((name, None), |(bare, tag)| (bare, Some(tag)));
    let fate = MEMBERS.iter().find(|(known, _)| *known == bare).map(|(_, fate)| *fate);
    matches!((fate, tag), (Some(_), None) | (Some(Tagged), Some(_)))
}

/// The longest single text and the most entries of a list.
const LONGEST_TEXT: usize = 500;
const MOST_ENTRIES: usize = 100;

/// A proposal whose member names are all known.
pub(super) struct Proposal<'a>(&'a Map<String, Value>);

/// Refuses a member with a reason; `say` names the member.
pub(crate) fn wrong(why: &'static str, say: impl Into<String>) -> Refusal {
    refuse(ErrorCode::InvalidClientMetadata, why, say.into())
}

impl<'a> Proposal<'a> {
    /// Looks every member up in the table.
    pub(super) fn read(given: &'a Map<String, Value>) -> Result<Self, Refusal> {
        if given.len() > 2 * MOST_ENTRIES {
            return Err(wrong("metadata_too_many", "there are more members than any client needs"));
        }
        for (name, value) in given {
            let (bare, tag) = name.split_once('#').map_or((name.as_str(), None), |(bare, tag)| (bare, Some(tag)));
            let fate = MEMBERS.iter().find(|(known, _)| *known == bare).map(|(_, fate)| *fate);
            let asks_nothing = match value {
                Value::Null | Value::Bool(false) => true,
                Value::Array(list) => list.is_empty(),
                _ => false,
            };
            match (fate, tag) {
                (Some(Honoured | Tagged), None) => {}
                (Some(Tagged), Some(tag)) if is_tag(tag) => {}
                (Some(NotYet | Registration), None) if asks_nothing => {}
                (Some(NotYet), _) => {
                    return Err(wrong("metadata_not_yet", format!("{bare} is not supported yet by this server")));
                }
                (Some(Registration), _) => {
                    return Err(wrong("metadata_statement", format!("{bare} is for clients that register themselves")));
                }
                (Some(Ours), _) => {
                    return Err(wrong(
                        "metadata_ours",
                        format!("{bare} is not client metadata; the server assigns it"),
                    ));
                }
                _ => {
                    return Err(wrong("metadata_unknown", format!("unknown member {}", shown(name))));
                }
            }
        }
        Ok(Self(given))
    }

    /// The value of a member; `null` is as if omitted (RFC 7592 §2.2).
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// All members, in order.
    pub(super) fn all(&self) -> &'a Map<String, Value> {
        self.0
    }

    /// A text.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<&'a str>, Refusal> {
        self.get(name).map(|value| text(name, value)).transpose()
    }

    /// A list of texts, without repetition.
    pub(super) fn list(&self, name: &'static str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let Value::Array(entries) = value else {
            return Err(wrong("metadata_not_list", format!("{name} must be an array of strings")));
        };
        if entries.len() > MOST_ENTRIES {
            return Err(wrong("metadata_list_long", format!("{name} has more than {MOST_ENTRIES} entries")));
        }
        let mut list: Vec<String> = Vec::with_capacity(entries.len());
        for entry in entries {
            let entry = long_text(name, entry, uri::LONGEST)?;
            if !list.iter().any(|known| known == entry) {
                list.push(entry.to_owned());
            }
        }
        Ok(Some(list))
    }

    /// `true` or `false`; absent is `false`.
    pub(super) fn flag(&self, name: &'static str) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(wrong("metadata_not_flag", format!("{name} must be true or false"))),
        }
    }

    /// A number of seconds.
    pub(super) fn seconds(&self, name: &'static str) -> Result<Option<u32>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        match value.as_u64().map(u32::try_from) {
            Some(Ok(seconds)) => Ok(Some(seconds)),
            _ => Err(wrong("metadata_not_seconds", format!("{name} must be a number of seconds"))),
        }
    }

    /// An `http` or `https` address.
    pub(super) fn web_uri(&self, name: &'static str) -> Result<Option<(&'a str, uri::Kind)>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        web_uri(name, value).map(Some)
    }
}

/// An `http` or `https` address as the value of any member, tagged ones too.
pub(super) fn web_uri<'a>(name: &str, value: &'a Value) -> Result<(&'a str, uri::Kind), Refusal> {
    let text = long_text(name, value, uri::LONGEST)?;
    match uri::judge_web(text) {
        Ok(kind) => Ok((text, kind)),
        Err(fault) => Err(wrong("metadata_uri", format!("{} {fault}", shown(name)))),
    }
}

/// A short text as the value of any member.
pub(super) fn text<'a>(name: &str, value: &'a Value) -> Result<&'a str, Refusal> {
    long_text(name, value, LONGEST_TEXT)
}

fn long_text<'a>(name: &str, value: &'a Value, longest: usize) -> Result<&'a str, Refusal> {
    match value.as_str() {
        None => Err(wrong("metadata_not_text", format!("{} must be a string", shown(name)))),
        Some(text) if text.len() > longest => {
            Err(wrong("metadata_text_long", format!("{} is longer than {longest} bytes", shown(name))))
        }
        Some(text) if text.trim().is_empty() || text.chars().any(char::is_control) => {
            Err(wrong("metadata_text_odd", format!("{} is empty or holds a control character", shown(name))))
        }
        Some(text) => Ok(text),
    }
}

/// A member's name as it may be repeated to whoever sent it: RFC 6749 §5.2 characters, cut short.
fn shown(name: &str) -> String {
    name.chars().take(60).map(|c| if matches!(c, '!' | '#'..='[' | ']'..='~') { c } else { '?' }).collect()
}
