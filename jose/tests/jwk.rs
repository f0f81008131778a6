//! Keys that must not be taken, and keys that must.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use jose::{JoseError, Jwk, JwkSet, JwsAlg, Signer, SigningKey, base64url, sign, thumbprint, unbase64url, verify};
use serde_json::{Value, json};

fn changed(jwk: &Value, change: &Value) -> Value {
    let mut jwk = jwk.clone();
    for (name, value) in change.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

#[test]
fn members_of_the_wrong_type_or_for_another_use_make_no_key() {
    let ec = SigningKey::generate(JwsAlg::Es256, "one").unwrap().public_jwk();
    for change in [
        json!({"use": 5}),
        json!({"use": null}),
        json!({"use": "enc"}),
        json!({"kid": 5}),
        json!({"alg": ["ES256"]}),
        json!({"alg": "RS256"}),
        json!({"alg": "ECDH-ES"}),
        json!({"alg": "HS256"}),
        json!({"key_ops": "verify"}),
        json!({"key_ops": ["encrypt"]}),
        json!({"key_ops": []}),
        json!({"key_ops": ["verify", "verify"]}),
        json!({"key_ops": ["verify", 5]}),
        json!({"kty": "RSA"}),
        json!({"crv": "P-384"}),
        json!({"crv": "secp256k1"}),
        json!({"x": base64url([1; 32])}),
        json!({"x": 5}),
        json!({"kty": null}),
    ] {
        assert!(Jwk::read(&changed(&ec, &change)).is_err(), "{change}");
    }
    assert!(Jwk::read(&changed(&ec, &json!({"key_ops": ["verify", "x-other"]}))).is_ok());
}

#[test]
fn rsa_numbers_are_what_they_must_be() {
    let rsa = SigningKey::generate(JwsAlg::Rs256, "one").unwrap().public_jwk();
    let n = unbase64url(rsa["n"].as_str().unwrap()).unwrap();
    let even: Vec<u8> = n[..255].iter().copied().chain([n[255] & 0xfe]).collect();
    let padded: Vec<u8> = [0].into_iter().chain(n.iter().copied()).collect();
    for change in [
        json!({"e": "AQ"}),
        json!({"e": "Ag"}),
        json!({"e": ""}),
        json!({"e": "AA"}),
        json!({"e": "AAEAAQ"}),
        json!({"e": base64url([1; 9])}),
        json!({"n": base64url(even)}),
        json!({"n": base64url(padded)}),
        json!({"n": base64url(&n[..128])}),
        json!({"n": base64url([0xff; 1025])}),
        json!({"n": ""}),
    ] {
        assert!(Jwk::read(&changed(&rsa, &change)).is_err(), "{change}");
    }
    assert!(Jwk::read(&rsa).is_ok());
}

#[test]
fn no_private_member_passes_as_public() {
    let public = SigningKey::generate(JwsAlg::Rs256, "one").unwrap().public_jwk();
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let set = json!({"keys": [changed(&public, &json!({name: "AQ"}))]});
        assert_eq!(JwkSet::read_public(&set).unwrap_err(), JoseError::Private, "{name}");
    }
    let oct = json!({"kty": "oct", "k": base64url([7; 32])});
    assert_eq!(JwkSet::read_public(&json!({"keys": [oct]})).unwrap_err(), JoseError::Private);
    assert_eq!(JwkSet::read(&json!({"keys": [public, oct]})).unwrap_err(), JoseError::Private, "mixed");
}

#[test]
fn keys_that_cannot_fit_do_not_use_up_the_tries() {
    let key = SigningKey::generate(JwsAlg::Es256, "one").unwrap();
    let mut own = key.public_jwk();
    own.as_object_mut().unwrap().remove("kid");
    let other = SigningKey::generate(JwsAlg::EdDsa, "x").unwrap().public_jwk();
    let nameless = changed(&other, &json!({"kid": "x"}));
    let mut keys: Vec<Value> = (0..20).map(|_| nameless.clone()).collect();
    keys.push(own);
    let set = JwkSet::read_public(&json!({"keys": keys})).unwrap();
    let header = base64url(json!({"alg": "ES256"}).to_string());
    let input = format!("{header}.{}", base64url("{}"));
    let token = format!("{input}.{}", base64url(key.sign(input.as_bytes()).unwrap()));
    assert!(verify(&token, &set, &[JwsAlg::Es256]).is_ok());
}

/// RFC 9864 §2.2: `Ed25519` is the name of what `EdDSA` has meant here all along.
#[test]
fn ed25519_has_two_names() {
    let key = SigningKey::generate(JwsAlg::EdDsa, "one").unwrap();
    let jwk = changed(&key.public_jwk(), &json!({"alg": "Ed25519"}));
    let set = JwkSet::read_public(&json!({"keys": [jwk]})).unwrap();
    for name in ["Ed25519", "EdDSA"] {
        let input = format!("{}.{}", base64url(json!({"alg": name, "kid": "one"}).to_string()), base64url("{}"));
        let token = format!("{input}.{}", base64url(key.sign(input.as_bytes()).unwrap()));
        assert!(verify(&token, &set, &[JwsAlg::EdDsa]).is_ok(), "{name}");
        assert_eq!(verify(&token, &set, &[JwsAlg::Es256]).unwrap_err(), JoseError::Algorithm);
    }
}

#[test]
fn headers_of_the_wrong_type_are_malformed() {
    let set = JwkSet::from_secret(&[7; 32]).unwrap();
    for header in [
        json!({"alg": 5}),
        json!({"alg": "HS256", "kid": null}),
        json!({"alg": "HS256", "typ": 5}),
        json!({}),
        json!([]),
    ] {
        let token = format!("{}.{}.AA", base64url(header.to_string()), base64url("{}"));
        assert_eq!(verify(&token, &set, JwsAlg::ALL).unwrap_err(), JoseError::Malformed, "{header}");
    }
    let b64 = format!("{}.e30.AA", base64url(r#"{"alg":"HS256","b64":false}"#));
    assert_eq!(verify(&b64, &set, JwsAlg::ALL).unwrap_err(), JoseError::Critical);
}

/// RFC 7518 §3.2, OpenID Connect Core §16.19: for a JWK and for a client's secret alike.
#[test]
fn a_shared_key_is_as_long_as_its_hash() {
    let secret = [7; 64];
    for (alg, least) in [(JwsAlg::Hs256, 32), (JwsAlg::Hs384, 48), (JwsAlg::Hs512, 64)] {
        let token = sign(&SigningKey::from_secret(alg, &secret[..least]).unwrap(), None, b"{}").unwrap();
        let as_jwk = json!({"keys": [{"kty": "oct", "k": base64url(&secret[..least])}]});
        for set in [JwkSet::from_secret(&secret[..least]).unwrap(), JwkSet::read(&as_jwk).unwrap()] {
            assert!(verify(&token, &set, JwsAlg::ALL).is_ok(), "{alg}");
        }
        assert_eq!(SigningKey::from_secret(alg, &secret[..least - 1]).unwrap_err(), JoseError::Key, "{alg}");
        let input = token.rsplit_once('.').unwrap().0;
        let signed = format!("{input}.{}", base64url([0; 64]));
        let short = JwkSet::from_secret(&secret[..least - 1]);
        assert!(short.is_err() || verify(&signed, &short.unwrap(), &[alg]).unwrap_err() == JoseError::NoKey, "{alg}");
    }
    assert_eq!(JwkSet::from_secret(&secret[..31]).unwrap_err(), JoseError::Key);
}

#[test]
fn thumbprints_are_over_the_required_members_alone() {
    let oct = json!({"kty": "oct", "k": base64url([7; 32]), "kid": "x", "alg": "HS256"});
    let expected = base64url(jose::sha256(format!(r#"{{"k":"{}","kty":"oct"}}"#, base64url([7; 32])).as_bytes()));
    assert_eq!(thumbprint(&oct).unwrap(), expected);
    assert_eq!(Jwk::read(&oct).unwrap().thumbprint(), expected);
    assert_eq!(JwkSet::from_secret(&[7; 32]).unwrap().keys()[0].thumbprint(), expected);
    assert_eq!(Jwk::read(&oct).unwrap().to_value(), json!({}), "a shared key is never shown");
    let key = SigningKey::generate(JwsAlg::Es384, "one").unwrap();
    assert_eq!(key.thumbprint(), Some(thumbprint(&key.public_jwk()).unwrap()));
    assert!(thumbprint(&json!({"kty": "EC", "crv": "P-256", "x": "AA"})).is_err());
    assert!(thumbprint(&json!({"kty": "AKP"})).is_err());
}
