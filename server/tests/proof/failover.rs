//! Three nodes over a PostgreSQL that has a synchronous standby: a node is paused in the middle of its attempts for longer
//! than their leases, a node is killed, the primary is lost while people are signed out, and the standby takes its place
//! (`logout.md` §8.2, issue 4 "Bad input").
//!
//! Invariant: what was answered had been committed, and what was committed is told.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::pair::Pair;
use testkit::{Browser, Provider, RelyingParty, Reply};

use super::report::Failover;
use super::world::{PASSWORD, plan};

/// Relying parties.
const PARTIES: usize = 3;

/// A lease, and some more.
const LONGER_THAN_A_LEASE: Duration = Duration::from_secs(80);

/// Whether the standby has what was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standby {
    /// `synchronous_standby_names` is set.
    Synchronous,
    /// It is not, and the standby hears nothing: what the harness must notice.
    Deaf,
}

struct Stage {
    pair: Pair,
    nodes: Vec<Provider>,
    parties: Vec<RelyingParty>,
    problems: Vec<String>,
}

/// Signs so many people in and out over all that. `None` where there is no PostgreSQL.
pub(crate) async fn prove(people: usize, standby: Standby) -> Option<Failover> {
    let began = Instant::now();
    let pair = Pair::start().await?;
    if standby == Standby::Synchronous {
        pair.synchronous().await;
    }
    let mut stage = Stage::begin(pair).await;
    for number in 0..people {
        stage.sign_in(&format!("person{number}")).await;
    }
    let paused = people / 3;
    stage.pause(0..paused).await;
    stage.fail_over(paused..people, standby).await;
    stage.until_nothing_waits().await;
    let mut report = stage.count().await;
    report.seconds = began.elapsed().as_secs();
    Some(report)
}

impl Stage {
    async fn begin(pair: Pair) -> Self {
        let first = plan().database(&pair.url()).start().await;
        let mut nodes = vec![first];
        for _ in 0..2 {
            let node = nodes[0].second_node().await;
            nodes.push(node);
        }
        let mut parties = Vec::new();
        for number in 0..PARTIES {
            parties.push(RelyingParty::first_party(&nodes[0], &format!("Party {number}")).await);
        }
        Self { pair, nodes, parties, problems: Vec::new() }
    }

    async fn sign_in(&self, name: &str) {
        let node = &self.nodes[0];
        node.user(name, PASSWORD).await;
        let mut browser = Browser::new(node);
        for party in &self.parties {
            let begun = party.begin(node);
            let page = browser.open(&begun.url()).await;
            let page = browser.through(page, name, PASSWORD).await;
            party.complete(node, &begun, &page).await;
        }
    }

    /// Ends a person's sessions; again and again, until it is answered.
    async fn sign_out(&self, name: &str) {
        let began = Instant::now();
        while let Err(problem) = self.nodes[0].try_cli("", &["session", "end", "--user", name]).await {
            assert!(began.elapsed() < Duration::from_mins(2), "{name} cannot be signed out: {problem}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Every node is stopped while relying parties think about what they were told; two of them go on at once, one when
    /// others have long taken over what it had leased.
    async fn pause(&mut self, people: std::ops::Range<usize>) {
        for party in &self.parties {
            party.always(Reply::Late(Duration::from_secs(3), 200));
        }
        let amount = people.len() * PARTIES;
        for number in people {
            self.sign_out(&format!("person{number}")).await;
        }
        let began = Instant::now();
        while self.heard() == 0 && began.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.nodes.iter().for_each(|node| node.signal("STOP"));
        tokio::time::sleep(Duration::from_millis(500)).await;
        self.nodes[1..].iter().for_each(|node| node.signal("CONT"));
        for party in &self.parties {
            party.always(Reply::Status(200));
        }
        tokio::time::sleep(LONGER_THAN_A_LEASE).await;
        self.nodes[0].signal("CONT");
        tokio::time::sleep(Duration::from_secs(5)).await;
        let delivered = self.number("SELECT count(*) FROM outbox WHERE outcome = 'delivered'").await;
        if delivered != amount as u64 {
            self.problems.push(format!("{delivered} of {amount} were delivered while a node was paused"));
        }
    }

    /// A node is killed and the primary lost while people are signed out.
    async fn fail_over(&mut self, people: std::ops::Range<usize>, standby: Standby) {
        for party in &self.parties {
            party.always(Reply::Late(Duration::from_millis(100), 200));
        }
        if standby == Standby::Deaf {
            self.pair.part();
        }
        let middle = people.start + people.len() / 2;
        for number in people.clone() {
            if number == middle {
                self.nodes[2].kill();
                self.pair.lose_the_primary();
                tokio::time::sleep(Duration::from_secs(1)).await;
                self.pair.promote().await;
            }
            self.sign_out(&format!("person{number}")).await;
        }
    }

    async fn until_nothing_waits(&mut self) {
        let began = Instant::now();
        loop {
            let waiting = self.number("SELECT count(*) FROM outbox WHERE settled_at IS NULL").await;
            if waiting == 0 {
                return;
            }
            if began.elapsed() > Duration::from_mins(3) {
                self.problems.push(format!("{waiting} notices wait"));
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// What relying parties received against what the ledger says; everybody was signed out, and told so.
    async fn count(mut self) -> Failover {
        let mut heard: HashMap<String, u64> = HashMap::new();
        for told in self.parties.iter().flat_map(RelyingParty::heard) {
            let sid = told.claims.get("sid").and_then(Value::as_str).unwrap_or_default();
            *heard.entry(sid.to_owned()).or_default() += 1;
        }
        let stays = testkit::postgres::rows(&self.pair.url(), "SELECT sid FROM participation").await;
        let stays: Vec<String> = stays.into_iter().flatten().flatten().collect();
        let missing = stays.iter().filter(|sid| !heard.contains_key(*sid)).count() as u64;
        let again = heard.values().filter(|times| **times > 1).count() as u64;
        let live = self.number("SELECT count(*) FROM session WHERE ended_at IS NULL").await;
        let delivered = self.number("SELECT count(*) FROM outbox WHERE outcome = 'delivered'").await;
        let created = self.number("SELECT count(*) FROM outbox").await;
        if missing > 0 {
            self.problems.push(format!("missing: {missing}"));
        }
        if live > 0 {
            self.problems.push(format!("{live} sessions live of which it was said that they have ended"));
        }
        if (created, delivered) != (stays.len() as u64, stays.len() as u64) {
            self.problems.push(format!("{created} notices, {delivered} delivered, of {} stays", stays.len()));
        }
        Failover { stays: stays.len() as u64, created, delivered, missing, again, seconds: 0, problems: self.problems }
    }

    fn heard(&self) -> usize {
        self.parties.iter().map(|party| party.heard().len()).sum()
    }

    async fn number(&self, question: &str) -> u64 {
        let rows = testkit::postgres::rows(&self.pair.url(), question).await;
        rows.first().and_then(|row| row.first()?.as_ref()?.parse().ok()).unwrap_or_default()
    }
}
