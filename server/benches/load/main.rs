//! The load bench: starts the release binary, drives it from outside over HTTP, and prints what each unit of work costs.
//!
//! `cargo xtask bench`, or `cargo bench -p ostiary --bench load -- [UNITS [PART OF A TITLE]]`, or `… -- logouts [PARTIES
//! [SESSIONS]]`. At the end the database is
//! filled with fifty clients for each unit, a million of them by default, and the sign-on is measured again. Costs are the server's own processor time, read from the
//! operating system, so that the driver beside it does not count. Everything is compared with a bare axum route and with
//! raw signatures measured in the same run: machines differ and are noisy, ratios hold.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod assertion;
mod bare;
mod crowd;
mod doors;
mod ground;
mod logouts;
mod measure;
mod wire;
mod work;

use std::collections::HashMap;
use std::error::Error;
use std::time::Instant;

use jose::{JwsAlg, SigningKey};
use measure::{Figures, raw_signature, raw_verification};
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
    if first.as_deref() == Some("logouts") {
        let mut number = |usual: usize| arguments.next().map_or(Ok(usual), |text| text.parse());
        let (parties, sessions) = (number(1_000)?, number(100_000)?);
        return tokio::runtime::Runtime::new()?.block_on(async {
            let mut provider = ground::Provider::begin()?;
            provider.sign_in_everybody().await?;
            logouts::run(&mut provider, parties, sessions).await?;
            provider.end()
        });
    }
    let units = first.map_or(Ok(20_000), |text| text.parse())?;
    let only = arguments.next().unwrap_or_default();
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(run(units, &only))
}

async fn run(units: usize, only: &str) -> Result<(), Broken> {
    println!("{units} units of each work over {LINES} keep-alive connections\n");
    let mut signature = 0.0;
    for alg in [JwsAlg::Rs256, JwsAlg::Es256] {
        signature = raw_signature(&SigningKey::generate(alg, "bench")?)?;
        println!("one raw {alg} signature: {signature:.3} ms");
    }
    let verification = raw_verification(assertion::key()?)?;
    println!("one raw ES256 verification: {verification:.3} ms");
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
    let mut by_title = HashMap::new();
    for (title, work, floor) in Work::all().into_iter().filter(|(title, ..)| title.contains(only)) {
        let units = if matches!(work, Work::Registration) { units / 20 } else { units };
        let figures = measure::measure(provider.process(), &work, provider.holdings(), units).await?;
        println!("{}", figures.line(title, floor.map(|place| &floors[place])));
        by_title.insert(title, figures);
    }
    println!("\nresident after all of it: {:.1} MiB", provider.process().resident_mib()?);
    if let (Some(basic), Some(keyed)) = (by_title.get(BASIC), by_title.get(KEYED)) {
        let beyond = keyed.beyond(basic);
        println!("private_key_jwt costs {beyond:.3} ms more than basic; one raw verification {verification:.3} ms");
    }
    if let Some(exchange) = by_title.get(EXCHANGE) {
        // The ID Token that is issued, and the one that is presented.
        let beyond = exchange.cpu_ms() - signature - verification;
        println!("an exchange costs {beyond:.3} ms beside its signature and its verification; the aim is 0.25 at most");
    }
    if ALONE.contains(only) {
        crowded(&mut provider, units).await?;
    }
    provider.end()
}

/// The titles of two works that are compared.
const BASIC: &str = "client_credentials";
const KEYED: &str = "client_credentials, private_key_jwt ES256";

/// The title of what is held against its signatures.
const EXCHANGE: &str = "Native SSO exchange, ID Token ES256";

/// The work that is measured alone and among very many clients.
const ALONE: &str = "sign-on, ID Token ES256";

/// A sign-on among very many clients, beside the same without them, both just started.
async fn crowded(provider: &mut ground::Provider, units: usize) -> Result<(), Broken> {
    let work = Work::SignOn { client: ground::ES256 };
    provider.restart().await?;
    let alone = measure::measure(provider.process(), &work, provider.holdings(), units).await?;
    let clients = units * 50;
    let began = Instant::now();
    let ready = provider.crowd(clients).await?;
    println!(
        "\n{clients} more clients, in {:.0} s; ready among them after {ready:.0} ms\n",
        began.elapsed().as_secs_f64()
    );
    let among = measure::measure(provider.process(), &work, provider.holdings(), units).await?;
    println!("{}", Figures::HEAD);
    println!("{}", alone.line("sign-on, ID Token ES256, alone", None));
    println!("{}", among.line("sign-on, ID Token ES256, among them", None));
    println!("\na sign-on costs {:+.1} % among {clients} clients", among.percent_beyond(&alone));
    Ok(())
}
