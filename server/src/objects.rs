//! Request objects that were fetched and need not be fetched again: OpenID Connect Core §6.2.
//!
//! Invariant: what is kept under an address has the hash that the address names, so it is never out of date; and there is a
//! bound to it, so nobody's objects fill the memory.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// So many objects are kept; the one that came first goes first.
const MOST: usize = 1_000;

/// And so many bytes of them, addresses included.
const ROOM: usize = 8 * 1024 * 1024;

/// The objects at hand.
#[derive(Debug, Default)]
pub struct Objects {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_address: HashMap<String, String>,
    /// The addresses, the one that came first in front.
    order: VecDeque<String>,
    bytes: usize,
}

impl Objects {
    /// What is kept under an address, its fragment included.
    pub fn find(&self, address: &str) -> Option<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).by_address.get(address).cloned()
    }

    /// Keeps an object. The caller knows that the address names it ([`openid::authorize::object::Address::names`]).
    pub fn keep(&self, address: &str, object: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.by_address.contains_key(address) || address.len() + object.len() > ROOM {
            return;
        }
        kept.bytes += address.len() + object.len();
        kept.order.push_back(address.to_owned());
        kept.by_address.insert(address.to_owned(), object.to_owned());
        while kept.order.len() > MOST || kept.bytes > ROOM {
            let Some(first) = kept.order.pop_front() else { return };
            let gone = kept.by_address.remove(&first).map_or(0, |object| object.len());
            kept.bytes -= first.len() + gone;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_too_large_ones() {
        let objects = Objects::default();
        for n in 0..=MOST {
            objects.keep(&format!("https://rp.example/{n}#h"), "object");
        }
        assert_eq!(
            (objects.find("https://rp.example/0#h"), objects.find("https://rp.example/1#h").as_deref()),
            (None, Some("object"))
        );
        let large = "x".repeat(ROOM / 4);
        for n in 0..8 {
            objects.keep(&format!("large {n}"), &large);
        }
        let kept = objects.kept.lock().unwrap();
        assert!(
            kept.bytes <= ROOM && kept.order.len() == kept.by_address.len() && kept.by_address.contains_key("large 7")
        );
        assert_eq!(
            kept.bytes,
            kept.by_address.iter().map(|(address, object)| address.len() + object.len()).sum::<usize>()
        );
        drop(kept);
        objects.keep("too large", &"x".repeat(ROOM));
        assert!(objects.find("too large").is_none() && objects.find("large 7").is_some());
    }
}
