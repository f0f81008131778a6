//! SQLite's one writer thread: many jobs in one transaction, a savepoint for each, one `COMMIT`, then the answers.
//!
//! `store-transaction.md`, "SQLite's thread". Invariant: no job is answered with `Ok` or a refusal before the `COMMIT`
//! that holds its rows has succeeded, and one job's fault touches no other job's rows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot, watch};

use super::Line;
use super::sqlite_session::{Session, Shelf, fault_of};
use crate::fault::{Fault, Kind};
use crate::job::{self, Job, Message, Wish};
use crate::tx::Tx;

/// Jobs in one commit.
const BATCH: usize = 64;
/// Time after which a batch takes no more jobs.
const SPELL: Duration = Duration::from_millis(5);
/// Pages in the log after which it is copied back in the background, and after which the writer does it itself.
const CHECKPOINT: i32 = 1_000;
const CHECKPOINT_NOW: i32 = 4_000;

/// The planner goes by the indexes alone: what a table was like once says nothing of what it is like now, and a plan that was
/// right for ten rows reads through a million (decision 0027).
const NO_STATISTICS: &str = "DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4;";

/// Opens the file, brings its schema up to date, and starts the thread.
pub(super) async fn start(shelf: &Shelf, jobs: mpsc::Receiver<Message>, call: watch::Sender<()>) -> Result<(), Fault> {
    let (opened, ready) = oneshot::channel();
    let shelf = shelf.clone();
    let body = move || {
        job::this_thread_runs_jobs();
        match Writer::open(&shelf, jobs, call) {
            Ok(writer) => {
                drop(opened.send(Ok(())));
                writer.serve();
            }
            Err(fault) => drop(opened.send(Err(fault))),
        }
    };
    let spawned = thread::Builder::new().name("store-sqlite".to_owned()).spawn(body);
    spawned.map_err(|error| Fault::from_error(Kind::Busy, "starting the writer thread", error))?;
    ready.await.unwrap_or_else(|_| Err(Fault::bug("the writer thread ended while opening the database")))
}

struct Writer {
    tx: Tx,
    jobs: mpsc::Receiver<Message>,
    call: watch::Sender<()>,
    checkpoints: Checkpoints,
    closing: Option<oneshot::Sender<()>>,
}

/// Who may share a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    Welcome,
    /// Run again because its first batch was lost: the last try.
    Alone,
}

/// How one job ended, while the transaction around it stands.
enum Ended {
    Kept,
    /// Rolled back; the fault is the job's own.
    Undone,
    /// Rolled back with a fault of the engine's finding.
    Faulted(Fault),
    /// The transaction is gone, and with it what the neighbours wrote.
    Lost(Fault),
}

impl Writer {
    fn open(shelf: &Shelf, jobs: mpsc::Receiver<Message>, call: watch::Sender<()>) -> Result<Self, Fault> {
        let mut session = shelf.writer()?;
        let checkpoints = Checkpoints::start(session.connection_mut(), shelf)?;
        let mut line = Line::Sqlite(session);
        at_once(line.migrate()).unwrap_or_else(|| Err(Fault::bug("a migration waited")))?;
        at_once(line.script(NO_STATISTICS)).unwrap_or_else(|| Err(Fault::bug("a script waited")))?;
        Ok(Self { tx: Tx::new(line), jobs, call, checkpoints, closing: None })
    }

    fn serve(mut self) {
        while let Some(message) = self.jobs.blocking_recv() {
            if let Some(job) = self.open_message(message) {
                self.batch(job, Company::Welcome);
            }
        }
        // The log is copied back by whoever closes the file last.
        if let Some(done) = self.closing.take() {
            drop(self);
            let _ = done.send(());
        }
    }

    fn open_message(&mut self, message: Message) -> Option<Box<dyn Job>> {
        match message {
            Message::Job(job) => Some(job),
            Message::Listen => None,
            Message::Close(done) => {
                self.jobs.close();
                self.closing = Some(done);
                None
            }
        }
    }

    /// The next job that waits already.
    fn waiting(&mut self) -> Option<Box<dyn Job>> {
        while let Ok(message) = self.jobs.try_recv() {
            if let Some(job) = self.open_message(message) {
                return Some(job);
            }
        }
        None
    }

    fn batch(&mut self, first: Box<dyn Job>, company: Company) {
        if let Err(fault) = self.begin() {
            return self.turn_away(first, &fault);
        }
        let began = Instant::now();
        let (mut kept, mut wakes, mut run) = (Vec::new(), false, 0);
        let mut next = Some(first);
        while let Some(mut job) = next.take() {
            let (ended, wants_courier) = self.one(&mut *job);
            match ended {
                Ended::Kept => {
                    wakes |= wants_courier;
                    kept.push(job);
                }
                Ended::Undone => job::answer(job),
                Ended::Faulted(fault) => job::fail(job, fault),
                Ended::Lost(fault) => {
                    job::fail(job, fault);
                    return self.run_again(kept);
                }
            }
            run += 1;
            if company == Company::Welcome && run < BATCH && began.elapsed() < SPELL {
                next = self.waiting();
            }
        }
        match self.commit() {
            Ok(()) => {
                if wakes {
                    self.call.send_replace(());
                }
                kept.into_iter().for_each(job::answer);
                self.checkpoints.after_commit(self.tx.line());
            }
            Err(fault) if company == Company::Alone || kept.len() == 1 => {
                for job in kept {
                    job::fail(job, said_again(&fault));
                }
            }
            Err(fault) => {
                tracing::error!("a COMMIT for {} jobs failed, each is run again alone: {fault}", kept.len());
                self.run_again(kept);
            }
        }
    }

    /// Innocent neighbours of a lost transaction: each once more, alone.
    fn run_again(&mut self, jobs: Vec<Box<dyn Job>>) {
        for job in jobs {
            self.batch(job, Company::Alone);
        }
    }

    /// `BEGIN` failed: answers everybody who waits, or each would wait out its own timeout.
    fn turn_away(&mut self, first: Box<dyn Job>, fault: &Fault) {
        tracing::error!("the database takes no transaction: {fault}");
        job::fail(first, said_again(fault));
        while let Some(job) = self.waiting() {
            job::fail(job, said_again(fault));
        }
    }

    fn one(&mut self, job: &mut dyn Job) -> (Ended, bool) {
        if let Err(fault) = self.session().change("SAVEPOINT job", &[]) {
            return (Ended::Lost(self.abandon(fault)), false);
        }
        let polled = catch_unwind(AssertUnwindSafe(|| at_once(job.run(&mut self.tx))));
        let (spoilt, wakes) = self.tx.wipe();
        let spoilt = spoilt.map(|spoilt| spoilt.fault());
        let verdict = match polled {
            Ok(Some(Wish::Keep)) => spoilt.map_or(Ended::Kept, Ended::Faulted),
            Ok(Some(Wish::Undo(_))) => Ended::Undone,
            Ok(None) => Ended::Faulted(Fault::bug("work awaited something that is not its transaction")),
            Err(panic) => {
                let words = job::words_of(&*panic);
                job::forget_panic(panic);
                Ended::Faulted(Fault::bug(format!("work panicked: {words}")))
            }
        };
        // A full disk ends the whole transaction by itself; what came after would have run outside any.
        if self.session().connection().is_autocommit() {
            let fault = match verdict {
                Ended::Faulted(fault) => fault,
                _ => Fault::new(Kind::Full, "SQLite gave up the transaction"),
            };
            return (Ended::Lost(fault), false);
        }
        let end =
            if matches!(verdict, Ended::Kept) { &["RELEASE job"][..] } else { &["ROLLBACK TO job", "RELEASE job"] };
        for sql in end {
            if let Err(fault) = self.session().change(sql, &[]) {
                return (Ended::Lost(self.abandon(fault)), false);
            }
        }
        (verdict, wakes)
    }

    fn begin(&mut self) -> Result<(), Fault> {
        if !self.session().connection().is_autocommit() {
            self.session().change("ROLLBACK", &[])?;
        }
        self.session().change("BEGIN IMMEDIATE", &[]).map(drop)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        let committed = self.session().change("COMMIT", &[]);
        committed.map(drop).map_err(|fault| self.abandon(fault).context("COMMIT"))
    }

    /// Leaves the transaction, whatever state it is in.
    fn abandon(&mut self, fault: Fault) -> Fault {
        if !self.session().connection().is_autocommit()
            && let Err(worse) = self.session().change("ROLLBACK", &[])
        {
            tracing::error!("a transaction could not be rolled back: {worse}");
        }
        fault
    }

    fn session(&mut self) -> &mut Session {
        match self.tx.line() {
            Line::Sqlite(session) => session,
            Line::Postgres(_) => {
                unreachable!("the SQLite thread was started with a SQLite session")
            }
        }
    }
}

/// The same fault for one more job: errors cannot be cloned, their words can.
fn said_again(fault: &Fault) -> Fault {
    Fault::new(fault.kind(), fault.to_string())
}

/// Polls once: nothing on SQLite ever waits. `None` if it waited all the same.
fn at_once<F: Future>(work: F) -> Option<F::Output> {
    let mut work = std::pin::pin!(work);
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// Copying the log back into the file, off the writer's path: the automatic checkpoint is what a saturated p99 is made of.
struct Checkpoints {
    pages: Arc<AtomicI32>,
    asked_at: i32,
    background: std::sync::mpsc::SyncSender<()>,
}

impl Checkpoints {
    fn start(writer: &mut Connection, shelf: &Shelf) -> Result<Self, Fault> {
        let pages = Arc::new(AtomicI32::new(0));
        let seen = Arc::clone(&pages);
        let hook = move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(pages, Ordering::Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(|error| fault_of(error, "the hook on the log"))?;
        let copier = shelf.writer()?;
        let (background, asked) = std::sync::mpsc::sync_channel::<()>(1);
        let body = move || {
            while asked.recv().is_ok() {
                checkpoint(&copier);
            }
        };
        let spawned = thread::Builder::new().name("store-checkpoint".to_owned()).spawn(body);
        spawned.map_err(|error| Fault::from_error(Kind::Busy, "starting the checkpoint thread", error))?;
        Ok(Self { pages, asked_at: 0, background })
    }

    fn after_commit(&mut self, line: &Line) {
        let pages = self.pages.load(Ordering::Relaxed);
        if pages < self.asked_at {
            self.asked_at = 0;
        }
        if pages >= CHECKPOINT_NOW {
            if let Line::Sqlite(session) = line {
                checkpoint(session);
            }
        } else if pages - self.asked_at >= CHECKPOINT {
            self.asked_at = pages;
            // A full channel: it has been asked already.
            let _ = self.background.try_send(());
        }
    }
}

fn checkpoint(session: &Session) {
    if let Err(fault) = session.rows("PRAGMA wal_checkpoint(PASSIVE)", &[]) {
        tracing::warn!("a checkpoint failed, the next one copies what it left: {fault}");
    }
}
