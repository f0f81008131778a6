//! What an operator declared, on both engines.

use openid::authorize::next::Consent;
use openid::claims::catalogue::{Consenting, DeclaredClaim, DeclaredScope, Given, PersonMay};
use openid::claims::language::Words;
use openid::claims::parameter::ClaimsRequest;
use openid::name::{AccountId, ClientId, Digest};
use openid::resource::TokenFormat;
use openid::session::GrantKind;
use openid::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue};
use openid::wire::scope::Scope;

use crate::Store;
use crate::accounts::Done;
use crate::engine::tests::both::on_both;
use crate::sessions::tests::ground::{START, account, begin, client, grant, session, stay};
use crate::tokens::Drawn;

fn words(all: &[(&str, &str)]) -> Words {
    Words(all.iter().map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned())).collect())
}

fn staff() -> DeclaredScope {
    DeclaredScope {
        name: "staff".to_owned(),
        claims: vec!["groups".to_owned(), "https://example.org/level".to_owned()],
        titles: words(&[("", "Your \"groups\""), ("ja-Kana-JP", "グループ")]),
        descriptions: Words::default(),
        given: Given::ByDefault,
        consent: Consenting::Implied,
    }
}

async fn version(store: &Store) -> i64 {
    let all = store.reader().await.unwrap().versions().await.unwrap();
    all.into_iter().find(|(name, _)| name == "catalogue").unwrap().1
}

on_both! {
    async fn what_is_declared_is_read_back_and_moves_the_version(store: Store) {
        let groups = DeclaredClaim { name: "groups".to_owned(), titles: words(&[("de", "Gruppen")]), person: PersonMay::See };
        let before = version(&store).await;
        let done = store.write(async move |tx| {
            let mut done = vec![tx.add_scope(&staff(), START).await?, tx.add_scope(&staff(), START).await?];
            done.push(tx.add_claim(&groups, START).await?);
            done.push(tx.add_claim(&groups, START).await?);
            done.push(tx.change_claim(&DeclaredClaim { person: PersonMay::Edit, ..groups.clone() }, START).await?);
            done.push(tx.set_claims_locales(&["de".to_owned()]).await?);
            done.push(tx.set_claims_locales(&["de".to_owned()]).await?);
            Ok(done)
        }).await.unwrap();
        assert_eq!(done, [Done::Yes, Done::No, Done::Yes, Done::No, Done::Yes, Done::Yes, Done::No]);
        let read = store.reader().await.unwrap().catalogue().await.unwrap();
        assert_eq!(read.scopes, [staff()]);
        assert_eq!((read.claims[0].person, read.locales.as_slice()), (PersonMay::Edit, &["de".to_owned()][..]));
        assert_eq!(version(&store).await, before + 3, "two were declared and one changed; the locales are a setting");
        // The claims of a scope stay what was agreed to.
        let other = DeclaredScope { claims: vec!["name".to_owned()], given: Given::WhenAsked, ..staff() };
        store.write(async move |tx| Ok(tx.change_scope(&other, START).await?)).await.unwrap();
        let read = store.reader().await.unwrap().catalogue().await.unwrap();
        assert_eq!((&read.scopes[0].claims, read.scopes[0].given), (&staff().claims, Given::WhenAsked));
    }

    async fn a_removed_scope_is_taken_out_of_all_that_was_agreed_to_and_granted(store: Store) {
        let (ann, shop) = (account(&store, "ann").await, client(&store, "shop").await);
        let opened = session(&store, "s", &ann, "cookie").await;
        let sid = stay(&store, &opened, &shop, "sid").await;
        let mut held = grant("g", &opened, &sid, &shop, &ann, GrantKind::Online);
        held.scope = Scope::from("openid staff staffing".to_owned());
        held.claims = ClaimsRequest::read(Some(r#"{"userinfo":{"name#de":{"value":"A \"b\""}}}"#), Some("de fr")).unwrap();
        begin(&store, &held).await;
        let kept = held.clone();
        let token = Digest::of("token");
        store.write(async move |tx| {
            tx.add_scope(&staff(), START).await?;
            let given = Consent { scope: kept.scope.clone(), given_at: START, ..Consent::default() };
            tx.give_consent(&AccountId::new("ann"), &ClientId::new("shop"), &given).await?;
            let issue = Issue {
                client: kept.client.clone(),
                access: AccessIssue {
                    scope: kept.scope.clone(),
                    resources: vec![],
                    format: TokenFormat::Opaque,
                    cnf: None,
                    expires_at: kept.expires_at,
                },
                refresh: RefreshIssue::None,
                refresh_cnf: None,
                id_token: IdTokenIssue::None,
                device: openid::native_sso::OnDevice::default(),
                ground: Ground::Go(kept.clone()),
            };
            tx.settle_issue(&issue, &Drawn { access: token, jti: token, refresh: None }, START).await?;
            tx.remove_scope("staff").await?;
            Ok(())
        }).await.unwrap();
        let left = "openid staffing";
        let mut reader = store.reader().await.unwrap();
        assert_eq!(reader.consent(&ann, &shop).await.unwrap().unwrap().scope.to_string(), left);
        let found = reader.access_token(&Digest::of("token"), START).await.unwrap().unwrap();
        assert_eq!((found.facts.scope.to_string().as_str(), &found.facts.claims), (left, &held.claims));
        drop(reader);
        let id = held.id.clone();
        let (read, _) = store.write(async move |tx| Ok(tx.hold_grant(&id).await?)).await.unwrap().unwrap();
        assert_eq!((read.scope.to_string().as_str(), read.claims), (left, held.claims));
        let again = store.write(async move |tx| Ok(tx.remove_scope("staff").await?)).await.unwrap();
        assert_eq!(again, Done::No);
        // Whoever agreed to a word before it was declared has not agreed to what it asks for now.
        let scope = DeclaredScope { name: "staffing".to_owned(), ..staff() };
        store.write(async move |tx| Ok(tx.add_scope(&scope, START).await?)).await.unwrap();
        assert_eq!(store.reader().await.unwrap().consent(&ann, &shop).await.unwrap().unwrap().scope.to_string(), "openid");
    }
}
