//! Sealing: AES-256-GCM under keys derived for each purpose from the key-encryption secret (HKDF-SHA-256).
//!
//! Invariant: what was sealed for one purpose opens for no other; the first secret seals, every configured one opens, and
//! keyed digests are made and recognised likewise.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::config::Secrets;

/// What we write; the reader refuses any other.
const VERSION: u8 = 1;

/// Seals and opens. Cheap to clone. Of each secret the half of the derivation is kept that is the same for every purpose
/// (RFC 5869 §2.2).
#[derive(Clone)]
pub struct Sealing(Arc<Vec<Prk>>);

struct Bytes32;

impl KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

impl Sealing {
    /// With the configured secrets.
    pub fn new(secrets: &Secrets) -> Self {
        let salt = Salt::new(HKDF_SHA256, b"ostiary");
        Self(Arc::new(secrets.0.iter().map(|secret| salt.extract(secret)).collect()))
    }

    /// Seals bytes for a purpose: base64url of version, nonce, ciphertext and tag.
    pub fn seal(&self, purpose: &str, bytes: &[u8]) -> String {
        let key = aead(self.first(), purpose);
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).expect("the operating system gives randomness");
        let mut out = bytes.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.as_bytes()), &mut out)
            .expect("what is sealed here is far below the limits of AES-GCM");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + out.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&out);
        jose::base64url(sealed)
    }

    /// Opens what was sealed for this purpose with any of the secrets.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let bytes = jose::unbase64url(sealed).ok()?;
        let (&version, rest) = bytes.split_first()?;
        if version != VERSION || rest.len() < NONCE_LEN {
            return None;
        }
        let (nonce, sealed) = rest.split_at(NONCE_LEN);
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        self.0.iter().find_map(|secret| {
            let mut out = Zeroizing::new(sealed.to_vec());
            let key = aead(secret, purpose);
            let nonce = Nonce::assume_unique_for_key(nonce);
            let length = key.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut out).ok()?.len();
            out.truncate(length);
            Some(out)
        })
    }

    /// Seals again, with the first secret, what an older one sealed. Nothing: the first opens it, or none does.
    pub fn renew(&self, purpose: &str, sealed: &str) -> Option<String> {
        let newest = Self(Arc::new(vec![self.first().clone()]));
        if newest.open(purpose, sealed).is_some() {
            return None;
        }
        self.open(purpose, sealed).map(|bytes| newest.seal(purpose, &bytes))
    }

    /// A keyed digest of a text for a purpose, base64url.
    pub fn mac(&self, purpose: &str, text: &str) -> String {
        keyed(self.first(), purpose, text)
    }

    /// Whether this is the keyed digest of a text, by any of the secrets: the page it stands in may be older than the
    /// first.
    pub fn is_mac(&self, purpose: &str, text: &str, mac: &str) -> bool {
        self.0.iter().any(|secret| jose::equal(keyed(secret, purpose, text).as_bytes(), mac.as_bytes()))
    }

    fn first(&self) -> &Prk {
        self.0.first().expect("a configuration holds at least one secret")
    }
}

fn keyed(secret: &Prk, purpose: &str, text: &str) -> String {
    jose::base64url(jose::hmac_sha256(&*derive(secret, purpose), text.as_bytes()))
}

fn aead(secret: &Prk, purpose: &str) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, &*derive(secret, purpose)).expect("32 bytes are an AES-256 key");
    LessSafeKey::new(key)
}

fn derive(secret: &Prk, purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    secret
        .expand(&[purpose.as_bytes()], Bytes32)
        .and_then(|okm| okm.fill(&mut *key))
        .expect("32 bytes are within what HKDF can give");
    key
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::{Sealing, Secrets};

    fn sealing(secrets: &[u8]) -> Sealing {
        Sealing::new(&Secrets(secrets.iter().map(|byte| Zeroizing::new(vec![*byte; 32])).collect()))
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_alone() {
        let one = sealing(&[1]);
        let sealed = one.seal("cookie", b"hello");
        assert_eq!(one.open("cookie", &sealed).unwrap().as_slice(), b"hello");
        assert!(one.open("page", &sealed).is_none());
        assert!(sealing(&[2]).open("cookie", &sealed).is_none());
        assert_ne!(sealed, one.seal("cookie", b"hello"));
    }

    #[test]
    fn an_older_secret_still_opens() {
        let sealed = sealing(&[1]).seal("key", b"x");
        assert!(sealing(&[2, 1]).open("key", &sealed).is_some());
        let fresh = sealing(&[2, 1]).seal("key", b"x");
        assert!(sealing(&[1]).open("key", &fresh).is_none());
    }

    #[test]
    fn a_page_made_before_the_secret_was_replaced_is_still_ours() {
        let (old, new, later) = (sealing(&[1]), sealing(&[2, 1]), sealing(&[2]));
        let mac = old.mac("csrf", "cookie");
        assert!(old.is_mac("csrf", "cookie", &mac) && new.is_mac("csrf", "cookie", &mac));
        assert!(!later.is_mac("csrf", "cookie", &mac));
        assert!(!new.is_mac("csrf", "other", &mac) && !new.is_mac("form-binding", "cookie", &mac));
        assert!(later.is_mac("csrf", "cookie", &new.mac("csrf", "cookie")), "the first secret makes them");
    }

    #[test]
    fn what_an_older_secret_sealed_is_sealed_again_and_nothing_else() {
        let (old, new, later) = (sealing(&[1]), sealing(&[2, 1]), sealing(&[2]));
        let renewed = new.renew("key", &old.seal("key", b"x")).unwrap();
        assert_eq!(later.open("key", &renewed).unwrap().as_slice(), b"x");
        assert!(new.renew("key", &renewed).is_none());
        assert!(new.renew("key", &sealing(&[3]).seal("key", b"x")).is_none());
    }

    #[test]
    fn a_bent_bit_does_not_open() {
        let one = sealing(&[1]);
        let sealed = one.seal("key", b"secret");
        for place in 0..sealed.len() {
            let mut bent = sealed.clone().into_bytes();
            bent[place] = if bent[place] == b'A' { b'B' } else { b'A' };
            assert!(one.open("key", &String::from_utf8(bent).unwrap()).is_none(), "byte {place}");
        }
    }
}
