//! Whatever is encrypted comes back; whatever is read does not panic.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use jose::{
    DecryptionKey, DecryptionKind, EncryptionKey, Envelope, JweAlg, JweEnc, Jwk, JwkSet, JwsAlg, base64url, decrypt,
    encrypt, verify,
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Keys for every algorithm, made once: a pair for each asymmetric kind.
fn pairs() -> Vec<(EncryptionKey, DecryptionKey)> {
    let own = DecryptionKind::ALL.iter().map(|kind| DecryptionKey::generate(*kind, "one").unwrap());
    own.map(|own| (EncryptionKey::read(&own.public_jwk().unwrap().unwrap()).unwrap(), own)).collect()
}

#[test]
fn decrypting_undoes_encrypting() {
    let pairs = pairs();
    let ways = (prop::sample::select(JweAlg::ALL), prop::sample::select(JweEnc::ALL), 0..DecryptionKind::ALL.len());
    proptest!(ProptestConfig::with_cases(400), |((alg, enc, which) in ways, text in prop::collection::vec(any::<u8>(), 0..200), secret in ".{1,40}")| {
        let shared = alg.is_symmetric().then(|| (
            EncryptionKey::from_client_secret(&secret, alg, enc).unwrap(),
            DecryptionKey::from_client_secret(&secret, alg, enc).unwrap(),
        ));
        let (to, own) = shared.as_ref().unwrap_or(&pairs[which]);
        prop_assume!(to.fits(alg, enc));
        let token = encrypt(to, &Envelope::new(alg, enc), &text).unwrap();
        let opened = decrypt(&token, &[own], &[alg], &[enc]).unwrap();
        prop_assert_eq!(opened.plaintext(), text);
    });
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..70).prop_map(|bytes| Value::from(base64url(bytes))),
        prop::sample::select(vec![
            "RSA",
            "EC",
            "OKP",
            "oct",
            "P-256",
            "P-521",
            "Ed25519",
            "X25519",
            "enc",
            "sig",
            "dir",
            "ECDH-ES",
            "A128GCM",
            "HS256",
            "AQAB",
            "RSA-OAEP",
            "A256GCMKW"
        ])
        .prop_map(Value::from),
    ];
    let name = prop::sample::select(vec![
        "kty", "crv", "x", "y", "n", "e", "k", "d", "use", "alg", "kid", "key_ops", "enc", "epk", "apu", "iv", "tag",
        "crit",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(2, 12, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..8)
                .prop_map(|members| Value::from(serde_json::Map::from_iter(members))),
        ]
    })
}

#[test]
fn reading_never_panics() {
    let pairs = pairs();
    let own: Vec<&DecryptionKey> = pairs.iter().map(|(_, own)| own).collect();
    let set = JwkSet::from_secret(&[7; 64]).unwrap();
    proptest!(|(value in json_value(), rest in "[A-Za-z0-9_.-]{0,90}", text in any::<String>())| {
        let _ = (Jwk::read(&value), EncryptionKey::read(&value), DecryptionKey::read(&value), jose::thumbprint(&value));
        let keys = json!({"keys": [value]});
        let _ = (JwkSet::read(&keys), JwkSet::read_public(&keys), JwkSet::read(&value));
        let token = format!("{}.{rest}", base64url(value.to_string()));
        for token in [&token, &text, &rest] {
            let _ = (jose::peek(token), jose::peek_claims(token));
            prop_assert!(verify(token, &set, JwsAlg::ALL).is_err());
            prop_assert!(decrypt(token, &own, JweAlg::ALL, JweEnc::ALL).is_err());
        }
    });
}
