//! What is needed to boot: one TOML file, every key also an environment variable, checked once, passed down as a value.
//! Everything else is data (clients, keys, accounts).
//!
//! Invariant: a key nobody knows is an error, and every error says where it stands and how to mend it.

pub mod keys;
mod mail;
mod mtls;
mod published;
mod read;
mod span;
mod theme;
mod watched;

use std::net::SocketAddr;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use ipnet::IpNet;
use openid::client::certificate::MutualTls;
use openid::time::Span;
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

pub use mail::{MailConfig, Security};
pub use mtls::MtlsConfig;
pub use published::{LinksConfig, WebfingerConfig};
pub use read::Problem;
pub use watched::{MetricsConfig, TracesConfig};

/// The configuration, whole and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who we are.
    pub issuer: Issuer,
    /// Where we listen.
    pub listen: Vec<SocketAddr>,
    /// Where the memory is.
    pub database: store::Location,
    /// What seals: the first seals, all of them open.
    pub secrets: Secrets,
    /// Where they were read from.
    pub secret_file: PathBuf,
    /// Certificate and key, if we speak TLS ourselves.
    pub tls: Option<TlsFiles>,
    /// Where clients are asked for a certificate, if anywhere.
    pub mtls: Option<MtlsConfig>,
    /// Reverse proxies whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where the one outbound client may go.
    pub outbound: OutboundConfig,
    /// For examiners, never for people.
    pub test_mode: TestMode,
    /// Bounds.
    pub limits: LimitsConfig,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// The courier.
    pub courier: CourierConfig,
    /// The mail server letters go through.
    pub mail: Option<MailConfig>,
    /// How it looks.
    pub theme: Theme,
    /// For which hosts it is found.
    pub webfinger: WebfingerConfig,
    /// Links for whoever registers clients.
    pub links: LinksConfig,
    /// Where its metrics are read.
    pub metrics: MetricsConfig,
    /// Where its traces go.
    pub traces: TracesConfig,
    /// What it writes to the log.
    pub log: LogConfig,
}

impl Config {
    /// What of mutual TLS it offers.
    pub fn mutual_tls(&self) -> MutualTls {
        match &self.mtls {
            None => MutualTls::Off,
            Some(MtlsConfig { authorities: None, .. }) => MutualTls::Known,
            Some(_) => MutualTls::Vouched,
        }
    }
}

/// Reads a duration as people write it: `90s`, `15min`, `12h`, `30d`.
pub(crate) fn read_span(text: &str) -> Option<Span> {
    span::read(text)
}

/// An issuer identifier, OpenID Connect Discovery §3: no query, no fragment, no trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    path: String,
}

#[cfg(test)]
/// The defaults of one table, for tests.
pub(crate) fn defaults<T: serde::de::DeserializeOwned>(table: &str) -> T {
    keys::defaults().remove(table).and_then(|value| value.try_into().ok()).expect("the defaults are whole")
}

impl Issuer {
    /// Reads an issuer: https, or http on loopback.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.trim_end_matches('/');
        let url = Url::parse(text).map_err(|e| format!("is not a URL: {e}"))?;
        let loopback = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => return Err("has no host".into()),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err("must begin with https:// (http:// is allowed on localhost only)".into()),
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err("must have no query, fragment or user".into());
        }
        let path = url.path().trim_end_matches('/').to_owned();
        let origin = url.origin().ascii_serialization();
        if format!("{origin}{path}") != text {
            return Err(format!("must be written as {origin}{path}: relying parties compare it letter by letter"));
        }
        Ok(Self { text: text.to_owned(), path })
    }

    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its path, empty or beginning with a slash.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is https.
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https:")
    }
}

/// Key-encryption secrets: at least 32 bytes each.
#[derive(Clone)]
pub struct Secrets(pub Vec<Zeroizing<Vec<u8>>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} of them)", self.0.len())
    }
}

/// PEM files, read again when they change.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Where the one outbound client may go besides public addresses.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundConfig {
    /// Networks and host suffixes inside which clients entered by an operator may be reached.
    pub internal: Vec<String>,
}

/// For examiners: off by default, loud when on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestMode {
    /// Whether it is on.
    pub enabled: bool,
    /// A PEM file with further certificate authorities to trust.
    pub extra_ca: Option<PathBuf>,
    /// Ports on loopback that may be reached; empty: every port.
    pub loopback_ports: Vec<u16>,
}

impl TestMode {
    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.enabled
    }
}

/// Bounds on what strangers can make us do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitsConfig {
    /// Connections at once.
    pub connections: NonZeroUsize,
    /// Password hashes computed at once; `0`: one for each core.
    pub hashing_threads: usize,
    /// Password checks that may wait for a thread; beyond it the answer is 503.
    pub hashing_queue: usize,
    /// Sign-in attempts from one network (/32, /64) before it must wait.
    pub attempts_per_source: NonZeroU32,
    /// Sign-in attempts at one account from unknown browsers.
    pub attempts_per_account: NonZeroU32,
    /// Sign-in attempts at one account from one known browser.
    pub attempts_per_browser: NonZeroU32,
    /// Clients that register themselves without a token, from one network.
    pub registrations_per_source: NonZeroU32,
    /// Authorization requests that strangers push, from one network.
    pub pushed_per_source: NonZeroU32,
}

impl LimitsConfig {
    /// The three budgets of sign-in attempts.
    pub fn login(&self) -> login::budget::Limits {
        let capacities = [self.attempts_per_source, self.attempts_per_account, self.attempts_per_browser];
        let [source, account, known] = capacities.map(NonZeroU32::get);
        login::budget::Limits::of(source, account, known)
    }

    /// The budget of clients that register themselves.
    pub fn registrations(&self) -> login::budget::Limit {
        login::budget::Limit::of_registrations(self.registrations_per_source.get())
    }

    /// The budget of authorization requests that strangers push.
    pub fn pushed(&self) -> login::budget::Limit {
        login::budget::Limit::of_pushed(self.pushed_per_source.get())
    }

    /// How long until any bucket that nobody touches is full.
    pub fn forget_after(&self) -> Span {
        let others = self.registrations().forgets_after().max(self.pushed().forgets_after());
        self.login().forget_after().max(others)
    }
}

/// How long things last.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetimes {
    /// Authorization codes.
    #[serde(deserialize_with = "span::some")]
    pub code: Span,
    /// Pushed authorization requests.
    #[serde(deserialize_with = "span::some")]
    pub pushed_request: Span,
    /// Access tokens.
    #[serde(deserialize_with = "span::some")]
    pub access_token: Span,
    /// ID Tokens.
    #[serde(deserialize_with = "span::some")]
    pub id_token: Span,
    /// Refresh tokens, unused.
    #[serde(deserialize_with = "span::some")]
    pub refresh_idle: Span,
    /// Refresh tokens, in all.
    #[serde(deserialize_with = "span::some")]
    pub refresh_absolute: Span,
    /// Sessions, unused.
    #[serde(deserialize_with = "span::some")]
    pub session_idle: Span,
    /// Sessions, in all.
    #[serde(deserialize_with = "span::some")]
    pub session_absolute: Span,
    /// Sessions of people who asked to be remembered.
    #[serde(deserialize_with = "span::some")]
    pub session_remember: Span,
    /// Device sessions (Native SSO), unused.
    #[serde(deserialize_with = "span::some")]
    pub device_idle: Span,
    /// Device sessions, in all.
    #[serde(deserialize_with = "span::some")]
    pub device_absolute: Span,
    /// Between two rotations of the signing keys.
    #[serde(deserialize_with = "span::some")]
    pub key_rotation: Span,
    /// How long a logout notice is tried.
    #[serde(deserialize_with = "span::some")]
    pub logout_deadline: Span,
    /// How long the sign-out page waits for fast relying parties.
    #[serde(deserialize_with = "span::any")]
    pub logout_patience: Span,
}

/// The courier's bounds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CourierConfig {
    /// Deliveries under way at once.
    pub concurrency: NonZeroUsize,
    /// Deliveries under way at once to one host and port.
    pub per_host: NonZeroUsize,
}

/// How it looks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// The name people know it by.
    pub name: String,
    /// A logo, https or a path of this server.
    pub logo_uri: Option<String>,
    /// CSS variables such as `accent`, without the dashes.
    pub variables: std::collections::BTreeMap<String, String>,
    /// Those variables as a style sheet.
    #[serde(skip)]
    pub sheet: Option<crate::page::ThemeSheet>,
    /// A line at the foot of every page.
    pub footer: Option<String>,
    /// The language when a person's own is not spoken here.
    pub language: String,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, or a filter such as `info,store=debug`.
    pub level: String,
}

/// The log's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}
