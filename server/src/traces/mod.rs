//! Traces (`logout.md` §7): from the click to each relying party's notice, to an OpenTelemetry collector (`traces.endpoint`).
//!
//! W3C Trace Context, OpenTelemetry Protocol 1.x over HTTP. Invariant: without a collector, or for what is not sampled, no span
//! is made. A span names nobody and holds no secret; no trace leaves towards a relying party, which could compare it with
//! another's.

mod collector;
mod parent;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use openid::time::Time;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::config::TracesConfig;
use crate::dice::Dice;
use crate::metrics::{Metrics, SpanFate};

pub use collector::Collector;
pub use parent::Parent;

/// Spans that may wait for the collector; beyond it they are dropped and counted.
const QUEUE: usize = 4096;

/// Which side of a request a span is on, in OpenTelemetry's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Neither.
    Internal = 1,
    /// We were asked.
    Server = 2,
    /// We asked.
    Client = 3,
}

/// Where spans go; nowhere if nobody collects them. Cheap to clone.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Tracing>>);

struct Tracing {
    sample: f64,
    dice: Dice,
    metrics: Metrics,
    spans: mpsc::Sender<Value>,
    collector: Mutex<Option<Collector>>,
}

impl Traces {
    /// From the configuration.
    pub fn new(config: &TracesConfig, dice: &Dice, metrics: &Metrics) -> Self {
        let Some(endpoint) = &config.endpoint else { return Self(None) };
        let (spans, taken) = mpsc::channel(QUEUE);
        let collector = Mutex::new(Some(Collector::new(endpoint.clone(), taken)));
        let (dice, metrics) = (dice.clone(), metrics.clone());
        Self(Some(Arc::new(Tracing { sample: config.sample, dice, metrics, spans, collector })))
    }

    /// Who takes the spans to the collector: once, for whoever runs it.
    pub fn collector(&self) -> Option<Collector> {
        self.0.as_ref()?.collector.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Begins a trace, if it is chosen. A span of somebody else's that led here is linked, not continued.
    pub fn begin(&self, name: impl FnOnce() -> String, kind: Kind, link: Option<&str>, now: Time) -> Option<Span> {
        let tracing = self.0.as_ref()?;
        if !tracing.chooses() {
            return None;
        }
        let own = Parent::draw(&tracing.dice);
        Some(Span::new(tracing, (own, None), name(), kind, now).linked(link.and_then(Parent::read)))
    }

    /// Goes on with the trace something was promised in.
    pub fn go_on(&self, traceparent: Option<&str>, name: &str, kind: Kind, now: Time) -> Option<Span> {
        let (tracing, parent) = (self.0.as_ref()?, Parent::read(traceparent?)?);
        let own = parent.child(&tracing.dice);
        Some(Span::new(tracing, (own, Some(parent)), name.to_owned(), kind, now))
    }
}

impl Tracing {
    fn chooses(&self) -> bool {
        // 53 bits are all a float can hold.
        #[expect(clippy::cast_precision_loss, reason = "the number has 53 bits")]
        let drawn = (self.dice.number() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < self.sample
    }
}

/// A span that has begun.
pub struct Span {
    tracing: Arc<Tracing>,
    own: Parent,
    parent: Option<Parent>,
    link: Option<Parent>,
    name: String,
    kind: Kind,
    at: Time,
    began: Instant,
    attributes: Vec<Value>,
    failed: bool,
}

impl Span {
    fn new(
        tracing: &Arc<Tracing>,
        (own, parent): (Parent, Option<Parent>),
        name: String,
        kind: Kind,
        at: Time,
    ) -> Self {
        let (tracing, began) = (Arc::clone(tracing), Instant::now());
        Self { tracing, own, parent, link: None, name, kind, at, began, attributes: Vec::new(), failed: false }
    }

    fn linked(self, link: Option<Parent>) -> Self {
        Self { link, ..self }
    }

    /// What a promise made in it remembers.
    pub fn traceparent(&self) -> String {
        self.own.to_string()
    }

    /// Notes a word.
    pub fn note(&mut self, key: &str, value: &str) {
        self.attributes.push(json!({"key": key, "value": {"stringValue": value}}));
    }

    /// Notes a number.
    pub fn count(&mut self, key: &str, value: impl Into<i64>) {
        // 64-bit numbers are text in the JSON encoding.
        self.attributes.push(json!({"key": key, "value": {"intValue": value.into().to_string()}}));
    }

    /// It went wrong.
    pub fn fail(&mut self) {
        self.failed = true;
    }

    /// It is over.
    pub fn end(self) {
        let (metrics, spans) = (self.tracing.metrics.clone(), self.tracing.spans.clone());
        if spans.try_send(self.say()).is_err() {
            metrics.spans(SpanFate::Dropped, 1);
        }
    }

    /// As OTLP's JSON encoding has it.
    fn say(self) -> Value {
        let nanos = Duration::from_millis(u64::try_from(self.at.millis()).unwrap_or_default());
        let mut span = json!({
            "traceId": self.own.trace(),
            "spanId": self.own.span(),
            "flags": 1,
            "name": self.name,
            "kind": self.kind as i32,
            "startTimeUnixNano": nanos.as_nanos().to_string(),
            "endTimeUnixNano": (nanos + self.began.elapsed()).as_nanos().to_string(),
            "attributes": self.attributes,
        });
        if let Some(parent) = self.parent {
            span["parentSpanId"] = json!(parent.span());
        }
        if let Some(link) = self.link {
            span["links"] = json!([{"traceId": link.trace(), "spanId": link.span()}]);
        }
        if self.failed {
            span["status"] = json!({"code": 2});
        }
        span
    }
}
