//! Signatures: RFC 7515, RFC 7518 §3, RFC 8037 §3.1.

use jose::{JwkSet, JwsAlg, Signer as _, SigningKey, base64url, sign, unbase64url, verify};
use oracles::{Jose4rs, Josekit, Kind, Lack, Oracle};
use serde_json::{Value, json};

use crate::parts::{bent, each_oracle, named, public, random, shared, sizes};

/// As a token, this is just under the 64 KiB that we read.
const LARGEST: usize = 48_000;

/// The kind of key; none where a secret is shared.
fn kind(alg: JwsAlg) -> Option<Kind> {
    match alg {
        JwsAlg::Rs256 | JwsAlg::Rs384 | JwsAlg::Rs512 | JwsAlg::Ps256 | JwsAlg::Ps384 => Some(Kind::Rsa(2048)),
        JwsAlg::Ps512 => Some(Kind::Rsa(3072)),
        JwsAlg::Es256 => Some(Kind::P256),
        JwsAlg::Es384 => Some(Kind::P384),
        JwsAlg::Es512 => Some(Kind::P521),
        JwsAlg::EdDsa => Some(Kind::Ed25519),
        JwsAlg::Hs256 | JwsAlg::Hs384 | JwsAlg::Hs512 => None,
    }
}

/// A key of ours, and what the other side gets of it.
fn ours(alg: JwsAlg) -> (SigningKey, Value) {
    if kind(alg).is_some() {
        let key = SigningKey::generate(alg, "one").unwrap();
        let jwk = key.public_jwk();
        return (key, jwk);
    }
    let mut jwk = shared(64 + usize::from(random(1)[0] % 90));
    let secret = unbase64url(jwk["k"].as_str().unwrap()).unwrap();
    // A client's secret has no name.
    jwk.as_object_mut().unwrap().remove("kid");
    (SigningKey::from_secret(alg, &secret).unwrap(), jwk)
}

/// A key of theirs, and the set we get of it.
fn theirs(oracle: &dyn Oracle, alg: JwsAlg) -> (Value, JwkSet) {
    let key = kind(alg).map_or_else(|| shared(64), |kind| named(oracle.generate(kind).unwrap()));
    let set = match alg.is_symmetric() {
        true => JwkSet::read(&json!({"keys": [key]})),
        false => JwkSet::read_public(&json!({"keys": [public(&key)]})),
    };
    (key, set.unwrap())
}

fn set_of(jwk: &Value) -> JwkSet {
    JwkSet::read(&json!({"keys": [jwk]})).unwrap()
}

fn both_refuse(oracle: &dyn Oracle, alg: JwsAlg, jwk: &Value, token: &str) {
    let set = set_of(&public(jwk));
    assert!(verify(token, &set, &[alg]).is_err(), "we took {token} of {jwk}");
    assert!(oracle.verify(alg, jwk, token).is_err(), "{} took {token} of {jwk}", oracle.name());
}

fn is_pss(alg: JwsAlg) -> bool {
    alg.as_str().starts_with("PS")
}

#[test]
fn what_we_sign_they_verify() {
    each_oracle(|oracle| {
        for alg in JwsAlg::ALL.iter().copied() {
            let (key, jwk) = ours(alg);
            for size in sizes(LARGEST) {
                let payload = random(size);
                let token = sign(&key, Some("JWT"), &payload).unwrap();
                let read = oracle.verify(alg, &jwk, &token).unwrap_or_else(|why| panic!("{alg} {size} {jwk}: {why}"));
                assert!(read == payload, "{} {alg} {size} {jwk} {token}", oracle.name());
            }
            let token = |size| sign(&key, None, &random(size)).unwrap();
            bent(&token(33), &token(33)).iter().for_each(|bent| both_refuse(oracle, alg, &jwk, bent));
        }
    });
}

#[test]
fn what_they_sign_we_verify() {
    each_oracle(|oracle| {
        let badly = |alg| is_pss(alg) && oracle.lacks().contains(&Lack::SaltOfHashSize);
        for alg in JwsAlg::ALL.iter().copied().filter(|alg| !badly(*alg)) {
            let (key, set) = theirs(oracle, alg);
            for size in sizes(LARGEST) {
                let payload = random(size);
                let token = oracle.sign(alg, &key, &payload).unwrap_or_else(|why| panic!("{alg} {size} {key}: {why}"));
                let read = verify(&token, &set, &[alg]);
                let read = read.unwrap_or_else(|why| panic!("{} {alg} {key} {token}: {why}", oracle.name()));
                assert!(read.payload() == payload, "{} {alg} {size} {key} {token}", oracle.name());
                assert_eq!(read.header().kid.as_deref(), Some("one"));
            }
            let token = |size| oracle.sign(alg, &key, &random(size)).unwrap();
            bent(&token(33), &token(33)).iter().for_each(|bent| both_refuse(oracle, alg, &key, bent));
        }
    });
}

/// Numbers that begin with zeros are where encodings differ, and one key in a hundred has one.
#[test]
fn hundreds_of_keys() {
    let algs = [JwsAlg::Es256, JwsAlg::Es384, JwsAlg::Es512, JwsAlg::EdDsa];
    each_oracle(|oracle| {
        for alg in algs {
            for _ in 0..200 {
                let (payload, (key, jwk)) = (random(20), ours(alg));
                let token = sign(&key, None, &payload).unwrap();
                assert_eq!(oracle.verify(alg, &jwk, &token), Ok(payload.clone()), "{jwk} {token}");
                let (key, set) = theirs(oracle, alg);
                let token = oracle.sign(alg, &key, &payload).unwrap();
                assert!(verify(&token, &set, &[alg]).is_ok(), "{} {key} {token}", oracle.name());
            }
        }
    });
}

#[test]
fn headers_that_neither_takes() {
    let (rsa, jwk) = ours(JwsAlg::Rs256);
    let signed = |header: &str| {
        let input = format!("{}.{}", base64url(header), base64url("{}"));
        format!("{input}.{}", base64url(rsa.sign(input.as_bytes()).unwrap()))
    };
    each_oracle(|oracle| {
        let good = signed(r#"{"alg":"RS256","kid":"one"}"#);
        assert_eq!(oracle.verify(JwsAlg::Rs256, &jwk, &good), Ok(b"{}".to_vec()), "so that the rest means something");
        assert!(verify(&good, &set_of(&jwk), &[JwsAlg::Rs256]).is_ok());
        for header in [
            r#"{"kid":"one"}"#,
            r#"{"alg":"none","kid":"one"}"#,
            r#"{"alg":"HS256","kid":"one"}"#,
            r#"{"alg":"PS256","kid":"one"}"#,
            r#"{"alg":"rs256","kid":"one"}"#,
            r#"{"alg":5,"kid":"one"}"#,
            r#"{"alg":"RS256","kid":"one","crit":["x"],"x":1}"#,
            r#"{"alg":"RS256","kid":"one""#,
            r#"["RS256"]"#,
            "",
        ] {
            both_refuse(oracle, JwsAlg::Rs256, &jwk, &signed(header));
        }
        let unsecured = format!("{}.{}.", base64url(r#"{"alg":"none","kid":"one"}"#), base64url("{}"));
        both_refuse(oracle, JwsAlg::Rs256, &jwk, &unsecured);
        // A MAC with the text of the public key.
        let text = jwk.to_string();
        let forger = SigningKey::from_secret(JwsAlg::Hs256, text.as_bytes()).unwrap();
        let forged = sign(&forger, None, b"{}").unwrap();
        both_refuse(oracle, JwsAlg::Hs256, &jwk, &forged);
    });
}

/// RFC 7518 §3.5: the salt has the size of the hash. jose4rs takes the longest there is room for.
#[test]
fn another_salt_is_refused() {
    assert!(Jose4rs.lacks().contains(&Lack::SaltOfHashSize));
    for alg in JwsAlg::ALL.iter().copied().filter(|alg| is_pss(*alg)) {
        let (key, _) = theirs(&Jose4rs, alg);
        let token = Jose4rs.sign(alg, &key, b"{}").unwrap();
        assert!(Jose4rs.verify(alg, &key, &token).is_ok());
        both_refuse(&Josekit, alg, &key, &token);
    }
}

/// Where we differ on purpose.
#[test]
fn what_we_take_and_they_do_not() {
    each_oracle(|oracle| {
        // RFC 9864 §2.2: a name of its own.
        let (key, mut jwk) = ours(JwsAlg::EdDsa);
        jwk.as_object_mut().unwrap().remove("alg");
        let input = format!("{}.{}", base64url(r#"{"alg":"Ed25519","kid":"one"}"#), base64url("{}"));
        let token = format!("{input}.{}", base64url(key.sign(input.as_bytes()).unwrap()));
        assert!(verify(&token, &set_of(&jwk), &[JwsAlg::EdDsa]).is_ok());
        assert!(oracle.verify(JwsAlg::EdDsa, &jwk, &token).is_err(), "{} has learnt Ed25519", oracle.name());
    });
}

/// RFC 7518 §3.2.
#[test]
fn secrets_shorter_than_the_hash() {
    let (long, short) = (json!({"kty": "oct", "k": base64url(random(64))}), random(63));
    let token = Josekit.sign(JwsAlg::Hs512, &long, b"{}").unwrap();
    let jwk = json!({"kty": "oct", "k": base64url(&short)});
    assert!(SigningKey::from_secret(JwsAlg::Hs512, &short).is_err());
    each_oracle(|oracle| {
        assert!(oracle.verify(JwsAlg::Hs512, &long, &token).is_ok());
        assert!(oracle.sign(JwsAlg::Hs512, &jwk, b"{}").is_err());
        both_refuse(oracle, JwsAlg::Hs512, &jwk, &token);
    });
}
