//! Content encryption: AES-CBC with HMAC (RFC 7518 §5.2) and AES-GCM (§5.3).
//!
//! Invariant: nothing is decrypted before its tag was found right, and every failure is the same.

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    self, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{constant_time, hmac, rand};
use zeroize::Zeroizing;

use crate::{JoseError, JweEnc};

const GCM_IV: usize = 12;
const TAG: usize = 16;

/// The three last parts of a compact JWE.
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

/// Fresh random bytes.
pub(super) fn random(size: usize) -> Result<Zeroizing<Vec<u8>>, JoseError> {
    let mut bytes = Zeroizing::new(vec![0; size]);
    rand::fill(&mut bytes).map_err(|_| JoseError::Provider)?;
    Ok(bytes)
}

pub(super) fn seal(enc: JweEnc, key: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, JoseError> {
    match cbc(enc) {
        Some(parts) => parts.seal(key, aad, plaintext),
        None => gcm_seal(key, aad, plaintext),
    }
}

pub(super) fn open(enc: JweEnc, key: &[u8], aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, JoseError> {
    match cbc(enc) {
        Some(parts) => parts.open(key, aad, sealed),
        None => gcm_open(key, aad, sealed),
    }
}

fn gcm(key: &[u8]) -> Result<LessSafeKey, JoseError> {
    let with = match key.len() {
        16 => &aead::AES_128_GCM,
        24 => &aead::AES_192_GCM,
        32 => &aead::AES_256_GCM,
        _ => return Err(JoseError::Key),
    };
    UnboundKey::new(with, key).map(LessSafeKey::new).map_err(|_| JoseError::Provider)
}

/// AES-GCM with an IV of 96 and a tag of 128 bits, the key's size choosing the cipher.
pub(super) fn gcm_seal(key: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, JoseError> {
    let iv = random(GCM_IV)?.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(&iv).map_err(|_| JoseError::Provider)?;
    let mut ciphertext = plaintext.to_vec();
    let tag = gcm(key)?
        .seal_in_place_separate_tag(nonce, Aad::from(aad), &mut ciphertext)
        .map_err(|_| JoseError::Provider)?;
    Ok(Sealed { iv, ciphertext, tag: tag.as_ref().to_vec() })
}

/// Opens what [`gcm_seal`] made, and nothing with another size of IV or tag: a short tag is a forger's wish.
pub(super) fn gcm_open(key: &[u8], aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, JoseError> {
    if sealed.iv.len() != GCM_IV || sealed.tag.len() != TAG {
        return Err(JoseError::Decryption);
    }
    let nonce = Nonce::try_assume_unique_for_key(&sealed.iv).map_err(|_| JoseError::Decryption)?;
    let mut text = [sealed.ciphertext.as_slice(), &sealed.tag].concat();
    let length = gcm(key)?.open_in_place(nonce, Aad::from(aad), &mut text).map_err(|_| JoseError::Decryption)?.len();
    text.truncate(length);
    Ok(text)
}

/// RFC 7518 §5.2.2: the halves of the key, and the half of the MAC that is the tag.
struct Cbc {
    half: usize,
    cipher: &'static cipher::Algorithm,
    mac: hmac::Algorithm,
}

fn cbc(enc: JweEnc) -> Option<Cbc> {
    let (half, cipher, mac) = match enc {
        JweEnc::A128CbcHs256 => (16, &cipher::AES_128, hmac::HMAC_SHA256),
        JweEnc::A192CbcHs384 => (24, &cipher::AES_192, hmac::HMAC_SHA384),
        JweEnc::A256CbcHs512 => (32, &cipher::AES_256, hmac::HMAC_SHA512),
        JweEnc::A128Gcm | JweEnc::A192Gcm | JweEnc::A256Gcm => return None,
    };
    Some(Cbc { half, cipher, mac })
}

impl Cbc {
    fn tag(&self, key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&hmac::Key::new(self.mac, &key[..self.half]));
        context.update(aad);
        context.update(iv);
        context.update(ciphertext);
        context.update(&(aad.len() as u64 * 8).to_be_bytes());
        context.sign().as_ref()[..self.half].to_vec()
    }

    fn cipher_key(&self, key: &[u8]) -> Result<UnboundCipherKey, JoseError> {
        UnboundCipherKey::new(self.cipher, &key[self.half..]).map_err(|_| JoseError::Provider)
    }

    fn seal(&self, key: &[u8], aad: &[u8], plaintext: &[u8]) -> Result<Sealed, JoseError> {
        if key.len() != self.half * 2 {
            return Err(JoseError::Key);
        }
        let mut iv = [0; 16];
        rand::fill(&mut iv).map_err(|_| JoseError::Provider)?;
        let mut ciphertext = plaintext.to_vec();
        PaddedBlockEncryptingKey::cbc_pkcs7(self.cipher_key(key)?)
            .and_then(|with| with.less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128(FixedLength::from(iv))))
            .map_err(|_| JoseError::Provider)?;
        let tag = self.tag(key, aad, &iv, &ciphertext);
        Ok(Sealed { iv: iv.to_vec(), ciphertext, tag })
    }

    fn open(&self, key: &[u8], aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, JoseError> {
        let iv: [u8; 16] = sealed.iv.as_slice().try_into().map_err(|_| JoseError::Decryption)?;
        if key.len() != self.half * 2 {
            return Err(JoseError::Decryption);
        }
        // §5.2.2.2: the tag first, so that the padding is only ever looked at in what the sender made.
        let tag = self.tag(key, aad, &iv, &sealed.ciphertext);
        constant_time::verify_slices_are_equal(&tag, &sealed.tag).map_err(|_| JoseError::Decryption)?;
        let mut text = sealed.ciphertext.clone();
        let length = PaddedBlockDecryptingKey::cbc_pkcs7(self.cipher_key(key)?)
            .and_then(|with| Ok(with.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv)))?.len()))
            .map_err(|_| JoseError::Decryption)?;
        text.truncate(length);
        Ok(text)
    }
}
