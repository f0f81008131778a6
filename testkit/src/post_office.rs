//! A post office: a real SMTP server (aiosmtpd, of Debian's `python3-aiosmtpd`) that keeps the letters it is given.
//!
//! Invariant: it parses them with somebody else's parser, so that what a walk reads is what a person would.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::eventually;
use crate::provider::free_port;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Debian's Python, which has the module; another may come first on the path.
const PYTHON: &str = "/usr/bin/python3";

/// A letter.
#[derive(Clone, Debug)]
pub struct Letter {
    /// To whom.
    pub to: String,
    /// `Subject`.
    pub subject: String,
    /// Its text.
    pub body: String,
    /// Everything that is known of it.
    pub all: Value,
}

impl Letter {
    /// The link in it.
    ///
    /// # Panics
    /// If there is none, or more than one.
    pub fn link(&self) -> String {
        let links: Vec<&str> = self.body.lines().filter(|line| line.contains("://")).collect();
        assert_eq!(links.len(), 1, "one link in {}", self.body);
        links.concat()
    }
}

/// How one speaks to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// In the clear.
    None,
    /// TLS from the first byte, with this certificate and key.
    Implicit(PathBuf, PathBuf),
    /// STARTTLS before anything else.
    StartTls(PathBuf, PathBuf),
}

/// A running post office.
#[derive(Debug)]
pub struct PostOffice {
    dir: PathBuf,
    port: u16,
    tls: Tls,
    login: Option<(String, String)>,
    child: Option<Child>,
}

impl PostOffice {
    /// One that speaks in the clear.
    pub fn open() -> Self {
        Self::with(Tls::None, None)
    }

    /// One with TLS, and a user and password it wants.
    pub fn with(tls: Tls, login: Option<(&str, &str)>) -> Self {
        let mut office = Self::closed();
        office.tls = tls;
        office.login = login.map(|(user, password)| (user.to_owned(), password.to_owned()));
        office.up();
        office
    }

    /// One that is not open yet.
    pub fn closed() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("ostiary-post-{}-{number}", std::process::id()));
        drop(fs::remove_dir_all(&dir));
        fs::create_dir_all(&dir).expect("a temporary folder can be made");
        Self { dir, port: free_port(), tls: Tls::None, login: None, child: None }
    }

    /// Opens.
    ///
    /// # Panics
    /// If aiosmtpd is not installed.
    pub fn up(&mut self) {
        let mut given = json!({"dir": self.dir, "port": self.port, "tls": "none"});
        match &self.tls {
            Tls::None => {}
            Tls::Implicit(cert, key) => {
                given["tls"] = json!("implicit");
                (given["cert"], given["key"]) = (json!(cert), json!(key));
            }
            Tls::StartTls(cert, key) => {
                given["tls"] = json!("starttls");
                (given["cert"], given["key"]) = (json!(cert), json!(key));
            }
        }
        if let Some((user, password)) = &self.login {
            (given["user"], given["password"]) = (json!(user), json!(password));
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/post_office.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).arg(given.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("Debian's Python runs");
        let mut said = String::new();
        let out = child.stdout.take().expect("its output is piped");
        BufReader::new(out).read_line(&mut said).expect("its output can be read");
        self.child = Some(child);
        assert_eq!(said, "ready\n", "apt-get install python3-aiosmtpd");
    }

    /// Closes; what it has it keeps.
    pub fn down(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }

    /// From now on it takes nothing from anybody: it says so to `MAIL FROM`.
    pub fn shut(&self) {
        fs::write(self.dir.join("shut"), "").expect("its folder can be written to");
    }

    /// It takes letters again.
    pub fn unshut(&self) {
        fs::remove_file(self.dir.join("shut")).expect("it was shut");
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The configuration of a provider that sends its letters here.
    pub fn lines(&self) -> String {
        format!("mail.smtp = \"smtp://127.0.0.1:{}\"\nmail.from = \"Doorkeeper <door@op.example>\"", self.port)
    }

    /// Every letter so far, in the order they came.
    pub fn letters(&self) -> Vec<Letter> {
        let mut names: Vec<PathBuf> = fs::read_dir(&self.dir)
            .expect("its folder is there")
            .map(|entry| entry.expect("its folder can be read").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .collect();
        names.sort();
        names.iter().map(|name| letter(&fs::read_to_string(name).expect("a letter can be read"))).collect()
    }

    /// Waits until so many letters have come to an address, and gives the last of them.
    pub async fn letter(&self, to: &str, count: usize) -> Letter {
        eventually(&format!("letter {count} to {to}"), Duration::from_secs(30), async || {
            let own: Vec<Letter> = self.letters().into_iter().filter(|letter| letter.to == to).collect();
            assert!(own.len() <= count, "more letters than expected: {own:#?}");
            own.into_iter().nth(count - 1)
        })
        .await
    }
}

fn letter(text: &str) -> Letter {
    let all: Value = serde_json::from_str(text).expect("a letter is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Letter { to: text(&all["to"][0]), subject: text(&all["headers"]["subject"]), body: text(&all["body"]), all }
}

impl Drop for PostOffice {
    fn drop(&mut self) {
        self.down();
        drop(fs::remove_dir_all(&self.dir));
    }
}
