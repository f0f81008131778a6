//! Very many sessions expire at once: bounded memory, a bounded number of requests to each address, every one accounted
//! for (`logout.md` §8).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::http::Question;
use testkit::{Browser, Reply};

use super::data::Data;
use super::report::Crowd;
use super::world::{PASSWORD, World};

/// Relying parties that share them.
const PARTIES: usize = 4;

/// What the process may grow by, whatever the number of sessions: a batch, the notices under way, the allocator's slack.
const GROWTH_MIB: u64 = 128;

fn memory(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line)).unwrap_or_default();
    found.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// POSTs that one address has not answered, and the most there ever were.
#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// Makes so many sessions, lets them expire, and waits until everybody was told.
pub(crate) async fn expire(sessions: u64) -> Crowd {
    let world = World::on_sqlite(1).await;
    let Data::Sqlite(_) = world.data.clone() else { panic!("it is on SQLite") };
    let gauges: Vec<Arc<Gauge>> = (0..PARTIES).map(|_| Arc::default()).collect();
    for (party, gauge) in world.parties.iter().zip(&gauges) {
        let gauge = Arc::clone(gauge);
        party.inner.follows(Arc::new(move |_| {
            let now = gauge.now.fetch_add(1, Ordering::Relaxed) + 1;
            gauge.most.fetch_max(now, Ordering::Relaxed);
            let gauge = Arc::clone(&gauge);
            // Counted out before it is answered: the next one comes after that.
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(2)).await;
                gauge.now.fetch_sub(1, Ordering::Relaxed);
            });
            Reply::Late(Duration::from_millis(6), 200)
        }));
    }
    sign_in_once(&world).await;
    world.data.multiply(sessions).await;
    let pid = world.nodes[0].pid().unwrap_or_default();
    let before_mib = memory(pid, "VmRSS:");
    let began = Instant::now();
    world.data.expire_all().await;
    let mut problems = Vec::new();
    let told = until_all_is_told(&world, Duration::from_secs(120 + sessions / 20), &mut problems).await;
    let seconds = began.elapsed().as_secs();
    let (peak_mib, most_at_once) = (
        memory(pid, "VmHWM:"),
        gauges.iter().map(|gauge| gauge.most.load(Ordering::Relaxed)).max().unwrap_or_default(),
    );
    let stays: HashSet<String> = world.data.rows("SELECT sid FROM participation").await.into_iter().flatten().collect();
    let missing = stays.iter().filter(|sid| !told.contains_key(*sid)).count();
    let twice = told.values().filter(|times| **times > 1).count();
    let delivered = world.data.number("SELECT count(*) FROM outbox WHERE outcome = 'delivered'").await;
    let checks = [
        (missing == 0, format!("missing: {missing}")),
        (twice == 0, format!("{twice} were told twice")),
        (delivered == stays.len() as u64, format!("{delivered} delivered of {}", stays.len())),
        // `courier.per_host`; each party has an address of its own.
        (most_at_once <= 4, format!("{most_at_once} at once to one address")),
        (peak_mib <= before_mib + GROWTH_MIB, format!("{peak_mib} MiB after {before_mib}")),
    ];
    problems.extend(checks.into_iter().filter(|(good, _)| !good).map(|(_, problem)| problem));
    Crowd { sessions, seconds, delivered, before_mib, peak_mib, most_at_once, problems }
}

/// How often each stay was told of, once nothing waits any more.
async fn until_all_is_told(world: &World, patience: Duration, problems: &mut Vec<String>) -> HashMap<String, u64> {
    let began = Instant::now();
    let mut told: HashMap<String, u64> = HashMap::new();
    loop {
        let live = world.data.number("SELECT count(*) FROM session WHERE ended_at IS NULL").await;
        let waiting = world.data.waiting().await;
        for heard in world.parties.iter().flat_map(|party| party.inner.take_heard()) {
            let sid = heard.claims.get("sid").and_then(Value::as_str).unwrap_or_default();
            *told.entry(sid.to_owned()).or_default() += 1;
        }
        if live == 0 && waiting == 0 {
            return told;
        }
        if began.elapsed() > patience {
            problems.push(format!("{live} sessions live and {waiting} notices wait after {patience:?}"));
            return told;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// One session with a stay at each party: the pattern of all others.
async fn sign_in_once(world: &World) {
    let provider = &world.nodes[0];
    let mut browser = Browser::new(provider);
    for party in &world.parties[..PARTIES] {
        let begun = party.inner.begin(provider);
        let page = browser.open(&begun.url()).await;
        let page = browser.through(page, &world.people[0].0, PASSWORD).await;
        party.inner.complete(provider, &begun, &page).await;
    }
    let answer = world.ask(0, Question::get(&provider.url("/health"))).await;
    assert!(answer.is_ok(), "it is alive: {answer:?}");
}
