//! The ledger, counted once for everybody who looks: pages of the console that keep themselves up to date, the API, monitors.
//!
//! Invariant: one count at a time for each process, however many look, on a thread that serves nobody; and however long a count
//! takes, counting takes a twentieth of the time at most. Where nobody looks nothing is counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use openid::time::{Span, Time};
use store::{Fault, Ledger, Meter, Proof, Reading, Store};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

/// A count stands so long.
const FRESH: Duration = Duration::from_secs(1);

/// And so many times as long as it took.
const SHARE: u32 = 20;

/// Whoever finds a count that has stood too long waits so long for the next one, and is shown the old one then.
const PATIENCE: Duration = Duration::from_millis(500);

/// The ledger as it was counted.
#[derive(Clone, Debug)]
pub struct Counted {
    /// When: what happened later is not in it.
    pub at: Time,
    /// How long that took.
    pub took: Duration,
    /// What became of everything.
    pub ledger: Ledger,
    /// Whether each stay that ended since is accounted for.
    pub proof: Proof,
    /// Since when.
    pub since: Time,
}

/// Who counts, and what was counted last.
pub struct Counting {
    /// Held by whoever counts.
    meter: Arc<Mutex<Meter>>,
    last: watch::Sender<Last>,
    counts: Arc<AtomicU64>,
    /// Held by whoever counts what was asked for by one alone.
    alone: Mutex<()>,
}

/// What came of the last count.
#[derive(Clone, Default)]
struct Last {
    counted: Option<Arc<Counted>>,
    /// Until when nobody need count again.
    until: Option<Instant>,
    ended: Ended,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ended {
    #[default]
    Well,
    /// The database did not answer.
    Badly,
}

impl Last {
    fn stands(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() < until)
    }

    /// What may be shown: nothing, if the database was away when it was last asked.
    fn shown(&self) -> Option<Arc<Counted>> {
        self.counted.clone().filter(|_| self.ended == Ended::Well)
    }
}

impl Counting {
    /// Nothing is counted yet. The proof looks so far back.
    pub fn looking_back(span: Span) -> Self {
        Self {
            meter: Arc::new(Mutex::new(Meter::looking_back(span))),
            last: watch::Sender::default(),
            counts: Arc::default(),
            alone: Mutex::default(),
        }
    }

    /// How often this process has counted.
    pub fn counts(&self) -> u64 {
        self.counts.load(Ordering::Relaxed)
    }

    /// The ledger as it was counted lately. If the last count has stood too long the next one begins, and is waited for half a
    /// second; where nothing was counted yet, so long as `patience` has it. A count goes on although nobody waits any more.
    pub async fn lately(&self, store: &Store, now: Time, patience: Duration) -> Option<Arc<Counted>> {
        let mut last = self.last.subscribe();
        let seen = last.borrow_and_update().clone();
        if seen.stands() {
            return seen.shown();
        }
        if let Ok(meter) = Arc::clone(&self.meter).try_lock_owned() {
            self.begin(meter, store.clone(), now);
        }
        let patience = seen.shown().map_or(patience, |_| PATIENCE);
        let _ = tokio::time::timeout(patience, last.changed()).await;
        last.borrow().shown()
    }

    /// Counts, unless somebody else has just done so.
    fn begin(&self, mut meter: OwnedMutexGuard<Meter>, store: Store, now: Time) {
        if self.last.borrow().stands() {
            return;
        }
        let (last, counts) = (self.last.clone(), Arc::clone(&self.counts));
        let here = tokio::runtime::Handle::current();
        // On a thread of its own: SQLite reads where it is asked, and the first time it reads much.
        tokio::task::spawn_blocking(move || {
            let began = Instant::now();
            let reading = here.block_on(async { meter.read(&mut store.reader().await?, now).await });
            counts.fetch_add(1, Ordering::Relaxed);
            let took = began.elapsed();
            last.send_modify(|last| last.put(reading, now, took));
        });
    }

    /// Runs questions that take as long as what they look at is: on a thread of their own, one after the other.
    pub async fn alone<T, F>(&self, work: F) -> Result<T, Fault>
    where
        F: AsyncFnOnce() -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let _alone = self.alone.lock().await;
        let here = tokio::runtime::Handle::current();
        let done = tokio::task::spawn_blocking(move || here.block_on(work())).await;
        done.unwrap_or_else(|error| Err(Fault::bug(format!("a count broke off: {error}"))))
    }
}

impl Last {
    fn put(&mut self, reading: Result<Reading, Fault>, at: Time, took: Duration) {
        self.until = Some(Instant::now() + FRESH.max(took * SHARE));
        match reading {
            Ok(Reading { ledger, proof, since }) => {
                self.counted = Some(Arc::new(Counted { at, took, ledger, proof, since }));
                self.ended = Ended::Well;
            }
            Err(fault) => {
                tracing::warn!("the ledger could not be counted: {fault:#}");
                self.until = Some(Instant::now() + FRESH);
                self.ended = Ended::Badly;
            }
        }
    }
}
