//! Where the memory is: `sqlite:PATH` or `postgres://…`.
//!
//! Invariant: neither `Display` nor `Debug` shows a password.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::fault::{Fault, Kind};

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A SQLite file: `sqlite:PATH`.
    Sqlite(PathBuf),
    /// A PostgreSQL database: `postgres://user:password@host:port/name?sslmode=verify-full&sslrootcert=FILE`.
    Postgres(Box<Address>),
}

/// How to reach a PostgreSQL database.
#[derive(Clone)]
pub struct Address {
    pub(super) config: tokio_postgres::Config,
    pub(super) tls: Tls,
    pub(super) pool: usize,
    shown: String,
}

/// Whether the connection is encrypted.
#[derive(Clone)]
pub(super) enum Tls {
    /// The URL does not ask for it.
    Off,
    /// With a certificate for the host's name from the system's authorities, or from those in a file.
    Verified {
        /// `sslrootcert`.
        authorities: Option<PathBuf>,
    },
}

/// Connections for writing, and as many again for reading, unless the URL says `pool=N`.
const POOL: usize = 16;

impl FromStr for Location {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.starts_with(':') {
                return Err(unusable("sqlite: needs the path of a file"));
            }
            return Ok(Self::Sqlite(PathBuf::from(path)));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Address::read(text).map(|address| Self::Postgres(Box::new(address)));
        }
        Err(unusable("it begins neither with sqlite: nor with postgres://"))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(address) => f.write_str(&address.shown),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl Address {
    fn read(text: &str) -> Result<Self, Fault> {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let (mut encrypt, mut said, mut authorities, mut pool) = (false, false, None, POOL);
        let mut passed_on = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            said |= pair.starts_with("sslmode=");
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("sslmode", "disable") => encrypt = false,
                ("sslmode", "require" | "verify-ca" | "verify-full") => encrypt = true,
                ("sslmode", other) => {
                    return Err(unusable(format!("sslmode={other} is not one of disable, require, verify-full")));
                }
                ("sslrootcert", path) => authorities = Some(PathBuf::from(path)),
                ("pool", number) => {
                    let number = number.parse().ok().filter(|n| (2..=1000).contains(n));
                    pool = number.ok_or_else(|| unusable("pool is not a number from 2 to 1000"))?;
                }
                _ => passed_on.push(pair),
            }
        }
        // A bad URL's parser error does not repeat the URL, and so not its password.
        let plain = format!("{base}?{}", passed_on.join("&"));
        let mut config: tokio_postgres::Config =
            plain.parse().map_err(|error| Fault::from_error(Kind::Bug, "the database URL", error))?;
        if !said && !is_local(&config) {
            return Err(unusable(
                "the database is on another machine: add sslmode=verify-full to its URL, or sslmode=disable if \
                 everybody on the way may read along",
            ));
        }
        let tls = if encrypt { Tls::Verified { authorities } } else { Tls::Off };
        let mode =
            if encrypt { tokio_postgres::config::SslMode::Require } else { tokio_postgres::config::SslMode::Disable };
        config.ssl_mode(mode).application_name("ostiary");
        Ok(Self { config, tls, pool, shown: without_password(base) })
    }
}

/// Whether it is reached without leaving this machine.
fn is_local(config: &tokio_postgres::Config) -> bool {
    let loopback = |host: &str| host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    let named = config.get_hosts().iter().all(|host| match host {
        tokio_postgres::config::Host::Tcp(host) => loopback(host),
        tokio_postgres::config::Host::Unix(_) => true,
    });
    let numbered = config.get_hostaddrs();
    if numbered.is_empty() { named } else { numbered.iter().all(std::net::IpAddr::is_loopback) }
}

fn without_password(base: &str) -> String {
    let Some((scheme, rest)) = base.split_once("://") else {
        return String::new();
    };
    match rest.rsplit_once('@') {
        Some((who, place)) => {
            let user = who.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{place}")
        }
        None => base.to_owned(),
    }
}

fn unusable(why: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
    Fault::new(Kind::Bug, why).context("the database location cannot be used")
}
