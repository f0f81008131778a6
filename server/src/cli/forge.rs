//! Logout tokens as a check wants them: good ones, and bad ones that only this program may make.
//!
//! Invariant: what is signed with the provider's keys names the chosen client and this issuer, or is bent so that nobody
//! may take it; a key that is not the provider's is drawn and forgotten.

use std::sync::Arc;

use jose::{JwsAlg, SigningKey};
use openid::client::Client;
use openid::logout::backchannel::{TYP, claims};
use openid::logout::check::{Bend, Sent};
use openid::logout::judge::Notice;
use openid::name::ClientId;
use serde_json::{Map, Value, json};

use super::out::Failed;
use crate::envelope::{self, Recipient};
use crate::op::Op;

/// What makes the tokens for one client.
pub(super) struct Forge<'a> {
    op: &'a Op,
    client: Arc<Client>,
    to: Option<Recipient>,
    /// The last good token, for whoever wants it once more.
    last: Option<String>,
}

impl<'a> Forge<'a> {
    /// Finds the client's key to encrypt to, if its tokens are encrypted.
    pub(super) async fn new(op: &'a Op, client: Arc<Client>) -> Result<Self, Failed> {
        let to = Recipient::find(op, &client, client.metadata.id_token_encryption).await?;
        Ok(Self { op, client, to, last: None })
    }

    /// Whom the tokens are for.
    pub(super) fn client_id(&self) -> ClientId {
        self.client.id.clone()
    }

    /// The fields to post. `None`: this client has no such token.
    pub(super) fn fields(
        &mut self,
        sent: Sent,
        notice: &Notice,
    ) -> Result<Option<Vec<(&'static str, String)>>, Failed> {
        let token = match sent {
            Sent::NoToken => return Ok(Some(vec![("nothing", "to be seen".to_owned())])),
            Sent::Garbage => "this-is-no-token".to_owned(),
            Sent::Claims(bend) => {
                let token = self.sealed(&self.signed(&self.claims(notice, bend))?)?;
                if bend == Bend::Not {
                    self.last = Some(token.clone());
                }
                token
            }
            Sent::Replay => match &self.last {
                Some(token) => token.clone(),
                None => return Ok(None),
            },
            Sent::MoreParameters => {
                let token = self.sealed(&self.signed(&self.claims(notice, Bend::Not))?)?;
                return Ok(Some(vec![("logout_token", token), ("of_no_meaning", "1".to_owned())]));
            }
            Sent::InTheClear if self.to.is_none() => return Ok(None),
            Sent::InTheClear => self.signed(&self.claims(notice, Bend::Not))?,
            Sent::ForeignKey => self.sealed(&self.by_a_stranger(&self.claims(notice, Bend::Not))?)?,
            Sent::BentSignature => self.sealed(&bent(&self.signed(&self.claims(notice, Bend::Not))?))?,
            Sent::NoSignature => self.sealed(&unsigned(&self.claims(notice, Bend::Not)))?,
            Sent::PublicKeyAsSecret => match self.by_the_public_key(&self.claims(notice, Bend::Not))? {
                Some(token) => self.sealed(&token)?,
                None => return Ok(None),
            },
        };
        Ok(Some(vec![("logout_token", token)]))
    }

    fn claims(&self, notice: &Notice, bend: Bend) -> Map<String, Value> {
        let now = self.op.now();
        let mut all = claims(notice, self.op.issuer().as_str(), now, &self.op.dice().name());
        bend.apply(&mut all, now);
        all
    }

    fn signed(&self, claims: &Map<String, Value>) -> Result<String, Failed> {
        let alg = self.client.metadata.id_token_alg;
        let how = envelope::Said { signed: Some(alg), encrypted: None };
        Ok(envelope::say(self.op, &self.client, (TYP, claims), how, self.op.now())?)
    }

    /// Encrypted, if the client's tokens are.
    fn sealed(&self, token: &str) -> Result<String, Failed> {
        match &self.to {
            None => Ok(token.to_owned()),
            Some(to) => Ok(to.wrap(token)?),
        }
    }

    /// Signed with the right algorithm, under the name of our key, with another one.
    fn by_a_stranger(&self, claims: &Map<String, Value>) -> Result<String, Failed> {
        let alg = self.client.metadata.id_token_alg;
        let kid = self.kid(claims)?.unwrap_or_default();
        let key = match alg.is_symmetric() {
            true => SigningKey::from_secret(alg, &[self.op.dice().draw(), self.op.dice().draw()].concat()),
            false => SigningKey::generate(alg, &kid),
        };
        sign(&key.map_err(failed)?, claims)
    }

    /// Keyed with the PEM of our RSA key, as an attacker would who hopes that one function verifies whatever `alg` says.
    fn by_the_public_key(&self, claims: &Map<String, Value>) -> Result<Option<String>, Failed> {
        let Some(kid) = self.kid(claims)? else { return Ok(None) };
        let published: Value = serde_json::from_slice(&self.op.keys().published(self.op.now()))?;
        let all = published["keys"].as_array().map_or(&[][..], Vec::as_slice);
        let Some(pem) = all.iter().find(|key| key["kid"] == kid.as_str()).and_then(pem) else { return Ok(None) };
        let key = SigningKey::from_secret(JwsAlg::Hs256, pem.as_bytes()).map_err(failed)?;
        sign(&key, claims).map(Some)
    }

    /// The name of our key that signs for this client.
    fn kid(&self, claims: &Map<String, Value>) -> Result<Option<String>, Failed> {
        let good = self.signed(claims)?;
        Ok(jose::peek(&good).map_err(failed)?.unverified().kid.clone())
    }
}

fn failed(error: jose::JoseError) -> Failed {
    Failed::new(error.to_string())
}

fn sign(key: &SigningKey, claims: &Map<String, Value>) -> Result<String, Failed> {
    jose::sign(key, Some(TYP), &serde_json::to_vec(claims)?).map_err(failed)
}

/// With another first character of the signature.
fn bent(token: &str) -> String {
    let at = token.rfind('.').map_or(0, |dot| dot + 1);
    let (front, signature) = token.split_at(at);
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{front}{first}{}", signature.get(1..).unwrap_or_default())
}

/// RFC 7515 §A.5: `alg` `none`, and nothing after the last dot.
fn unsigned(claims: &Map<String, Value>) -> String {
    let header = json!({ "alg": "none", "typ": TYP }).to_string();
    format!("{}.{}.", jose::base64url(header), jose::base64url(Value::Object(claims.clone()).to_string()))
}

/// The `SubjectPublicKeyInfo` of an RSA key as PEM (RFC 5280 §4.1, RFC 3279 §2.3.1, RFC 7468 §13).
fn pem(key: &Value) -> Option<String> {
    let part = |name: &str| key[name].as_str().and_then(|text| jose::unbase64url(text).ok());
    let (modulus, exponent) = (part("n")?, part("e")?);
    let numbers = [integer(&modulus), integer(&exponent)].concat();
    let mut bits = vec![0];
    bits.extend(der(0x30, &numbers));
    // 1.2.840.113549.1.1.1, rsaEncryption, and NULL.
    let algorithm = [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
    let whole = der(0x30, &[der(0x30, &algorithm), der(0x03, &bits)].concat());
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, whole);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    Some(format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n")))
}

/// An INTEGER is positive only with a leading zero bit.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if bytes.first().is_some_and(|first| *first >= 0x80) { &[0] } else { &[] };
    der(0x02, &[sign, bytes].concat())
}

/// Tag, length, value.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let short: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut all = vec![tag];
    match (value.len(), u8::try_from(short.len())) {
        (0..0x80, _) => all.push(u8::try_from(value.len()).unwrap_or_default()),
        (_, Ok(octets)) => {
            all.push(0x80 | octets);
            all.extend(short);
        }
        (_, Err(_)) => {}
    }
    all.extend(value);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What RFC 5280 and RFC 3279 say, octet by octet.
    #[test]
    fn a_public_key_is_the_pem_that_others_write() {
        let key = json!({ "n": jose::base64url([&[0xc1][..], &[7; 255]].concat()), "e": "AQAB" });
        let pem = pem(&key).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let whole = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body).unwrap();
        // 30 82 01 22: a SubjectPublicKeyInfo of 2048 bits has always been 294 octets.
        assert_eq!((whole.len(), &whole[..4]), (294, &[0x30, 0x82, 0x01, 0x22][..]));
        assert_eq!(
            &whole[19..33],
            [0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00]
        );
        assert_eq!(&whole[289..], [0x02, 0x03, 0x01, 0x00, 0x01]);
        assert!(pem.lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn a_bent_signature_is_another_one() {
        assert_eq!(bent("a.b.Cd"), "a.b.Ad");
        assert_eq!(bent("a.b.Ad"), "a.b.Bd");
        assert_eq!(unsigned(&Map::new()).matches('.').count(), 2);
        assert!(unsigned(&Map::new()).ends_with('.'));
    }
}
