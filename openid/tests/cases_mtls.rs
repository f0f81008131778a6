//! Cases of mutual TLS: clients that are known by a certificate, and tokens that are bound to one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "shared with the other tests of cases, which use the rest")]
mod given;

use std::path::Path;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use given::{ISSUER, NOW, form, object, run, texts};
use jose::{Certificate, JwkSet};
use openid::bound::mtls::X5t;
use openid::client::auth::{Audience, Fetched, Judged, Keys, Presented, judge};
use openid::client::certificate::{Chain, MutualTls, Shown};
use openid::client::metadata::Metadata;
use openid::client::policy::Policy;
use openid::client::{Client, ClientSecret, Standing};
use openid::name::{ClientId, Digest};
use openid::wire::refusal::Refusal;
use serde_json::{Value, json};

/// The certificates of `certificates.toml`, by name.
static CERTIFICATES: LazyLock<Value> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates.toml");
    let table: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
    serde_json::to_value(table).unwrap()
});

fn der(name: &str) -> Vec<u8> {
    STANDARD.decode(CERTIFICATES[name]["der"].as_str().unwrap_or_else(|| panic!("what is {name}?"))).unwrap()
}

/// A key by the name of its certificate, with that in it; `one's key` has none, `one as two` has somebody else's, `one by digest`
/// says which it is.
fn jwk(name: &str) -> Value {
    let (key, certificate) = match name.split_once(' ') {
        None => (name, json!({ "x5c": [STANDARD.encode(der(name))] })),
        Some((key, "bare")) => (key, json!({})),
        Some((key, "by digest")) => (key, json!({ "x5t#S256": X5t::of(&der(key)).as_str() })),
        Some((key, "twice")) => (key, json!({ "x5c": [STANDARD.encode(der("two")), STANDARD.encode(der(key))] })),
        Some((key, other)) => (key, json!({ "x5c": [STANDARD.encode(der(other.trim_start_matches("as ")))] })),
    };
    let mut jwk = object(&CERTIFICATES[key]["jwk"]);
    jwk.extend(object(&certificate));
    Value::Object(jwk)
}

fn set(names: &Value) -> Option<Value> {
    let keys: Vec<Value> = texts(names).iter().map(|name| jwk(name)).collect();
    (!keys.is_empty()).then(|| json!({ "keys": keys }))
}

fn refused(refusal: &Refusal) -> Value {
    json!({ "refuse": refusal.code.as_str(), "why": refusal.why, "say": refusal.say })
}

/// Metadata of a case, over good ones.
fn metadata(given: &Value) -> Result<Metadata, Refusal> {
    let mut all = object(&json!({ "redirect_uris": ["https://rp.example/cb"] }));
    all.extend(object(&given["metadata"]));
    all.extend(set(&given["jwks"]).map(|set| ("jwks".to_owned(), set)));
    Metadata::read(&all)
}

/// What the connection shows.
fn shown(given: &Value) -> Option<Arc<Shown>> {
    let name = given["certificate"].as_str()?;
    let der = if name == "garbage" { b"no certificate".to_vec() } else { der(name) };
    let chain = if given["chain"] == "verified" { Chain::Verified } else { Chain::Unverified };
    Some(Arc::new(Shown { x5t: X5t::of(&der), certificate: Certificate::read(&der).ok(), chain }))
}

fn authenticate(case: &Value) -> Value {
    let (given, asked) = (&case["given"], &case["asked"]);
    let metadata = match metadata(given) {
        Ok(metadata) => metadata,
        Err(refusal) => panic!("{refusal} in {case}"),
    };
    let client = Arc::new(Client {
        id: ClientId::new("rp"),
        version: 1,
        standing: if given["standing"] == "disabled" { Standing::Disabled } else { Standing::Enabled },
        metadata,
        policy: Policy::default(),
        secret: ClientSecret::Hashed(Digest::of("a-secret-of-more-than-thirty-two-bytes")),
    });
    let presented = match Presented::read(None, &form(asked)) {
        Ok(presented) => presented.over(shown(given)),
        Err(refusal) => return refused(&refusal),
    };
    let published = set(&given["published"]).map(|set| JwkSet::read_public(&set).unwrap());
    let fetched = if given["fetched"] == "now" { Fetched::Now } else { Fetched::Before };
    let keys = Keys { jwks: published.as_ref(), fetched };
    let audience =
        Audience { issuer: ISSUER, token_endpoint: "https://op.example/token", endpoint: "https://op.example/par" };
    match judge(&presented, &client, &keys, &audience, NOW) {
        Judged::Is(is) => json!({ "is": is.client().id.as_str() }),
        Judged::Need(need) => json!({ "need": need.uri }),
        Judged::No(refusal) => refused(&refusal),
    }
}

/// What a client is registered with, at a server that is set up for so much.
fn register(case: &Value) -> Value {
    let offered = match case["given"]["mutual_tls"].as_str() {
        Some("off") => MutualTls::Off,
        Some("known") => MutualTls::Known,
        _ => MutualTls::Vouched,
    };
    match metadata(&case["asked"]).and_then(|metadata| offered.admit(&metadata).map(|()| metadata)) {
        Ok(metadata) => json!({ "registered": metadata.registered }),
        Err(refusal) => refused(&refusal),
    }
}

#[test]
fn certificate_cases() {
    run("client/certificate.toml", |_, case| match case["asked"].get("metadata") {
        Some(_) => register(case),
        None => authenticate(case),
    });
}
