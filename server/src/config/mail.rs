//! `[mail]`: the mail server that letters go through.
//!
//! Invariant: what leaves this machine leaves it encrypted, and the password stands in a file of its own.

use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use serde::Deserialize;
use url::Url;
use zeroize::Zeroizing;

/// The mail server, and who writes.
#[derive(Clone, Debug)]
pub struct MailConfig {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is secured.
    pub security: Security,
    /// `From`.
    pub from: Mailbox,
    /// What it wants to see first.
    pub credentials: Option<Credentials>,
}

/// How the way to a mail server is secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte (RFC 8314 §3.3).
    Implicit,
    /// STARTTLS (RFC 3207), which must succeed.
    StartTls,
    /// None: on loopback alone.
    Loopback,
}

/// A user and a password.
#[derive(Clone)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Zeroizing<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credentials({})", self.user)
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MailFile {
    smtp: Option<String>,
    from: Option<String>,
    credentials_file: Option<PathBuf>,
}

impl MailFile {
    /// Checks it. An error names the key.
    pub(super) fn read(self, base: &Path) -> Result<Option<MailConfig>, (&'static str, String)> {
        let Some(smtp) = self.smtp else {
            return match (self.from, self.credentials_file) {
                (None, None) => Ok(None),
                _ => Err((
                    "mail.smtp",
                    "must be set beside the other keys of [mail], such as smtp = \"smtps://mail.example.org\"".into(),
                )),
            };
        };
        let (host, port, security) = server(&smtp).map_err(|what| ("mail.smtp", format!("\"{smtp}\" {what}")))?;
        let from = self.from.ok_or_else(|| {
            ("mail.from", "must be set beside mail.smtp, such as from = \"Example <no-reply@example.org>\"".to_owned())
        })?;
        let from = from.parse().map_err(|e| ("mail.from", format!("\"{from}\" is not a mailbox: {e}")))?;
        let credentials = self.credentials_file.map(|file| credentials(&base.join(file))).transpose();
        let credentials = credentials.map_err(|what| ("mail.credentials_file", what))?;
        Ok(Some(MailConfig { host, port, security, from, credentials }))
    }
}

fn server(smtp: &str) -> Result<(String, u16, Security), String> {
    let url = Url::parse(smtp).map_err(|e| format!("is not a URL: {e}"))?;
    // The parser knows these schemes as opaque ones: it leaves brackets and case alone.
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or("has no host")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user or password: they stand in mail.credentials_file".into());
    }
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return Err("must have no path or fragment".into());
    }
    let bare = host.trim_matches(['[', ']']);
    let loopback = bare == "localhost" || bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let (security, port) = match (url.scheme(), url.query()) {
        ("smtps", None) => (Security::Implicit, 465),
        ("smtp", None) if loopback => (Security::Loopback, 25),
        ("smtp", None | Some("tls=required")) => (Security::StartTls, 587),
        ("smtp" | "smtps", Some(_)) => {
            return Err("may end with ?tls=required after smtp:// and with nothing else".into());
        }
        _ => return Err("must begin with smtps:// or smtp://".into()),
    };
    Ok((bare.to_owned(), url.port().unwrap_or(port), security))
}

fn credentials(path: &Path) -> Result<Credentials, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
    let text = Zeroizing::new(text);
    let lines: Vec<&str> =
        text.lines().map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [user, password] => {
            Ok(Credentials { user: (*user).to_owned(), password: Zeroizing::new((*password).to_owned()) })
        }
        _ => Err(format!("{} must hold two lines: the user and the password", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::{Security, server};

    #[test]
    fn what_leaves_this_machine_is_encrypted() {
        for (smtp, wanted) in [
            ("smtps://mail.example.org", ("mail.example.org", 465, Security::Implicit)),
            ("smtps://mail.example.org:10465/", ("mail.example.org", 10465, Security::Implicit)),
            ("smtp://mail.example.org", ("mail.example.org", 587, Security::StartTls)),
            ("smtp://mail.example.org:25?tls=required", ("mail.example.org", 25, Security::StartTls)),
            ("smtp://localhost", ("localhost", 25, Security::Loopback)),
            ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, Security::Loopback)),
            ("smtp://[::1]:1025", ("::1", 1025, Security::Loopback)),
            ("smtp://localhost:1025?tls=required", ("localhost", 1025, Security::StartTls)),
            ("smtp://localhost.example.org", ("localhost.example.org", 587, Security::StartTls)),
        ] {
            let (host, port, security) = server(smtp).unwrap();
            assert_eq!((host.as_str(), port, security), wanted, "{smtp}");
        }
        for bad in [
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://user:secret@mail.example.org",
            "smtp://mail.example.org?tls=none",
            "smtp://mail.example.org?tls=opportunistic",
            "smtps://mail.example.org?tls=required",
            "smtp://mail.example.org/path",
        ] {
            assert!(server(bad).is_err(), "{bad}");
        }
    }
}
