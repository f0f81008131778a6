//! Races of `logout.md` §8.6: whatever is added while a session ends is either told about or was never there.

use openid::logout::judge::{Ended, OfflineGrants};
use openid::name::{GrantId, SessionId, Sid};
use openid::session::{Cause, GrantKind, GrantStanding};
use openid::time::Span;
use tokio::task::JoinSet;

use super::ground::{
    START, account, begin, client, disable, end, ending, grant, join, live_grants, new_session, session, sign_in, stay,
};
use crate::engine::tests::both::on_both;
use crate::tx::Tx;
use crate::{Fault, Hold, NoticeFilter, Store};

/// Holds a transaction open for a moment, where transactions run side by side: commits come late.
async fn dawdle(tx: &mut Tx, n: i64) -> Result<(), Fault> {
    if n % 3 == 0 { tx.line().dawdle(n % 7 * 4).await } else { Ok(()) }
}

on_both! {
    async fn a_hundred_ends_of_one_session_are_one_set_of_notices(store: Store) {
        let ann = account(&store, "ann").await;
        let id = session(&store, "s1", &ann, "cookie").await;
        for n in 0..5 {
            let rp = client(&store, &format!("rp{n}")).await;
            stay(&store, &id, &rp, &format!("sid-{n}")).await;
        }
        let mut running = JoinSet::new();
        for n in 0..100 {
            let (store, what) = (store.clone(), if n % 4 == 0 { Ended::Account(ann.clone()) } else { Ended::Session(id.clone()) });
            running.spawn(async move { end(&store, ending(what, Cause::Person)).await });
        }
        let reports = running.join_all().await;
        let ended: Vec<_> = reports.iter().filter(|report| report.ended_something()).collect();
        assert_eq!(ended.len(), 1, "one of a hundred ends it");
        assert_eq!(ended[0].notices.len(), 5);
        let counts = store.reader().await.unwrap().notice_counts().await.unwrap();
        assert_eq!((counts.created, counts.pending), (5, 5));
    }

    async fn a_sign_in_beside_a_sign_out_is_told_or_was_not(store: Store) {
        let ann = account(&store, "ann").await;
        let mut clients = Vec::new();
        for n in 0..8 {
            clients.push(client(&store, &format!("rp{n}")).await);
        }
        for round in 0..25_i64 {
            let id = session(&store, &format!("s{round}"), &ann, "cookie").await;
            let mut running = JoinSet::new();
            for (n, rp) in clients.iter().enumerate() {
                let (store, id, rp) = (store.clone(), id.clone(), rp.clone());
                let n = i64::try_from(n).unwrap();
                running.spawn(async move {
                    let fresh = format!("sid-{round}-{n}");
                    store.write(async move |tx| {
                        let sid = join(tx, &id, &rp, &fresh, START).await?;
                        dawdle(tx, round + n).await?;
                        Ok(sid)
                    }).await.unwrap()
                });
            }
            let (ender, over) = (store.clone(), id.clone());
            running.spawn(async move {
                for _ in 0..round % 5 { tokio::task::yield_now().await }
                end(&ender, ending(Ended::Session(over), Cause::RelyingParty)).await;
                None
            });
            let joined: Vec<Sid> = running.join_all().await.into_iter().flatten().collect();
            let mut reader = store.reader().await.unwrap();
            let stays = reader.participations([&id]).await.unwrap();
            let told = reader.notices_of_sessions(&[id]).await.unwrap();
            assert_eq!(stays.len(), joined.len(), "a stay that was refused is not there");
            assert_eq!(told.len(), joined.len(), "round {round}: every stay has its notice");
            assert!(stays.iter().all(|stay| stay.ended.is_some()));
        }
    }

    async fn a_redemption_beside_a_sign_out_gives_nothing_that_lives(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        for round in 0..25_i64 {
            let id = session(&store, &format!("s{round}"), &ann, "cookie").await;
            let sid = stay(&store, &id, &rp, &format!("sid-{round}")).await;
            let mut running = JoinSet::new();
            for n in 0..6_i64 {
                let grant = grant(&format!("g-{round}-{n}"), &id, &sid, &rp, &ann, GrantKind::Online);
                let store = store.clone();
                running.spawn(async move {
                    store.write(async move |tx| {
                        let standing = tx.hold_stay(&grant.sid, Hold::Beside, START).await?;
                        if standing.is_some() {
                            tx.begin_grant(&grant).await?;
                            dawdle(tx, round + n).await?;
                        }
                        Ok(standing.is_some())
                    }).await.unwrap()
                });
            }
            // Half of the rounds end the session, half only the stay.
            let what = if round % 2 == 0 { Ended::Session(id.clone()) } else { Ended::Participation(sid.clone()) };
            let ender = store.clone();
            let report = tokio::spawn(async move { end(&ender, ending(what, Cause::Person)).await });
            let begun = running.join_all().await.into_iter().filter(|begun| *begun).count();
            let report = report.await.unwrap();
            assert_eq!(report.revoked.len(), begun, "round {round}: what was granted before ended with it");
            assert_eq!(live_grants(&store, &id).await, 0);
            assert_eq!(report.notices.len(), 1);
        }
    }

    async fn a_refresh_beside_an_end_of_everything_holds_no_live_grant(store: Store) {
        let rp = client(&store, "rp").await;
        for round in 0..20_i64 {
            let ann = account(&store, &format!("ann{round}")).await;
            let id = session(&store, &format!("s{round}"), &ann, "cookie").await;
            let sid = stay(&store, &id, &rp, &format!("sid-{round}")).await;
            let family = GrantId::new(format!("g-{round}"));
            begin(&store, &grant(family.as_str(), &id, &sid, &rp, &ann, GrantKind::Offline)).await;
            let mut running = JoinSet::new();
            for n in 0..6_i64 {
                let (store, sid, family) = (store.clone(), sid.clone(), family.clone());
                running.spawn(async move {
                    store.write(async move |tx| {
                        tx.hold_stay(&sid, Hold::Beside, START + Span::from_minutes(n * 3)).await?;
                        let (_, standing) = tx.hold_grant(&family).await?.ok_or_else(|| Fault::bug("no grant"))?;
                        dawdle(tx, round + n).await?;
                        Ok(standing)
                    }).await.unwrap()
                });
            }
            let mut order = ending(Ended::Account(ann), Cause::Person);
            order.offline = OfflineGrants::Revoke;
            let ender = store.clone();
            let report = tokio::spawn(async move { end(&ender, order).await });
            running.join_all().await;
            assert_eq!(report.await.unwrap().revoked, std::slice::from_ref(&family));
            let after = store.write(async move |tx| Ok(tx.hold_grant(&family).await?)).await.unwrap().unwrap();
            assert_eq!(after.1, GrantStanding::Over);
        }
    }

    async fn nobody_signs_in_beside_the_disabling_of_the_account(store: Store) {
        for round in 0..20_i64 {
            let ann = account(&store, &format!("ann{round}")).await;
            let mut running = JoinSet::new();
            for n in 0..6_i64 {
                let (new, ann) = (new_session(&format!("s-{round}-{n}"), "cookie"), ann.clone());
                let store = store.clone();
                running.spawn(async move {
                    store.write(async move |tx| {
                        let opened = sign_in(tx, &ann, &new).await?;
                        dawdle(tx, round + n).await?;
                        Ok(opened.is_done())
                    }).await.unwrap()
                });
            }
            let (disabler, whose) = (store.clone(), ann.clone());
            let report = tokio::spawn(async move {
                disabler.write(async move |tx| {
                    disable(tx, &whose, START).await?;
                    Ok(tx.end(&ending(Ended::Account(whose.clone()), Cause::AccountDisabled)).await?)
                }).await.unwrap()
            });
            let opened = running.join_all().await.into_iter().filter(|opened| *opened).count();
            assert_eq!(report.await.unwrap().sessions.len(), opened, "round {round}");
            assert!(store.reader().await.unwrap().account_sessions(&ann, crate::Selection::Live, START).await.unwrap().is_empty());
        }
    }

    async fn ends_that_reach_the_same_sessions_from_many_sides_agree(store: Store) {
        for round in 0..8_i64 {
            let rp = client(&store, &format!("rp{round}")).await;
            let ann = account(&store, &format!("ann{round}")).await;
            let mut sids = Vec::new();
            for n in 0..5 {
                let id = session(&store, &format!("s-{round}-{n}"), &ann, "cookie").await;
                sids.push((id.clone(), stay(&store, &id, &rp, &format!("sid-{round}-{n}")).await));
            }
            let mut running = JoinSet::new();
            let mut orders = vec![Ended::Account(ann.clone()), Ended::Client(rp.clone()), Ended::AccountAtClient(ann.clone(), rp.clone())];
            orders.extend(sids.iter().rev().map(|(id, _)| Ended::Session(SessionId::new(id.as_str()))));
            orders.extend(sids.iter().map(|(_, sid)| Ended::Participation(sid.clone())));
            for what in orders {
                let store = store.clone();
                running.spawn(async move { end(&store, ending(what, Cause::Operator)).await });
            }
            let told: usize = running.join_all().await.iter().map(|report| report.notices.len()).sum();
            assert_eq!(told, 5, "round {round}: each stay is told once");
            let filter = NoticeFilter { client: Some(rp), ..NoticeFilter::default() };
            assert_eq!(store.reader().await.unwrap().notices(&filter).await.unwrap().len(), 5);
        }
    }
}
