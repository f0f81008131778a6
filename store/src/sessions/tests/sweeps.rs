//! Expiry ends by the same verb; retention removes only what nothing points at.

use openid::logout::judge::Ended;
use openid::name::{GrantId, SessionId};
use openid::session::{Cause, GrantKind};
use openid::time::{Span, Time};
use tokio::task::JoinSet;

use super::ground::{DEADLINE, IDLE, START, account, begin, client, client_with, end, ending, grant, session, stay};
use crate::engine::tests::both::on_both;
use crate::{Attempt, GrantEnding, Outcome, Said, Settled, Store, Sweep, Swept};

fn sweep(now: Time, limit: u32) -> Sweep {
    Sweep { now, limit, deadline: DEADLINE, spread: Span::from_seconds(10) }
}

async fn sweep_once(store: &Store, batch: Sweep) -> Swept {
    store.write(async move |tx| Ok(tx.sweep_sessions(&batch).await?)).await.unwrap()
}

on_both! {
    async fn what_has_expired_ends_with_its_cause_and_is_told(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        let declines = client_with(&store, "quiet", r#"{"backchannel_logout_uri": "https://q.example/"}"#, r#"{"idle_notices": "decline"}"#).await;
        for n in 0..4 {
            let id = session(&store, &format!("s{n}"), &ann, "cookie").await;
            stay(&store, &id, &rp, &format!("rp-{n}")).await;
            stay(&store, &id, &declines, &format!("quiet-{n}")).await;
        }
        assert_eq!(sweep_once(&store, sweep(START + IDLE - Span::from_seconds(1), 10)).await.sessions, 0);
        let first = sweep_once(&store, sweep(START + IDLE, 2)).await;
        assert_eq!((first.sessions, first.notices), (2, 2), "those who decline are not told of idling");
        let mut reader = store.reader().await.unwrap();
        let row = reader.session(&SessionId::new("s0")).await.unwrap().unwrap();
        assert_eq!(row.ended, Some((START + IDLE, Cause::IdleExpiry, "sweep".to_owned())));
        let due: Vec<Time> = reader.notices_of_sessions(&[SessionId::new("s0"), SessionId::new("s1")]).await.unwrap().iter().map(|n| n.due_at).collect();
        assert_eq!(due, [START + IDLE, START + IDLE + Span::from_seconds(5)], "spread over time");
        drop(reader);
        let last = sweep_once(&store, sweep(START + Span::from_days(7), 10)).await;
        assert_eq!((last.sessions, last.notices), (2, 4));
        let mut reader = store.reader().await.unwrap();
        let row = reader.session(&SessionId::new("s3")).await.unwrap().unwrap();
        assert_eq!(row.ended.unwrap().1, Cause::AbsoluteExpiry);
    }

    async fn many_sweepers_end_each_session_once(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        for n in 0..40 {
            let id = session(&store, &format!("s{n}"), &ann, "cookie").await;
            stay(&store, &id, &rp, &format!("sid-{n}")).await;
        }
        let mut running = JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            running.spawn(async move {
                let mut ended = 0;
                for _ in 0..20 {
                    ended += sweep_once(&store, sweep(START + IDLE, 3)).await.sessions;
                }
                ended
            });
        }
        assert_eq!(running.join_all().await.iter().sum::<u32>(), 40);
        assert_eq!(store.reader().await.unwrap().notice_counts().await.unwrap().created, 40);
    }

    async fn nothing_is_removed_while_something_points_at_it(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        let id = session(&store, "s1", &ann, "cookie").await;
        let sid = stay(&store, &id, &rp, "sid").await;
        begin(&store, &grant("g", &id, &sid, &rp, &ann, GrantKind::Offline)).await;
        let live = session(&store, "s2", &ann, "cookie").await;
        let report = end(&store, ending(Ended::Session(id.clone()), Cause::Person)).await;
        let notice = report.notices[0].id.clone();
        let late = START + Span::from_days(91);
        let remove = async |store: &Store| store.write(async move |tx| Ok(tx.remove_ended(late, 10).await?)).await.unwrap();
        assert_eq!(remove(&store).await, 0, "a live grant and a pending notice");
        let ended = store.write(async move |tx| Ok(tx.end_grant(&GrantId::new("g"), Cause::Revoked, "rp", START).await?)).await.unwrap();
        assert_eq!(ended, GrantEnding::Now);
        assert_eq!(remove(&store).await, 0, "a pending notice");
        let done = store.write(async move |tx| {
            let words = Said { status: Some(200), words: String::new() };
            Ok(tx.settle(&Attempt { id: notice.clone(), number: 1 }, Outcome::Delivered, &words, START).await?)
        }).await.unwrap();
        assert_eq!(done, Settled::Now);
        assert_eq!(remove(&store).await, 1);
        let mut reader = store.reader().await.unwrap();
        assert!(reader.session(&id).await.unwrap().is_none());
        assert!(reader.participation(&sid).await.unwrap().is_none());
        assert!(reader.session(&live).await.unwrap().is_some(), "a live session is never removed");
    }

    async fn grants_past_their_life_end(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        let id = session(&store, "s1", &ann, "cookie").await;
        let sid = stay(&store, &id, &rp, "sid").await;
        for n in 0..3 {
            begin(&store, &grant(&format!("g{n}"), &id, &sid, &rp, &ann, GrantKind::Offline)).await;
        }
        let over = START + Span::from_days(30);
        for (now, ended) in [(over - Span::from_seconds(1), 0), (over, 2), (over, 1), (over, 0)] {
            let swept = store.write(async move |tx| Ok(tx.sweep_grants(now, 2).await?)).await.unwrap();
            assert_eq!(swept, ended);
        }
    }
}
