//! Every key, declared once: what `docs/configuration.md` says, which environment variable sets it, what stands if nobody
//! does.
//!
//! Invariant: a key that is not in this table cannot be read, and one that is here is documented. No default stands anywhere
//! else.

use std::fmt::Write as _;

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its dotted path in the TOML file.
    pub path: &'static str,
    /// What stands if nobody sets it, as TOML; empty: it must be set, or nothing stands.
    pub default: &'static str,
    /// What it means.
    pub doc: &'static str,
}

macro_rules! keys {
    ($($path:literal = $default:literal, $doc:literal;)*) => {
        /// All of them, in the order of the reference page.
        pub const KEYS: &[Key] = &[$(Key { path: $path, default: $default, doc: $doc }),*];
    };
}

keys! {
    "issuer" = "", "The issuer identifier: the https URL under which people and relying parties reach this server, without a slash at the end. `http://localhost:PORT` is allowed for trying things out.";
    "listen" = "[\"127.0.0.1:8080\"]", "Addresses to listen on. Port 0 takes any free port.";
    "database" = "\"sqlite:ostiary.sqlite\"", "`sqlite:PATH` (relative to this file), or `postgres://user:password@host/name?sslmode=verify-full` when several nodes share the work.";
    "secret_file" = "", "A file with the key-encryption secret: base64url, 32 bytes or more, one on each line. The first line seals, all of them open, so a new secret is put in front and the old one kept below. `ostiary init` makes one.";
    "tls.certificate" = "", "PEM file with the certificate chain, if this server speaks TLS itself. Read again when it changes.";
    "tls.key" = "", "PEM file with the private key of the certificate.";
    "mtls.url" = "", "The address of a second listener where clients, and they alone, are asked for a certificate (RFC 8705), such as `https://mtls.login.example.org`: another host or port than the issuer's. Discovery names it in `mtls_endpoint_aliases`; docs/mtls.md says more.";
    "mtls.listen" = "", "Addresses the second listener listens on, such as `[\"0.0.0.0:8444\"]`.";
    "mtls.certificate" = "", "PEM file with the second listener's certificate chain; without it, that of `tls.certificate`. Read again when it changes.";
    "mtls.key" = "", "PEM file with the private key of that certificate.";
    "mtls.client_ca" = "", "PEM file with the authorities that vouch for clients' certificates; without it clients can authenticate with registered certificates only (`self_signed_tls_client_auth`). Read again when it changes.";
    "mtls.client_crl" = "", "PEM file with the revocation lists of those authorities, one for each authority in a chain. Read again when it changes.";
    "mtls.client_certificate_header" = "", "Behind a proxy that ends TLS at the second listener: the header field in which it passes on the client's certificate, such as `client-cert` (RFC 9440). Believed from `proxy.trusted` alone, and at `mtls.listen` alone; the proxy must take the field away from what strangers send.";
    "proxy.trusted" = "[]", "Networks of reverse proxies whose `Forwarded` and `X-Forwarded-For`/`-Proto` headers are believed, such as `[\"10.0.0.0/8\"]`.";
    "outbound.internal" = "[]", "Networks (`10.0.0.0/8`) and host suffixes (`.corp.example`) inside which relying parties entered by an operator may be reached, with http too. Everything else goes to public addresses over https.";
    "limits.connections" = "10000", "Connections served at once.";
    "limits.hashing_threads" = "0", "Password hashes computed at once; 0 means one for each core.";
    "limits.hashing_queue" = "64", "Password checks that may wait; beyond it the answer is 503.";
    "limits.attempts_per_source" = "600", "Failed sign-ins from one network (/32 of IPv4, /64 of IPv6) at once; after that one more every 6 s. Success gives the attempt back, so an office behind one address is not locked out.";
    "limits.attempts_per_account" = "10", "Failed sign-ins at one account from unknown browsers at once; after that one more every 10 min.";
    "limits.attempts_per_browser" = "20", "Failed sign-ins at one account from a browser that has signed in to it before, at once; after that one more every minute. Strangers cannot use these up.";
    "limits.registrations_per_source" = "60", "Clients registered without an initial access token from one network at once; after that one more every minute.";
    "limits.pushed_per_source" = "600", "Authorization requests pushed (RFC 9126) from one network at once by public clients, and by clients that registered themselves; after that one more every second.";
    "lifetimes.code" = "\"60s\"", "Authorization codes.";
    "lifetimes.pushed_request" = "\"90s\"", "Pushed authorization requests (RFC 9126): the time until the browser must arrive with one.";
    "lifetimes.access_token" = "\"10min\"", "Access tokens, unless the client's policy says otherwise.";
    "lifetimes.id_token" = "\"10min\"", "ID Tokens.";
    "lifetimes.refresh_idle" = "\"30d\"", "Refresh tokens that are not used.";
    "lifetimes.refresh_absolute" = "\"180d\"", "Refresh tokens in all.";
    "lifetimes.session_idle" = "\"12h\"", "Sessions in which nothing is seen.";
    "lifetimes.session_absolute" = "\"7d\"", "Sessions in all.";
    "lifetimes.session_remember" = "\"30d\"", "Sessions of people who asked to be remembered.";
    "lifetimes.device_idle" = "\"30d\"", "Device sessions (Native SSO) in which nothing is seen.";
    "lifetimes.device_absolute" = "\"180d\"", "Device sessions in all.";
    "lifetimes.key_rotation" = "\"90d\"", "Between two rotations of the signing keys. A new key is published 24 h before it signs.";
    "lifetimes.logout_deadline" = "\"24h\"", "How long a back-channel logout notice is tried before it is parked for an operator.";
    "lifetimes.logout_patience" = "\"1500ms\"", "How long the sign-out page waits for fast relying parties before it says who will be told later.";
    "courier.concurrency" = "64", "Logout notices under way at once.";
    "courier.per_host" = "4", "Logout notices under way at once to one host and port.";
    "mail.smtp" = "", "The mail server letters go through: `smtps://host:465` (TLS from the start) or `smtp://host:587` (STARTTLS, which must succeed; on loopback alone it is plain unless `?tls=required` stands behind it). Without it, what needs e-mail is not offered: signing up, forgotten passwords, changing one's address.";
    "mail.from" = "", "Whom letters come from, such as `\"Example <no-reply@example.org>\"`. Must be set beside `mail.smtp`.";
    "mail.credentials_file" = "", "A file with two lines: the user and the password the mail server wants.";
    "theme.name" = "\"Ostiary\"", "The name people know this provider by.";
    "theme.logo_uri" = "", "A logo to show instead of ours: an https URL.";
    "theme.variables" = "{}", "CSS variables without their dashes, such as `{ accent = \"#7a1f3d\" }`, with `dark-` in front for dark alone; docs/theming.md lists them.";
    "theme.footer" = "", "A line at the foot of every page.";
    "theme.language" = "\"en\"", "The language when none of a person's own is spoken here: `en`, `de`, `fr` or `es`.";
    "webfinger.hosts" = "[]", "Hosts whose people sign in here, besides the issuer's own: what stands behind the @ of their addresses, such as `[\"example.com\"]`. Each must send `/.well-known/webfinger` on to this server; docs/operating.md says how.";
    "links.service_documentation" = "", "An https URL with documentation for whoever builds on this provider. It stands in the discovery document, like the next two.";
    "links.op_policy_uri" = "", "An https URL with what relying parties may do with what they are told.";
    "links.op_tos_uri" = "", "An https URL with the terms of service for relying parties.";
    "metrics.listen" = "", "Where Prometheus reads `/metrics`, such as `\"127.0.0.1:9464\"`: loopback, or a network only the monitoring is in. Without it nothing is counted; docs/metrics.md has the list.";
    "traces.endpoint" = "", "Where an OpenTelemetry collector takes traces by OTLP over HTTP in JSON, such as `\"http://127.0.0.1:4318/v1/traces\"`. Without it none are made; docs/metrics.md says what is in them.";
    "traces.sample" = "1.0", "The share of requests that begin a trace, from 0.0 to 1.0.";
    "log.format" = "\"text\"", "`text` for people, `json` for machines.";
    "log.level" = "\"info\"", "`error`, `warn`, `info`, `debug`, or a filter such as `info,store=debug`.";
    "test_mode.enabled" = "false", "For conformance examiners only: loopback may be reached and an extra certificate authority is trusted. Loud in the log and on every page.";
    "test_mode.extra_ca" = "", "PEM file with certificate authorities to trust besides the system's, in test mode.";
    "test_mode.loopback_ports" = "[]", "Loopback ports that may be reached in test mode; empty means all.";
}

/// What stands if nobody sets anything.
pub(super) fn defaults() -> toml::Table {
    let mut table = toml::Table::new();
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        let value = read_value(key.default).expect("the table's defaults are TOML");
        put(&mut table, key.path, value);
    }
    table
}

/// One value, as TOML.
pub(super) fn read_value(text: &str) -> Option<toml::Value> {
    format!("value = {text}").parse::<toml::Table>().ok()?.remove("value")
}

/// Puts a value where a dotted path says.
pub(super) fn put(table: &mut toml::Table, path: &str, value: toml::Value) {
    let Some((head, tail)) = path.split_once('.') else {
        table.insert(path.to_owned(), value);
        return;
    };
    if let toml::Value::Table(inner) = table.entry(head).or_insert_with(|| toml::Value::Table(toml::Table::new())) {
        put(inner, tail, value);
    }
}

impl Key {
    /// The key of a dotted path.
    pub(super) fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// The environment variable that sets it: dots become two underscores.
    pub fn variable(&self) -> String {
        format!("OSTIARY_{}", self.path.replace('.', "__").to_uppercase())
    }
}

/// The reference page, `docs/configuration.md`.
pub fn reference() -> String {
    let mut page = String::from(
        "# Configuration\n\n<!-- Generated by `ostiary config reference`; edit server/src/config/keys.rs. -->\n\n\
         One TOML file, `ostiary.toml` by default (`--config FILE` or `OSTIARY_CONFIG` names another). Every key can also be \
         set by the environment variable named beside it, which wins; its value is read as TOML, or as plain text where the key \
         is text. Durations are written `90s`, `15min`, `12h`, `30d`. `ostiary config check` reads it and says what is wrong.\n\n\
         | key | default | variable | meaning |\n|---|---|---|---|\n",
    );
    for key in KEYS {
        let default = if key.default.is_empty() { "–".to_owned() } else { format!("`{}`", key.default) };
        let _ = writeln!(page, "| `{}` | {default} | `{}` | {} |", key.path, key.variable(), key.doc);
    }
    page
}

/// Keys that nothing reads, and a default that does not fit: both are seen here.
#[cfg(test)]
mod tests {
    use super::KEYS;
    use crate::config::Config;

    #[test]
    fn every_key_of_the_table_is_read_and_no_other() {
        let secret = std::env::temp_dir().join(format!("ostiary-keys-{}", std::process::id()));
        std::fs::write(&secret, "A".repeat(43)).unwrap();
        let read = |environment: Vec<(String, String)>| {
            let always = [
                ("OSTIARY_ISSUER".to_owned(), "http://localhost:8080".to_owned()),
                ("OSTIARY_SECRET_FILE".to_owned(), secret.display().to_string()),
            ];
            Config::read("", "ostiary.toml", std::path::Path::new(""), always.into_iter().chain(environment))
        };
        assert!(read(Vec::new()).is_ok(), "the defaults fit");
        for key in KEYS {
            // No key takes such a number: whoever is read complains.
            let complaint = read(vec![(key.variable(), "1.5".to_owned())]).unwrap_err().to_string();
            let (place, what) = complaint.split_once(": ").unwrap();
            assert!(place == key.variable() && !what.contains("no such key"), "{complaint}");
        }
        for stranger in ["nonsense = 1", "theme.nonsense = 1", "[limits]\nlifetimes.code = \"1s\""] {
            let complaint = Config::read(stranger, "x.toml", std::path::Path::new(""), std::iter::empty()).unwrap_err();
            assert!(complaint.to_string().contains("there is no key"), "{complaint}");
        }
        std::fs::remove_file(secret).unwrap();
    }
}
