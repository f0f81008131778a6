//! Codes, redemptions and refreshes with the real verbs, against each other and against the end (`logout.md` §8.6).

use openid::logout::judge::{Ended, OfflineGrants};
use openid::name::{AccountId, ClientId, Digest, GrantId, SessionId, Sid};
use openid::resource::TokenFormat;
use openid::session::{Cause, Grant, GrantKind, GrantStanding, SessionStanding};
use openid::time::{Span, Time};
use openid::token::access;
use openid::token::authorization_code::{Code, RedirectGiven, Spent};
use openid::token::facts::Acting;
use openid::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Retry};
use openid::token::refresh_token::{RefreshStanding, Successor};
use openid::wire::scope::Scope;
use tokio::task::JoinSet;

use super::ground::{START, account, client, end, ending, grant, join, session};
use crate::engine::tests::both::on_both;
use crate::tokens::Drawn;
use crate::tx::Tx;
use crate::{Fault, Store};

const LATER: Time = Time::from_seconds(1_800_000_060);

struct Place {
    account: AccountId,
    client: ClientId,
    session: SessionId,
}

async fn place(store: &Store, tag: &str) -> Place {
    let account = account(store, &format!("ann-{tag}")).await;
    let client = client(store, &format!("rp-{tag}")).await;
    let session = session(store, &format!("s-{tag}"), &account, "cookie").await;
    Place { account, client, session }
}

fn refresh_digest(tag: &str) -> Digest {
    Digest::of(&format!("refresh {tag}"))
}

fn drawn(tag: &str) -> Drawn {
    Drawn { access: Digest::of(&format!("access {tag}")), jti: access::digest(tag), refresh: Some(refresh_digest(tag)) }
}

/// Writes a code as the authorization endpoint does; `None` if the session is over.
async fn authorize(tx: &mut Tx, place: &Place, tag: &str, kind: GrantKind) -> Result<Option<Sid>, Fault> {
    let sid = join(tx, &place.session, &place.client, &format!("sid-{tag}"), START).await?;
    if let Some(sid) = &sid {
        let code = Code {
            grant: grant(&format!("g-{tag}"), &place.session, sid, &place.client, &place.account, kind),
            redirect_uri: "https://rp.example/cb".to_owned(),
            redirect_uri_given: RedirectGiven::Given,
            challenge: None,
            jkt: None,
            expires_at: START + Span::from_seconds(60),
        };
        tx.insert_code(&Digest::of(tag), &code).await?;
    }
    Ok(sid)
}

async fn code(store: &Store, tag: &str, kind: GrantKind) -> Place {
    let place = place(store, tag).await;
    let (copy, tag) = (
        Place { account: place.account.clone(), client: place.client.clone(), session: place.session.clone() },
        tag.to_owned(),
    );
    let sid = store.write(async move |tx| Ok(authorize(tx, &copy, &tag, kind).await?)).await.unwrap();
    assert!(sid.is_some());
    place
}

fn issue(grant: Grant, ground: impl FnOnce(Grant) -> Ground, refresh: RefreshIssue) -> Issue {
    Issue {
        client: grant.client.clone(),
        access: AccessIssue {
            scope: Scope::from("openid".to_owned()),
            resources: Vec::new(),
            format: TokenFormat::Opaque,
            cnf: None,
            expires_at: LATER + Span::from_hours(1),
        },
        refresh,
        refresh_cnf: None,
        id_token: IdTokenIssue::None,
        device: openid::native_sso::OnDevice::default(),
        ground: ground(grant),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Redeemed {
    Yes,
    Breach,
    Over,
    Unknown,
}

/// What the token endpoint does, with a judge that looks at nothing but the code and the session.
async fn redeem(tx: &mut Tx, tag: &str, client: &ClientId, drawn: &Drawn) -> Result<Redeemed, Fault> {
    match tx.spend_code(&Digest::of(tag), client, START).await?.0 {
        Spent::Unknown => Ok(Redeemed::Unknown),
        Spent::Before { family } => {
            tx.breach(&family, client, START).await?;
            Ok(Redeemed::Breach)
        }
        Spent::Now { session: None, .. } => Ok(Redeemed::Over),
        Spent::Now { code, session: Some(_) } => {
            let first = RefreshIssue::First { expires_at: LATER + Span::from_days(1) };
            tx.settle_issue(&issue(code.grant, Ground::Begin, first), drawn, START).await?;
            Ok(Redeemed::Yes)
        }
    }
}

async fn redeemed(store: &Store, tag: &str, client: &ClientId, answer: &str) -> Redeemed {
    let (tag, client, drawn) = (tag.to_owned(), client.clone(), drawn(answer));
    store.write(async move |tx| Ok(redeem(tx, &tag, &client, &drawn).await?)).await.unwrap()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refreshed {
    First,
    Again,
    Breach,
    Over,
}

/// Rotation with the grace for lost answers.
async fn refresh(tx: &mut Tx, token: &Digest, client: &ClientId, drawn: &Drawn) -> Result<Refreshed, Fault> {
    let Some((held, _)) = tx.refresh_held((token, None), client, LATER).await? else {
        return Err(Fault::bug("no such token"));
    };
    if held.grant_standing == GrantStanding::Over {
        return Ok(Refreshed::Over);
    }
    if held.grant.kind == GrantKind::Online && held.session == SessionStanding::Over {
        return Ok(Refreshed::Over);
    }
    let retry = match held.standing {
        RefreshStanding::Unused => Retry::First,
        RefreshStanding::Rotated { successor: Successor::Untouched, .. } => Retry::Again,
        RefreshStanding::Rotated { successor: Successor::Used, .. } | RefreshStanding::Displaced => {
            tx.breach(&held.grant.id, client, LATER).await?;
            return Ok(Refreshed::Breach);
        }
    };
    let next = RefreshIssue::Successor { of: *token, retry, expires_at: LATER + Span::from_days(1) };
    tx.settle_issue(&issue(held.grant, Ground::Go, next), drawn, LATER).await?;
    Ok(if retry == Retry::First { Refreshed::First } else { Refreshed::Again })
}

async fn refreshed(store: &Store, token: Digest, client: &ClientId, answer: &str) -> Refreshed {
    let (client, drawn) = (client.clone(), drawn(answer));
    store.write(async move |tx| Ok(refresh(tx, &token, &client, &drawn).await?)).await.unwrap()
}

async fn lives(store: &Store, token: &Digest) -> bool {
    let found = store.reader().await.unwrap().access_token(token, START).await.unwrap();
    found.is_some_and(|found| found.facts.is_live(START))
}

on_both! {
    /// Nobody stands behind them but the client: they end with it.
    async fn a_client_s_own_tokens_end_with_it(store: Store) {
        let (rp, other) = (client(&store, "rp").await, client(&store, "other").await);
        for who in [&rp, &other] {
            let issue = Issue {
                client: who.clone(),
                access: AccessIssue {
                    scope: Scope::from("read".to_owned()),
                    resources: Vec::new(),
                    format: TokenFormat::Opaque,
                    cnf: None,
                    expires_at: LATER,
                },
                refresh: RefreshIssue::None,
                refresh_cnf: None,
                id_token: IdTokenIssue::None,
                device: openid::native_sso::OnDevice::default(),
                ground: Ground::Client,
            };
            let drawn = drawn(who.as_str());
            store.write(async move |tx| Ok(tx.settle_issue(&issue, &drawn, START).await?)).await.unwrap();
        }
        end(&store, ending(Ended::Client(rp.clone()), Cause::ClientDisabled)).await;
        let mut reader = store.reader().await.unwrap();
        for (who, lives) in [(&rp, false), (&other, true)] {
            let found = reader.access_token(&drawn(who.as_str()).access, START).await.unwrap().unwrap();
            assert_eq!(found.facts.is_live(START), lives, "{who}");
        }
    }

    /// A nightly job keeps nobody signed in.
    async fn only_a_live_token_of_the_session_is_a_sign_of_life(store: Store) {
        for (tag, kind, seen) in [("on", GrantKind::Online, true), ("off", GrantKind::Offline, false)] {
            let place = code(&store, tag, kind).await;
            assert_eq!(redeemed(&store, tag, &place.client, tag).await, Redeemed::Yes);
            let mut reader = store.reader().await.unwrap();
            let found = reader.access_token(&drawn(tag).access, START).await.unwrap().unwrap();
            assert_eq!(found.session.is_some(), seen, "{tag}");
            let expired = LATER + Span::from_hours(1);
            let found = reader.access_token(&drawn(tag).access, expired).await.unwrap().unwrap();
            assert!(found.session.is_none(), "{tag} expired");
        }
    }

    async fn sixty_redemptions_at_once_are_one_success_and_its_end(store: Store) {
        for round in 0..5 {
            let tag = format!("r{round}");
            let place = code(&store, &tag, GrantKind::Offline).await;
            let mut running = JoinSet::new();
            for n in 0..60 {
                let (store, tag, client) = (store.clone(), tag.clone(), place.client.clone());
                running.spawn(async move { redeemed(&store, &tag, &client, &format!("{tag}-{n}")).await });
            }
            let answers = running.join_all().await;
            assert_eq!(answers.iter().filter(|a| **a == Redeemed::Yes).count(), 1, "round {round}");
            assert_eq!(answers.iter().filter(|a| **a == Redeemed::Breach).count(), 59, "round {round}");
            for n in 0..60 {
                assert!(!lives(&store, &drawn(&format!("{tag}-{n}")).access).await, "what the code gave is revoked");
            }
            let family = GrantId::new(format!("g-{tag}"));
            let held = store.write(async move |tx| Ok(tx.hold_grant(&family).await?)).await.unwrap().unwrap();
            assert_eq!(held.1, GrantStanding::Over);
        }
    }

    async fn another_client_neither_gets_nor_burns_a_code(store: Store) {
        let place = code(&store, "mine", GrantKind::Online).await;
        let other = client(&store, "other").await;
        assert_eq!(redeemed(&store, "mine", &other, "a").await, Redeemed::Unknown);
        assert_eq!(redeemed(&store, "mine", &place.client, "b").await, Redeemed::Yes);
        assert!(lives(&store, &drawn("b").access).await);
        end(&store, ending(Ended::Session(place.session), Cause::Person)).await;
        assert!(!lives(&store, &drawn("b").access).await, "an online token dies with its session");
    }

    async fn codes_and_redemptions_beside_the_end_leave_nothing_alive_or_untold(store: Store) {
        for round in 0..12_i64 {
            let tag = format!("r{round}");
            let place = code(&store, &tag, GrantKind::Online).await;
            let mut running = JoinSet::new();
            for n in 0..4_i64 {
                // Fresh codes in the same session, and a redemption of each at once.
                let (store, client, tag) = (store.clone(), place.client.clone(), format!("{tag}-{n}"));
                let at = Place { account: place.account.clone(), client: client.clone(), session: place.session.clone() };
                running.spawn(async move {
                    let code = tag.clone();
                    let sid = store.write(async move |tx| {
                        let sid = authorize(tx, &at, &code, GrantKind::Online).await?;
                        tx.line().dawdle(n * 3).await?;
                        Ok(sid)
                    }).await.unwrap();
                    sid.is_some() && redeemed(&store, &tag, &client, &tag).await == Redeemed::Yes
                });
            }
            let first = store.clone();
            let (client, code) = (place.client.clone(), tag.clone());
            running.spawn(async move { redeemed(&first, &code, &client, &code).await == Redeemed::Yes });
            let (ender, what) = (store.clone(), Ended::Session(place.session.clone()));
            let report = tokio::spawn(async move { end(&ender, ending(what, Cause::RelyingParty)).await });
            let given = running.join_all().await.into_iter().filter(|given| *given).count();
            let report = report.await.unwrap();
            assert_eq!(report.notices.len(), 1, "the one stay is told once");
            assert_eq!(report.revoked.len(), given, "round {round}");
            for n in 0..4 {
                assert!(!lives(&store, &drawn(&format!("{tag}-{n}")).access).await);
            }
            assert!(!lives(&store, &drawn(&tag).access).await);
            let mut reader = store.reader().await.unwrap();
            assert_eq!(reader.participations([&place.session]).await.unwrap().len(), 1);
        }
    }

    async fn a_code_of_a_stay_that_ended_gives_nothing(store: Store) {
        let place = code(&store, "stay", GrantKind::Offline).await;
        end(&store, ending(Ended::Participation(Sid::new("sid-stay")), Cause::Person)).await;
        assert_eq!(redeemed(&store, "stay", &place.client, "a").await, Redeemed::Over);
        let mut reader = store.reader().await.unwrap();
        let row = reader.session(&place.session).await.unwrap().unwrap();
        assert_eq!(row.standing(START), SessionStanding::Live);
    }

    async fn many_refreshes_at_once_rotate_once(store: Store) {
        let place = code(&store, "rot", GrantKind::Offline).await;
        assert_eq!(redeemed(&store, "rot", &place.client, "start").await, Redeemed::Yes);
        let token = refresh_digest("start");
        let mut running = JoinSet::new();
        for n in 0..30 {
            let (store, client) = (store.clone(), place.client.clone());
            running.spawn(async move { refreshed(&store, token, &client, &format!("answer-{n}")).await });
        }
        let answers = running.join_all().await;
        assert_eq!(answers.iter().filter(|a| **a == Refreshed::First).count(), 1);
        assert_eq!(answers.iter().filter(|a| **a == Refreshed::Again).count(), 29, "within the grace, untouched successors");
        assert_eq!(refreshed(&store, refresh_digest("answer-3"), &place.client, "next").await, Refreshed::First);
        assert_eq!(refreshed(&store, token, &place.client, "thief").await, Refreshed::Breach);
        assert_eq!(refreshed(&store, refresh_digest("next"), &place.client, "late").await, Refreshed::Over);
        assert!(!lives(&store, &drawn("next").access).await);
    }

    async fn of_two_answers_to_one_token_only_one_can_be_used(store: Store) {
        let place = code(&store, "two", GrantKind::Offline).await;
        assert_eq!(redeemed(&store, "two", &place.client, "start").await, Redeemed::Yes);
        let token = refresh_digest("start");
        assert_eq!(refreshed(&store, token, &place.client, "lost").await, Refreshed::First);
        assert_eq!(refreshed(&store, token, &place.client, "had").await, Refreshed::Again);
        let (store_1, store_2) = (store.clone(), store.clone());
        let (client_1, client_2) = (place.client.clone(), place.client.clone());
        let one = tokio::spawn(async move { refreshed(&store_1, refresh_digest("lost"), &client_1, "lost-1").await });
        let two = tokio::spawn(async move { refreshed(&store_2, refresh_digest("had"), &client_2, "had-1").await });
        let mut both = [one.await.unwrap(), two.await.unwrap()];
        both.sort_by_key(|r| *r != Refreshed::First);
        assert_eq!(both, [Refreshed::First, Refreshed::Breach]);
        assert!(!lives(&store, &drawn("start").access).await, "whoever has the other is a stranger, and the family ends");
    }

    async fn refreshes_beside_the_end_leave_no_token_alive(store: Store) {
        for round in 0..10_i64 {
            let tag = format!("r{round}");
            let kind = if round % 2 == 0 { GrantKind::Online } else { GrantKind::Offline };
            let place = code(&store, &tag, kind).await;
            assert_eq!(redeemed(&store, &tag, &place.client, &tag).await, Redeemed::Yes);
            let token = refresh_digest(&tag);
            let mut running = JoinSet::new();
            for n in 0..6 {
                let (store, client, answer) = (store.clone(), place.client.clone(), format!("{tag}-{n}"));
                running.spawn(async move { refreshed(&store, token, &client, &answer).await });
            }
            let mut order = ending(Ended::Session(place.session.clone()), Cause::Person);
            order.offline = OfflineGrants::Revoke;
            let ender = store.clone();
            let report = tokio::spawn(async move { end(&ender, order).await });
            running.join_all().await;
            assert_eq!(report.await.unwrap().revoked.len(), 1);
            for n in 0..6 {
                assert!(!lives(&store, &drawn(&format!("{tag}-{n}")).access).await);
            }
        }
    }

    async fn background_access_survives_a_plain_sign_out(store: Store) {
        let place = code(&store, "off", GrantKind::Offline).await;
        assert_eq!(redeemed(&store, "off", &place.client, "a").await, Redeemed::Yes);
        let report = end(&store, ending(Ended::Session(place.session), Cause::RelyingParty)).await;
        assert_eq!(report.kept, [GrantId::new("g-off")]);
        assert!(lives(&store, &drawn("a").access).await);
        assert_eq!(refreshed(&store, refresh_digest("a"), &place.client, "b").await, Refreshed::First);
    }

    async fn what_was_exchanged_is_seen_with_the_grant_it_dies_with(store: Store) {
        let place = code(&store, "held", GrantKind::Online).await;
        assert_eq!(redeemed(&store, "held", &place.client, "a").await, Redeemed::Yes);
        let service = client(&store, "service").await;
        for n in 0..3 {
            let (subject, service, drawn) = (Digest::of("access a"), service.clone(), drawn(&format!("exchanged {n}")));
            store.write(async move |tx| {
                let held = tx.hold_access(&subject, None, START).await?.subject.ok_or_else(|| Fault::bug("it is known"))?;
                let (grant, _) = held.grant.ok_or_else(|| Fault::bug("a person's"))?;
                let mut given = issue(grant, |grant| Ground::Exchanged { grant, acting: Acting::default() }, RefreshIssue::None);
                given.client = service.clone();
                Ok(tx.settle_issue(&given, &drawn, START).await?)
            }).await.unwrap();
        }
        let (gone, whose) = (drawn("exchanged 2").access, service.clone());
        store.write(async move |tx| Ok(tx.revoke_access(&gone, &whose, START).await?)).await.unwrap();
        let mut reader = store.reader().await.unwrap();
        let of_session = reader.session_exchanged(&place.session, START).await.unwrap();
        assert_eq!((of_session.len(), of_session[0].tokens, &of_session[0].client), (1, 2, &service), "not the revoked one");
        assert_eq!(reader.account_exchanged(&place.account, START).await.unwrap(), of_session);
        assert_eq!(reader.exchanged_from([&of_session[0].grant], START).await.unwrap(), of_session);
        assert!(reader.session_exchanged(&place.session, LATER + Span::from_hours(1)).await.unwrap().is_empty(), "expired");
        assert_eq!(reader.participations([&place.session]).await.unwrap().len(), 1, "whoever exchanges takes no part");
        drop(reader);
        let report = end(&store, ending(Ended::Session(place.session), Cause::Person)).await;
        assert_eq!(report.notices.len(), 1, "and is not told");
        assert!(!lives(&store, &drawn("exchanged 0").access).await, "but its token is dead");
    }

    async fn a_token_that_outlives_its_grant_is_dead_until_it_is_swept(store: Store) {
        let place = code(&store, "kept", GrantKind::Online).await;
        assert_eq!(redeemed(&store, "kept", &place.client, "a").await, Redeemed::Yes);
        end(&store, ending(Ended::Session(place.session), Cause::Person)).await;
        store.write(async |tx| Ok(tx.withdraw_notices(&ClientId::new("rp-kept"), START).await?)).await.unwrap();
        let removed = store.write(async |tx| Ok(tx.remove_ended(START + Span::from_days(91), 10).await?)).await.unwrap();
        assert_eq!(removed, 1, "with its grant");
        let tokens = drawn("a");
        let found = store.reader().await.unwrap().access_token(&tokens.access, START).await.unwrap().unwrap();
        assert!(!found.facts.is_live(START));
        let client = place.client;
        let held = store.write(async move |tx| Ok(tx.refresh_held((&Digest::of("refresh a"), None), &client, START).await?)).await.unwrap();
        assert!(held.is_none());
        let swept = store.write(async |tx| Ok(tx.sweep_tokens(LATER + Span::from_days(2), 10).await?)).await.unwrap();
        assert_eq!(swept, 2);
    }
}
