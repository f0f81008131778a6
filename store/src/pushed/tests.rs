use openid::authorize::par::{Pushed, Pushing, Standing};
use openid::name::{ClientId, Digest};
use openid::time::Span;
use tokio::task::JoinSet;

use super::{MEMORY, NewPushed};
use crate::Store;
use crate::accounts::Done;
use crate::engine::tests::both::on_both;
use crate::sessions::tests::ground::START;

const SECOND: Span = Span::from_seconds(1);

async fn push(store: &Store, handle: &str) -> NewPushed {
    let new = NewPushed {
        hash: Digest::of(handle),
        client: ClientId::new("rp"),
        sealed: format!("sealed {handle}"),
        pushed_at: START,
        expires_at: START + Span::from_seconds(90),
    };
    let row = new.clone();
    store.write(async move |tx| Ok(tx.push_request(&row).await?)).await.unwrap();
    new
}

async fn uses(store: &Store, new: &NewPushed, client: &str) -> Done {
    let (hash, client) = (new.hash, ClientId::new(client));
    store.write(async move |tx| Ok(tx.use_pushed_request(&hash, &client, START + SECOND).await?)).await.unwrap()
}

async fn found(store: &Store, new: &NewPushed, client: &str) -> Option<(String, Pushed)> {
    store.reader().await.unwrap().pushed_request(&new.hash, &ClientId::new(client)).await.unwrap()
}

on_both! {
    /// RFC 9126 §4: bound to its client, looked at as often as wanted, used once.
    async fn a_pushed_request_is_its_clients_and_is_used_once(store: Store) {
        let new = push(&store, "one").await;
        let open = ("sealed one".to_owned(), Pushed { expires_at: new.expires_at, standing: Standing::Open });
        for _ in 0..2 {
            assert_eq!(found(&store, &new, "rp").await, Some(open.clone()));
        }
        assert_eq!(found(&store, &new, "other").await, None);
        assert_eq!(uses(&store, &new, "other").await, Done::No, "another client cannot burn it");
        assert_eq!(uses(&store, &new, "rp").await, Done::Yes);
        assert_eq!(uses(&store, &new, "rp").await, Done::No);
        assert_eq!(found(&store, &new, "rp").await.unwrap().1.standing, Standing::Used);
    }

    async fn of_many_who_use_a_pushed_request_at_once_one_does(store: Store) {
        let new = push(&store, "one").await;
        let mut all = JoinSet::new();
        for _ in 0..24 {
            let (store, new) = (store.clone(), new.clone());
            all.spawn(async move { uses(&store, &new, "rp").await });
        }
        let done = all.join_all().await.into_iter().filter(|done| done.is_done()).count();
        assert_eq!(done, 1);
    }

    async fn a_pushed_request_is_swept_when_nobody_can_come_back_to_it(store: Store) {
        let (one, _) = (push(&store, "one").await, push(&store, "two").await);
        let sweep = async |now, most| store.write(async move |tx| Ok(tx.sweep_pushed_requests(now, most).await?)).await.unwrap();
        let end = one.expires_at + MEMORY;
        assert_eq!(sweep(end, 10).await, 0);
        assert!(found(&store, &one, "rp").await.is_some());
        assert_eq!(sweep(end + SECOND, 1).await, 1, "a batch at a time");
        assert_eq!(sweep(end + SECOND, 10).await, 1);
        assert!(found(&store, &one, "rp").await.is_none());
    }

    async fn whether_requests_must_be_pushed_is_an_operators_to_say(store: Store) {
        assert_eq!(store.reader().await.unwrap().pushing().await.unwrap(), Pushing::Optional);
        let set = async |pushing| store.write(async move |tx| Ok(tx.set_pushing(pushing).await?)).await.unwrap();
        assert_eq!((set(Pushing::Required).await, set(Pushing::Required).await), (Done::Yes, Done::No));
        assert_eq!(store.reader().await.unwrap().pushing().await.unwrap(), Pushing::Required);
    }
}
