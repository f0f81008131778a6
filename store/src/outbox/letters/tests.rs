//! Letters and links on both engines: once, and not beside each other; addresses, fronts and settings.

use login::letter::About;
use openid::account::Account;
use openid::authorize::request::SignUp;
use openid::name::{AccountId, Digest};
use openid::time::Span;
use serde_json::{Map, json};
use tokio::task::JoinSet;

use super::{Letter, Queue};
use crate::Store;
use crate::accounts::Done;
use crate::clients::ClientRow;
use crate::engine::tests::both::on_both;
use crate::outbox::{Matter, NoticeFilter, NoticeState, Outcome, Said, Settled};
use crate::sessions::tests::ground::{START, account, client_with};
use crate::statements::statements;
use crate::value::values;

statements! {
    FORGET = "UPDATE account SET email_key = NULL";
    FORGET_FRONT = "UPDATE client SET front = NULL";
}

const LIFE: Span = Span::from_hours(24);

fn letter(id: &str, about: About, account: Option<&str>) -> Letter {
    Letter {
        id: id.to_owned(),
        about,
        address: "Ann@example.org".to_owned(),
        account: account.map(AccountId::new),
        language: "de".to_owned(),
        request: Some("sealed".to_owned()),
        created_at: START,
        expires_at: START + LIFE,
        spent_at: None,
    }
}

async fn post(store: &Store, letter: Letter, links: &[&str]) {
    let links: Vec<Digest> = links.iter().map(|link| Digest::of(link)).collect();
    store
        .write(async move |tx| {
            tx.post_letter(&letter).await?;
            for link in &links {
                tx.add_link(link, &letter.id).await?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

async fn spend(store: &Store, link: &str, now: openid::time::Time) -> Option<Letter> {
    let link = Digest::of(link);
    store.write(async move |tx| Ok(tx.spend_link(&link, now).await?)).await.unwrap()
}

fn person(id: &str, username: &str, email: &str) -> Account {
    let claims = json!({"email": email}).as_object().cloned().unwrap();
    Account {
        id: AccountId::new(id),
        username: username.to_owned(),
        sub: format!("sub-{id}"),
        claims: if email.is_empty() { Map::new() } else { claims },
        created_at: START,
        updated_at: START,
        disabled_at: None,
    }
}

async fn add(store: &Store, new: Account) {
    let done = store.write(async move |tx| Ok(tx.add_account(&new, None).await?)).await.unwrap();
    assert_eq!(done, Done::Yes);
}

async fn found(store: &Store, address: &str) -> Vec<String> {
    let all = store.reader().await.unwrap().accounts_by_email(address, 5).await.unwrap();
    all.into_iter().map(|account| account.username).collect()
}

on_both! {
    async fn of_sixty_uses_of_a_link_one_counts(store: Store) {
        post(&store, letter("l", About::Recover, Some("a")), &["one", "other"]).await;
        let mut running = JoinSet::new();
        for n in 0..60 {
            let store = store.clone();
            running.spawn(async move { spend(&store, if n % 2 == 0 { "one" } else { "other" }, START).await.is_some() });
        }
        assert_eq!(running.join_all().await.into_iter().filter(|spent| *spent).count(), 1, "both links are of one letter");
        let known = store.reader().await.unwrap().letter_by_link(&Digest::of("other")).await.unwrap().unwrap();
        assert_eq!(known.spent_at, Some(START), "and the letter says why");
        assert_eq!(store.reader().await.unwrap().letter_by_link(&Digest::of("unheard of")).await.unwrap(), None);
    }

    async fn a_link_expires_and_is_voided_with_the_others_of_its_account(store: Store) {
        post(&store, letter("old", About::Verify, Some("a")), &["old"]).await;
        assert_eq!(spend(&store, "old", START + LIFE).await, None, "the last moment is too late");
        post(&store, letter("theirs", About::Recover, Some("b")), &["theirs"]).await;
        post(&store, letter("nobody's", About::SignUp, None), &["nobody's"]).await;
        account(&store, "a").await;
        // A new password wants no other way in.
        store.write(async |tx| Ok(tx.set_password(&AccountId::new("a"), "phc", START).await?)).await.unwrap();
        assert_eq!(spend(&store, "old", START).await, None);
        assert_eq!(spend(&store, "theirs", START).await.unwrap().id, "theirs");
        let signed_up = spend(&store, "nobody's", START).await.unwrap();
        assert_eq!(signed_up, Letter { spent_at: Some(START), ..letter("nobody's", About::SignUp, None) });
    }

    async fn letters_and_notices_share_the_ledger_and_not_the_courier(store: Store) {
        let mut wakes = store.wakes().await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        post(&store, letter("l", About::Taken, Some("a")), &[]).await;
        tokio::time::timeout(std::time::Duration::from_secs(5), wakes.next()).await.expect("the postman is called");
        let mut reader = store.reader().await.unwrap();
        assert!(reader.letter_due(START).await.unwrap());
        assert!(!reader.notice_due(START).await.unwrap(), "it is none of the courier's");
        drop(reader);
        let lease = crate::Lease { now: START, until: START + Span::from_minutes(2), limit: 10, per_client: 10, after: None, room: std::collections::HashMap::new() };
        assert!(store.write(async move |tx| Ok(tx.lease_notices(&lease).await?)).await.unwrap().is_empty());
        let until = START + Span::from_minutes(2);
        let leased = store.write(async move |tx| Ok(tx.lease_letters(Queue::Strangers, START, until, 10).await?)).await.unwrap();
        assert_eq!((leased.len(), leased[0].letter.as_str(), leased[0].attempt.number), (1, "l", 1));
        assert!(!store.reader().await.unwrap().letter_due(START).await.unwrap(), "leased");
        let attempt = leased[0].attempt.clone();
        let said = Said { status: Some(550), words: "no such mailbox".to_owned() };
        let settled = store.write(async move |tx| Ok(tx.settle(&attempt, Outcome::Refused, &said, START).await?)).await.unwrap();
        assert_eq!(settled, Settled::Now);
        let mut reader = store.reader().await.unwrap();
        let all = NoticeFilter { account: Some(AccountId::new("a")), ..NoticeFilter::default() };
        let row = reader.notices(&all).await.unwrap().remove(0);
        assert_eq!((row.matter, row.state, row.notice.sub.as_str()), (Matter::Letter(About::Taken), NoticeState::Refused, "Ann@example.org"));
        assert_eq!((row.matter.kind(), row.matter.as_str()), ("email", "sign_up_taken"));
        assert_eq!(reader.notice_counts().await.unwrap().refused, 1);
    }

    async fn many_postmen_send_no_letter_twice(store: Store) {
        for n in 0..40 {
            post(&store, letter(&format!("l{n}"), About::Verify, Some("a")), &[]).await;
        }
        let mut running = JoinSet::new();
        for _ in 0..10 {
            let store = store.clone();
            running.spawn(async move {
                let mut mine = Vec::new();
                for _ in 0..6 {
                    let until = START + Span::from_minutes(2);
                    mine.extend(store.write(async move |tx| Ok(tx.lease_letters(Queue::Owners, START, until, 4).await?)).await.unwrap());
                }
                mine.into_iter().map(|leased| leased.letter).collect::<Vec<_>>()
            });
        }
        let mut all = running.join_all().await.concat();
        all.sort();
        let before = all.len();
        all.dedup();
        assert_eq!((before, all.len()), (40, 40));
    }

    async fn strangers_wait_apart_and_what_is_new_comes_first(store: Store) {
        for (id, about) in [("a", About::SignUp), ("b", About::Recover), ("c", About::Changed), ("d", About::Taken), ("e", About::Verify)] {
            post(&store, letter(id, about, Some("a")), &[]).await;
        }
        let until = START + Span::from_minutes(2);
        let lease = async |queue, most| {
            let leased = store.write(async move |tx| Ok(tx.lease_letters(queue, START, until, most).await?)).await.unwrap();
            let mut names: Vec<String> = leased.iter().map(|leased| leased.letter.clone()).collect();
            names.sort();
            (names.concat(), leased)
        };
        let (first, leased) = lease(Queue::Owners, 2).await;
        assert_eq!(first, "bc");
        // They come again at once, and stand behind what was never tried.
        for attempt in leased.into_iter().map(|leased| leased.attempt) {
            let said = Said { status: Some(451), words: "later".to_owned() };
            store.write(async move |tx| Ok(tx.postpone(&attempt, START, &said).await?)).await.unwrap();
        }
        assert_eq!(lease(Queue::Owners, 1).await.0, "e");
        assert_eq!((lease(Queue::Strangers, 10).await.0, lease(Queue::Owners, 10).await.0), ("ad".to_owned(), "bc".to_owned()));
    }

    async fn what_only_tells_is_sent_whatever_becomes_of_the_links(store: Store) {
        account(&store, "a").await;
        post(&store, letter("told", About::Changed, Some("a")), &[]).await;
        store.write(async |tx| Ok(tx.set_password(&AccountId::new("a"), "phc", START).await?)).await.unwrap();
        assert_eq!(store.reader().await.unwrap().letter("told").await.unwrap().unwrap().spent_at, None);
    }

    async fn old_letters_go_with_their_links(store: Store) {
        post(&store, letter("l", About::Verify, Some("a")), &["one", "other"]).await;
        let swept = store.write(async |tx| Ok(tx.sweep_letters(START + LIFE, 10).await?)).await.unwrap();
        assert_eq!(swept, 0, "not before its time");
        let swept = store.write(async |tx| Ok(tx.sweep_letters(START + LIFE + Span::from_millis(1), 10).await?)).await.unwrap();
        assert_eq!(swept, 1);
        assert_eq!(store.reader().await.unwrap().letter("l").await.unwrap(), None);
    }

    async fn accounts_are_found_by_their_address_in_any_case(store: Store) {
        add(&store, person("a", "ann", "Ann@Example.org")).await;
        add(&store, person("b", "bob", "ann@example.org")).await;
        add(&store, person("c", "carol", "")).await;
        assert_eq!(found(&store, " ANN@example.ORG ").await, ["ann", "bob"], "two people may share one");
        assert!(found(&store, "").await.is_empty(), "no address is nobody's address");
        let claims = json!({"email": "new@example.org"}).as_object().cloned().unwrap();
        store.write(async move |tx| Ok(tx.set_claims(&AccountId::new("a"), &claims, START).await?)).await.unwrap();
        assert_eq!((found(&store, "ann@example.org").await, found(&store, "new@example.org").await), (vec!["bob".to_owned()], vec!["ann".to_owned()]));
        // A release that knew nothing of addresses wrote these.
        store.write(async |tx| Ok(tx.change(&FORGET, values![]).await?)).await.unwrap();
        assert!(found(&store, "ann@example.org").await.is_empty());
        let read = store.write(async |tx| Ok(tx.read_addresses(2).await? + tx.read_addresses(2).await? + tx.read_addresses(2).await?)).await;
        assert_eq!(read.unwrap(), 3);
        assert_eq!(found(&store, "ann@example.org").await, ["bob"]);
    }

    async fn the_operators_own_applications_that_can_be_started_are_found(store: Store) {
        let can = r#"{"initiate_login_uri": "https://rp.example/start"}"#;
        let own = r#"{"consent": "first-party"}"#;
        client_with(&store, "theirs", can, "{}").await;
        client_with(&store, "own", can, own).await;
        client_with(&store, "own-cannot", "{}", own).await;
        let fronts = async |store: &Store| -> Vec<String> {
            store.reader().await.unwrap().front_clients(10).await.unwrap().iter().map(ToString::to_string).collect()
        };
        assert!(fronts(&store).await.is_empty(), "nobody has read them yet");
        let read = async |store: &Store| store.write(async |tx| Ok(tx.read_fronts(10).await?)).await.unwrap();
        assert_eq!((read(&store).await, read(&store).await), (3, 0));
        assert_eq!(fronts(&store).await, ["own"]);
        let mut row: ClientRow = store.reader().await.unwrap().client(&openid::name::ClientId::new("own")).await.unwrap().unwrap();
        row.policy = "{}".to_owned();
        store.write(async move |tx| Ok(tx.replace_client(&row, 1).await?)).await.unwrap();
        assert!(fronts(&store).await.is_empty());
        store.write(async |tx| Ok(tx.change(&FORGET_FRONT, values![]).await?)).await.unwrap();
        assert_eq!(read(&store).await, 3);
    }

    async fn a_decision_moves_its_version_once(store: Store) {
        let version = async |store: &Store| {
            store.reader().await.unwrap().versions().await.unwrap().into_iter().find(|(name, _)| name == "settings").unwrap().1
        };
        assert_eq!(store.reader().await.unwrap().sign_up().await.unwrap(), SignUp::Closed, "nobody may until somebody says so");
        let before = version(&store).await;
        for (wanted, done) in [(SignUp::Open, Done::Yes), (SignUp::Open, Done::No), (SignUp::Closed, Done::Yes)] {
            assert_eq!(store.write(async move |tx| Ok(tx.set_sign_up(wanted).await?)).await.unwrap(), done);
            assert_eq!(store.reader().await.unwrap().sign_up().await.unwrap(), wanted);
        }
        assert_eq!(version(&store).await, before + 2);
    }
}
