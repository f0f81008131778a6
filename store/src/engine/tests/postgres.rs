//! What only a server can do: go away, cut a connection, find a deadlock, fail late.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::both::postgres;
use super::{NOTE, RAISE, add, count, set_up, total};
use crate::fault::Kind;
use crate::tx::{Stop, Store};
use crate::value::values;
use crate::{Fault, Location};

fn fault(ended: Result<(), Stop<()>>) -> Option<Fault> {
    match ended {
        Ok(()) => None,
        Err(Stop::Fault(fault)) => Some(fault),
        Err(Stop::Refuse(())) => panic!("nobody refused"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deadlocks_are_run_again_and_counted_once() {
    let Some(store) = postgres().await else {
        return;
    };
    set_up(&store).await;
    let mut running = JoinSet::new();
    for n in 0..12_i64 {
        let store = store.clone();
        running.spawn(async move {
            let (first, second) = if n % 2 == 0 { (0, 1) } else { (1, 0) };
            let ended: Result<(), Stop<()>> = store
                .send(async move |tx| {
                    tx.change(&RAISE, values![i64::from(first)]).await?;
                    tx.change(&RAISE, values![i64::from(second)]).await?;
                    Ok(())
                })
                .await;
            ended
        });
    }
    let mut done = 0;
    for ended in running.join_all().await {
        match fault(ended) {
            None => done += 1,
            Some(fault) => assert_eq!(fault.kind(), Kind::Busy, "{fault}"),
        }
    }
    assert!(done > 0);
    assert_eq!(total(&mut store.reader().await.unwrap()).await, done * 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_that_fails_late_is_a_fault() {
    let Some(store) = postgres().await else {
        return;
    };
    set_up(&store).await;
    let ended: Result<(), Stop<()>> = store
        .send(async |tx| {
            let late = "CREATE TABLE late (id BIGINT UNIQUE DEFERRABLE INITIALLY DEFERRED); \
                INSERT INTO late (id) VALUES (1), (1)";
            tx.line().script(late).await?;
            add(tx, 1, "late").await?;
            Ok(())
        })
        .await;
    assert_eq!(fault(ended).map(|fault| fault.kind()), Some(Kind::Bug));
    assert_eq!(count(&mut store.reader().await.unwrap(), "late").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cut_connections_are_replaced() {
    let Some(store) = postgres().await else {
        return;
    };
    set_up(&store).await;
    let warm = |store: Store, from: i64| async move {
        let mut running = JoinSet::new();
        for n in from..from + 40 {
            let store = store.clone();
            running.spawn(async move {
                let ended: Result<(), Stop<()>> = store.send(async move |tx| Ok(add(tx, n, "row").await?)).await;
                ended
            });
        }
        running.join_all().await.into_iter().filter_map(fault).collect::<Vec<Fault>>()
    };
    assert!(warm(store.clone(), 0).await.is_empty());
    let cut: Result<(), Stop<()>> = store
        .send(async |tx| {
            let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
            Ok(tx.line().script(others).await?)
        })
        .await;
    cut.unwrap();
    let faults = warm(store.clone(), 1_000).await;
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(count(&mut store.reader().await.unwrap(), "row").await, 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lock_held_too_long_says_try_later() {
    let Some(store) = postgres().await else {
        return;
    };
    set_up(&store).await;
    let holder = store.clone();
    let held = tokio::spawn(async move {
        let ended: Result<(), Stop<()>> = holder
            .send(async |tx| {
                tx.change(&RAISE, values![0_i64]).await?;
                tx.line().script("SELECT pg_sleep(7)").await?;
                Ok(())
            })
            .await;
        ended
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let began = Instant::now();
    let ended: Result<(), Stop<()>> =
        store.send(async |tx| Ok(tx.change(&RAISE, values![0_i64]).await.map(drop)?)).await;
    assert_eq!(fault(ended).map(|fault| fault.kind()), Some(Kind::Busy));
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
    held.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_schema_changed_under_cached_plans_is_planned_anew() {
    let Some(store) = postgres().await else {
        return;
    };
    set_up(&store).await;
    let read = async |store: &Store| -> Result<bool, Stop<()>> {
        store.send(async |tx| Ok(tx.row(&NOTE, values![1_i64]).await?.is_some())).await
    };
    assert!(!read(&store).await.unwrap());
    let changed: Result<(), Stop<()>> = store
        .send(async |tx| Ok(tx.line().script("ALTER TABLE trial ALTER COLUMN note TYPE varchar(99)").await?))
        .await;
    changed.unwrap();
    assert!(!read(&store).await.unwrap(), "run again with a new plan");
}

#[tokio::test]
async fn no_server_is_said_to_be_gone_and_the_password_is_not_said() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let location: Location = format!("postgres://me:hunter2@127.0.0.1:{nobody}/op").parse().unwrap();
    assert!(!format!("{location} {location:?}").contains("hunter2"));
    let gone = Store::open(&location).await.map(drop).unwrap_err();
    assert_eq!(gone.kind(), Kind::Gone, "{gone}");
    assert!(!format!("{gone} {gone:?}").contains("hunter2"));
}

#[test]
fn locations_are_read_strictly() {
    for bad in [
        "",
        "mysql://x",
        "sqlite:",
        "sqlite::memory:",
        "postgres://h/d?sslmode=prefer",
        "postgres://h/d?pool=0",
        // In the clear over a network only if somebody says so.
        "postgres://h/d",
        "postgres://127.0.0.1,h/d",
        "postgres://10.1.2.3/d?pool=4",
    ] {
        assert!(bad.parse::<Location>().is_err(), "{bad}");
    }
    for good in [
        "sqlite:a.db",
        "sqlite:///tmp/a.db",
        "postgresql://u@h:5433/d?sslmode=verify-full&pool=4",
        "postgres://h/d?sslmode=disable",
        "postgres://127.0.0.1/d",
        "postgres://localhost:5433/d",
        "postgres://%2Frun%2Fpostgresql/d",
    ] {
        assert!(good.parse::<Location>().is_ok(), "{good}");
    }
}

#[tokio::test]
async fn tls_is_verified_or_refused() {
    let Some(url) = testkit::postgres::fresh_database().await else {
        return;
    };
    let Some(authority) = testkit::postgres::authority() else {
        return;
    };
    let open = async |query: String| Store::open(&format!("{url}?{query}").parse().unwrap()).await;
    let authority = authority.display();
    for mode in ["require", "verify-full"] {
        let store = open(format!("sslmode={mode}&sslrootcert={authority}")).await.unwrap();
        let encrypted: Result<(), Stop<()>> = store
            .send(async |tx| {
                let sql = "DO $$ BEGIN IF NOT (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) \
                    THEN RAISE 'in the clear'; END IF; END $$";
                Ok(tx.line().script(sql).await?)
            })
            .await;
        encrypted.unwrap();
        let mut wakes = store.wakes().await.unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let called: Result<(), Stop<()>> = store.send(async |tx| Ok(tx.wake_courier().await?)).await;
        called.unwrap();
        tokio::time::timeout(Duration::from_secs(5), wakes.next()).await.expect("listening works over TLS too");
    }
    let stranger = open("sslmode=require".to_owned()).await.map(drop).unwrap_err();
    assert_eq!(stranger.kind(), Kind::Gone, "{stranger}");
    let missing = open("sslmode=require&sslrootcert=/nowhere.pem".to_owned()).await.map(drop).unwrap_err();
    assert!(missing.to_string().contains("/nowhere.pem"), "{missing}");
}
