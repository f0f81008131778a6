//! What must be done now and then: notice that rows have changed, end what has expired, rotate keys, fold what is old.
//!
//! Invariant: everything here may run on every node at once; each step is small, and what it missed it does next time.

use std::time::{Duration, Instant};

use openid::time::{Span, Time};
use store::audit::Entry;
use store::{Fault, Nodes, Store, Sweep, Swept};
use tokio::sync::watch;

use crate::answer::Stop;
use crate::keyring;
use crate::op::Op;
use crate::removal;
use crate::traces::Kind;

/// How often the version rows are looked at.
const WATCH: Duration = Duration::from_secs(1);

/// How often expired sessions are looked for.
const SWEEP: Duration = Duration::from_secs(10);

/// How often the slow chores run.
const CHORES: Duration = Duration::from_mins(5);

/// Rows removed in one transaction.
const BATCH: u32 = 200;

/// Sessions ended in one transaction: what people wait for while very many expire at once.
const SOME: u32 = 25;

/// Clients removed between two breaths: each has a transaction of its own.
const FEW: u32 = 20;

/// Between two batches.
const BREATH: Duration = Duration::from_millis(100);

/// Ending takes a third of the database's time at most: after each batch so many times as long as it took.
const SHARE: u32 = 2;

/// By how much the clocks of several nodes may differ.
const CLOCK_BOUND: Span = Span::from_seconds(30);

/// What is over by every node's clock: nothing ends early.
fn surely(store: &Store, now: Time) -> Time {
    match store.nodes() {
        Nodes::One => now,
        Nodes::Many => now - CLOCK_BOUND,
    }
}

/// The notices of one batch are spread over this time.
const SPREAD: Span = Span::from_millis(500);

/// Ended sessions and settled notices are kept this long.
const RETENTION: Span = Span::from_days(90);

/// Letters are kept so long after their links expired: "used before" is a better answer than "unknown".
const LETTERS: Span = Span::from_days(7);

/// Lines of the audit trail are kept this long: a year, and time to look back on it.
const TRAIL: Span = Span::from_days(400);

/// Runs until told to stop.
pub async fn run(op: Op, stop: watch::Receiver<bool>) {
    tokio::join!(watch_versions(&op, stop.clone()), sweep(&op, stop.clone()), chores(&op, stop));
}

/// Sleeps, or says that it is time to stop, however often it is asked.
async fn rest(stop: &mut watch::Receiver<bool>, time: Duration) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        _ = stop.wait_for(|stop| *stop) => false,
    }
}

async fn watch_versions(op: &Op, mut stop: watch::Receiver<bool>) {
    let mut seen = None;
    while rest(&mut stop, WATCH).await {
        match versions(op).await {
            Ok(now) if seen.as_ref() == Some(&now) => {}
            Ok(now) => match reload(op, seen.as_deref(), &now).await {
                Ok(()) => seen = Some(now),
                Err(fault) => tracing::error!("clients, keys and settings could not be read again: {fault:#}"),
            },
            Err(fault) => tracing::error!("the version rows could not be read: {fault:#}"),
        }
    }
}

async fn versions(op: &Op) -> Result<Vec<(String, i64)>, Fault> {
    op.store().reader().await?.versions().await
}

/// Reads again what may have changed: opening the keys is work that a new client does not call for.
async fn reload(op: &Op, seen: Option<&[(String, i64)]>, now: &[(String, i64)]) -> Result<(), Fault> {
    let has_moved = |name: &str| {
        let of = |all: &[(String, i64)]| all.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        seen.is_none_or(|seen| of(seen) != of(now))
    };
    if has_moved("clients") {
        op.clients().forget();
    }
    op.reload_settings().await?;
    if has_moved("keys") {
        op.keys().reload(op.store(), op.sealing()).await?;
    }
    Ok(())
}

async fn sweep(op: &Op, mut stop: watch::Receiver<bool>) {
    while rest(&mut stop, SWEEP).await {
        loop {
            let (began, now) = (Instant::now(), op.now());
            let order = Sweep {
                now: surely(op.store(), now),
                limit: SOME,
                deadline: op.config().lifetimes.logout_deadline,
                spread: SPREAD,
            };
            let swept = sweep_some(op, order).await;
            match swept {
                Ok(swept) if swept.sessions == 0 => break,
                Ok(swept) => tracing::info!(
                    sessions = swept.sessions,
                    notices = swept.notices,
                    "sessions expired and were ended"
                ),
                Err(stop) => {
                    tracing::error!("expired sessions could not be ended, trying again later: {}", words(&stop));
                    break;
                }
            }
            // Room for the people between two batches.
            if !rest(&mut stop, began.elapsed() * SHARE).await {
                return;
            }
        }
    }
}

/// Ends some of what has expired, in a trace of its own.
async fn sweep_some(op: &Op, order: Sweep) -> Result<Swept, Stop> {
    let sweeping = op.store().write(async move |tx| Ok(tx.sweep_sessions(&order).await?));
    let Some(mut span) = op.traces().begin(|| "sweep".to_owned(), Kind::Internal, None, op.now()) else {
        return sweeping.await;
    };
    let swept = store::traced(span.traceparent(), sweeping).await?;
    if swept.sessions > 0 {
        span.count("ostiary.sessions", swept.sessions);
        span.count("ostiary.notices", swept.notices);
        span.end();
    }
    Ok(swept)
}

async fn chores(op: &Op, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(stop) = rotate(op).await {
            tracing::error!("keys could not be rotated: {}", words(&stop));
        }
        if let Err(stop) = catch_up(op, &mut stop).await {
            tracing::error!("rows of an earlier release could not be read: {}", words(&stop));
        }
        if let Err(stop) = tidy_clients(op, &mut stop).await {
            tracing::error!("unused clients could not be removed: {}", words(&stop));
        }
        if let Err(stop) = fold(op, op.now(), &mut stop).await {
            tracing::error!("old rows could not be removed: {}", words(&stop));
        }
        if !rest(&mut stop, CHORES).await {
            return;
        }
    }
}

async fn rotate(op: &Op) -> Result<(), Stop> {
    let now = op.now();
    let due = keyring::due(op.keys(), op.config().lifetimes.key_rotation, now);
    if due.is_empty() {
        return Ok(());
    }
    // Noted before the keys are made: what another node adds meanwhile is newer.
    let newest: Vec<Option<Time>> = due.iter().map(|alg| op.keys().newest(*alg)).collect();
    let rows = keyring::make(&due, op.sealing(), op.dice(), now, now + keyring::NOTICE).await?;
    let kids: Vec<&str> = rows.iter().map(|row| row.kid.as_str()).collect();
    let entry = Entry::new(op.dice().name(), now, "server".into(), "keys_rotated", kids.join(" "));
    let added = keyring::add_after(op.store(), rows.into_iter().zip(newest).collect(), entry).await?;
    keyring::retire(op.store(), now).await?;
    op.keys().reload(op.store(), op.sealing()).await?;
    if added > 0 {
        tracing::info!(kinds = ?due, "new keys are published; they sign in 24 hours");
    }
    Ok(())
}

/// Reads what an earlier release wrote without saying what is looked up now, a batch at a time.
async fn catch_up(op: &Op, stop: &mut watch::Receiver<bool>) -> Result<(), Stop> {
    loop {
        let read =
            op.store().write(async |tx| Ok(tx.read_addresses(BATCH).await? + tx.read_fronts(BATCH).await?)).await?;
        if read == 0 || !rest(stop, Duration::from_millis(100)).await {
            return Ok(());
        }
    }
}

/// Removes clients that registered themselves and are not used, a batch at a time.
async fn tidy_clients(op: &Op, stop: &mut watch::Receiver<bool>) -> Result<(), Stop> {
    loop {
        let removed = removal::remove_unused(op, FEW).await?;
        if removed == 0 {
            return Ok(());
        }
        tracing::info!(removed, "clients that registered themselves and were not used are removed");
        if !rest(stop, BREATH).await {
            return Ok(());
        }
    }
}

/// Removes what is over, a batch at a time, until a round removes nothing.
async fn fold(op: &Op, now: Time, stop: &mut watch::Receiver<bool>) -> Result<(), Stop> {
    let full = now - op.config().limits.forget_after();
    let over = surely(op.store(), now);
    loop {
        let old = now - RETENTION;
        let removed = op
            .store()
            .write(async move |tx| {
                let mut removed = tx.sweep_codes(now, BATCH).await?;
                removed += tx.sweep_pushed_requests(now, BATCH).await?;
                removed += tx.sweep_tokens(now, BATCH).await?;
                removed += tx.sweep_replay(now - CLOCK_BOUND, BATCH).await?;
                removed += tx.sweep_attempts(full, BATCH).await?;
                removed += tx.sweep_letters(now - LETTERS, BATCH).await?;
                removed += tx.sweep_audit(now - TRAIL, BATCH).await?;
                removed += u64::from(tx.sweep_grants(over, BATCH).await?);
                Ok(removed)
            })
            .await?;
        // Transactions of their own, so that nobody waits for all of it.
        let folded = op.store().write(async move |tx| Ok(tx.fold_outbox(old, BATCH).await?)).await?;
        let ended = op.store().write(async move |tx| Ok(tx.remove_ended(old, BATCH / 4).await?)).await?;
        let removed = removed + u64::from(folded) + u64::from(ended);
        if removed == 0 {
            return Ok(());
        }
        tracing::debug!(removed, "old rows removed");
        if !rest(stop, BREATH).await {
            return Ok(());
        }
    }
}

fn words(stop: &Stop) -> String {
    match stop {
        Stop::Refuse(refusal) => refusal.to_string(),
        Stop::Fault(fault) => format!("{fault:#}"),
    }
}
