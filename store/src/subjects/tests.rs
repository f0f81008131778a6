use openid::name::{AccountId, Sub};
use serde_json::Map;
use tokio::task::JoinSet;

use super::Pairwise;
use crate::accounts::Done;
use crate::engine::tests::both::on_both;
use crate::sessions::tests::ground::{START, account, browser, client, session};
use crate::{Asker, Browser, Store};

async fn meet(store: &Store, account: &AccountId, sector: &str, drawn: &str) -> Sub {
    let (account, sector, drawn) = (account.clone(), sector.to_owned(), Sub::new(drawn));
    store.write(async move |tx| Ok(tx.meet(&account, &sector, &drawn, START).await?)).await.unwrap()
}

async fn bring(store: &Store, account: &AccountId, sector: &str, sub: &str) -> Done {
    let (account, sector, sub) = (account.clone(), sector.to_owned(), Sub::new(sub));
    store.write(async move |tx| Ok(tx.bring_subject(&account, &sector, &sub, START).await?)).await.unwrap()
}

async fn add(store: &Store, id: &str, sub: &str) -> Done {
    let new = openid::account::Account {
        id: AccountId::new(id),
        username: id.to_owned(),
        sub: sub.to_owned(),
        claims: Map::new(),
        created_at: START,
        updated_at: START,
        disabled_at: None,
    };
    store.write(async move |tx| Ok(tx.add_account(&new, None).await?)).await.unwrap()
}

on_both! {
    async fn a_sector_knows_a_person_by_what_was_drawn_first(store: Store) {
        let (ann, bob) = (account(&store, "ann").await, account(&store, "bob").await);
        assert_eq!(store.reader().await.unwrap().subject(&ann, "a.example").await.unwrap(), None);
        assert_eq!(meet(&store, &ann, "a.example", "one").await, Sub::new("one"));
        assert_eq!(meet(&store, &ann, "a.example", "two").await, Sub::new("one"), "it is never another");
        assert_eq!(meet(&store, &ann, "b.example", "three").await, Sub::new("three"), "nor that of another sector");
        assert_eq!(meet(&store, &bob, "a.example", "four").await, Sub::new("four"), "nor that of somebody else");
        let mut reader = store.reader().await.unwrap();
        assert_eq!(reader.subject(&ann, "a.example").await.unwrap(), Some(Sub::new("one")));
        let of = |account: &AccountId, sector: &str, sub: &str| Pairwise {
            account: account.clone(), sector: sector.to_owned(), sub: Sub::new(sub),
        };
        let all = [of(&ann, "a.example", "one"), of(&ann, "b.example", "three"), of(&bob, "a.example", "four")];
        assert_eq!(reader.subjects("ANN", "bob").await.unwrap(), all);
        assert_eq!(reader.subjects("bob", "bob").await.unwrap(), all[2..]);
    }

    async fn of_many_who_meet_a_person_at_once_all_know_them_by_one_name(store: Store) {
        let ann = account(&store, "ann").await;
        let mut all = JoinSet::new();
        for n in 0..24 {
            let (store, ann) = (store.clone(), ann.clone());
            all.spawn(async move { meet(&store, &ann, "a.example", &format!("drawn {n}")).await });
        }
        let known: Vec<Sub> = all.join_all().await;
        assert!(known.iter().all(|sub| *sub == known[0]), "{known:?}");
        assert_eq!(store.reader().await.unwrap().subjects("ann", "ann").await.unwrap().len(), 1);
    }

    async fn what_is_brought_along_is_nobody_s_yet_and_stays(store: Store) {
        let (ann, bob) = (account(&store, "ann").await, account(&store, "bob").await);
        assert_eq!(bring(&store, &ann, "a.example", "248289761001").await, Done::Yes);
        assert_eq!(bring(&store, &ann, "a.example", "another").await, Done::No, "it knows her already");
        assert_eq!(bring(&store, &bob, "a.example", "248289761001").await, Done::No, "that is Ann");
        assert_eq!(bring(&store, &ann, "b.example", "248289761001").await, Done::No, "two sectors could compare");
        assert_eq!(bring(&store, &ann, "b.example", "sub-ann").await, Done::No, "public clients know her by it");
        assert_eq!(bring(&store, &ann, "b.example", "sub-bob").await, Done::No, "public clients know Bob by it");
        assert_eq!(meet(&store, &ann, "a.example", "drawn").await, Sub::new("248289761001"));
        assert_eq!(add(&store, "cat", "248289761001").await, Done::No, "nobody is known to public clients by it");
        assert_eq!(add(&store, "cat", "cat's").await, Done::Yes);
    }

    async fn a_browser_s_sessions_have_the_subject_the_asker_knows(store: Store) {
        let (ann, rp) = (account(&store, "ann").await, client(&store, "rp").await);
        session(&store, "s", &ann, "cookie").await;
        let brought = Browser { passing: Some(browser("cookie")), kept: None };
        let known = async |sector: Option<&'static str>| {
            let mut reader = store.reader().await.unwrap();
            let asker = Asker::named(&rp, sector);
            reader.browser_sessions(&brought, asker, START).await.unwrap().remove(0).sub
        };
        meet(&store, &ann, "b.example", "hers at b").await;
        assert_eq!(known(None).await, Some(Sub::new("sub-ann")));
        assert_eq!(known(Some("a.example")).await, None, "not met yet");
        assert_eq!(known(Some("b.example")).await, Some(Sub::new("hers at b")));
    }
}
