//! For random session graphs, executed = previewed (`logout.md` §7).

use std::collections::BTreeSet;

use openid::logout::judge::{Ended, OfflineGrants};
use openid::name::SessionId;
use openid::session::{Cause, GrantKind};

use super::ground::{account, begin, client, client_with, end, ending, grant, session, stay};
use crate::Store;
use crate::engine::tests::both::on_both;

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

on_both! {
    async fn executed_is_previewed(store: Store) {
        let mut dice = Sequence(7);
        let mut clients = vec![client_with(&store, "mute", "{}", "{}").await];
        clients.push(client_with(&store, "idle", r#"{"backchannel_logout_uri": "https://i.example/"}"#, r#"{"idle_notices": "decline"}"#).await);
        clients.push(client_with(&store, "strict", r#"{"backchannel_logout_uri": "https://s.example/"}"#, r#"{"offline_grants": "revoke"}"#).await);
        for (id, back) in [("front", ""), ("both", r#", "backchannel_logout_uri": "https://both.example/""#)] {
            let metadata = format!(r#"{{"frontchannel_logout_uri": "https://{id}.example/out"{back}}}"#);
            clients.push(client_with(&store, id, &metadata, "{}").await);
        }
        for n in 0..4 {
            clients.push(client(&store, &format!("rp{n}")).await);
        }
        let (mut ended, mut told, mut framed) = (0, 0, 0);
        for graph in 0..60 {
            let ann = account(&store, &format!("ann{graph}")).await;
            let mut targets = vec![Ended::Account(ann.clone())];
            for s in 0..=dice.below(3) {
                let id = session(&store, &format!("s-{graph}-{s}"), &ann, "cookie").await;
                targets.push(Ended::Session(SessionId::new(id.as_str())));
                for p in 0..dice.below(5) {
                    let rp = &clients[dice.index(clients.len())];
                    let sid = stay(&store, &id, rp, &format!("p-{graph}-{s}-{p}")).await;
                    targets.push(Ended::Participation(sid.clone()));
                    targets.push(Ended::AccountAtClient(ann.clone(), rp.clone()));
                    for g in 0..dice.below(3) {
                        let kind = if dice.below(2) == 0 { GrantKind::Online } else { GrantKind::Offline };
                        begin(&store, &grant(&format!("g-{graph}-{s}-{p}-{g}"), &id, &sid, rp, &ann, kind)).await;
                    }
                }
            }
            for _ in 0..4 {
                let what = targets[dice.index(targets.len())].clone();
                let mut order = ending(what, Cause::ALL[dice.index(Cause::ALL.len())]);
                // The browser of the first session is there, or nobody's is.
                order.browser = (dice.below(2) == 0).then(|| SessionId::new(format!("s-{graph}-0"))).into_iter().collect();
                order.offline = if dice.below(2) == 0 { OfflineGrants::Keep } else { OfflineGrants::Revoke };
                let preview = store.reader().await.unwrap().preview(&order).await.unwrap();
                let report = end(&store, order.clone()).await;
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
        let counts = store.reader().await.unwrap().notice_counts().await.unwrap();
        assert_eq!(counts.created, told as u64);
    }
}
