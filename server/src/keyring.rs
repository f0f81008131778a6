//! The provider's keys, those it signs with and those it decrypts with: made at first start, sealed at rest, rotated on schedule and by command (Core §10.1.1).
//!
//! Invariant: which key signs follows from `active_from` alone: of each algorithm the latest that is active. A new key is
//! published one JWKS lifetime before it signs; old ones stay published for verification, and are known for a year more, for hints.

mod kind;
mod making;

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use jose::{DecryptionKey, JoseError, JweAlg, JweEnc, Jwk, JwkSet, JwsAlg, SigningKey};
use openid::client::jose_members::Encryption;
use openid::client::{Client, ClientSecret};
use openid::logout::end::EndHint;
use openid::time::{Span, Time};
use serde_json::{Map, Value, json};
use store::audit::Entry;
use store::keys::KeyRow;
use store::{Fault, Store};

pub use self::kind::{ALGORITHMS, KeyKind};
pub use self::making::{add, add_after, due, make, retire};
use crate::dice::Dice;
use crate::sealing::Sealing;

/// What keys are sealed for.
pub const PURPOSE: &str = "signing-key";

/// One JWKS lifetime: how long a key is published before it signs.
pub const NOTICE: Span = Span::from_hours(24);

/// How long a key stays published after its successor took over.
const AFTERLIFE: Span = Span::from_days(30);

/// How long a key is known after its successor took over: no session and no refreshed ID Token is older.
pub const MEMORY: Span = Span::from_days(400);

/// The keys, and what is derived from them once per change.
pub struct Keyring {
    now: ArcSwap<Ring>,
}

#[derive(Default)]
struct Ring {
    /// Newest `active_from` first.
    keys: Vec<Held>,
    /// Everything that signs and signed, for hints.
    all: JwkSet,
}

struct Held {
    kind: KeyKind,
    active_from: Time,
    public: Value,
    key: Key,
}

enum Key {
    Signs(Box<SigningKey>),
    Decrypts(Box<DecryptionKey>),
}

impl Keyring {
    /// None at hand: for those who mend what cannot be opened.
    pub fn unread() -> Self {
        Self { now: ArcSwap::default() }
    }

    /// Reads the keys, makes the missing ones. A key that cannot be opened is a fault: the server must not start.
    pub async fn open(store: &Store, sealing: &Sealing, dice: &Dice, now: Time) -> Result<Self, Fault> {
        let ring = Self::unread();
        ring.reload(store, sealing).await?;
        let missing: Vec<KeyKind> =
            KeyKind::all().filter(|kind| !ring.now.load().keys.iter().any(|key| key.kind == *kind)).collect();
        if !missing.is_empty() {
            let rows = make(&missing, sealing, dice, now, now).await?;
            let kids: Vec<&str> = rows.iter().map(|row| row.kid.as_str()).collect();
            let entry = Entry::new(dice.name(), now, "server".into(), "keys_made", kids.join(" "));
            add_after(store, rows.into_iter().map(|row| (row, None)).collect(), entry).await?;
            ring.reload(store, sealing).await?;
        }
        Ok(ring)
    }

    /// Reads the keys again: the version row has moved.
    pub async fn reload(&self, store: &Store, sealing: &Sealing) -> Result<(), Fault> {
        let rows = store.reader().await?.keys().await?;
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows {
            keys.push(unseal(&row, sealing)?);
        }
        keys.sort_by_key(|key| std::cmp::Reverse(key.active_from));
        let signing = keys.iter().filter(|key| matches!(key.key, Key::Signs(_)));
        let all: Result<Vec<Jwk>, JoseError> = signing.map(|key| Jwk::read(&key.public)).collect();
        let all = all.map_err(|e| Fault::bug(format!("our own public keys cannot be read: {e}")))?;
        self.now.store(Arc::new(Ring { keys, all: JwkSet::of(all) }));
        Ok(())
    }

    /// The public keys to publish, as a JWK Set document.
    pub fn published(&self, now: Time) -> Bytes {
        let ring = self.now.load();
        let keys: Vec<&Value> = KeyKind::all()
            .flat_map(|kind| {
                let mut successor: Option<Time> = None;
                ring.keys
                    .iter()
                    .filter(move |key| key.kind == kind)
                    .filter(move |key| {
                        // Newest first: the one before this in the list is its successor. Nobody is to encrypt to an old one.
                        let shown = match kind {
                            KeyKind::Signing(_) => successor.is_none_or(|taken_over| now < taken_over + AFTERLIFE),
                            KeyKind::Decryption(_) => successor.is_none(),
                        };
                        successor = Some(key.active_from);
                        shown
                    })
                    .map(|key| &key.public)
            })
            .collect();
        Bytes::from(json!({ "keys": keys }).to_string())
    }

    /// Signs claims for a client.
    pub fn sign_for(
        &self,
        client: &Client,
        alg: JwsAlg,
        (typ, claims): (&str, &Map<String, Value>),
        now: Time,
    ) -> Result<String, Fault> {
        if alg.is_symmetric() {
            let payload = serde_json::to_vec(claims).map_err(|e| Fault::bug(format!("claims are not JSON: {e}")))?;
            let bug = |e: JoseError| Fault::bug(format!("cannot sign with {}: {e}", alg.as_str()));
            let ClientSecret::Known(secret) = &client.secret else {
                return Err(Fault::bug(format!(
                    "client {} wants {} and has no secret at hand",
                    client.id,
                    alg.as_str()
                )));
            };
            let key = SigningKey::from_secret(alg, secret.as_bytes()).map_err(bug)?;
            return jose::sign(&key, Some(typ), &payload).map_err(bug);
        }
        self.sign(alg, (typ, claims), now)
    }

    /// Signs claims for whoever trusts our published keys.
    pub fn sign(&self, alg: JwsAlg, (typ, claims): (&str, &Map<String, Value>), now: Time) -> Result<String, Fault> {
        let payload = serde_json::to_vec(claims).map_err(|e| Fault::bug(format!("claims are not JSON: {e}")))?;
        let bug = |e: JoseError| Fault::bug(format!("cannot sign with {}: {e}", alg.as_str()));
        let ring = self.now.load();
        let active = ring.keys.iter().filter(|key| key.kind == KeyKind::Signing(alg) && key.active_from <= now);
        let signer = active.into_iter().find_map(|held| match &held.key {
            Key::Signs(key) => Some(key.as_ref()),
            Key::Decrypts(_) => None,
        });
        let signer = signer.ok_or_else(|| Fault::bug(format!("there is no active key for {}", alg.as_str())))?;
        jose::sign(signer, Some(typ), &payload).map_err(bug)
    }

    /// Opens what a client encrypted to one of our keys, old ones too, or with its secret, by the algorithms it registered
    /// for that. `None`: it cannot be opened, and nobody learns why.
    pub fn decrypt(&self, token: &str, secret: Option<(&str, Encryption)>) -> Option<String> {
        let ring = self.now.load();
        let shared = secret.and_then(|(secret, Encryption { alg, enc })| {
            let key = DecryptionKey::from_client_secret(secret, alg, enc).ok()?;
            Some((key, [alg], [enc]))
        });
        let ours: Vec<&DecryptionKey> = ring
            .keys
            .iter()
            .filter_map(|held| match &held.key {
                Key::Decrypts(key) => Some(key.as_ref()),
                Key::Signs(_) => None,
            })
            .collect();
        let asymmetric: Vec<JweAlg> = JweAlg::ALL.iter().copied().filter(|alg| !alg.is_symmetric()).collect();
        // Registration §2, request_object_encryption_alg: it may use other algorithms all the same.
        let with_secret = shared.and_then(|(key, algs, encs)| jose::decrypt(token, &[&key], &algs, &encs).ok());
        let opened = with_secret.or_else(|| jose::decrypt(token, &ours, &asymmetric, JweEnc::ALL).ok());
        opened?.token().ok().map(str::to_owned)
    }

    /// Verifies an ID Token that we issued, with every key there ever was; its expiry is not looked at (RP-Initiated Logout
    /// §2, Core §3.1.2.1). One that was signed or encrypted with a client's secret needs that client.
    pub fn read_hint(&self, token: &str, issuer: &str, client: Option<&Client>) -> EndHint {
        // Core §3.1.2.1: a client may have encrypted it to us. RP-Initiated Logout §2: or hand back what we encrypted with
        // its secret.
        let secret = client.and_then(|client| match (&client.secret, client.metadata.id_token_encryption) {
            (ClientSecret::Known(secret), Some(with)) if with.alg.is_symmetric() => Some((secret.as_str(), with)),
            _ => None,
        });
        let opened = if jose::is_encrypted(token) { self.decrypt(token, secret) } else { None };
        let token = opened.as_deref().unwrap_or(token);
        let ring = self.now.load();
        let verified = match client.map(|client| (client.metadata.id_token_alg, &client.secret)) {
            Some((alg, ClientSecret::Known(secret))) if alg.is_symmetric() => {
                JwkSet::from_secret(secret.as_bytes()).and_then(|key| jose::verify(token, &key, &[alg]))
            }
            _ => jose::verify(token, &ring.all, ALGORITHMS),
        };
        // RFC 9068 §5: what we sign for other purposes says so, and is no ID Token.
        let is_other = |typ: &Option<String>| typ.as_ref().is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT"));
        match verified.and_then(|verified| Ok((is_other(&verified.header().typ), verified.claims()?))) {
            Ok((false, claims)) => EndHint::read(&claims, issuer),
            Ok((true, _)) | Err(_) => EndHint::Foreign,
        }
    }

    /// Verifies something signed with one of our keys, however old, and says of what `typ` it is.
    pub fn verify_own(&self, token: &str) -> Option<(Option<String>, Map<String, Value>)> {
        let verified = jose::verify(token, &self.now.load().all, ALGORITHMS).ok()?;
        Some((verified.header().typ.clone(), verified.claims().ok()?))
    }

    /// The newest key's `active_from` of a kind: what the schedule looks at.
    pub fn newest(&self, kind: KeyKind) -> Option<Time> {
        self.now.load().keys.iter().find(|key| key.kind == kind).map(|key| key.active_from)
    }
}

fn unseal(row: &KeyRow, sealing: &Sealing) -> Result<Held, Fault> {
    let bad = |what: &str| {
        Fault::bug(format!(
            "the key {} {what}; the key-encryption secret in the configuration must be the one it was sealed with",
            row.kid
        ))
    };
    let kind = KeyKind::read(row).ok_or_else(|| bad("has an unknown algorithm"))?;
    let der = sealing.open(PURPOSE, &row.sealed).ok_or_else(|| bad("cannot be opened"))?;
    let key = match kind {
        KeyKind::Signing(alg) => SigningKey::from_pkcs8(alg, &row.kid, &der).map(|key| Key::Signs(Box::new(key))),
        KeyKind::Decryption(of) => {
            DecryptionKey::from_pkcs8(of, &row.kid, &der).map(|key| Key::Decrypts(Box::new(key)))
        }
    };
    let key = key.map_err(|_| bad("cannot be parsed"))?;
    // What is published is derived from what was sealed: whoever can only write the database signs nothing.
    let public = match &key {
        Key::Signs(key) => key.public_jwk(),
        Key::Decrypts(key) => key.public_jwk().ok().flatten().ok_or_else(|| bad("has no public part"))?,
    };
    let stored: Option<Value> = serde_json::from_str(&row.public).ok();
    if stored.as_ref() != Some(&public) {
        tracing::error!(kid = row.kid, "the public part of a key was changed in the database; its own is published");
    }
    Ok(Held { kind, active_from: row.active_from, public, key })
}

#[cfg(test)]
mod tests {
    use store::Location;
    use zeroize::Zeroizing;

    use super::*;
    use crate::config::Secrets;

    /// Two nodes on one database, each with a store of its own.
    async fn two_nodes(url: &str) {
        let sealing = Sealing::new(&Secrets(vec![Zeroizing::new(vec![7; 32])]));
        let at = || url.parse::<Location>().unwrap();
        let one = Store::open(&at()).await.unwrap();
        let two = Store::open(&at()).await.unwrap();
        let (now, dice) = (Time::from_seconds(1_800_000_000), Dice::Os);
        let (a, b) = tokio::join!(
            Keyring::open(&one, &sealing, &dice, now),
            Keyring::open(&two, &sealing, &dice, now + Span::from_millis(3))
        );
        let (a, b) = (a.unwrap().published(now), b.unwrap().published(now));
        assert_eq!(a, b, "both nodes publish the same keys");
        let set: Value = serde_json::from_slice(&a).unwrap();
        assert_eq!(set["keys"].as_array().unwrap().len(), KeyKind::all().count());
        // No private member stands in the clear, in what is published or in the rows.
        for row in one.reader().await.unwrap().keys().await.unwrap() {
            let der = sealing.open(PURPOSE, &row.sealed).unwrap();
            assert_eq!(der[0], 0x30, "PKCS#8 inside the seal");
            assert!(!jose::unbase64url(&row.sealed).unwrap().windows(16).any(|part| part == &der[der.len() - 16..]));
            let public: Value = serde_json::from_str(&row.public).unwrap();
            for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(public.get(member).is_none(), "{member}");
            }
        }
        one.close().await;
        two.close().await;
    }

    /// Four keys a rotation: after years there are more than any stranger's set may have.
    async fn many_rotations(url: &str) {
        let sealing = Sealing::new(&Secrets(vec![Zeroizing::new(vec![7; 32])]));
        let (start, dice) = (Time::from_seconds(1_800_000_000), Dice::Os);
        let store = Store::open(&url.parse::<Location>().unwrap()).await.unwrap();
        let first = Keyring::open(&store, &sealing, &dice, start).await.unwrap();
        let hint = |ring: &Keyring, now: Time| {
            let key = ring.now.load();
            let held = key.keys.iter().find(|key| key.kind == KeyKind::Signing(JwsAlg::Es256)).unwrap();
            let Key::Signs(signer) = &held.key else { panic!("it signs") };
            let claims = json!({"iss": "https://op.example", "aud": "rp", "sub": "s", "iat": now.seconds(), "exp": now.seconds() + 300});
            jose::sign(signer.as_ref(), Some("JWT"), claims.to_string().as_bytes()).unwrap()
        };
        let old = hint(&first, start);
        let mut now = start;
        for n in 0..70 {
            now = start + Span::from_days(n * 7 + 7);
            let rows = make(&[KeyKind::Signing(JwsAlg::Es256)], &sealing, &dice, now, now).await.unwrap();
            add(&store, rows, Entry::new(dice.name(), now, "test".into(), "keys_rotated", String::new()))
                .await
                .unwrap();
        }
        let many = Keyring::open(&store, &sealing, &dice, now).await.unwrap();
        let genuine = |ring: &Keyring, token: &str| {
            matches!(ring.read_hint(token, "https://op.example", None), EndHint::Genuine(_))
        };
        assert!(genuine(&many, &old), "a hint of the first day");
        // What is published is what is sealed, whatever stands beside it.
        let kid =
            many.now.load().keys.iter().find(|key| key.kind == KeyKind::Signing(JwsAlg::Es256)).unwrap().public["kid"]
                .clone();
        let published: Value = serde_json::from_slice(&many.published(now)).unwrap();
        let rows = store.reader().await.unwrap().keys().await.unwrap();
        let row = rows.iter().find(|row| kid == row.kid.as_str()).unwrap();
        let foreign = KeyRow { public: row.public.replace("\"x\":\"", "\"x\":\"A"), ..row.clone() };
        assert_ne!(foreign.public, row.public);
        assert_eq!(unseal(&foreign, &sealing).unwrap().public, serde_json::from_str::<Value>(&row.public).unwrap());
        assert!(published["keys"].as_array().unwrap().iter().any(|key| key["kid"] == kid));
        // In the end nobody comes back with them.
        retire(&store, now).await.unwrap();
        let left = Keyring::open(&store, &sealing, &dice, now).await.unwrap();
        let es256 = left.now.load().keys.iter().filter(|key| key.kind == KeyKind::Signing(JwsAlg::Es256)).count();
        assert!((57..=60).contains(&es256), "those of 400 days: {es256}");
        assert!(!genuine(&left, &old) && genuine(&left, &hint(&left, now)));
        store.close().await;
    }

    #[tokio::test]
    async fn there_may_be_very_many_keys_and_they_go() {
        let dir = std::env::temp_dir().join(format!("ostiary-keyring-many-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        many_rotations(&format!("sqlite:{}", dir.join("data.sqlite").display())).await;
        std::fs::remove_dir_all(&dir).unwrap();
    }

    #[tokio::test]
    async fn two_nodes_at_once_make_one_set_of_keys() {
        let dir = std::env::temp_dir().join(format!("ostiary-keyring-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        two_nodes(&format!("sqlite:{}", dir.join("data.sqlite").display())).await;
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
