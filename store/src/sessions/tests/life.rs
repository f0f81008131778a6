//! A session's life, from its opening to its end.

use openid::acr::Amr;
use openid::logout::judge::{End, Ended, OfflineGrants, Untold};
use openid::name::{GrantId, SessionId, Sid};
use openid::session::{Cause, GrantKind, GrantStanding, SessionStanding};
use openid::time::Span;

use super::ground::{
    DEADLINE, IDLE, START, account, begin, browser, client, client_with, consent, disable, end, ending, grant, join,
    live_grants, new_session, session, sign_in, stay,
};
use crate::accounts::{Done, Password};
use crate::engine::tests::both::on_both;
use crate::{Asker, Browser, GrantEnding, NoticeState, Reproof, Selection, SessionFilter, Store};

fn passing(secret: &str) -> Browser {
    Browser { passing: Some(browser(secret)), kept: None }
}

on_both! {
    async fn being_seen_is_written_every_five_minutes_and_keeps_it_alive(store: Store) {
        let ann = account(&store, "ann").await;
        let id = session(&store, "s1", &ann, "cookie").await;
        for (after, seen) in [(Span::from_minutes(4), Span::ZERO), (Span::from_minutes(5), Span::from_minutes(5)), (IDLE, IDLE)] {
            let id = id.clone();
            let held = store.write(async move |tx| Ok(tx.hold_session(&id, START + after).await?)).await.unwrap().unwrap();
            assert_eq!(held.seen_at, START + seen);
            assert_eq!(held.idle_until, START + seen + IDLE);
        }
        let gone = START + IDLE + IDLE;
        let held = store.write(async move |tx| Ok(tx.hold_session(&id, gone).await?)).await.unwrap();
        assert!(held.is_none(), "idle too long");
    }

    async fn no_session_opens_for_a_disabled_account(store: Store) {
        let ann = account(&store, "ann").await;
        let new = new_session("s1", "cookie");
        let opened = store.write(async move |tx| {
            disable(tx, &ann, START).await?;
            Ok(sign_in(tx, &ann, &new).await?)
        }).await.unwrap();
        assert_eq!(opened, Done::No);
    }

    async fn a_password_that_was_changed_meanwhile_proves_nothing(store: Store) {
        let ann = account(&store, "ann").await;
        let (new, whose) = (new_session("s1", "cookie"), ann.clone());
        let (before, after) = (|| Password { phc: None, changed_at: None }, Password { phc: None, changed_at: Some(START) });
        let done = store.write(async move |tx| {
            let mut done = vec![tx.change_password(&whose, &before(), "the owner's", START).await?];
            done.push(sign_in(tx, &whose, &new).await?);
            done.push(tx.change_password(&whose, &before(), "the thief's", START).await?);
            let held = tx.hold_account(&whose, &after).await?;
            done.push(if held.is_some() { Done::Yes } else { Done::No });
            Ok(done)
        }).await.unwrap();
        assert_eq!(done, [Done::Yes, Done::No, Done::No, Done::Yes]);
        assert!(store.reader().await.unwrap().account_sessions(&ann, Selection::Live, START).await.unwrap().is_empty());
    }

    /// One client whose row cannot be read keeps nobody signed in, and a newer release's policy is read as far as it is known.
    async fn an_unreadable_client_stops_no_ending(store: Store) {
        let ann = account(&store, "ann").await;
        let uri = r#"{"backchannel_logout_uri": "https://rp.example/"}"#;
        let broken = [
            client_with(&store, "metadata", "{", "{}").await,
            client_with(&store, "newer", uri, r#"{"logout_deadline": 60, "member_of_the_next_release": [1]}"#).await,
            client_with(&store, "policy", uri, r#"{"consent": 7, "logout_deadline": "soon"}"#).await,
        ];
        let id = session(&store, "s1", &ann, "cookie").await;
        for rp in &broken {
            stay(&store, &id, rp, &format!("sid-{rp}")).await;
        }
        let report = end(&store, ending(Ended::Session(id), Cause::Person)).await;
        let told: Vec<_> = report.notices.iter().map(|n| (n.notice.client.as_str(), n.notice.deliver_by)).collect();
        assert_eq!(told, [("newer", START + Span::from_seconds(60)), ("policy", START + DEADLINE)]);
        assert_eq!(report.untold.len(), 1);
    }

    async fn a_client_ends_some_at_a_time_until_nothing_is_left(store: Store) {
        let rp = client(&store, "rp").await;
        for n in 0..5 {
            let ann = account(&store, &format!("ann{n}")).await;
            let id = session(&store, &format!("s{n}"), &ann, "cookie").await;
            let sid = stay(&store, &id, &rp, &format!("sid-{n}")).await;
            begin(&store, &grant(&format!("g{n}"), &id, &sid, &rp, &ann, GrantKind::Offline)).await;
        }
        let mut told = Vec::new();
        for round in 0..10 {
            let order = End { offline: OfflineGrants::Revoke, at: START + Span::from_millis(round), ..ending(Ended::Client(rp.clone()), Cause::ClientDisabled) };
            let report = store.write(async move |tx| Ok(tx.end_some(&order, 2).await?)).await.unwrap();
            assert!(report.notices.len() <= 2, "so many at once");
            let all = report.is_all(2);
            told.extend(report.notices.into_iter().map(|posted| posted.notice.sid.to_string()));
            if all {
                break;
            }
        }
        told.sort();
        assert_eq!(told, ["sid-0", "sid-1", "sid-2", "sid-3", "sid-4"]);
        for n in 0..5 {
            assert_eq!(live_grants(&store, &SessionId::new(format!("s{n}"))).await, 0);
        }
    }

    async fn a_stay_keeps_its_sid_until_it_ends(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        let id = session(&store, "s1", &ann, "cookie").await;
        let first = stay(&store, &id, &rp, "sid-1").await;
        assert_eq!(stay(&store, &id, &rp, "sid-2").await, first, "one stay, one sid");
        let report = end(&store, ending(Ended::Participation(first.clone()), Cause::Person)).await;
        assert!(report.sessions.is_empty());
        assert_eq!(report.notices.len(), 1);
        let second = stay(&store, &id, &rp, "sid-3").await;
        assert_eq!(second, Sid::new("sid-3"), "a new stay has a new sid");
        let mut reader = store.reader().await.unwrap();
        let old = reader.participation(&first).await.unwrap().unwrap();
        assert_eq!(old.standing(START), SessionStanding::Over);
        assert_eq!(old.ended, Some((START, Cause::Person)));
        let new = reader.participation(&second).await.unwrap().unwrap();
        assert_eq!(new.standing(START), SessionStanding::Live);
        assert_eq!(new.standing(START + IDLE), SessionStanding::Over, "its session has idled out");
        assert_eq!(reader.participations([&id]).await.unwrap().len(), 2);
    }

    async fn a_browser_finds_its_live_sessions_the_client_s_last_one_first(store: Store) {
        let (ann, bob, cat) = (account(&store, "ann").await, account(&store, "bob").await, account(&store, "cat").await);
        let (one, two) = (client(&store, "one").await, client(&store, "two").await);
        let a = session(&store, "sa", &ann, "cookie").await;
        let b = session(&store, "sb", &bob, "cookie").await;
        session(&store, "sc", &cat, "another").await;
        stay(&store, &b, &two, "sid-b2").await;
        let joined = a.clone();
        let at = two.clone();
        store.write(async move |tx| Ok(join(tx, &joined, &at, "sid-a2", START + Span::from_minutes(1)).await?)).await.unwrap();
        consent(&store, &bob, &two).await;
        let mut reader = store.reader().await.unwrap();
        let found = reader.browser_sessions(&passing("cookie"), Asker::named(&two, None), START).await.unwrap();
        let names: Vec<&str> = found.iter().map(|c| c.username.as_str()).collect();
        assert_eq!(names, ["ann", "bob"]);
        assert_eq!(found[0].last_used, Some(START + Span::from_minutes(1)));
        assert!(found[0].consent.is_none());
        let given = found[1].consent.as_ref().unwrap();
        assert_eq!((given.scope.to_string().as_str(), given.userinfo_claims.as_slice()), ("openid email", &["name".to_owned()][..]));
        let elsewhere = reader.browser_sessions(&passing("cookie"), Asker::named(&one, None), START).await.unwrap();
        assert!(elsewhere.iter().all(|c| c.last_used.is_none() && c.consent.is_none()));
        assert!(reader.browser_sessions(&passing("cookie"), Asker::named(&two, None), START + IDLE + IDLE).await.unwrap().is_empty());
        drop(reader);
        store.write(async move |tx| Ok(disable(tx, &bob, START).await?)).await.unwrap();
        end(&store, ending(Ended::Session(a), Cause::Person)).await;
        let mut reader = store.reader().await.unwrap();
        assert!(reader.browser_sessions(&passing("cookie"), Asker::named(&two, None), START).await.unwrap().is_empty());
    }

    async fn proving_again_moves_auth_time_and_a_new_cookie_takes_all(store: Store) {
        let (ann, bob) = (account(&store, "ann").await, account(&store, "bob").await);
        let rp = client(&store, "rp").await;
        let a = session(&store, "sa", &ann, "old").await;
        session(&store, "sb", &bob, "old").await;
        let sid = stay(&store, &a, &rp, "sid").await;
        let later = START + Span::from_minutes(10);
        let again = a.clone();
        let standing = store.write(async move |tx| {
            tx.rebind_browser(&browser("old"), &browser("new")).await?;
            let proof = Reproof { auth_time: later, acr: None, amr: Amr::one("hwk"), browser: browser("new"), idle: IDLE + IDLE, absolute: Span::from_days(7) };
            Ok(tx.reauthenticate(&again, &proof).await?)
        }).await.unwrap();
        assert_eq!(standing, SessionStanding::Live);
        let mut reader = store.reader().await.unwrap();
        assert!(reader.browser_sessions(&passing("old"), Asker::named(&rp, None), later).await.unwrap().is_empty());
        let found = reader.browser_sessions(&passing("new"), Asker::named(&rp, None), later).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].session.auth_time, found[0].session.amr.clone()), (later, Amr::one("hwk")));
        assert_eq!(found[0].session.idle_until, later + IDLE + IDLE, "its lifetime is what was said last");
        session(&store, "sc", &account(&store, "cat").await, "kept").await;
        let both = Browser { kept: Some(browser("kept")), ..passing("new") };
        assert_eq!(reader.browser_sessions(&both, Asker::named(&rp, None), later).await.unwrap().len(), 3, "of both secrets");
        assert!(reader.browser_sessions(&Browser::default(), Asker::named(&rp, None), later).await.unwrap().is_empty());
        assert_eq!(reader.participation(&sid).await.unwrap().unwrap().standing(later), SessionStanding::Live);
    }

    async fn an_ending_tells_whom_it_can_and_says_whom_it_cannot(store: Store) {
        let ann = account(&store, "ann").await;
        let (told, silent) = (client(&store, "told").await, client_with(&store, "silent", "{}", "{}").await);
        let brief = client_with(&store, "brief", r#"{"backchannel_logout_uri": "https://b.example/"}"#, r#"{"logout_deadline": 60}"#).await;
        let id = session(&store, "s1", &ann, "cookie").await;
        let (t, s, b) = (stay(&store, &id, &told, "t").await, stay(&store, &id, &silent, "s").await, stay(&store, &id, &brief, "b").await);
        begin(&store, &grant("online", &id, &t, &told, &ann, GrantKind::Online)).await;
        begin(&store, &grant("offline", &id, &s, &silent, &ann, GrantKind::Offline)).await;
        let report = end(&store, ending(Ended::Session(id.clone()), Cause::RelyingParty)).await;
        assert_eq!(report.sessions, std::slice::from_ref(&id));
        let mut deadlines: Vec<_> = report.notices.iter().map(|p| (p.notice.sid.clone(), p.notice.deliver_by)).collect();
        deadlines.sort();
        assert_eq!(deadlines, [(b, START + Span::from_seconds(60)), (t, START + DEADLINE)]);
        assert_eq!(report.untold, [(s.clone(), silent, Untold::NoAddress)]);
        assert_eq!(report.revoked, [GrantId::new("online")]);
        assert_eq!(report.kept, [GrantId::new("offline")]);
        let again = end(&store, ending(Ended::Session(id.clone()), Cause::Person)).await;
        assert!(!again.ended_something(), "{again:?}");
        let mut reader = store.reader().await.unwrap();
        let row = reader.session(&id).await.unwrap().unwrap();
        assert_eq!(row.ended, Some((START, Cause::RelyingParty, "test".to_owned())), "the first cause stays");
        assert_eq!(row.standing(START), SessionStanding::Over);
        let ledger = reader.notices_of_sessions(std::slice::from_ref(&id)).await.unwrap();
        assert_eq!(ledger.len(), 2);
        assert!(ledger.iter().all(|row| row.state == NoticeState::Pending && row.matter == crate::Matter::Logout(Cause::RelyingParty)));
        drop(reader);
        let held = store.write(async |tx| Ok(tx.hold_grant(&GrantId::new("offline")).await?)).await.unwrap().unwrap();
        assert_eq!(held, (grant("offline", &id, &s, &openid::name::ClientId::new("silent"), &ann, GrantKind::Offline), GrantStanding::Live));
    }

    async fn a_new_password_ends_everything_but_the_session_it_was_given_in(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        let (old, other, here) =
            (session(&store, "old", &ann, "a").await, session(&store, "other", &ann, "b").await, session(&store, "here", &ann, "c").await);
        for (name, id) in [("old", &old), ("other", &other), ("here", &here)] {
            let sid = stay(&store, id, &rp, &format!("sid-{name}")).await;
            begin(&store, &grant(name, id, &sid, &rp, &ann, GrantKind::Offline)).await;
        }
        end(&store, ending(Ended::Session(old.clone()), Cause::Person)).await;
        let (who, kept) = (ann.clone(), here.clone());
        let report = store.write(async move |tx| {
            let order = ending(Ended::Account(who.clone()), Cause::PasswordChanged);
            Ok(tx.end_elsewhere(&order, &kept).await?)
        }).await.unwrap();
        assert_eq!(report.sessions, [other]);
        assert_eq!(report.notices.len(), 1);
        let mut revoked = report.revoked.clone();
        revoked.sort();
        assert_eq!(revoked, [GrantId::new("old"), GrantId::new("other")]);
        assert_eq!((live_grants(&store, &old).await, live_grants(&store, &here).await), (0, 1));
    }

    async fn disabling_an_account_ends_its_background_access_too(store: Store) {
        let (ann, bob) = (account(&store, "ann").await, account(&store, "bob").await);
        let rp = client(&store, "rp").await;
        let old = session(&store, "old", &ann, "c1").await;
        let sid = stay(&store, &old, &rp, "sid-old").await;
        begin(&store, &grant("outlived", &old, &sid, &rp, &ann, GrantKind::Offline)).await;
        end(&store, ending(Ended::Session(old), Cause::Person)).await;
        for n in 0..3 {
            let id = session(&store, &format!("s{n}"), &ann, "c2").await;
            let sid = stay(&store, &id, &rp, &format!("sid-{n}")).await;
            begin(&store, &grant(&format!("g{n}"), &id, &sid, &rp, &ann, GrantKind::Offline)).await;
        }
        let other = session(&store, "other", &bob, "c3").await;
        let report = end(&store, ending(Ended::Account(ann.clone()), Cause::AccountDisabled)).await;
        assert_eq!(report.sessions.len(), 3);
        assert_eq!(report.notices.len(), 3);
        let mut revoked: Vec<&str> = report.revoked.iter().map(GrantId::as_str).collect();
        revoked.sort_unstable();
        assert_eq!(revoked, ["g0", "g1", "g2", "outlived"]);
        let mut reader = store.reader().await.unwrap();
        assert!(reader.account_sessions(&ann, Selection::Live, START).await.unwrap().is_empty());
        assert_eq!(reader.session(&other).await.unwrap().unwrap().standing(START), SessionStanding::Live);
    }

    /// `logout.md` §3: a client's policy speaks of its own offline grants, whoever asks for the sign-out.
    async fn a_client_may_lose_its_offline_grants_at_a_sign_out(store: Store) {
        let ann = account(&store, "ann").await;
        let lasting = client(&store, "lasting").await;
        let strict = client_with(&store, "strict", r#"{"backchannel_logout_uri": "https://s.example/"}"#, r#"{"offline_grants": "revoke"}"#).await;
        let mut sessions = Vec::new();
        for n in ["idled", "left", "last"] {
            let id = session(&store, n, &ann, n).await;
            for rp in [&lasting, &strict] {
                let sid = stay(&store, &id, rp, &format!("{n}-{rp}")).await;
                begin(&store, &grant(&format!("{n}-{rp}"), &id, &sid, rp, &ann, GrantKind::Offline)).await;
            }
            sessions.push(id);
        }
        let ids = |grants: &[GrantId]| grants.iter().map(ToString::to_string).collect::<Vec<_>>();
        // Nobody asked for an end: what may outlive the session does.
        let idled = end(&store, ending(Ended::Session(sessions[0].clone()), Cause::IdleExpiry)).await;
        assert_eq!(ids(&idled.kept), ["idled-lasting", "idled-strict"]);
        let left = end(&store, ending(Ended::Session(sessions[1].clone()), Cause::RelyingParty)).await;
        assert_eq!((ids(&left.kept), ids(&left.revoked)), (vec!["left-lasting".to_owned()], vec!["left-strict".to_owned()]));
        // A sign-out of the whole account reaches what outlived its session.
        let order = ending(Ended::Account(ann.clone()), Cause::Person);
        let preview = store.reader().await.unwrap().preview(&order).await.unwrap();
        let last = end(&store, order).await;
        assert_eq!((ids(&last.kept), ids(&last.revoked)), (vec!["last-lasting".to_owned()], vec!["last-strict".to_owned(), "idled-strict".to_owned()]));
        assert_eq!((preview.sessions, preview.verdict.kept, preview.verdict.revoked), (last.sessions, last.kept, last.revoked));
        for (n, id) in sessions.iter().enumerate() {
            assert_eq!(live_grants(&store, id).await, 1, "session {n}: the lasting one");
        }
    }

    async fn ending_a_client_leaves_the_others_signed_in(store: Store) {
        let (ann, bob) = (account(&store, "ann").await, account(&store, "bob").await);
        let (rp, other) = (client(&store, "rp").await, client(&store, "other").await);
        let (a, b) = (session(&store, "sa", &ann, "c1").await, session(&store, "sb", &bob, "c2").await);
        for (id, n) in [(&a, 1), (&b, 2)] {
            stay(&store, id, &rp, &format!("rp-{n}")).await;
            stay(&store, id, &other, &format!("other-{n}")).await;
        }
        let withdrawn = end(&store, ending(Ended::AccountAtClient(ann, rp.clone()), Cause::ConsentWithdrawn)).await;
        assert_eq!(withdrawn.notices.iter().map(|p| p.notice.sid.as_str()).collect::<Vec<_>>(), ["rp-1"]);
        let disabled = end(&store, ending(Ended::Client(rp), Cause::ClientDisabled)).await;
        assert_eq!(disabled.notices.iter().map(|p| p.notice.sid.as_str()).collect::<Vec<_>>(), ["rp-2"]);
        let mut reader = store.reader().await.unwrap();
        for id in [&a, &b] {
            assert_eq!(reader.session(id).await.unwrap().unwrap().standing(START), SessionStanding::Live);
        }
        assert_eq!(reader.participation(&Sid::new("other-1")).await.unwrap().unwrap().ended, None);
    }

    async fn a_grant_ends_once_and_its_stay_goes_on(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        let id = session(&store, "s1", &ann, "cookie").await;
        let sid = stay(&store, &id, &rp, "sid").await;
        begin(&store, &grant("g", &id, &sid, &rp, &ann, GrantKind::Offline)).await;
        for expected in [GrantEnding::Now, GrantEnding::Before] {
            let ended = store.write(async |tx| Ok(tx.end_grant(&GrantId::new("g"), Cause::Reuse, "rp", START).await?)).await.unwrap();
            assert_eq!(ended, expected);
        }
        assert_eq!(live_grants(&store, &id).await, 0);
        let held = store.write(async |tx| Ok(tx.hold_grant(&GrantId::new("g")).await?)).await.unwrap().unwrap();
        assert_eq!(held.1, GrantStanding::Over);
        let mut reader = store.reader().await.unwrap();
        assert_eq!(reader.participation(&sid).await.unwrap().unwrap().standing(START), SessionStanding::Live);
    }

    async fn sessions_are_listed_in_pages(store: Store) {
        let (ann, bob) = (account(&store, "ann").await, account(&store, "bob").await);
        for n in 0..5 {
            session(&store, &format!("a{n}"), &ann, "c1").await;
        }
        session(&store, "b0", &bob, "c2").await;
        end(&store, ending(Ended::Session(SessionId::new("a1")), Cause::Operator)).await;
        let mut reader = store.reader().await.unwrap();
        let mut filter = SessionFilter { limit: 4, ..SessionFilter::of(Selection::All) };
        let first = reader.sessions(&filter, START).await.unwrap();
        assert_eq!(first.len(), 4);
        filter.after = Some(first[3].session.id.clone());
        assert_eq!(reader.sessions(&filter, START).await.unwrap().len(), 2);
        let live = SessionFilter { account: Some(ann), ..SessionFilter::of(Selection::Live) };
        let names: Vec<String> = reader.sessions(&live, START).await.unwrap().iter().map(|r| r.session.id.to_string()).collect();
        assert_eq!(names, ["a0", "a2", "a3", "a4"]);
    }

    async fn hostile_text_is_only_text(store: Store) {
        let evil = "'; DROP TABLE session; -- <script>alert(1)</script> \" \\ %00 \u{202e}";
        let ann = account(&store, evil).await;
        let rp = client_with(&store, evil, r#"{"backchannel_logout_uri": "https://e.example/"}"#, "{}").await;
        let id = session(&store, evil, &ann, evil).await;
        let sid = stay(&store, &id, &rp, evil).await;
        let mut order = ending(Ended::Session(id.clone()), Cause::Operator);
        order.by = evil.to_owned();
        order.offline = OfflineGrants::Revoke;
        let report = end(&store, order).await;
        assert_eq!(report.notices[0].notice.sid, sid);
        let mut reader = store.reader().await.unwrap();
        assert_eq!(reader.session(&id).await.unwrap().unwrap().ended.unwrap().2, evil);
        assert_eq!(reader.notices_of_sessions(&[id]).await.unwrap()[0].notice.client, rp);
    }
}
