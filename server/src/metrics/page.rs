//! The page Prometheus reads, the listener it stands on, and `docs/metrics.md`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::routing::get;
use store::{NoticeState, Pressure};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::Counted;
use super::count::{head, sample};
use super::list::{self, Metric};
use super::process::Process;
use crate::answer::{self, Answer, put};
use crate::counting::Counted as Ledger;
use crate::listen;
use crate::op::Op;

/// A database that does not answer by then is down; a first count that takes longer is in the next scrape.
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
    let text = write(counted, &Now::look(&op).await);
    let mut answer = answer::text(StatusCode::OK, &text);
    answer.headers_mut().remove(header::CONTENT_TYPE);
    put(&mut answer, header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    put(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

/// What is looked at when somebody asks.
struct Now {
    is_up: bool,
    ledger: Option<Arc<Ledger>>,
    counts: u64,
    places: usize,
    pressure: Pressure,
    process: Process,
}

impl Now {
    async fn look(op: &Op) -> Self {
        let is_up = matches!(tokio::time::timeout(PATIENCE, op.store().ping()).await, Ok(Ok(())));
        let ledger = match is_up {
            true => op.counting().lately(op.store(), op.now(), PATIENCE).await,
            false => None,
        };
        Self {
            is_up,
            ledger,
            counts: op.counting().counts(),
            places: op.config().courier.concurrency.get(),
            pressure: op.store().pressure(),
            process: Process::look(),
        }
    }
}

fn write(counted: &Counted, now: &Now) -> String {
    use std::sync::atomic::Ordering::Relaxed;
    let mut text = String::with_capacity(16 * 1024);
    let one = |text: &mut String, metric: &Metric, value: f64| {
        head(text, metric);
        sample(text, metric.name, &[], value);
    };
    head(&mut text, &list::BUILD);
    sample(&mut text, list::BUILD.name, &[("version", env!("CARGO_PKG_VERSION"))], 1);
    one(&mut text, &list::DATABASE_UP, f64::from(u8::from(now.is_up)));
    if let Some(ledger) = &now.ledger {
        write_ledger(&mut text, ledger);
    }
    head(&mut text, &list::COUNTS);
    sample(&mut text, list::COUNTS.name, &[], now.counts);
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
fn write_ledger(text: &mut String, ledger: &Ledger) {
    let counts = ledger.ledger.total();
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
    sample(text, list::OLDEST.name, &[], counts.oldest.map_or(0.0, |oldest| seconds(ledger.at.since(oldest).millis())));
    head(text, &list::COUNTED);
    sample(text, list::COUNTED.name, &[], seconds(ledger.at.millis()));
    head(text, &list::COUNT_SECONDS);
    sample(text, list::COUNT_SECONDS.name, &[], ledger.took.as_secs_f64());
}

/// Milliseconds as Prometheus wants them. A time in it is exact for some hundred thousand years.
#[expect(clippy::cast_precision_loss, reason = "that is how long it takes until one is lost")]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

/// `docs/metrics.md`.
pub fn reference() -> String {
    format!("{}{}\n{}", include_str!("head.txt"), list::table().trim_end(), include_str!("tail.txt").trim_end()) + "\n"
}
