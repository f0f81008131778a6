//! Claims providers and links, on both engines.

use openid::claims::source::{Reach, Source, SourceKind};
use openid::name::AccountId;
use openid::time::Span;

use super::ClaimLink;
use crate::Store;
use crate::accounts::Done;
use crate::engine::tests::both::on_both;
use crate::sessions::tests::ground::START;

fn office() -> Source {
    Source {
        name: "office".to_owned(),
        kind: SourceKind::Aggregated,
        claims: vec!["degree".to_owned()],
        endpoint: Some("https://office.example/".to_owned()),
        issuer: Some("https://office.example".to_owned()),
        jwks: Some("{}".to_owned()),
        reach: Reach::Linked,
    }
}

fn link(account: &str) -> ClaimLink {
    ClaimLink {
        source: "office".to_owned(),
        account: AccountId::new(account),
        token: Some("sealed".to_owned()),
        jwt: None,
        jwt_until: None,
        linked_at: START,
    }
}

async fn of(store: &Store, account: &str) -> Vec<ClaimLink> {
    store.reader().await.unwrap().claim_links(&AccountId::new(account)).await.unwrap()
}

on_both! {
    async fn a_source_is_configured_once_and_goes_with_its_links(store: Store) {
        let moved = Source { endpoint: None, jwks: Some("[]".to_owned()), claims: vec!["other".to_owned()], ..office() };
        let done = store.write(async move |tx| {
            let mut done = vec![tx.add_claim_source(&office(), START).await?, tx.add_claim_source(&office(), START).await?];
            done.push(tx.change_claim_source(&moved, START).await?);
            tx.link_claims(&link("ann")).await?;
            tx.link_claims(&link("bob")).await?;
            done.push(tx.unlink_claims("office", &AccountId::new("bob")).await?);
            done.push(tx.unlink_claims("office", &AccountId::new("bob")).await?);
            Ok(done)
        }).await.unwrap();
        assert_eq!(done, [Done::Yes, Done::No, Done::Yes, Done::Yes, Done::No]);
        let read = store.reader().await.unwrap().catalogue().await.unwrap().sources;
        assert_eq!(read, [Source { endpoint: None, jwks: Some("[]".to_owned()), ..office() }], "its claims stay");
        assert_eq!((of(&store, "ann").await, of(&store, "bob").await), (vec![link("ann")], vec![]));
        let page = store.reader().await.unwrap().links_of_source("office", "", 10).await.unwrap();
        assert_eq!(page, [link("ann")]);
        store.write(async move |tx| Ok(tx.remove_claim_source("office").await?)).await.unwrap();
        assert!(of(&store, "ann").await.is_empty());
    }

    async fn a_jwt_is_kept_for_the_link_it_was_fetched_with(store: Store) {
        let later = ClaimLink { linked_at: START + Span::from_seconds(1), token: Some("new".to_owned()), ..link("ann") };
        let until = START + Span::from_minutes(5);
        let (anew, old) = (later.clone(), link("ann"));
        let done = store.write(async move |tx| {
            tx.add_claim_source(&office(), START).await?;
            tx.link_claims(&old).await?;
            let mut done = vec![tx.keep_claims(&old, "jwt", until).await?];
            done.push(tx.reseal_link(&old, "sealed", "sealed anew").await?);
            done.push(tx.reseal_link(&old, "sealed", "sealed anew").await?);
            tx.link_claims(&anew).await?;
            done.push(tx.keep_claims(&old, "jwt of another token", until).await?);
            Ok(done)
        }).await.unwrap();
        assert_eq!(done, [Done::Yes, Done::Yes, Done::No, Done::No]);
        assert_eq!(of(&store, "ann").await, std::slice::from_ref(&later), "linked anew, nothing is kept yet");
        let kept = later.clone();
        store.write(async move |tx| Ok(tx.keep_claims(&kept, "jwt", until).await?)).await.unwrap();
        let found = of(&store, "ann").await;
        assert_eq!((found[0].jwt.as_deref(), found[0].jwt_until), (Some("jwt"), Some(until)));
        assert_eq!(store.reader().await.unwrap().links_with_tokens().await.unwrap(), found);
    }
}
