//! What is said to a client alone: signed by us, encrypted to it, or both, as it registered (OpenID Connect Core §10, §5.3.2;
//! RFC 7519 §11.2: signed first, then encrypted).
//!
//! Invariant: the key to encrypt to is found before anything is written; whoever holds a [`Recipient`] can encrypt.

use std::sync::Arc;

use jose::{EncryptionKey, Envelope, JwkSet, JwsAlg};
use openid::client::jose_members::Encryption;
use openid::client::{Client, ClientSecret};
use openid::time::Time;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};
use serde_json::{Map, Value};
use store::Fault;

use crate::op::Op;
use crate::outbound::Class;

/// A client's key to encrypt to, and how.
pub(crate) struct Recipient {
    encryption: Encryption,
    keys: Keys,
}

enum Keys {
    /// Those it registered.
    Registered(Arc<Client>),
    /// Those behind its `jwks_uri`.
    Published(Arc<JwkSet>),
    /// One made of its secret.
    Secret(EncryptionKey),
}

/// How claims are said.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    /// Signed with this; `None`: not signed.
    pub signed: Option<JwsAlg>,
    /// Encrypted to it; `None`: not encrypted.
    pub encrypted: Option<&'a Recipient>,
}

impl Recipient {
    /// Finds the key, if the client wants encryption at all. Its `jwks_uri` is looked at again if what is at hand does not
    /// fit or is older than it said (Core §10.2.1), at most once a minute; what cannot be fetched anew holds for a day.
    pub(crate) async fn find(
        op: &Op,
        client: &Arc<Client>,
        wanted: Option<Encryption>,
    ) -> Result<Option<Self>, Refusal> {
        let Some(encryption) = wanted else {
            return Ok(None);
        };
        let Encryption { alg, enc } = encryption;
        let fits = |set: &Arc<JwkSet>| set.encryption_key(alg, enc).is_some();
        let keys = match (&client.secret, &client.metadata.jwks_uri) {
            (ClientSecret::Known(secret), _) if alg.is_symmetric() => {
                EncryptionKey::from_client_secret(secret, alg, enc).ok().map(Keys::Secret)
            }
            (_, None) => Some(Keys::Registered(Arc::clone(client))),
            (_, Some(uri)) => match op.client_keys().fresh(client, op.now()).filter(fits) {
                Some(set) => Some(Keys::Published(set)),
                None => op.client_keys().fetch(op, client, Class::of(client), uri).await.map(Keys::Published),
            },
        };
        let found = keys.map(|keys| Self { encryption, keys }).filter(|found| found.key().is_some());
        found.map(Some).ok_or_else(|| {
            refuse(
                ErrorCode::InvalidRequest,
                "encryption_key_absent",
                "the answer must be encrypted, and this client publishes no key for it",
            )
        })
    }

    fn key(&self) -> Option<&EncryptionKey> {
        let Encryption { alg, enc } = self.encryption;
        match &self.keys {
            Keys::Registered(client) => client.metadata.jwks.as_ref()?.encryption_key(alg, enc),
            Keys::Published(set) => set.encryption_key(alg, enc),
            Keys::Secret(key) => Some(key),
        }
    }

    /// A signed token within an encrypted one.
    pub(crate) fn wrap(&self, signed: &str) -> Result<String, Fault> {
        self.encrypt(&Envelope::of_jwt(self.encryption.alg, self.encryption.enc), signed.as_bytes())
    }

    fn encrypt(&self, envelope: &Envelope<'_>, plaintext: &[u8]) -> Result<String, Fault> {
        let key = self.key().ok_or_else(|| Fault::bug("a recipient without a key"))?;
        jose::encrypt(key, envelope, plaintext).map_err(|e| Fault::bug(format!("cannot encrypt: {e}")))
    }
}

/// Says claims to a client: a JWS, a JWE, or a JWS within a JWE. `typ` is that of the signed token.
pub(crate) fn say(
    op: &Op,
    client: &Client,
    (typ, claims): (&str, &Map<String, Value>),
    said: Said<'_>,
    now: Time,
) -> Result<String, Fault> {
    match (said.signed, said.encrypted) {
        (Some(alg), None) => op.keys().sign_for(client, alg, (typ, claims), now),
        (Some(alg), Some(to)) => {
            let signed = op.keys().sign_for(client, alg, (typ, claims), now)?;
            to.wrap(&signed)
        }
        (None, Some(to)) => {
            let text = Value::Object(claims.clone()).to_string();
            to.encrypt(&Envelope::new(to.encryption.alg, to.encryption.enc), text.as_bytes())
        }
        (None, None) => Err(Fault::bug("claims that are neither signed nor encrypted")),
    }
}
