//! What the tests share: random bytes, keys, and the ways a token is bent.

use std::fs::File;
use std::io::Read as _;

use jose::{base64url, unbase64url};
use oracles::{ORACLES, Oracle};
use serde_json::{Value, json};

/// The sizes where blocks, paddings and base64 begin and end, and the largest.
pub(crate) fn sizes(largest: usize) -> impl Iterator<Item = usize> {
    [0, 1].into_iter().chain(15..=33).chain([largest])
}

/// So many random bytes. What fails shows its key and token, so that it can be looked at again.
pub(crate) fn random(size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    bytes
}

/// A shared secret as a JWK.
pub(crate) fn shared(size: usize) -> Value {
    json!({"kty": "oct", "kid": "one", "k": base64url(random(size))})
}

/// Names a key that an oracle made.
pub(crate) fn named(mut key: Value) -> Value {
    key["kid"] = json!("one");
    key
}

/// Without the private part.
pub(crate) fn public(key: &Value) -> Value {
    let members = key.as_object().unwrap().iter();
    members
        .filter(|(name, _)| !["d", "p", "q", "dp", "dq", "qi"].contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

pub(crate) fn each_oracle(ask: impl Fn(&dyn Oracle)) {
    ORACLES.iter().for_each(|oracle| ask(*oracle));
}

/// A token with one part another: a bit flipped, an octet too few, one too many, nothing, or the part of another token.
pub(crate) fn bent(token: &str, other: &str) -> Vec<String> {
    let read = |token: &str| -> Vec<Vec<u8>> { token.split('.').map(|part| unbase64url(part).unwrap()).collect() };
    let (parts, others) = (read(token), read(other));
    let mut all = Vec::new();
    for (which, part) in parts.iter().enumerate() {
        let mut flipped = part.clone();
        if !part.is_empty() {
            let drawn = random(3);
            let at = ((usize::from(drawn[0]) << 8) | usize::from(drawn[1])) % part.len();
            flipped[at] ^= 1 << (drawn[2] % 8);
        }
        let shorter = part[..part.len().saturating_sub(1)].to_vec();
        let longer = [part.as_slice(), &[0]].concat();
        for instead in [flipped, shorter, longer, Vec::new(), others[which].clone()] {
            if instead != *part {
                let mut bent: Vec<String> = parts.iter().map(base64url).collect();
                bent[which] = base64url(instead);
                all.push(bent.join("."));
            }
        }
    }
    assert!(all.len() >= 2 * parts.len(), "{token}");
    all.extend([format!("{token}."), format!(".{token}"), token.rsplit_once('.').unwrap().0.to_owned()]);
    all
}
