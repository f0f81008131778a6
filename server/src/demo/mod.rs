//! `ostiary demo`: a provider, a person and two relying parties on this machine, from one command.
//!
//! Invariant: the relying parties know of the provider what any relying party knows, its issuer and their registration;
//! everything else they ask by HTTP. Nothing is left behind.

mod ground;
mod guide;
mod ports;
mod rp;

use clap::Args;
use serde_json::json;
use tokio::sync::watch;

use crate::cli::{Failed, Out};
use crate::serve;
use ground::Ground;
use ports::Ports;

/// `ostiary demo`.
#[derive(Args, Debug)]
pub struct DemoArguments {
    /// The provider's port; the next three are the relying parties' and the guide's. Without it, 8080 or the first that is
    /// free with its neighbours; 0 takes any four.
    #[arg(long)]
    pub port: Option<u16>,
}

/// Runs it until it is told to stop.
pub async fn run(arguments: DemoArguments, out: &Out) -> Result<(), Failed> {
    let ports = Ports::find(arguments.port)?;
    let ground = Ground::lay(&ports).await?;
    crate::logging::start(&ground.op.config().log);
    let (tell, told) = watch::channel(());
    let [one, two, guide] = ports.sites()?;
    let sites = [
        tokio::spawn(rp::serve(one, ground.site(&rp::ONE, &ports)?, told.clone())),
        tokio::spawn(rp::serve(two, ground.site(&rp::TWO, &ports)?, told.clone())),
        tokio::spawn(guide::serve(guide, ground.guide(&ports), told)),
    ];
    let served = serve::run(ground.op.clone(), |_| introduce(&ground, &ports, out)).await;
    // The relying parties outlive the provider: what it was still telling them arrives.
    drop(tell);
    for site in sites {
        let _ = site.await;
    }
    served?;
    out.hint("\nThe demo has ended; nothing is left of it.");
    Ok(())
}

/// This program, as a terminal finds it: it need not be on anybody's path.
fn program() -> String {
    std::env::current_exe().map_or_else(|_| "ostiary".to_owned(), |path| path.display().to_string())
}

fn introduce(ground: &Ground, ports: &Ports, out: &Out) {
    let (issuer, guide) = (ports.issuer(), Ports::origin(ports.guide));
    let (one, two) = (Ports::origin(ports.one), Ports::origin(ports.two));
    let config = ground.config_file();
    let answer = json!({
        "issuer": issuer, "guide": guide, "relying_parties": [one, two], "config": config,
        "username": ground::USERNAME, "password": ground.password,
    });
    out.answer(&answer, |out| {
        out.line(&format!("Issuer     {issuer}"));
        out.line(&format!("Person     {}   password  {}", ground::USERNAME, ground.password));
        out.line(&format!("Sites      {}  {one}\n           {}  {two}", rp::ONE.name, rp::TWO.name));
        out.line(&format!("\nOpen       {guide}   both sites side by side, and what to try:\n"));
        out.line(&format!("  1. Sign in at {}: a password, and what the site may know.", rp::ONE.name));
        out.line(&format!("  2. Sign in at {}: no password any more.", rp::TWO.name));
        out.line("  3. Sign out at one of them, and watch both being told.");
        out.line("  4. Again, with one of them pretending to be down: it is told when it is back.");
        out.line("\nThe provider's own view, from another terminal:\n");
        out.line(&format!("  {} --config {} notice list\n", program(), config.display()));
        if ports.moved {
            out.line(&format!(
                "Port 8080 is taken or has taken neighbours, so it is {}; `--port` chooses.",
                ports.provider
            ));
        }
        out.line("Ctrl-C ends it, and nothing is kept.");
    });
}
