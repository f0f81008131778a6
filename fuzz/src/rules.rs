//! Targets of `openid`.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jose::{Certificate, DistinguishedName, JwsAlg, Signer as _, SigningKey};
use libfuzzer_sys::arbitrary::Unstructured;
use openid::authorize::place::{Destination, Reply};
use openid::authorize::request::{AuthRequest, ServerOffers, SignUp};
use openid::bound::mtls::X5t;
use openid::bound::{dpop, field};
use openid::claims::parameter::ClaimsRequest;
use openid::client::auth::Presented;
use openid::client::metadata::Metadata;
use openid::client::policy::Policy;
use openid::client::{Client, ClientSecret, Standing};
use openid::name::{ClientId, Digest};
use openid::registration::policy::RegistrationPolicy;
use openid::registration::proposal::{Proposed, Replacement};
use openid::registration::statement;
use openid::time::{Span, Time};
use openid::token::exchange::{self, Exchange};
use openid::token::{Grants, TokenRequest};
use openid::wire::form::Form;
use openid::wire::refusal::ErrorCode;
use openid::wire::scope::Scope;
use serde_json::{Map, Value, json};

const REGISTERED: &str = "https://rp.example/cb";

/// A form is read as it was encoded, or refused.
pub fn form_read(bytes: &[u8]) {
    if let Ok(form) = Form::read(bytes) {
        assert_eq!(Form::read(form.encode().as_bytes()).expect("what was read reads again"), form);
    }
}

/// Client metadata is read or refused; what was read reads again as itself.
pub fn metadata_read(bytes: &[u8]) {
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    if let Ok(metadata) = Metadata::read(&given) {
        let again = Metadata::read(&metadata.registered).expect("what was read reads again");
        assert_eq!(again.registered, metadata.registered);
    }
}

/// The body of a registration is read or refused, and what is registered from it reads again as itself, within the policy or not.
pub fn registration_read(bytes: &[u8]) {
    if let Ok(replacement) = Replacement::read(bytes, &ClientId::new("rp")) {
        assert!(!replacement.proposed.members.contains_key("client_secret"));
    }
    let Ok(mut proposed) = Proposed::read(bytes) else { return };
    assert!(!proposed.members.contains_key("software_statement"));
    if let Some(statement) = &proposed.statement {
        assert!(statement::issuer(statement, &[]).is_err(), "nobody is trusted");
    }
    let policy = RegistrationPolicy::read(&Map::new()).expect("nothing is a policy");
    policy.allowed.fill(&mut proposed.members);
    let Ok(metadata) = Metadata::read(&proposed.members) else { return };
    let again = Metadata::read(&metadata.registered).expect("what was read reads again");
    let offered = Scope::read("openid profile").expect("a scope");
    assert_eq!(policy.allowed.judge(&metadata, &offered), policy.allowed.judge(&again, &offered));
}

/// An authorization request is answered at a registered address or not at all.
pub fn auth_request_read(bytes: &[u8]) {
    let metadata = json!({ "redirect_uris": [REGISTERED] });
    let client = Client {
        id: ClientId::new("rp"),
        version: 1,
        standing: Standing::Enabled,
        metadata: Metadata::read(metadata.as_object().expect("an object")).expect("good metadata"),
        policy: Policy::default(),
        secret: ClientSecret::None,
    };
    let offers = ServerOffers {
        scopes: Scope::read("openid profile").expect("a scope"),
        by_default: Scope::default(),
        implied: Scope::default(),
        catalogue: std::sync::Arc::default(),
        acr_values: Vec::new(),
        sign_up: SignUp::Open,
        resources: std::sync::Arc::default(),
        native_sso: openid::native_sso::NativeSso::On,
    };
    let Ok(drawn) = Form::read(bytes) else { return };
    let fixed = [("client_id".to_owned(), "rp".to_owned()), ("response_type".to_owned(), "code".to_owned())];
    for form in [drawn.clone(), Form::from_pairs(fixed.into_iter().chain(drawn.pairs().iter().cloned()))] {
        let Ok(place) = Destination::locate(&form, &client) else { continue };
        assert_eq!(place.redirect_uri(), REGISTERED);
        if let Err(refusal) = AuthRequest::read(&form, &client, &place, &offers) {
            let _ = place.answer("https://op.example", Reply::Refusal(refusal), String::new());
        }
    }
}

/// A `claims` parameter is read or refused, and what is stored of it reads again as itself. The last line is `claims_locales`.
pub fn claims_read(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (claims, locales) = text.rsplit_once('\n').unwrap_or((text, ""));
    let Ok(request) = ClaimsRequest::read(Some(claims), Some(locales)) else { return };
    let stored = request.text();
    let again = ClaimsRequest::stored(&stored).expect("what was stored reads again");
    assert!(again.locales == request.locales && again.userinfo.personal().count() == request.userinfo.personal().count());
    for (name, _) in again.id_token.personal() {
        assert!(!name.is_empty() && !openid::token::claims::is_reserved(name));
    }
}

/// Whatever a client presents is read or refused.
pub fn presented_read(bytes: &[u8]) {
    let mut drawn = Unstructured::new(bytes);
    let Ok(header) = drawn.arbitrary::<&str>() else { return };
    if let Ok(form) = Form::read(drawn.take_rest()) {
        let _ = Presented::read(Some(header), &form);
        let _ = Presented::read(None, &form);
    }
}

/// A token request is read or refused in the words of RFC 6749 §5.2, RFC 8693 §2.2.2 or RFC 8707 §2, and what is read keeps
/// what it must have: an exchange its tokens, a device secret nothing but its digest.
pub fn token_request_read(bytes: &[u8]) {
    let Ok(drawn) = Form::read(bytes) else { return };
    let kinds = [None, Some("refresh_token"), Some("authorization_code"), Some(exchange::GRANT_TYPE)];
    for kind in kinds {
        let fixed = kind.map(|kind| ("grant_type".to_owned(), kind.to_owned()));
        let form = Form::from_pairs(fixed.into_iter().chain(drawn.pairs().iter().cloned()));
        match TokenRequest::read(&form) {
            Ok(TokenRequest { grant: Grants::Exchange(Exchange::Native(native)) }) => {
                assert!(!native.id_token.is_empty() && !native.audience.is_empty());
                assert_eq!(Some(native.secret), form.get("actor_token").map(Digest::of));
            }
            Ok(TokenRequest { grant: Grants::Exchange(Exchange::General(general)) }) => {
                assert!(!general.subject.is_empty());
                assert_eq!(general.actor.is_some(), form.get("actor_token_type").is_some());
            }
            Ok(_) => {}
            Err(refusal) => assert!(
                matches!(
                    refusal.code,
                    ErrorCode::InvalidRequest
                        | ErrorCode::InvalidScope
                        | ErrorCode::InvalidTarget
                        | ErrorCode::UnsupportedGrantType
                ),
                "{refusal}"
            ),
        }
    }
}

/// A proof is read or refused, at any time: the bytes as they are, and as claims that we signed. Whoever is believed holds a key,
/// and no address but the endpoint's own was taken for it.
pub fn dpop_proof_read(bytes: &[u8]) {
    static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(JwsAlg::EdDsa, "own").expect("a key"));
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": KEY.public_jwk() });
    let input = format!("{}.{}", jose::base64url(header.to_string()), jose::base64url(bytes));
    let signature = KEY.sign(input.as_bytes()).expect("it signs");
    let signed = format!("{input}.{}", jose::base64url(signature));
    for proof in [Some(signed.as_str()), std::str::from_utf8(bytes).ok()].into_iter().flatten() {
        let at = |uri| dpop::Attached { method: "POST", uri, access_token: None };
        // When it says that it was made, so that what is kept in the corpus gets past that.
        let made = jose::peek_claims(proof).ok().and_then(|claims| claims.unverified().get("iat")?.as_i64());
        let now = Time::from_seconds(made.unwrap_or_default().clamp(0, 100_000_000_000));
        let Ok(proven) = dpop::judge(proof, &at("https://op.example/token"), now) else { continue };
        assert!(dpop::Jkt::read(proven.jkt().as_str()).is_some() && !proven.jti().is_empty() && now <= proven.over());
        assert!(dpop::judge(proof, &at("https://op.example/par"), now).is_err());
        assert!(dpop::judge(proof, &at("https://op.example/token"), now + Span::from_hours(1)).is_err());
    }
}

/// A certificate, a header field that holds some, a name as people write it: each is read or refused. What was read has the digest
/// of all its bytes, is not good before it is, and what a field holds reads again from the field that says the same.
pub fn certificate_read(bytes: &[u8]) {
    let mut all = vec![bytes.to_vec()];
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(name) = DistinguishedName::read(text) {
            assert!(!name.is_empty() && DistinguishedName::read(text) == Ok(name));
        }
        if let Some(held) = field::read(text) {
            let again: Vec<String> = held.iter().map(|one| format!(":{}:", STANDARD.encode(one))).collect();
            let again = field::read(&again.join(", "));
            assert!(!held.is_empty() && again.is_none_or(|again| again == held));
            all.extend(held);
        }
    }
    for der in &all {
        let Ok(read) = Certificate::read(der) else { continue };
        assert_eq!(X5t::of(der).as_str(), jose::base64url(read.digest()));
        assert!(!read.is_valid_at(-1) && Certificate::read(&der[..der.len() - 1]).is_err());
    }
}
