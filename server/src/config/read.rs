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
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| located(name, text, &e))?;
        let over = overrides(environment)?;
        let file = overlaid(&table, &over)?;
        let origin = Origin { name, text, over: over.iter().map(|(_, path, _)| *path).collect() };
        build(file, &origin, base)
    }
}

/// Where a key was set: for errors that came up after reading.
struct Origin<'a> {
    name: &'a str,
    text: &'a str,
    over: Vec<&'static str>,
}

impl Origin<'_> {
    /// The variable that set a key, or its line in the file, or the file.
    fn problem(&self, path: &str, what: impl Into<String>) -> Problem {
        if self.over.contains(&path)
            && let Some(key) = KEYS.iter().find(|key| key.path == path)
        {
            return Problem::new(key.variable(), what);
        }
        let place = match line_of(self.text, path) {
            Some(line) => format!("{}:{line}: {path}", self.name),
            None => format!("{}: {path}", self.name),
        };
        Problem::new(place, what)
    }
}

/// The line on which a key stands.
fn line_of(text: &str, path: &str) -> Option<usize> {
    let (wanted, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut table = "";
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(head) = line.strip_prefix('[').and_then(|head| head.split(']').next()) {
            table = head.trim();
        } else if let Some((left, _)) = line.split_once('=')
            && ((table == wanted && left.trim() == key) || (table.is_empty() && left.trim() == path))
        {
            return Some(number + 1);
        }
    }
    None
}

/// Puts a line number to an error.
fn located(name: &str, text: &str, error: &toml::de::Error) -> Problem {
    let Some(span) = error.span() else {
        return Problem::new(name, error.message().to_owned());
    };
    let line = text[..span.start.min(text.len())].matches('\n').count() + 1;
    let mut what = plainly(error.message());
    if what.starts_with("unknown field") {
        let word = text.get(span).unwrap_or_default().trim();
        what = match meant(word) {
            Some(meant) => format!("there is no key `{word}`; did you mean `{meant}`?"),
            None => format!("there is no key `{word}`; `ostiary config reference` lists them all"),
        };
    }
    Problem::new(format!("{name}:{line}"), what)
}

/// A parser's message in words for people.
fn plainly(message: &str) -> String {
    let words = [
        ("expected usize", "expected a whole number"),
        ("expected u32", "expected a whole number"),
        ("expected u16", "expected a whole number up to 65535"),
        ("expected a sequence", "expected a list"),
        ("expected a boolean", "expected true or false"),
    ];
    words.iter().fold(message.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
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

/// A variable, the key it sets, and its value.
type Override = (String, &'static str, toml::Value);

fn overrides(environment: impl Iterator<Item = (String, String)>) -> Result<Vec<Override>, Problem> {
    let names: HashMap<String, &'static str> = KEYS.iter().map(|key| (key.variable(), key.path)).collect();
    let mut over = Vec::new();
    for (variable, value) in environment.filter(|(name, _)| name.starts_with("OSTIARY_")) {
        // Read elsewhere: which file, and the tools' own.
        if ["OSTIARY_CONFIG", "OSTIARY_BIN", "OSTIARY_VECTORS", "OSTIARY_TEST_POSTGRES"].contains(&variable.as_str()) {
            continue;
        }
        let Some(path) = names.get(&variable) else {
            return Err(Problem::new(&variable, "no such key; `ostiary config reference` lists them all"));
        };
        let parsed = format!("v = {value}").parse::<toml::Table>().ok().and_then(|mut t| t.remove("v"));
        over.push((variable, *path, parsed.unwrap_or(toml::Value::String(value))));
    }
    Ok(over)
}

/// The file with the environment over it. The file was read before, so what is wrong now is a variable's value: the one
/// that is wrong by itself is named.
fn overlaid(table: &toml::Table, over: &[Override]) -> Result<File, Problem> {
    let with = |some: &[Override]| {
        let mut table = table.clone();
        for (_, path, value) in some {
            put(&mut table, path, value.clone());
        }
        table.try_into::<File>()
    };
    let error = match with(over) {
        Ok(file) => return Ok(file),
        Err(error) => error,
    };
    for (number, (variable, path, _)) in over.iter().enumerate() {
        // A table's other half may be in another variable.
        if let Err(error) = with(&over[number..=number])
            && !error.message().starts_with("missing field")
        {
            let default = KEYS.iter().find(|key| key.path == *path).map_or("", |key| key.default);
            let such = if default.is_empty() { String::new() } else { format!("; write it like {default}") };
            return Err(Problem::new(variable, format!("{}{such}", plainly(error.message()))));
        }
    }
    Err(Problem::new("environment", error.message().to_owned()))
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

fn build(file: File, origin: &Origin<'_>, base: &Path) -> Result<Config, Problem> {
    let problem = |key: &str, what: String| origin.problem(key, what);
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
    theme.check().map_err(|(key, what)| problem(key, what))?;
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
