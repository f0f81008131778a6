//! A PostgreSQL for tests: the one `OSTIARY_TEST_POSTGRES` names, or a private cluster of this process.
//!
//! Invariant: a private cluster listens on loopback only, syncs to the disk like a real one, and ends with the process
//! that started it, however that ends.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio_postgres::{NoTls, SimpleQueryMessage};

struct Server {
    /// Its address up to the database's name, with a trailing slash.
    base: String,
    /// The authority of its certificate.
    authority: Option<PathBuf>,
    /// Its closing end ends the private cluster: see [`WATCHDOG`].
    _keeper: Option<Child>,
}

static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Runs the server until standard input closes, which it does when the test process is gone; then tidies up.
const WATCHDOG: &str = r#"trap '' INT TERM
"$@" >"$OSTIARY_LOG" 2>&1 </dev/null &
server=$!
cat >/dev/null
kill -INT $server
wait $server
rm -rf "$OSTIARY_DIR""#;

/// The URL of a fresh, empty database. `None`, and one line saying so, where there is no PostgreSQL.
///
/// # Panics
/// Where there is none although `CI` is set: there, a missing part is a failure.
pub async fn fresh_database() -> Option<String> {
    let server = SERVER.get_or_init(find);
    match server {
        Ok(server) => Some(create(&server.base).await.expect("a server that was found creates databases")),
        Err(why) => {
            assert!(env::var_os("CI").is_none(), "PostgreSQL tests cannot run: {why}");
            let _ = writeln!(io::stderr(), "not run on PostgreSQL: {why}");
            None
        }
    }
}

/// Runs statements in a database that [`fresh_database`] gave: what no program of ours would do to it.
///
/// # Panics
/// Where the database does not take them.
pub async fn execute(url: &str, statements: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database was there a moment ago");
    let driver = tokio::spawn(connection);
    client.batch_execute(statements).await.expect("the statements are good");
    drop(client);
    let _ = driver.await;
}

/// Asks such a database: each row's values as text, as it writes them.
///
/// # Panics
/// Where the database does not take the question.
pub async fn rows(url: &str, question: &str) -> Vec<Vec<Option<String>>> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the database was there a moment ago");
    let driver = tokio::spawn(connection);
    let answer = client.simple_query(question).await.expect("the question is good");
    drop(client);
    let _ = driver.await;
    let row = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()),
        _ => None,
    };
    answer.iter().filter_map(row).collect()
}

async fn create(base: &str) -> Result<String, tokio_postgres::Error> {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("ostiary_test_{}_{number}", std::process::id());
    let (client, connection) = tokio_postgres::connect(&format!("{base}postgres"), NoTls).await?;
    let pump = tokio::spawn(connection);
    client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await?;
    client.batch_execute(&format!("CREATE DATABASE {name}")).await?;
    drop(client);
    drop(pump.await);
    Ok(format!("{base}{name}"))
}

/// The certificate authority of the private cluster, which speaks TLS as `localhost` too. `None` for a server of
/// somebody else's. Ask for a database first.
pub fn authority() -> Option<&'static Path> {
    SERVER.get()?.as_ref().ok()?.authority.as_deref()
}

fn find() -> Result<Server, String> {
    if let Ok(url) = env::var("OSTIARY_TEST_POSTGRES") {
        let cut = url
            .rfind('/')
            .filter(|at| *at > "postgres://".len())
            .ok_or("OSTIARY_TEST_POSTGRES is not a URL with a database")?;
        return Ok(Server { base: url[..=cut].to_owned(), authority: None, _keeper: None });
    }
    let binaries = binaries()
        .ok_or("no /usr/lib/postgresql/*/bin/initdb (install the postgresql package, or set OSTIARY_TEST_POSTGRES)")?;
    start(&binaries).map_err(|error| format!("the private cluster did not start: {error}"))
}

pub(crate) fn binaries() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop()
}

fn start(binaries: &Path) -> io::Result<Server> {
    let dir = env::temp_dir().join(format!("ostiary-postgres-{}", std::process::id()));
    // Left over from a process of the same number, if anything.
    drop(fs::remove_dir_all(&dir));
    fs::create_dir(&dir)?;
    let data = dir.join("data");
    give_away(&dir)?;
    initialize(binaries, &dir, &data)?;
    let (certificate, key) = certify(&dir)?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let server = unprivileged(&binaries.join("postgres"));
    let keeper = Command::new("sh")
        .args(["-c", WATCHDOG, "sh"])
        .arg(server.get_program())
        .args(server.get_args())
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string(), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "fsync=on"])
        .args(["-c", "max_connections=300", "-c", "shared_buffers=64MB"])
        .args(["-c", "ssl=on", "-c", &format!("ssl_cert_file={}", certificate.display())])
        .args(["-c", &format!("ssl_key_file={}", key.display())])
        .env("OSTIARY_DIR", &dir)
        .env("OSTIARY_LOG", dir.join("log"))
        .current_dir(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    await_port(port, &dir.join("log"))?;
    Ok(Server {
        base: format!("postgres://postgres@127.0.0.1:{port}/"),
        authority: Some(certificate),
        _keeper: Some(keeper),
    })
}

pub(crate) fn initialize(binaries: &Path, dir: &Path, data: &Path) -> io::Result<()> {
    let made = unprivileged(&binaries.join("initdb"))
        .args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"])
        .arg(data)
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()?;
    if !made.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&made.stderr).into_owned()));
    }
    Ok(())
}

/// A certificate for this machine, and its key, which PostgreSQL insists is nobody else's to read.
fn certify(dir: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let (certificate, key) = (dir.join("server.crt"), dir.join("server.key"));
    fs::write(&certificate, made.cert.pem())?;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&key)?
        .write_all(made.signing_key.serialize_pem().as_bytes())?;
    give_away(&key)?;
    Ok((certificate, key))
}

/// PostgreSQL refuses to run as root; the package's own user runs it then.
pub(crate) fn unprivileged(program: &Path) -> Command {
    if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

pub(crate) fn give_away(path: &Path) -> io::Result<()> {
    if is_root() && !Command::new("chown").arg("postgres").arg(path).status()?.success() {
        return Err(io::Error::other("there is no user postgres to run it"));
    }
    Ok(())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

pub(crate) fn await_port(port: u16, log: &Path) -> io::Result<()> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        let said = fs::read_to_string(log).unwrap_or_default();
        // A standby is ready for questions alone, and says so.
        if said.contains("ready to accept") {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(20));
    }
    let said = fs::read_to_string(log).unwrap_or_default();
    Err(io::Error::other(format!("nothing on port {port} after 30 s: {said}")))
}
