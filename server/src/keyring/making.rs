//! Making keys, adding them, and letting old ones go (Core §10.1.1).
//!
//! Invariant: what another node added meanwhile is not doubled.

use jose::{DecryptionKey, JoseError, JwsAlg, SigningKey};
use openid::time::{Span, Time};
use openid::wire::refusal::Refusal;
use serde_json::Value;
use store::accounts::Done;
use store::audit::Entry;
use store::keys::KeyRow;
use store::{Fault, Stop, Store};
use zeroize::Zeroizing;

use super::{KeyKind, Keyring, MEMORY, NOTICE, PURPOSE};
use crate::dice::Dice;
use crate::sealing::Sealing;

/// Forgets keys that nobody comes back with any more.
pub async fn retire(store: &Store, now: Time) -> Result<(), Fault> {
    store.write(async move |tx| Ok(tx.retire_keys(now - MEMORY, now).await?)).await.map(drop).map_err(fault)
}

/// Nothing here refuses.
fn fault(stop: Stop<Refusal>) -> Fault {
    match stop {
        Stop::Fault(fault) => fault,
        Stop::Refuse(refusal) => Fault::bug(format!("a change of keys was refused: {refusal}")),
    }
}

/// Makes keys, off the async threads: an RSA key takes a while.
pub async fn make(
    kinds: &[KeyKind],
    sealing: &Sealing,
    dice: &Dice,
    now: Time,
    active_from: Time,
) -> Result<Vec<KeyRow>, Fault> {
    let mut rows = Vec::with_capacity(kinds.len());
    for kind in kinds.iter().copied() {
        let kid = dice.name();
        let named = kid.clone();
        let (der, public) = tokio::task::spawn_blocking(move || generate(kind, &named))
            .await
            .map_err(|e| Fault::bug(format!("making a key was cut off: {e}")))?
            .map_err(|e| Fault::bug(format!("cannot make a key for {}: {e}", kind.as_str())))?;
        rows.push(KeyRow {
            kid,
            alg: kind.as_str().to_owned(),
            purpose: kind.purpose().to_owned(),
            sealed: sealing.seal(PURPOSE, &der),
            public: public.to_string(),
            created_at: now,
            active_from,
        });
    }
    Ok(rows)
}

fn generate(kind: KeyKind, name: &str) -> Result<(Zeroizing<Vec<u8>>, Value), JoseError> {
    match kind {
        KeyKind::Signing(alg) => {
            let key = SigningKey::generate(alg, name)?;
            Ok((key.to_pkcs8()?, key.public_jwk()))
        }
        KeyKind::Decryption(of) => {
            let key = DecryptionKey::generate(of, name)?;
            Ok((key.to_pkcs8()?, key.public_jwk()?.ok_or(JoseError::Key)?))
        }
    }
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
    added.map_err(fault)
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
    added.map_err(fault)
}

/// What the schedule asks for now: a successor for every key that will be `interval` old when the successor may sign.
/// RSA and EC together; OKP in a step of its own.
pub fn due(ring: &Keyring, interval: Span, now: Time) -> Vec<KeyKind> {
    let old = |kind: &KeyKind| ring.newest(*kind).is_some_and(|from| now + NOTICE >= from + interval);
    let (okp, others): (Vec<KeyKind>, Vec<KeyKind>) =
        KeyKind::all().filter(old).partition(|kind| *kind == KeyKind::Signing(JwsAlg::EdDsa));
    if others.is_empty() { okp } else { others }
}
