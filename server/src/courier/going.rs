//! How many notices of each client are under way, so that no more are leased than its host has places for.
//!
//! Invariant: of this process; who is not under way is not remembered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openid::name::ClientId;

/// Who is under way. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Going(Arc<Mutex<HashMap<ClientId, u32>>>);

impl Going {
    /// One more, until what is returned goes away.
    pub(super) fn enter(&self, client: &ClientId) -> OnTheWay {
        *self.counts().entry(client.clone()).or_default() += 1;
        OnTheWay { going: self.clone(), client: client.clone() }
    }

    /// How many of each.
    pub(super) fn all(&self) -> HashMap<ClientId, u32> {
        self.counts().clone()
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<ClientId, u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A notice under way.
pub(super) struct OnTheWay {
    going: Going,
    client: ClientId,
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        let mut counts = self.going.counts();
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_arrived_is_forgotten() {
        let (going, rp) = (Going::default(), ClientId::new("rp"));
        let (one, two) = (going.enter(&rp), going.enter(&rp));
        assert_eq!(going.all(), HashMap::from([(rp.clone(), 2)]));
        drop(one);
        assert_eq!(going.all(), HashMap::from([(rp, 1)]));
        drop(two);
        assert!(going.all().is_empty());
    }
}
