use jose::SigningKey;

use super::*;

const NOW: Time = Time::from_seconds(1_700_000_000);

fn key(kid: &str) -> SigningKey {
    SigningKey::generate(JwsAlg::Es256, kid).unwrap()
}

fn source(key: &SigningKey) -> Source {
    Source {
        name: "register".to_owned(),
        kind: SourceKind::Aggregated,
        claims: vec!["address".to_owned(), "degree".to_owned()],
        endpoint: None,
        issuer: Some("https://a.example".to_owned()),
        jwks: Some(json!({ "keys": [key.public_jwk()] }).to_string()),
        reach: Reach::Linked,
    }
}

fn signed(key: &SigningKey, claims: &Value) -> String {
    jose::sign(key, None, claims.to_string().as_bytes()).unwrap()
}

#[test]
fn a_jwt_is_passed_on_if_everything_about_it_is_right() {
    let (own, strange) = (key("own"), key("own"));
    let source = source(&own);
    assert_eq!(source.judge(), Ok(()));
    let good = json!({ "iss": "https://a.example", "sub": "theirs", "iat": 1.5, "exp": 1_700_000_060.25, "degree": "PhD", "address": null });
    let asserted = source.verify(&format!(" {}\n", signed(&own, &good)), NOW).unwrap();
    assert_eq!(
        (&asserted.claims, asserted.until),
        (json!({ "degree": "PhD" }).as_object().unwrap(), Time::from_seconds(1_700_000_060))
    );
    let undated = json!({ "iss": "https://a.example", "degree": "PhD" });
    assert_eq!(source.verify(&signed(&own, &undated), NOW).unwrap().until, NOW + UNDATED);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signed(&own, &claims)
    };
    let secret = SigningKey::from_secret(JwsAlg::Hs256, source.jwks.as_deref().unwrap().as_bytes()).unwrap();
    let bare = format!("{}.{}.", jose::base64url(br#"{"alg":"none"}"#), jose::base64url(good.to_string()));
    for bad in [
        signed(&strange, &good),
        jose::sign(&secret, None, good.to_string().as_bytes()).unwrap(),
        bare,
        with("iss", json!("https://b.example")),
        with("iss", Value::Null),
        with("exp", json!(1_700_000_000)),
        with("exp", json!("never")),
        with("nbf", json!(1_700_000_090)),
        with("religion", json!("none of your business")),
        "a.b.c".to_owned(),
        String::new(),
        "a".repeat(20_000),
    ] {
        assert!(source.verify(&bad, NOW).is_err(), "{bad}");
    }
}

#[test]
fn sources_that_can_be_configured_and_some_that_cannot() {
    let own = key("own");
    let good = source(&own);
    let far = Source {
        kind: SourceKind::Distributed,
        endpoint: Some("https://b.example/".to_owned()),
        issuer: None,
        jwks: None,
        ..good.clone()
    };
    assert_eq!((far.judge(), Source { reach: Reach::Everybody, ..far.clone() }.judge()), (Ok(()), Ok(())));
    let private = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0" }] }).to_string();
    for bad in [
        Source { name: "a b".to_owned(), ..good.clone() },
        Source { name: String::new(), ..good.clone() },
        Source { claims: vec![], ..good.clone() },
        Source { claims: vec!["sub".to_owned()], ..good.clone() },
        Source { issuer: None, ..good.clone() },
        Source { jwks: None, ..good.clone() },
        Source { jwks: Some("{\"keys\":[]}".to_owned()), ..good.clone() },
        Source { jwks: Some(private), ..good.clone() },
        Source { reach: Reach::Everybody, ..good.clone() },
        Source { endpoint: None, ..far.clone() },
        Source { issuer: Some("https://b.example".to_owned()), ..far.clone() },
    ] {
        assert!(bad.judge().is_err(), "{bad:?}");
    }
}
