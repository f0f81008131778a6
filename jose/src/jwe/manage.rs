//! Key management: how the content key gets to the recipient and out of the token again, RFC 7518 §4.
//!
//! Invariant: taking a content key out of a token cannot fail visibly. RFC 7516 §11.5: where the encrypted key is not right,
//! a random one takes its place and the content's tag fails, so that a stranger who sends a thousand bent tokens learns
//! nothing of where each one was wrong (the attacks of Bleichenbacher and Manger).

use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::agree::{Info, Own, Peer};
use super::content::{Sealed, gcm_open, gcm_seal, random};
use super::own::{DecryptionKey, Material};
use super::recipient::{EncryptionKey, Recipient};
use super::wrap;
use crate::alg::Management;
use crate::member::Members;
use crate::{JoseError, JweAlg, JweEnc, base64url, unbase64url};

type ContentKey = Zeroizing<Vec<u8>>;

/// More than any honest name of a party, in base64url.
const LONGEST_PARTY: usize = 1024;

/// The members of the header that the algorithms themselves need, RFC 7518 §4.6.1 and §4.7.1.
pub(super) struct Params<'a> {
    epk: Option<Members<'a>>,
    apu: Vec<u8>,
    apv: Vec<u8>,
    iv: Vec<u8>,
    tag: Vec<u8>,
}

impl<'a> Params<'a> {
    pub(super) fn read(header: &'a Map<String, Value>) -> Result<Self, JoseError> {
        let octets = |name: &str| match header.get(name) {
            None => Ok(Vec::new()),
            Some(Value::String(text)) if text.len() <= LONGEST_PARTY => unbase64url(text),
            Some(_) => Err(JoseError::Malformed),
        };
        let epk = header.get("epk").map(Members::of).transpose()?;
        Ok(Self { epk, apu: octets("apu")?, apv: octets("apv")?, iv: octets("iv")?, tag: octets("tag")? })
    }

    fn info(&self, alg: JweAlg, enc: JweEnc, size: Option<usize>) -> Info<'_> {
        Info {
            algorithm: if size.is_some() { alg.as_str() } else { enc.as_str() },
            apu: &self.apu,
            apv: &self.apv,
            size: size.unwrap_or(enc.key_size()),
        }
    }
}

fn oaep(alg: JweAlg) -> &'static OaepAlgorithm {
    match alg {
        JweAlg::RsaOaep256 => &OAEP_SHA256_MGF1SHA256,
        _ => &OAEP_SHA1_MGF1SHA1,
    }
}

/// The content key, and how it is sent; the header gets what the recipient needs for it.
pub(super) fn deliver(
    key: &EncryptionKey,
    alg: JweAlg,
    enc: JweEnc,
    header: &mut Map<String, Value>,
) -> Result<(ContentKey, Vec<u8>), JoseError> {
    match (&key.to, alg.management()) {
        (Recipient::Rsa(to), Management::Oaep) => {
            let content = random(enc.key_size())?;
            let mut out = vec![0; to.ciphertext_size()];
            let size = to.encrypt(oaep(alg), &content, &mut out, None).map_err(|_| JoseError::Provider)?.len();
            out.truncate(size);
            Ok((content, out))
        }
        (Recipient::Agree(to), Management::Agree) => Ok((meet(to, alg, enc, None, header)?, Vec::new())),
        (Recipient::Agree(to), Management::AgreeAndWrap(size)) => {
            let content = random(enc.key_size())?;
            let wrapped = wrap::wrap(&meet(to, alg, enc, Some(size), header)?, &content)?;
            Ok((content, wrapped))
        }
        (Recipient::Secret(secret), Management::Wrap(_)) => {
            let content = random(enc.key_size())?;
            let wrapped = wrap::wrap(secret, &content)?;
            Ok((content, wrapped))
        }
        (Recipient::Secret(secret), Management::GcmWrap(_)) => {
            let content = random(enc.key_size())?;
            let sealed = gcm_seal(secret, b"", &content)?;
            header.insert("iv".into(), json!(base64url(sealed.iv)));
            header.insert("tag".into(), json!(base64url(sealed.tag)));
            Ok((content, sealed.ciphertext))
        }
        (Recipient::Secret(secret), Management::Direct) => Ok((secret.clone(), Vec::new())),
        _ => Err(JoseError::Key),
    }
}

fn meet(
    to: &Peer,
    alg: JweAlg,
    enc: JweEnc,
    size: Option<usize>,
    header: &mut Map<String, Value>,
) -> Result<ContentKey, JoseError> {
    let params = Params { epk: None, apu: Vec::new(), apv: Vec::new(), iv: Vec::new(), tag: Vec::new() };
    let (epk, derived) = to.meet(&params.info(alg, enc, size))?;
    header.insert("epk".into(), epk);
    Ok(derived)
}

/// The content key out of a token, or a random one.
pub(super) fn receive(
    key: &DecryptionKey,
    alg: JweAlg,
    enc: JweEnc,
    params: &Params<'_>,
    sent: &[u8],
) -> Result<ContentKey, JoseError> {
    // Drawn first, so that a wrong key costs the same as a right one.
    let random = random(enc.key_size())?;
    let content = unwrap(key, alg, enc, params, sent);
    Ok(content.ok().filter(|content| content.len() == enc.key_size()).unwrap_or(random))
}

fn unwrap(
    key: &DecryptionKey,
    alg: JweAlg,
    enc: JweEnc,
    params: &Params<'_>,
    sent: &[u8],
) -> Result<ContentKey, JoseError> {
    match (&key.with, alg.management()) {
        (Material::Rsa(rsa), Management::Oaep) => {
            let mut out = Zeroizing::new(vec![0; rsa.decrypting.min_output_size()]);
            let plain = rsa.decrypting.decrypt(oaep(alg), sent, &mut out, None).map_err(|_| JoseError::Decryption)?;
            Ok(Zeroizing::new(plain.to_vec()))
        }
        // RFC 7516 §5.2 step 10: where the key is agreed or shared, none is sent.
        (Material::Agree(own), Management::Agree) if sent.is_empty() => derive(own, alg, enc, params, None),
        (Material::Agree(own), Management::AgreeAndWrap(size)) => {
            wrap::unwrap(&derive(own, alg, enc, params, Some(size))?, sent)
        }
        (Material::Secret(secret), Management::Wrap(_)) => wrap::unwrap(secret, sent),
        (Material::Secret(secret), Management::GcmWrap(_)) => {
            let sealed = Sealed { iv: params.iv.clone(), ciphertext: sent.to_vec(), tag: params.tag.clone() };
            gcm_open(secret, b"", &sealed).map(Zeroizing::new)
        }
        (Material::Secret(secret), Management::Direct) if sent.is_empty() => Ok(secret.clone()),
        _ => Err(JoseError::Decryption),
    }
}

fn derive(
    own: &Own,
    alg: JweAlg,
    enc: JweEnc,
    params: &Params<'_>,
    size: Option<usize>,
) -> Result<ContentKey, JoseError> {
    let peer = Peer::read(params.epk.ok_or(JoseError::Decryption)?)?;
    own.derive(&peer, &params.info(alg, enc, size))
}
