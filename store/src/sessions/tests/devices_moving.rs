//! Stays that move into a device session while something else happens: nobody is left untold (`logout.md` §3, §8.6).

use std::sync::Arc;

use openid::logout::judge::Ended;
use openid::name::{Digest, SessionId};
use openid::native_sso::{self, DeviceTie, NativePolicy, OnDevice, SecretIssue, Way};
use openid::session::{Cause, Grant, GrantKind};
use openid::time::Span;
use openid::token::authorization_code::{Code, RedirectGiven, Spent};
use openid::token::issue::{Ground, Issue};
use openid::wire::scope::Scope;
use tokio::sync::Notify;

use super::devices::{Place, drawn, drawn_device, exchange, issue, opened, place, redeem};
use super::ground::{START, disable, end, ending, grant, live_grants, session, stay};
use crate::engine::tests::both::on_both;
use crate::tx::Tx;
use crate::{Fault, Store};

/// Writes a code of the first app's stay.
pub(super) async fn code(store: &Store, place: &Place, tag: &str) {
    let begun = grant(&format!("g-{tag}"), &place.browser, &place.sid, &place.one, &place.ann, GrantKind::Offline);
    let code = Code {
        grant: Grant { scope: Scope::from("openid device_sso".to_owned()), ..begun },
        redirect_uri: "https://one.example/cb".to_owned(),
        redirect_uri_given: RedirectGiven::Given,
        challenge: None,
        jkt: None,
        expires_at: START + Span::from_seconds(60),
    };
    let hash = Digest::of(tag);
    store.write(async move |tx| Ok(tx.insert_code(&hash, &code).await?)).await.unwrap();
}

/// What the token endpoint does with a code, the judge's word about the device included. `None`: the session was over.
pub(super) async fn spend(
    tx: &mut Tx,
    place: &Place,
    (tag, secret): (&str, Option<&str>),
) -> Result<Option<Issue>, Fault> {
    let (Spent::Now { code, session: Some(kept_by) }, account) =
        tx.spend_code(&Digest::of(tag), &place.one, START).await?
    else {
        return Ok(None);
    };
    let secret = secret.map(Digest::of);
    let held = tx.hold_devices((&code.grant.session, kept_by), &place.one, secret.as_ref(), START).await?;
    let policy: NativePolicy = serde_json::from_str(r#"{"group": "acme"}"#).map_err(|_| Fault::bug("a policy"))?;
    let on = native_sso::redeem(&policy, (&code.grant, kept_by), (held.secret.as_ref(), held.there.as_ref()), START);
    let on = on.map_err(|_| Fault::bug("nothing came back"))?;
    let mut issue = issue(Ground::Begin(code.grant), on, &place.one);
    tx.settle_device(&mut issue, account.as_ref(), &drawn_device(tag), START).await?;
    tx.settle_issue(&issue, &drawn(tag), START).await?;
    Ok(Some(issue))
}

/// Whatever ends a stay that moves into a device session, but for the end of its browser session.
fn reaches(place: &Place, round: i64) -> Ended {
    match round % 3 {
        0 => Ended::Account(place.ann.clone()),
        1 => Ended::Participation(place.sid.clone()),
        _ => Ended::AccountAtClient(place.ann.clone(), place.one.clone()),
    }
}

on_both! {
    async fn two_codes_of_one_stay_are_one_device_which_the_browser_reaches(store: Store) {
        for (round, secret) in [None, Some("secret-first-1")].into_iter().enumerate() {
            let place = Arc::new(place(&store, &format!("p{round}")).await);
            let (first, second) = (format!("first-{round}"), format!("second-{round}"));
            code(&store, &place, &first).await;
            code(&store, &place, &second).await;
            let there = place.clone();
            let issue = store.write(async move |tx| Ok(spend(tx, &there, (&first, None)).await?)).await.unwrap().unwrap();
            let device = issue.ground.grant().unwrap().session.clone();
            let there = place.clone();
            let again = store.write(async move |tx| Ok(spend(tx, &there, (&second, secret)).await?)).await.unwrap().unwrap();
            assert_eq!(again.device.way, Way::Within(device.clone()));
            assert_eq!(again.ground.grant().unwrap().session, device, "round {round}");
            assert_eq!(again.device.ds_hash, issue.device.ds_hash, "one device to ID Tokens");
            let row = store.reader().await.unwrap().device(&device).await.unwrap().unwrap();
            assert_eq!(row.opened_from, place.browser, "and still this browser's");
            let report = end(&store, ending(Ended::Session(place.browser.clone()), Cause::RelyingParty)).await;
            assert_eq!((report.sessions, report.notices.len()), (vec![place.browser.clone(), device.clone()], 1));
            assert_eq!((report.revoked.len(), live_grants(&store, &device).await), (2, 0), "both families");
        }
    }

    async fn an_app_that_asks_again_and_again_has_one_device(store: Store) {
        let place = place(&store, "many").await;
        for n in 0..5 {
            let sid = stay(&store, &place.browser, &place.one, &format!("sid-{n}")).await;
            let again = Place { ann: place.ann.clone(), one: place.one.clone(), two: place.two.clone(), browser: place.browser.clone(), sid };
            code(&store, &again, &format!("n{n}")).await;
            let issue = store.write(async move |tx| Ok(spend(tx, &again, (&format!("n{n}"), None)).await?)).await.unwrap().unwrap();
            assert_eq!(issue.ground.grant().unwrap().session, SessionId::new("device-n0"));
            assert_eq!(issue.ground.grant().unwrap().sid, place.sid, "one stay");
        }
        let live = store.reader().await.unwrap().account_sessions(&place.ann, crate::Selection::Live, START).await.unwrap();
        assert_eq!(live.len(), 2, "the browser and the device");
        let report = end(&store, ending(Ended::Session(place.browser.clone()), Cause::Person)).await;
        assert_eq!((report.sessions.len(), report.notices.len(), report.revoked.len()), (2, 1, 5));
    }

    async fn whatever_ends_beside_a_redemption_finds_the_stay_where_it_is(store: Store) {
        for round in 0..12_i64 {
            let place = Arc::new(place(&store, &format!("m{round}")).await);
            let moved = Arc::new(Notify::new());
            let (there, opener, signal) = (place.clone(), store.clone(), moved.clone());
            let opening = tokio::spawn(async move {
                opener.write(async move |tx| {
                    let tag = format!("m{round}");
                    let issue = redeem(tx, &there, Way::Opens(DeviceTie::Apart), SecretIssue::Fresh, &tag).await?;
                    signal.notify_one();
                    tx.line().dawdle(40).await?;
                    Ok(issue)
                }).await.unwrap()
            });
            // The stay has moved, and nobody can see it yet.
            moved.notified().await;
            let what = reaches(&place, round);
            let whole = matches!(what, Ended::Account(_));
            let report = end(&store, ending(what, Cause::Person)).await;
            let device = opening.await.unwrap().expect("it came first").ground.grant().unwrap().session.clone();
            assert_eq!(report.notices.len(), 1, "round {round}: the first app is told");
            assert_eq!((report.revoked.len(), live_grants(&store, &device).await), (1, 0), "round {round}");
            let mut reader = store.reader().await.unwrap();
            let stay = reader.participation(&place.sid).await.unwrap().unwrap();
            assert!(stay.participation.session == device && stay.ended.is_some(), "round {round}");
            assert_eq!(reader.session(&device).await.unwrap().unwrap().ended.is_some(), whole, "round {round}");
        }
    }

    async fn nobody_opens_a_device_of_a_disabled_account(store: Store) {
        for round in 0..8_i64 {
            let place = Arc::new(place(&store, &format!("d{round}")).await);
            code(&store, &place, &format!("d{round}")).await;
            let moved = Arc::new(Notify::new());
            let (there, opener, signal) = (place.clone(), store.clone(), moved.clone());
            let opening = tokio::spawn(async move {
                opener.write(async move |tx| {
                    let issue = spend(tx, &there, (&format!("d{round}"), None)).await?;
                    signal.notify_one();
                    tx.line().dawdle(round * 5).await?;
                    Ok(issue.is_some())
                }).await.unwrap()
            });
            if round % 2 == 0 { moved.notified().await }
            let whose = place.ann.clone();
            let report = store.write(async move |tx| {
                disable(tx, &whose, START).await?;
                Ok(tx.end(&ending(Ended::Account(whose.clone()), Cause::AccountDisabled)).await?)
            }).await.unwrap();
            let sessions = if opening.await.unwrap() { 2 } else { 1 };
            assert_eq!((report.sessions.len(), report.notices.len()), (sessions, 1), "round {round}");
            let live = store.reader().await.unwrap().account_sessions(&place.ann, crate::Selection::Live, START).await;
            assert!(live.unwrap().is_empty(), "round {round}");
        }
    }

    async fn a_password_changed_here_ends_the_device_that_was_being_opened(store: Store) {
        let place = Arc::new(place(&store, "here").await);
        session(&store, "elsewhere", &place.ann, "another cookie").await;
        let moved = Arc::new(Notify::new());
        let (there, opener, signal) = (place.clone(), store.clone(), moved.clone());
        let opening = tokio::spawn(async move {
            opener.write(async move |tx| {
                let issue = redeem(tx, &there, Way::Opens(DeviceTie::Apart), SecretIssue::Fresh, "here").await?;
                signal.notify_one();
                tx.line().dawdle(40).await?;
                Ok(issue.is_some())
            }).await.unwrap()
        });
        moved.notified().await;
        let (whose, here) = (place.ann.clone(), place.browser.clone());
        let mut report = store.write(async move |tx| {
            // As a changed password does: the account's row first.
            tx.account_to_change(&whose).await?;
            Ok(tx.end_elsewhere(&ending(Ended::Account(whose.clone()), Cause::PasswordChanged), &here).await?)
        }).await.unwrap();
        assert!(opening.await.unwrap());
        report.sessions.sort_unstable();
        assert_eq!(report.sessions, ["device-here", "elsewhere"].map(SessionId::new));
        assert_eq!(report.notices.len(), 1);
    }

    async fn no_more_secrets_than_a_device_needs(store: Store) {
        let (place, device, _) = opened(&store, "a", DeviceTie::WithBrowser).await;
        let (there, one) = (place.clone(), place.one.clone());
        store.write(async move |tx| Ok(exchange(tx, &there, &one, ("secret-a", "b"), START).await?)).await.unwrap();
        for n in 0..40_i64 {
            fresh(&store, &place, &device, n).await;
        }
        let mut reader = store.reader().await.unwrap();
        assert_eq!(reader.device(&device).await.unwrap().unwrap().secrets, 32);
        assert!(reader.device_of(&Digest::of("secret-a")).await.unwrap().is_some(), "one that is in use stays");
        assert!(reader.device_of(&Digest::of("secret-more-39")).await.unwrap().is_some());
    }

    async fn a_secret_is_good_however_many_are_in_use(store: Store) {
        let (place, device, _) = opened(&store, "a", DeviceTie::WithBrowser).await;
        for n in 0..40_i64 {
            fresh(&store, &place, &device, n).await;
            let (there, one) = (place.clone(), place.one.clone());
            let used = store.write(async move |tx| {
                let names = (format!("secret-more-{n}"), format!("use-{n}"));
                Ok(exchange(tx, &there, &one, (&names.0, &names.1), START + Span::from_hours(n)).await?)
            }).await.unwrap();
            assert!(used.is_some(), "number {n} was given, and is good");
        }
        assert_eq!(store.reader().await.unwrap().device(&device).await.unwrap().unwrap().secrets, 32);
    }
}

/// A fresh secret of a device, as an app gets it that refreshes without the one it has.
async fn fresh(store: &Store, place: &Place, device: &SessionId, n: i64) {
    let on = OnDevice { way: Way::Within(device.clone()), secret: SecretIssue::Fresh, ..OnDevice::default() };
    let going = grant("g-a", device, &place.sid, &place.one, &place.ann, GrantKind::Online);
    let fresh = issue(Ground::Go(going), on, &place.one);
    let work = async move |tx: &mut Tx| {
        let drawn = drawn_device(&format!("more-{n}"));
        Ok(tx.settle_device(&mut fresh.clone(), None, &drawn, START + Span::from_hours(n)).await?)
    };
    store.write(work).await.unwrap();
}
