//! The JOSE members of registered metadata: what is signed and encrypted to a client, and how (OpenID Connect
//! Registration §2, Core §10).
//!
//! Invariant: whatever is to be encrypted has a key it can be encrypted to, or one that can be fetched.

use jose::{JweAlg, JweEnc, JwkSet, JwsAlg};

use super::metadata::AuthMethod;
use super::registered::{Proposal, wrong};
use crate::client::members::ID_TOKEN_ALGS;
use crate::wire::refusal::Refusal;
use crate::wire::uri::{self, Kind};

/// How something is encrypted to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// How the content key is sent.
    pub alg: JweAlg,
    /// How the content is encrypted.
    pub enc: JweEnc,
}

/// How a client wants what UserInfo says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserinfoForm {
    /// `userinfo_signed_response_alg`; `None`: not signed.
    pub signed: Option<JwsAlg>,
    /// `userinfo_encrypted_response_alg` and `_enc`; `None`: not encrypted.
    pub encrypted: Option<Encryption>,
}

/// How a client secures its request objects, if it registered that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectSigning {
    /// `none`.
    Unsigned,
    /// Signed, with this and nothing else.
    Signed(JwsAlg),
}

/// `request_object_signing_alg`: without it, any asymmetric algorithm will do, and `none`.
pub(super) fn object_signing(proposal: &Proposal<'_>) -> Result<Option<ObjectSigning>, Refusal> {
    match proposal.text("request_object_signing_alg")? {
        None => Ok(None),
        Some("none") => Ok(Some(ObjectSigning::Unsigned)),
        Some(name) => match name.parse() {
            Ok(alg) => Ok(Some(ObjectSigning::Signed(alg))),
            Err(_) => Err(wrong("object_alg_unknown", "request_object_signing_alg: this algorithm is not supported")),
        },
    }
}

/// `request_uris`: where this client's request objects may be fetched. A fragment is for caches (Core §6.2).
pub(super) fn request_uris(proposal: &Proposal<'_>) -> Result<Vec<String>, Refusal> {
    let list = proposal.list("request_uris")?.unwrap_or_default();
    for text in &list {
        let address = text.split_once('#').map_or(text.as_str(), |(address, _)| address);
        match uri::judge_web(address) {
            Ok(Kind::Http) => return Err(wrong("request_uris_http", "request_uris must use https")),
            Ok(_) => {}
            Err(fault) => return Err(wrong("request_uris_malformed", format!("request_uris: an address {fault}"))),
        }
    }
    Ok(list)
}

/// Reads `…_alg` and `…_enc`. The default of the second is `A128CBC-HS256`; it means nothing without the first.
pub(super) fn encryption(
    proposal: &Proposal<'_>,
    (alg, enc): (&'static str, &'static str),
) -> Result<Option<Encryption>, Refusal> {
    let known = |name: &'static str| wrong("encryption_unknown", format!("{name}: this algorithm is not supported"));
    match (proposal.text(alg)?, proposal.text(enc)?) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(wrong("encryption_half", format!("{enc} means nothing without {alg}"))),
        (Some(text), with) => Ok(Some(Encryption {
            alg: text.parse().map_err(|_| known(alg))?,
            enc: with.unwrap_or("A128CBC-HS256").parse().map_err(|_| known(enc))?,
        })),
    }
}

/// What UserInfo answers with.
pub(super) fn userinfo(proposal: &Proposal<'_>) -> Result<UserinfoForm, Refusal> {
    let signed = match proposal.text("userinfo_signed_response_alg")? {
        None => None,
        Some(name) if ID_TOKEN_ALGS.contains(&name) => name.parse().ok(),
        Some(_) => {
            return Err(wrong("userinfo_alg_unknown", "userinfo_signed_response_alg: this algorithm is not supported"));
        }
    };
    let encrypted = encryption(proposal, ("userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc"))?;
    Ok(UserinfoForm { signed, encrypted })
}

/// Whether there is, or can be, a key to encrypt to.
pub(super) fn has_key(
    name: &'static str,
    encryption: Encryption,
    (method, jwks, jwks_uri): (AuthMethod, Option<&JwkSet>, Option<&str>),
) -> Result<(), Refusal> {
    let Encryption { alg, enc } = encryption;
    match (alg.is_symmetric(), jwks) {
        // Core §10.2: made of the client_secret.
        (true, _) if method == AuthMethod::None => {
            Err(wrong("encryption_secret", format!("{name}: this algorithm needs a client with a secret")))
        }
        (true, _) => Ok(()),
        (false, Some(jwks)) if jwks.encryption_key(alg, enc).is_some() => Ok(()),
        (false, Some(_)) => Err(wrong("encryption_key_missing", format!("{name}: jwks holds no key for it"))),
        (false, None) if jwks_uri.is_some() => Ok(()),
        (false, None) => Err(wrong("encryption_keys_missing", format!("{name} needs jwks or jwks_uri"))),
    }
}
