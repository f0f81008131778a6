//! The command line, made for people: says what to do next, says how to mend what is wrong, and speaks JSON to machines.
//!
//! Invariant: a command works on the database itself, beside a running server, which notices within a second; what changed
//! state leaves a line in the audit trail, and what changed nothing leaves none.

mod api;
mod claim_source;
mod claims;
mod client;
mod declared;
mod doctor;
mod exchange;
mod forge;
mod init;
mod native_sso;
mod notice;
mod operator;
mod out;
mod par;
mod registration;
mod resource;
mod rp;
mod session;
mod subject;
mod tend;
mod user;

use std::ffi::OsString;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use store::audit::Entry;
use store::{Stop, Tx};

use crate::config::Config;
use crate::listen::Bound;
use crate::op::Op;
use crate::serve;
pub use out::{Failed, Out};

/// An OpenID Provider that signs people in, and can prove that it signed them out.
#[derive(Parser, Debug)]
#[command(name = "ostiary", version, about, max_term_width = 100)]
struct Arguments {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        env = "OSTIARY_CONFIG",
        default_value = "ostiary.toml",
        value_name = "FILE",
        display_order = 900
    )]
    config: PathBuf,
    /// Print JSON, for machines.
    #[arg(long, global = true, display_order = 901)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// A provider, a person and two relying parties on this machine, to try it out. Nothing is kept.
    Demo(crate::demo::DemoArguments),
    /// Write a configuration and a key-encryption secret, and say what to do next.
    Init(init::InitArguments),
    /// Run the server.
    Serve,
    /// People.
    #[command(subcommand)]
    User(user::UserCommand),
    /// Relying parties.
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Clients that register themselves.
    #[command(subcommand)]
    Registration(registration::RegistrationCommand),
    /// Whether authorization requests must be pushed (RFC 9126), whoever makes them.
    #[command(subcommand)]
    Par(par::ParCommand),
    /// Resource servers: the APIs that access tokens are for.
    #[command(subcommand)]
    Resource(resource::ResourceCommand),
    /// Scopes of your own: names for sets of claims.
    #[command(subcommand)]
    Scope(declared::ScopeCommand),
    /// Claims of your own, what people call them, and the languages claims are kept in.
    #[command(subcommand)]
    Claim(declared::ClaimCommand),
    /// Claims providers: aggregated and distributed claims.
    #[command(subcommand)]
    ClaimSource(claim_source::SourceCommand),
    /// Single-sign-on sessions.
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Token exchange: who may exchange what for which audience and scope.
    #[command(subcommand)]
    Exchange(exchange::ExchangeCommand),
    /// Apps of one vendor on one device that share a sign-in: whether that is offered, and which share one.
    NativeSso {
        /// Decides it; without it, says how it stands.
        wanted: Option<native_sso::WantedNativeSso>,
    },
    /// Logout notices and letters: who was told, who will be, who could not be.
    #[command(subcommand)]
    Notice(notice::NoticeCommand),
    /// The operator's API: who may call it.
    #[command(subcommand)]
    Api(api::ApiCommand),
    /// A test kit for relying parties: do they check the logout tokens they are sent?
    #[command(subcommand)]
    Rp(rp::RpCommand),
    /// Signing keys.
    #[command(subcommand)]
    Key(tend::KeyCommand),
    /// Who did what, and when.
    Audit(tend::AuditArguments),
    /// Copy a SQLite database to a new file while it is in use.
    Backup(tend::BackupArguments),
    /// Look for what is wrong, and say how to mend it.
    Doctor,
    /// The configuration.
    #[command(subcommand)]
    Config(init::ConfigCommand),
}

/// Runs one command. Exit status 0: done; 1: a problem; 2: the command line was not understood.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let out = Out::new(arguments.json);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            out.problem(&format!("the threads could not be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(run(arguments, &out));
    // Threads that still hash or wait are not waited for.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match done {
        Ok(code) => code,
        Err(failed) => {
            out.problem(&failed.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments, out: &Out) -> Result<ExitCode, Failed> {
    let file = arguments.config;
    match arguments.command {
        Command::Demo(demo) => crate::demo::run(demo, out).await?,
        Command::Init(init) => init::init(&init, &file, out)?,
        Command::Serve => serve(&file, out).await?,
        Command::User(command) => user::run(command, &open(&file).await?, out).await?,
        Command::Client(command) => client::run(command, &open(&file).await?, out).await?,
        Command::Registration(command) => registration::run(command, &open(&file).await?, out).await?,
        Command::Par(command) => par::run(command, &open(&file).await?, out).await?,
        Command::Resource(command) => resource::run(command, &open(&file).await?, out).await?,
        Command::Scope(command) => declared::scopes(command, &open(&file).await?, out).await?,
        Command::Claim(command) => declared::claims(command, &open(&file).await?, out).await?,
        Command::ClaimSource(command) => claim_source::run(command, &open(&file).await?, out).await?,
        Command::Session(command) => session::sessions(command, &open(&file).await?, out).await?,
        Command::Exchange(command) => exchange::run(command, &open(&file).await?, out).await?,
        Command::NativeSso { wanted } => native_sso::native_sso(wanted, &open(&file).await?, out).await?,
        Command::Notice(command) => notice::notices(command, &open(&file).await?, out).await?,
        Command::Api(command) => api::run(command, &open(&file).await?, out).await?,
        Command::Rp(command) => return rp::rp(command, &open(&file).await?, out).await,
        Command::Key(command) => tend::keys(command, &serve::open_to_mend(load(&file)?).await?, out).await?,
        Command::Audit(audit) => tend::audit(&audit, &open(&file).await?, out).await?,
        Command::Backup(backup) => tend::backup(&backup, &open(&file).await?, out).await?,
        Command::Doctor => return doctor::doctor(&file, out).await,
        Command::Config(command) => init::config(&command, &file, out)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The configuration, as every command reads it.
fn load(file: &Path) -> Result<Config, Failed> {
    Ok(Config::load(file, std::env::vars())?)
}

async fn open(file: &Path) -> Result<Op, Failed> {
    Ok(serve::open(load(file)?).await?)
}

async fn serve(file: &Path, out: &Out) -> Result<(), Failed> {
    let config = load(file)?;
    crate::logging::start(&config.log);
    let issuer = config.issuer.as_str().to_owned();
    let op = serve::open(config).await?;
    serve::run(op, |bound| {
        for Bound { address, scheme } in bound {
            out.line(&format!("listening on {scheme}://{address}"));
        }
        tracing::info!(issuer, "ready");
    })
    .await?;
    Ok(())
}

/// Makes a change and writes its line in the audit trail, in one transaction. `None`: it changed nothing, and there is no
/// line.
async fn change<T, F>(op: &Op, action: &str, subject: &str, work: F) -> Result<Option<T>, Failed>
where
    F: AsyncFn(&mut Tx, &mut Entry) -> Result<Option<T>, Stop> + Send + 'static,
    T: Send + 'static,
{
    let entry = op.line(&actor(), action, subject);
    let changed = op.store().write(async move |tx| {
        let mut line = entry.clone();
        let changed = work(tx, &mut line).await?;
        if changed.is_some() {
            tx.note(&line).await?;
        }
        Ok(changed)
    });
    Ok(changed.await?)
}

/// Who works on the command line, for the audit trail.
fn actor() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    // Under cron and the like nobody is named, but somebody it is.
    let number = || std::fs::metadata("/proc/self").map(|process| format!("uid {}", process.uid())).ok();
    format!("cli:{}", named.or_else(number).unwrap_or_else(|| "unknown".into()))
}
