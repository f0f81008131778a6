//! What the operator decided about one client. Data, not configuration; per client, never global
//! (`certification.md` §4: profiles contradict each other).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::logout::judge::OfflineGrants;
use crate::native_sso::NativePolicy;

/// The operator's decisions about a client. Every member has a default. A stored one may have members that this release
/// does not know: nodes of two releases share a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Whether people are asked before the client learns who they are.
    pub consent: ConsentPolicy,
    /// Whether refresh tokens are replaced at each use. `None`: replaced for public clients, kept for confidential ones.
    pub refresh_rotation: Option<Rotation>,
    /// What a logout this client asks for means.
    pub logout: LogoutPolicy,
    /// Whether its own grants with `offline_access` outlive a sign-out, whoever asks for that (`logout.md` §3).
    pub offline_grants: OfflineGrants,
    /// Whether PKCE must be used (RFC 7636). `None`: required for public clients.
    pub pkce: Option<Pkce>,
    /// The longest time in seconds a back-channel logout notice is tried. `None`: the configured default.
    pub logout_deadline: Option<u32>,
    /// Whether it wants notices of sessions that ended by idling out.
    pub idle_notices: IdleNotices,
    /// Lifetime of access tokens in seconds. `None`: the configured default.
    pub access_token_lifetime: Option<u32>,
    /// Idle lifetime of refresh tokens in seconds. `None`: the configured default.
    pub refresh_idle: Option<u32>,
    /// Absolute lifetime of refresh tokens in seconds. `None`: the configured default.
    pub refresh_absolute: Option<u32>,
    /// Which audience its assertions must name.
    pub assertion_audience: AssertionAudience,
    /// Resource indicators this client may name by its own authority, with the grant `client_credentials`. For a
    /// person, that person's consent or the operator's word for the client decides.
    pub targets: Vec<String>,
    /// Whether it may ask for `device_sso` (Native SSO), and with whom it shares sign-ins. `None`: it may not.
    pub native_sso: Option<NativePolicy>,
    /// Whether its DPoP proofs must carry a nonce of ours (RFC 9449 §8).
    pub dpop_nonces: DpopNonces,
    /// Who entered its addresses: decides which networks may be reached for it.
    pub entered_by: EnteredBy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            consent: ConsentPolicy::Ask,
            refresh_rotation: None,
            logout: LogoutPolicy::Session,
            offline_grants: OfflineGrants::Keep,
            pkce: None,
            logout_deadline: None,
            idle_notices: IdleNotices::Send,
            access_token_lifetime: None,
            refresh_idle: None,
            refresh_absolute: None,
            assertion_audience: AssertionAudience::Endpoint,
            targets: Vec::new(),
            native_sso: None,
            dpop_nonces: DpopNonces::Unasked,
            entered_by: EnteredBy::Operator,
        }
    }
}

impl Policy {
    /// Reads what an operator wrote: here a member nobody knows is a slip of the pen.
    pub fn read(written: &Map<String, Value>) -> Result<Self, String> {
        let policy = serde_json::from_value(Value::Object(written.clone())).map_err(|error| error.to_string())?;
        let known = serde_json::to_value(&policy).map_err(|error| error.to_string())?;
        match written.keys().find(|member| known.get(member.as_str()).is_none()) {
            Some(unknown) => Err(format!("a policy has no member {unknown}")),
            None => Ok(policy),
        }
    }
}

/// Whether people are asked for consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentPolicy {
    /// Asked for what is new.
    Ask,
    /// The operator's own application: not asked.
    FirstParty,
}

/// What happens to a refresh token when it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotation {
    /// Replaced; a later use of the old one is reuse.
    Rotate,
    /// Kept.
    Keep,
}

/// Whether PKCE must be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pkce {
    /// A request without `code_challenge` is refused.
    Required,
    /// Used if the client sends it.
    Optional,
}

/// What a logout means for this client (`logout.md` §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogoutPolicy {
    /// Only this client's participation ends; the page still offers everything.
    ThisClient,
    /// The session ends.
    Session,
    /// Every session of the account ends.
    Account,
}

/// Whether idle expiry is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdleNotices {
    /// Told like any other ending.
    Send,
    /// Not told.
    Decline,
}

/// Who entered a client's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnteredBy {
    /// An operator: may name hosts inside `outbound.internal`.
    Operator,
    /// A registration or a federation: public addresses only.
    Stranger,
}

/// Whether DPoP proofs must carry a nonce of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DpopNonces {
    /// They need not.
    Unasked,
    /// They must: nobody can make proofs for later (RFC 9449 §11.2).
    Required,
}

/// Which `aud` a client's assertion must have (RFC 7523 §3 item 3; profiles differ, `certification.md` §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssertionAudience {
    /// The issuer, the token endpoint or the endpoint called; alone or in an array.
    Endpoint,
    /// The issuer and nothing else, as one string.
    Issuer,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Policy;

    #[test]
    fn what_is_written_is_read_strictly_and_what_is_stored_is_not() {
        let written = json!({"consent": "first-party", "logout_deadlin": 60});
        let unknown = Policy::read(written.as_object().unwrap()).unwrap_err();
        assert!(unknown.contains("logout_deadlin"), "{unknown}");
        let stored: Policy = serde_json::from_value(written).unwrap();
        assert_ne!(stored, Policy::default());
        let all = serde_json::to_value(Policy::default()).unwrap();
        assert_eq!(Policy::read(all.as_object().unwrap()), Ok(Policy::default()));
    }
}
