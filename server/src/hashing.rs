//! Password hashing: Argon2id on threads of its own, behind a bounded queue (RFC 9106; OWASP's parameters).
//!
//! Invariant: an unknown account costs what a wrong password costs; a full queue is 503 at once, never a pile of memory.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
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
    /// One for each hash that runs at once, used again and again. Given back to the allocator, each would stay in the arena
    /// of whichever thread had it.
    memories: Arc<Mutex<Vec<Memory>>>,
    dummy: Arc<str>,
}

/// What one hash needs: 19 MiB.
type Memory = Vec<Block>;

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
        // Its memory goes back at once: whoever never hashes a password does not pay for one.
        let dummy = hash("nobody's password", &mut Memory::new()).unwrap_or_default();
        Self {
            waiting: Arc::new(Semaphore::new(threads + limits.hashing_queue)),
            running: Arc::new(Semaphore::new(threads)),
            memories: Arc::default(),
            dummy: dummy.into(),
        }
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: &str) -> Result<String, Fault> {
        let password = password.to_owned();
        self.run(move |memory| hash(&password, memory)).await
    }

    /// Checks a password against a stored hash; without one (no such account, or one without a password) at the same cost.
    pub async fn check(&self, password: &str, phc: Option<&str>) -> Result<Checked, Fault> {
        let stored: Arc<str> = phc.map_or_else(|| Arc::clone(&self.dummy), Into::into);
        let (password, real) = (password.to_owned(), phc.is_some());
        self.run(move |memory| {
            if password.len() > LONGEST {
                return Ok(Checked::Wrong);
            }
            let parsed = PasswordHash::new(&stored)
                .map_err(|e| Fault::bug(format!("a stored password hash is not one: {e}")))?;
            // The same line for somebody and for nobody: tests count them.
            tracing::debug!("a password hash is computed");
            let right = verify(&password, &parsed, memory);
            if !(right && real) {
                return Ok(Checked::Wrong);
            }
            let upgrade = if is_todays(&parsed) { None } else { Some(hash(&password, memory)?) };
            Ok(Checked::Right { upgrade })
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let Ok(_place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            return Err(Fault::new(Kind::Busy, "too many passwords are being checked at once"));
        };
        let turn =
            Arc::clone(&self.running).acquire_owned().await.map_err(|_| Fault::bug("the hashing threads are gone"))?;
        let memories = Arc::clone(&self.memories);
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut memory = memories.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
            let done = work(&mut memory);
            memories.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
            done
        })
        .await
        .map_err(|e| Fault::bug(format!("a password hash was cut off: {e}")))?
    }
}

fn hash(password: &str, memory: &mut Memory) -> Result<String, Fault> {
    if password.len() > LONGEST {
        return Err(Fault::bug("a password beyond the longest was not refused earlier"));
    }
    let bug = |e: &dyn std::fmt::Display| Fault::bug(format!("a password cannot be hashed: {e}"));
    let (argon, salt) = (argon(), Salt::generate());
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon.params()).map_err(|e| bug(&e))?,
        hash: Some(fill(&argon, password, &salt, Params::DEFAULT_OUTPUT_LEN, memory).map_err(|e| bug(&e))?),
        salt: Some(salt),
    };
    Ok(phc.to_string())
}

/// Whether a password is the one of a hash, by the hash's own parameters.
fn verify(password: &str, stored: &PasswordHash, memory: &mut Memory) -> bool {
    let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else { return false };
    let version = stored.version.map_or(Ok(Version::default()), Version::try_from);
    let (Ok(algorithm), Ok(version), Ok(params)) =
        (Algorithm::try_from(stored.algorithm.as_str()), version, Params::try_from(stored))
    else {
        return false;
    };
    let found = fill(&Argon2::new(algorithm, version, params), password, salt, expected.len(), memory);
    found.is_ok_and(|found| jose::equal(found.as_bytes(), expected.as_bytes()))
}

fn fill(argon: &Argon2<'_>, password: &str, salt: &Salt, size: usize, memory: &mut Memory) -> argon2::Result<Output> {
    memory.resize(argon.params().block_count(), Block::new());
    let mut out = [0; Output::MAX_LENGTH];
    let out = out.get_mut(..size).ok_or(argon2::Error::OutputTooLong)?;
    argon.hash_password_into_with_memory(password.as_bytes(), salt, out, memory)?;
    Output::new(out).map_err(|_| argon2::Error::OutputTooShort)
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

    /// 30 rounds of sign-ins on threads that come and go, and as many memories as may be used at once.
    #[tokio::test(flavor = "multi_thread")]
    async fn memory_is_used_again() {
        let hashing =
            Hashing::new(&LimitsConfig { hashing_threads: 2, hashing_queue: 64, ..crate::config::defaults("limits") });
        let phc = hashing.hash("x").await.unwrap();
        let checks = (0..30).map(|n| {
            let (hashing, phc) = (hashing.clone(), phc.clone());
            tokio::spawn(async move { hashing.check(if n % 3 == 0 { "y" } else { "x" }, Some(&phc)).await })
        });
        for (n, check) in checks.collect::<Vec<_>>().into_iter().enumerate() {
            let right = Checked::Right { upgrade: None };
            assert_eq!(check.await.unwrap().unwrap(), if n % 3 == 0 { Checked::Wrong } else { right }, "{n}");
        }
        let memories = hashing.memories.lock().unwrap();
        assert!((1..=2).contains(&memories.len()), "{}", memories.len());
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
