//! A PostgreSQL primary and its streaming standby, for tests that lose the primary.
//!
//! Invariant: once [`Pair::synchronous`] has returned, a commit is answered only when the standby has it on disk. Both end
//! with this value.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::cable::Cable;
use crate::postgres::{await_port, binaries, give_away, initialize, rows, unprivileged};
use crate::provider::free_port;
use crate::{eventually, postgres};

/// The two, and the cables to them.
#[derive(Debug)]
pub struct Pair {
    dir: PathBuf,
    tools: PathBuf,
    primary: Node,
    standby: Node,
    /// What servers of ours connect to: wherever the primary is.
    front: Cable,
    /// What the standby streams over.
    stream: Cable,
}

#[derive(Debug)]
struct Node {
    port: u16,
    child: Child,
}

impl Pair {
    /// Starts both. `None` where there is no PostgreSQL on this machine.
    ///
    /// # Panics
    /// Where there is one, and it does not start.
    pub async fn start() -> Option<Self> {
        let tools = binaries()?;
        let dir = std::env::temp_dir().join(format!("ostiary-pair-{}", std::process::id()));
        drop(fs::remove_dir_all(&dir));
        fs::create_dir(&dir).expect("a temporary folder can be made");
        give_away(&dir).expect("there is a user postgres");
        let (first, second) = (dir.join("primary"), dir.join("standby"));
        initialize(&tools, &dir, &first).expect("a cluster can be made");
        let primary = run(&tools, &first).expect("the primary starts");
        let stream = Cable::to(&format!("127.0.0.1:{}", primary.port)).await;
        let backup = unprivileged(&tools.join("pg_basebackup"))
            .args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--username=postgres"])
            .args(["--host=127.0.0.1", "--port", &port(&stream), "--pgdata"])
            .arg(&second)
            .current_dir(&dir)
            .output()
            .expect("pg_basebackup is there");
        assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
        let standby = run(&tools, &second).expect("the standby starts");
        let front = Cable::to(&format!("127.0.0.1:{}", primary.port)).await;
        let pair = Self { dir, tools, primary, standby, front, stream };
        eventually("the standby streams", Duration::from_secs(30), async || {
            let seen = rows(&pair.admin(), "SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'").await;
            (!seen.is_empty()).then_some(())
        })
        .await;
        Some(pair)
    }

    /// Where servers of ours connect to, whichever of the two is the primary.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.front.address())
    }

    fn admin(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.primary.port)
    }

    /// From here on the primary answers a commit when the standby has it (`synchronous_standby_names`).
    pub async fn synchronous(&self) {
        postgres::execute(&self.admin(), "ALTER SYSTEM SET synchronous_standby_names = '*'").await;
        postgres::execute(&self.admin(), "SELECT pg_reload_conf()").await;
        eventually("the standby is synchronous", Duration::from_secs(30), async || {
            let seen = rows(&self.admin(), "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").await;
            (!seen.is_empty()).then_some(())
        })
        .await;
    }

    /// The standby hears nothing any more.
    pub fn part(&mut self) {
        self.stream.cut();
    }

    /// The primary is gone: its processes are killed, and nobody reaches it.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn lose_the_primary(&mut self) {
        self.front.cut();
        self.stream.cut();
        // Its own children too: they would go on serving open connections.
        let stop = unprivileged(&self.tools.join("pg_ctl"))
            .args(["stop", "--mode=immediate", "--pgdata"])
            .arg(self.dir.join("primary"))
            .current_dir(&self.dir)
            .stdout(Stdio::null())
            .status();
        assert!(stop.is_ok_and(|status| status.success()), "the primary ends");
        let _ended = self.primary.child.wait();
    }

    /// The standby becomes the primary, and everybody is led to it.
    ///
    /// # Panics
    /// If it does not.
    pub async fn promote(&mut self) {
        let promoted = unprivileged(&self.tools.join("pg_ctl"))
            .args(["promote", "--wait", "--pgdata"])
            .arg(self.dir.join("standby"))
            .current_dir(&self.dir)
            .stdout(Stdio::null())
            .status();
        assert!(promoted.is_ok_and(|status| status.success()), "the standby is promoted");
        self.front.lead_to(&format!("127.0.0.1:{}", self.standby.port)).await;
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.primary.end();
        self.standby.end();
        drop(fs::remove_dir_all(&self.dir));
    }
}

impl Node {
    fn end(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _told = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
            let _ended = self.child.wait();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.end();
    }
}

fn port(cable: &Cable) -> String {
    cable.address().rsplit(':').next().unwrap_or_default().to_owned()
}

fn run(tools: &Path, data: &Path) -> io::Result<Node> {
    let port = free_port();
    let log = data.with_extension("log");
    let server = unprivileged(&tools.join("postgres"));
    let child = Command::new(server.get_program())
        .args(server.get_args())
        .arg("-D")
        .arg(data)
        .args(["-p", &port.to_string(), "-k", "", "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"])
        .current_dir(data.parent().unwrap_or(data))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log)?)
        .spawn()?;
    let node = Node { port, child };
    await_port(port, &log)?;
    Ok(node)
}
