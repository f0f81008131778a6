//! Takes spans to the collector: OpenTelemetry Protocol over HTTP, JSON encoding.
//!
//! Invariant: nobody waits for it. What the collector does not take in time is dropped and counted.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use url::Url;

use crate::metrics::SpanFate;
use crate::op::Op;

/// Spans in one request.
const BATCH: usize = 512;

/// How long the first span of a batch waits for others.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who takes spans to the collector.
pub struct Collector {
    endpoint: Url,
    taken: mpsc::Receiver<Value>,
}

impl Collector {
    pub(super) fn new(endpoint: Url, taken: mpsc::Receiver<Value>) -> Self {
        Self { endpoint, taken }
    }

    /// Runs until told to stop; what was said by then is sent.
    pub async fn run(mut self, op: Op, mut stop: watch::Receiver<bool>) {
        let mut silent = false;
        loop {
            let mut spans = Vec::new();
            let stopped = tokio::select! {
                amount = self.taken.recv_many(&mut spans, BATCH) => if amount == 0 { return } else { false },
                told = stop.changed() => told.is_err() || *stop.borrow(),
            };
            if stopped {
                self.taken.close();
                if self.taken.recv_many(&mut spans, BATCH).await == 0 {
                    return;
                }
            }
            let full = async { while spans.len() < BATCH && self.taken.recv_many(&mut spans, BATCH).await > 0 {} };
            let _ = tokio::time::timeout(PATIENCE, full).await;
            let amount = spans.len();
            let sent = op.outbound().report(&self.endpoint, &request(&spans)).await;
            op.metrics().spans(if sent.is_ok() { SpanFate::Sent } else { SpanFate::Dropped }, amount);
            match sent {
                Ok(()) => silent = false,
                // Said once for each time it stays away.
                Err(why) if !silent => {
                    tracing::warn!("the collector of traces does not take them, they are dropped: {why}");
                    silent = true;
                }
                Err(_) => {}
            }
        }
    }
}

/// `ExportTraceServiceRequest`.
fn request(spans: &[Value]) -> Value {
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "resourceSpans": [{
            "resource": {"attributes": [text("service.name", "ostiary"), text("service.version", version)]},
            "scopeSpans": [{"scope": {"name": "ostiary", "version": version}, "spans": spans}],
        }],
    })
}
