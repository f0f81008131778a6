//! `kill -9` under load: whatever was acknowledged is there afterwards.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::both::Folder;
use super::{NOTE, add, set_up};
use crate::tx::{Stop, Store};
use crate::value::values;

const WHERE: &str = "OSTIARY_TEST_VICTIM";

/// Run by [`survives`] in a process of its own, which it ends: writes rows and says which were acknowledged.
#[test]
fn victim() {
    let Ok(location) = std::env::var(WHERE) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&location.parse().unwrap()).await.unwrap();
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..16_i64 {
            let store = store.clone();
            writers.spawn(async move {
                for n in 0.. {
                    let id = writer * 1_000_000 + n;
                    let written: Result<(), Stop<()>> =
                        store.send(async move |tx| Ok(add(tx, id, "kept").await?)).await;
                    written.unwrap();
                    // One write of one line: lines of several writers do not mix.
                    std::io::stdout().write_all(format!("acknowledged {id}\n").as_bytes()).unwrap();
                }
            });
        }
        writers.join_all().await;
    });
}

async fn survives(location: &str) {
    let store = Store::open(&location.parse().unwrap()).await.unwrap();
    set_up(&store).await;
    store.close().await;
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine::tests::kill::victim", "--nocapture"])
        .env(WHERE, location)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = BufReader::new(victim.stdout.take().unwrap());
    let listening = std::thread::spawn(move || {
        let ids =
            said.lines().map_while(Result::ok).filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
        ids.collect::<Vec<i64>>()
    });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    victim.kill().unwrap();
    victim.wait().unwrap();
    let acknowledged = listening.join().unwrap();
    assert!(acknowledged.len() > 100, "only {} rows", acknowledged.len());
    let store = Store::open(&location.parse().unwrap()).await.unwrap();
    let mut reader = store.reader().await.unwrap();
    for id in acknowledged {
        assert!(reader.row(&NOTE, values![id]).await.unwrap().is_some(), "row {id} was acknowledged and is gone");
    }
}

#[tokio::test]
async fn sqlite() {
    let folder = Folder::new();
    survives(&folder.location().to_string()).await;
}

#[tokio::test]
async fn postgres() {
    if let Some(url) = testkit::postgres::fresh_database().await {
        survives(&url).await;
    }
}
