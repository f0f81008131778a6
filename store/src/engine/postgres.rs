//! PostgreSQL's thread: a runtime of the store's own, where each job has a connection and a transaction.
//!
//! `store-transaction.md`, "PostgreSQL's thread". Invariant: a connection goes back to the pool only outside a
//! transaction; in doubt it is closed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::runtime;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::LocalSet;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, NoTls, Socket};

use super::Line;
use super::location::{Address, Tls};
use super::postgres_session::{self, Flight, Session, connect, fault_of, patient};
use super::postgres_tls;
use crate::fault::{Fault, Kind, Retry};
use crate::job::{self, Job, Message, Wish};
use crate::tx::Tx;

/// Wakes the couriers of all nodes once the transaction is committed.
pub(super) const ANNOUNCE: &str = "NOTIFY ostiary_outbox";
/// A step of the schema may take longer than a request; of all nodes one takes it.
pub(super) const BEGIN_ALONE: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'; \
    SELECT pg_advisory_xact_lock(7019247)";
const LISTEN: &str = "LISTEN ostiary_outbox";
/// How often work is run when other transactions are in its way.
const TRIES: u32 = 5;

/// Brings the schema up to date and starts the thread.
pub(super) async fn start(
    address: &Address,
    jobs: mpsc::Receiver<Message>,
    call: watch::Sender<()>,
) -> Result<(), Fault> {
    let (opened, ready) = oneshot::channel();
    let address = address.clone();
    let body = move || {
        job::this_thread_runs_jobs();
        let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                return drop(opened.send(Err(Fault::from_error(Kind::Busy, "the store's runtime", error))));
            }
        };
        LocalSet::new().block_on(&runtime, async move {
            match prepare(&address).await {
                Ok(pool) => {
                    drop(opened.send(Ok(())));
                    serve(&address, pool, jobs, call).await;
                }
                Err(fault) => drop(opened.send(Err(fault))),
            }
        });
    };
    let spawned = thread::Builder::new().name("store-postgres".to_owned()).spawn(body);
    spawned.map_err(|error| Fault::from_error(Kind::Busy, "starting the store's thread", error))?;
    ready.await.unwrap_or_else(|_| Err(Fault::bug("the store's thread ended while opening the database")))
}

async fn prepare(address: &Address) -> Result<Pool, Fault> {
    let pool = postgres_session::writing_pool(address)?;
    let mut line = Line::Postgres(Session::new(connect(&pool).await?));
    let migrated = line.migrate().await;
    if let Line::Postgres(session) = line
        && migrated.is_err()
    {
        session.discard();
    }
    migrated.map(|()| pool)
}

async fn serve(address: &Address, pool: Pool, mut jobs: mpsc::Receiver<Message>, call: watch::Sender<()>) {
    let turns = Arc::new(Semaphore::new(address.pool));
    let (mut closing, mut listening) = (None, None);
    let mut number = 0_u32;
    while let Some(message) = jobs.recv().await {
        match message {
            Message::Job(job) => {
                number = number.wrapping_add(1);
                let turn = Arc::clone(&turns).acquire_owned().await;
                let (pool, number) = (pool.clone(), number);
                tokio::task::spawn_local(async move {
                    carry_out(&pool, job, number).await;
                    drop(turn);
                });
            }
            Message::Listen => {
                listening.get_or_insert_with(|| tokio::task::spawn_local(listen(address.clone(), call.clone())));
            }
            Message::Close(done) => {
                jobs.close();
                closing = Some(done);
            }
        }
    }
    // Every turn is back: every job has been answered. The semaphore is never closed.
    let all = u32::try_from(address.pool).unwrap_or(u32::MAX);
    drop(turns.acquire_many(all).await);
    pool.close();
    if let Some(done) = closing {
        // Nobody waits any longer? Then nobody needs to hear it.
        let _ = done.send(());
    }
}

/// How one try ended.
enum Tried {
    /// The job knows its answer.
    Said,
    /// The engine knows better.
    Faulted(Fault),
    /// Nothing is stored, and another try may go through.
    Again(Fault),
}

async fn carry_out(pool: &Pool, mut job: Box<dyn Job>, number: u32) {
    let mut last = None;
    for round in 0..TRIES {
        match attempt(pool, &mut *job).await {
            Tried::Said => return job::answer(job),
            Tried::Faulted(fault) => return job::fail(job, fault),
            Tried::Again(fault) => last = Some(fault),
        }
        // Jobs that met each other go apart: the job's number stands in for dice.
        let apart = u64::from(number % 7) + 1;
        tokio::time::sleep(Duration::from_millis(apart << round)).await;
    }
    let why = last.map_or_else(String::new, |fault| fault.to_string());
    job::fail(job, Fault::new(Kind::Busy, format!("gave up after {TRIES} tries: {why}")));
}

async fn attempt(pool: &Pool, job: &mut dyn Job) -> Tried {
    let session = match connect(pool).await {
        Ok(client) => Session::new(client),
        Err(fault) => return Tried::Faulted(fault),
    };
    if let Err(fault) = session.script("BEGIN").await {
        session.discard();
        // A connection that died while it lay in the pool: nothing has happened yet.
        return if fault.kind() == Kind::Gone { Tried::Again(fault) } else { Tried::Faulted(fault) };
    }
    let flight = session.flight();
    let mut tx = Tx::new(Line::Postgres(session));
    let watched = watch_over(job.run(&mut tx), &flight).await;
    let (spoilt, _) = tx.wipe();
    let Line::Postgres(session) = tx.into_line() else {
        return Tried::Faulted(Fault::bug("the PostgreSQL thread was started with a PostgreSQL session"));
    };
    let tried = match (watched, spoilt) {
        (Err(fault), _) => {
            session.discard();
            return Tried::Faulted(fault);
        }
        (Ok(Wish::Keep), None) => return commit(session).await,
        (Ok(_), Some(spoilt)) if spoilt.retry == Retry::Contention => Tried::Again(spoilt.fault()),
        (Ok(Wish::Undo(Retry::Contention)), _) => Tried::Again(Fault::new(Kind::Busy, "contention")),
        (Ok(Wish::Keep), Some(spoilt)) => Tried::Faulted(spoilt.fault()),
        (Ok(Wish::Undo(Retry::Never)), _) => Tried::Said,
    };
    if session.script("ROLLBACK").await.is_err() {
        session.discard();
    }
    tried
}

async fn commit(session: Session) -> Tried {
    let Err(fault) = session.script("COMMIT").await else {
        return Tried::Said;
    };
    session.discard();
    match (fault.retry(), fault.kind()) {
        (Retry::Contention, _) => Tried::Again(fault),
        (Retry::Never, Kind::Gone) => {
            Tried::Faulted(fault.context("COMMIT: the connection was lost, and nobody knows whether it was stored"))
        }
        (Retry::Never, _) => Tried::Faulted(fault.context("COMMIT")),
    }
}

/// Runs work that may wait for its statements and for nothing else.
async fn watch_over(mut work: Pin<Box<dyn Future<Output = Wish> + '_>>, flight: &Flight) -> Result<Wish, Fault> {
    let watched = std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(Poll::Ready(wish)) => Poll::Ready(Ok(wish)),
        Ok(Poll::Pending) if flight.is_on() => Poll::Pending,
        Ok(Poll::Pending) => Poll::Ready(Err(Fault::bug("work awaited something that is not its transaction"))),
        Err(panic) => {
            let words = job::words_of(&*panic);
            job::forget_panic(panic);
            Poll::Ready(Err(Fault::bug(format!("work panicked: {words}"))))
        }
    });
    let outcome = watched.await;
    if let Err(panic) = catch_unwind(AssertUnwindSafe(move || drop(work))) {
        let words = job::words_of(&*panic);
        job::forget_panic(panic);
        return Err(Fault::bug(format!("work panicked when it was dropped: {words}")));
    }
    outcome
}

/// Hears what all nodes commit, over one connection of its own; comes back when that breaks.
async fn listen(address: Address, call: watch::Sender<()>) {
    loop {
        let config = patient(&address);
        let heard = match &address.tls {
            Tls::Off => hear(&config, NoTls, &call).await,
            Tls::Verified { authorities } => match postgres_tls::connector(authorities.as_deref()) {
                Ok(tls) => hear(&config, tls, &call).await,
                Err(fault) => Err(fault),
            },
        };
        if let Err(fault) = heard {
            tracing::warn!("not listening for wake-ups, the poll goes on: {fault}");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn hear<T>(config: &tokio_postgres::Config, tls: T, call: &watch::Sender<()>) -> Result<(), Fault>
where
    T: MakeTlsConnect<Socket>,
    T::Stream: 'static,
{
    let (client, mut connection) = config.connect(tls).await.map_err(fault_of)?;
    let call = call.clone();
    let pump = tokio::task::spawn_local(async move {
        while let Some(message) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(_) = message.map_err(fault_of)? {
                call.send_replace(());
            }
        }
        Ok(())
    });
    client.batch_execute(LISTEN).await.map_err(fault_of)?;
    pump.await.unwrap_or_else(|error| Err(Fault::from_error(Kind::Bug, "listening", error)))
}
