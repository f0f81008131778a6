//! josekit: JOSE on OpenSSL.

use std::panic::{AssertUnwindSafe, catch_unwind};

use josekit::jwe::{
    A128GCMKW, A128KW, A192GCMKW, A192KW, A256GCMKW, A256KW, Dir, ECDH_ES, ECDH_ES_A128KW, ECDH_ES_A192KW,
    ECDH_ES_A256KW, JweAlgorithm as _, JweDecrypter, JweEncrypter, JweHeader, RSA_OAEP, RSA_OAEP_256,
};
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jwk::alg::ecx::{EcxCurve, EcxKeyPair};
use josekit::jwk::alg::ed::{EdCurve, EdKeyPair};
use josekit::jwk::alg::rsa::RsaKeyPair;
use josekit::jwk::{Jwk, KeyPair};
use josekit::jws::{
    ES256, ES384, ES512, EdDSA, HS256, HS384, HS512, JwsAlgorithm as _, JwsHeader, JwsSigner, JwsVerifier, PS256,
    PS384, PS512, RS256, RS384, RS512,
};
use josekit::{JoseError, jwe, jws};
use serde_json::Value;

use crate::{Answer, JwsAlg, Kind, Lack, Oracle, Way};

/// The library.
pub struct Josekit;

fn said(error: JoseError) -> String {
    format!("josekit: {error:?}")
}

fn read(key: &Value) -> Answer<Jwk> {
    Jwk::from_bytes(key.to_string()).map_err(said)
}

/// Each algorithm has a type of its own: the one of this name makes `$make` of the key.
macro_rules! of_name {
    ($name:expr, $key:expr, $make:ident, [$($alg:expr),* $(,)?]) => {{
        let (name, key) = ($name, read($key)?);
        $(if $alg.name() == name {
            return $alg.$make(&key).map(|made| Box::new(made) as Box<_>).map_err(said);
        })*
        Err(format!("josekit does not know {name}"))
    }};
}

fn signer(name: &str, key: &Value) -> Answer<Box<dyn JwsSigner>> {
    of_name!(
        name,
        key,
        signer_from_jwk,
        [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384, HS512]
    )
}

fn verifier(name: &str, key: &Value) -> Answer<Box<dyn JwsVerifier>> {
    of_name!(
        name,
        key,
        verifier_from_jwk,
        [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, HS256, HS384, HS512]
    )
}

fn encrypter(name: &str, key: &Value) -> Answer<Box<dyn JweEncrypter>> {
    of_name!(
        name,
        key,
        encrypter_from_jwk,
        [
            RSA_OAEP,
            RSA_OAEP_256,
            ECDH_ES,
            ECDH_ES_A128KW,
            ECDH_ES_A192KW,
            ECDH_ES_A256KW,
            A128KW,
            A192KW,
            A256KW,
            A128GCMKW,
            A192GCMKW,
            A256GCMKW,
            Dir
        ]
    )
}

fn decrypter(name: &str, key: &Value) -> Answer<Box<dyn JweDecrypter>> {
    of_name!(
        name,
        key,
        decrypter_from_jwk,
        [
            RSA_OAEP,
            RSA_OAEP_256,
            ECDH_ES,
            ECDH_ES_A128KW,
            ECDH_ES_A192KW,
            ECDH_ES_A256KW,
            A128KW,
            A192KW,
            A256KW,
            A128GCMKW,
            A192GCMKW,
            A256GCMKW,
            Dir
        ]
    )
}

impl Oracle for Josekit {
    fn name(&self) -> &'static str {
        "josekit"
    }

    fn lacks(&self) -> &'static [Lack] {
        &[Lack::Thumbprints, Lack::GcmSizes]
    }

    fn generate(&self, kind: Kind) -> Answer<Value> {
        let key = match kind {
            Kind::Rsa(bits) => Jwk::generate_rsa_key(bits.into()),
            Kind::P256 => Jwk::generate_ec_key(EcCurve::P256),
            Kind::P384 => Jwk::generate_ec_key(EcCurve::P384),
            Kind::P521 => Jwk::generate_ec_key(EcCurve::P521),
            Kind::Ed25519 => Jwk::generate_ed_key(EdCurve::Ed25519),
            Kind::X25519 => Jwk::generate_ecx_key(EcxCurve::X25519),
        };
        Ok(Value::Object(key.map_err(said)?.into()))
    }

    fn pkcs8(&self, key: &Value) -> Answer<Vec<u8>> {
        let read = read(key)?;
        let pair: Box<dyn KeyPair> = match (read.key_type(), read.curve()) {
            ("RSA", _) => Box::new(RsaKeyPair::from_jwk(&read).map_err(said)?),
            ("EC", _) => Box::new(EcKeyPair::from_jwk(&read).map_err(said)?),
            (_, Some("Ed25519")) => Box::new(EdKeyPair::from_jwk(&read).map_err(said)?),
            _ => Box::new(EcxKeyPair::from_jwk(&read).map_err(said)?),
        };
        // What it calls DER is the older form of each kind; its PEM is PKCS#8.
        let pem = String::from_utf8(pair.to_pem_private_key()).map_err(|error| error.to_string())?;
        let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
        jose::unbase64url(text).map_err(|error| error.to_string())
    }

    fn thumbprint(&self, _key: &Value) -> Answer<String> {
        Err("josekit has no thumbprints".to_owned())
    }

    fn sign(&self, alg: JwsAlg, key: &Value, payload: &[u8]) -> Answer<String> {
        jws::serialize_compact(payload, &JwsHeader::new(), &*signer(alg.as_str(), key)?).map_err(said)
    }

    fn verify(&self, alg: JwsAlg, key: &Value, token: &str) -> Answer<Vec<u8>> {
        jws::deserialize_compact(token, &*verifier(alg.as_str(), key)?).map(|(payload, _)| payload).map_err(said)
    }

    fn encrypt(&self, way: Way<'_>, key: &Value, plaintext: &[u8]) -> Answer<String> {
        let mut header = JweHeader::new();
        header.set_content_encryption(way.enc.as_str());
        if !way.parties.apu.is_empty() {
            header.set_agreement_partyuinfo(way.parties.apu);
        }
        if !way.parties.apv.is_empty() {
            header.set_agreement_partyvinfo(way.parties.apv);
        }
        jwe::serialize_compact(plaintext, &header, &*encrypter(way.alg.as_str(), key)?).map_err(said)
    }

    fn decrypt(&self, way: Way<'_>, key: &Value, token: &str) -> Answer<Vec<u8>> {
        let decrypter = decrypter(way.alg.as_str(), key)?;
        // It panics where an initialization vector is too short.
        let opened = catch_unwind(AssertUnwindSafe(|| jwe::deserialize_compact(token, &*decrypter)));
        let (plaintext, header) = opened.map_err(|_| "josekit panicked".to_owned())?.map_err(said)?;
        // It takes any content encryption it knows; ours is told which.
        match header.content_encryption() == Some(way.enc.as_str()) {
            true => Ok(plaintext),
            false => Err("josekit decrypted with another enc".to_owned()),
        }
    }
}
