//! Sessions and notices from the command line, beside a running server, and the trail of what people and clients do.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{Browser, Plan, Provider, RelyingParty, Reply};

use crate::ground::{ADA, plan, settles, signed_in, with_ada};

const SOON: Duration = Duration::from_secs(15);

/// The trail, oldest first: who did what.
async fn trail(provider: &Provider) -> Vec<Value> {
    let mut lines = provider.cli(&["audit", "--limit", "200"]).await.as_array().unwrap().clone();
    lines.reverse();
    lines
}

async fn line(provider: &Provider, action: &str) -> Value {
    let lines = trail(provider).await;
    let found = lines.iter().find(|line| line["action"] == action);
    found.unwrap_or_else(|| panic!("no {action} in {lines:#?}")).clone()
}

/// Waits until the notice of a client tells this.
async fn tells(provider: &Provider, client: &str, words: &str) -> Value {
    let began = Instant::now();
    loop {
        let notices = provider.notices().await;
        let of_client = notices.iter().find(|row| row["client_id"] == client).cloned().unwrap_or_default();
        if of_client["story"].as_str().is_some_and(|story| story.contains(words)) {
            return of_client;
        }
        assert!(began.elapsed() < SOON, "{client} never told {words:?}: {of_client:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// An operator ends a session; one relying party fails, is given up, and then told after all.
async fn an_operator_ends(plan: Plan) {
    let walk = signed_in(plan).await;
    let provider = &walk.provider;
    walk.two.always(Reply::Status(503));
    let sessions = provider.cli(&["session", "list", "--user", ADA.0]).await;
    assert_eq!(sessions.as_array().unwrap().len(), 1, "{sessions:#}");
    let id = sessions[0]["id"].as_str().unwrap();
    assert_eq!(sessions[0]["clients"].as_array().unwrap().len(), 2, "{sessions:#}");
    let ended = provider.cli(&["session", "end", id]).await;
    assert_eq!((&ended["sessions"], &ended["notices"]), (&json!(1), &json!(2)), "{ended:#}");
    assert_eq!(provider.cli(&["session", "list"]).await, json!([]));
    let over = provider.cli(&["session", "list", "--all"]).await;
    assert_eq!(over[0]["ended"]["cause"], "operator", "{over:#}");

    tells(provider, &walk.one.client_id, "told ").await;
    let waits = tells(provider, &walk.two.client_id, "HTTP 503, it is down for now; next ").await;
    let notice = waits["id"].as_str().unwrap();
    assert_eq!(provider.cli(&["notice", "show", notice]).await["state"], "pending");
    provider.cli(&["notice", "give-up", notice]).await;
    settles(provider, &["delivered", "withdrawn"], SOON).await;
    let again = provider.try_cli("", &["notice", "give-up", notice]).await;
    assert!(again.is_err(), "{again:?}");
    walk.two.always(Reply::Status(200));
    provider.cli(&["notice", "retry", notice]).await;
    settles(provider, &["delivered", "delivered"], SOON).await;
    let once_more = provider.try_cli("", &["notice", "retry", notice]).await;
    assert!(once_more.is_err(), "what was delivered is not sent again: {once_more:?}");

    let ended = line(provider, "session_ended").await;
    assert_eq!(ended["subject"], id);
    assert_eq!(
        ended["detail"],
        json!({"sessions": 1, "notices": 2, "shown": 0, "untold": 0, "grants": 2, "what": "session"})
    );
    assert_eq!(line(provider, "notice_given_up").await["subject"], notice);
    assert_eq!(line(provider, "notice_retried").await["detail"], json!({}));
}

#[tokio::test]
async fn an_operator_ends_a_session_and_sees_it_through() {
    an_operator_ends(plan()).await;
}

#[tokio::test]
async fn an_operator_ends_a_session_and_sees_it_through_on_postgresql() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    an_operator_ends(plan().database(&url)).await;
}

#[tokio::test]
async fn background_access_ends_with_the_session_if_the_operator_says_so() {
    for which in ["--user", "the session"] {
        let walk = signed_in(plan()).await;
        let provider = &walk.provider;
        let mut browser = walk.browser.clone();
        let begun = walk.one.begin(provider).with("scope", "openid offline_access").with("prompt", "consent");
        let page = browser.open(&begun.url()).await;
        let page = browser.through(page, ADA.0, ADA.1).await;
        let offline = walk.one.complete(provider, &begun, &page).await;
        let sessions = provider.cli(&["session", "list"]).await;
        let id = sessions[0]["id"].as_str().unwrap().to_owned();
        let named = if which == "--user" { vec!["--user", ADA.0] } else { vec![id.as_str()] };
        provider.cli(&[&["session", "end", "--offline"], &named[..]].concat()).await;
        let refused = walk.one.try_refresh(provider, offline.get("refresh_token")).await;
        assert_eq!(refused.json()["error"], "invalid_grant", "{which}: {}", refused.body);
        assert_eq!(line(provider, "session_ended").await["detail"]["grants"], 3, "{which}");
    }
}

/// The lines that say this, oldest first.
async fn lines(provider: &Provider, action: &str) -> Vec<Value> {
    trail(provider).await.into_iter().filter(|line| line["action"] == action).collect()
}

#[tokio::test]
async fn an_ending_says_who_and_how_much_and_one_that_ended_nothing_says_nothing() {
    let mut walk = signed_in(plan()).await;
    let provider = &walk.provider;
    let actor = line(provider, "sign_in").await["actor"].clone();
    let session = provider.cli(&["session", "list"]).await[0]["id"].clone();
    // The same question twice, as from two tabs.
    let url = walk.one.end_session_url(provider, &[("client_id", &walk.one.client_id)]);
    let (page, again) = (walk.browser.open(&url).await, walk.browser.open(&url).await);
    for page in [page, again] {
        let form = page.form("logout-form").press_value("logout", "all");
        let done = walk.browser.submit(&page, &form).await;
        assert_eq!(done.answer.status, 200, "{}", done.answer.body);
    }
    let out = lines(provider, "sign_out").await;
    assert_eq!(out.len(), 1, "the second tab ended nothing: {out:#?}");
    assert_eq!((&out[0]["actor"], &out[0]["subject"]), (&actor, &session), "{out:#?}");
    let detail =
        json!({"sessions": 1, "notices": 2, "shown": 0, "untold": 0, "grants": 2, "client": walk.one.client_id});
    assert_eq!(out[0]["detail"], detail);

    // One application alone, of a session that goes on.
    let mut own = RelyingParty::open().await;
    let policy = provider.file("policy.json", r#"{"consent": "first-party", "logout": "this-client"}"#);
    let metadata = own.metadata("Own");
    own.register(provider, &metadata, &["--policy", &policy]).await;
    let tokens = own.sign_in(provider, &mut walk.browser, ADA).await;
    let url = own.end_session_url(provider, &[("id_token_hint", &tokens.id_token)]);
    let page = walk.browser.open_from_elsewhere(&url).await;
    walk.browser.submit(&page, &page.form("logout-form").press_value("logout", "client")).await;
    let stay = &lines(provider, "sign_out").await[1];
    assert_eq!((&stay["actor"], &stay["subject"]), (&actor, &tokens.claims["sid"]), "{stay:#}");
    assert_eq!(stay["detail"]["sessions"], 0, "{stay:#}");

    // What the account page ends.
    walk.one.sign_in(provider, &mut walk.browser, ADA).await;
    let mut laptop = Browser::new(provider);
    walk.one.sign_in(provider, &mut laptop, ADA).await;
    let page = laptop.open(&provider.url("/account")).await;
    let withdraw = page.forms().into_iter().find(|form| form.action.ends_with("/account/withdraw"));
    assert!(withdraw.is_none(), "first parties are not asked about");
    let form = page.form("password-form").fill("current", ADA.1).fill("new", "quite another battery");
    let done = laptop.submit(&page, &form.fill("repeat", "quite another battery")).await;
    assert!(done.says("Your password was changed"), "{}", done.answer.body);
    let changed = line(provider, "password_changed").await;
    assert_eq!(changed["detail"], json!({"sessions": 1, "notices": 1, "shown": 0, "untold": 0, "grants": 1}));
}

#[tokio::test]
async fn consent_that_was_never_given_is_not_withdrawn() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::at(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    one.sign_in(&provider, &mut browser, ADA).await;
    let page = browser.open(&provider.url("/account")).await;
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/account/withdraw")).unwrap();
    for client in ["nobody", &one.client_id, &one.client_id] {
        let done = browser.submit(&page, &form.clone().fill("client", client)).await;
        assert_eq!(done.answer.status, 200, "{client}: {}", done.answer.body);
    }
    let withdrawn = lines(&provider, "consent_withdrawn").await;
    assert_eq!(withdrawn.len(), 1, "{withdrawn:#?}");
    assert_eq!(withdrawn[0]["subject"], one.client_id.as_str());
    assert_eq!(withdrawn[0]["detail"], json!({"sessions": 0, "notices": 1, "shown": 0, "untold": 0, "grants": 1}));
}

#[tokio::test]
async fn what_people_and_clients_do_leaves_a_line() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::at(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let tokens = one.sign_in(&provider, &mut browser, ADA).await;
    let actor = line(&provider, "sign_in").await["actor"].as_str().unwrap().to_owned();
    assert!(actor.starts_with("account:"), "{actor}");
    let consent = line(&provider, "consent").await;
    assert_eq!((consent["actor"].as_str(), consent["subject"].as_str()), (Some(&*actor), Some(&*one.client_id)));

    let by = format!("client:{}", one.client_id);
    let access = tokens.get("access_token").to_owned();
    let question = testkit::http::Question::post(&provider.url("/revoke"), &[("token", &access)]);
    let answer = provider.ask(question.basic(&one.client_id, &one.client_secret)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let revoked = line(&provider, "revoked").await;
    assert_eq!((revoked["actor"].as_str(), revoked["subject"].as_str()), (Some(&*by), Some("an access token")));

    // The code once more: what it gave is revoked, and the trail says so.
    let begun = one.begin(&provider);
    let page = browser.open(&begun.url()).await;
    let code = page.parameter("code").unwrap();
    one.complete(&provider, &begun, &page).await;
    let replayed = one.try_redeem(&provider, &code, &begun.verifier).await;
    assert_eq!(replayed.status, 400, "{}", replayed.body);
    let noticed = line(&provider, "reuse_noticed").await;
    assert_eq!(noticed["actor"], by, "{noticed:#}");
    assert!(noticed["detail"]["why"].is_string(), "{noticed:#}");

    let lines = trail(&provider).await;
    let text = Value::Array(lines).to_string();
    assert!(!text.contains(&access) && !text.contains(&code) && !text.contains(ADA.1), "no secret in the trail");
}
