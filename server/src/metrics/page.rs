//! The page Prometheus reads, the listener it stands on, and `docs/metrics.md`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::get;
use openid::time::Time;
use store::{Counts, NoticeState, Pressure};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Counted;
use super::count::{head, sample};
use super::list::{self, Metric};
use super::process::Process;
use crate::answer::{self, Answer, put};
use crate::listen;
use crate::op::Op;

/// The ledger's figures are asked for at most this often.
const FRESH: Duration = Duration::from_secs(5);

/// And take a twentieth of the time at most: the longer they take, the longer they stand.
const SHARE: u32 = 20;

/// A database that does not answer by then is down.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever reads the figures needs one connection; a few more for whoever looks by hand.
const CONNECTIONS: usize = 8;

/// The listener.
pub struct Door(Option<TcpListener>);

impl Door {
    /// Listens, if it is to.
    pub async fn bind(listen: Option<SocketAddr>) -> Result<Self, String> {
        let Some(address) = listen else { return Ok(Self(None)) };
        let bound = TcpListener::bind(address).await;
        bound.map(|listener| Self(Some(listener))).map_err(|error| format!("metrics.listen {address}: {error}"))
    }

    /// Answers until told to stop.
    pub async fn open(self, op: Op, told: watch::Receiver<bool>) {
        let Some(listener) = self.0 else { return };
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "metrics are told");
        }
        let metrics = op.metrics().clone();
        op.store().hear_waits(move |time| metrics.waited(time));
        let router = Router::new().route("/metrics", get(answer)).with_state(op);
        listen::plainly(listener, router, CONNECTIONS, told).await;
    }
}

async fn answer(State(op): State<Op>) -> Answer {
    let Some(counted) = &op.metrics().0 else { return answer::text(StatusCode::NOT_FOUND, "nothing is counted") };
    let ledger = ledger(&op, counted).await;
    let text = write(counted, ledger, &Now::look(&op));
    let mut answer = answer::text(StatusCode::OK, &text);
    answer.headers_mut().remove(header::CONTENT_TYPE);
    put(&mut answer, header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    put(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

/// The ledger's figures: those that were read last, if that is not long ago.
async fn ledger(op: &Op, counted: &Counted) -> Option<Counts> {
    let mut ledger = counted.ledger.lock().await;
    let (meter, read) = &mut *ledger;
    if let Some((until, counts)) = read
        && Instant::now() < *until
    {
        return Some(*counts);
    }
    let (began, store, now, mut own) = (Instant::now(), op.store().clone(), op.now(), std::mem::take(meter));
    // On a thread of its own: SQLite reads where it is asked, and the first time it reads much.
    let here = tokio::runtime::Handle::current();
    let reading = tokio::task::spawn_blocking(move || {
        here.block_on(async {
            let counts = own.read(&mut store.reader().await?, now).await?;
            Ok::<_, store::Fault>((own, counts))
        })
    });
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(Ok((own, counts)))) => {
            *meter = own;
            *read = Some((began + FRESH.max(began.elapsed() * SHARE), counts));
            Some(counts)
        }
        Ok(Ok(Err(fault))) => {
            tracing::warn!("the ledger's figures could not be read: {fault:#}");
            None
        }
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("the ledger's figures could not be read in time");
            None
        }
    }
}

/// What is looked at when somebody asks.
struct Now {
    time: Time,
    places: usize,
    pressure: Pressure,
    process: Process,
}

impl Now {
    fn look(op: &Op) -> Self {
        let places = op.config().courier.concurrency.get();
        Self { time: op.now(), places, pressure: op.store().pressure(), process: Process::look() }
    }
}

fn write(counted: &Counted, ledger: Option<Counts>, now: &Now) -> String {
    use std::sync::atomic::Ordering::Relaxed;
    let mut text = String::with_capacity(16 * 1024);
    let one = |text: &mut String, metric: &Metric, value: f64| {
        head(text, metric);
        sample(text, metric.name, &[], value);
    };
    head(&mut text, &list::BUILD);
    sample(&mut text, list::BUILD.name, &[("version", env!("CARGO_PKG_VERSION"))], 1);
    one(&mut text, &list::DATABASE_UP, f64::from(u8::from(ledger.is_some())));
    if let Some(counts) = ledger {
        write_ledger(&mut text, &counts, now.time);
    }
    counted.first.write(&mut text);
    counted.last.write(&mut text);
    counted.attempts.write(&mut text);
    for (metric, value) in [
        (&list::PLACES, now.places),
        (&list::PLACES_USED, counted.places_used.load(Relaxed)),
        (&list::CLOSED, counted.closed.load(Relaxed)),
    ] {
        head(&mut text, metric);
        sample(&mut text, metric.name, &[], value);
    }
    counted.sign_ins.write(&mut text);
    counted.requests.write(&mut text);
    counted.request_seconds.write(&mut text);
    counted.refusals.write(&mut text);
    counted.outbound.write(&mut text);
    head(&mut text, &list::DATABASE_WAITING);
    sample(&mut text, list::DATABASE_WAITING.name, &[("for", "a_turn")], now.pressure.waiting);
    sample(&mut text, list::DATABASE_WAITING.name, &[("for", "a_connection")], now.pressure.unread);
    head(&mut text, &list::DATABASE_READERS);
    sample(&mut text, list::DATABASE_READERS.name, &[], now.pressure.readers);
    counted.turns.write(&mut text);
    counted.spans.write(&mut text);
    let process = &now.process;
    for (metric, value) in [
        (&list::MEMORY, process.resident.map(|bytes| bytes.to_string())),
        (&list::CPU, process.processor.map(|seconds| seconds.to_string())),
        (&list::DESCRIPTORS, process.descriptors.map(|open| open.to_string())),
    ] {
        if let Some(value) = value {
            head(&mut text, metric);
            sample(&mut text, metric.name, &[], value);
        }
    }
    text
}

/// The equation (`logout.md` §1), and how long the oldest promise has been waiting.
fn write_ledger(text: &mut String, counts: &Counts, now: Time) {
    head(text, &list::CREATED);
    sample(text, list::CREATED.name, &[], counts.created);
    head(text, &list::NOTICES);
    for state in NoticeState::ALL {
        let amount = match state {
            NoticeState::Pending => counts.pending,
            NoticeState::Delivered => counts.delivered,
            NoticeState::Refused => counts.refused,
            NoticeState::Parked => counts.parked,
            NoticeState::Withdrawn => counts.withdrawn,
        };
        sample(text, list::NOTICES.name, &[("state", state.as_str())], amount);
    }
    head(text, &list::OLDEST);
    let age = counts.oldest.map_or(0, |oldest| now.since(oldest).millis());
    sample(text, list::OLDEST.name, &[], format_args!("{}.{:03}", age / 1000, age % 1000));
}

/// `docs/metrics.md`.
pub fn reference() -> String {
    format!("{}{}\n{}", include_str!("head.txt"), list::table().trim_end(), include_str!("tail.txt").trim_end()) + "\n"
}
