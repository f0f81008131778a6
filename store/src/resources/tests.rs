//! Resource servers on both engines, and the rows of access tokens that are JWTs.

use jose::JwsAlg;
use openid::claims::language::Words;
use openid::name::{ClientId, Digest};
use openid::resource::{ResourceScope, ResourceServer, TokenFormat};
use openid::time::Span;
use openid::token::access;
use openid::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue};
use openid::wire::scope::Scope;
use tokio::task::JoinSet;

use super::Written;
use crate::Store;
use crate::accounts::Done;
use crate::engine::tests::both::on_both;
use crate::sessions::tests::ground::{START, client};
use crate::tokens::Drawn;

fn server(identifier: &str, scopes: &[&str]) -> ResourceServer {
    ResourceServer {
        identifier: identifier.to_owned(),
        names: Words(vec![(String::new(), "Catalogue".to_owned()), ("de".to_owned(), "Katalog \"<b>\"".to_owned())]),
        format: TokenFormat::Jwt(JwsAlg::Es256),
        lifetime: Some(Span::from_seconds(90)),
        scopes: scopes
            .iter()
            .map(|value| ResourceScope {
                value: (*value).to_owned(),
                titles: Words(vec![("fr".to_owned(), "Lire".to_owned())]),
            })
            .collect(),
        clients: vec![ClientId::new("api"), ClientId::new("gateway")],
    }
}

async fn add(store: &Store, server: ResourceServer) -> Written {
    store.write(async move |tx| Ok(tx.add_resource_server(&server, START).await?)).await.unwrap()
}

async fn all(store: &Store) -> Vec<ResourceServer> {
    store.reader().await.unwrap().resource_servers().await.unwrap()
}

async fn version(store: &Store) -> i64 {
    let all = store.reader().await.unwrap().versions().await.unwrap();
    all.into_iter().find(|(name, _)| name == "settings").unwrap().1
}

on_both! {
    async fn a_resource_server_is_read_as_it_was_written(store: Store) {
        let before = version(&store).await;
        let (one, plain) = (server("https://b.example/", &["z:read", "a:write", "m"]), ResourceServer {
            names: Words::default(), format: TokenFormat::Opaque, lifetime: None, clients: Vec::new(), ..server("https://a.example/", &[])
        });
        assert_eq!(add(&store, one.clone()).await, Written::Yes);
        assert_eq!(add(&store, plain.clone()).await, Written::Yes);
        assert_eq!(all(&store).await, [plain.clone(), one.clone()], "scopes stand in the order of the operator");
        assert_eq!(add(&store, server("https://b.example/", &["other"])).await, Written::No, "there is one already");
        let changed = ResourceServer { format: TokenFormat::Opaque, ..server("https://b.example/", &["m", "n"]) };
        let copy = changed.clone();
        let done = store.write(async move |tx| Ok(tx.replace_resource_server(&copy, START).await?)).await.unwrap();
        assert_eq!(done, Written::Yes);
        assert_eq!(all(&store).await, [plain.clone(), changed]);
        let unknown = server("https://c.example/", &["c"]);
        let done = store.write(async move |tx| Ok(tx.replace_resource_server(&unknown, START).await?)).await.unwrap();
        assert_eq!(done, Written::No);
        let remove = async || store.write(async |tx| Ok(tx.remove_resource_server("https://b.example/").await?)).await.unwrap();
        assert_eq!((remove().await, remove().await), (Done::Yes, Done::No));
        assert_eq!(all(&store).await, [plain]);
        assert_eq!(version(&store).await, before + 4, "what changed something was told, and nothing else");
        assert_eq!(add(&store, server("https://c.example/", &["m"])).await, Written::Yes, "its scopes are free again");
    }

    async fn a_scope_belongs_to_one_of_them(store: Store) {
        assert_eq!(add(&store, server("https://a.example/", &["read"])).await, Written::Yes);
        let taken = Written::ScopeTaken { value: "read".to_owned(), resource: "https://a.example/".to_owned() };
        assert_eq!(add(&store, server("https://b.example/", &["write", "read"])).await, taken);
        assert_eq!(all(&store).await.len(), 1, "nothing of it is written");
        assert_eq!(add(&store, server("https://b.example/", &["write"])).await, Written::Yes);
        let greedy = server("https://b.example/", &["read"]);
        let done = store.write(async move |tx| Ok(tx.replace_resource_server(&greedy, START).await?)).await.unwrap();
        assert_eq!(done, taken);
        assert!(all(&store).await[1].scopes.iter().any(|known| known.value == "write"));
    }

    async fn of_many_who_want_a_scope_at_once_one_gets_it(store: Store) {
        let mut running = JoinSet::new();
        for n in 0..12 {
            let store = store.clone();
            running.spawn(async move { add(&store, server(&format!("https://{n}.example/"), &["read", "write"])).await });
        }
        let done = running.join_all().await;
        assert_eq!(done.iter().filter(|written| **written == Written::Yes).count(), 1, "{done:?}");
        let all = all(&store).await;
        assert_eq!((all.len(), all[0].scopes.len()), (1, 2));
    }

    /// A JWT is found by its `jti`, and by nothing else that was drawn or is known.
    async fn the_row_of_a_jwt_is_found_by_its_name(store: Store) {
        let rp = client(&store, "rp").await;
        for (format, by_jti) in [(TokenFormat::Jwt(JwsAlg::Rs256), true), (TokenFormat::Opaque, false)] {
            let tag = format.as_str();
            let issue = Issue {
                client: rp.clone(),
                access: AccessIssue {
                    scope: Scope::from("read".to_owned()), resources: vec!["https://a.example/".to_owned()], format, cnf: None,
                    expires_at: START + Span::from_seconds(60),
                },
                refresh: RefreshIssue::None,
                refresh_cnf: None,
                id_token: IdTokenIssue::None,
                device: openid::native_sso::OnDevice::default(),
                ground: Ground::Client,
            };
            let drawn = Drawn { access: Digest::of(tag), jti: access::digest(tag), refresh: None };
            store.write(async move |tx| Ok(tx.settle_issue(&issue, &drawn, START).await?)).await.unwrap();
            let mut reader = store.reader().await.unwrap();
            assert_eq!(reader.access_token(&access::digest(tag), START).await.unwrap().is_some(), by_jti);
            assert_eq!(reader.access_token(&Digest::of(tag), START).await.unwrap().is_some(), !by_jti);
        }
        // It ends like any other.
        let digest = access::digest("jwt");
        let (copy, id) = (digest, rp.clone());
        let done = store.write(async move |tx| Ok(tx.revoke_access(&copy, &id, START).await?)).await.unwrap();
        assert_eq!(done, Done::Yes);
        let found = store.reader().await.unwrap().access_token(&digest, START).await.unwrap().unwrap();
        assert!(!found.facts.is_live(START));
    }
}
