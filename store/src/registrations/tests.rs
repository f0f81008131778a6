//! Clients that register themselves, and their initial access tokens, on both engines.

use openid::client::policy::Policy;
use openid::name::{ClientId, Digest};
use openid::registration::Registration;
use openid::registration::admission::InitialToken;
use openid::time::Span;
use tokio::task::JoinSet;

use super::RegistrationRow;
use crate::Store;
use crate::accounts::Done;
use crate::clients::ClientRow;
use crate::engine::tests::both::on_both;
use crate::initial_tokens::InitialTokenRow;
use crate::sessions::tests::ground::START;

fn row(id: &str) -> ClientRow {
    ClientRow {
        id: ClientId::new(id),
        metadata: "{}".to_owned(),
        policy: serde_json::to_string(&Policy::default()).unwrap(),
        secret_hash: None,
        secret_sealed: None,
        origins: Vec::new(),
        version: 1,
        created_at: START,
        updated_at: START,
        disabled_at: None,
    }
}

fn came(id: &str) -> RegistrationRow {
    RegistrationRow {
        token: Digest::of(id),
        initial_token: None,
        statement: Some("a.b.c".to_owned()),
        registered_at: START,
        used_at: START,
    }
}

async fn register(store: &Store, id: &str) {
    let (row, came) = (row(id), came(id));
    store.write(async move |tx| Ok(tx.register_client(&row, &came).await?)).await.unwrap();
}

on_both! {
    async fn a_token_is_used_as_often_as_it_may_be_and_no_more(store: Store) {
        let token = InitialToken {
            id: "t".to_owned(), most_uses: Some(3), uses: 0, expires_at: Some(START + Span::from_hours(1)), revoked_at: None,
        };
        let new = InitialTokenRow { token, name: "CI".to_owned(), policy: "{}".to_owned(), created_at: START };
        let added = new.clone();
        store.write(async move |tx| Ok(tx.add_initial_token(&added, &Digest::of("secret")).await?)).await.unwrap();
        assert_eq!(store.reader().await.unwrap().initial_token(&Digest::of("secret")).await.unwrap(), Some(new));
        assert_eq!(store.reader().await.unwrap().initial_token(&Digest::of("t")).await.unwrap(), None);
        let spend = async |at| store.write(async move |tx| Ok(tx.spend_initial_token("t", at).await?)).await.unwrap();
        assert_eq!(spend(START + Span::from_hours(1)).await, Done::No, "expired");
        let mut running = JoinSet::new();
        for _ in 0..30 {
            let store = store.clone();
            running.spawn(async move { store.write(async move |tx| Ok(tx.spend_initial_token("t", START).await?)).await.unwrap() });
        }
        assert_eq!(running.join_all().await.into_iter().filter(|done| done.is_done()).count(), 3);
        let found = store.reader().await.unwrap().initial_token_by_id("t").await.unwrap().unwrap();
        assert_eq!((found.token.uses, found.token.is_live(START)), (3, false));
    }

    async fn a_revoked_token_is_used_no_more(store: Store) {
        let token = InitialToken { id: "t".to_owned(), most_uses: None, uses: 0, expires_at: None, revoked_at: None };
        let new = InitialTokenRow { token, name: String::new(), policy: "{}".to_owned(), created_at: START };
        let did = store.write(async move |tx| {
            tx.add_initial_token(&new, &Digest::of("secret")).await?;
            let mut did = vec![tx.spend_initial_token("t", START).await?];
            did.push(tx.revoke_initial_token("t", START).await?);
            did.push(tx.revoke_initial_token("t", START).await?);
            did.push(tx.spend_initial_token("t", START).await?);
            Ok(did)
        }).await.unwrap();
        assert_eq!(did, [Done::Yes, Done::Yes, Done::No, Done::No]);
        let all = store.reader().await.unwrap().initial_tokens("", 10).await.unwrap();
        assert_eq!((all.len(), all[0].token.uses, all[0].token.revoked_at), (1, 1, Some(START)));
    }

    async fn who_counts_and_registers_does_so_alone(store: Store) {
        let mut running = JoinSet::new();
        for n in 0..20 {
            let store = store.clone();
            running.spawn(async move {
                let (row, came) = (row(&format!("c{n}")), came("x"));
                store.write(async move |tx| {
                    tx.hold_registration_settings().await?;
                    if tx.count_registrations().await? >= 3 {
                        return Ok(false);
                    }
                    tx.register_client(&row, &came).await?;
                    Ok(true)
                }).await.unwrap()
            });
        }
        assert_eq!(running.join_all().await.into_iter().filter(|registered| *registered).count(), 3);
        assert_eq!(store.reader().await.unwrap().count_registrations().await.unwrap(), 3);
    }

    async fn a_replacement_is_written_over_the_version_it_was_judged_against(store: Store) {
        register(&store, "rp").await;
        let replace = async |version| {
            let new = ClientRow { metadata: format!("{{\"v\": {version}}}"), ..row("rp") };
            store.write(async move |tx| Ok(tx.replace_client(&new, version).await?)).await.unwrap()
        };
        assert_eq!(replace(1).await, Done::Yes);
        assert_eq!(replace(1).await, Done::No, "somebody else was first");
        assert_eq!(replace(2).await, Done::Yes);
        store.write(async |tx| Ok(tx.disable_client(&ClientId::new("rp"), START).await?)).await.unwrap();
        assert_eq!(replace(3).await, Done::No, "an operator has disabled it");
        let found = store.reader().await.unwrap().client(&ClientId::new("rp")).await.unwrap().unwrap();
        assert_eq!((found.version, found.metadata.as_str()), (4, "{\"v\": 2}"));
    }

    async fn a_registration_goes_with_its_client(store: Store) {
        register(&store, "rp").await;
        let rp = ClientId::new("rp");
        let mut reader = store.reader().await.unwrap();
        assert_eq!(reader.registration(&rp).await.unwrap(), Some(came("rp")));
        let id = rp.clone();
        store.write(async move |tx| {
            tx.set_statement(&id, None).await?;
            Ok(tx.delete_client(&id).await?)
        }).await.unwrap();
        assert_eq!(reader.registration(&rp).await.unwrap(), None);
        assert_eq!(reader.count_registrations().await.unwrap(), 0);
    }

    async fn who_was_not_used_is_found_and_a_use_saves(store: Store) {
        register(&store, "old").await;
        register(&store, "used").await;
        let (later, day) = (START + Span::from_days(30), Span::from_days(1));
        let used = ClientId::new("used");
        let noted = store.write(async move |tx| {
            let first = tx.use_client(&used, later, later - day).await?;
            Ok((first, tx.use_client(&used, later, later - day).await?))
        }).await.unwrap();
        assert_eq!(noted, (Done::Yes, Done::No), "noted once a day");
        let unused = store.reader().await.unwrap().unused_clients(later, 10).await.unwrap();
        assert_eq!(unused, [ClientId::new("old")]);
        let is = store.write(async move |tx| {
            Ok((tx.is_unused(&ClientId::new("old"), later).await?, tx.is_unused(&ClientId::new("used"), later).await?,
                tx.is_unused(&ClientId::new("nobody"), later).await?))
        }).await.unwrap();
        assert_eq!(is, (true, false, false));
    }

    async fn a_decision_moves_the_version_and_the_same_again_does_not(store: Store) {
        let did = store.write(async |tx| {
            let first = tx.set_registration(Registration::Open).await?;
            Ok((first, tx.set_registration(Registration::Open).await?, tx.set_registration_policy("{\"hosts\": []}").await?))
        }).await.unwrap();
        assert_eq!(did, (Done::Yes, Done::No, Done::Yes));
        let mut reader = store.reader().await.unwrap();
        let settings = reader.registration_settings().await.unwrap();
        assert_eq!((settings.registration, settings.policy.as_str()), (Registration::Open, "{\"hosts\": []}"));
        let moved = reader.versions().await.unwrap().into_iter().find(|(name, _)| name == "settings").unwrap();
        assert_eq!(moved.1, 2);
    }
}
