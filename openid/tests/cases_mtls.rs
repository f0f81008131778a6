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
use openid::bound::dpop::Scheme;
use openid::bound::mtls::X5t;
use openid::bound::{self, Confirmation, Possession, field};
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

/// Somebody asks for a token with this in hand.
fn ask(case: &Value) -> Value {
    let given = &case["given"];
    let certificate = given["certificate"].as_str().map(|name| X5t::of(&der(name)));
    let proof = given["proof"].as_str().map(given::proven);
    let possession = Possession { proof: proof.as_ref(), certificate: certificate.as_ref() };
    let client = given::client(&case["asked"], &json!({}));
    if let Err(refusal) = bound::admit(&client, possession) {
        return refused(&refusal);
    }
    let cnf = possession.confirmation(&client);
    let name = |x5t: &X5t| ["one", "two"].into_iter().find(|name| X5t::of(&der(name)) == *x5t);
    json!({
        "token_type": bound::token_type(cnf.as_ref()),
        "cnf": cnf.map(|cnf| {
            let said = cnf.cnf();
            assert_eq!(said["x5t#S256"].as_str(), cnf.x5t().map(X5t::as_str));
            json!({ "x5t#S256": cnf.x5t().and_then(name) })
        }),
    })
}

/// A token is used over a connection.
fn present(given: &Value) -> Value {
    let x5t = |name: &Value| name.as_str().map(|name| X5t::of(&der(name)));
    let (bound, certificate) = (x5t(&given["bound"]).map(Confirmation::X5t), x5t(&given["certificate"]));
    let scheme = if given["scheme"] == "dpop" { Scheme::Dpop } else { Scheme::Bearer };
    let possession = Possession { proof: None, certificate: certificate.as_ref() };
    match bound::judge_presented(scheme, bound.as_ref(), possession) {
        Ok(()) => json!({ "opens": true }),
        Err(refusal) => refused(&refusal),
    }
}

/// A header field, with certificates where the case names them.
fn field_of(asked: &Value) -> String {
    let [one, two] = ["one", "two"].map(|name| STANDARD.encode(der(name)));
    let lines: Vec<&str> = one.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
    let escaped = pem.replace('+', "%2B").replace('/', "%2f").replace('\n', "%0A").replace(' ', "%20");
    let field = asked["field"].as_str().unwrap();
    let stand_ins = [("{one}", &one), ("{two}", &two), ("{spaced}", &pem.replace('\n', " ")), ("{escaped}", &escaped)];
    let field = stand_ins.iter().fold(field.to_owned(), |field, (name, text)| field.replace(name, text));
    let separator = if field.starts_with(':') { "," } else { "" };
    vec![field; usize::try_from(asked["times"].as_u64().unwrap_or(1)).unwrap()].join(separator)
}

#[test]
fn field_cases() {
    run("bound/field.toml", |_, case| {
        let name = |held: &Vec<u8>| ["one", "two"].into_iter().find(|name| der(name) == *held).unwrap_or("another");
        match field::read(&field_of(&case["asked"])) {
            None => json!({ "holds": "nothing" }),
            Some(all) => json!({ "holds": all.iter().map(name).collect::<Vec<_>>() }),
        }
    });
}

#[test]
fn bound_cases() {
    run("bound/mtls.toml", |_, case| match (case["asked"].get("register"), case["asked"].get("metadata")) {
        (Some(members), _) => register(&json!({ "given": case["given"], "asked": { "metadata": members } })),
        (None, Some(_)) => ask(case),
        (None, None) => present(&case["given"]),
    });
}

#[test]
fn certificate_cases() {
    run("client/certificate.toml", |_, case| match case["asked"].get("metadata") {
        Some(_) => register(case),
        None => authenticate(case),
    });
}
