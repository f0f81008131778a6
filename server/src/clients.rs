//! Parsed clients, kept at hand: a hint with a short life, never the truth for what must be exact (a transaction compares
//! the row's version).
//!
//! Invariant: metadata and secrets are parsed and unsealed once per change, not per request.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use openid::client::metadata::Metadata;
use openid::client::policy::Policy;
use openid::client::{Client, ClientSecret, Standing};
use openid::name::ClientId;
use openid::time::{Span, Time};
use store::clients::ClientRow;
use store::{Fault, Store};
use zeroize::Zeroizing;

use crate::client_row::PURPOSE;
use crate::sealing::Sealing;

/// More clients than this are not kept at hand; the oldest generation goes.
const MOST: usize = 20_000;

/// The clients at hand.
pub struct Clients {
    sealing: Sealing,
    at_hand: Mutex<HashMap<String, Arc<Client>>>,
    /// How often they were forgotten.
    generation: AtomicU64,
    /// Origins that were found to be a public client's.
    origins: Mutex<HashSet<String>>,
    /// Clients whose use was noted, and when.
    used: Mutex<HashMap<String, Time>>,
}

impl Clients {
    /// None yet.
    pub fn new(sealing: Sealing) -> Self {
        Self {
            sealing,
            at_hand: Mutex::default(),
            generation: AtomicU64::new(0),
            origins: Mutex::default(),
            used: Mutex::default(),
        }
    }

    /// A client by its id; disabled ones too, their standing says so.
    pub async fn find(&self, store: &Store, id: &str) -> Result<Option<Arc<Client>>, Fault> {
        if let Some(client) = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Some(Arc::clone(client)));
        }
        // An id that cannot be one is not looked up: nothing a stranger sends grows anything, or troubles the database.
        if !openid::client::is_id(id) {
            return Ok(None);
        }
        let generation = self.generation.load(Ordering::Acquire);
        let Some(row) = store.reader().await?.client(&ClientId::new(id)).await? else {
            return Ok(None);
        };
        let client = Arc::new(self.understand(&row)?);
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        if at_hand.len() >= MOST {
            at_hand.clear();
        }
        // What was read before the others were forgotten may be what was.
        if self.generation.load(Ordering::Acquire) == generation {
            at_hand.insert(id.to_owned(), Arc::clone(&client));
        }
        Ok(Some(client))
    }

    /// Parses a row.
    fn understand(&self, row: &ClientRow) -> Result<Client, Fault> {
        let bug = |what: String| Fault::bug(format!("client {}: {what}", row.id));
        let registered =
            serde_json::from_str(&row.metadata).map_err(|e| bug(format!("its metadata is not JSON: {e}")))?;
        let metadata = Metadata::read(&registered).map_err(|e| bug(format!("its metadata is refused: {e}")))?;
        let policy: Policy = serde_json::from_str(&row.policy).map_err(|e| bug(format!("its policy: {e}")))?;
        let secret = match (row.secret_hash, &row.secret_sealed) {
            (_, Some(sealed)) => {
                let bytes = self.sealing.open(PURPOSE, sealed).ok_or_else(|| {
                    bug("its secret cannot be unsealed; was the key-encryption secret changed without keeping the old one?".into())
                })?;
                let text = String::from_utf8(bytes.to_vec()).map_err(|_| bug("its secret is not text".into()))?;
                ClientSecret::Known(Zeroizing::new(text))
            }
            (Some(hash), None) => ClientSecret::Hashed(hash),
            (None, None) => ClientSecret::None,
        };
        let standing = if row.disabled_at.is_some() { Standing::Disabled } else { Standing::Enabled };
        Ok(Client { id: row.id.clone(), version: row.version, standing, metadata, policy, secret })
    }

    /// Whether the use of a client is to be noted again: it was not within `pause`.
    pub fn to_be_noted(&self, id: &ClientId, now: Time, pause: Span) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.get(id.as_str()).is_some_and(|at| now < *at + pause) {
            return false;
        }
        if used.len() >= MOST {
            used.clear();
        }
        used.insert(id.to_string(), now);
        true
    }

    /// Forgets what is at hand: one of them has changed.
    pub fn forget(&self) {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        self.generation.fetch_add(1, Ordering::AcqRel);
        at_hand.clear();
        self.origins.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether a browser's origin belongs to a public client. Only those that do are kept at hand: what strangers send
    /// grows nothing.
    pub async fn knows_origin(&self, store: &Store, origin: &str) -> Result<bool, Fault> {
        if self.origins.lock().unwrap_or_else(PoisonError::into_inner).contains(origin) {
            return Ok(true);
        }
        let generation = self.generation.load(Ordering::Acquire);
        if !store.reader().await?.is_client_origin(origin).await? {
            return Ok(false);
        }
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if origins.len() >= MOST {
            origins.clear();
        }
        // What was read before the others were forgotten may be what was.
        if self.generation.load(Ordering::Acquire) == generation {
            origins.insert(origin.to_owned());
        }
        Ok(true)
    }
}
