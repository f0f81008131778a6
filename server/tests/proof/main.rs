//! The proof of `logout.md` §8: random session graphs, processes that die at every step, relying parties that answer in
//! every way, and afterwards what they received against what the ledger says.
//!
//! `cargo xtask proof [--graphs N] [--postgres N] [--expire N] [--seed N] [--from N] [--worlds N] [--failover PEOPLE]
//! [--binary PATH] [--break row|post|standby]`
//!
//! Invariant: a promise counts as kept because a relying party received it, never because the ledger says so.
#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a harness says what it sees")]

mod batch;
mod crowd;
mod data;
mod dice;
mod failover;
mod graph;
mod report;
mod verdict;
mod walk;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use batch::{Break, Line};
use failover::Standby;
use graph::{Graph, PEOPLE, Shots};
use report::{Part, Report};
use tokio::runtime::Handle;
use verdict::Tally;
use world::World;

/// Graphs in one batch, and people for them.
const BATCH: u64 = 20;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    seed: u64,
    from: u64,
    graphs: u64,
    postgres: u64,
    expire: u64,
    worlds: u64,
    failover: u64,
    broken: Break,
}

fn read(arguments: &[String]) -> Result<Wanted, String> {
    let since = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs());
    let mut wanted = Wanted {
        seed: since,
        from: 0,
        graphs: 1_000,
        postgres: 40,
        expire: 2_000,
        worlds: 4,
        failover: 12,
        broken: Break::Nothing,
    };
    let mut words = arguments.iter().map(String::as_str);
    while let Some(name) = words.next() {
        let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
        if name == "--binary" {
            let path = std::path::absolute(value).map_err(|error| error.to_string())?;
            world::prove(path);
            continue;
        }
        if name == "--break" {
            wanted.broken = match value {
                "row" => Break::Row,
                "post" => Break::Post,
                "standby" => Break::Standby,
                _ => return Err(format!("--break row, post or standby, not {value}")),
            };
            continue;
        }
        let number: u64 = value.parse().map_err(|_| format!("{name} {value}: a number is wanted"))?;
        match name {
            "--seed" => wanted.seed = number,
            "--from" => wanted.from = number,
            "--graphs" => wanted.graphs = number,
            "--postgres" => wanted.postgres = number,
            "--expire" => wanted.expire = number,
            "--failover" => wanted.failover = number,
            "--worlds" => wanted.worlds = number.max(1),
            _ => return Err(format!("there is no {name}")),
        }
    }
    Ok(wanted)
}

fn main() -> ExitCode {
    verdict::prove_that_it_can_fail();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // Among all the other tests it says that it is there and can fail.
    if arguments.first().is_none_or(|first| first != "prove") {
        println!("test result: ok. 1 passed; 0 failed; the rest is `cargo xtask proof`");
        return ExitCode::SUCCESS;
    }
    let wanted = match read(&arguments[1..]) {
        Ok(wanted) => wanted,
        Err(problem) => {
            println!("{problem}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let report = runtime.block_on(run(wanted));
    runtime.shutdown_timeout(Duration::from_secs(1));
    println!("\n{}", report.summary());
    println!("{}", report.write());
    if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn run(wanted: Wanted) -> Report {
    println!(
        "seed {}: {} graphs on SQLite, {} on PostgreSQL with two nodes, {} sessions expire in one minute",
        wanted.seed, wanted.graphs, wanted.postgres, wanted.expire
    );
    let mut report = Report::new(wanted.seed);
    if wanted.graphs > 0 {
        report.add(on_sqlite(wanted).await);
    }
    if wanted.postgres > 0
        && let Some(part) = on_postgres(wanted).await
    {
        report.add(part);
    }
    if wanted.expire > 0 {
        report.crowd(crowd::expire(wanted.expire).await);
    }
    let people = usize::try_from(wanted.failover).unwrap_or_default();
    let standby = if wanted.broken == Break::Standby { Standby::Deaf } else { Standby::Synchronous };
    if people > 0
        && let Some(failover) = failover::prove(people, standby).await
    {
        report.failover(failover);
    }
    report
}

/// Worlds side by side: most of a batch is waiting for back-off and deadlines.
async fn on_sqlite(wanted: Wanted) -> Part {
    let next = Arc::new(AtomicU64::new(wanted.from));
    let end = wanted.from + wanted.graphs;
    let batches = wanted.graphs.div_ceil(BATCH);
    let size = wanted.graphs.div_ceil(batches.max(wanted.worlds)).clamp(1, BATCH);
    let began = Instant::now();
    let mut worlds = tokio::task::JoinSet::new();
    for _ in 0..wanted.worlds.min(wanted.graphs.div_ceil(size)) {
        let next = Arc::clone(&next);
        // A thread for each: a world is nobody else's.
        worlds.spawn_blocking(move || {
            Handle::current().block_on(async move {
                let mut world = World::on_sqlite(usize::try_from(size).unwrap() * PEOPLE).await;
                let mut lines = Vec::new();
                loop {
                    let first = next.fetch_add(size, Ordering::Relaxed);
                    if first >= end {
                        return finish("SQLite", &mut world, lines).await;
                    }
                    let numbers = first..(first + size).min(end);
                    let graphs = numbers.map(|n| Graph::draw(wanted.seed, n, Shots::Everywhere)).collect();
                    let broken = if first == wanted.from { wanted.broken } else { Break::Nothing };
                    let walked = batch::walk(&mut world, graphs, Duration::from_secs(90), broken).await;
                    progress(&walked, began);
                    lines.extend(walked);
                }
            })
        });
    }
    let mut part = Part::new("SQLite");
    while let Some(done) = worlds.join_next().await {
        match done {
            Ok(other) => part.merge(other),
            Err(error) => part.problems.push(format!("a world fell apart: {error}")),
        }
    }
    part.seconds = began.elapsed().as_secs();
    part
}

async fn on_postgres(wanted: Wanted) -> Option<Part> {
    let began = Instant::now();
    // What a dead node had leased comes again after 75 s: a short run leaves those shots out.
    let shots = if wanted.postgres >= 40 { Shots::Everywhere } else { Shots::NotAtPosts };
    let size = wanted.postgres.min(60);
    let mut world = World::on_postgres(usize::try_from(size).unwrap() * PEOPLE).await?;
    let (mut lines, mut first) = (Vec::new(), wanted.from);
    while first < wanted.from + wanted.postgres {
        let numbers = first..(first + size).min(wanted.from + wanted.postgres);
        let graphs = numbers.map(|n| Graph::draw(wanted.seed.wrapping_add(1), n, shots)).collect();
        let walked = batch::walk(&mut world, graphs, Duration::from_mins(4), Break::Nothing).await;
        progress(&walked, began);
        lines.extend(walked);
        first += size;
    }
    let mut part = finish("PostgreSQL, two nodes", &mut world, lines).await;
    part.seconds = began.elapsed().as_secs();
    Some(part)
}

fn progress(lines: &[Line], began: Instant) {
    let mut sum = Tally::default();
    for line in lines {
        println!(
            "graph {:>4} {:<16} {:>2} stays: {}",
            line.number,
            format!("{:?}", line.cause),
            line.stays,
            line.tally.equation()
        );
        for problem in &line.tally.problems {
            println!("           PROBLEM {problem}");
        }
        sum.add(&line.tally);
    }
    println!(
        "  {:>4} s, {} graphs: {}; missing: {}",
        began.elapsed().as_secs(),
        lines.len(),
        sum.equation(),
        sum.missing
    );
}

/// The world's own books are closed: what the program says in total against what was counted graph by graph.
async fn finish(name: &'static str, world: &mut World, lines: Vec<Line>) -> Part {
    world.revive().await;
    let mut part = Part::new(name);
    let mut sum = Tally::default();
    for line in &lines {
        sum.add(&line.tally);
    }
    let said = world.nodes[0].says(&["notice", "list", "--limit", "1"]);
    if !said.contains(&sum.equation()) {
        let line = said.lines().find(|line| line.starts_with("created")).unwrap_or_default();
        part.problems.push(format!("`ostiary notice list` says {line:?}, counted were {}", sum.equation()));
    }
    let told = world.data.number("SELECT sum(told) FROM ending").await;
    if told != sum.created {
        part.problems.push(format!("the endings promised {told} notices, {} were counted", sum.created));
    }
    part.steps = std::mem::take(&mut world.steps);
    part.lines = lines;
    part
}
