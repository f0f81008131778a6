//! Signing and verifying, each algorithm, and what must fail.

#![expect(clippy::unwrap_used, reason = "a test says what it needs")]

use jose::{JoseError, JwkSet, JwsAlg, Signer, SigningKey, sign, verify};
use serde_json::json;

fn key(alg: JwsAlg) -> (SigningKey, JwkSet) {
    if alg.is_symmetric() {
        let secret = [7; 64];
        return (SigningKey::from_secret(alg, &secret).unwrap(), JwkSet::from_secret(&secret).unwrap());
    }
    let key = SigningKey::generate(alg, "one").unwrap();
    let again = SigningKey::from_pkcs8(alg, "one", &key.to_pkcs8().unwrap()).unwrap();
    let set = JwkSet::read_public(&json!({"keys": [again.public_jwk()]})).unwrap();
    (key, set)
}

#[test]
fn every_algorithm_verifies_what_it_signed_and_nothing_else() {
    for alg in JwsAlg::ALL.iter().copied() {
        let (key, set) = key(alg);
        let token = sign(&key, Some("JWT"), br#"{"a":1}"#).unwrap();
        let verified = verify(&token, &set, &[alg]).unwrap_or_else(|e| panic!("{alg}: {e}"));
        assert_eq!(verified.claims().unwrap()["a"], 1);
        assert_eq!(verified.header().typ.as_deref(), Some("JWT"));
        let others: Vec<JwsAlg> = JwsAlg::ALL.iter().copied().filter(|other| *other != alg).collect();
        assert_eq!(verify(&token, &set, &others).unwrap_err(), JoseError::Algorithm);
        let mut bent = token.clone().into_bytes();
        let middle = token.find('.').unwrap() + 3;
        bent[middle] = if bent[middle] == b'A' { b'B' } else { b'A' };
        assert!(verify(&String::from_utf8(bent).unwrap(), &set, &[alg]).is_err());
        assert_eq!(key.alg(), alg);
    }
}

#[test]
fn a_public_key_is_never_a_shared_secret() {
    let (rsa, set) = key(JwsAlg::Rs256);
    let secret = rsa.public_jwk().to_string();
    let forged = sign(&SigningKey::from_secret(JwsAlg::Hs256, secret.as_bytes()).unwrap(), None, b"{}").unwrap();
    assert!(verify(&forged, &set, JwsAlg::ALL).is_err());
}

#[test]
fn crit_none_and_repeats_are_refused() {
    let (_, set) = key(JwsAlg::Es256);
    let token = |header: &str| format!("{}.{}.AA", jose::base64url(header), jose::base64url("{}"));
    let refused = |header: &str| verify(&token(header), &set, JwsAlg::ALL).unwrap_err();
    assert_eq!(refused(r#"{"alg":"none"}"#), JoseError::Algorithm);
    assert_eq!(refused(r#"{"alg":"ES256","crit":["x"],"x":1}"#), JoseError::Critical);
    assert_eq!(refused(r#"{"alg":"ES256","alg":"RS256"}"#), JoseError::Malformed);
    assert_eq!(refused(r#"{"alg":"ES256","kid":"one"}"#), JoseError::Signature);
    assert_eq!(refused(r#"{"alg":"ES256","kid":"other"}"#), JoseError::NoKey);
    let large = format!("{}.{}.AA", jose::base64url(r#"{"alg":"ES256"}"#), "A".repeat(1 << 20));
    assert_eq!(verify(&large, &set, JwsAlg::ALL).unwrap_err(), JoseError::TooLarge);
}
