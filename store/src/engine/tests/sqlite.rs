//! What only a file can do: fill up, fail to commit, be locked, be copied.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::both::{Folder, sqlite};
use super::{add, count, set_up};
use crate::fault::Kind;
use crate::tx::{Stop, Store};
use crate::{Fault, Location};

async fn many(store: &Store, ids: std::ops::Range<i64>, note: &'static str) -> Vec<Result<i64, Stop<()>>> {
    let mut running = JoinSet::new();
    for n in ids {
        let store = store.clone();
        running.spawn(async move {
            store
                .send(async move |tx| {
                    add(tx, n, note).await?;
                    Ok(n)
                })
                .await
        });
    }
    running.join_all().await
}

fn fault(ended: Result<i64, Stop<()>>) -> Option<Fault> {
    match ended {
        Ok(_) => None,
        Err(Stop::Fault(fault)) => Some(fault),
        Err(Stop::Refuse(())) => panic!("nobody refused"),
    }
}

/// Runs SQL on the writing connection, from inside a job.
async fn on_the_writer(store: &Store, sql: &'static str) {
    store.send::<_, (), _>(async move |tx| Ok(tx.line().script(sql).await?)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let (store, folder) = sqlite().await;
    set_up(&store).await;
    let long: &'static str = Box::leak("x".repeat(3_000).into_boxed_str());
    on_the_writer(&store, "PRAGMA max_page_count = 200").await;
    let ended = many(&store, 0..600, long).await;
    let acknowledged = ended.iter().filter(|ended| ended.is_ok()).count();
    let faults: Vec<Fault> = ended.into_iter().filter_map(fault).collect();
    assert!(acknowledged > 0 && !faults.is_empty(), "{acknowledged} of 600");
    for fault in &faults {
        assert_eq!(fault.kind(), Kind::Full, "{fault}");
    }
    let stored = count(&mut store.reader().await.unwrap(), long).await;
    assert_eq!(stored, i64::try_from(acknowledged).unwrap(), "rows = acknowledged");
    on_the_writer(&store, "PRAGMA max_page_count = 100000").await;
    assert!(many(&store, 1_000..1_050, long).await.into_iter().all(|ended| ended.is_ok()), "there is room again");
    store.close().await;
    let again = Store::open(&folder.location()).await.unwrap();
    assert_eq!(count(&mut again.reader().await.unwrap(), long).await, stored + 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failing_commit_faults_its_culprit_only() {
    let (store, _folder) = sqlite().await;
    set_up(&store).await;
    on_the_writer(
        &store,
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES trial (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let mut running = JoinSet::new();
    for n in 0..100_i64 {
        let store = store.clone();
        running.spawn(async move {
            let ended: Result<(), Stop<()>> = store
                .send(async move |tx| {
                    add(tx, n, "row").await?;
                    if n % 25 == 7 {
                        tx.line().script("INSERT INTO child (parent) VALUES (-1)").await?;
                    }
                    Ok(())
                })
                .await;
            (n, ended)
        });
    }
    for (n, ended) in running.join_all().await {
        assert_eq!(ended.is_err(), n % 25 == 7, "job {n}: {ended:?}");
    }
    assert_eq!(count(&mut store.reader().await.unwrap(), "row").await, 96);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_locked_database_answers_the_whole_queue_at_once() {
    let (store, folder) = sqlite().await;
    set_up(&store).await;
    let Location::Sqlite(path) = folder.location() else { panic!("a file") };
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    for ended in many(&store, 0..40, "row").await {
        assert_eq!(fault(ended).map(|fault| fault.kind()), Some(Kind::Busy));
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}: each waited its own timeout", began.elapsed());
    other.execute_batch("ROLLBACK").unwrap();
    assert!(many(&store, 0..40, "row").await.into_iter().all(|ended| ended.is_ok()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_is_whole_while_others_write() {
    let (store, folder) = sqlite().await;
    set_up(&store).await;
    many(&store, 0..500, "before").await;
    let writing = tokio::spawn({
        let store = store.clone();
        async move { many(&store, 1_000..2_000, "during").await }
    });
    let copy = folder.0.join("copy.db");
    store.backup(&copy).await.unwrap();
    assert!(store.backup(&copy).await.is_err(), "an existing file is not overwritten");
    writing.await.unwrap();
    let copied = Store::open(&Location::Sqlite(copy)).await.unwrap();
    assert_eq!(count(&mut copied.reader().await.unwrap(), "before").await, 500);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_log_is_copied_back_while_writing() {
    let (store, folder) = sqlite().await;
    set_up(&store).await;
    let filler: &'static str = Box::leak("x".repeat(3_000).into_boxed_str());
    for round in 0..6 {
        many(&store, round * 2_000..(round + 1) * 2_000, filler).await;
    }
    let log = std::fs::metadata(folder.0.join("ostiary.db-wal")).unwrap().len();
    assert!(log < 40 * 1024 * 1024, "the log has {log} bytes after 36 MB of rows");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_said_to_be_gone() {
    let folder = Folder::new();
    let Location::Sqlite(path) = folder.location() else { panic!("a file") };
    std::fs::write(path, "not a database, but long enough to be taken for one".repeat(100)).unwrap();
    let refused = Store::open(&folder.location()).await.map(drop).unwrap_err();
    assert_eq!(refused.kind(), Kind::Gone, "{refused}");
    let nowhere = Store::open(&"sqlite:/nowhere/at/all.db".parse().unwrap()).await.map(drop).unwrap_err();
    assert_eq!(nowhere.kind(), Kind::Gone, "{nowhere}");
}

#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_store, folder) = sqlite().await;
    let mode = std::fs::metadata(folder.0.join("ostiary.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}
