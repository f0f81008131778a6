//! Assertions that are not what they must be: OpenID Connect Core §9, RFC 7523 §3, RFC 8725.

use std::sync::atomic::{AtomicU32, Ordering};

use jose::{JwsAlg, Signer, SigningKey, base64url};
use serde_json::{Map, Value, json};
use testkit::http::{Answer, Question};
use testkit::{Provider, RelyingParty};

use super::is_refused;
use crate::ground::plan;

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const SHARED: &str = "a secret of forty-eight characters and then some more";
static NUMBER: AtomicU32 = AtomicU32::new(0);

fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a client outside the server has a clock of its own")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// The claims of a good assertion, changed; `null` takes one away.
fn claims(provider: &Provider, client: &str, changed: &Value) -> Map<String, Value> {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let mut claims = json!({
        "iss": client, "sub": client, "aud": provider.url("/token"), "iat": now(), "exp": now() + 60,
        "jti": format!("assertion {number}"),
    });
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object().unwrap().iter().filter(|(_, v)| !v.is_null()).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// Signs whatever header and payload it is given.
fn raw(key: Option<&SigningKey>, header: &str, payload: &str) -> String {
    let input = format!("{}.{}", base64url(header), base64url(payload));
    let signature = key.map(|key| key.sign(input.as_bytes()).unwrap()).unwrap_or_default();
    format!("{input}.{}", base64url(signature))
}

fn assertion(provider: &Provider, client: &str, key: &SigningKey, changed: &Value) -> String {
    let payload = Value::Object(claims(provider, client, changed)).to_string();
    jose::sign(key, Some("JWT"), payload.as_bytes()).unwrap()
}

fn question(url: &str, token: &str, more: &[(&str, &str)]) -> Question {
    let mut fields = vec![("client_assertion_type", JWT_BEARER), ("client_assertion", token)];
    if !more.iter().any(|(name, _)| *name == "grant_type" || *name == "token") {
        fields.push(("grant_type", "client_credentials"));
    }
    fields.extend_from_slice(more);
    Question::post(url, &fields)
}

async fn ask(provider: &Provider, token: &str, more: &[(&str, &str)]) -> Answer {
    provider.ask(question(&provider.url("/token"), token, more)).await
}

/// A service and its two keys.
struct Service {
    rsa: SigningKey,
    ec: SigningKey,
}

/// `service` proves itself with either of two keys, `es` with ES256 alone, `strict` to the issuer alone, `shared` with
/// a secret, `shared-512` with HS512 alone, `basic` with a password.
async fn services(provider: &Provider) -> Service {
    let rsa = SigningKey::generate(JwsAlg::Rs256, "rsa").unwrap();
    let ec = SigningKey::generate(JwsAlg::Es256, "ec").unwrap();
    let jwks = json!({"keys": [rsa.public_jwk(), ec.public_jwk()]});
    let signed = json!({
        "client_name": "Service", "grant_types": ["client_credentials"], "scope": "read", "jwks": jwks,
        "token_endpoint_auth_method": "private_key_jwt",
    });
    provider.client(&signed, &["--client-id", "service"]).await;
    let mut one_alg = signed.clone();
    one_alg["token_endpoint_auth_signing_alg"] = json!("ES256");
    provider.client(&one_alg, &["--client-id", "es"]).await;
    let policy = provider.file("strict.json", &json!({"assertion_audience": "issuer"}).to_string());
    provider.client(&signed, &["--client-id", "strict", "--policy", &policy]).await;
    let mut shared = json!({
        "client_name": "Shared", "grant_types": ["client_credentials"], "scope": "read",
        "token_endpoint_auth_method": "client_secret_jwt",
    });
    provider.client(&shared, &["--client-id", "shared", "--client-secret", SHARED]).await;
    shared["token_endpoint_auth_signing_alg"] = json!("HS512");
    let long = format!("{SHARED}{SHARED}");
    provider.client(&shared, &["--client-id", "shared-512", "--client-secret", &long]).await;
    shared["token_endpoint_auth_signing_alg"] = Value::Null;
    shared["token_endpoint_auth_method"] = json!("client_secret_basic");
    provider.client(&shared, &["--client-id", "basic", "--client-secret", SHARED]).await;
    Service { rsa, ec }
}

/// All of them are refused alike, whoever sends them; the log alone knows why.
async fn are_refused(provider: &Provider, bad: &[(&str, String, &str)]) {
    let mut bodies: Vec<String> = Vec::new();
    for (what, token, why) in bad {
        let before = provider.log().matches(why).count();
        let answer = ask(provider, token, &[]).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.body);
        is_refused(&answer, 401, "invalid_client");
        // RFC 6749 §5.2: the challenge is for who used the Authorization field.
        assert_eq!(answer.header("www-authenticate"), None, "{what}");
        assert_eq!(provider.log().matches(why).count(), before + 1, "{what}: not {why}:\n{}", provider.log());
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "letter by letter the same answer: {bodies:?}");
}

/// item 14: each client's audience, lenient or the issuer alone.
#[tokio::test]
async fn claims_that_are_wrong() {
    let provider = plan().start().await;
    let service = services(&provider).await;
    let with = |changed: Value| assertion(&provider, "service", &service.ec, &changed);
    let token = |path: &str| provider.url(path);
    let mut bad = vec![
        ("another audience", with(json!({"aud": "https://elsewhere.example/token"})), "assertion_audience"),
        ("no audience", with(json!({"aud": null})), "assertion_audience"),
        ("no audience in a list", with(json!({"aud": []})), "assertion_audience"),
        ("almost the audience", with(json!({"aud": format!("{}/", token("/token"))})), "assertion_audience"),
        ("another endpoint of ours", with(json!({"aud": token("/authorize")})), "assertion_audience"),
        ("expired", with(json!({"exp": now() - 62})), "assertion_expired"),
        ("expired long ago", with(json!({"exp": 1})), "assertion_expired"),
        ("for ever", with(json!({"exp": now() + 3600 + 90})), "assertion_lives_long"),
        ("beyond all time", with(json!({"exp": 1e300})), "assertion_no_exp"),
        ("no expiry", with(json!({"exp": null})), "assertion_no_exp"),
        ("expiry as text", with(json!({"exp": (now() + 60).to_string()})), "assertion_no_exp"),
        ("not yet valid", with(json!({"nbf": now() + 90})), "assertion_not_yet_valid"),
        ("from the future", with(json!({"iat": now() + 90})), "assertion_from_the_future"),
        ("another issuer", with(json!({"iss": "es"})), "assertion_names"),
        ("no issuer", with(json!({"iss": null})), "assertion_names"),
        ("another client's name", with(json!({"sub": "es"})), "assertion_names"),
        ("nobody's name", with(json!({"sub": "nobody", "iss": "nobody"})), "client_unknown"),
        ("no subject", with(json!({"sub": null})), "assertion_unreadable"),
        ("no jti", with(json!({"jti": null})), "assertion_no_jti"),
        ("an empty jti", with(json!({"jti": ""})), "assertion_no_jti"),
        ("a jti without end", with(json!({"jti": "x".repeat(513)})), "assertion_no_jti"),
        ("a jti that is no text", with(json!({"jti": 7})), "assertion_no_jti"),
    ];
    let strict = |aud: Value| assertion(&provider, "strict", &service.rsa, &json!({"aud": aud}));
    bad.push((
        "the endpoint, for a client that must say the issuer",
        strict(json!(token("/token"))),
        "assertion_audience",
    ));
    bad.push(("the issuer in a list", strict(json!([provider.issuer()])), "assertion_audience"));
    are_refused(&provider, &bad).await;
    // Clocks differ by a minute, and each of these names us.
    for changed in [
        json!({}),
        json!({"exp": now() - 55}),
        json!({"exp": now() + 3600}),
        json!({"nbf": now() + 50, "iat": now() + 50}),
        json!({"iat": null}),
        json!({"aud": provider.issuer()}),
        json!({"aud": ["https://elsewhere.example/", provider.issuer()]}),
        json!({"jti": "x".repeat(512)}),
    ] {
        let answer = ask(&provider, &with(changed.clone()), &[]).await;
        assert_eq!(answer.status, 200, "{changed}: {}", answer.body);
    }
    assert_eq!(ask(&provider, &strict(json!(provider.issuer())), &[]).await.status, 200);
}

/// A payload of a client's that nothing is wrong with.
fn payload(provider: &Provider, client: &str) -> String {
    Value::Object(claims(provider, client, &json!({}))).to_string()
}

fn mac(secret: &str) -> SigningKey {
    SigningKey::from_secret(JwsAlg::Hs256, secret.as_bytes()).unwrap()
}

#[tokio::test]
async fn signatures_that_are_wrong() {
    let provider = plan().start().await;
    let service = services(&provider).await;
    let (rsa, ec) = (&service.rsa, &service.ec);
    let stranger = SigningKey::generate(JwsAlg::Es256, "ec").unwrap();
    let jwk = rsa.public_jwk();
    let modulus = jose::unbase64url(jwk["n"].as_str().unwrap()).unwrap();
    let modulus = SigningKey::from_secret(JwsAlg::Hs256, &modulus).unwrap();
    let (jwk_mac, long, brought) = (mac(&jwk.to_string()), mac(&format!("{SHARED}{SHARED}")), stranger.public_jwk());
    let (wrong, secret) = (mac("a secret nobody has ever shared with anybody"), mac(SHARED));
    let signed = |client: &str, key: &SigningKey, header: Value| {
        raw(Some(key), &header.to_string(), &payload(&provider, client))
    };
    let whole = signed("service", ec, json!({"alg": "ES256", "kid": "ec"}));
    let mut bad = vec![
        ("none", raw(None, r#"{"alg":"none"}"#, &payload(&provider, "service")), "assertion_signature"),
        ("None", raw(None, r#"{"alg":"None"}"#, &payload(&provider, "service")), "assertion_signature"),
        ("cut off", whole[..whole.len() - 6].to_owned(), "assertion_signature"),
        ("another method's", signed("basic", &secret, json!({"alg": "HS256"})), "auth_method_not_registered"),
    ];
    for (what, client, key, header) in [
        ("none, with a signature", "service", ec, json!({"alg": "none", "kid": "ec"})),
        ("the public key as a secret", "service", &jwk_mac, json!({"alg": "HS256"})),
        ("its modulus as a secret", "service", &modulus, json!({"alg": "HS256", "kid": "rsa"})),
        ("a secret's client with a key", "shared", rsa, json!({"alg": "RS256"})),
        ("a wrong secret", "shared", &wrong, json!({"alg": "HS256"})),
        ("an algorithm not registered", "es", rsa, json!({"alg": "RS256", "kid": "rsa"})),
        ("HS256 where HS512 is registered", "shared-512", &long, json!({"alg": "HS256"})),
        ("a stranger's key", "service", &stranger, json!({"alg": "ES256", "kid": "ec"})),
        ("a stranger's key without a kid", "service", &stranger, json!({"alg": "ES256"})),
        ("a foreign kid", "service", ec, json!({"alg": "ES256", "kid": "nobody's"})),
        ("the other key's kid", "service", ec, json!({"alg": "ES256", "kid": "rsa"})),
        ("a key it brings", "service", &stranger, json!({"alg": "ES256", "jwk": brought})),
        ("a place to fetch one", "service", &stranger, json!({"alg": "ES256", "jku": provider.url("/jwks")})),
    ] {
        bad.push((what, signed(client, key, header), "assertion_signature"));
    }
    are_refused(&provider, &bad).await;
    // Without a kid every key is tried, whatever their number.
    for (client, key, alg) in
        [("service", rsa, "RS256"), ("service", ec, "ES256"), ("es", ec, "ES256"), ("shared", &secret, "HS256")]
    {
        let answer = ask(&provider, &signed(client, key, json!({"alg": alg})), &[]).await;
        assert_eq!(answer.status, 200, "{client} {alg}: {}", answer.body);
    }
}

#[tokio::test]
async fn headers_and_shapes_that_are_wrong() {
    let provider = plan().start().await;
    let service = services(&provider).await;
    let mut bad = vec![("no JWT", "x".to_owned()), ("markup", "<script>.' OR 1=1 --.x".to_owned())];
    for (what, header) in [
        ("crit", json!({"alg": "ES256", "kid": "ec", "crit": ["exp"]})),
        ("crit of nothing", json!({"alg": "ES256", "kid": "ec", "crit": []})),
        ("b64", json!({"alg": "ES256", "kid": "ec", "b64": false})),
        ("zip", json!({"alg": "ES256", "kid": "ec", "zip": "DEF"})),
        ("no alg", json!({"kid": "ec"})),
        ("a kid that is a number", json!({"alg": "ES256", "kid": 1})),
        ("no object", json!(["ES256"])),
    ] {
        bad.push((what, raw(Some(&service.ec), &header.to_string(), &payload(&provider, "service"))));
    }
    let nested = format!("{{\"sub\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    for (what, payload) in [
        ("a claim twice", r#"{"sub":"service","sub":"es"}"#),
        ("nested without end", &nested),
        ("no claims", "[]"),
        ("no JSON", "\u{0}"),
    ] {
        bad.push((what, raw(Some(&service.ec), r#"{"alg":"ES256","kid":"ec"}"#, payload)));
    }
    let bad: Vec<_> = bad.into_iter().map(|(what, token)| (what, token, "assertion_unreadable")).collect();
    are_refused(&provider, &bad).await;
    assert!(!provider.log().contains("ERROR"), "{}", provider.log());
}

#[tokio::test]
async fn assertions_beside_something_else() {
    let provider = plan().start().await;
    let service = services(&provider).await;
    let good = || assertion(&provider, "service", &service.ec, &json!({}));
    is_refused(&ask(&provider, &good(), &[("client_secret", "x")]).await, 400, "invalid_request");
    is_refused(&ask(&provider, &good(), &[("client_assertion", &good())]).await, 400, "invalid_request");
    let basic = question(&provider.url("/token"), &good(), &[]).basic("service", "x");
    is_refused(&provider.ask(basic).await, 400, "invalid_request");
    is_refused(&ask(&provider, &good(), &[("client_id", "es")]).await, 401, "invalid_client");
    assert_eq!(ask(&provider, &good(), &[("client_id", "service")]).await.status, 200);
    let url = provider.url("/token");
    let (token, saml) = (good(), "urn:ietf:params:oauth:client-assertion-type:saml2-bearer");
    for (fields, status, error) in [
        (vec![("client_assertion", &*token)], 400, "invalid_request"),
        (vec![("client_assertion_type", JWT_BEARER)], 400, "invalid_request"),
        (vec![("client_assertion", &*token), ("client_assertion_type", saml)], 401, "invalid_client"),
        (vec![("client_id", "service")], 401, "invalid_client"),
        (vec![("client_id", "service"), ("client_secret", "x")], 401, "invalid_client"),
    ] {
        let fields = [&[("grant_type", "client_credentials")][..], &fields].concat();
        is_refused(&provider.ask(Question::post(&url, &fields)).await, status, error);
    }
    let basic = Question::post(&url, &[("grant_type", "client_credentials")]).basic("service", SHARED);
    let answer = provider.ask(basic).await;
    is_refused(&answer, 401, "invalid_client");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Basic "), "it used the Authorization field");
    let large = assertion(&provider, "service", &service.ec, &json!({"pad": "x".repeat(1 << 20)}));
    is_refused(&ask(&provider, &large, &[]).await, 413, "invalid_request");
    let claim = assertion(&provider, "service", &service.ec, &json!({"pad": "x".repeat(40_000)}));
    assert_eq!(ask(&provider, &claim, &[]).await.status, 200, "below the cap size is no fault");
}

/// Every answer but the first says that it was seen before.
async fn is_good_once(nodes: &[&Provider], token: &str) {
    let mut running = tokio::task::JoinSet::new();
    for number in 0..24 {
        let node = nodes[number % nodes.len()];
        let (question, wires) = (question(&node.url("/token"), token, &[]), node.wires());
        running.spawn(async move { question.send(&wires).await.unwrap() });
    }
    let answers = running.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    answers.iter().filter(|answer| answer.status != 200).for_each(|answer| is_refused(answer, 401, "invalid_client"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_good_once_wherever_it_is_shown() {
    let provider = plan().start().await;
    let service = services(&provider).await;
    is_good_once(&[&provider], &assertion(&provider, "service", &service.ec, &json!({}))).await;
    assert!(provider.log().contains("assertion_replayed"));
    // Introspection and revocation remember the same.
    let issuer = json!({"aud": provider.issuer()});
    for (first, second) in [("/introspect", "/token"), ("/token", "/revoke"), ("/revoke", "/introspect")] {
        let token = assertion(&provider, "service", &service.rsa, &issuer);
        let at = |path: &str| match path {
            "/token" => question(&provider.url(path), &token, &[]),
            _ => question(&provider.url(path), &token, &[("token", "x")]),
        };
        assert_eq!(provider.ask(at(first)).await.status, 200, "{first}");
        is_refused(&provider.ask(at(second)).await, 401, "invalid_client");
    }
    // Two clients may choose the same jti; a request that is refused later has used its own up.
    let (one, other) = (json!({"jti": "the same"}), json!({"jti": "the same"}));
    assert_eq!(ask(&provider, &assertion(&provider, "service", &service.ec, &one), &[]).await.status, 200);
    assert_eq!(ask(&provider, &assertion(&provider, "es", &service.ec, &other), &[]).await.status, 200);
    let token = assertion(&provider, "service", &service.ec, &json!({}));
    is_refused(&ask(&provider, &token, &[("scope", "admin")]).await, 400, "invalid_scope");
    is_refused(&ask(&provider, &token, &[]).await, 401, "invalid_client");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_is_good_once_on_two_nodes() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    let provider = plan().database(&url).start().await;
    let service = services(&provider).await;
    let other = provider.second_node().await;
    for _ in 0..3 {
        is_good_once(&[&provider, &other], &assertion(&provider, "service", &service.ec, &json!({}))).await;
    }
    let party = RelyingParty::first_party(&provider, "One").await;
    let question = party.asks(&provider, "/introspect", &[("token", "x")]);
    assert_eq!(question.send(&other.wires()).await.unwrap().status, 200, "the other node works");
}

/// RFC 9864 §2.2 gives the algorithm of Ed25519 a name of its own; clients of today use either.
#[tokio::test]
async fn ed25519_goes_by_both_of_its_names() {
    let provider = plan().start().await;
    let key = SigningKey::generate(JwsAlg::EdDsa, "ed").unwrap();
    let document = provider.get("/.well-known/openid-configuration").await.unwrap().json();
    let listed = |member: &str, name: &str| document[member].as_array().unwrap().contains(&json!(name));
    for (number, registered) in [None, Some("EdDSA"), Some("Ed25519")].into_iter().enumerate() {
        let id = format!("ed-{number}");
        let metadata = json!({
            "client_name": "Ed", "grant_types": ["client_credentials"], "jwks": {"keys": [key.public_jwk()]},
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": registered,
        });
        provider.client(&metadata, &["--client-id", &id]).await;
        for name in ["EdDSA", "Ed25519"] {
            for endpoint in ["token", "introspection", "revocation"] {
                assert!(listed(&format!("{endpoint}_endpoint_auth_signing_alg_values_supported"), name), "{name}");
            }
            let payload = Value::Object(claims(&provider, &id, &json!({}))).to_string();
            let token = raw(Some(&key), &json!({"alg": name, "kid": "ed"}).to_string(), &payload);
            let answer = ask(&provider, &token, &[]).await;
            assert_eq!(answer.status, 200, "{registered:?} {name}: {}", answer.body);
        }
    }
    // What our own ID Tokens say.
    assert!(listed("id_token_signing_alg_values_supported", "EdDSA"));
    assert!(!listed("id_token_signing_alg_values_supported", "Ed25519"));
}
