//! From a file and the environment to a [`Config`].

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::Deserialize;
use store::{Fault, Location};
use toml::de::{DeTable, DeValue};
use zeroize::Zeroizing;

use super::keys::{KEYS, Key, defaults, put, read_value};
use super::mail::MailFile;
use super::mtls::MtlsFile;
use super::{
    Config, CourierConfig, Issuer, Lifetimes, LimitsConfig, LinksConfig, LogConfig, MetricsConfig, OutboundConfig,
    Secrets, TestMode, Theme, TlsFiles, TracesConfig, WebfingerConfig,
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

/// What file and environment say, laid over the defaults.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    issuer: Option<String>,
    listen: Vec<SocketAddr>,
    database: String,
    #[serde(rename = "secret_file")]
    secret: Option<PathBuf>,
    tls: Option<TlsFile>,
    #[serde(default)]
    mtls: MtlsFile,
    proxy: ProxyFile,
    outbound: OutboundConfig,
    limits: LimitsConfig,
    lifetimes: Lifetimes,
    courier: CourierConfig,
    #[serde(default)]
    mail: MailFile,
    theme: Theme,
    webfinger: WebfingerConfig,
    #[serde(default)]
    links: LinksConfig,
    #[serde(default)]
    metrics: MetricsConfig,
    traces: TracesConfig,
    log: LogConfig,
    test_mode: TestMode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TlsFile {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyFile {
    trusted: Vec<IpNet>,
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
        let mut settings = Vec::new();
        let spans = DeTable::parse(text).map_err(|error| located(name, text, &error))?;
        let table: toml::Table = text.parse().map_err(|error| located(name, text, &error))?;
        let source = Source { name, text };
        source.gather("", spans.get_ref(), &table, &mut settings)?;
        for over in environmental(environment)? {
            settings.retain(|setting| setting.path != over.path);
            settings.push(over);
        }
        build(overlaid(&settings)?, &Origin { name, settings: &settings }, base)
    }
}

/// One key, what it is set to, and where.
struct Setting {
    path: &'static str,
    place: String,
    value: toml::Value,
}

/// A file.
struct Source<'a> {
    name: &'a str,
    text: &'a str,
}

impl Source<'_> {
    /// The keys that are set below a dotted path. One that nobody knows is an error.
    fn gather(
        &self,
        above: &str,
        spans: &DeTable<'_>,
        table: &toml::Table,
        settings: &mut Vec<Setting>,
    ) -> Result<(), Problem> {
        for ((word, spanned), value) in spans.iter().filter_map(|pair| Some((pair, table.get(&**pair.0.get_ref())?))) {
            let path = format!("{above}{}", word.get_ref());
            let place = format!("{}:{}", self.name, self.text[..word.span().start].matches('\n').count() + 1);
            let known = KEYS.iter().any(|key| key.path.starts_with(&format!("{path}.")));
            match (Key::find(&path), spanned.get_ref(), value) {
                (Some(key), ..) => {
                    settings.push(Setting { path: key.path, place: format!("{place}: {path}"), value: value.clone() });
                }
                (None, DeValue::Table(inner), toml::Value::Table(table)) if known => {
                    self.gather(&format!("{path}."), inner, table, settings)?;
                }
                (None, ..) if known => {
                    return Err(Problem::new(place, format!("{path} is a table: its keys stand below [{path}]")));
                }
                (None, ..) => return Err(Problem::new(place, unknown(word.get_ref()))),
            }
        }
        Ok(())
    }
}

/// What file and environment set: for errors that come up after reading.
struct Origin<'a> {
    name: &'a str,
    settings: &'a [Setting],
}

impl Origin<'_> {
    /// The place where a key was set, or the file where it was not.
    fn problem(&self, path: &str, what: impl Into<String>) -> Problem {
        match self.settings.iter().find(|setting| setting.path == path) {
            Some(setting) => Problem::new(&setting.place, what),
            None => Problem::new(format!("{}: {path}", self.name), what),
        }
    }
}

/// Puts a line number to an error of the syntax.
fn located(name: &str, text: &str, error: &toml::de::Error) -> Problem {
    let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    Problem::new(format!("{name}:{line}"), error.message().to_owned())
}

fn unknown(word: &str) -> String {
    match meant(word) {
        Some(meant) => format!("there is no key `{word}`; did you mean `{meant}`?"),
        None => format!("there is no key `{word}`; `ostiary config reference` lists them all"),
    }
}

/// A parser's message in words for people.
fn plainly(message: &str) -> String {
    let words = [
        ("expected a nonzero usize", "expected a whole number above zero"),
        ("expected a nonzero u32", "expected a whole number above zero"),
        ("expected usize", "expected a whole number"),
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

/// What the environment sets. Its values are TOML, or plain text where they are not.
fn environmental(environment: impl Iterator<Item = (String, String)>) -> Result<Vec<Setting>, Problem> {
    let mut settings = Vec::new();
    for (variable, text) in environment.filter(|(name, _)| name.starts_with("OSTIARY_") && name != "OSTIARY_CONFIG") {
        let Some(key) = KEYS.iter().find(|key| key.variable() == variable) else {
            return Err(Problem::new(&variable, "no such key; `ostiary config reference` lists them all"));
        };
        let value = read_value(&text).unwrap_or(toml::Value::String(text));
        settings.push(Setting { path: key.path, place: variable, value });
    }
    Ok(settings)
}

/// The settings over the defaults. If they do not fit, the one that does not fit by itself is named; where none does (a
/// table's other half is missing) the one that is not enough by itself.
fn overlaid(settings: &[Setting]) -> Result<File, Problem> {
    let with = |some: &[Setting]| {
        let mut table = defaults();
        for setting in some {
            put(&mut table, setting.path, setting.value.clone());
        }
        table.try_into::<File>()
    };
    let error = match with(settings) {
        Ok(file) => return Ok(file),
        Err(error) => error,
    };
    let alone = settings.iter().filter_map(|setting| Some((setting, with(std::slice::from_ref(setting)).err()?)));
    let (mut halves, mut wrong): (Vec<_>, Vec<_>) =
        alone.partition(|(_, error)| error.message().starts_with("missing field"));
    wrong.append(&mut halves);
    let (place, error) = wrong.into_iter().next().map_or(("the configuration", error), |(s, e)| (s.place.as_str(), e));
    let like = settings.iter().find(|setting| setting.place == place).and_then(|setting| Key::find(setting.path));
    let like = like.map_or("", |key| key.default);
    let such = if like.is_empty() { String::new() } else { format!("; write it like {like}") };
    Err(Problem::new(place, format!("{}{such}", plainly(error.message()))))
}

fn build(file: File, origin: &Origin<'_>, base: &Path) -> Result<Config, Problem> {
    let problem = |key: &str, what: String| origin.problem(key, what);
    let issuer = file
        .issuer
        .ok_or_else(|| problem("issuer", "must be set, such as issuer = \"https://login.example.org\"".into()))?;
    let issuer = Issuer::read(&issuer).map_err(|what| problem("issuer", format!("\"{issuer}\" {what}")))?;
    let secret_file = file.secret.ok_or_else(|| {
        problem("secret_file", "must name the file with the key-encryption secret; `ostiary init` makes one".into())
    })?;
    let secret_file = base.join(secret_file);
    let secrets = secrets(&secret_file).map_err(|what| problem("secret_file", what))?;
    let mut database = file.database.parse().map_err(|fault: Fault| problem("database", fault.to_string()))?;
    if let Location::Sqlite(path) = &mut database {
        *path = base.join(&path);
    }
    for entry in &file.outbound.internal {
        inside(entry).map_err(|what| problem("outbound.internal", format!("\"{entry}\" {what}")))?;
    }
    crate::logging::check(&file.log).map_err(|what| problem("log.level", what))?;
    let tls = file.tls.map(|tls| TlsFiles { certificate: base.join(tls.certificate), key: base.join(tls.key) });
    let mtls =
        file.mtls.read(base, (&issuer, tls.as_ref()), &file.proxy.trusted).map_err(|(key, what)| problem(key, what))?;
    let mut test_mode = file.test_mode;
    test_mode.extra_ca = test_mode.extra_ca.map(|path| base.join(path));
    let mail = file.mail.read(base).map_err(|(key, what)| problem(key, what))?;
    let mut webfinger = file.webfinger;
    webfinger.check().map_err(|(key, what)| problem(key, what))?;
    file.links.check().map_err(|(key, what)| problem(key, what))?;
    file.traces.check().map_err(|(key, what)| problem(key, what))?;
    let mut theme = file.theme;
    theme.check().map_err(|(key, what)| problem(key, what))?;
    theme.sheet = crate::page::ThemeSheet::write(&theme.variables).map_err(|what| problem("theme.variables", what))?;
    Ok(Config {
        issuer,
        listen: file.listen,
        database,
        secrets,
        secret_file,
        tls,
        mtls,
        trusted_proxies: file.proxy.trusted,
        outbound: file.outbound,
        test_mode,
        limits: file.limits,
        lifetimes: file.lifetimes,
        courier: file.courier,
        mail,
        theme,
        webfinger,
        links: file.links,
        metrics: file.metrics,
        traces: file.traces,
        log: file.log,
    })
}

/// A network, an address or a host suffix.
fn inside(entry: &str) -> Result<(), &'static str> {
    let name = entry.strip_prefix('*').unwrap_or(entry).trim_matches('.');
    let letters = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let suffix = !name.is_empty() && letters && !name.contains("..");
    if entry.parse::<IpNet>().is_ok() || entry.parse::<IpAddr>().is_ok() || suffix {
        return Ok(());
    }
    Err("is neither a network such as 10.0.0.0/8 nor a host suffix such as .corp.example")
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
