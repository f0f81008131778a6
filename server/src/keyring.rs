//! The provider's signing keys: made at first start, sealed at rest, rotated on schedule and by command (Core §10.1.1).
//!
//! Invariant: which key signs follows from `active_from` alone: of each algorithm the latest that is active. A new key is
//! published one JWKS lifetime before it signs; old ones stay published for verification, and for hints for ever.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use jose::{JwkSet, JwsAlg, Signer, SigningKey};
use openid::client::{Client, ClientSecret};
use openid::logout::end::EndHint;
use openid::time::{Span, Time};
use serde_json::{Map, Value, json};
use store::accounts::Done;
use store::audit::Entry;
use store::keys::KeyRow;
use store::{Fault, Stop, Store};

use crate::dice::Dice;
use crate::sealing::Sealing;

/// The algorithms we sign with. Rotation adds RSA and EC keys together and an OKP key in a step of its own
/// (`certification.md` §3 item 23).
pub const ALGORITHMS: &[JwsAlg] = &[JwsAlg::Rs256, JwsAlg::Ps256, JwsAlg::Es256, JwsAlg::EdDsa];

/// One JWKS lifetime: how long a key is published before it signs.
pub const NOTICE: Span = Span::from_hours(24);

/// How long a key stays published after its successor took over.
const AFTERLIFE: Span = Span::from_days(30);

/// The keys, and what is derived from them once per change.
pub struct Keyring {
    now: ArcSwap<Ring>,
}

#[derive(Default)]
struct Ring {
    /// Newest `active_from` first.
    keys: Vec<Held>,
    /// Everything that ever signed, for hints.
    all: JwkSet,
}

struct Held {
    alg: JwsAlg,
    active_from: Time,
    public: Value,
    signer: Arc<SigningKey>,
}

impl Keyring {
    /// Reads the keys, makes the missing ones. A key that cannot be opened is a fault: the server must not start.
    pub async fn open(store: &Store, sealing: &Sealing, dice: &Dice, now: Time) -> Result<Self, Fault> {
        let ring = Self { now: ArcSwap::default() };
        ring.reload(store, sealing).await?;
        let missing: Vec<JwsAlg> =
            ALGORITHMS.iter().copied().filter(|alg| !ring.now.load().keys.iter().any(|key| key.alg == *alg)).collect();
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
        let all = JwkSet::read(&json!({"keys": keys.iter().map(|key| key.public.clone()).collect::<Vec<_>>()}))
            .map_err(|e| Fault::bug(format!("our own public keys cannot be read: {e}")))?;
        self.now.store(Arc::new(Ring { keys, all }));
        Ok(())
    }

    /// The public keys to publish, as a JWK Set document.
    pub fn published(&self, now: Time) -> Bytes {
        let ring = self.now.load();
        let keys: Vec<&Value> = ALGORITHMS
            .iter()
            .flat_map(|alg| {
                let mut successor: Option<Time> = None;
                ring.keys
                    .iter()
                    .filter(move |key| key.alg == *alg)
                    .filter(move |key| {
                        // Newest first: the one before this in the list is its successor.
                        let shown = successor.is_none_or(|taken_over| now < taken_over + AFTERLIFE);
                        successor = Some(key.active_from);
                        shown
                    })
                    .map(|key| &key.public)
            })
            .collect();
        Bytes::from(json!({ "keys": keys }).to_string())
    }

    /// Signs claims for a client with the algorithm it registered for ID Tokens.
    pub fn sign_for(
        &self,
        client: &Client,
        typ: &str,
        claims: &Map<String, Value>,
        now: Time,
    ) -> Result<String, Fault> {
        let alg = client.metadata.id_token_alg;
        let payload = serde_json::to_vec(claims).map_err(|e| Fault::bug(format!("claims are not JSON: {e}")))?;
        let bug = |e: jose::JoseError| Fault::bug(format!("cannot sign with {}: {e}", alg.as_str()));
        if alg.is_symmetric() {
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
        let ring = self.now.load();
        let key = ring
            .keys
            .iter()
            .find(|key| key.alg == alg && key.active_from <= now)
            .ok_or_else(|| Fault::bug(format!("there is no active key for {}", alg.as_str())))?;
        let signer: &dyn Signer = key.signer.as_ref();
        jose::sign(signer, Some(typ), &payload).map_err(bug)
    }

    /// Verifies an ID Token that we issued, with every key there ever was; its expiry is not looked at (RP-Initiated Logout
    /// §2, Core §3.1.2.1). One that was signed with a client's secret needs that client.
    pub fn read_hint(&self, token: &str, issuer: &str, client: Option<&Client>) -> EndHint {
        let ring = self.now.load();
        let verified = match client.map(|client| (client.metadata.id_token_alg, &client.secret)) {
            Some((alg, ClientSecret::Known(secret))) if alg.is_symmetric() => {
                JwkSet::from_secret(secret.as_bytes()).and_then(|key| jose::verify(token, &key, &[alg]))
            }
            _ => jose::verify(token, &ring.all, ALGORITHMS),
        };
        match verified.and_then(|verified| verified.claims()) {
            Ok(claims) => EndHint::read(&claims, issuer),
            Err(_) => EndHint::Foreign,
        }
    }

    /// The newest key's `active_from` of each algorithm: what the schedule looks at.
    pub fn newest(&self, alg: JwsAlg) -> Option<Time> {
        self.now.load().keys.iter().find(|key| key.alg == alg).map(|key| key.active_from)
    }
}

fn unseal(row: &KeyRow, sealing: &Sealing) -> Result<Held, Fault> {
    let bad = |what: &str| {
        Fault::bug(format!(
            "the signing key {} {what}; the key-encryption secret in the configuration must be the one it was sealed with",
            row.kid
        ))
    };
    let alg: JwsAlg = row.alg.parse().map_err(|_| bad("has an unknown algorithm"))?;
    let der = sealing.open("signing-key", &row.sealed).ok_or_else(|| bad("cannot be opened"))?;
    let signer = SigningKey::from_pkcs8(alg, &row.kid, &der).map_err(|_| bad("cannot be parsed"))?;
    let public = serde_json::from_str(&row.public).map_err(|_| bad("has a broken public part"))?;
    Ok(Held { alg, active_from: row.active_from, public, signer: Arc::new(signer) })
}

/// Makes keys, off the async threads: an RSA key takes a while.
pub async fn make(
    algs: &[JwsAlg],
    sealing: &Sealing,
    dice: &Dice,
    now: Time,
    active_from: Time,
) -> Result<Vec<KeyRow>, Fault> {
    let mut rows = Vec::with_capacity(algs.len());
    for alg in algs.iter().copied() {
        let kid = dice.name();
        let named = kid.clone();
        let key = tokio::task::spawn_blocking(move || SigningKey::generate(alg, &named))
            .await
            .map_err(|e| Fault::bug(format!("making a key was cut off: {e}")))?
            .map_err(|e| Fault::bug(format!("cannot make a key for {}: {e}", alg.as_str())))?;
        let der = key.to_pkcs8().map_err(|e| Fault::bug(format!("a fresh key cannot be written: {e}")))?;
        rows.push(KeyRow {
            kid,
            alg: alg.as_str().to_owned(),
            sealed: sealing.seal("signing-key", &der),
            public: key.public_jwk().to_string(),
            created_at: now,
            active_from,
        });
    }
    Ok(rows)
}

/// Adds keys and moves the version, so that every node reads them within a second.
pub async fn add(store: &Store, rows: Vec<KeyRow>, entry: Entry) -> Result<(), Fault> {
    let added = store
        .write(async move |tx| {
            for row in &rows {
                tx.add_key(row).await?;
            }
            Ok(tx.note(&entry).await?)
        })
        .await;
    match added {
        Ok(()) => Ok(()),
        Err(Stop::Fault(fault)) => Err(fault),
        Err(Stop::Refuse(refusal)) => Err(Fault::bug(format!("adding keys was refused: {refusal}"))),
    }
}

/// Adds keys that this node found missing, each with the newest of its algorithm that it knew of. What another node added
/// meanwhile is not doubled. Answers how many were added.
pub async fn add_after(store: &Store, rows: Vec<(KeyRow, Option<Time>)>, entry: Entry) -> Result<usize, Fault> {
    let added = store
        .write(async move |tx| {
            let mut added = 0;
            for (row, newest) in &rows {
                added += usize::from(tx.add_key_after(row, *newest).await? == Done::Yes);
            }
            if added > 0 {
                tx.note(&entry).await?;
            }
            Ok(added)
        })
        .await;
    added.map_err(|stop| match stop {
        Stop::Fault(fault) => fault,
        Stop::Refuse(refusal) => {
            let refusal: openid::wire::refusal::Refusal = refusal;
            Fault::bug(format!("adding keys was refused: {refusal}"))
        }
    })
}

/// What the schedule asks for now: a successor for every key that will be `interval` old when the successor may sign.
/// RSA and EC together; OKP in a step of its own.
pub fn due(ring: &Keyring, interval: Span, now: Time) -> Vec<JwsAlg> {
    let old = |alg: &JwsAlg| ring.newest(*alg).is_some_and(|from| now + NOTICE >= from + interval);
    let (okp, others): (Vec<JwsAlg>, Vec<JwsAlg>) =
        ALGORITHMS.iter().copied().filter(old).partition(|alg| *alg == JwsAlg::EdDsa);
    if others.is_empty() { okp } else { others }
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
        assert_eq!(set["keys"].as_array().unwrap().len(), ALGORITHMS.len());
        // No private member stands in the clear, in what is published or in the rows.
        for row in one.reader().await.unwrap().keys().await.unwrap() {
            let der = sealing.open("signing-key", &row.sealed).unwrap();
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

    #[tokio::test]
    async fn two_nodes_at_once_make_one_set_of_keys() {
        let dir = std::env::temp_dir().join(format!("ostiary-keyring-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        two_nodes(&format!("sqlite:{}", dir.join("data.sqlite").display())).await;
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
