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
    assert_eq!(ended["detail"], json!({"sessions": 1, "notices": 2, "untold": 0}));
    assert_eq!(line(provider, "notice_given_up").await["subject"], notice);
    assert_eq!(line(provider, "notices_retried").await["detail"], json!({"reopened": 1}));
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
