//! Password hashing: Argon2id on threads of its own, behind a bounded queue (RFC 9106; OWASP's parameters).
//!
//! Invariant: an unknown account costs what a wrong password costs; a full queue is 503 at once, never a pile of memory.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use store::{Fault, Kind};
use tokio::sync::Semaphore;

use crate::config::LimitsConfig;

/// A password longer than this is not one.
const LONGEST: usize = 1024;

/// Memory in KiB, passes, lanes: about 30 ms a hash.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// The hasher. Cheap to clone.
#[derive(Clone)]
pub struct Hashing {
    waiting: Arc<Semaphore>,
    running: Arc<Semaphore>,
    dummy: Arc<str>,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The password is right.
    Right {
        /// A hash of today's parameters, if the stored one is of others.
        upgrade: Option<String>,
    },
    /// It is not, or there is no such account.
    Wrong,
}

fn argon() -> Argon2<'static> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).expect("the parameters are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

impl Hashing {
    /// With the configured bounds.
    pub fn new(limits: &LimitsConfig) -> Self {
        let threads = match limits.hashing_threads {
            0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get),
            some => some,
        };
        let dummy = hash("nobody's password").unwrap_or_default();
        Self {
            waiting: Arc::new(Semaphore::new(threads + limits.hashing_queue)),
            running: Arc::new(Semaphore::new(threads)),
            dummy: dummy.into(),
        }
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: &str) -> Result<String, Fault> {
        let password = password.to_owned();
        self.run(move || hash(&password)).await
    }

    /// Checks a password against a stored hash; without one (no such account, or one without a password) at the same cost.
    pub async fn check(&self, password: &str, phc: Option<&str>) -> Result<Checked, Fault> {
        let stored: Arc<str> = phc.map_or_else(|| Arc::clone(&self.dummy), Into::into);
        let (password, real) = (password.to_owned(), phc.is_some());
        self.run(move || {
            if password.len() > LONGEST {
                return Ok(Checked::Wrong);
            }
            let parsed = PasswordHash::new(&stored)
                .map_err(|e| Fault::bug(format!("a stored password hash is not one: {e}")))?;
            let right = argon().verify_password(password.as_bytes(), &parsed).is_ok();
            if !(right && real) {
                return Ok(Checked::Wrong);
            }
            let upgrade = if is_todays(&parsed) { None } else { Some(hash(&password)?) };
            Ok(Checked::Right { upgrade })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let Ok(_place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            return Err(Fault::new(Kind::Busy, "too many passwords are being checked at once"));
        };
        let turn =
            Arc::clone(&self.running).acquire_owned().await.map_err(|_| Fault::bug("the hashing threads are gone"))?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        })
        .await
        .map_err(|e| Fault::bug(format!("a password hash was cut off: {e}")))?
    }
}

fn hash(password: &str) -> Result<String, Fault> {
    if password.len() > LONGEST {
        return Err(Fault::bug("a password beyond the longest was not refused earlier"));
    }
    let hash = argon().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|e| Fault::bug(format!("a password cannot be hashed: {e}")))
}

/// Whether a hash is of today's parameters.
fn is_todays(hash: &PasswordHash) -> bool {
    let (memory, passes, lanes) = COST;
    let param = |name: &str| hash.params.get_decimal(name);
    hash.algorithm.as_str() == "argon2id"
        && param("m") == Some(memory)
        && param("t") == Some(passes)
        && param("p") == Some(lanes)
}

#[cfg(test)]
mod tests {
    use super::{Checked, Hashing, LimitsConfig};

    fn hashing() -> Hashing {
        Hashing::new(&LimitsConfig { hashing_threads: 1, hashing_queue: 1, ..crate::config::defaults("limits") })
    }

    #[tokio::test]
    async fn right_wrong_and_nobody() {
        let hashing = hashing();
        let phc = hashing.hash("correct horse").await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{phc}");
        assert_eq!(hashing.check("correct horse", Some(&phc)).await.unwrap(), Checked::Right { upgrade: None });
        assert_eq!(hashing.check("wrong horse", Some(&phc)).await.unwrap(), Checked::Wrong);
        assert_eq!(hashing.check("nobody's password", None).await.unwrap(), Checked::Wrong);
        assert_eq!(hashing.check(&"x".repeat(2000), Some(&phc)).await.unwrap(), Checked::Wrong);
    }

    #[tokio::test]
    async fn older_parameters_are_upgraded() {
        // m=8, t=1 of the password "old".
        use argon2::password_hash::PasswordHasher;
        let weak = argon2::Argon2::new(
            argon2::Algorithm::Argon2id,
            argon2::Version::V0x13,
            argon2::Params::new(64, 1, 1, None).unwrap(),
        );
        let phc = weak.hash_password(b"old").unwrap().to_string();
        let Checked::Right { upgrade: Some(fresh) } = hashing().check("old", Some(&phc)).await.unwrap() else {
            panic!("the password is right and its hash is weak");
        };
        assert_eq!(hashing().check("old", Some(&fresh)).await.unwrap(), Checked::Right { upgrade: None });
    }

    #[tokio::test]
    async fn a_full_queue_says_so_at_once() {
        let hashing = hashing();
        let phc = hashing.hash("x").await.unwrap();
        let checks = (0..8).map(|_| {
            let (hashing, phc) = (hashing.clone(), phc.clone());
            tokio::spawn(async move { hashing.check("x", Some(&phc)).await })
        });
        let mut busy = 0;
        for check in checks.collect::<Vec<_>>() {
            busy += usize::from(check.await.unwrap().is_err_and(|fault| fault.kind() == store::Kind::Busy));
        }
        assert_eq!(busy, 6);
    }
}
