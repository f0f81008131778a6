//! Many at once on one device: whoever comes second waits, and nobody has to begin again (`architecture.md` §2.9).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use openid::logout::judge::Ended;
use openid::name::{Digest, GrantId, SessionId, Sid};
use openid::native_sso::{DeviceTie, OnDevice, SecretIssue, Way};
use openid::session::{Cause, Grant, GrantKind, SessionKind};
use openid::time::Span;
use openid::token::authorization_code::{Code, RedirectGiven, Spent};
use openid::token::issue::{Ground, RefreshIssue};
use openid::wire::scope::Scope;
use tokio::task::JoinSet;

use super::devices::{Place, drawn, drawn_device, exchange, issue, opened, place};
use super::devices_moving::{code, spend};
use super::ground::{START, account, begin, client, end, ending, grant, live_grants, session, stay};
use crate::engine::tests::both::on_both;
use crate::tx::Tx;
use crate::{EndReport, Fault, Selection, Store};

/// How often work ran, for a number of jobs: more often if one of them had to begin again.
#[derive(Clone, Default)]
struct Runs(Arc<AtomicUsize>);

impl Runs {
    fn one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn all(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Another sign-in on the device, later than the one before: its `auth_time` moves.
async fn sign_in_again(tx: &mut Tx, place: &Place, (secret, n): (&str, i64)) -> Result<(), Fault> {
    let (Spent::Now { mut code, session: Some(kept_by) }, account) =
        tx.spend_code(&Digest::of(&format!("code-{n}")), &place.one, START).await?
    else {
        return Err(Fault::bug("the session lives"));
    };
    let (stay, secret) = (code.grant.session.clone(), Digest::of(secret));
    let held = tx.hold_devices((&stay, kept_by), &place.one, Some(&secret), START).await?;
    tx.line().dawdle(n % 5 * 4).await?;
    let held = held.secret.ok_or_else(|| Fault::bug("the secret is known"))?;
    code.grant.auth_time = START + Span::from_seconds(n);
    let on = OnDevice { way: Way::Joins(held.device.clone()), secret: held.go_on(START), ..OnDevice::default() };
    let mut issue = issue(Ground::Begin(code.grant), on, &place.one);
    tx.settle_device(&mut issue, account.as_ref(), &drawn_device(&format!("j{n}")), START).await?;
    tx.settle_issue(&issue, &drawn(&format!("j{n}")), START).await
}

/// A refresh with the secret of the device, a while later, so that its session is due to be seen.
async fn refresh(tx: &mut Tx, place: &Place, (token, secret): (&str, &str), n: i64) -> Result<(), Fault> {
    let now = START + Span::from_minutes(10);
    let (token, secret) = (Digest::of(&format!("refresh {token}")), Digest::of(secret));
    let held = tx.refresh_held((&token, Some(&secret)), &place.one, now).await?;
    let (held, secret) = held.ok_or_else(|| Fault::bug("the token is known"))?;
    tx.line().dawdle(n % 3 * 5).await?;
    let secret = secret.ok_or_else(|| Fault::bug("the secret is known"))?;
    let way = Way::Within(held.grant.session.clone());
    let mut issue =
        issue(Ground::Go(held.grant), OnDevice { way, secret: secret.go_on(now), ..OnDevice::default() }, &place.one);
    issue.refresh = RefreshIssue::None;
    tx.settle_device(&mut issue, None, &drawn_device(&format!("r{n}")), now).await?;
    tx.settle_issue(&issue, &drawn(&format!("r{n}")), now).await
}

/// A secret that came back, where that ends the device.
async fn replay(tx: &mut Tx, secret: &str, n: i64) -> Result<EndReport, Fault> {
    let Some((held, Some(_))) = tx.hold_secret(&Digest::of(secret), START).await? else {
        return Ok(EndReport::default());
    };
    tx.line().dawdle(n % 5 * 4).await?;
    tx.note_replay(&held.device, START).await?;
    tx.end(&ending(Ended::Session(held.device), Cause::Reuse)).await
}

on_both! {
    async fn whatever_uses_one_device_at_once_runs_once(store: Store) {
        let (place, device, _) = opened(&store, "a", DeviceTie::WithBrowser).await;
        for n in 0..30 {
            let sid = stay(&store, &place.browser, &place.one, &format!("sid-{n}")).await;
            let again = Place { ann: place.ann.clone(), one: place.one.clone(), two: place.two.clone(), browser: place.browser.clone(), sid };
            code(&store, &again, &format!("code-{n}")).await;
        }
        let (mut running, runs) = (JoinSet::new(), Runs::default());
        for n in 0..30_i64 {
            let (store, place, runs) = (store.clone(), place.clone(), runs.clone());
            running.spawn(async move {
                store.write(async move |tx| {
                    runs.one();
                    match n % 3 {
                        0 => sign_in_again(tx, &place, ("secret-a", n)).await?,
                        1 => refresh(tx, &place, ("a", "secret-a"), n).await?,
                        _ => {
                            let tag = format!("x{n}");
                            exchange(tx, &place, &place.two, ("secret-a", &tag), START).await?.ok_or_else(|| Fault::bug("it lives"))?;
                        }
                    }
                    Ok(())
                }).await.unwrap();
            });
        }
        assert_eq!(running.join_all().await.len(), 30);
        assert_eq!(runs.all(), 30, "nobody had to begin again");
        let row = store.reader().await.unwrap().session(&device).await.unwrap().unwrap();
        assert_eq!(row.session.auth_time, START + Span::from_seconds(27), "the latest proof");
        assert_eq!(row.session.seen_at, START + Span::from_minutes(10));
    }

    async fn replays_that_end_a_device_beside_its_use_end_it_once(store: Store) {
        for round in 0..6_i64 {
            let tag = format!("a{round}");
            let (place, device, first) = opened(&store, &tag, DeviceTie::WithBrowser).await;
            let family = first.ground.grant().unwrap().id.clone();
            let (mut running, runs) = (JoinSet::new(), Runs::default());
            for n in 0..9_i64 {
                let (store, place, runs, family) = (store.clone(), place.clone(), runs.clone(), family.clone());
                let secret = format!("secret-{tag}");
                running.spawn(async move {
                    store.write(async move |tx| {
                        runs.one();
                        match n % 3 {
                            0 => return Ok(replay(tx, &secret, n).await?.sessions.len()),
                            // The first app's grant, and with it the secrets: in the other direction, if it were taken first.
                            1 if round % 2 == 0 => drop(tx.end_grant(&family, Cause::Revoked, "test", START).await?),
                            _ => drop(tx.hold_secret(&Digest::of(&secret), START).await?),
                        }
                        let _ = &place;
                        tx.line().dawdle(n % 4 * 3).await?;
                        Ok(0)
                    }).await.unwrap()
                });
            }
            let ended: usize = running.join_all().await.into_iter().sum();
            assert_eq!((ended, runs.all()), (1, 9), "round {round}: once, and nobody had to begin again");
            assert_eq!(live_grants(&store, &device).await, 0);
            assert_eq!(store.reader().await.unwrap().notices_of_sessions(&[device]).await.unwrap().len(), 1);
        }
    }

    async fn two_codes_of_one_stay_at_once_are_one_device(store: Store) {
        for round in 0..10_i64 {
            let place = Arc::new(place(&store, &format!("p{round}")).await);
            let (mut running, runs) = (JoinSet::new(), Runs::default());
            for n in 0..3 {
                code(&store, &place, &format!("c{round}-{n}")).await;
            }
            for n in 0..3 {
                let (store, place, runs) = (store.clone(), place.clone(), runs.clone());
                running.spawn(async move {
                    store.write(async move |tx| {
                        runs.one();
                        let done = spend(tx, &place, (&format!("c{round}-{n}"), None)).await?;
                        tx.line().dawdle(10).await?;
                        Ok(done)
                    }).await.unwrap().expect("the session lives")
                });
            }
            let issues = running.join_all().await;
            assert_eq!(runs.all(), 3, "round {round}");
            let devices: std::collections::BTreeSet<_> = issues.iter().map(|issue| issue.ground.grant().unwrap().session.clone()).collect();
            assert_eq!(devices.len(), 1, "round {round}: {devices:?}");
            assert_eq!(issues.iter().filter(|issue| matches!(issue.device.way, Way::Opens(_))).count(), 1);
            let live = store.reader().await.unwrap().account_sessions(&place.ann, Selection::Live, START).await.unwrap();
            assert_eq!(live.len(), 2, "the browser and one device");
        }
    }

    async fn a_code_is_redeemed_where_its_stay_has_moved(store: Store) {
        for round in 0..10_i64 {
            let place = Arc::new(place(&store, &format!("p{round}")).await);
            code(&store, &place, &format!("device-{round}")).await;
            let plain = Code {
                grant: grant(&format!("g-plain-{round}"), &place.browser, &place.sid, &place.one, &place.ann, GrantKind::Offline),
                redirect_uri: "https://one.example/cb".to_owned(),
                redirect_uri_given: RedirectGiven::Given,
                challenge: None,
                jkt: None,
                expires_at: START + Span::from_seconds(60),
            };
            store.write(async move |tx| Ok(tx.insert_code(&Digest::of(&format!("plain-{round}")), &plain).await?)).await.unwrap();
            let runs = Runs::default();
            let (opener, there, counted) = (store.clone(), place.clone(), runs.clone());
            let opening = tokio::spawn(async move {
                opener.write(async move |tx| {
                    counted.one();
                    let done = spend(tx, &there, (&format!("device-{round}"), None)).await?;
                    tx.line().dawdle(20).await?;
                    Ok(done)
                }).await.unwrap().expect("it lives")
            });
            let (one, counted) = (place.one.clone(), runs.clone());
            let code = store.write(async move |tx| {
                counted.one();
                tx.line().dawdle(round).await?;
                let (Spent::Now { code, session: Some(_) }, _) = tx.spend_code(&Digest::of(&format!("plain-{round}")), &one, START).await? else {
                    return Err(Fault::bug("the stay lives").into());
                };
                tx.begin_grant(&code.grant).await?;
                Ok(code)
            }).await.unwrap();
            let device = opening.await.unwrap().ground.grant().unwrap().session.clone();
            assert_eq!(runs.all(), 2, "round {round}");
            // Before or after: the grant is where the stay is, and ends with it.
            let after = store.write(async move |tx| Ok(tx.hold_grant(&code.grant.id).await?)).await.unwrap().unwrap().0;
            assert_eq!((after.session, after.kind), (device.clone(), GrantKind::Online), "round {round}");
            let report = end(&store, ending(Ended::Session(place.browser.clone()), Cause::Person)).await;
            assert_eq!((report.revoked.len(), report.notices.len(), live_grants(&store, &device).await), (2, 1, 0));
        }
    }

    async fn who_is_refused_keeps_no_session_alive(store: Store) {
        let (place, device, _) = opened(&store, "a", DeviceTie::WithBrowser).await;
        let now = START + Span::from_hours(1);
        let seen = async |id: &SessionId| store.reader().await.unwrap().session(id).await.unwrap().unwrap().session.seen_at;
        let (browser, one) = (place.browser.clone(), place.one.clone());
        // All that is held for a request, before anybody has judged it.
        store.write(async move |tx| {
            let (secret, token) = (Digest::of("secret-a"), Digest::of("refresh a"));
            tx.hold_devices((&browser, SessionKind::Browser), &one, Some(&secret), now).await?;
            let held = tx.refresh_held((&token, Some(&secret)), &one, now).await?;
            assert!(held.is_some_and(|(_, secret)| secret.is_some()));
            tx.hold_stay(&Sid::new("sid-a"), crate::Hold::Beside, now).await?;
            tx.hold_access(&Digest::of("access a"), None, now).await?;
            tx.hold_secret(&secret, now).await?;
            Ok(())
        }).await.unwrap();
        assert_eq!((seen(&device).await, seen(&place.browser).await), (START, START));
        let (there, one) = (place.clone(), place.one.clone());
        store.write(async move |tx| Ok(exchange(tx, &there, &one, ("secret-a", "b"), now).await?)).await.unwrap().unwrap();
        assert_eq!((seen(&device).await, seen(&place.browser).await), (now, START), "what was given has seen it");
    }

    async fn too_many_devices_end_by_the_one_unseen_for_the_longest_time(store: Store) {
        let ann = account(&store, "ann").await;
        let (one, two) = (client(&store, "one").await, client(&store, "two").await);
        let mut devices = Vec::new();
        for (n, app) in [&one, &one, &two, &one, &one].into_iter().enumerate() {
            let browser = session(&store, &format!("b{n}"), &ann, &format!("cookie{n}")).await;
            let sid = stay(&store, &browser, app, &format!("sid{n}")).await;
            let place = Place { ann: ann.clone(), one: app.clone(), two: two.clone(), browser, sid };
            code(&store, &place, &format!("n{n}")).await;
            let issue = store.write(async move |tx| Ok(spend(tx, &place, (&format!("n{n}"), None)).await?)).await.unwrap().unwrap();
            devices.push(issue.ground.grant().unwrap().session.clone());
        }
        // The first was seen again.
        let first = devices[0].clone();
        store.write(async move |tx| Ok(tx.see_session(&first, START + Span::from_hours(1)).await?)).await.unwrap();
        let (order, last, whose, app) = (ending(Ended::Session(devices[4].clone()), Cause::Replaced), devices[4].clone(), ann.clone(), one.clone());
        let report = store.write(async move |tx| Ok(tx.end_devices_beyond((&whose, &app), (&last, 1), &order).await?)).await.unwrap();
        let mut ended = report.sessions.clone();
        ended.sort_unstable();
        assert_eq!(ended, [devices[1].clone(), devices[3].clone()], "not the new one, not the latest seen, not another app's");
        assert_eq!((report.notices.len(), report.revoked.len()), (2, 2), "an ending like any other");
        let row = store.reader().await.unwrap().session(&devices[1]).await.unwrap().unwrap();
        assert_eq!(row.ended.unwrap().1, Cause::Replaced);
    }

    async fn two_tokens_are_held_as_an_ending_takes_their_sessions(store: Store) {
        for round in 0..8_i64 {
            let ann = account(&store, &format!("ann{round}")).await;
            let rp = client(&store, &format!("rp{round}")).await;
            let mut tokens = Vec::new();
            for n in 0..2 {
                let id = session(&store, &format!("s{round}-{n}"), &ann, "cookie").await;
                let sid = stay(&store, &id, &rp, &format!("sid{round}-{n}")).await;
                let begun: Grant = Grant { scope: Scope::from("openid".to_owned()), ..grant(&format!("g{round}-{n}"), &id, &sid, &rp, &ann, GrantKind::Online) };
                begin(&store, &begun).await;
                let tag = format!("t{round}-{n}");
                let mut given = issue(Ground::Go(begun), OnDevice { secret: SecretIssue::None, ..OnDevice::default() }, &rp);
                given.refresh = RefreshIssue::None;
                store.write(async move |tx| Ok(tx.settle_issue(&given, &drawn(&tag), START).await?)).await.unwrap();
                tokens.push(Digest::of(&format!("access t{round}-{n}")));
            }
            let (mut running, runs) = (JoinSet::new(), Runs::default());
            for n in 0..6_usize {
                let (store, runs, pair) = (store.clone(), runs.clone(), (tokens[n % 2], tokens[(n + 1) % 2]));
                running.spawn(async move {
                    store.write(async move |tx| {
                        runs.one();
                        // Due to be seen: each would be written.
                        let now = START + Span::from_minutes(10);
                        let held = tx.hold_access(&pair.0, Some(&pair.1), now).await?;
                        tx.line().dawdle(3).await?;
                        let grants = held.subject.iter().chain(&held.actor).filter_map(|token| token.grant.as_ref());
                        for (grant, _) in grants {
                            tx.see_session(&grant.session, now).await?;
                        }
                        Ok(())
                    }).await.unwrap();
                });
            }
            let (ender, whose, counted) = (store.clone(), ann.clone(), runs.clone());
            running.spawn(async move {
                ender.write(async move |tx| {
                    counted.one();
                    Ok(tx.end(&ending(Ended::Account(whose.clone()), Cause::Person)).await.map(drop)?)
                }).await.unwrap();
            });
            running.join_all().await;
            assert_eq!(runs.all(), 7, "round {round}: nobody had to begin again");
            let gone = store.reader().await.unwrap().access_token(&tokens[0], START).await.unwrap().unwrap();
            assert!(!gone.facts.is_live(START), "{:?}", GrantId::new("g"));
        }
    }
}
