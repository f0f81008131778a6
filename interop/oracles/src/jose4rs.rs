//! jose4rs: the Java library jose4j in Rust, on AWS-LC by its C interface.

use jose4rs::error::JoseError;
use jose4rs::jwa::{AlgorithmConstraints, ConstraintType};
use jose4rs::jwe::{ContentEncryptionAlgorithm, JsonWebEncryption, KeyManagementAlgorithm};
use jose4rs::jwk::{JsonWebKey, JsonWebKeyGenerator, OkpCurve, OutputControlLevel};
use jose4rs::jws::{AlgorithmIdentifier, JsonWebSignature};
use jose4rs::jwx::{HeaderParameter, JsonWebStructure as _};
use serde_json::Value;

use crate::{Answer, JweAlg, JwsAlg, Kind, Lack, Oracle, Way};

/// The library.
pub struct Jose4rs;

fn said(error: JoseError) -> String {
    format!("jose4rs: {error:?}")
}

fn read(key: &Value) -> Answer<JsonWebKey> {
    JsonWebKey::from_json(key.to_string()).map_err(said)
}

fn signing(alg: JwsAlg) -> Answer<AlgorithmIdentifier> {
    alg.as_str().parse().map_err(said)
}

fn managing(alg: JweAlg) -> Answer<KeyManagementAlgorithm> {
    alg.as_str().parse().map_err(said)
}

impl Oracle for Jose4rs {
    fn name(&self) -> &'static str {
        "jose4rs"
    }

    fn lacks(&self) -> &'static [Lack] {
        &[Lack::SaltOfHashSize, Lack::EmptyCbc]
    }

    fn generate(&self, kind: Kind) -> Answer<Value> {
        let generator = match kind {
            Kind::Rsa(bits) => {
                JsonWebKeyGenerator::for_signature(AlgorithmIdentifier::RsaUsingSha256).with_key_bits(bits)
            }
            Kind::P256 => JsonWebKeyGenerator::for_signature(AlgorithmIdentifier::EcdsaUsingP256CurveAndSha256),
            Kind::P384 => JsonWebKeyGenerator::for_signature(AlgorithmIdentifier::EcdsaUsingP384CurveAndSha384),
            Kind::P521 => JsonWebKeyGenerator::for_signature(AlgorithmIdentifier::EcdsaUsingP521CurveAndSha512),
            Kind::Ed25519 => JsonWebKeyGenerator::for_signature(AlgorithmIdentifier::EdDsa),
            Kind::X25519 => {
                JsonWebKeyGenerator::for_encryption(KeyManagementAlgorithm::EcdhEs).with_okp_curve(OkpCurve::X25519)
            }
        };
        let json = generator.generate().map_err(said)?.to_json(OutputControlLevel::IncludePrivate);
        let mut key: Value = serde_json::from_str(&json).map_err(|error| error.to_string())?;
        // What the generator ties to one algorithm serves all of its kind.
        for name in ["alg", "use"] {
            key.as_object_mut().and_then(|members| members.remove(name));
        }
        Ok(key)
    }

    fn pkcs8(&self, key: &Value) -> Answer<Vec<u8>> {
        read(key)?.to_pkcs8_der().map(|der| der.into_vec()).ok_or_else(|| "jose4rs has no private part".to_owned())
    }

    fn thumbprint(&self, key: &Value) -> Answer<String> {
        read(key)?.thumbprint().map_err(said)
    }

    fn sign(&self, alg: JwsAlg, key: &Value, payload: &[u8]) -> Answer<String> {
        let mut token = JsonWebSignature::new();
        token.set_payload(payload);
        token.set_algorithm(signing(alg)?);
        if let Some(kid) = key["kid"].as_str() {
            token.set_key_id_header_value(kid);
        }
        token.compact_serialization(&read(key)?).map_err(said)
    }

    fn verify(&self, alg: JwsAlg, key: &Value, token: &str) -> Answer<Vec<u8>> {
        let only = AlgorithmConstraints::new(ConstraintType::Permit, [signing(alg)?]);
        let mut read_token = JsonWebSignature::new();
        read_token.set_algorithm_constraints(&only);
        read_token.set_compact_serialization(token).map_err(said)?;
        read_token.payload(&read(key)?).map(<[u8]>::to_vec).map_err(said)
    }

    fn encrypt(&self, way: Way<'_>, key: &Value, plaintext: &[u8]) -> Answer<String> {
        let mut token = JsonWebEncryption::new();
        token.set_payload(plaintext);
        token.set_algorithm(managing(way.alg)?);
        token.set_encryption_method(way.enc.as_str().parse::<ContentEncryptionAlgorithm>().map_err(said)?);
        if let Some(kid) = key["kid"].as_str() {
            token.set_key_id_header_value(kid);
        }
        let parties = [
            (HeaderParameter::AgreementPartyUInfo, way.parties.apu),
            (HeaderParameter::AgreementPartyVInfo, way.parties.apv),
        ];
        for (name, party) in parties.into_iter().filter(|(_, party)| !party.is_empty()) {
            token.set_header(name, jose::base64url(party));
        }
        token.encrypt(&read(key)?).map_err(said)?;
        token.compact_serialization().map_err(said)
    }

    fn decrypt(&self, way: Way<'_>, key: &Value, token: &str) -> Answer<Vec<u8>> {
        let only = AlgorithmConstraints::new(ConstraintType::Permit, [managing(way.alg)?]);
        let mut read_token = JsonWebEncryption::new();
        read_token.set_algorithm_constraints(&only);
        read_token.set_compact_serialization(token).map_err(said)?;
        if read_token.encryption_method() != Some(way.enc.as_str()) {
            return Err("jose4rs is asked for another enc".to_owned());
        }
        read_token.payload(&read(key)?).map(<[u8]>::to_vec).map_err(said)
    }
}
