//! Device sessions with the real verbs: what moves, what follows, what races (`logout.md` §2, §8.6).

use openid::logout::judge::Ended;
use openid::name::{AccountId, ClientId, Digest, SessionId, Sid};
use openid::native_sso::{DeviceTie, OnDevice, SecretIssue, SecretStanding, Way, Worth};
use openid::session::{Cause, GrantKind, SessionKind, SessionStanding};
use openid::time::{Span, Time};
use openid::token::access;
use openid::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue};
use openid::wire::scope::Scope;
use tokio::task::JoinSet;

use super::ground::{DEADLINE, START, account, client, end, ending, grant, live_grants, session, stay};
use crate::engine::tests::both::on_both;
use crate::tokens::Drawn;
use crate::tx::Tx;
use crate::{DrawnDevice, Fault, Hold, Store, Sweep};

const AGE: Span = Span::from_days(30);

pub(super) fn drawn_device(tag: &str) -> DrawnDevice {
    DrawnDevice {
        session: SessionId::new(format!("device-{tag}")),
        ds_hash: format!("hash-{tag}"),
        secret: Digest::of(&format!("secret-{tag}")),
        sid: Sid::new(format!("entered-{tag}")),
        idle: Span::from_days(30),
        absolute: Span::from_days(180),
    }
}

pub(super) fn drawn(tag: &str) -> Drawn {
    Drawn {
        access: Digest::of(&format!("access {tag}")),
        jti: access::digest(tag),
        refresh: Some(Digest::of(&format!("refresh {tag}"))),
    }
}

/// Two apps, a person, a browser session in which the first app has a stay.
pub(super) struct Place {
    pub(super) ann: AccountId,
    pub(super) one: ClientId,
    pub(super) two: ClientId,
    pub(super) browser: SessionId,
    pub(super) sid: Sid,
}

pub(super) async fn place(store: &Store, tag: &str) -> Place {
    let ann = account(store, &format!("ann-{tag}")).await;
    let (one, two) = (client(store, &format!("one-{tag}")).await, client(store, &format!("two-{tag}")).await);
    let browser = session(store, &format!("b-{tag}"), &ann, "cookie").await;
    let sid = stay(store, &browser, &one, &format!("sid-{tag}")).await;
    Place { ann, one, two, browser, sid }
}

pub(super) fn issue(ground: Ground, on: OnDevice, client: &ClientId) -> Issue {
    Issue {
        client: client.clone(),
        access: AccessIssue {
            scope: Scope::from("openid".to_owned()),
            resources: Vec::new(),
            format: openid::resource::TokenFormat::Opaque,
            cnf: None,
            expires_at: START + Span::from_days(1),
        },
        refresh: RefreshIssue::First { expires_at: START + Span::from_days(14) },
        refresh_cnf: None,
        id_token: IdTokenIssue::WithoutNonce(SessionStanding::Live),
        device: on,
        ground,
    }
}

/// What a redemption does after the judge said yes: the stay held, the device settled, tokens written. `None`: the session
/// was over.
pub(super) async fn redeem(
    tx: &mut Tx,
    place: &Place,
    way: Way,
    secret: SecretIssue,
    tag: &str,
) -> Result<Option<Issue>, Fault> {
    let Some(account) = tx.hold_enabled(&place.ann).await? else { return Ok(None) };
    if tx.hold_stay(&place.sid, Hold::Alone, START).await?.is_none() {
        return Ok(None);
    }
    let begun = grant(&format!("g-{tag}"), &place.browser, &place.sid, &place.one, &place.ann, GrantKind::Offline);
    let mut issue = issue(Ground::Begin(begun), OnDevice { way, secret, ..OnDevice::default() }, &place.one);
    tx.settle_device(&mut issue, Some(&account), &drawn_device(tag), START).await?;
    tx.settle_issue(&issue, &drawn(tag), START).await?;
    Ok(Some(issue))
}

pub(super) async fn opened(store: &Store, tag: &str, tie: DeviceTie) -> (std::sync::Arc<Place>, SessionId, Issue) {
    let place = std::sync::Arc::new(place(store, tag).await);
    let (there, tag) = (place.clone(), tag.to_owned());
    let issue = store
        .write(async move |tx| Ok(redeem(tx, &there, Way::Opens(tie), SecretIssue::Fresh, &tag).await?))
        .await
        .unwrap()
        .expect("the browser session lives");
    let device = issue.ground.grant().unwrap().session.clone();
    (place, device, issue)
}

/// What an exchange does: the secret held, and if the session lives a stay and a grant in it. `None`: it was over.
pub(super) async fn exchange(
    tx: &mut Tx,
    place: &Place,
    client: &ClientId,
    (secret, tag): (&str, &str),
    now: Time,
) -> Result<Option<Issue>, Fault> {
    let secret = Digest::of(secret);
    let Some((held, Some(session))) = tx.hold_secret(&secret, now).await? else { return Ok(None) };
    assert_eq!((held.worth(now), session.kind), (Worth::Good, SessionKind::Device));
    let on = OnDevice { way: Way::Enters(session.id.clone()), secret: held.go_on(now), ..OnDevice::default() };
    let begun = grant(&format!("g-{tag}"), &session.id, &Sid::new(""), client, &place.ann, GrantKind::Online);
    let mut issue = issue(Ground::Begin(begun), on, client);
    tx.settle_device(&mut issue, None, &drawn_device(tag), now).await?;
    tx.settle_issue(&issue, &drawn(tag), now).await?;
    Ok(Some(issue))
}

on_both! {
    async fn the_stay_moves_with_its_sid_and_one_sign_out_tells_both_apps_once(store: Store) {
        let (place, device, first) = opened(&store, "a", DeviceTie::WithBrowser).await;
        let grant = first.ground.grant().unwrap().clone();
        assert_eq!((&grant.sid, grant.kind), (&place.sid, GrantKind::Online), "the same sid; nothing outlives the device");
        assert_eq!(first.device.ds_hash.as_deref(), Some("hash-a"));
        let (there, two) = (place.clone(), place.two.clone());
        let second = store.write(async move |tx| Ok(exchange(tx, &there, &two, ("secret-a", "b"), START).await?)).await.unwrap().unwrap();
        assert_eq!(second.device.ds_hash.as_deref(), Some("hash-a"), "what binds is the device, not the secret");
        let mut reader = store.reader().await.unwrap();
        assert!(reader.participations([&place.browser]).await.unwrap().is_empty());
        assert_eq!(reader.participations([&device]).await.unwrap().len(), 2);
        let row = reader.device(&device).await.unwrap().unwrap();
        assert_eq!((&row.opened_from, &row.client, row.secrets), (&place.browser, &place.one, 1));
        assert_eq!(reader.session(&device).await.unwrap().unwrap().agent.as_deref(), Some("Firefox"), "the device's name");
        drop(reader);
        let order = ending(Ended::Session(place.browser.clone()), Cause::RelyingParty);
        let previewed = store.reader().await.unwrap().preview(&order).await.unwrap();
        let report = end(&store, order).await;
        assert_eq!(report.sessions, [place.browser.clone(), device.clone()]);
        assert_eq!(report.sessions, previewed.sessions);
        assert_eq!((report.notices.len(), previewed.verdict.notices.len()), (2, 2), "both apps, each once");
        assert_eq!(report.revoked.len(), previewed.verdict.revoked.len());
        assert_eq!(live_grants(&store, &device).await, 0, "offline or not");
        let there = place.clone();
        let two = place.two.clone();
        let late = store.write(async move |tx| Ok(exchange(tx, &there, &two, ("secret-a", "c"), START).await?)).await.unwrap();
        assert!(late.is_none(), "ending it killed the secret");
    }

    async fn idle_browsers_and_apart_leave_the_device_alone(store: Store) {
        let (place, device, _) = opened(&store, "a", DeviceTie::WithBrowser).await;
        let sweep = Sweep { now: START + Span::from_hours(13), limit: 10, deadline: DEADLINE, spread: Span::ZERO };
        let swept = store.write(async move |tx| Ok(tx.sweep_sessions(&sweep).await?)).await.unwrap();
        assert_eq!((swept.sessions, swept.notices), (1, 0), "the browser's session, and nobody is told");
        assert!(store.reader().await.unwrap().session(&place.browser).await.unwrap().unwrap().ended.is_some());
        assert!(store.reader().await.unwrap().session(&device).await.unwrap().unwrap().ended.is_none());
        let (apart, device, _) = opened(&store, "b", DeviceTie::Apart).await;
        let report = end(&store, ending(Ended::Session(apart.browser.clone()), Cause::Person)).await;
        assert_eq!(report.sessions, std::slice::from_ref(&apart.browser));
        assert!(store.reader().await.unwrap().session(&device).await.unwrap().unwrap().ended.is_none());
        let all = end(&store, ending(Ended::Account(apart.ann.clone()), Cause::Operator)).await;
        assert_eq!((all.sessions, all.notices.len()), (vec![device], 1), "it is a session of the account");
    }

    async fn signing_in_again_on_the_device_goes_on_there(store: Store) {
        let (place, device, _) = opened(&store, "a", DeviceTie::WithBrowser).await;
        let again = stay(&store, &place.browser, &place.one, "sid-again").await;
        let there = Place { ann: place.ann.clone(), one: place.one.clone(), two: place.two.clone(), browser: place.browser.clone(), sid: again.clone() };
        let joined = device.clone();
        let issue = store.write(async move |tx| {
            let (held, _) = tx.hold_secret(&Digest::of("secret-a"), START).await?.unwrap();
            Ok(redeem(tx, &there, Way::Joins(joined.clone()), held.go_on(START), "again").await?)
        }).await.unwrap().unwrap();
        let grant = issue.ground.grant().unwrap();
        assert_eq!((&grant.sid, &grant.session), (&place.sid, &device), "one stay, one sid, one notice");
        let mut reader = store.reader().await.unwrap();
        assert!(reader.participation(&again).await.unwrap().is_none(), "nobody was ever told of the other");
        assert_eq!(reader.participations([&device]).await.unwrap().len(), 1);
    }

    async fn a_hundred_exchanges_of_two_honest_apps_all_succeed(store: Store) {
        let (place, device, _) = opened(&store, "a", DeviceTie::WithBrowser).await;
        // The secret is due to be replaced: one of them gets the successor, and no one is refused.
        let mut running = JoinSet::new();
        for n in 0..100_i64 {
            let (store, place) = (store.clone(), place.clone());
            running.spawn(async move {
                let client = if n % 2 == 0 { place.one.clone() } else { place.two.clone() };
                store.write(async move |tx| Ok(exchange(tx, &place, &client, ("secret-a", &format!("x{n}")), START + Span::from_hours(1)).await?)).await.unwrap()
            });
        }
        let first: Vec<Issue> = running.join_all().await.into_iter().flatten().collect();
        assert_eq!(first.len(), 100);
        assert!(first.iter().all(|issue| matches!(issue.device.secret, SecretIssue::Keep { .. })));
        store.write(async move |tx| Ok(tx.see_session(&device, START + Span::from_days(20)).await?)).await.unwrap();
        let mut running = JoinSet::new();
        for n in 0..100_i64 {
            let (store, place) = (store.clone(), place.clone());
            running.spawn(async move {
                let client = if n % 2 == 0 { place.one.clone() } else { place.two.clone() };
                store.write(async move |tx| Ok(exchange(tx, &place, &client, ("secret-a", &format!("y{n}")), START + AGE).await?)).await.unwrap()
            });
        }
        let second: Vec<Issue> = running.join_all().await.into_iter().flatten().collect();
        assert_eq!(second.len(), 100, "all succeed");
        let replaced = second.iter().filter(|issue| matches!(issue.device.secret, SecretIssue::Successor { .. })).count();
        assert_eq!(replaced, 1, "and one of them replaced it");
    }

    async fn a_replaced_secret_is_a_replay_a_day_after_its_successor_was_used(store: Store) {
        let (place, device, _) = opened(&store, "a", DeviceTie::WithBrowser).await;
        let at = START + Span::from_days(29);
        store.write(async move |tx| Ok(tx.see_session(&device, at).await?)).await.unwrap();
        let worth = async |secret: &'static str, now: Time| {
            store.write(async move |tx| Ok(tx.hold_secret(&Digest::of(secret), now).await?.unwrap().0.worth(now))).await.unwrap()
        };
        let run = async |secret: &'static str, tag: &'static str, now: Time| {
            let (place, one) = (place.clone(), place.one.clone());
            store.write(async move |tx| Ok(exchange(tx, &place, &one, (secret, tag), now).await?)).await.unwrap().unwrap()
        };
        let issue = run("secret-a", "n", START + AGE).await;
        assert!(matches!(issue.device.secret, SecretIssue::Successor { .. }));
        let used = START + AGE + Span::from_hours(50);
        assert_eq!(worth("secret-a", used).await, Worth::Good, "nobody has used its successor");
        run("secret-n", "m", used).await;
        assert_eq!(worth("secret-a", used + Span::from_hours(23)).await, Worth::Good, "two honest apps");
        assert_eq!(worth("secret-a", used + Span::from_hours(24)).await, Worth::Replay);
        assert_eq!(worth("secret-n", used + Span::from_hours(24)).await, Worth::Good);
    }

    async fn revoking_reaches_every_secret_of_the_device_and_no_token(store: Store) {
        let (place, device, first) = opened(&store, "a", DeviceTie::WithBrowser).await;
        let shared = store.reader().await.unwrap().shared_device(&Digest::of("secret-a"), &place.two).await.unwrap();
        assert_eq!(shared, None, "who takes no part in it revokes nothing");
        let shared = store.reader().await.unwrap().shared_device(&Digest::of("secret-a"), &place.one).await.unwrap();
        assert_eq!(shared.as_ref(), Some(&device));
        let family = first.ground.grant().unwrap().id.clone();
        // Revoking the first app's refresh token is the same for the secret.
        store.write(async move |tx| Ok(tx.end_grant(&family, Cause::Revoked, "client:one", START).await?)).await.unwrap();
        let (held, lives) = store.write(async move |tx| Ok(tx.hold_secret(&Digest::of("secret-a"), START).await?.unwrap())).await.unwrap();
        assert_eq!((held.standing, held.ds_hash, lives.is_some()), (SecretStanding::Revoked, None, true));
        // A fresh secret is bound to another hash: ID Tokens of before are good for nothing.
        let on = OnDevice { way: Way::Within(device.clone()), secret: SecretIssue::Fresh, ..OnDevice::default() };
        let going = grant("g-more", &device, &place.sid, &place.one, &place.ann, GrantKind::Online);
        let fresh = issue(Ground::Go(going), on, &place.one);
        let settled = store.write(async move |tx| {
            let mut issue = fresh.clone();
            tx.settle_device(&mut issue, None, &drawn_device("more"), START).await?;
            Ok(issue.device.ds_hash.clone())
        }).await;
        assert_eq!(settled.unwrap().as_deref(), Some("hash-more"));
    }

    async fn an_exchange_beside_a_sign_out_has_one_outcome(store: Store) {
        for round in 0..20_i64 {
            let (place, device, _) = opened(&store, &format!("r{round}"), DeviceTie::WithBrowser).await;
            let mut running = JoinSet::new();
            for n in 0..6_i64 {
                let (store, place, client) = (store.clone(), place.clone(), place.two.clone());
                running.spawn(async move {
                    store.write(async move |tx| {
                        let secret = format!("secret-r{round}");
                        let done = exchange(tx, &place, &client, (&secret, &format!("r{round}-{n}")), START).await?;
                        if n % 2 == 0 { tx.line().dawdle(n * 3).await?; }
                        Ok(done.is_some())
                    }).await.unwrap()
                });
            }
            let what = if round % 2 == 0 { Ended::Session(place.browser.clone()) } else { Ended::Session(device.clone()) };
            let ender = store.clone();
            let report = tokio::spawn(async move { end(&ender, ending(what, Cause::Person)).await });
            let begun = running.join_all().await.into_iter().filter(|begun| *begun).count();
            let report = report.await.unwrap();
            assert_eq!(report.revoked.len(), begun + 1, "round {round}: what was given before died with it");
            assert_eq!(live_grants(&store, &device).await, 0);
            assert_eq!(report.notices.len(), if begun == 0 { 1 } else { 2 }, "round {round}: whoever was let in was told");
        }
    }

    async fn a_redemption_beside_a_sign_out_leaves_no_device(store: Store) {
        for round in 0..20_i64 {
            let place = std::sync::Arc::new(place(&store, &format!("q{round}")).await);
            let (there, opener) = (place.clone(), store.clone());
            let opening = tokio::spawn(async move {
                opener.write(async move |tx| {
                    let tag = format!("q{round}");
                    let issue = redeem(tx, &there, Way::Opens(DeviceTie::WithBrowser), SecretIssue::Fresh, &tag).await?;
                    if round % 2 == 0 { tx.line().dawdle(round).await?; }
                    Ok(issue.is_some())
                }).await.unwrap()
            });
            for _ in 0..round % 4 { tokio::task::yield_now().await }
            let report = end(&store, ending(Ended::Session(place.browser.clone()), Cause::Person)).await;
            let has_opened = opening.await.unwrap();
            assert_eq!(report.sessions.len(), if has_opened { 2 } else { 1 }, "round {round}");
            assert_eq!(report.notices.len(), 1, "round {round}: the first app is told once, wherever its stay was");
        }
    }
}
