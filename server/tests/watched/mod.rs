//! What a monitor sees (`logout.md` §7): metrics as a parser that is not ours reads them, against the ledger.

mod traces;

use std::collections::BTreeMap;
use std::time::Duration;

use prometheus_parse::{Scrape, Value};
use testkit::http::Question;
use testkit::{Browser, Provider, RelyingParty, Reply, eventually, free_port};

use crate::ground::{ADA, plan, settles, signed_in, with_ada};

const SOON: Duration = Duration::from_secs(20);

/// Reads a node's metrics. Each sample by its name and labels; a histogram by its count.
async fn metrics(port: u16) -> BTreeMap<String, f64> {
    let answer = Question::get(&format!("http://127.0.0.1:{port}/metrics")).send(&[]).await.unwrap();
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    read(&answer.body)
}

fn read(text: &str) -> BTreeMap<String, f64> {
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#')).count();
    let mut samples = BTreeMap::new();
    let mut read = 0;
    for sample in scrape.samples {
        let mut labels: Vec<String> = sample.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        labels.sort();
        let value = match &sample.value {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => *value,
            Value::Histogram(buckets) => {
                read += buckets.len() - 1;
                let counts: Vec<f64> = buckets.iter().map(|bucket| bucket.count).collect();
                assert!(counts.is_sorted(), "{} {counts:?}", sample.metric);
                assert!(buckets.last().unwrap().less_than.is_infinite(), "{}", sample.metric);
                *counts.last().unwrap()
            }
            Value::Summary(_) => panic!("nothing here is a summary"),
        };
        read += 1;
        let name = if labels.is_empty() { sample.metric } else { format!("{}{{{}}}", sample.metric, labels.join(",")) };
        assert!(samples.insert(name.clone(), value).is_none(), "{name} stands there twice");
    }
    assert_eq!(read, lines, "every line was read:\n{text}");
    samples
}

/// The equation as the ledger has it, in the command's own words.
fn ledger(provider: &Provider) -> BTreeMap<String, f64> {
    let said = provider.says(&["notice", "list"]);
    let line = said.lines().find(|line| line.starts_with("created ")).unwrap();
    let words: Vec<&str> = line.split([' ', '=', '+']).filter(|word| !word.is_empty()).collect();
    words.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].parse().unwrap())).collect()
}

/// That a node's figures are the ledger's, and add up.
fn agree(seen: &BTreeMap<String, f64>, ledger: &BTreeMap<String, f64>) {
    let states = ["delivered", "refused", "parked", "pending", "withdrawn"];
    let of = |state: &str| seen[&format!("ostiary_notices{{state={state}}}")];
    for state in states {
        assert!((of(state) - ledger[state]).abs() < 0.5, "{state}: {seen:#?} {ledger:?}");
    }
    let sum: f64 = states.into_iter().map(of).sum();
    assert!((seen["ostiary_notices_created_total"] - sum).abs() < 0.5 && sum >= 1.0, "{seen:#?}");
}

/// One relying party for each way a notice can go, and a session that ended at all of them.
async fn ended_everywhere(provider: &Provider) -> Vec<RelyingParty> {
    let mut browser = Browser::new(provider);
    let mut parties = Vec::new();
    for status in [200, 400, 404, 503] {
        let party = RelyingParty::first_party(provider, &format!("RP {status}")).await;
        party.always(Reply::Status(status));
        let begun = party.begin(provider);
        let page = browser.open(&begun.url()).await;
        let page = match page.has_form("login-form") {
            true => browser.sign_in(&page, ADA.0, ADA.1).await,
            false => page,
        };
        party.complete(provider, &begun, &page).await;
        parties.push(party);
    }
    provider.cli(&["session", "end", "--user", "ada"]).await;
    settles(provider, &["delivered", "parked", "pending", "refused"], SOON).await;
    parties
}

/// Metrics of a node once they are no older than what they are compared with.
async fn fresh(port: u16, pending: f64) -> BTreeMap<String, f64> {
    eventually("the figures are fresh", SOON, async || {
        let seen = metrics(port).await;
        ((seen["ostiary_notices{state=pending}"] - pending).abs() < 0.5).then_some(seen)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_agree_with_the_ledger_and_survive_a_restart() {
    let port = free_port();
    let mut provider = with_ada(plan().set(&format!("metrics.listen = \"127.0.0.1:{port}\""))).await;
    let mut browser = Browser::new(&provider);
    let parties = ended_everywhere(&provider).await;
    let begun = parties[0].begin(&provider);
    let page = browser.open(&begun.url()).await;
    browser.sign_in(&page, ADA.0, "not her password").await;
    provider.post("/token", &[("grant_type", "client_credentials"), ("client_id", "nobody")]).await;
    let seen = fresh(port, 1.0).await;
    agree(&seen, &ledger(&provider));
    let is = |name: &str, least: f64, most: f64| {
        let value = seen.get(name).copied().unwrap_or_else(|| panic!("no {name} in {seen:#?}"));
        assert!((least..=most).contains(&value), "{name} is {value}");
    };
    is("ostiary_sign_ins_total{outcome=done}", 1.0, 1.0);
    is("ostiary_sign_ins_total{outcome=wrong}", 1.0, 1.0);
    is("ostiary_refusals_total{code=invalid_client}", 1.0, 1.0);
    is("ostiary_http_requests_total{endpoint=/token,status=401}", 1.0, 1.0);
    is("ostiary_http_requests_total{endpoint=/token,status=200}", 4.0, 4.0);
    is("ostiary_http_request_seconds{endpoint=/token}", 5.0, 5.0);
    is("ostiary_courier_attempts_total{result=delivered}", 1.0, 1.0);
    is("ostiary_courier_attempts_total{result=parked}", 1.0, 1.0);
    is("ostiary_courier_attempts_total{result=refused}", 1.0, 1.0);
    is("ostiary_courier_attempts_total{result=later}", 1.0, 100.0);
    is("ostiary_outbound_requests_total{outcome=2xx}", 1.0, 1.0);
    is("ostiary_outbound_requests_total{outcome=5xx}", 1.0, 100.0);
    is("ostiary_logout_first_delivery_seconds", 1.0, 1.0);
    is("ostiary_logout_last_delivery_seconds", 0.0, 0.0);
    is("ostiary_notices_oldest_pending_seconds", 0.001, 60.0);
    is("ostiary_database_up", 1.0, 1.0);
    is("ostiary_courier_places", 64.0, 64.0);
    is("ostiary_database_wait_seconds", 10.0, 1e6);
    is("process_resident_memory_bytes", 5e6, 1e9);
    // The last one answers: then the ending has a last delivery.
    parties[3].always(Reply::Status(200));
    settles(&provider, &["delivered", "delivered", "parked", "refused"], SOON).await;
    let seen = fresh(port, 0.0).await;
    agree(&seen, &ledger(&provider));
    assert!((seen["ostiary_logout_last_delivery_seconds"] - 1.0).abs() < 0.5, "{seen:#?}");
    assert!(seen["ostiary_notices_oldest_pending_seconds"].abs() < 0.001);
    provider.kill();
    provider.start().await;
    let again = fresh(port, 0.0).await;
    agree(&again, &ledger(&provider));
    assert!(again["ostiary_sign_ins_total{outcome=done}"].abs() < 0.5, "the process began anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_node_tells_the_same_of_the_ledger() {
    let Some(database) = testkit::postgres::fresh_database().await else { return };
    let (port, other) = (free_port(), free_port());
    let plan = plan().database(&database).set(&format!("metrics.listen = \"127.0.0.1:{port}\""));
    let provider = with_ada(plan).await;
    let mut second = provider.another_node(&[("OSTIARY_METRICS__LISTEN", &format!("127.0.0.1:{other}"))]);
    second.start().await;
    // One reads before anything has happened, one after.
    metrics(port).await;
    ended_everywhere(&provider).await;
    for port in [port, other] {
        agree(&fresh(port, 1.0).await, &ledger(&provider));
    }
}

/// People reach the issuer's listener; what is told of them is not told there, nor anywhere unless it is asked for.
#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_not_where_people_are() {
    let port = free_port();
    let walk = signed_in(plan().set(&format!("metrics.listen = \"127.0.0.1:{port}\""))).await;
    assert_eq!(walk.provider.get("/metrics").await.unwrap().status, 404);
    let there = async |path: &str| Question::get(&format!("http://127.0.0.1:{port}{path}")).send(&[]).await.unwrap();
    let text = there("/metrics").await.body;
    for secret in ["ada@", walk.one.client_id.as_str(), walk.at_one.claim("sid")] {
        assert!(!text.contains(secret), "{secret} stands in\n{text}");
    }
    assert_eq!(there("/token").await.status, 404);
    let said = walk.provider.runs(&["config", "check"]).await;
    assert_eq!(said.0, Some(0), "{said:?}");
}
