//! A tap on the line between a node and PostgreSQL: the node ends as by `kill -9` when its COMMIT comes by.
//!
//! Invariant: what is held back when the tap closes never arrives: a commit that did not reach the database did not
//! happen, and one whose answer did not come back did.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::provider::free_port;
use crate::trap::Moment;

/// `COMMIT` as a simple query: PostgreSQL, "Message Formats".
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// A tap.
#[derive(Debug)]
pub struct Tap {
    port: u16,
    orders: Arc<Orders>,
    work: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Orders {
    moment: Mutex<Option<Moment>>,
    pid: AtomicU32,
}

impl Orders {
    fn take(&self, wanted: impl Fn(Moment) -> bool) -> bool {
        let mut moment = self.moment.lock().expect("nobody panics while they hold this");
        let sprung = moment.is_some_and(wanted);
        if sprung {
            *moment = None;
        }
        sprung
    }

    /// Ends the node. Waits for `kill` to have sent it.
    fn kill(&self) {
        let pid = self.pid.load(Ordering::Relaxed);
        if pid != 0 {
            drop(Command::new("kill").args(["-KILL", &pid.to_string()]).status());
        }
    }
}

impl Tap {
    /// On the line to an address such as `127.0.0.1:5432`.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn to(address: &str) -> Self {
        let (port, orders) = (free_port(), Arc::new(Orders::default()));
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port is free");
        let (to, under) = (address.to_owned(), Arc::clone(&orders));
        let work = tokio::spawn(async move {
            // Dropped with this task, and every connection with it.
            let mut all = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let (to, orders) = (to.clone(), Arc::clone(&under));
                all.spawn(async move {
                    if let Ok(far) = TcpStream::connect(&to).await {
                        carry(near, far, &orders).await;
                    }
                });
            }
        });
        Self { port, orders, work }
    }

    /// Where its near end is.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The process that is to end.
    pub fn watch(&self, pid: u32) {
        self.orders.pid.store(pid, Ordering::Relaxed);
    }

    /// The node ends at its next COMMIT: before it reaches the database, or before its answer comes back.
    pub fn arm(&self, moment: Moment) {
        *self.orders.moment.lock().expect("nobody panics while they hold this") = Some(moment);
    }

    /// It does not any more.
    pub fn disarm(&self) {
        *self.orders.moment.lock().expect("nobody panics while they hold this") = None;
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.work.abort();
    }
}

async fn carry(near: TcpStream, far: TcpStream, orders: &Orders) {
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    // One of them ends the other: a line has two ends.
    tokio::select! {
        _ = pump(from_near, to_far, |bytes| {
            let commits = bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
            let springs = commits && orders.take(|moment| matches!(moment, Moment::BeforeWrite(_)));
            if springs { orders.kill() }
            springs
        }) => {}
        _ = pump(from_far, to_near, |bytes| {
            // The answer to COMMIT is CommandComplete with that word.
            let commits = bytes.windows(7).any(|window| window == b"COMMIT\0");
            let springs = commits && orders.take(|moment| !matches!(moment, Moment::BeforeWrite(_)));
            if springs { orders.kill() }
            springs
        }) => {}
    }
}

/// Carries bytes until either end closes, or what comes by is not to arrive.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    held_back: impl Fn(&[u8]) -> bool,
) -> std::io::Result<()> {
    let mut bytes = vec![0; 1 << 14];
    loop {
        let read = from.read(&mut bytes).await?;
        if read == 0 || held_back(&bytes[..read]) {
            return Ok(());
        }
        to.write_all(&bytes[..read]).await?;
    }
}
