//! The nouns that are one file each, on both engines.

use login::budget::{Budget, Limit, Take};
use openid::account::Account;
use openid::authorize::next::Consent;
use openid::logout::judge::Ended;
use openid::name::{AccountId, ClientId};
use openid::session::{Cause, SessionStanding};
use openid::time::Span;
use openid::wire::scope::Scope;
use serde_json::{Map, json};
use tokio::task::JoinSet;

use crate::Store;
use crate::accounts::Done;
use crate::attempts::Taken;
use crate::audit::{Entry, TrailFilter};
use crate::clients::ClientRow;
use crate::engine::tests::both::on_both;
use crate::keys::KeyRow;
use crate::replay::Once;
use crate::sessions::tests::ground::{START, account, client, end, ending, join, session, stay};

fn person(id: &str, username: &str) -> Account {
    let mut claims = Map::new();
    claims.insert("name".to_owned(), json!("Ann \"<b>\" O'Hara"));
    Account {
        id: AccountId::new(id),
        username: username.to_owned(),
        sub: format!("sub-{id}"),
        claims,
        created_at: START,
        updated_at: START,
        disabled_at: None,
    }
}

fn take(kind: Budget, key: &str, capacity: u32) -> Take {
    Take { budget: kind, key: key.as_bytes().to_vec(), limit: Limit { capacity, refill: Span::from_hours(1) } }
}

async fn taken(store: &Store, takes: Vec<Take>) -> Taken {
    store.write(async move |tx| Ok(tx.take_attempts(&takes, START).await?)).await.unwrap()
}

fn registered(id: &str) -> ClientRow {
    ClientRow {
        id: ClientId::new(id),
        metadata: "{}".to_owned(),
        policy: "{}".to_owned(),
        secret_hash: None,
        secret_sealed: Some("sealed".to_owned()),
        origins: vec!["https://a.example".to_owned(), "https://b.example".to_owned()],
        version: 0,
        created_at: START,
        updated_at: START,
        disabled_at: None,
    }
}

async fn version(store: &Store, name: &str) -> i64 {
    let all = store.reader().await.unwrap().versions().await.unwrap();
    all.into_iter().find(|(n, _)| n == name).unwrap().1
}

on_both! {
    async fn a_username_is_taken_once_whatever_its_case(store: Store) {
        let mut running = JoinSet::new();
        for n in 0..30 {
            let store = store.clone();
            let new = person(&format!("a{n}"), if n % 2 == 0 { "Änne" } else { "äNNE" });
            running.spawn(async move { store.write(async move |tx| Ok(tx.add_account(&new, Some("phc")).await?)).await.unwrap() });
        }
        assert_eq!(running.join_all().await.into_iter().filter(|done| *done == Done::Yes).count(), 1);
        let mut reader = store.reader().await.unwrap();
        let (found, password) = reader.account_by_username(" ÄNNE ").await.unwrap().unwrap();
        assert_eq!((found.claims.clone(), password.phc.as_deref()), (person("x", "x").claims, Some("phc")));
        assert_eq!(reader.account(&found.id).await.unwrap(), Some(found));
    }

    async fn a_password_is_upgraded_only_if_it_is_still_the_old_one(store: Store) {
        let ann = person("a", "ann");
        let id = ann.id.clone();
        let steps = store.write(async move |tx| {
            let mut steps = vec![tx.add_account(&ann, Some("old")).await?];
            steps.push(tx.upgrade_password(&id, "old", "new").await?);
            steps.push(tx.upgrade_password(&id, "old", "worse").await?);
            steps.push(tx.set_password(&id, "chosen", START).await?);
            steps.push(tx.disable_account(&id, START).await?);
            steps.push(tx.disable_account(&id, START).await?);
            Ok(steps)
        }).await.unwrap();
        assert_eq!(steps, [Done::Yes, Done::Yes, Done::No, Done::Yes, Done::Yes, Done::No]);
        let (found, password) = store.reader().await.unwrap().account_by_username("ann").await.unwrap().unwrap();
        assert_eq!((found.disabled_at, password.phc.as_deref(), password.changed_at), (Some(START), Some("chosen"), Some(START)));
    }

    async fn a_fresh_budget_cannot_be_overdrawn_all_at_once(store: Store) {
        let mut running = JoinSet::new();
        for _ in 0..60 {
            let store = store.clone();
            running.spawn(async move { taken(&store, vec![take(Budget::Source, "net", 600), take(Budget::Account, "ann", 10)]).await });
        }
        let all = running.join_all().await.into_iter().filter(|taken| *taken == Taken::All).count();
        assert_eq!(all, 10);
    }

    async fn an_attempt_takes_from_all_buckets_or_from_none(store: Store) {
        let both = || vec![take(Budget::Source, "net", 5), take(Budget::Account, "ann", 2)];
        assert_eq!(taken(&store, both()).await, Taken::All);
        assert_eq!(taken(&store, both()).await, Taken::All);
        for _ in 0..5 {
            assert!(matches!(taken(&store, both()).await, Taken::Blocked { budget: Budget::Account, .. }));
        }
        for _ in 0..3 {
            assert_eq!(taken(&store, vec![take(Budget::Source, "net", 5)]).await, Taken::All, "the refused ones took nothing");
        }
        assert!(matches!(taken(&store, vec![take(Budget::Source, "net", 5)]).await, Taken::Blocked { budget: Budget::Source, .. }));
        store.write(async move |tx| Ok(tx.refund_attempts(&both(), START).await?)).await.unwrap();
        assert_eq!(taken(&store, both()).await, Taken::All, "it was the person: one attempt is given back");
        let swept = store.write(async |tx| Ok(tx.sweep_attempts(START + Span::from_hours(1), 10).await?)).await.unwrap();
        assert_eq!(swept, 2);
    }

    async fn a_thing_is_seen_first_once(store: Store) {
        let mut running = JoinSet::new();
        for _ in 0..60 {
            let store = store.clone();
            running.spawn(async move { store.write(async |tx| Ok(tx.record_once("jti:rp", "abc", START).await?)).await.unwrap() });
        }
        assert_eq!(running.join_all().await.into_iter().filter(|once| *once == Once::First).count(), 1);
        let elsewhere = store.write(async |tx| Ok(tx.record_once("jti:other", "abc", START).await?)).await.unwrap();
        assert_eq!(elsewhere, Once::First);
        let swept = store.write(async |tx| Ok(tx.sweep_replay(START + Span::from_seconds(1), 1).await?)).await.unwrap();
        assert_eq!(swept, 1, "in small batches");
    }

    async fn every_change_of_a_client_moves_the_versions(store: Store) {
        let before = version(&store, "clients").await;
        let (row, id) = (registered("rp"), ClientId::new("rp"));
        let done = store.write(async move |tx| Ok((tx.add_client(&row).await?, tx.add_client(&row).await?))).await.unwrap();
        assert_eq!(done, (Done::Yes, Done::No), "the id is taken");
        let found = store.reader().await.unwrap().client(&id).await.unwrap().unwrap();
        assert_eq!((found.version, found.secret_sealed.as_deref(), found.origins.len()), (1, Some("sealed"), 2));
        let mut changed = registered("rp");
        changed.metadata = r#"{"client_name": "'; --"}"#.to_owned();
        let kept = id.clone();
        let stands = store.write(async move |tx| {
            let mut stands = vec![tx.client_stands(&kept, 1).await?];
            tx.replace_client(&changed, 1).await?;
            stands.push(tx.client_stands(&kept, 1).await?);
            stands.push(tx.client_stands(&kept, 2).await?);
            tx.disable_client(&kept, START).await?;
            stands.push(tx.client_stands(&kept, 3).await?);
            Ok(stands)
        }).await.unwrap();
        assert_eq!(stands, [true, false, true, false]);
        assert_eq!(version(&store, "clients").await, before + 2, "nobody had it at hand when it was added");
        let mut reader = store.reader().await.unwrap();
        assert_eq!(reader.client(&id).await.unwrap().unwrap().metadata, r#"{"client_name": "'; --"}"#);
        assert!(!reader.is_client_origin("https://a.example").await.unwrap(), "a disabled client's scripts may not call us");
    }

    async fn an_origin_is_a_clients_as_long_as_its_row_says_so(store: Store) {
        let known = async |store: &Store| {
            let mut reader = store.reader().await.unwrap();
            let mut known = Vec::new();
            for origin in ["https://a.example", "https://b.example", "https://c.example"] {
                known.push(reader.is_client_origin(origin).await.unwrap());
            }
            known
        };
        let (first, second) = (registered("rp"), registered("rp2"));
        store.write(async move |tx| Ok((tx.add_client(&first).await?, tx.add_client(&second).await?))).await.unwrap();
        assert_eq!(known(&store).await, [true, true, false]);
        let mut moved = registered("rp");
        moved.origins = vec!["https://c.example".to_owned()];
        store.write(async move |tx| Ok(tx.replace_client(&moved, 1).await?)).await.unwrap();
        assert_eq!(known(&store).await, [true, true, true], "the second has them still");
        store.write(async |tx| Ok(tx.delete_client(&ClientId::new("rp2")).await?)).await.unwrap();
        assert_eq!(known(&store).await, [false, false, true]);
        let mut stale = registered("rp");
        stale.origins = vec!["https://b.example".to_owned()];
        let kept = stale.clone();
        let done = store.write(async move |tx| Ok(tx.replace_client(&stale, 1).await?)).await.unwrap();
        assert_eq!((done, known(&store).await), (Done::No, vec![false, false, true]), "it is of version 2 by now");
        let done = store.write(async move |tx| Ok(tx.replace_client(&kept, 2).await?)).await.unwrap();
        assert_eq!((done, known(&store).await), (Done::Yes, vec![false, true, false]));
    }

    async fn nobody_takes_part_beside_the_disabling_of_a_client(store: Store) {
        for round in 0..10_i64 {
            let rp = client(&store, &format!("rp{round}")).await;
            let mut running = JoinSet::new();
            for n in 0..6_i64 {
                let ann = account(&store, &format!("ann-{round}-{n}")).await;
                let id = session(&store, &format!("s-{round}-{n}"), &ann, "cookie").await;
                let (store, rp) = (store.clone(), rp.clone());
                running.spawn(async move {
                    store.write(async move |tx| {
                        if !tx.client_stands(&rp, 1).await? {
                            return Ok(false);
                        }
                        tx.line().dawdle(n * 3).await?;
                        Ok(join(tx, &id, &rp, &format!("sid-{round}-{n}"), START).await?.is_some())
                    }).await.unwrap()
                });
            }
            let (disabler, gone) = (store.clone(), rp.clone());
            let report = tokio::spawn(async move {
                disabler.write(async move |tx| {
                    tx.disable_client(&gone, START).await?;
                    Ok(tx.end(&ending(Ended::Client(gone.clone()), Cause::ClientDisabled)).await?)
                }).await.unwrap()
            });
            let joined = running.join_all().await.into_iter().filter(|joined| *joined).count();
            assert_eq!(report.await.unwrap().notices.len(), joined, "round {round}");
        }
    }

    async fn a_deleted_client_leaves_no_promise_open(store: Store) {
        let ann = account(&store, "ann").await;
        let rp = client(&store, "rp").await;
        let id = session(&store, "s", &ann, "cookie").await;
        let sid = stay(&store, &id, &rp, "sid").await;
        let gone = rp.clone();
        store.write(async move |tx| {
            tx.end(&ending(Ended::Client(gone.clone()), Cause::ClientDisabled)).await?;
            tx.withdraw_notices(&gone, START).await?;
            Ok(tx.delete_client(&gone).await?)
        }).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        assert!(reader.client(&rp).await.unwrap().is_none());
        assert_eq!(reader.participation(&sid).await.unwrap().unwrap().standing(START), SessionStanding::Over);
        let counts = reader.notice_counts().await.unwrap();
        assert_eq!((counts.created, counts.withdrawn), (1, 1));
        drop(reader);
        let later = end(&store, ending(Ended::Session(id), Cause::Person)).await;
        assert!(later.notices.is_empty());
    }

    async fn a_new_yes_is_added_and_a_no_takes_all(store: Store) {
        let (ann, rp) = (AccountId::new("ann"), ClientId::new("rp"));
        let first = Consent {
            scope: Scope::from("openid email".to_owned()),
            id_token_claims: vec!["name".to_owned()],
            userinfo_claims: Vec::new(),
            resources: vec!["https://api.example/".to_owned()],
            given_at: START,
        };
        let mut second = first.clone();
        second.scope = Scope::from("openid profile".to_owned());
        second.userinfo_claims = vec!["https://claims.example/\"x\"".to_owned()];
        second.given_at = START + Span::from_days(1);
        let (a, c) = (ann.clone(), rp.clone());
        store.write(async move |tx| {
            tx.give_consent(&a, &c, &first).await?;
            tx.give_consent(&a, &c, &second).await?;
            Ok(())
        }).await.unwrap();
        let given = store.reader().await.unwrap().consent(&ann, &rp).await.unwrap().unwrap();
        assert_eq!(given.scope.to_string(), "openid email profile");
        assert_eq!((given.id_token_claims.len(), given.userinfo_claims.len(), given.resources.len()), (1, 1, 1));
        assert_eq!(given.given_at, START + Span::from_days(1));
        let (a, c) = (ann.clone(), rp.clone());
        store.write(async move |tx| Ok(tx.withdraw_consent(&a, &c).await?)).await.unwrap();
        assert!(store.reader().await.unwrap().consents(&ann).await.unwrap().is_empty());
    }

    async fn a_key_is_removed_unless_it_is_the_last_that_signs(store: Store) {
        let key = |kid: &str, from: openid::time::Time| KeyRow {
            kid: kid.to_owned(),
            alg: "ES256".to_owned(),
            purpose: "sig".to_owned(),
            sealed: "sealed".to_owned(),
            public: "{}".to_owned(),
            created_at: START,
            active_from: from,
        };
        let rows = [key("old", START), key("next", START + Span::from_hours(24))];
        store.write(async move |tx| {
            for row in &rows {
                tx.add_key(row).await?;
            }
            Ok(())
        }).await.unwrap();
        let remove = async |kid: &'static str, at| {
            store.write(async move |tx| Ok(tx.remove_key(kid, at).await?)).await.unwrap()
        };
        assert_eq!(remove("old", START).await, Done::No, "nothing else signs yet");
        let later = START + Span::from_hours(25);
        let before = version(&store, "keys").await;
        assert_eq!(remove("old", later).await, Done::Yes);
        assert!(version(&store, "keys").await > before);
        assert_eq!(remove("old", later).await, Done::No, "it is gone already");
        assert_eq!(remove("next", later).await, Done::No, "it is the last");
        let left = store.reader().await.unwrap().keys().await.unwrap();
        assert_eq!(left.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["next"]);
    }

    async fn keys_and_the_trail_are_kept_in_order(store: Store) {
        let before = version(&store, "keys").await;
        store.write(async |tx| {
            for n in 0..3 {
                let from = START + Span::from_days(n);
                let name = format!("k{n}");
                tx.add_key(&KeyRow { kid: name.clone(), alg: "RS256".to_owned(), purpose: "sig".to_owned(), sealed: "s".to_owned(), public: "{}".to_owned(), created_at: START, active_from: from }).await?;
                tx.note(&Entry::new(name, from, "server".to_owned(), "key_made", format!("key:k{n}"))).await?;
            }
            Ok(())
        }).await.unwrap();
        assert_eq!(version(&store, "keys").await, before + 3);
        let mut reader = store.reader().await.unwrap();
        let kids: Vec<String> = reader.keys().await.unwrap().into_iter().map(|key| key.kid).collect();
        assert_eq!(kids, ["k2", "k1", "k0"]);
        let trail: Vec<String> = reader.audit(START + Span::from_days(2), 10).await.unwrap().into_iter().map(|e| e.id).collect();
        assert_eq!(trail, ["k1", "k0"]);
        drop(reader);
        let swept = store.write(async |tx| Ok(tx.sweep_audit(START + Span::from_days(2), 1).await?)).await.unwrap();
        assert_eq!(swept, 1, "no more than asked for");
        let swept = store.write(async |tx| Ok(tx.sweep_audit(START + Span::from_days(2), 9).await?)).await.unwrap();
        assert_eq!(swept, 1, "what is younger stays");
        let left = store.reader().await.unwrap().audit(START + Span::from_days(9), 10).await.unwrap();
        assert_eq!(left.iter().map(|e| e.id.as_str()).collect::<Vec<_>>(), ["k2"]);
    }

    async fn the_trail_is_paged_whatever_happened_at_one_moment(store: Store) {
        store.write(async |tx| {
            for n in 0..205 {
                let actor = if n % 2 == 0 { "operator:ann" } else { "cli:root" };
                let subject = if n % 5 == 0 { "five".to_owned() } else { format!("s{n}") };
                tx.note(&Entry::new(format!("{n:04}"), START, actor.to_owned(), "done", subject)).await?;
            }
            Ok(())
        }).await.unwrap();
        let page = |actor: Option<&str>, subject: Option<&str>, before: &str| TrailFilter {
            actor: actor.map(str::to_owned),
            subject: subject.map(str::to_owned),
            before: (START, before.to_owned()),
        };
        let mut reader = store.reader().await.unwrap();
        let first = reader.trail(&page(None, None, "9999")).await.unwrap();
        assert_eq!((first.len(), first[0].id.as_str(), first[99].id.as_str()), (100, "0204", "0105"));
        let second = reader.trail(&page(None, None, "0105")).await.unwrap();
        assert_eq!((second.len(), second[0].id.as_str()), (100, "0104"));
        assert_eq!(reader.trail(&page(None, None, "0005")).await.unwrap().len(), 5);
        let anns = reader.trail(&page(Some("operator:ann"), None, "0101")).await.unwrap();
        assert_eq!((anns.len(), anns[0].id.as_str()), (51, "0100"));
        assert_eq!(reader.trail(&page(None, Some("five"), "9999")).await.unwrap().len(), 41);
        assert_eq!(reader.trail(&page(Some("cli:root"), Some("five"), "9999")).await.unwrap().len(), 20);
    }
}
