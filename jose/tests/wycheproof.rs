//! Project Wycheproof's JOSE vectors, every case. They are not in the repository: they lie beside it, or where
//! `OSTIARY_VECTORS` says. Without them one line says what was not run; with `CI` set that is a failure.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]
#![expect(clippy::print_stdout, reason = "what was run, and what was not, is the point")]

use std::path::PathBuf;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use jose::{DecryptionKey, JweAlg, JweEnc, JwkSet, JwsAlg, base64url, decrypt, verify};
use serde_json::{Value, json};

/// Cases where we say otherwise than the vectors, and why.
const DIVERGENCES: &[(&str, u64, u64, &str)] = &[
    (JWK, 4, 4, "RFC 7517 §4.5 allows equal names, and providers rotate that way: each key of the name is tried"),
    (JWK, 7, 7, "a ROCA key harms its owner alone; its shape is not tested for"),
    (CRYPTO, 46, 46, "the same"),
    (JWE, 100, 105, "RSA1_5 is refused on principle (RFC 8725 §3.2)"),
    (JWE, 112, 112, "the same"),
    (JWE, 128, 128, "the same"),
    (JWE, 135, 135, "zip is refused on principle (RFC 8725 §3.6)"),
    (JWS, 346, 346, "the token is PS384 and the key says PS256: the vectors changed the key of RFC 7520 §4.2"),
    (JWS, 350, 350, "the same"),
    (JWS, 347, 347, "the key says ES521, which is no algorithm, and which case 19 of the key vectors wants refused"),
    (JWS, 351, 351, "the same"),
    (JWS, 367, 367, "byte for byte case 357, which is valid: the padding got lost in the vectors"),
    (JWS, 370, 370, "the same"),
    (JWS, 372, 373, "RFC 7515 §2: base64url has no other characters, so a token that holds one is malformed"),
];

const JWS: &str = "json_web_signature_test.json";
const JWK: &str = "json_web_key_test.json";
const JWE: &str = "json_web_encryption_test.json";
const CRYPTO: &str = "json_web_crypto_test.json";

fn vectors(file: &str) -> Option<Value> {
    let folder = std::env::var_os("OSTIARY_VECTORS")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors")), PathBuf::from);
    let path = folder.join("wycheproof").join(file);
    match std::fs::read(&path) {
        Ok(bytes) => Some(serde_json::from_slice(&bytes).unwrap()),
        Err(e) => {
            assert!(std::env::var_os("CI").is_none(), "{}: {e}", path.display());
            println!("NOT RUN: Wycheproof {file}: {}: {e}", path.display());
            None
        }
    }
}

/// Runs each case; what the vectors and we say must agree, but for what is listed, and what is listed must not.
fn run(file: &str, accepts: impl Fn(&Value, &Value) -> bool) {
    let Some(vectors) = vectors(file) else { return };
    let (mut ran, mut wrong) = (0, Vec::new());
    for group in vectors["testGroups"].as_array().unwrap() {
        for case in group["tests"].as_array().unwrap() {
            let id = case["tcId"].as_u64().unwrap();
            let listed = DIVERGENCES.iter().any(|(f, from, to, _)| *f == file && (*from..=*to).contains(&id));
            let ours = accepts(group, case);
            let agrees = match case["result"].as_str().unwrap() {
                "valid" => ours,
                "invalid" => !ours,
                // Anything else is "acceptable": either answer will do.
                _ => true,
            };
            if agrees == listed {
                wrong.push(format!(
                    "{id} {} {} {}: accepted {ours}, listed {listed}",
                    group["comment"], case["comment"], case["result"]
                ));
            }
            ran += 1;
        }
    }
    println!("Wycheproof {file}: {ran} cases run");
    assert!(wrong.is_empty(), "{file}:\n{}", wrong.join("\n"));
    assert_eq!(Some(ran), vectors["numberOfTests"].as_u64(), "{file}: every case");
}

fn set(group: &Value) -> Option<JwkSet> {
    let as_set = |jwk: &Value| if jwk.get("keys").is_some() { jwk.clone() } else { json!({"keys": [jwk]}) };
    match group.get("public") {
        Some(public) => JwkSet::read_public(&as_set(public)).ok(),
        None => JwkSet::read(&as_set(&group["private"])).ok(),
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// A case of the JSON serialization is an object; as text it is no compact token.
fn token(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn verifies(group: &Value, case: &Value) -> bool {
    set(group).is_some_and(|keys| verify(&token(&case["jws"]), &keys, JwsAlg::ALL).is_ok())
}

fn decrypts(group: &Value, case: &Value) -> bool {
    let Ok(key) = DecryptionKey::read(&group["private"]) else { return false };
    let Ok(opened) = decrypt(&token(&case["jwe"]), &[&key], JweAlg::ALL, JweEnc::ALL) else { return false };
    if let Some(expected) = case.get("pt").and_then(Value::as_str) {
        assert_eq!(opened.plaintext(), unhex(expected), "{}", case["tcId"]);
    }
    true
}

#[test]
fn json_web_signature() {
    run(JWS, verifies);
}

#[test]
fn json_web_key() {
    run(JWK, verifies);
}

#[test]
fn json_web_encryption() {
    run(JWE, decrypts);
}

#[test]
fn json_web_crypto() {
    run(CRYPTO, |group, case| match case.get("jws") {
        Some(_) => verifies(group, case),
        None => decrypts(group, case),
    });
}

/// RFC 7518 §4.6.2 by hand, for one round and without names of parties.
fn content_key(shared: &[u8]) -> [u8; 32] {
    let mut input = vec![0, 0, 0, 1];
    input.extend_from_slice(shared);
    input.extend_from_slice(&[0, 0, 0, 7]);
    input.extend_from_slice(b"A256GCM");
    input.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    jose::sha256(&input)
}

/// The vectors give a shared secret; a token made from it by hand must open with the private key.
#[test]
fn x25519() {
    run("x25519_jwk_test.json", |_, case| {
        let Ok(own) = DecryptionKey::read(&case["private"]) else { return false };
        let shared = unhex(case["shared"].as_str().unwrap());
        let aad = base64url(json!({"alg": "ECDH-ES", "enc": "A256GCM", "epk": case["public"]}).to_string());
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &content_key(&shared)).unwrap());
        let mut text = b"x".to_vec();
        let tag =
            key.seal_in_place_separate_tag(Nonce::assume_unique_for_key([0; 12]), Aad::from(&aad), &mut text).unwrap();
        let token = format!("{aad}..{}.{}.{}", base64url([0; 12]), base64url(text), base64url(tag));
        decrypt(&token, &[&own], &[JweAlg::EcdhEs], &[JweEnc::A256Gcm]).is_ok()
    });
}
