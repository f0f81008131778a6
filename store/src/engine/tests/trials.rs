//! Trials of the one way to write, the same on both engines.

use std::time::Duration;

use openid::time::Time;
use tokio::task::JoinSet;

use super::both::on_both;
use super::{ADD, ADD_BACKWARDS, EACH_KIND, NOTE, RAISE, SPEND, add, count, set_up, total};
use crate::fault::{Fault, Kind};
use crate::statements::EVERY;
use crate::tx::{Stop, Store};
use crate::value::values;

/// A refusal of the trials' own: the engine is generic over it.
#[derive(Debug, PartialEq)]
struct No;

type Outcome<T> = Result<T, Stop<No>>;

/// A value that panics when it is dropped, unless told not to.
struct Grenade(bool);

impl Drop for Grenade {
    fn drop(&mut self) {
        assert!(!self.0, "dropped a grenade");
    }
}

/// Job `n` of the mixed trial: which of eight things it does follows from its number.
async fn mixed(store: Store, n: i64) -> Outcome<i64> {
    store
        .send(async move |tx| {
            let kind = n % 8;
            let note = ["yes", "refused", "faulted", "panicked", "foreign", "swallowed", "met", "yes"];
            add(tx, n, note[usize::try_from(kind).unwrap()]).await?;
            match kind {
                1 => return Err(Stop::Refuse(No)),
                2 => return Err(Stop::Fault(Fault::bug("on purpose"))),
                3 => panic!("on purpose"),
                4 => tokio::task::yield_now().await,
                5 => drop(add(tx, n, "again").await),
                6 => {
                    tx.change(&RAISE, values![n % 4]).await?;
                    tx.change(&RAISE, values![(n / 8) % 4]).await?;
                }
                _ => (),
            }
            Ok(n)
        })
        .await
}

on_both! {
    async fn every_statement_can_be_prepared(store: Store) {
        set_up(&store).await;
        store.send::<_, No, _>(async |tx| {
            for statement in EVERY.iter().copied().flatten().copied().flatten().chain(crate::engine::tests::STATEMENTS) {
                tx.line().prepare(statement).await.map_err(|fault| fault.context(statement.name))?;
            }
            Ok(())
        }).await.unwrap();
    }

    async fn mixed_jobs_leave_exactly_their_rows(store: Store) {
        set_up(&store).await;
        let jobs = 4_000_i64;
        let mut running = JoinSet::new();
        let (mut yes, mut refused, mut busy) = (0, 0, 0);
        for n in 0..jobs {
            running.spawn(mixed(store.clone(), n));
        }
        while let Some(ended) = running.join_next().await {
            match ended.unwrap() {
                Ok(_) => yes += 1,
                Err(Stop::Refuse(No)) => refused += 1,
                Err(Stop::Fault(fault)) if fault.kind() == Kind::Busy => busy += 1,
                Err(Stop::Fault(fault)) => assert_eq!(fault.kind(), Kind::Bug, "{fault}"),
            }
        }
        let each = jobs / 8;
        let mut reader = store.reader().await.unwrap();
        let met = count(&mut reader, "met").await;
        assert_eq!(count(&mut reader, "yes").await, each * 2);
        assert_eq!(count(&mut reader, "refused").await, each, "what came before a refusal stays");
        assert_eq!(refused, each);
        for gone in ["faulted", "panicked", "foreign", "swallowed", "again"] {
            assert_eq!(count(&mut reader, gone).await, 0, "{gone}");
        }
        assert_eq!(met + busy, each, "only those that met others may have given up");
        assert_eq!(yes, each * 2 + met);
        assert_eq!(total(&mut reader).await, met * 2);
    }

    async fn sixty_at_once_spend_a_thing_once(store: Store) {
        set_up(&store).await;
        for round in 0..20_i64 {
            store.send::<_, No, _>(async move |tx| Ok(add(tx, round, "fresh").await?)).await.unwrap();
            let mut running = JoinSet::new();
            for _ in 0..60 {
                let store = store.clone();
                running.spawn(async move {
                    store.send::<_, No, _>(async move |tx| Ok(tx.row(&SPEND, values![round]).await?.is_some())).await
                });
            }
            let spent = running.join_all().await.into_iter().filter(|ended| *ended.as_ref().unwrap()).count();
            assert_eq!(spent, 1, "round {round}");
        }
    }

    async fn callers_that_go_away_leave_no_half(store: Store) {
        set_up(&store).await;
        let mut running = Vec::new();
        for n in 0..400_i64 {
            let store = store.clone();
            running.push(tokio::spawn(async move {
                store.send::<_, No, _>(async move |tx| {
                    add(tx, n * 2, "half").await?;
                    add(tx, n * 2 + 1, "other half").await?;
                    Ok(())
                }).await
            }));
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
        for caller in &running {
            caller.abort();
        }
        for caller in running {
            drop(caller.await);
        }
        // Behind every job that was still queued.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let mut reader = store.reader().await.unwrap();
        assert_eq!(count(&mut reader, "half").await, count(&mut reader, "other half").await);
    }

    async fn a_transaction_inside_a_transaction_is_refused(store: Store) {
        let inner = store.clone();
        let refused = store.send::<_, No, _>(async move |_| {
            let write = inner.send::<_, No, _>(async |_| Ok(())).await;
            let read = inner.reader().await.map(drop);
            Ok((write.is_err(), read.is_err()))
        }).await.unwrap();
        assert_eq!(refused, (true, true));
    }

    async fn values_that_panic_when_dropped_end_nothing(store: Store) {
        set_up(&store).await;
        for n in 0..10_i64 {
            // One panic at a time: a second one while the first unwinds ends any process.
            let captured = Grenade(n % 3 != 0 && n % 2 == 0);
            let asked = store.clone();
            let caller = tokio::spawn(async move {
                let answer = asked.send::<_, No, _>(async move |tx| {
                    let _captured = &captured;
                    add(tx, n, "kept").await?;
                    Ok(Grenade(true))
                }).await;
                answer.unwrap().0 = false;
            });
            if n % 3 == 0 {
                caller.abort();
            }
            drop(caller.await);
        }
        store.send::<_, No, _>(async |tx| Ok(add(tx, 100, "after").await?)).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        assert_eq!(count(&mut reader, "after").await, 1);
    }

    async fn a_reader_cannot_write(store: Store) {
        set_up(&store).await;
        let mut reader = store.reader().await.unwrap();
        assert!(reader.rows(&ADD, values![1_i64, "no"]).await.is_err());
        assert_eq!(count(&mut reader, "no").await, 0);
    }

    async fn values_go_in_by_number_and_come_out_by_order(store: Store) {
        set_up(&store).await;
        store.send::<_, No, _>(async |tx| Ok(tx.change(&ADD_BACKWARDS, values![7_i64, "seven"]).await?)).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        let mut row = reader.row(&NOTE, values![7_i64]).await.unwrap().unwrap();
        assert_eq!(row.take::<String>().unwrap(), "seven");
        assert!(row.take::<String>().is_err(), "there is no second column");
        let hostile = "'; DROP TABLE trial; --";
        let mut row = reader.row(&EACH_KIND, values![i64::MIN, hostile, None::<i64>]).await.unwrap().unwrap();
        assert_eq!(row.take::<i64>().unwrap(), i64::MIN);
        assert_eq!(row.take::<String>().unwrap(), hostile);
        assert_eq!(row.take::<Option<i64>>().unwrap(), None);
    }

    async fn the_courier_is_called_after_the_commit_only(store: Store) {
        set_up(&store).await;
        let mut wakes = store.wakes().await.unwrap();
        // PostgreSQL's listener needs a moment to be there.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let undone = store.send::<(), No, _>(async |tx| {
            tx.wake_courier().await?;
            Err(Stop::Fault(Fault::bug("on purpose")))
        }).await;
        assert!(undone.is_err());
        let early = tokio::time::timeout(Duration::from_millis(300), wakes.next()).await;
        assert!(early.is_err(), "called for what was rolled back");
        store.send::<_, No, _>(async |tx| {
            add(tx, 1, "promise").await?;
            tx.wake_courier().await?;
            Ok(())
        }).await.unwrap();
        tokio::time::timeout(Duration::from_secs(5), wakes.next()).await.expect("called after the commit");
        let mut reader = store.reader().await.unwrap();
        assert_eq!(count(&mut reader, "promise").await, 1);
    }

    async fn closing_finishes_what_was_queued(store: Store) {
        set_up(&store).await;
        let mut running = JoinSet::new();
        for n in 0..200_i64 {
            let store = store.clone();
            running.spawn(async move { store.send::<_, No, _>(async move |tx| Ok(add(tx, n, "queued").await?)).await });
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        store.close().await;
        for ended in running.join_all().await {
            match ended {
                Ok(()) => (),
                Err(Stop::Fault(fault)) => assert_eq!(fault.kind(), Kind::Gone, "{fault}"),
                Err(Stop::Refuse(No)) => panic!("nobody refused"),
            }
        }
    }

    async fn the_database_clock_is_near_ours(store: Store) {
        let now = std::time::UNIX_EPOCH.elapsed().unwrap();
        let now = Time::from_millis(i64::try_from(now.as_millis()).unwrap());
        let ahead = store.database_clock_offset(now).await.unwrap();
        assert!(ahead.abs() < 30_000, "{ahead} ms");
    }

    async fn the_origins_of_clients_there_were_are_found_after_the_step(store: Store) {
        let row = "INSERT INTO client (id, metadata, policy, origins, version, created_at, updated_at) \
                   VALUES ('{id}', '{}', '{}', '{origins}', 1, 0, 0)";
        let rows: Vec<String> =
            [("one", "https://a.example"), ("two", "https://a.example https://b.example:8443"), ("none", "")]
                .map(|(id, origins)| row.replace("{id}", id).replace("{origins}", origins))
                .into();
        store.send::<_, No, _>(async move |tx| {
            tx.line().script("DROP TABLE client_origin; UPDATE schema_version SET version = 9").await?;
            tx.line().script(include_str!("../../../migrations/0009_origins.sql")).await?;
            for row in &rows {
                tx.line().script(row).await?;
            }
            let step = crate::migrate::STEPS.iter().position(|step| step.version == 10).unwrap();
            crate::migrate::run(tx.line(), &crate::migrate::STEPS[..=step]).await?;
            Ok(())
        }).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        for (origin, known) in
            [("https://a.example", true), ("https://b.example:8443", true), ("https://b.example", false), ("", false)]
        {
            assert_eq!(reader.is_client_origin(origin).await.unwrap(), known, "{origin}");
        }
    }

    async fn a_schema_from_the_future_is_refused_unless_it_lets_us(store: Store) {
        store.send::<_, No, _>(async |tx| {
            tx.line().script("UPDATE schema_version SET version = 1000, oldest = 1").await?;
            crate::migrate::run(tx.line(), crate::migrate::STEPS).await?;
            tx.line().script("UPDATE schema_version SET oldest = 1000").await?;
            let refused = crate::migrate::run(tx.line(), crate::migrate::STEPS).await.unwrap_err();
            assert!(refused.to_string().contains("schema 1000"), "{refused}");
            Ok(())
        }).await.unwrap();
    }
}
