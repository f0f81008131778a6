//! Registered client metadata: RFC 7591 §2, OpenID Connect Registration §2, RP-Initiated Logout §3.1,
//! Back-Channel Logout §2.2.
//!
//! Invariant: what is here was checked; every parameter is honoured or refused, none ignored silently.

use jose::{JwkSet, JwsAlg};
use serde_json::{Map, Value};

use crate::wire::scope::Scope;

/// Metadata that passed [`Metadata::read`].
#[derive(Debug)]
pub struct Metadata {
    /// The JSON as registered, defaults filled in: what `client show` and a registration response print.
    pub registered: Map<String, Value>,
    /// `redirect_uris`, compared as strings (RFC 9700 §2.1).
    pub redirect_uris: Vec<String>,
    /// `response_types`, each with its values sorted as the specification spells it, such as `code id_token`.
    pub response_types: Vec<String>,
    /// `grant_types`.
    pub grant_types: Vec<String>,
    /// `token_endpoint_auth_method`.
    pub auth_method: AuthMethod,
    /// `token_endpoint_auth_signing_alg`; `None`: any of the method's.
    pub auth_alg: Option<JwsAlg>,
    /// `scope`: what it may ask for. `None`: the server's default scopes.
    pub scope: Option<Scope>,
    /// `jwks`.
    pub jwks: Option<JwkSet>,
    /// `jwks_uri`.
    pub jwks_uri: Option<String>,
    /// `id_token_signed_response_alg`, default RS256.
    pub id_token_alg: JwsAlg,
    /// `client_name` and its `#` languages: (language tag or empty, text).
    pub client_name: Vec<(String, String)>,
    /// `client_uri`, `logo_uri`, `policy_uri`, `tos_uri`.
    pub links: Links,
    /// `default_max_age`, seconds.
    pub default_max_age: Option<u32>,
    /// `require_auth_time`.
    pub auth_time: AuthTime,
    /// `default_acr_values`.
    pub default_acr_values: Vec<String>,
    /// `post_logout_redirect_uris`, compared as strings.
    pub post_logout_redirect_uris: Vec<String>,
    /// `backchannel_logout_uri`.
    pub backchannel_logout_uri: Option<String>,
    /// `backchannel_logout_session_required`; we send `sid` always.
    pub backchannel_session: SessionWanted,
    /// `application_type`.
    pub application_type: ApplicationType,
    /// Web origins of its redirect URIs: who may call us from a browser's script (public clients).
    pub origins: Vec<String>,
}

/// Addresses shown to people.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// `client_uri`.
    pub client_uri: Option<String>,
    /// `logo_uri`.
    pub logo_uri: Option<String>,
    /// `policy_uri`.
    pub policy_uri: Option<String>,
    /// `tos_uri`.
    pub tos_uri: Option<String>,
}

/// `token_endpoint_auth_method`: the rows of the METHODS table in [`super::auth`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// `client_secret_basic`, RFC 6749 §2.3.1.
    ClientSecretBasic,
    /// `client_secret_post`, RFC 6749 §2.3.1.
    ClientSecretPost,
    /// `client_secret_jwt`, OpenID Connect Core §9.
    ClientSecretJwt,
    /// `private_key_jwt`, OpenID Connect Core §9.
    PrivateKeyJwt,
    /// `none`: a public client.
    None,
}

/// Whether a client can keep a secret, RFC 6749 §2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// It proves who it is.
    Confidential,
    /// It cannot.
    Public,
}

/// Whether ID Tokens must carry `auth_time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthTime {
    /// `require_auth_time` is true.
    Required,
    /// Only when asked for.
    WhenAsked,
}

/// Whether a client says it needs `sid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionWanted {
    /// It said so.
    Required,
    /// It did not.
    Optional,
}

/// `application_type`, OpenID Connect Registration §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationType {
    /// `web`.
    Web,
    /// `native`, RFC 8252.
    Native,
}

impl Metadata {
    /// Public or confidential.
    pub fn kind(&self) -> ClientKind {
        match self.auth_method {
            AuthMethod::None => ClientKind::Public,
            _ => ClientKind::Confidential,
        }
    }
}
