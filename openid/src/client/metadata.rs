//! Registered client metadata: RFC 7591 §2, OpenID Connect Registration §2, RP-Initiated Logout §3.1,
//! Back-Channel Logout §2.2, Front-Channel Logout §2, RFC 8705 §2 and §3.4, RFC 9126 §6, RFC 9449 §5.2.
//!
//! Invariant: what is here was checked; every parameter is honoured or refused, none ignored silently.

use jose::{JwkSet, JwsAlg};
use serde_json::{Map, Value};

use super::certificate::Subject;
use super::jose_members::{Encryption, ObjectSigning, UserinfoForm};
use super::sector::SubjectType;
use crate::authorize::par::Pushing;
use crate::authorize::response_type::ResponseType;
use crate::claims::language::Words;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;
use crate::wire::uri;

/// Metadata that passed [`Metadata::read`].
#[derive(Debug)]
pub struct Metadata {
    /// The JSON as registered, defaults filled in: what `client show` and a registration response print.
    pub registered: Map<String, Value>,
    /// `redirect_uris`, compared as strings (RFC 9700 §2.1).
    pub redirect_uris: Vec<String>,
    /// `response_types`.
    pub response_types: Vec<ResponseType>,
    /// `grant_types`.
    pub grant_types: Vec<String>,
    /// `token_endpoint_auth_method`.
    pub auth_method: AuthMethod,
    /// `token_endpoint_auth_signing_alg`; `None`: any of the method's.
    pub auth_alg: Option<JwsAlg>,
    /// What its certificate says, with `tls_client_auth` (RFC 8705 §2.1.2).
    pub certificate_subject: Option<Subject>,
    /// `subject_type`, with its sector.
    pub subject: SubjectType,
    /// `sector_identifier_uri`.
    pub sector_identifier_uri: Option<String>,
    /// `scope`: what it may ask for. `None`: the server's default scopes.
    pub scope: Option<Scope>,
    /// `jwks`.
    pub jwks: Option<JwkSet>,
    /// `jwks_uri`.
    pub jwks_uri: Option<String>,
    /// `id_token_signed_response_alg`, default RS256.
    pub id_token_alg: JwsAlg,
    /// `id_token_encrypted_response_alg` and `_enc`; `None`: not encrypted.
    pub id_token_encryption: Option<Encryption>,
    /// How UserInfo answers.
    pub userinfo: UserinfoForm,
    /// `request_object_signing_alg`; `None`: any asymmetric one, or none.
    pub request_object_signing: Option<ObjectSigning>,
    /// `request_object_encryption_alg` and `_enc`: what it may encrypt them with, if that is all.
    pub request_object_encryption: Option<Encryption>,
    /// `request_uris`, compared as strings.
    pub request_uris: Vec<String>,
    /// `dpop_bound_access_tokens`.
    pub dpop: DpopBinding,
    /// `tls_client_certificate_bound_access_tokens`.
    pub certificate_binding: CertificateBinding,
    /// `require_pushed_authorization_requests`.
    pub pushing: Pushing,
    /// `client_name`, in every language it was given in.
    pub client_name: Words,
    /// `client_uri`, `logo_uri`, `policy_uri`, `tos_uri`.
    pub links: Links,
    /// `default_max_age`, seconds.
    pub default_max_age: Option<u32>,
    /// `default_acr_values`.
    pub default_acr_values: Vec<String>,
    /// `post_logout_redirect_uris`, compared as strings.
    pub post_logout_redirect_uris: Vec<String>,
    /// `backchannel_logout_uri`.
    pub backchannel_logout_uri: Option<String>,
    /// `backchannel_logout_session_required`; we send `sid` always.
    pub backchannel_session: SessionWanted,
    /// `frontchannel_logout_uri`.
    pub frontchannel_logout_uri: Option<String>,
    /// `frontchannel_logout_session_required`; we send `iss` and `sid` always.
    pub frontchannel_session: SessionWanted,
    /// `application_type`.
    pub application_type: ApplicationType,
    /// Web origins of its redirect URIs: who may call us from a browser's script (public clients).
    pub origins: Vec<String>,
}

/// Addresses shown to people, in every language they were given in (Registration §2.1).
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// `client_uri`.
    pub client_uri: Words,
    /// `logo_uri`.
    pub logo_uri: Words,
    /// `policy_uri`.
    pub policy_uri: Words,
    /// `tos_uri`.
    pub tos_uri: Words,
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
    /// `tls_client_auth`, RFC 8705 §2.1.
    TlsClientAuth,
    /// `self_signed_tls_client_auth`, RFC 8705 §2.2.
    SelfSignedTlsClientAuth,
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

/// Whether a client says it needs `sid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionWanted {
    /// It said so.
    Required,
    /// It did not.
    Optional,
}

/// `dpop_bound_access_tokens`, RFC 9449 §5.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DpopBinding {
    /// Its access tokens are bound where it sends a proof.
    Optional,
    /// It gets none without a proof.
    Required,
}

/// `tls_client_certificate_bound_access_tokens`, RFC 8705 §3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateBinding {
    /// Its access tokens are not bound to a certificate.
    Unasked,
    /// They are, and it gets none over a connection that shows no certificate.
    Required,
}

/// `application_type`, OpenID Connect Registration §2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationType {
    /// `web`.
    Web,
    /// `native`, RFC 8252.
    Native,
}

/// What secret a client must have, and how it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretNeed {
    /// None at all.
    None,
    /// One that is only compared: its digest is enough.
    Hashed,
    /// One that keys an HMAC: it must be kept sealed, and have at least so many octets (RFC 7518 §3.2).
    Sealed {
        /// The least number of octets.
        least: usize,
    },
}

/// A secret somebody chose must have at least so many octets, whatever it is for.
pub const LEAST_SECRET: usize = 32;

impl Metadata {
    /// Reads registered metadata: the one door for operators, registration and federation. Defaults are filled in;
    /// every member is honoured or refused.
    pub fn read(given: &Map<String, Value>) -> Result<Self, Refusal> {
        super::members::read(given)
    }

    /// The sector its subjects are of, if they are pairwise.
    pub fn sector(&self) -> Option<&str> {
        self.subject.sector()
    }

    /// Public or confidential.
    pub fn kind(&self) -> ClientKind {
        match self.auth_method {
            AuthMethod::None => ClientKind::Public,
            _ => ClientKind::Confidential,
        }
    }

    /// What secret it must have.
    pub fn secret_need(&self) -> SecretNeed {
        let octets = |alg: JwsAlg| match alg.as_str() {
            "HS256" => Some(32),
            "HS384" => Some(48),
            "HS512" => Some(64),
            _ => None,
        };
        let signs = match (self.auth_method, self.auth_alg) {
            (AuthMethod::ClientSecretJwt, alg) => Some(alg.and_then(octets).unwrap_or(LEAST_SECRET)),
            _ => None,
        };
        let object = match self.request_object_signing {
            Some(ObjectSigning::Signed(alg)) => Some(alg),
            Some(ObjectSigning::Unsigned) | None => None,
        };
        let hashed = [Some(self.id_token_alg), self.userinfo.signed, object];
        let hashed = hashed.into_iter().flatten().filter_map(octets).max();
        // Core §10.2: the key is a hash of the secret, however long that is.
        let encrypts = [self.id_token_encryption, self.userinfo.encrypted, self.request_object_encryption];
        let encrypts = encrypts.into_iter().flatten();
        let encrypts = encrypts.filter(|with| with.alg.is_symmetric()).map(|_| LEAST_SECRET).max();
        match (signs.max(hashed).max(encrypts), self.auth_method) {
            (Some(least), _) => SecretNeed::Sealed { least },
            (None, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost) => SecretNeed::Hashed,
            (None, _) => SecretNeed::None,
        }
    }

    /// Checks a secret that somebody chose for a client with this metadata.
    pub fn judge_secret(&self, secret: &str) -> Result<(), Refusal> {
        let least = match self.secret_need() {
            SecretNeed::None => {
                return Err(refuse(
                    ErrorCode::InvalidClientMetadata,
                    "secret_unneeded",
                    "client_secret is given, but a client with this metadata has none",
                ));
            }
            SecretNeed::Hashed => LEAST_SECRET,
            SecretNeed::Sealed { least } => least,
        };
        // VSCHAR, RFC 6749 Appendix A.2.
        match secret.len() >= least && secret.len() <= 512 && secret.bytes().all(|b| matches!(b, 0x20..=0x7e)) {
            true => Ok(()),
            false => Err(refuse(
                ErrorCode::InvalidClientMetadata,
                "secret_weak",
                format!("client_secret must have {least} to 512 printable ASCII characters"),
            )),
        }
    }

    /// Whether the client registered this grant type.
    pub fn allows_grant(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|g| g == grant_type)
    }

    /// Whether this is one of its redirect URIs (RFC 9700 §2.1), but for the port of a native application's loopback
    /// address (RFC 8252 §7.3).
    pub fn redirects_to(&self, asked: &str) -> bool {
        let loopback = |registered: &String| match self.application_type {
            ApplicationType::Native => uri::same_but_port(registered, asked),
            ApplicationType::Web => false,
        };
        self.redirect_uris.iter().any(|registered| registered == asked || loopback(registered))
    }
}
