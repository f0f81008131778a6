//! The provider's metadata: OpenID Connect Discovery 1.0 §3, RFC 8414 §2, RP-Initiated Logout §2.1, Back-Channel Logout
//! §2.1, Front-Channel Logout §3, Session Management §3.3, RFC 9126 §5, RFC 9207 §3,
//! RFC 8705 §3.3 and §5, RFC 9449 §5.1.
//!
//! Invariant: only what is true is said, only registered names are used, and no array is empty.

use jose::{JweAlg, JweEnc, JwsAlg};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::authorize::mode::ResponseMode;
use crate::authorize::par::Pushing;
use crate::authorize::request::SignUp;
use crate::authorize::response_type::ResponseType;
use crate::bound::{dpop, pkce};
use crate::client::auth::METHODS;
use crate::client::certificate::MutualTls;
use crate::client::flows::IMPLICIT;
use crate::client::metadata::AuthMethod;
use crate::client::sector::SubjectType;
use crate::display::Display;
use crate::native_sso::NativeSso;
use crate::token::GRANTS;
use crate::wire::scope::Scope;

/// What this server offers that the rules cannot know by themselves.
#[derive(Clone, Debug)]
pub struct Offers {
    /// The issuer identifier, without a slash at its end.
    pub issuer: String,
    /// Where the endpoints are.
    pub endpoints: Endpoints,
    /// The scopes anybody may ask for.
    pub scopes: Scope,
    /// The algorithms there is an ID Token key for; those keyed by a client's secret are added.
    pub id_token_algs: Vec<JwsAlg>,
    /// The claims that may be had.
    pub claims: Vec<String>,
    /// How claims are told.
    pub claim_types: Vec<&'static str>,
    /// The languages claims are kept in, if the operator says so.
    pub claims_locales: Vec<String>,
    /// The `acr` values a sign-in can reach.
    pub acr_values: Vec<String>,
    /// The languages of the pages.
    pub ui_locales: Vec<String>,
    /// Whether people may make themselves an account.
    pub sign_up: SignUp,
    /// Whether authorization requests must be pushed, whoever makes them.
    pub pushing: Pushing,
    /// Whether Native SSO is offered.
    pub native_sso: NativeSso,
    /// What of mutual TLS is offered.
    pub mutual_tls: MutualTls,
    /// Links for people: documentation, policy, terms.
    pub links: Links,
}

/// Absolute addresses of the endpoints.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// `authorization_endpoint`.
    pub authorization: String,
    /// `pushed_authorization_request_endpoint`.
    pub pushed_authorization_request: String,
    /// `token_endpoint`.
    pub token: String,
    /// `userinfo_endpoint`.
    pub userinfo: String,
    /// `jwks_uri`.
    pub jwks: String,
    /// `registration_endpoint`, if clients may register themselves.
    pub registration: Option<String>,
    /// `introspection_endpoint`.
    pub introspection: String,
    /// `revocation_endpoint`.
    pub revocation: String,
    /// `end_session_endpoint`.
    pub end_session: String,
    /// `check_session_iframe`.
    pub check_session: String,
    /// `mtls_endpoint_aliases`: where clients are asked for a certificate.
    pub aliases: Option<Aliases>,
}

/// Where clients call whose certificate is to be seen (RFC 8705 §5).
#[derive(Clone, Debug, Serialize)]
pub struct Aliases {
    /// `pushed_authorization_request_endpoint`.
    pub pushed_authorization_request_endpoint: String,
    /// `token_endpoint`.
    pub token_endpoint: String,
    /// `userinfo_endpoint`.
    pub userinfo_endpoint: String,
    /// `introspection_endpoint`.
    pub introspection_endpoint: String,
    /// `revocation_endpoint`.
    pub revocation_endpoint: String,
}

/// Links for people.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// `service_documentation`.
    pub service_documentation: Option<String>,
    /// `op_policy_uri`.
    pub op_policy_uri: Option<String>,
    /// `op_tos_uri`.
    pub op_tos_uri: Option<String>,
}

/// The document, the same at both of its addresses.
pub fn document(offers: &Offers) -> Map<String, Value> {
    let ends = &offers.endpoints;
    let methods = |keep: fn(AuthMethod) -> bool| -> Vec<&str> {
        let here = METHODS.iter().filter(|row| offers.mutual_tls.takes(row.method));
        here.filter(|row| keep(row.method)).map(|row| row.name).collect()
    };
    // A public client may revoke its tokens (RFC 7009 §2.1); it may not introspect (RFC 7662 §2.1).
    let (all, confidential) = (methods(|_| true), methods(|method| method != AuthMethod::None));
    // Assertions are accepted under either name of an algorithm; our own ID Tokens say the first.
    let names = |alg: &JwsAlg| [Some(alg.as_str()), alg.second_name()].into_iter().flatten();
    let assertion_algs: Vec<&str> = METHODS.iter().flat_map(|row| row.algs).flat_map(names).collect();
    let members = [
        ("issuer", json!(offers.issuer)),
        ("authorization_endpoint", json!(ends.authorization)),
        ("pushed_authorization_request_endpoint", json!(ends.pushed_authorization_request)),
        ("require_pushed_authorization_requests", json!(offers.pushing == Pushing::Required)),
        ("token_endpoint", json!(ends.token)),
        ("userinfo_endpoint", json!(ends.userinfo)),
        ("jwks_uri", json!(ends.jwks)),
        ("registration_endpoint", json!(ends.registration)),
        ("introspection_endpoint", json!(ends.introspection)),
        ("revocation_endpoint", json!(ends.revocation)),
        ("end_session_endpoint", json!(ends.end_session)),
        ("check_session_iframe", json!(ends.check_session)),
        ("scopes_supported", json!(offers.scopes.iter().collect::<Vec<_>>())),
        ("response_types_supported", json!(ResponseType::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())),
        ("response_modes_supported", json!(ResponseMode::ALL.iter().map(|mode| mode.as_str()).collect::<Vec<_>>())),
        ("grant_types_supported", json!(GRANTS.iter().map(|row| row.grant_type).chain([IMPLICIT]).collect::<Vec<_>>())),
        ("acr_values_supported", json!(offers.acr_values)),
        ("subject_types_supported", json!(SubjectType::NAMES)),
        ("token_endpoint_auth_methods_supported", json!(all)),
        ("token_endpoint_auth_signing_alg_values_supported", json!(assertion_algs)),
        ("introspection_endpoint_auth_methods_supported", json!(confidential)),
        ("introspection_endpoint_auth_signing_alg_values_supported", json!(assertion_algs)),
        ("revocation_endpoint_auth_methods_supported", json!(all)),
        ("revocation_endpoint_auth_signing_alg_values_supported", json!(assertion_algs)),
        ("code_challenge_methods_supported", json!(pkce::METHODS)),
        ("dpop_signing_alg_values_supported", json!(dpop::algs().collect::<Vec<_>>())),
        ("claim_types_supported", json!(offers.claim_types)),
        ("claims_supported", json!(offers.claims)),
        ("claims_locales_supported", json!(offers.claims_locales)),
        ("ui_locales_supported", json!(offers.ui_locales)),
        ("display_values_supported", json!(Display::ALL.iter().map(|display| display.as_str()).collect::<Vec<_>>())),
        ("prompt_values_supported", json!(offers.sign_up.prompts())),
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(true)),
        ("request_uri_parameter_supported", json!(true)),
        ("require_request_uri_registration", json!(true)),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("backchannel_logout_supported", json!(true)),
        ("backchannel_logout_session_supported", json!(true)),
        ("frontchannel_logout_supported", json!(true)),
        ("frontchannel_logout_session_supported", json!(true)),
        ("native_sso_supported", json!((offers.native_sso == NativeSso::On).then_some(true))),
        ("service_documentation", json!(offers.links.service_documentation)),
        ("op_policy_uri", json!(offers.links.op_policy_uri)),
        ("op_tos_uri", json!(offers.links.op_tos_uri)),
    ];
    let told = |value: &Value| !value.is_null() && value.as_array().is_none_or(|all| !all.is_empty());
    let members = members.into_iter().chain(certificates(offers)).chain(jose_members(&offers.id_token_algs));
    members.filter(|(_, value)| told(value)).map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Where certificates are asked for, and what is bound to them (RFC 8705 §3.3, §5).
fn certificates(offers: &Offers) -> impl Iterator<Item = (&'static str, Value)> {
    [
        ("tls_client_certificate_bound_access_tokens", json!((offers.mutual_tls != MutualTls::Off).then_some(true))),
        ("mtls_endpoint_aliases", json!(offers.endpoints.aliases)),
    ]
    .into_iter()
}

/// What is signed and encrypted, and with what (Discovery §3).
fn jose_members(id_token_algs: &[JwsAlg]) -> impl Iterator<Item = (&'static str, Value)> {
    let hmac = JwsAlg::ALL.iter().copied().filter(|alg| alg.is_symmetric());
    let mut signing_algs: Vec<&str> = Vec::new();
    for alg in id_token_algs.iter().copied().chain(hmac) {
        if !signing_algs.contains(&alg.as_str()) {
            signing_algs.push(alg.as_str());
        }
    }
    let encryption_algs: Vec<&str> = JweAlg::ALL.iter().map(|alg| alg.as_str()).collect();
    let encryption_encs: Vec<&str> = JweEnc::ALL.iter().map(|enc| enc.as_str()).collect();
    let object_algs: Vec<&str> = ["none"].into_iter().chain(JwsAlg::ALL.iter().map(|alg| alg.as_str())).collect();
    [
        ("id_token_signing_alg_values_supported", json!(signing_algs)),
        ("id_token_encryption_alg_values_supported", json!(encryption_algs)),
        ("id_token_encryption_enc_values_supported", json!(encryption_encs)),
        ("userinfo_signing_alg_values_supported", json!(signing_algs)),
        ("userinfo_encryption_alg_values_supported", json!(encryption_algs)),
        ("userinfo_encryption_enc_values_supported", json!(encryption_encs)),
        ("request_object_signing_alg_values_supported", json!(object_algs)),
        ("request_object_encryption_alg_values_supported", json!(encryption_algs)),
        ("request_object_encryption_enc_values_supported", json!(encryption_encs)),
    ]
    .into_iter()
}

#[cfg(test)]
mod tests;
