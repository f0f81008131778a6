//! A piece of work on its way to the thread that runs it, with its type forgotten.
//!
//! `store-transaction.md`, "The shape". Invariant: each job is answered exactly once, on every path.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tracing::{Instrument, Span};

use crate::fault::{Fault, Retry};
use crate::tx::{Stop, Tx};

thread_local! {
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// Marks the current thread as one that runs jobs.
pub(crate) fn this_thread_runs_jobs() {
    OURS.set(true);
}

/// Refuses a transaction or a reader asked for from inside work: it would wait for itself.
pub(crate) fn refuse_nested(what: &'static str) -> Result<(), Fault> {
    if OURS.get() {
        return Err(Fault::bug(format!("{what} was asked for from inside a transaction")));
    }
    Ok(())
}

/// What a job that came to its end wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Said yes, or refused: what it wrote is to stay.
    Keep,
    /// Faulted: nothing is to stay.
    Undo(Retry),
}

/// What a thread receives.
pub(crate) enum Message {
    /// Work to run.
    Job(Box<dyn Job>),
    /// Start listening for what other nodes commit (PostgreSQL).
    Listen,
    /// Finish what is queued, take nothing more, say when.
    Close(oneshot::Sender<()>),
}

/// Who wants to know how long a job waited for its turn.
pub(crate) type Waited = Arc<dyn Fn(Duration) + Send + Sync>;

tokio::task_local! {
    /// The trace that what runs now belongs to.
    static TRACE: Option<String>;
}

/// Runs work whose transactions belong to a trace: what they promise remembers it (W3C Trace Context §3.2).
pub async fn traced<F: Future>(traceparent: String, work: F) -> F::Output {
    TRACE.scope(Some(traceparent), work).await
}

/// The erased job.
pub(crate) trait Job: Send {
    /// Runs the work once more and remembers what it said.
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Wish> + 'a>>;
    /// Answers with what the work said last.
    fn answer(self: Box<Self>);
    /// Answers with a fault.
    fn fail(self: Box<Self>, fault: Fault);
}

/// Work of one type, what it said, and who waits for it.
pub(crate) struct Task<T, R, F> {
    work: F,
    said: Option<Result<T, Stop<R>>>,
    reply: oneshot::Sender<Result<T, Stop<R>>>,
    span: Span,
    trace: Option<String>,
    waits: Option<(Waited, Instant)>,
}

/// Who waits for a job.
type Receiver<T, R> = oneshot::Receiver<Result<T, Stop<R>>>;

impl<T, R, F> Task<T, R, F> {
    pub(crate) fn new(work: F, waited: Option<&Waited>) -> (Self, Receiver<T, R>) {
        let (reply, receiver) = oneshot::channel();
        let trace = TRACE.try_with(Clone::clone).ok().flatten();
        let waits = waited.map(|waited| (Arc::clone(waited), Instant::now()));
        (Self { work, said: None, reply, span: Span::current(), trace, waits }, receiver)
    }
}

impl<T, R, F> Job for Task<T, R, F>
where
    F: AsyncFn(&mut Tx) -> Result<T, Stop<R>> + Send,
    T: Send,
    R: Send,
{
    fn run<'a>(&'a mut self, tx: &'a mut Tx) -> Pin<Box<dyn Future<Output = Wish> + 'a>> {
        let Self { work, said, span, trace, waits, .. } = self;
        if let Some((waited, since)) = waits.take() {
            waited(since.elapsed());
        }
        tx.belong(trace.clone());
        let span = span.clone();
        let attempt = async move {
            *said = None;
            let outcome = work(tx).await;
            let wish = match &outcome {
                Ok(_) | Err(Stop::Refuse(_)) => Wish::Keep,
                Err(Stop::Fault(fault)) => Wish::Undo(fault.retry()),
            };
            *said = Some(outcome);
            wish
        };
        if span.is_disabled() { Box::pin(attempt) } else { Box::pin(attempt.instrument(span)) }
    }

    fn answer(self: Box<Self>) {
        let said = self.said.unwrap_or_else(|| Err(Stop::Fault(Fault::bug("a job was answered that never ended"))));
        // Whoever asked may have gone away; then nobody hears it.
        drop(self.reply.send(said));
    }

    fn fail(self: Box<Self>, fault: Fault) {
        drop(self.reply.send(Err(Stop::Fault(fault))));
    }
}

/// Answers a job; a value that panics when dropped must not end the thread.
pub(crate) fn answer(job: Box<dyn Job>) {
    note_panic(catch_unwind(AssertUnwindSafe(|| job.answer())));
}

/// Faults a job; a value that panics when dropped must not end the thread.
pub(crate) fn fail(job: Box<dyn Job>, fault: Fault) {
    note_panic(catch_unwind(AssertUnwindSafe(|| job.fail(fault))));
}

fn note_panic(ended: Result<(), Box<dyn Any + Send>>) {
    if let Err(panic) = ended {
        tracing::error!("something panicked while a transaction was answered: {}", words_of(&*panic));
        forget_panic(panic);
    }
}

/// What a panic said.
pub(crate) fn words_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no words".to_owned())
}

/// A panic's own value may panic when dropped.
pub(crate) fn forget_panic(panic: Box<dyn Any + Send>) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(panic))) {
        std::mem::forget(again);
    }
}
