//! Keys as others write and read them: RFC 7517, RFC 7518 §6, RFC 7638, RFC 8037 §2, PKCS#8.

use jose::{DecryptionKey, DecryptionKind, Jwk, JwsAlg, SigningKey, thumbprint};
use oracles::{Jose4rs, Josekit, Kind, Lack, Oracle as _};
use serde_json::{Value, json};

use crate::parts::{each_oracle, named, public, shared};

const SIGNING: [(JwsAlg, Kind); 5] = [
    (JwsAlg::Rs256, Kind::Rsa(2048)),
    (JwsAlg::Es256, Kind::P256),
    (JwsAlg::Es384, Kind::P384),
    (JwsAlg::Es512, Kind::P521),
    (JwsAlg::EdDsa, Kind::Ed25519),
];

const DECRYPTING: [(DecryptionKind, Kind); 5] = [
    (DecryptionKind::Rsa, Kind::Rsa(2048)),
    (DecryptionKind::P256, Kind::P256),
    (DecryptionKind::P384, Kind::P384),
    (DecryptionKind::P521, Kind::P521),
    (DecryptionKind::X25519, Kind::X25519),
];

/// The key without what is said about it.
fn bare(key: &Value) -> Value {
    let mut key = public(key);
    for name in ["use", "alg", "kid", "key_ops"] {
        key.as_object_mut().unwrap().remove(name);
    }
    key
}

#[test]
fn a_private_key_of_theirs_is_the_same_to_us() {
    each_oracle(|oracle| {
        for (alg, kind) in SIGNING {
            let key = oracle.generate(kind).unwrap();
            let read = SigningKey::from_pkcs8(alg, "one", &oracle.pkcs8(&key).unwrap());
            let read = read.unwrap_or_else(|why| panic!("{} {key}: {why}", oracle.name()));
            assert_eq!(bare(&read.public_jwk()), bare(&key), "{}", oracle.name());
            assert_eq!(Jwk::read(&public(&key)).unwrap().to_value(), bare(&key));
        }
        for (of, kind) in DECRYPTING {
            let key = oracle.generate(kind).unwrap();
            let read = DecryptionKey::from_pkcs8(of, "one", &oracle.pkcs8(&key).unwrap());
            let read = read.unwrap_or_else(|why| panic!("{} {key}: {why}", oracle.name()));
            assert_eq!(bare(&read.public_jwk().unwrap().unwrap()), bare(&key), "{}", oracle.name());
            let read = DecryptionKey::read(&key).unwrap();
            assert_eq!(bare(&read.public_jwk().unwrap().unwrap()), bare(&key), "{}", oracle.name());
        }
    });
}

#[test]
fn thumbprints_agree() {
    let kinds = SIGNING.iter().map(|(_, kind)| *kind).chain([Kind::X25519, Kind::Rsa(4096)]);
    for kind in kinds {
        for key in [Jose4rs.generate(kind).unwrap(), Josekit.generate(kind).unwrap()] {
            let expected = Jose4rs.thumbprint(&key).unwrap();
            assert_eq!(thumbprint(&key).unwrap(), expected, "{key}");
            assert_eq!(thumbprint(&named(public(&key))).unwrap(), expected, "{key}");
        }
    }
    for size in [16, 32, 64] {
        let key = shared(size);
        assert_eq!(thumbprint(&key), Ok(Jose4rs.thumbprint(&key).unwrap()));
    }
    assert!(Josekit.lacks().contains(&Lack::Thumbprints), "so there is one witness only");
}

#[test]
fn keys_that_are_none() {
    each_oracle(|oracle| {
        // RFC 7518 §3.3, §4.3: 2048 bits. That others take less does not make it enough.
        let small = oracle.generate(Kind::Rsa(1024)).unwrap();
        assert!(Jwk::read(&public(&small)).is_err(), "{}", oracle.name());
        assert!(SigningKey::from_pkcs8(JwsAlg::Rs256, "one", &oracle.pkcs8(&small).unwrap()).is_err());
        assert!(DecryptionKey::read(&small).is_err(), "{}", oracle.name());
        let key = oracle.generate(Kind::P256).unwrap();
        let swapped = json!({"kty": "EC", "crv": "P-256", "x": key["y"], "y": key["x"]});
        assert!(Jwk::read(&swapped).is_err(), "not on the curve");
        assert!(oracle.verify(JwsAlg::Es256, &swapped, "e30.e30.AAAA").is_err());
    });
}
