//! From a file and the environment to a [`Config`].

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::keys::KEYS;
use super::span::Written;
use super::{
    Config, CourierConfig, Issuer, Lifetimes, LimitsConfig, LogConfig, OutboundConfig, Secrets, TestMode, Theme,
    TlsFiles,
};

/// What is wrong with a configuration, where, and how to mend it.
#[derive(Debug)]
pub struct Problem {
    place: String,
    what: String,
}

impl Problem {
    fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl std::error::Error for Problem {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuer: Option<String>,
    #[serde(default = "default_listen")]
    listen: Vec<String>,
    #[serde(default = "default_database")]
    database: String,
    #[serde(rename = "secret_file")]
    secret: Option<PathBuf>,
    tls: Option<TlsFile>,
    #[serde(default)]
    proxy: ProxyFile,
    #[serde(default)]
    outbound: OutboundConfig,
    #[serde(default)]
    limits: LimitsConfig,
    #[serde(default)]
    lifetimes: LifetimesFile,
    #[serde(default)]
    courier: CourierConfig,
    #[serde(default)]
    theme: Theme,
    #[serde(default)]
    log: LogConfig,
    #[serde(default)]
    test_mode: TestMode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsFile {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ProxyFile {
    trusted: Vec<IpNet>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LifetimesFile {
    code: Option<Written>,
    access_token: Option<Written>,
    id_token: Option<Written>,
    refresh_idle: Option<Written>,
    refresh_absolute: Option<Written>,
    session_idle: Option<Written>,
    session_absolute: Option<Written>,
    session_remember: Option<Written>,
    key_rotation: Option<Written>,
    logout_deadline: Option<Written>,
    logout_patience: Option<Written>,
}

fn default_listen() -> Vec<String> {
    vec!["127.0.0.1:8080".into()]
}

fn default_database() -> String {
    "sqlite:ostiary.sqlite".into()
}

impl Config {
    /// Reads a file and the environment over it.
    pub fn load(file: &Path, environment: impl Iterator<Item = (String, String)>) -> Result<Self, Problem> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|e| {
            Problem::new(
                &name,
                format!("cannot be read ({e}); `ostiary init` writes one, `--config FILE` names another"),
            )
        })?;
        let base = file.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::read(&text, &name, &base, environment)
    }

    /// Reads the text of a file. `base` is what relative paths are relative to.
    pub fn read(
        text: &str,
        name: &str,
        base: &Path,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Problem> {
        // Once as it stands, for errors with lines; then with the environment over it.
        toml::from_str::<File>(text).map_err(|e| located(name, text, &e))?;
        let mut table: toml::Table = text.parse().map_err(|e: toml::de::Error| located(name, text, &e))?;
        overlay(&mut table, environment)?;
        let file: File =
            table.try_into().map_err(|e: toml::de::Error| Problem::new("environment", e.message().to_owned()))?;
        build(file, name, base)
    }
}

/// Puts a line number to an error.
fn located(name: &str, text: &str, error: &toml::de::Error) -> Problem {
    let Some(span) = error.span() else {
        return Problem::new(name, error.message().to_owned());
    };
    let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
    let mut what = error.message().to_owned();
    if what.contains("unknown field")
        && let Some(meant) = meant(text.get(span).unwrap_or_default().trim())
    {
        what = format!("{what}; did you mean `{meant}`?");
    }
    Problem::new(format!("{name}:{line}"), what)
}

/// The nearest key to one that nobody knows.
fn meant(word: &str) -> Option<&'static str> {
    let last = |path: &'static str| path.rsplit('.').next().unwrap_or(path);
    KEYS.iter().map(|key| last(key.path)).min_by_key(|key| distance(word, key)).filter(|key| distance(word, key) <= 3)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

fn overlay(table: &mut toml::Table, environment: impl Iterator<Item = (String, String)>) -> Result<(), Problem> {
    let names: HashMap<String, &'static str> = KEYS.iter().map(|key| (key.variable(), key.path)).collect();
    for (variable, value) in environment.filter(|(name, _)| name.starts_with("OSTIARY_")) {
        // Read elsewhere: which file, and the tools' own.
        if ["OSTIARY_CONFIG", "OSTIARY_BIN", "OSTIARY_VECTORS", "OSTIARY_TEST_POSTGRES"].contains(&variable.as_str()) {
            continue;
        }
        let Some(path) = names.get(&variable) else {
            return Err(Problem::new(&variable, "no such key; `ostiary config reference` lists them all"));
        };
        let parsed = format!("v = {value}").parse::<toml::Table>().ok().and_then(|mut t| t.remove("v"));
        let parsed = parsed.unwrap_or(toml::Value::String(value));
        put(table, path, parsed);
    }
    Ok(())
}

fn put(table: &mut toml::Table, path: &str, value: toml::Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((head, tail)) => {
            let inner = table.entry(head).or_insert_with(|| toml::Value::Table(toml::Table::new()));
            if let toml::Value::Table(inner) = inner {
                put(inner, tail, value);
            }
        }
    }
}

fn build(file: File, name: &str, base: &Path) -> Result<Config, Problem> {
    let problem = |key: &str, what: String| Problem::new(format!("{name}: {key}"), what);
    let issuer = file
        .issuer
        .ok_or_else(|| problem("issuer", "must be set, such as issuer = \"https://login.example.org\"".into()))?;
    let issuer = Issuer::read(&issuer).map_err(|what| problem("issuer", format!("\"{issuer}\" {what}")))?;
    let listen = file
        .listen
        .iter()
        .map(|a| {
            a.parse::<SocketAddr>()
                .map_err(|_| problem("listen", format!("\"{a}\" is not an address and port, such as 127.0.0.1:8080")))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let secret_file = file.secret.ok_or_else(|| {
        problem("secret_file", "must name the file with the key-encryption secret; `ostiary init` makes one".into())
    })?;
    let secret_file = base.join(secret_file);
    let secrets = secrets(&secret_file).map_err(|what| problem("secret_file", what))?;
    let database = match file.database.strip_prefix("sqlite:") {
        Some(path) => format!("sqlite:{}", base.join(path).display()),
        None if file.database.starts_with("postgres") => file.database,
        None => return Err(problem("database", "must begin with sqlite: or postgres://".into())),
    };
    let tls = file.tls.map(|tls| TlsFiles { certificate: base.join(tls.certificate), key: base.join(tls.key) });
    let mut test_mode = file.test_mode;
    test_mode.extra_ca = test_mode.extra_ca.map(|path| base.join(path));
    let mut theme = file.theme;
    theme.sheet = crate::page::ThemeSheet::write(&theme.variables).map_err(|what| problem("theme.variables", what))?;
    Ok(Config {
        issuer,
        listen,
        database,
        secrets,
        secret_file,
        tls,
        trusted_proxies: file.proxy.trusted,
        outbound: file.outbound,
        test_mode,
        limits: file.limits,
        lifetimes: lifetimes(&file.lifetimes),
        courier: file.courier,
        theme,
        log: file.log,
    })
}

/// The configured lifetimes over the defaults of the table.
fn lifetimes(file: &LifetimesFile) -> Lifetimes {
    let or = |written: Option<Written>, name: &str| {
        written.map_or_else(
            || {
                let path = format!("lifetimes.{name}");
                let key = KEYS.iter().find(|key| key.path == path).expect("every lifetime stands in the table of keys");
                super::span::read(key.default.trim_matches('"')).expect("the table's defaults are durations")
            },
            |written| written.0,
        )
    };
    Lifetimes {
        code: or(file.code, "code"),
        access_token: or(file.access_token, "access_token"),
        id_token: or(file.id_token, "id_token"),
        refresh_idle: or(file.refresh_idle, "refresh_idle"),
        refresh_absolute: or(file.refresh_absolute, "refresh_absolute"),
        session_idle: or(file.session_idle, "session_idle"),
        session_absolute: or(file.session_absolute, "session_absolute"),
        session_remember: or(file.session_remember, "session_remember"),
        key_rotation: or(file.key_rotation, "key_rotation"),
        logout_deadline: or(file.logout_deadline, "logout_deadline"),
        logout_patience: or(file.logout_patience, "logout_patience"),
    }
}

fn secrets(path: &Path) -> Result<Secrets, String> {
    let text =
        Zeroizing::new(std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?);
    let mut all = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let bytes =
            jose::unbase64url(line).map_err(|_| format!("{} holds a line that is not base64url", path.display()))?;
        if bytes.len() < 32 {
            return Err(format!("{} holds a secret of less than 32 bytes", path.display()));
        }
        all.push(Zeroizing::new(bytes));
    }
    match all.is_empty() {
        true => Err(format!("{} is empty", path.display())),
        false => Ok(Secrets(all)),
    }
}
