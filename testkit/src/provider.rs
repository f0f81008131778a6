//! The real binary, with a configuration and data of its own in a temporary folder.
//!
//! Invariant: what a provider started ends with it; its data outlives its process until the provider is dropped.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::certificate::Certificate;
use crate::eventually;
use crate::http::{Answer, Question, Wire};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A key-encryption secret for tests.
const SECRET: &str = "dGVzdHMgc2VhbCB3aXRoIHRoaXMsIG5vYm9keSBlbHNlIGRvZXM";

/// What a provider is to be like.
#[derive(Clone, Debug)]
pub struct Plan {
    program: PathBuf,
    database: Option<String>,
    issuer: Option<String>,
    path: String,
    tls: Option<Certificate>,
    trusts: Option<Certificate>,
    lines: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Plan {
    /// The binary: `env!("CARGO_BIN_EXE_ostiary")`.
    pub fn new(program: impl AsRef<Path>) -> Self {
        Self {
            program: program.as_ref().into(),
            database: None,
            issuer: None,
            path: String::new(),
            tls: None,
            trusts: None,
            lines: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// With a PostgreSQL database instead of a SQLite file.
    #[must_use]
    pub fn database(mut self, url: &str) -> Self {
        self.database = Some(url.to_owned());
        self
    }

    /// Known as an https issuer, behind a proxy on this machine that says so.
    #[must_use]
    pub fn https(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self.set("proxy.trusted = [\"127.0.0.1/32\"]")
    }

    /// Speaking TLS itself, at `https://localhost`, with this certificate.
    #[must_use]
    pub fn tls(mut self, certificate: &Certificate) -> Self {
        self.tls = Some(certificate.clone());
        self.set("tls.certificate = \"certificate.pem\"").set("tls.key = \"key.pem\"")
    }

    /// Believing whoever shows this certificate, where it calls.
    #[must_use]
    pub fn trusts(mut self, certificate: &Certificate) -> Self {
        self.trusts = Some(certificate.clone());
        self.set("test_mode.extra_ca = \"extra_ca.pem\"")
    }

    /// At a path of its host, such as `/tenant`.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// With a line of configuration, such as `lifetimes.code = "1s"`.
    #[must_use]
    pub fn set(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// With an environment variable.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes the configuration; nothing runs yet.
    pub fn prepare(self) -> Provider {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("ostiary-walk-{}-{number}", std::process::id()));
        drop(fs::remove_dir_all(&dir));
        fs::create_dir_all(&dir).expect("a temporary folder can be made");
        fs::write(dir.join("secret"), format!("{SECRET}\n")).expect("the folder can be written to");
        let port = free_port();
        if let Some(certificate) = &self.tls {
            certificate.write(&dir);
        }
        if let Some(certificate) = &self.trusts {
            fs::write(dir.join("extra_ca.pem"), &certificate.chain).expect("the folder can be written to");
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let issuer = self.issuer.clone().unwrap_or_else(|| format!("{scheme}://localhost:{port}"));
        let issuer = format!("{issuer}{}", self.path);
        let database = self.database.clone().unwrap_or_else(|| "sqlite:data.sqlite".into());
        let mut config = format!(
            "issuer = \"{issuer}\"\nlisten = [\"127.0.0.1:{port}\"]\ndatabase = \"{database}\"\nsecret_file = \"secret\"\ntest_mode.enabled = true\n"
        );
        for line in &self.lines {
            config.push_str(line);
            config.push('\n');
        }
        fs::write(dir.join("ostiary.toml"), config).expect("the folder can be written to");
        let listens = format!("{scheme}://127.0.0.1:{port}");
        Provider {
            program: self.program,
            environment: self.environment,
            dir,
            owns: true,
            issuer,
            listens,
            port,
            child: None,
        }
    }

    /// Starts it and waits until it is ready.
    pub async fn start(self) -> Provider {
        let mut provider = self.prepare();
        provider.start().await;
        provider
    }
}

/// A provider: data, and a process while it runs.
#[derive(Debug)]
pub struct Provider {
    pub(crate) program: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) dir: PathBuf,
    pub(crate) owns: bool,
    pub(crate) issuer: String,
    pub(crate) listens: String,
    pub(crate) port: u16,
    pub(crate) child: Option<Child>,
}

impl Provider {
    /// Its issuer identifier.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// An address below the issuer.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// How it is reached.
    pub fn wires(&self) -> Vec<Wire> {
        let adds = match self.issuer.starts_with("https:") {
            true => vec![("x-forwarded-proto".to_owned(), "https".to_owned())],
            false => Vec::new(),
        };
        let origin = crate::http::read(&self.issuer).origin().ascii_serialization();
        vec![Wire { origin, listens: self.listens.clone(), adds }]
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("--config").arg(self.dir.join("ostiary.toml")).current_dir(&self.dir);
        // What was meant for the tests is no configuration of theirs.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"OSTIARY_")) {
            command.env_remove(name);
        }
        command.env("RUST_BACKTRACE", "1").envs(self.environment.iter().map(|(n, v)| (n, v)));
        command
    }

    fn log_file(&self) -> PathBuf {
        self.dir.join(format!("log-{}", self.port))
    }

    /// Starts the process without waiting for it.
    ///
    /// # Panics
    /// If the binary cannot be run.
    pub fn launch(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).expect("a log can be opened");
        let mut command = self.command();
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::from(log));
        self.child = Some(command.spawn().expect("the binary runs"));
    }

    /// Starts the process and waits until it is ready.
    ///
    /// # Panics
    /// If it ends instead.
    pub async fn start(&mut self) {
        self.launch();
        eventually("the provider is ready", Duration::from_secs(30), async || {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "the provider ended with {ended:?}:\n{}", self.log());
            let answer = self.get("/ready").await.ok()?;
            (answer.status == 200).then_some(())
        })
        .await;
    }

    /// A GET without cookies.
    pub async fn get(&self, path: &str) -> Result<Answer, String> {
        Question::get(&self.url(path)).send(&self.wires()).await
    }

    /// A POST of a form without cookies.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        Question::post(&self.url(path), fields).send(&self.wires()).await.expect("the provider answers")
    }

    /// Asks it anything.
    pub async fn ask(&self, question: Question) -> Answer {
        question.send(&self.wires()).await.expect("the provider answers")
    }

    /// What it has logged so far, over all its lives.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Runs a command, and reads its JSON.
    ///
    /// # Panics
    /// If the command fails.
    pub async fn cli(&self, arguments: &[&str]) -> Value {
        self.cli_with("", arguments).await
    }

    /// The same, with standard input.
    ///
    /// # Panics
    /// If the command fails.
    pub async fn cli_with(&self, input: &str, arguments: &[&str]) -> Value {
        self.try_cli(input, arguments).await.unwrap_or_else(|problem| panic!("ostiary {arguments:?}: {problem}"))
    }

    /// Runs a command; what it says on standard error if it fails.
    pub async fn try_cli(&self, input: &str, arguments: &[&str]) -> Result<Value, String> {
        let mut command = self.command();
        command.arg("--json").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let input = input.to_owned();
        let ran = tokio::task::spawn_blocking(move || {
            let mut child = command.spawn().expect("the binary runs");
            let mut stdin = child.stdin.take().expect("standard input is piped");
            // A command that does not read it may have ended already.
            drop(stdin.write_all(input.as_bytes()));
            drop(stdin);
            child.wait_with_output().expect("a command ends")
        });
        let output = ran.await.expect("the thread that waits does not panic");
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    /// Runs a command, whatever comes of it: its exit status, standard output and standard error.
    ///
    /// # Panics
    /// If the binary cannot be run.
    pub async fn runs(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = self.command();
        command.args(arguments).stdin(Stdio::null());
        let ran = tokio::task::spawn_blocking(move || command.output().expect("the binary runs"));
        let output = ran.await.expect("the thread that waits does not panic");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// What a command says to people.
    ///
    /// # Panics
    /// If the command fails.
    pub fn says(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("the binary runs");
        assert!(output.status.success(), "ostiary {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// What `doctor` finds: in test mode there is always something to mend.
    pub fn doctor(&self) -> String {
        let output = self.command().arg("doctor").output().expect("the binary runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Adds a person.
    pub async fn user(&self, name: &str, password: &str) -> Value {
        self.cli_with(password, &["user", "add", name, "--password-stdin", "--email", &format!("{name}@example.org")])
            .await
    }

    /// Adds a client from registration metadata, with further arguments.
    pub async fn client(&self, metadata: &Value, arguments: &[&str]) -> Value {
        let mut all = vec!["client", "add", "-"];
        all.extend_from_slice(arguments);
        self.cli_with(&metadata.to_string(), &all).await
    }

    /// The ledger of notices.
    pub async fn notices(&self) -> Vec<Value> {
        self.cli(&["notice", "list"]).await.as_array().cloned().unwrap_or_default()
    }

    /// Writes a file into its folder.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.dir.join(name);
        let mut file = File::create(&path).expect("the folder can be written to");
        file.write_all(text.as_bytes()).expect("the folder can be written to");
        path.display().to_string()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "--- log of {}\n{}", self.issuer, self.log());
        }
        if self.owns {
            drop(fs::remove_dir_all(&self.dir));
        }
    }
}

/// A port that was free a moment ago. It is below those the system hands out to connections on their way out, and no other
/// test of this process is given it: what starts there a moment later finds it free.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (first, amount) = (10_000, 22_000);
    let begin = std::process::id().wrapping_mul(977);
    let mut tried = std::iter::repeat_with(|| {
        let port = first + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % amount;
        u16::try_from(port).expect("below 32,000")
    });
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    tried.by_ref().take(1_000).find(free).expect("there are free ports")
}
