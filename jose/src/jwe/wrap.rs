//! AES Key Wrap: RFC 7518 §4.4, RFC 3394.
//!
//! Invariant: a wrapped key has at least the two blocks the algorithm needs, and its check value is right.

use aes_kw::{KeyInit as _, KwAes192};
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesBlockCipher, KeyEncryptionKey, KeyWrap as _};
use zeroize::Zeroizing;

use crate::JoseError;

/// The bytes a wrapped key is longer than the key.
const CHECK: usize = 8;

fn aws(key: &[u8]) -> Result<KeyEncryptionKey<AesBlockCipher>, JoseError> {
    let cipher = match key.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return Err(JoseError::Key),
    };
    KeyEncryptionKey::new(cipher, key).map_err(|_| JoseError::Provider)
}

/// aws-lc-rs wraps with 128 and 256 bits alone.
fn rust_crypto(key: &[u8]) -> Option<KwAes192> {
    let key: [u8; 24] = key.try_into().ok()?;
    Some(KwAes192::new(&key.into()))
}

pub(super) fn wrap(key: &[u8], content_key: &[u8]) -> Result<Vec<u8>, JoseError> {
    let mut out = vec![0; content_key.len() + CHECK];
    match rust_crypto(key) {
        Some(with) => with.wrap_key(content_key, &mut out).map(drop).map_err(|_| JoseError::Provider)?,
        None => aws(key)?.wrap(content_key, &mut out).map(drop).map_err(|_| JoseError::Provider)?,
    }
    Ok(out)
}

pub(super) fn unwrap(key: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, JoseError> {
    if wrapped.len() < 3 * CHECK || !wrapped.len().is_multiple_of(CHECK) {
        return Err(JoseError::Decryption);
    }
    let mut out = Zeroizing::new(vec![0; wrapped.len() - CHECK]);
    match rust_crypto(key) {
        Some(with) => with.unwrap_key(wrapped, &mut out).map(drop).map_err(|_| JoseError::Decryption)?,
        None => aws(key)?.unwrap(wrapped, &mut out).map(drop).map_err(|_| JoseError::Decryption)?,
    }
    Ok(out)
}
