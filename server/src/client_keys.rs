//! Clients' keys behind a `jwks_uri`: fetched when a kid is unknown, at most once a minute for each client.
//!
//! Invariant: a hint with a life of its own; nothing is fetched for an unknown client, and never inside a transaction.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jose::JwkSet;
use openid::client::Client;
use openid::time::{Span, Time};

use crate::op::Op;
use crate::outbound::{Class, Limits};

/// The shortest time between two fetches for one client.
const PAUSE: Span = Span::from_minutes(1);

/// How long a set is believed without looking again.
const LIFE: Span = Span::from_hours(24);

/// Clients whose sets are kept.
const MOST: usize = 2_000;

/// The largest set, in bytes.
const LARGEST: usize = 256 * 1024;

/// Fetched key sets.
#[derive(Default)]
pub struct ClientKeys {
    at_hand: Mutex<HashMap<String, Kept>>,
}

#[derive(Clone)]
struct Kept {
    uri: String,
    at: Time,
    set: Option<Arc<JwkSet>>,
}

impl ClientKeys {
    /// What is at hand for this client's `jwks_uri`.
    pub fn at_hand(&self, client: &Client) -> Option<Arc<JwkSet>> {
        let uri = client.metadata.jwks_uri.as_deref()?;
        let at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.get(client.id.as_str()).filter(|kept| kept.uri == uri)?.set.clone()
    }

    /// Fetches the set, unless that was done a moment ago.
    pub async fn fetch(&self, op: &Op, client: &Client, class: Class, uri: &str) -> Option<Arc<JwkSet>> {
        let now = op.now();
        {
            let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(kept) = at_hand.get(client.id.as_str())
                && kept.uri == uri
                && now < kept.at + PAUSE
            {
                return kept.set.clone();
            }
            if at_hand.len() >= MOST {
                at_hand.retain(|_, kept| now < kept.at + LIFE);
                if at_hand.len() >= MOST {
                    at_hand.clear();
                }
            }
            // Noted before the fetch: others who come meanwhile do not fetch too.
            let before =
                at_hand.get(client.id.as_str()).filter(|kept| kept.uri == uri).and_then(|kept| kept.set.clone());
            at_hand.insert(client.id.to_string(), Kept { uri: uri.to_owned(), at: now, set: before });
        }
        let limits = Limits { time: Duration::from_secs(5), body: LARGEST };
        let set = match op.outbound().get(class, uri, limits).await {
            Ok(fetched) if fetched.status == 200 => {
                serde_json::from_slice(&fetched.body).ok().and_then(|value| JwkSet::read_public(&value).ok())
            }
            Ok(fetched) => {
                tracing::warn!(client = %client.id, uri, status = fetched.status, "the client's keys could not be fetched");
                None
            }
            Err(unreached) => {
                tracing::warn!(client = %client.id, uri, "the client's keys could not be fetched: {unreached}");
                None
            }
        };
        let set = Arc::new(set?);
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.insert(client.id.to_string(), Kept { uri: uri.to_owned(), at: now, set: Some(Arc::clone(&set)) });
        Some(set)
    }
}
