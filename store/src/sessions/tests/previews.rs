//! For random session graphs, executed = previewed (`logout.md` §7).

use std::collections::BTreeSet;

use openid::logout::judge::{Ended, OfflineGrants, Verdict};
use openid::name::{ClientId, SessionId, Sid};
use openid::session::{Cause, GrantKind};
use openid::time::Span;

use super::ground::{START, account, begin, client, client_with, end, ending, grant, session, stay};
use crate::engine::tests::both::on_both;
use crate::statements::statements;
use crate::{Store, Sums, Unpromised};

statements! {
    LOSE = "DELETE FROM outbox";
}

/// How each stay that leaves is to be told, as the preview has it.
fn fates(verdict: &Verdict) -> Vec<(Sid, Option<Unpromised>)> {
    let mut all: Vec<_> = verdict.notices.iter().map(|notice| (notice.sid.clone(), None)).collect();
    all.extend(verdict.shown.iter().map(|(sid, _)| (sid.clone(), Some(Unpromised::Shown))));
    all.extend(verdict.untold.iter().map(|(sid, _, why)| (sid.clone(), Some(Unpromised::Untold(*why)))));
    all
}

/// A sequence that looks random and is the same each time.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap()
    }
}

/// Clients of every kind that a logout tells apart.
async fn parties(store: &Store) -> Vec<ClientId> {
    let idle = (r#"{"backchannel_logout_uri": "https://i.example/"}"#, r#"{"idle_notices": "decline"}"#);
    let strict = (r#"{"backchannel_logout_uri": "https://s.example/"}"#, r#"{"offline_grants": "revoke"}"#);
    let mut clients = vec![client_with(store, "mute", "{}", "{}").await];
    for (id, (metadata, policy)) in [("idle", idle), ("strict", strict)] {
        clients.push(client_with(store, id, metadata, policy).await);
    }
    for (id, back) in [("front", ""), ("both", r#", "backchannel_logout_uri": "https://both.example/""#)] {
        let metadata = format!(r#"{{"frontchannel_logout_uri": "https://{id}.example/out"{back}}}"#);
        clients.push(client_with(store, id, &metadata, "{}").await);
    }
    for n in 0..4 {
        clients.push(client(store, &format!("rp{n}")).await);
    }
    clients
}

/// A person with sessions, stays and grants as the dice fall, and everything of it that can end.
async fn graph(store: &Store, dice: &mut Sequence, clients: &[ClientId], graph: u64) -> Vec<Ended> {
    let ann = account(store, &format!("ann{graph}")).await;
    let mut targets = vec![Ended::Account(ann.clone())];
    for s in 0..=dice.below(3) {
        let id = session(store, &format!("s-{graph}-{s}"), &ann, "cookie").await;
        targets.push(Ended::Session(SessionId::new(id.as_str())));
        for p in 0..dice.below(5) {
            let rp = &clients[dice.index(clients.len())];
            let sid = stay(store, &id, rp, &format!("p-{graph}-{s}-{p}")).await;
            targets.push(Ended::Participation(sid.clone()));
            targets.push(Ended::AccountAtClient(ann.clone(), rp.clone()));
            for g in 0..dice.below(3) {
                let kind = if dice.below(2) == 0 { GrantKind::Online } else { GrantKind::Offline };
                begin(store, &grant(&format!("g-{graph}-{s}-{p}-{g}"), &id, &sid, rp, &ann, kind)).await;
            }
        }
    }
    targets
}

on_both! {
    async fn executed_is_previewed(store: Store) {
        let mut dice = Sequence(7);
        let clients = parties(&store).await;
        let (mut ended, mut told, mut framed) = (0, 0, 0);
        for number in 0..60 {
            let targets = graph(&store, &mut dice, &clients, number).await;
            for _ in 0..4 {
                let what = targets[dice.index(targets.len())].clone();
                let mut order = ending(what, Cause::ALL[dice.index(Cause::ALL.len())]);
                // The browser of the first session is there, or nobody's is.
                order.browser = (dice.below(2) == 0).then(|| SessionId::new(format!("s-{number}-0"))).into_iter().collect();
                order.offline = if dice.below(2) == 0 { OfflineGrants::Keep } else { OfflineGrants::Revoke };
                let preview = store.reader().await.unwrap().preview(&order).await.unwrap();
                let (foreseen, preview) = (preview.sessions, preview.verdict);
                let report = end(&store, order.clone()).await;
                assert_eq!(report.sessions, foreseen, "{order:?}");
                let mut reader = store.reader().await.unwrap();
                for (sid, told) in fates(&preview) {
                    let stay = reader.participation(&sid).await.unwrap().unwrap();
                    assert_eq!((stay.unpromised, stay.ended.is_some()), (told, true), "{sid} of {order:?}");
                }
                drop(reader);
                assert_eq!(report.notices.iter().map(|p| p.notice.clone()).collect::<Vec<_>>(), preview.notices, "{order:?}");
                assert_eq!(report.untold, preview.untold);
                assert_eq!((&report.shown, &report.frames), (&preview.shown, &preview.frames));
                assert_eq!(report.kept, preview.kept);
                let set = |ids: &[openid::name::GrantId]| ids.iter().cloned().collect::<BTreeSet<_>>();
                assert_eq!(set(&report.revoked), set(&preview.revoked), "{order:?}");
                ended += usize::from(report.ended_something());
                told += report.notices.len();
                framed += report.frames.len();
            }
        }
        assert!(ended > 60 && told > 60, "{ended} endings, {told} notices: the graphs are too small");
        assert!(framed > 5, "{framed} frames");
        let mut reader = store.reader().await.unwrap();
        assert_eq!(reader.notice_counts().await.unwrap().created, told as u64);
        // Client by client the same, and no stay that ended is unaccounted for.
        let ledger = reader.ledger().await.unwrap();
        assert_eq!(ledger.clients.values().map(|sums| sums.counts.created).sum::<u64>(), told as u64);
        let proof = reader.proof(START).await.unwrap();
        assert_eq!((proof.noticed, proof.missing), (told as u64, 0));
        let beside = |of: fn(&Sums) -> u64| ledger.clients.values().map(of).sum::<u64>();
        assert_eq!((proof.shown, proof.untold), (beside(|sums| sums.shown), beside(|sums| sums.untold)));
        assert!(proof.shown > 0 && proof.untold > 0, "{proof:?}");
        assert_eq!(ledger.clients["mute"].counts.created, 0);
    }

    async fn a_preview_asks_as_often_for_many_as_for_few(store: Store) {
        let clients = parties(&store).await;
        let mut asked = BTreeSet::new();
        for many in [1, 12] {
            let ann = account(&store, &format!("ann-{many}")).await;
            for n in 0..many {
                let id = session(&store, &format!("s-{many}-{n}"), &ann, "cookie").await;
                for (place, rp) in clients.iter().take(many).enumerate() {
                    stay(&store, &id, rp, &format!("{many}-{n}-{place}")).await;
                }
            }
            let mut reader = store.reader().await.unwrap();
            let foreseen = reader.preview(&ending(Ended::Account(ann), Cause::Operator)).await.unwrap();
            assert_eq!(foreseen.sessions.len(), many);
            let sids: Vec<Sid> = fates(&foreseen.verdict).into_iter().map(|(sid, _)| sid).collect();
            assert_eq!(reader.participations_named(&sids).await.unwrap().len(), sids.len());
            assert_eq!(reader.participations(&foreseen.sessions).await.unwrap().len(), sids.len());
            asked.insert(reader.asked);
        }
        assert_eq!(asked.len(), 1, "{asked:?}");
    }

    async fn a_promise_that_was_lost_is_seen(store: Store) {
        let (ann, rp) = (account(&store, "ann").await, client(&store, "rp").await);
        let id = session(&store, "s", &ann, "cookie").await;
        stay(&store, &id, &rp, "p").await;
        end(&store, ending(Ended::Session(id), Cause::Person)).await;
        assert_eq!(store.reader().await.unwrap().proof(START).await.unwrap().missing, 0);
        store.write(async move |tx| Ok(tx.change(&LOSE, &[]).await?)).await.unwrap();
        let proof = store.reader().await.unwrap().proof(START).await.unwrap();
        assert_eq!((proof.noticed, proof.missing), (0, 1));
        let later = store.reader().await.unwrap().proof(START + Span::from_seconds(1)).await.unwrap();
        assert_eq!(later, crate::Proof::default(), "nothing ended since");
    }

    async fn a_preview_of_some_is_what_an_ending_of_some_does(store: Store) {
        let rp = client(&store, "rp").await;
        for n in 0..7 {
            let ann = account(&store, &format!("ann{n}")).await;
            let id = session(&store, &format!("s{n}"), &ann, "cookie").await;
            let sid = stay(&store, &id, &rp, &format!("p{n}")).await;
            begin(&store, &grant(&format!("g{n}"), &id, &sid, &rp, &ann, GrantKind::Online)).await;
        }
        let reach = store.reader().await.unwrap().reach_of_client(&rp).await.unwrap();
        assert_eq!(reach, (7, 7));
        let order = ending(Ended::Client(rp.clone()), Cause::Operator);
        for left in [4, 1] {
            let preview = store.reader().await.unwrap().preview_some(&order, 3).await.unwrap();
            let order = order.clone();
            let report = store.write(async move |tx| Ok(tx.end_some(&order, 3).await?)).await.unwrap();
            assert_eq!(report.notices.iter().map(|p| p.notice.clone()).collect::<Vec<_>>(), preview.verdict.notices);
            assert_eq!((report.revoked, report.notices.len()), (preview.verdict.revoked, 3));
            assert_eq!(store.reader().await.unwrap().reach_of_client(&rp).await.unwrap(), (left, left));
        }
    }
}
