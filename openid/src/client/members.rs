//! Reading each member of registered metadata: RFC 7591 §2, OpenID Connect Registration §2, RP-Initiated Logout §3.1,
//! Back-Channel Logout §2.2, Front-Channel Logout §2, RFC 8252, RFC 8705.
//!
//! Invariant: what comes out is consistent: grants, response types, redirect URIs, authentication method and keys fit
//! each other, and nothing that this server cannot do is in it.

use jose::{JoseError, JwkSet, JwsAlg};
use serde_json::{Map, Value, json};

use super::auth::METHODS;
use super::certificate::{self, Subject};
use super::flows::{Flows, flows, redirects};
use super::jose_members::{self, Encryption, ObjectSigning, UserinfoForm};
use super::metadata::{ApplicationType, AuthMethod, DpopBinding, Metadata, SessionWanted};
use super::registered::{Proposal, wrong};
use super::{sector, shown};
use crate::authorize::par::Pushing;
use crate::authorize::response_type::{Part, ResponseType};
use crate::logout::frontchannel;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;
use crate::wire::uri::{self, Kind};

/// Algorithms a client may choose for its ID Tokens. The server must hold a key for each asymmetric one.
pub(crate) const ID_TOKEN_ALGS: &[&str] = &["RS256", "PS256", "ES256", "EdDSA", "HS256", "HS384", "HS512"];

/// How a client proves itself.
struct Proof {
    method: AuthMethod,
    alg: Option<JwsAlg>,
    certificate_subject: Option<Subject>,
    jwks: Option<JwkSet>,
    jwks_uri: Option<String>,
    id_token_alg: JwsAlg,
    id_token_encryption: Option<Encryption>,
    userinfo: UserinfoForm,
    request_object_signing: Option<ObjectSigning>,
    request_object_encryption: Option<Encryption>,
}

pub(super) fn read(given: &Map<String, Value>) -> Result<Metadata, Refusal> {
    let proposal = Proposal::read(given)?;
    let flows = flows(&proposal)?;
    let proof = proof(&proposal)?;
    consistent(&flows, &proof)?;
    others(&proposal)?;
    let (subject, sector_identifier_uri) = sector::read(&proposal, &flows.redirect_uris)?;
    let origins = flows.redirect_uris.iter().filter_map(|text| uri::origin(text));
    let frontchannel_logout_uri = frontchannel_logout_uri(&proposal, proof.method, &flows.redirect_uris)?;
    let dpop = dpop(&proposal, &flows.response_types)?;
    let certificate_binding = certificate::binding(&proposal, dpop, &flows.response_types)?;
    let mut metadata = Metadata {
        registered: Map::new(),
        origins: distinct(origins),
        redirect_uris: flows.redirect_uris,
        response_types: flows.response_types,
        grant_types: flows.grant_types,
        auth_method: proof.method,
        auth_alg: proof.alg,
        certificate_subject: proof.certificate_subject,
        subject,
        sector_identifier_uri,
        scope: scope(&proposal)?,
        jwks: proof.jwks,
        jwks_uri: proof.jwks_uri,
        id_token_alg: proof.id_token_alg,
        id_token_encryption: proof.id_token_encryption,
        userinfo: proof.userinfo,
        request_object_signing: proof.request_object_signing,
        request_object_encryption: proof.request_object_encryption,
        request_uris: jose_members::request_uris(&proposal)?,
        dpop,
        certificate_binding,
        pushing: pushing(&proposal)?,
        client_name: shown::names(&proposal)?,
        links: shown::links(&proposal)?,
        default_max_age: proposal.seconds("default_max_age")?,
        default_acr_values: proposal.list("default_acr_values")?.unwrap_or_default(),
        post_logout_redirect_uris: redirects(&proposal, "post_logout_redirect_uris", flows.application_type)?
            .unwrap_or_default(),
        backchannel_logout_uri: backchannel_logout_uri(&proposal, proof.method)?,
        backchannel_session: session_wanted(&proposal, "backchannel_logout_session_required")?,
        frontchannel_logout_uri,
        frontchannel_session: session_wanted(&proposal, "frontchannel_logout_session_required")?,
        application_type: flows.application_type,
    };
    metadata.registered = registered(&proposal, &metadata);
    Ok(metadata)
}

/// The members as given, `null` ones left out, with the defaults that apply.
fn registered(proposal: &Proposal<'_>, metadata: &Metadata) -> Map<String, Value> {
    let mut all = proposal.all().clone();
    all.retain(|_, value| !value.is_null());
    let method = METHODS.iter().find(|row| row.method == metadata.auth_method).map(|row| row.name);
    let application_type = match metadata.application_type {
        ApplicationType::Web => "web",
        ApplicationType::Native => "native",
    };
    for (name, value) in [
        ("application_type", json!(application_type)),
        ("grant_types", json!(metadata.grant_types)),
        ("response_types", json!(metadata.response_types.iter().map(|kind| kind.as_str()).collect::<Vec<_>>())),
        ("token_endpoint_auth_method", json!(method)),
        ("id_token_signed_response_alg", json!(metadata.id_token_alg.as_str())),
        ("subject_type", json!(metadata.subject.as_str())),
    ] {
        if !all.contains_key(name) {
            all.insert(name.to_owned(), value);
        }
    }
    all
}

fn proof(proposal: &Proposal<'_>) -> Result<Proof, Refusal> {
    let name = proposal.text("token_endpoint_auth_method")?.unwrap_or("client_secret_basic");
    let Some(row) = METHODS.iter().find(|row| row.name == name) else {
        return Err(not_yet("token_endpoint_auth_method", name));
    };
    let alg = match proposal.text("token_endpoint_auth_signing_alg")? {
        None => None,
        // Registration §2: it is about the methods that sign; beside others it says nothing, as long as it is one.
        Some(name) if row.algs.is_empty() && name.parse::<JwsAlg>().is_ok() => None,
        Some(name) => Some(row.algs.iter().copied().find(|alg| alg.is_named(name)).ok_or_else(|| {
            wrong(
                "auth_alg_unfit",
                "token_endpoint_auth_signing_alg is not an algorithm of this token_endpoint_auth_method",
            )
        })?),
    };
    let id_token_alg = proposal.text("id_token_signed_response_alg")?.unwrap_or("RS256");
    let known = ID_TOKEN_ALGS.contains(&id_token_alg).then(|| id_token_alg.parse::<JwsAlg>());
    let Some(Ok(id_token_alg)) = known else {
        return Err(not_yet("id_token_signed_response_alg", id_token_alg));
    };
    let jwks = proposal.get("jwks").map(jwks).transpose()?;
    let jwks_uri = proposal.web_uri("jwks_uri")?;
    if jwks.is_some() && jwks_uri.is_some() {
        return Err(wrong("jwks_twice", "jwks and jwks_uri must not both be given"));
    }
    if jwks_uri.is_some_and(|(_, kind)| kind == Kind::Http) {
        return Err(wrong("jwks_uri_http", "jwks_uri must use https"));
    }
    let jwks_uri = jwks_uri.map(|(text, _)| text.to_owned());
    let id_token_encryption =
        jose_members::encryption(proposal, ("id_token_encrypted_response_alg", "id_token_encrypted_response_enc"))?;
    let userinfo = jose_members::userinfo(proposal)?;
    for (name, encryption) in [
        ("id_token_encrypted_response_alg", id_token_encryption),
        ("userinfo_encrypted_response_alg", userinfo.encrypted),
    ] {
        if let Some(encryption) = encryption {
            jose_members::has_key(name, encryption, (row.method, jwks.as_ref(), jwks_uri.as_deref()))?;
        }
    }
    let request_object_signing = jose_members::object_signing(proposal)?;
    let request_object_encryption =
        jose_members::encryption(proposal, ("request_object_encryption_alg", "request_object_encryption_enc"))?;
    Ok(Proof {
        method: row.method,
        alg,
        certificate_subject: Subject::read(proposal, row.method)?,
        jwks,
        jwks_uri,
        id_token_alg,
        id_token_encryption,
        userinfo,
        request_object_signing,
        request_object_encryption,
    })
}

/// A JWK Set with public keys only (RFC 7591 §2).
fn jwks(value: &Value) -> Result<JwkSet, Refusal> {
    let keys = value.get("keys").and_then(Value::as_array);
    let Some(keys) = keys.filter(|keys| !keys.is_empty() && keys.len() <= 50) else {
        return Err(wrong("jwks_form", "jwks must be a JWK Set with 1 to 50 keys"));
    };
    let set = JwkSet::read_public(value).map_err(|fault| match fault {
        JoseError::Private => {
            wrong("jwks_private", "jwks holds a private or symmetric key; register the public keys only")
        }
        _ => wrong("jwks_unreadable", "jwks holds a key that cannot be read"),
    })?;
    // A registered key that would be passed over is a mistake worth hearing of now.
    let useful = |key: &Value| JwkSet::read(&json!({"keys": [key]})).is_ok_and(|one| !one.is_empty());
    match keys.iter().all(useful) {
        true => Ok(set),
        false => Err(wrong("jwks_useless", "jwks holds a key that is of no known kind, or too weak")),
    }
}

fn consistent(flows: &Flows, proof: &Proof) -> Result<(), Refusal> {
    let grants = |name: &str| flows.grant_types.iter().any(|g| g == name);
    // RFC 6749 §4.4: only confidential clients.
    if proof.method == AuthMethod::None && grants("client_credentials") {
        return Err(wrong("credentials_public", "grant_types: client_credentials needs a client that authenticates"));
    }
    // OpenID Connect Registration §2, application_type: where tokens arrive with the redirect, it must be a web site's own.
    let implicit = flows.response_types.iter().any(|kind| kind.is_implicit());
    let own = |text: &String| text.starts_with("https://") && !uri::is_own_machine(text);
    if implicit && flows.application_type == ApplicationType::Web && !flows.redirect_uris.iter().all(own) {
        return Err(refuse(
            ErrorCode::InvalidRedirectUri,
            "redirect_implicit",
            "redirect_uris: a web client with implicit grants may use https only, and not localhost",
        ));
    }
    let object = match proof.request_object_signing {
        Some(ObjectSigning::Signed(alg)) => Some(alg),
        Some(ObjectSigning::Unsigned) | None => None,
    };
    if object.is_some_and(|alg| !alg.is_symmetric()) && proof.jwks.is_none() && proof.jwks_uri.is_none() {
        return Err(wrong("object_keys_missing", "request_object_signing_alg needs jwks or jwks_uri"));
    }
    if proof.method == AuthMethod::PrivateKeyJwt && proof.jwks.is_none() && proof.jwks_uri.is_none() {
        return Err(wrong("keys_missing", "private_key_jwt needs jwks or jwks_uri"));
    }
    if proof.method == AuthMethod::SelfSignedTlsClientAuth {
        certificate::judge_keys(proof.jwks.as_ref(), proof.jwks_uri.as_deref())?;
    }
    // OpenID Connect Registration §2: HS* are keyed by the client_secret.
    let signing = [Some(proof.id_token_alg), proof.userinfo.signed, object];
    let symmetric = signing.into_iter().flatten().any(JwsAlg::is_symmetric);
    if symmetric && proof.method == AuthMethod::None {
        return Err(wrong("signing_alg_secret", "signing with HS* needs a client with a secret"));
    }
    Ok(())
}

fn scope(proposal: &Proposal<'_>) -> Result<Option<Scope>, Refusal> {
    match proposal.get("scope") {
        None => Ok(None),
        Some(Value::String(text)) if text.len() <= 2000 => match Scope::read(text) {
            Ok(scope) => Ok(Some(scope)),
            Err(_) => Err(wrong("metadata_scope_illegal", "scope holds an illegal character")),
        },
        Some(_) => Err(wrong("metadata_scope_form", "scope must be a string of at most 2000 characters")),
    }
}

/// Back-Channel Logout §2.2: `http` only for confidential clients, or to this very machine.
fn backchannel_logout_uri(proposal: &Proposal<'_>, method: AuthMethod) -> Result<Option<String>, Refusal> {
    match proposal.web_uri("backchannel_logout_uri")? {
        Some((_, Kind::Http)) if method == AuthMethod::None => {
            Err(wrong("backchannel_http", "backchannel_logout_uri must use https for a public client"))
        }
        uri => Ok(uri.map(|(text, _)| text.to_owned())),
    }
}

/// Front-Channel Logout §2.
fn frontchannel_logout_uri(
    proposal: &Proposal<'_>,
    method: AuthMethod,
    redirect_uris: &[String],
) -> Result<Option<String>, Refusal> {
    let Some((text, kind)) = proposal.web_uri("frontchannel_logout_uri")? else {
        return Ok(None);
    };
    frontchannel::judge(text, kind, method, redirect_uris)?;
    Ok(Some(text.to_owned()))
}

/// RFC 9449 §5.2. A token that comes through the browser is bound to nothing.
fn dpop(proposal: &Proposal<'_>, response_types: &[ResponseType]) -> Result<DpopBinding, Refusal> {
    match proposal.flag("dpop_bound_access_tokens")? {
        false => Ok(DpopBinding::Optional),
        true if response_types.iter().any(|kind| kind.carries(Part::Token)) => Err(wrong(
            "dpop_front_channel",
            "dpop_bound_access_tokens does not go with response_types that carry an access token",
        )),
        true => Ok(DpopBinding::Required),
    }
}

/// RFC 9126 §6.
fn pushing(proposal: &Proposal<'_>) -> Result<Pushing, Refusal> {
    Ok(if proposal.flag("require_pushed_authorization_requests")? { Pushing::Required } else { Pushing::Optional })
}

fn session_wanted(proposal: &Proposal<'_>, name: &'static str) -> Result<SessionWanted, Refusal> {
    Ok(if proposal.flag(name)? { SessionWanted::Required } else { SessionWanted::Optional })
}

/// Members that are kept and shown, and so far mean nothing more than that.
fn others(proposal: &Proposal<'_>) -> Result<(), Refusal> {
    for name in ["software_id", "software_version"] {
        proposal.text(name)?;
    }
    proposal.list("contacts")?;
    // Every ID Token carries `auth_time`.
    proposal.flag("require_auth_time")?;
    // FAPI 2.0 Security Profile §8.1.1: at which of our addresses it calls.
    proposal.flag("use_mtls_endpoint_aliases")?;
    // OpenID Connect Registration §2: it must use the https scheme.
    if let Some((_, kind)) = proposal.web_uri("initiate_login_uri")?
        && kind != Kind::Https
    {
        return Err(wrong("initiate_login_http", "initiate_login_uri must use https"));
    }
    Ok(())
}

pub(super) fn not_yet(name: &str, value: &str) -> Refusal {
    let known = value.len() <= 60 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_- :.".contains(&b));
    let value = if known { value } else { "this value" };
    wrong("value_not_yet", format!("{name}: {value} is not supported yet by this server"))
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in texts {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}
