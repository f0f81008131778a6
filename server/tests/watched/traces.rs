//! Traces, as an OpenTelemetry collector receives them (OTLP over HTTP, JSON): from the click to each relying party.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use serde_json::Value;
use testkit::http::Question;
use testkit::{Reply, eventually};

use crate::ground::{plan, settles, signed_in};

const SOON: Duration = Duration::from_secs(20);

/// A collector that keeps what it is sent.
struct Collector {
    port: u16,
    spans: Arc<Mutex<Vec<Value>>>,
}

impl Collector {
    async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let spans: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = Arc::clone(&spans);
        let take = move |headers: HeaderMap, body: Bytes| async move {
            assert_eq!(headers["content-type"], "application/json");
            let request: Value = serde_json::from_slice(&body).unwrap();
            let name = &request["resourceSpans"][0]["resource"]["attributes"][0];
            assert_eq!((&name["key"], &name["value"]["stringValue"]), (&"service.name".into(), &"ostiary".into()));
            let spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
            kept.lock().unwrap().extend(spans.iter().cloned());
            (StatusCode::OK, "{}")
        };
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/traces", post(take))).await });
        Self { port, spans }
    }

    fn setting(&self) -> String {
        format!("traces.endpoint = \"http://127.0.0.1:{}/v1/traces\"", self.port)
    }

    fn named(&self, name: &str) -> Vec<Value> {
        self.spans.lock().unwrap().iter().filter(|span| span["name"] == name).cloned().collect()
    }

    /// So many spans of a name.
    async fn spans(&self, name: &str, amount: usize) -> Vec<Value> {
        let what = format!("{amount} spans named {name}");
        eventually(&what, SOON, async || Some(self.named(name)).filter(|spans| spans.len() >= amount)).await
    }
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let all = span["attributes"].as_array().unwrap();
    let found = all.iter().find(|attribute| attribute["key"] == key);
    let value = &found.unwrap_or_else(|| panic!("no {key} in {span}"))["value"];
    value.get("stringValue").unwrap_or(&value["intValue"])
}

/// That a span is well formed: OTLP's JSON encoding, and within one clock.
fn well_formed(span: &Value) {
    let hex = |name: &str, length: usize| {
        let text = span[name].as_str().unwrap();
        assert!(text.len() == length && text.bytes().all(|b| b.is_ascii_hexdigit()), "{span}");
    };
    hex("traceId", 32);
    hex("spanId", 16);
    let nanos = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano"), "{span}");
    assert!(nanos("startTimeUnixNano") > 1_700_000_000_000_000_000, "{span}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_the_click_to_each_relying_party() {
    let collector = Collector::open().await;
    let mut walk = signed_in(plan().set(&collector.setting())).await;
    let hint = walk.at_one.id_token.clone();
    walk.sign_out_with(&[("id_token_hint", &*hint)]).await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    let click = collector.spans("GET /end_session", 1).await.remove(0);
    let told = collector.spans("deliver", 2).await;
    for span in told.iter().chain([&click]) {
        well_formed(span);
    }
    assert_eq!((&click["kind"], &click["parentSpanId"]), (&2.into(), &Value::Null));
    assert_eq!(attribute(&click, "http.route"), "/end_session");
    let mut parties: Vec<&str> = told.iter().map(|span| attribute(span, "ostiary.client").as_str().unwrap()).collect();
    parties.sort_unstable();
    let mut wanted = [walk.one.client_id.as_str(), walk.two.client_id.as_str()];
    wanted.sort_unstable();
    assert_eq!(parties, wanted);
    for span in &told {
        assert_eq!(span["traceId"], click["traceId"], "{told:#?}");
        assert_eq!((&span["parentSpanId"], &span["kind"]), (&click["spanId"], &3.into()));
        assert_eq!(attribute(span, "ostiary.result"), "delivered");
        assert_eq!(attribute(span, "http.response.status_code"), "200");
    }
    // The sign-in's own requests are traces of their own.
    let tokens = collector.spans("POST /token", 2).await;
    assert!(tokens.iter().all(|span| span["traceId"] != click["traceId"]));
    // No relying party can compare its trace with another's.
    for heard in walk.one.heard().into_iter().chain(walk.two.heard()) {
        assert!(!heard.head.to_lowercase().contains("traceparent"), "{}", heard.head);
    }
    let all = format!("{:?}", collector.spans.lock().unwrap());
    for secret in [hint.as_str(), "ada@example.org", walk.at_one.claim("sid"), walk.at_one.claim("sub")] {
        assert!(!all.contains(secret), "{secret} stands in a span");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_goes_on_with_the_trace() {
    let collector = Collector::open().await;
    let mut walk = signed_in(plan().set(&collector.setting())).await;
    walk.one.always(Reply::Status(503));
    let hint = walk.at_one.id_token.clone();
    walk.sign_out_with(&[("id_token_hint", &*hint)]).await;
    let click = collector.spans("GET /end_session", 1).await.remove(0);
    let failed = eventually("a failed attempt is told", SOON, async || {
        collector.named("deliver").into_iter().find(|span| attribute(span, "ostiary.result") == "later")
    });
    assert_eq!(failed.await["status"]["code"], 2);
    walk.provider.kill();
    walk.one.always(Reply::Status(200));
    collector.spans.lock().unwrap().clear();
    walk.provider.start().await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    let told = collector.spans("deliver", 1).await.remove(0);
    assert_eq!((&told["traceId"], &told["parentSpanId"]), (&click["traceId"], &click["spanId"]));
    assert!(attribute(&told, "ostiary.attempt").as_str().unwrap().parse::<u32>().unwrap() >= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_from_outside_is_linked_and_what_is_not_chosen_is_not_told() {
    const OUTSIDE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let collector = Collector::open().await;
    let walk = signed_in(plan().set(&collector.setting())).await;
    let asked = Question::get(&walk.provider.url("/jwks")).header("traceparent", OUTSIDE);
    walk.provider.ask(asked).await;
    let span = collector.spans("GET /jwks", 1).await.remove(0);
    assert_ne!(span["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span["parentSpanId"], Value::Null);
    assert_eq!(span["links"][0]["traceId"], "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span["links"][0]["spanId"], "b7ad6b7169203331");
    drop(walk);
    let quiet = Collector::open().await;
    let mut walk = signed_in(plan().set(&quiet.setting()).set("traces.sample = 0.0")).await;
    let hint = walk.at_one.id_token.clone();
    walk.sign_out_with(&[("id_token_hint", &*hint)]).await;
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    walk.provider.terminate();
    assert_eq!(walk.provider.ended().await, Some(0));
    assert!(quiet.spans.lock().unwrap().is_empty(), "nothing was chosen");
}
