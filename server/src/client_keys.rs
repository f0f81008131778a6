//! Clients' keys behind a `jwks_uri`: fetched when a kid is unknown, at most once a minute for each client.
//!
//! Invariant: a hint with a life of its own; nothing is fetched for an unknown client, and never inside a transaction. Of
//! many who need the same set at once one fetches, and the others wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jose::JwkSet;
use openid::client::Client;
use openid::client::auth::{Fetched, Judged, Keys};
use openid::name::ClientId;
use openid::time::{Span, Time};
use openid::wire::refusal::Refusal;

use crate::op::Op;
use crate::outbound::{Class, Limits};

/// The shortest time between two fetches for one client.
const PAUSE: Span = Span::from_minutes(1);

/// How long a set is believed without looking again, where something is verified with it: a key that is not in it makes us
/// look.
const LIFE: Span = Span::from_hours(24);

/// How long it may be encrypted to without looking again, if its answer does not say (Core §10.2.1: `max-age` does). Nothing
/// else would tell us that a key was taken away.
const FRESH: Span = Span::from_hours(1);

/// Clients whose sets are kept.
const MOST: usize = 2_000;

/// The largest set, in bytes.
const LARGEST: usize = 256 * 1024;

/// Fetched key sets.
#[derive(Default)]
pub struct ClientKeys {
    at_hand: Mutex<HashMap<String, Arc<Kept>>>,
}

/// One client's set.
struct Kept {
    uri: String,
    state: Mutex<State>,
    /// Held by whoever fetches.
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    tried: Option<Time>,
    got: Option<Got>,
}

#[derive(Clone)]
struct Got {
    set: Arc<JwkSet>,
    /// When.
    at: Time,
    /// Until when it may be encrypted to.
    fresh_until: Time,
}

impl Kept {
    fn new(uri: &str) -> Self {
        Self { uri: uri.to_owned(), state: Mutex::default(), flight: tokio::sync::Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The set, while it is believed.
    fn set(&self, now: Time) -> Option<Arc<JwkSet>> {
        self.state().got.as_ref().filter(|got| now < got.at + LIFE).map(|got| Arc::clone(&got.set))
    }

    /// The set, while it may be encrypted to without looking again.
    fn fresh(&self, now: Time) -> Option<Arc<JwkSet>> {
        self.state().got.as_ref().filter(|got| now < got.fresh_until).map(|got| Arc::clone(&got.set))
    }

    fn was_tried(&self, now: Time) -> bool {
        self.state().tried.is_some_and(|at| now < at + PAUSE)
    }

    /// The set after looking again, unless somebody looked a moment ago.
    async fn look(&self, now: Time, fetch: impl Future<Output = Option<(JwkSet, Span)>>) -> Option<Arc<JwkSet>> {
        let _flight = self.flight.lock().await;
        if !self.was_tried(now) {
            self.state().tried = Some(now);
            if let Some((set, life)) = fetch.await {
                self.state().got = Some(Got { set: Arc::new(set), at: now, fresh_until: now + life });
            }
        }
        self.set(now)
    }
}

impl ClientKeys {
    /// What is at hand for this client's `jwks_uri`, to verify with.
    pub fn at_hand(&self, client: &Client, now: Time) -> Option<Arc<JwkSet>> {
        self.at_hand_of(&client.id, client.metadata.jwks_uri.as_deref()?, now)
    }

    /// What is at hand, to encrypt to: as fresh as the client said.
    pub fn fresh(&self, client: &Client, now: Time) -> Option<Arc<JwkSet>> {
        self.find(&client.id, client.metadata.jwks_uri.as_deref()?)?.fresh(now)
    }

    /// What is at hand, to verify with, of anybody whose keys are kept under a name.
    pub fn at_hand_of(&self, owner: &ClientId, uri: &str, now: Time) -> Option<Arc<JwkSet>> {
        self.find(owner, uri)?.set(now)
    }

    fn find(&self, owner: &ClientId, uri: &str) -> Option<Arc<Kept>> {
        let at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        at_hand.get(owner.as_str()).filter(|kept| kept.uri == uri).map(Arc::clone)
    }

    fn kept(&self, owner: &ClientId, uri: &str, now: Time) -> Arc<Kept> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = at_hand.get(owner.as_str()).filter(|kept| kept.uri == uri) {
            return Arc::clone(kept);
        }
        if at_hand.len() >= MOST {
            at_hand.retain(|_, kept| kept.was_tried(now) || kept.set(now).is_some());
            if at_hand.len() >= MOST {
                at_hand.clear();
            }
        }
        let kept = Arc::new(Kept::new(uri));
        at_hand.insert(owner.to_string(), Arc::clone(&kept));
        kept
    }

    /// Fetches the set, unless that was done a moment ago. It goes on if whoever asked goes away: nobody can spend the one
    /// fetch of a minute by hanging up.
    pub async fn fetch(&self, op: &Op, client: &Client, class: Class, uri: &str) -> Option<Arc<JwkSet>> {
        self.fetch_of(op, &client.id, class, uri).await
    }

    /// The same, of anybody whose keys are kept under a name.
    pub async fn fetch_of(&self, op: &Op, owner: &ClientId, class: Class, uri: &str) -> Option<Arc<JwkSet>> {
        let now = op.now();
        let kept = self.kept(owner, uri, now);
        let (op, id, uri) = (op.clone(), owner.clone(), uri.to_owned());
        tokio::spawn(async move { kept.look(now, get(&op, &id, class, &uri)).await }).await.ok()?
    }
}

/// Asks a judge about something a client secured with its keys, fetches those the judge needs, and asks once more. The same
/// need twice is a refusal (architecture §2.6).
pub async fn judged<T>(op: &Op, client: &Client, judge: impl Fn(&Keys<'_>) -> Judged<T>) -> Result<T, Refusal> {
    let mut jwks = op.client_keys().at_hand(client, op.now());
    let mut fetched = Fetched::Before;
    loop {
        match judge(&Keys { jwks: jwks.as_deref(), fetched }) {
            Judged::Is(genuine) => return Ok(genuine),
            Judged::No(refusal) => return Err(refusal),
            Judged::Need(need) if fetched == Fetched::Now => return Err(need.otherwise),
            Judged::Need(need) => {
                jwks = op.client_keys().fetch(op, client, Class::of(client), &need.uri).await.or(jwks);
                fetched = Fetched::Now;
            }
        }
    }
}

/// The set, and how long it is fresh.
async fn get(op: &Op, client: &ClientId, class: Class, uri: &str) -> Option<(JwkSet, Span)> {
    let limits = Limits { time: Duration::from_secs(5), body: LARGEST };
    match op.outbound().get(class, uri, limits).await {
        Ok(fetched) if fetched.status == 200 => {
            let set = serde_json::from_slice(&fetched.body).ok().and_then(|value| JwkSet::read_public(&value).ok());
            if set.is_none() {
                tracing::warn!(%client, uri, "what the client's jwks_uri gave is not a JWK Set of public keys");
            }
            let said = fetched.max_age.map(|seconds| Span::from_seconds(i64::from(seconds)));
            set.map(|set| (set, said.unwrap_or(FRESH).clamp(PAUSE, LIFE)))
        }
        Ok(fetched) => {
            tracing::warn!(%client, uri, status = fetched.status, "the client's keys could not be fetched");
            None
        }
        Err(unreached) => {
            tracing::warn!(%client, uri, "the client's keys could not be fetched: {unreached}");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const START: Time = Time::from_seconds(1_800_000_000);

    async fn look(kept: &Kept, now: Time, fetches: &AtomicU32, found: bool) -> bool {
        let fetch = async {
            fetches.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
            found.then(|| (JwkSet::read_public(&serde_json::json!({"keys": []})).unwrap(), Span::from_minutes(5)))
        };
        kept.look(now, fetch).await.is_some()
    }

    #[tokio::test]
    async fn of_many_at_once_one_fetches_and_all_have_the_set() {
        let (kept, fetches) = (Kept::new("https://rp.example/jwks"), AtomicU32::new(0));
        let one = || look(&kept, START, &fetches, true);
        assert_eq!(tokio::join!(one(), one(), one(), one()), (true, true, true, true));
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn it_is_fetched_once_a_minute_and_believed_for_a_day() {
        let (kept, fetches) = (Kept::new("https://rp.example/jwks"), AtomicU32::new(0));
        assert!(look(&kept, START, &fetches, true).await);
        assert!(look(&kept, START + Span::from_seconds(59), &fetches, true).await);
        assert_eq!(fetches.load(Ordering::Relaxed), 1);
        // A fetch in vain neither takes away what is at hand nor makes it younger.
        assert!(look(&kept, START + Span::from_hours(23), &fetches, false).await);
        assert_eq!(fetches.load(Ordering::Relaxed), 2);
        assert!(kept.set(START + Span::from_hours(24)).is_none(), "a key taken away is not believed for ever");
        assert!(kept.fresh(START + Span::from_seconds(299)).is_some());
        assert!(kept.fresh(START + Span::from_minutes(5)).is_none(), "nor encrypted to longer than its owner said");
    }
}
