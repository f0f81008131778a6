//! The load bench: starts the release binary, drives it from outside over HTTP, and prints what each unit of work costs.
//!
//! `cargo xtask bench`, or `cargo bench -p ostiary --bench load -- [UNITS [PART OF A TITLE]]`. Costs are the server's own processor time, read from the
//! operating system, so that the driver beside it does not count. Everything is compared with a bare axum route and with
//! raw signatures measured in the same run: machines differ and are noisy, ratios hold.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod bare;
mod ground;
mod measure;
mod wire;
mod work;

use std::error::Error;

use jose::{JwsAlg, SigningKey};
use measure::{Figures, raw_signature};
use work::Work;

/// Keep-alive connections at once.
const LINES: usize = 16;

/// What may go wrong: anything, and then there are no figures.
type Broken = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Broken> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let first = arguments.next();
    if first.as_deref() == Some("bare") {
        return tokio::runtime::Runtime::new()?.block_on(bare::serve());
    }
    let units = first.map_or(Ok(20_000), |text| text.parse())?;
    let only = arguments.next().unwrap_or_default();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(units, &only))
}

async fn run(units: usize, only: &str) -> Result<(), Broken> {
    println!("{units} units of each work over {LINES} keep-alive connections\n");
    let signatures = [JwsAlg::Rs256, JwsAlg::Es256].map(|alg| {
        let key = SigningKey::generate(alg, "bench");
        key.map_err(Broken::from).and_then(|key| Ok((alg, raw_signature(&key)?)))
    });
    for signature in signatures {
        let (alg, cost) = signature?;
        println!("one raw {alg} signature: {cost:.3} ms");
    }
    let mut provider = ground::Provider::begin()?;
    provider.sign_in_everybody().await?;
    // Password hashing is not part of what follows, nor is its memory: start again, on the existing database.
    let ready = provider.restart().await?;
    println!("ready on an existing database after {ready:.0} ms\n");
    let bare = bare::Bare::start()?;
    println!("{}", Figures::HEAD);
    let sizes = [provider.discovery_size().await?, 300];
    let mut floors = Vec::new();
    for size in sizes {
        let figures = measure::measure(bare.process(), &Work::Bare { size }, &[], units).await?;
        println!("{}", figures.line(&format!("bare axum route, {size} bytes"), None));
        floors.push(figures);
    }
    for (title, work, floor) in Work::all().into_iter().filter(|(title, ..)| title.contains(only)) {
        let figures = measure::measure(provider.process(), &work, provider.holdings(), units).await?;
        println!("{}", figures.line(title, floor.map(|place| &floors[place])));
    }
    println!("\nresident after all of it: {:.1} MiB", provider.process().resident_mib()?);
    provider.end()
}
