//! One sign-out for the apps of a device: `logout.md` §2.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::http::Question;
use testkit::{Browser, Provider, RelyingParty};

use super::apps::{Keychain, app, claims, exchange, first, native, native_in, question, refused};
use crate::console::{enter, follow, text_of, with_grace};
use crate::ground::{ADA, ending_page, passes, plan, sql};

const SOON: Duration = Duration::from_secs(10);

/// Two apps on a device, the second by exchange.
struct Device {
    provider: Provider,
    browser: Browser,
    one: RelyingParty,
    two: RelyingParty,
    keychain: Keychain,
    first: Value,
    second: Value,
}

async fn device(native_policy: Value) -> Device {
    device_at(native().await, native_policy).await
}

async fn device_at(provider: Provider, native_policy: Value) -> Device {
    let one = app(&provider, "Mail", &native_policy).await;
    let two = app(&provider, "Calendar", &native_policy).await;
    let mut browser = Browser::new(&provider);
    let first = first(&provider, &mut browser, &one, "openid offline_access device_sso").await;
    let keychain = Keychain::of(&first);
    let second = exchange(&provider, &two, &keychain).await;
    assert_eq!(second.status, 200, "{}", second.body);
    Device { provider, browser, one, two, keychain, first, second: second.json() }
}

impl Device {
    fn session(&self) -> String {
        sql(&self.provider, "SELECT id FROM session WHERE kind = 'device' AND ended_at IS NULL")
    }

    /// Both apps fail at once, and both were told once, each of its own stay.
    async fn is_over(&self) {
        refused(&exchange(&self.provider, &self.two, &self.keychain).await, "invalid_grant");
        for (app, answer) in [(&self.one, &self.first), (&self.two, &self.second)] {
            let token = answer["refresh_token"].as_str().unwrap();
            refused(&app.try_refresh(&self.provider, token).await, "invalid_grant");
            let heard = app.hears(1, SOON).await;
            assert_eq!(heard.len(), 1);
            assert_eq!(heard[0].claims["sid"], claims(answer)["sid"]);
            let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
            let asked = Question::get(&self.provider.url("/userinfo")).header("authorization", &bearer);
            assert_eq!(self.provider.ask(asked).await.status, 401);
        }
    }
}

/// "Sign out this device": the operator's way.
#[tokio::test]
async fn signing_out_a_device_ends_every_app_on_it_at_once() {
    let device = device(json!({"group": "acme"})).await;
    let listed = device.provider.cli(&["session", "list", "--user", "ada"]).await;
    let row = listed.as_array().unwrap().iter().find(|row| row["kind"] == "device").unwrap();
    assert_eq!(row["clients"].as_array().unwrap().len(), 2, "{row}");
    assert!(row["seen_at"].is_string() && row.get("agent").is_some(), "{row}");
    let ended = device.provider.cli(&["session", "end", &device.session()]).await;
    assert_eq!((&ended["notices"], &ended["kept_grants"]), (&json!(2), &json!(0)), "offline or not: {ended}");
    device.is_over().await;
    // The browser's own session is another, and goes on.
    let begun = device.one.begin(&device.provider).with("prompt", "none");
    let mut browser = device.browser;
    assert!(browser.open(&begun.url()).await.parameter("code").is_some());
}

/// The person's own page.
#[tokio::test]
async fn a_person_signs_out_a_device_from_their_page() {
    let mut device = device(json!({"group": "acme"})).await;
    let session = device.session();
    let page = ending_page(&device.provider, &mut device.browser, &format!("session={session}")).await;
    device.browser.submit(&page, &page.form("end-form")).await;
    device.is_over().await;
}

/// And the operator's, in the console: the device hangs below the browser session it was opened from, with its name and when it
/// was last used.
#[tokio::test]
async fn an_operator_signs_out_a_device_in_the_console() {
    let provider = native_in(with_grace(plan(), &["--act"]).await).await;
    let device = device_at(provider, json!({"group": "acme"})).await;
    let account = sql(&device.provider, "SELECT id FROM account WHERE username = 'ada'");
    let (mut browser, page) = enter(&device.provider, &format!("/console/person?id={account}")).await;
    assert!(page.says("Mail") && page.says("Calendar"), "{}", page.answer.body);
    let name = text_of(&page, "session-1-1-d1");
    assert!(name.starts_with("Device · "), "the device by its name: {name}");
    assert!(text_of(&page, "end-1-1-d1").starts_with("Sign out this device"));
    let preview = follow(&mut browser, &page, "end-1-1-d1").await;
    assert!(text_of(&preview, "noticed").starts_with('2'), "{}", preview.answer.body);
    let over = browser.submit(&preview, &preview.form("end-form")).await;
    assert_eq!(over.answer.status, 200, "{}", over.answer.body);
    device.is_over().await;
}

/// An explicit sign-out in the browser reaches the device; it is one sign-out, told once.
#[tokio::test]
async fn signing_out_in_the_browser_reaches_the_device() {
    let device = device(json!({"group": "acme"})).await;
    let browser = sql(&device.provider, "SELECT id FROM session WHERE kind = 'browser'");
    let ended = device.provider.cli(&["session", "end", &browser]).await;
    assert_eq!((&ended["sessions"], &ended["notices"]), (&json!(2), &json!(2)), "{ended}");
    device.is_over().await;
}

#[tokio::test]
async fn but_not_where_the_operator_keeps_them_apart() {
    let device = device(json!({"group": "acme", "tie": "apart"})).await;
    let browser = sql(&device.provider, "SELECT id FROM session WHERE kind = 'browser'");
    let ended = device.provider.cli(&["session", "end", &browser]).await;
    assert_eq!((&ended["sessions"], &ended["notices"]), (&json!(1), &json!(0)), "{ended}");
    assert_eq!(exchange(&device.provider, &device.two, &device.keychain).await.status, 200);
    device.provider.cli(&["session", "end", "--user", "ada"]).await;
    device.is_over().await;
}

/// RP-Initiated Logout by an app: its stay is on the device, which no browser holds. Whoever asks and hears yes is signed out,
/// whether the browser holds a session too or none, and whether or not the two are kept apart.
#[tokio::test]
async fn an_app_that_asks_to_be_signed_out_signs_out_its_device() {
    for tie in ["with-browser", "apart"] {
        let mut device = device(json!({"group": "acme", "tie": tie})).await;
        let mut elsewhere = Browser::new(&device.provider);
        let browser = if tie == "apart" { &mut device.browser } else { &mut elsewhere };
        let fields = [("id_token_hint", device.first["id_token"].as_str().unwrap())];
        let page = browser.open_from_elsewhere(&device.one.end_session_url(&device.provider, &fields)).await;
        assert!(page.says("share this sign-in on a device"), "{tie}: {}", page.answer.body);
        assert_eq!(sql(&device.provider, "SELECT count(*) FROM session WHERE ended_at IS NOT NULL"), "0");
        let done = browser.submit(&page, &page.form("logout-form").press_value("logout", "all")).await;
        assert!(done.says("You are signed out"), "{tie}: {} {}", done.url, done.answer.body);
        device.is_over().await;
        let live = sql(&device.provider, "SELECT count(*) FROM session WHERE ended_at IS NULL");
        assert_eq!(live, if tie == "apart" { "0" } else { "1" }, "{tie}: of browsers only the one that was asked");
    }
}

/// Two authorizations in one browser before either code is redeemed: both are on one device, which the browser reaches.
#[tokio::test]
async fn two_codes_of_one_browser_are_one_device_and_it_follows_the_browser() {
    for brings in [true, false] {
        let provider = native().await;
        let app = app(&provider, "Mail", &json!({"group": "acme"})).await;
        let mut browser = Browser::new(&provider);
        let mut codes = Vec::new();
        for _ in 0..2 {
            let begun = app.begin(&provider).with("scope", "openid device_sso");
            let page = browser.open(&begun.url()).await;
            let page = if codes.is_empty() { browser.through(page, ADA.0, ADA.1).await } else { page };
            codes.push((page.parameter("code").unwrap_or_else(|| panic!("no code at {}", page.url)), begun.verifier));
        }
        let (mut answers, redirect) = (Vec::<Value>::new(), app.redirect_uri());
        for (code, verifier) in &codes {
            let before = answers.first().map(|first| Keychain::of(first).device_secret).filter(|_| brings);
            let mut fields = vec![
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", &redirect),
                ("code_verifier", verifier),
            ];
            fields.extend(before.as_deref().map(|secret| ("device_secret", secret)));
            let answer = provider.ask(app.asks(&provider, "/token", &fields)).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
            answers.push(answer.json());
        }
        for name in ["sid", "ds_hash"] {
            assert_eq!(claims(&answers[0])[name], claims(&answers[1])[name]);
        }
        let browser = sql(&provider, "SELECT id FROM session WHERE kind = 'browser'");
        assert_eq!(sql(&provider, "SELECT opened_from FROM device"), browser, "one device, of this browser");
        let ended = provider.cli(&["session", "end", &browser]).await;
        assert_eq!((&ended["sessions"], &ended["notices"]), (&json!(2), &json!(1)), "{ended}");
        assert_eq!(app.hears(1, SOON).await.len(), 1);
        for answer in &answers {
            let token = answer["refresh_token"].as_str().unwrap();
            refused(&app.try_refresh(&provider, token).await, "invalid_grant");
        }
        refused(&exchange(&provider, &app, &Keychain::of(&answers[1])).await, "invalid_grant");
    }
}

/// After the browser's idle expiry the apps go on: that is what Native SSO is for.
#[tokio::test]
async fn the_browsers_idle_expiry_leaves_the_apps_alone() {
    let device = device(json!({"group": "acme"})).await;
    passes(&device.provider, 13 * 3600);
    testkit::eventually("the browser's session is swept", SOON, async || {
        let over = "SELECT count(*) FROM session WHERE kind = 'browser' AND ended_at IS NOT NULL";
        (sql(&device.provider, over) == "1").then_some(())
    })
    .await;
    let token = device.second["refresh_token"].as_str().unwrap();
    assert_eq!(device.two.try_refresh(&device.provider, token).await.status, 200);
    assert_eq!(exchange(&device.provider, &device.one, &device.keychain).await.status, 200);
    assert!(device.one.heard().is_empty() && device.two.heard().is_empty());
}

/// -07 §4.3: "If that session expires, all `refresh_tokens` associated with it MUST be invalidated", before any sweep has seen it.
#[tokio::test]
async fn the_device_sessions_own_expiry_ends_every_refresh_token() {
    let device = device(json!({"group": "acme"})).await;
    sql(&device.provider, "UPDATE session SET expires_at = created_at + 1 WHERE kind = 'device'");
    for (app, answer) in [(&device.one, &device.first), (&device.two, &device.second)] {
        let token = answer["refresh_token"].as_str().unwrap();
        refused(&app.try_refresh(&device.provider, token).await, "invalid_grant");
        assert_eq!(app.hears(1, SOON).await[0].claims["sid"], claims(answer)["sid"], "expiry is a logout too");
    }
    refused(&exchange(&device.provider, &device.two, &device.keychain).await, "invalid_grant");
}

/// RFC 7009, and -07 §4.3: "if the original `refresh_token` is revoked the `ds_hash` value in the `id_token` is no longer valid".
#[tokio::test]
async fn a_secret_can_be_revoked_and_goes_with_the_first_apps_refresh_token() {
    let device = device(json!({"group": "acme"})).await;
    let provider = &device.provider;
    let stranger = RelyingParty::public(provider, "Stranger").await;
    let fields = [("token", &*device.keychain.device_secret)];
    assert_eq!(provider.ask(stranger.asks(provider, "/revoke", &fields)).await.status, 200);
    assert_eq!(
        exchange(provider, &device.two, &device.keychain).await.status,
        200,
        "who takes no part revokes nothing"
    );
    assert_eq!(provider.ask(device.two.asks(provider, "/revoke", &fields)).await.status, 200);
    refused(&exchange(provider, &device.two, &device.keychain).await, "invalid_request");
    // The apps go on; whoever refreshes for device_sso gets a secret again, bound to another hash.
    let token = device.second["refresh_token"].as_str().unwrap();
    let again = device.two.try_refresh(provider, token).await;
    assert_eq!(again.status, 200, "{}", again.body);
    let again = again.json();
    assert_ne!(claims(&again)["ds_hash"], claims(&device.second)["ds_hash"]);
    let fresh = Keychain::of(&again);
    let stale = Keychain { id_token: device.keychain.id_token.clone(), ..fresh.clone() };
    refused(&exchange(provider, &device.one, &stale).await, "invalid_request");
    assert_eq!(exchange(provider, &device.one, &fresh).await.status, 200);
    // The first app's refresh token takes the secrets with it.
    let fields = [("token", device.first["refresh_token"].as_str().unwrap()), ("token_type_hint", "refresh_token")];
    assert_eq!(provider.ask(device.one.asks(provider, "/revoke", &fields)).await.status, 200);
    refused(&exchange(provider, &device.two, &fresh).await, "invalid_request");
}

/// A session ended between the checks and the answer: each exchange either gave tokens that are dead, or none.
#[tokio::test]
async fn exchanges_beside_a_sign_out_leave_nothing_alive() {
    let device = device(json!({"group": "acme"})).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..30 {
        let (asked, wires) = (question(&device.provider, &device.two, &device.keychain), device.provider.wires());
        running.spawn(async move { asked.send(&wires).await.unwrap() });
    }
    device.provider.cli(&["session", "end", &device.session()]).await;
    while let Some(answer) = running.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            200 => {
                let token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
                refused(&device.two.try_refresh(&device.provider, &token).await, "invalid_grant");
            }
            _ => refused(&answer, "invalid_grant"),
        }
    }
    device.is_over().await;
}
