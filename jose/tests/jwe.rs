//! Encrypting and decrypting, each pair of algorithms, and what must fail.
#![expect(clippy::unwrap_used, reason = "a test says what it expects")]

use jose::{
    DecryptionKey, DecryptionKind, EncryptionKey, Envelope, JoseError, JweAlg, JweEnc, JwkSet, base64url, decrypt,
    encrypt, unbase64url,
};
use serde_json::{Value, json};

/// A pair of keys for this way of encrypting, of each kind that serves it.
fn pairs(alg: JweAlg, enc: JweEnc) -> Vec<(EncryptionKey, DecryptionKey)> {
    if alg.is_symmetric() {
        let secret = "a secret of a client, made by us";
        return vec![(
            EncryptionKey::from_client_secret(secret, alg, enc).unwrap(),
            DecryptionKey::from_client_secret(secret, alg, enc).unwrap(),
        )];
    }
    let rsa = alg.as_str().starts_with("RSA");
    let kinds = DecryptionKind::ALL.iter().copied().filter(|kind| (*kind == DecryptionKind::Rsa) == rsa);
    kinds
        .map(|kind| {
            let own = DecryptionKey::generate(kind, "one").unwrap();
            let again = DecryptionKey::from_pkcs8(kind, "one", &own.to_pkcs8().unwrap()).unwrap();
            assert_eq!(again.public_jwk(), own.public_jwk());
            let set = JwkSet::read_public(&json!({"keys": [own.public_jwk().unwrap().unwrap()]})).unwrap();
            assert!(set.keys().is_empty(), "a key for encryption verifies nothing");
            (EncryptionKey::read(&again.public_jwk().unwrap().unwrap()).unwrap(), own)
        })
        .collect()
}

fn header(token: &str) -> Value {
    serde_json::from_slice(&unbase64url(token.split('.').next().unwrap()).unwrap()).unwrap()
}

#[test]
fn every_pair_of_algorithms_decrypts_what_it_encrypted_and_nothing_else() {
    for alg in JweAlg::ALL.iter().copied() {
        for enc in JweEnc::ALL.iter().copied() {
            for (to, own) in pairs(alg, enc) {
                let token = encrypt(&to, &Envelope::of_jwt(alg, enc), b"a.b.c").unwrap();
                let opened = decrypt(&token, &[&own], &[alg], &[enc]).unwrap_or_else(|e| panic!("{alg} {enc}: {e}"));
                assert_eq!((opened.token().unwrap(), opened.enc()), ("a.b.c", enc));
                assert_eq!(opened.header().cty.as_deref(), Some("JWT"));
                assert_eq!(opened.header().kid.as_deref(), to.kid());
                let other_algs: Vec<JweAlg> = JweAlg::ALL.iter().copied().filter(|other| *other != alg).collect();
                assert_eq!(decrypt(&token, &[&own], &other_algs, &[enc]).unwrap_err(), JoseError::Algorithm);
                let other_encs: Vec<JweEnc> = JweEnc::ALL.iter().copied().filter(|other| *other != enc).collect();
                assert_eq!(decrypt(&token, &[&own], &[alg], &other_encs).unwrap_err(), JoseError::Algorithm);
                bent_parts_all_fail_alike(&token, &own);
            }
        }
    }
}

/// Each octet string of the token bent, shortened, lengthened and emptied. The same error for all: no oracle.
fn bent_parts_all_fail_alike(token: &str, own: &DecryptionKey) {
    let parts: Vec<Vec<u8>> = token.split('.').map(|part| unbase64url(part).unwrap()).collect();
    for which in 1..5 {
        let (mut flipped, mut longer) = (parts[which].clone(), parts[which].clone());
        if let Some(last) = flipped.last_mut() {
            *last ^= 1;
        }
        longer.push(0);
        let shorter = parts[which][..parts[which].len().saturating_sub(1)].to_vec();
        for bent in [flipped, longer, shorter, Vec::new()].into_iter().filter(|bent| *bent != parts[which]) {
            let mut all = parts.clone();
            all[which] = bent;
            let bent = all.iter().map(base64url).collect::<Vec<_>>().join(".");
            assert_eq!(decrypt(&bent, &[own], JweAlg::ALL, JweEnc::ALL).unwrap_err(), JoseError::Decryption);
        }
    }
}

#[test]
fn a_changed_header_fails() {
    let (alg, enc) = (JweAlg::A128Kw, JweEnc::A128Gcm);
    let (to, own) = pairs(alg, enc).pop().unwrap();
    let token = encrypt(&to, &Envelope::new(alg, enc), b"x").unwrap();
    let rest = token.split_once('.').unwrap().1;
    let with = |header: &Value| {
        decrypt(&format!("{}.{rest}", base64url(header.to_string())), &[&own], JweAlg::ALL, JweEnc::ALL)
    };
    let plain = json!({"alg": "A128KW", "enc": "A128GCM"});
    assert!(with(&plain).is_ok(), "the header as it was written");
    let mut cases = vec![(json!({"typ": "JWT"}), JoseError::Decryption)];
    cases.extend(
        ["alg", "enc", "kid", "typ", "cty", "epk", "apu", "apv", "iv", "tag"]
            .map(|name| (json!({name: 5}), JoseError::Malformed)),
    );
    cases.push((json!({"kid": null}), JoseError::Malformed));
    cases.push((json!({"zip": "DEF"}), JoseError::Compressed));
    cases.push((json!({"crit": ["exp"], "exp": 1}), JoseError::Critical));
    cases.push((json!({"alg": "RSA1_5"}), JoseError::Algorithm));
    cases.push((json!({"alg": "PBES2-HS256+A128KW", "p2c": 1, "p2s": "AA"}), JoseError::Algorithm));
    cases.push((json!({"alg": "none"}), JoseError::Algorithm));
    cases.push((json!({"enc": "none"}), JoseError::Algorithm));
    cases.push((json!({"alg": "A256KW"}), JoseError::NoKey));
    for (change, expected) in cases {
        let mut header = plain.clone();
        for (name, value) in change.as_object().unwrap() {
            header[name] = value.clone();
        }
        assert_eq!(with(&header).unwrap_err(), expected, "{change}");
    }
    let repeated = format!("{}.{rest}", base64url(r#"{"alg":"A128KW","enc":"A128GCM","alg":"A128KW"}"#));
    assert_eq!(decrypt(&repeated, &[&own], JweAlg::ALL, JweEnc::ALL).unwrap_err(), JoseError::Malformed);
}

#[test]
fn sizes_and_shapes_are_checked() {
    let (alg, enc) = (JweAlg::Dir, JweEnc::A256Gcm);
    let (to, own) = pairs(alg, enc).pop().unwrap();
    let open = |token: &str| decrypt(token, &[&own], JweAlg::ALL, JweEnc::ALL).unwrap_err();
    assert_eq!(encrypt(&to, &Envelope::new(alg, enc), &vec![0; 64 * 1024 + 1]).unwrap_err(), JoseError::TooLarge);
    let largest = encrypt(&to, &Envelope::new(alg, enc), &vec![0; 64 * 1024]).unwrap();
    assert_eq!(decrypt(&largest, &[&own], &[alg], &[enc]).unwrap().plaintext().len(), 64 * 1024);
    assert_eq!(open(&"A".repeat(1 << 20)), JoseError::TooLarge);
    for shape in ["", "....", "a.b.c", "a.b.c.d", "a.b.c.d.e.f", "e30.A.A.A.A", "e30....", "W10...."] {
        assert_eq!(open(shape), JoseError::Malformed, "{shape}");
    }
    // RFC 7516 §5.2 step 10: nothing may be sent where the key is shared.
    let filled = largest.replacen("..", ".AAAA.", 1);
    assert_eq!(open(&filled), JoseError::Decryption);
    assert!(jose::is_encrypted(&largest) && !jose::is_encrypted("a.b.c") && !jose::is_encrypted("a.b.c.d.e.f"));
}

#[test]
fn a_peer_off_the_curve_or_of_low_order_fails_like_any_other() {
    for (kind, epk) in [
        (DecryptionKind::P256, json!({"kty": "EC", "crv": "P-256", "x": base64url([1; 32]), "y": base64url([1; 32])})),
        (DecryptionKind::P256, json!({"kty": "EC", "crv": "P-384", "x": base64url([1; 32]), "y": base64url([1; 32])})),
        (DecryptionKind::P256, json!({"kty": "OKP", "crv": "X25519", "x": base64url([9; 32])})),
        (DecryptionKind::X25519, json!({"kty": "OKP", "crv": "X25519", "x": base64url([0; 32])})),
        (DecryptionKind::X25519, json!({"kty": "OKP", "crv": "X25519"})),
        (DecryptionKind::X25519, json!({})),
    ] {
        let own = DecryptionKey::generate(kind, "one").unwrap();
        let header = json!({"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk});
        let token = format!("{}..{}.AA.{}", base64url(header.to_string()), base64url([0; 12]), base64url([0; 16]));
        assert_eq!(decrypt(&token, &[&own], JweAlg::ALL, JweEnc::ALL).unwrap_err(), JoseError::Decryption, "{epk}");
    }
}

#[test]
fn the_key_is_chosen_by_its_name_and_kind() {
    let keys: Vec<DecryptionKey> =
        ["a", "b"].iter().map(|kid| DecryptionKey::generate(DecryptionKind::P256, kid).unwrap()).collect();
    let both: Vec<&DecryptionKey> = keys.iter().collect();
    let (alg, enc) = (JweAlg::EcdhEs, JweEnc::A128CbcHs256);
    let mut jwk = keys[1].public_jwk().unwrap().unwrap();
    let named = encrypt(&EncryptionKey::read(&jwk).unwrap(), &Envelope::new(alg, enc), b"x").unwrap();
    assert_eq!(header(&named)["kid"], "b");
    assert!(decrypt(&named, &both, &[alg], &[enc]).is_ok());
    assert_eq!(decrypt(&named, &both[..1], &[alg], &[enc]).unwrap_err(), JoseError::NoKey);
    jwk.as_object_mut().unwrap().remove("kid");
    let nameless = encrypt(&EncryptionKey::read(&jwk).unwrap(), &Envelope::new(alg, enc), b"x").unwrap();
    assert!(decrypt(&nameless, &both, &[alg], &[enc]).is_ok(), "without a name, each is tried");
    assert_eq!(decrypt(&nameless, &both[..1], &[alg], &[enc]).unwrap_err(), JoseError::Decryption);
}

#[test]
fn a_set_gives_the_key_to_encrypt_to() {
    let jwk = |kind, kid: &str| DecryptionKey::generate(kind, kid).unwrap().public_jwk().unwrap().unwrap();
    let (rsa, p256) = (jwk(DecryptionKind::Rsa, "rsa"), jwk(DecryptionKind::P256, "p256"));
    let mut exact = jwk(DecryptionKind::Rsa, "exact");
    exact["alg"] = json!("RSA-OAEP-256");
    let mut signing = jwk(DecryptionKind::P256, "signing");
    signing["use"] = json!("sig");
    let set = JwkSet::read_public(&json!({"keys": [signing, rsa, p256, exact]})).unwrap();
    let chosen = |alg| set.encryption_key(alg, JweEnc::A128Gcm).and_then(EncryptionKey::kid);
    assert_eq!(chosen(JweAlg::RsaOaep), Some("rsa"));
    assert_eq!(chosen(JweAlg::RsaOaep256), Some("exact"));
    assert_eq!(chosen(JweAlg::EcdhEsA192Kw), Some("p256"));
    assert_eq!(chosen(JweAlg::Dir), None);
    let to = set.encryption_key(JweAlg::RsaOaep, JweEnc::A128Gcm).unwrap();
    assert_eq!(encrypt(to, &Envelope::new(JweAlg::EcdhEs, JweEnc::A128Gcm), b"x").unwrap_err(), JoseError::NoKey);
}

#[test]
fn claims_repeated_in_the_header_are_these_three_alone() {
    let (alg, enc) = (JweAlg::A256GcmKw, JweEnc::A256Gcm);
    let (to, own) = pairs(alg, enc).pop().unwrap();
    let claims = json!({"iss": "https://op.example", "sub": "s", "aud": ["c"], "alg": "none", "email": "a@b.example"});
    let envelope = Envelope { repeated: claims.as_object(), typ: Some("logout+jwt"), ..Envelope::of_jwt(alg, enc) };
    let token = encrypt(&to, &envelope, b"x").unwrap();
    let header = header(&token);
    assert_eq!((&header["iss"], &header["sub"], &header["aud"]), (&claims["iss"], &claims["sub"], &claims["aud"]));
    assert_eq!((&header["alg"], header.get("email")), (&json!("A256GCMKW"), None));
    assert_eq!(decrypt(&token, &[&own], &[alg], &[enc]).unwrap().header().typ.as_deref(), Some("logout+jwt"));
}

/// OpenID Connect Core §10.2: the left of the SHA-2 hash; computed here from the digest of the text by hand.
#[test]
fn a_client_secret_gives_the_left_of_its_hash() {
    let secret = "ThisIsASecretThatAClientWasGiven";
    let (alg, enc) = (JweAlg::A128Kw, JweEnc::A128Gcm);
    let token =
        encrypt(&EncryptionKey::from_client_secret(secret, alg, enc).unwrap(), &Envelope::new(alg, enc), b"x").unwrap();
    let left = json!({"kty": "oct", "k": base64url(&jose::sha256(secret.as_bytes())[..16])});
    let own = DecryptionKey::read(&left).unwrap();
    assert!(decrypt(&token, &[&own], &[alg], &[enc]).is_ok());
    for enc in JweEnc::ALL.iter().copied() {
        let own = DecryptionKey::from_client_secret(secret, JweAlg::Dir, enc).unwrap();
        let others: Vec<JweEnc> = JweEnc::ALL.iter().copied().filter(|other| *other != enc).collect();
        for other in others {
            let to = EncryptionKey::from_client_secret(secret, JweAlg::Dir, other).unwrap();
            let token = encrypt(&to, &Envelope::new(JweAlg::Dir, other), b"x").unwrap();
            assert_eq!(decrypt(&token, &[&own], JweAlg::ALL, JweEnc::ALL).unwrap_err(), JoseError::NoKey);
        }
    }
    assert!(EncryptionKey::from_client_secret(secret, JweAlg::RsaOaep, enc).is_err());
}

#[test]
fn a_private_key_with_a_foreign_public_part_is_no_key() {
    let p256 = json!({
        "kty": "EC", "crv": "P-256", "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
        "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ", "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    });
    assert!(DecryptionKey::read(&p256).is_ok());
    let other = DecryptionKey::generate(DecryptionKind::P256, "x").unwrap().public_jwk().unwrap().unwrap();
    let mut mixed = p256.clone();
    (mixed["x"], mixed["y"]) = (other["x"].clone(), other["y"].clone());
    assert_eq!(DecryptionKey::read(&mixed).unwrap_err(), JoseError::Key);
    assert_eq!(EncryptionKey::read(&json!({"kty": "oct", "k": "AAAA"})).unwrap_err(), JoseError::Key);
}

/// RFC 7517 §4: of a member repeated in a key, here the peer's, the last counts. The tag covers both.
#[test]
fn of_a_member_repeated_in_the_peer_the_last_counts() {
    let (alg, enc) = (JweAlg::EcdhEsA128Kw, JweEnc::A128Gcm);
    let (to, own) = pairs(alg, enc).pop().unwrap();
    let token = encrypt(&to, &Envelope::new(alg, enc), b"x").unwrap();
    let (first, rest) = token.split_once('.').unwrap();
    let text = String::from_utf8(unbase64url(first).unwrap()).unwrap();
    let open = |header: &str| decrypt(&format!("{}.{rest}", base64url(header)), &[&own], &[alg], &[enc]).unwrap_err();
    let twice = text.replace(r#""epk":{"#, r#""epk":{"x":5,"#);
    assert_eq!(open(&twice), JoseError::Decryption, "read, and then the tag fails");
    assert_eq!(open(&text.replace(r#""epk":{"#, r#""epk":{},"epk":{"#)), JoseError::Malformed, "of the header itself");
}
