//! Targets of `jose`. The keys are those of `keys.json`, so that what was found once is found again.

use std::sync::LazyLock;

use jose::{
    DecryptionKey, EncryptionKey, Envelope, JoseError, JweAlg, JweEnc, Jwk, JwkSet, JwsAlg, base64url, decrypt,
    encrypt, unbase64url, verify,
};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use serde_json::{Value, json};

/// Between the parts of a token that is given without base64url. It is in no JSON.
const SEPARATOR: u8 = 0xff;

struct Keys {
    own: Vec<DecryptionKey>,
    to: Vec<EncryptionKey>,
    /// Keys whose private part nobody has, and a secret.
    verifying: [JwkSet; 2],
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let keys: Value = serde_json::from_str(include_str!("../keys.json")).expect("JSON");
    let decrypting = keys["decrypting"].as_array().expect("an array");
    let public = JwkSet::read_public(&json!({"keys": keys["verifying"]})).expect("public keys");
    assert_eq!(public.keys().len(), 5, "each kind");
    Keys {
        own: decrypting.iter().map(|key| DecryptionKey::read(key).expect("a key")).collect(),
        to: decrypting.iter().map(|key| EncryptionKey::read(key).expect("a key")).collect(),
        verifying: [public, JwkSet::from_secret(&[7; 64]).expect("a secret that is long enough")],
    }
});

/// The token in the bytes: as text; or its parts, each of which we put into base64url.
fn token(bytes: &[u8]) -> Option<String> {
    if bytes.contains(&SEPARATOR) {
        return Some(bytes.split(|byte| *byte == SEPARATOR).map(base64url).collect::<Vec<_>>().join("."));
    }
    str::from_utf8(bytes).ok().map(str::to_owned)
}

/// A token nobody signed is never verified.
pub fn jws_verify(bytes: &[u8]) {
    let Some(token) = token(bytes) else { return };
    let _ = jose::peek(&token);
    let _ = jose::peek_claims(&token);
    for keys in &KEYS.verifying {
        assert!(verify(&token, keys, JwsAlg::ALL).is_err());
    }
}

/// Whatever is presented is decrypted or refused, and what is decrypted is no larger than it was.
pub fn jwe_decrypt(bytes: &[u8]) {
    let Some(token) = token(bytes) else { return };
    let own: Vec<&DecryptionKey> = KEYS.own.iter().collect();
    if let Ok(opened) = decrypt(&token, &own, JweAlg::ALL, JweEnc::ALL) {
        assert!(jose::is_encrypted(&token) && opened.plaintext().len() < token.len());
        let _ = opened.token();
    }
}

/// A token we made is decrypted to what it was; with one part changed, it is not.
pub fn jwe_bent(bytes: &[u8]) {
    let _ = bent(Unstructured::new(bytes));
}

fn bent(mut drawn: Unstructured<'_>) -> Result<()> {
    let (alg, enc) = (*drawn.choose(JweAlg::ALL)?, *drawn.choose(JweEnc::ALL)?);
    let fitting: Vec<usize> = (0..KEYS.to.len()).filter(|which| KEYS.to[*which].fits(alg, enc)).collect();
    let which = *drawn.choose(&fitting)?;
    let (part, at, change) = (drawn.int_in_range(0..=4)?, drawn.arbitrary::<u16>()?, drawn.arbitrary::<u8>()?);
    let plaintext = drawn.take_rest();
    let token = encrypt(&KEYS.to[which], &Envelope::new(alg, enc), plaintext).expect("a key that fits");
    let own = &[&KEYS.own[which]];
    let opened = decrypt(&token, own, &[alg], &[enc]).expect("what we encrypted we decrypt");
    assert_eq!(opened.plaintext(), plaintext);
    let mut parts: Vec<Vec<u8>> =
        token.split('.').map(|part| unbase64url(part).expect("what we encoded we decode")).collect();
    let bent = &mut parts[part];
    // A change of nothing takes an octet away; a place behind the end adds one.
    match usize::from(at) % (bent.len() + 1) {
        end if end == bent.len() => bent.push(change),
        at if change == 0 => drop(bent.remove(at)),
        at => bent[at] ^= change,
    }
    let bent: Vec<String> = parts.iter().map(base64url).collect();
    let refused = decrypt(&bent.join("."), own, &[alg], &[enc]).expect_err("one part was changed");
    // RFC 7516 §11.5: behind the header there is one way to fail.
    assert!(part == 0 || refused == JoseError::Decryption, "{alg} {enc}, part {part}: {refused:?}");
    Ok(())
}

const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A key is read or refused; what is shown of it is public, and reads again as the same key.
pub fn jwk_read(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    for set in [&value, &json!({"keys": [value]})] {
        let _ = JwkSet::read(set);
        if JwkSet::read_public(set).is_ok() {
            let entries = set["keys"].as_array().expect("a set has keys");
            assert!(entries.iter().all(|key| PRIVATE.iter().all(|name| key.get(name).is_none())));
        }
    }
    if let Ok(key) = Jwk::read(&value) {
        assert_eq!(jose::thumbprint(&value).as_deref(), Ok(key.thumbprint()));
        let shown = key.to_value();
        assert!(PRIVATE.iter().all(|name| shown.get(name).is_none()));
        assert!(shown == json!({}) || Jwk::read(&shown).expect("a public key").thumbprint() == key.thumbprint());
    }
    let to = EncryptionKey::read(&value);
    let Ok(own) = DecryptionKey::read(&value) else { return };
    let to = match own.public_jwk().expect("a key that was read") {
        Some(public) => EncryptionKey::read(&public),
        None => to,
    };
    let to = to.expect("the public part of a private key");
    let mut ways = JweAlg::ALL.iter().flat_map(|alg| JweEnc::ALL.iter().map(|enc| (*alg, *enc)));
    if let Some((alg, enc)) = ways.find(|(alg, enc)| to.fits(*alg, *enc)) {
        let token = encrypt(&to, &Envelope::new(alg, enc), b"x").expect("a key that fits");
        assert!(decrypt(&token, &[&own], &[alg], &[enc]).is_ok(), "{alg} {enc}");
    }
}
