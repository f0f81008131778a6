//! What codes and tokens are bound to (RFC 9449, RFC 8705), and that it comes back as it was written.

use openid::bound::Confirmation;
use openid::bound::dpop::Jkt;
use openid::bound::mtls::X5t;
use openid::bound::pkce::Challenge;
use openid::name::Digest;
use openid::native_sso::OnDevice;
use openid::resource::TokenFormat;
use openid::session::GrantKind;
use openid::time::Span;
use openid::token::authorization_code::{Code, RedirectGiven, Spent};
use openid::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Retry};
use openid::wire::scope::Scope;

use super::ground::{START, account, client, grant, join, session};
use crate::Store;
use crate::engine::tests::both::on_both;
use crate::tokens::Drawn;

fn jkt(letter: &str) -> Jkt {
    Jkt::read(&letter.repeat(43)).unwrap()
}

fn key(letter: &str) -> Confirmation {
    Confirmation::Jkt(jkt(letter))
}

fn certificate(letter: &str) -> Confirmation {
    Confirmation::X5t(X5t::read(&letter.repeat(43)).unwrap())
}

/// Tokens of a grant, bound to these.
fn issue(ground: Ground, access: Confirmation, refresh: Confirmation) -> Issue {
    let later = START + Span::from_hours(1);
    let client = ground.grant().unwrap().client.clone();
    Issue {
        client,
        access: AccessIssue {
            scope: Scope::from("openid".to_owned()),
            resources: Vec::new(),
            format: TokenFormat::Opaque,
            cnf: Some(access),
            expires_at: later,
        },
        refresh: RefreshIssue::First { expires_at: later },
        refresh_cnf: Some(refresh),
        id_token: IdTokenIssue::None,
        device: OnDevice::default(),
        ground,
    }
}

fn drawn(tag: &str) -> Drawn {
    let digest = |what: &str| Digest::of(&format!("{what} {tag}"));
    Drawn { access: digest("access"), jti: digest("jti"), refresh: Some(digest("refresh")) }
}

on_both! {
    /// RFC 9449 §5, §6, §10.
    async fn a_key_comes_back_with_the_code_and_the_tokens_bound_to_it(store: Store) {
        let (ann, rp) = (account(&store, "ann").await, client(&store, "rp").await);
        let session = session(&store, "s", &ann, "cookie").await;
        let later = START + Span::from_hours(1);
        store.write(async move |tx| {
            let sid = join(tx, &session, &rp, "sid", START).await?.unwrap();
            let code = Code {
                grant: grant("g", &session, &sid, &rp, &ann, GrantKind::Online),
                redirect_uri: "https://rp.example/cb".to_owned(),
                redirect_uri_given: RedirectGiven::Given,
                challenge: Challenge::stored(&"c".repeat(43)),
                jkt: Some(jkt("A")),
                expires_at: START + Span::from_seconds(60),
            };
            tx.insert_code(&Digest::of("code"), &code).await?;
            let (Spent::Now { code, .. }, _) = tx.spend_code(&Digest::of("code"), &rp, START).await? else { panic!("it is new") };
            assert_eq!(code.jkt, Some(jkt("A")));
            let mut issue = issue(Ground::Begin(code.grant), key("B"), key("C"));
            tx.settle_issue(&issue, &drawn("one"), START).await?;
            let (held, _) = tx.refresh_held((&drawn("one").refresh.unwrap(), None), &rp, START).await?.unwrap();
            assert_eq!(held.cnf, Some(key("C")));
            // Its successor, bound to nothing: what a judge says is what is written.
            issue.ground = Ground::Go(held.grant);
            let of = drawn("one").refresh.unwrap();
            issue.refresh = RefreshIssue::Successor { of, retry: Retry::First, expires_at: later };
            (issue.access.cnf, issue.refresh_cnf) = (None, None);
            tx.settle_issue(&issue, &drawn("two"), START).await?;
            let (held, _) = tx.refresh_held((&drawn("two").refresh.unwrap(), None), &rp, START).await?.unwrap();
            assert_eq!(held.cnf, None);
            Ok(())
        }).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        for (tag, bound) in [("one", Some(key("B"))), ("two", None)] {
            let found = reader.access_token(&drawn(tag).access, START).await.unwrap().unwrap();
            assert_eq!(found.facts.cnf, bound, "{tag}");
            let (found, _) = reader.bearer(&drawn(tag).access, START).await.unwrap().unwrap();
            assert_eq!(found.facts.cnf, bound, "{tag}");
        }
        let found = reader.refresh_token(&drawn("one").refresh.unwrap(), START).await.unwrap().unwrap();
        assert_eq!(found.facts.cnf, Some(key("C")));
    }

    /// RFC 8705 §3, §4.
    async fn a_certificate_comes_back_with_the_tokens_bound_to_it(store: Store) {
        let (ann, rp) = (account(&store, "ann").await, client(&store, "rp").await);
        let session = session(&store, "s", &ann, "cookie").await;
        store.write(async move |tx| {
            let sid = join(tx, &session, &rp, "sid", START).await?.unwrap();
            let grant = grant("g", &session, &sid, &rp, &ann, GrantKind::Online);
            tx.settle_issue(&issue(Ground::Begin(grant), certificate("D"), certificate("E")), &drawn("one"), START).await?;
            let (held, _) = tx.refresh_held((&drawn("one").refresh.unwrap(), None), &rp, START).await?.unwrap();
            assert_eq!(held.cnf, Some(certificate("E")));
            let held = tx.hold_access(&drawn("one").access, None, START).await?.subject.unwrap();
            assert_eq!(held.facts.cnf, Some(certificate("D")));
            Ok(())
        }).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        let found = reader.access_token(&drawn("one").access, START).await.unwrap().unwrap();
        assert_eq!(found.facts.cnf, Some(certificate("D")));
        let (found, _) = reader.bearer(&drawn("one").access, START).await.unwrap().unwrap();
        assert_eq!(found.facts.cnf, Some(certificate("D")));
        let found = reader.refresh_token(&drawn("one").refresh.unwrap(), START).await.unwrap().unwrap();
        assert_eq!(found.facts.cnf, Some(certificate("E")));
    }
}
