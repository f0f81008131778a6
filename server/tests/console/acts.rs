//! Acting: notices again, given up, sessions ended; and what keeps others from it.

use serde_json::Value;
use testkit::{Browser, Page, Plan, Provider, RelyingParty, Reply};

use super::{GRACE, SOON, enter, figured, text_of, with_grace};
use crate::ground::{ADA, notice_of, passes, plan, settles, sql};

/// Ada, signed in at one that hears and at one that does not.
async fn ada_at_two(provider: &Provider) -> (RelyingParty, RelyingParty, Browser) {
    let told = RelyingParty::first_party(provider, "Told").await;
    let dead = RelyingParty::first_party(provider, "Dead").await;
    dead.always(Reply::Status(404));
    let mut ada = Browser::new(provider);
    told.sign_in(provider, &mut ada, ADA).await;
    ada.open(&dead.begin(provider).url()).await;
    (told, dead, ada)
}

/// A link of a page by its id.
pub(crate) async fn follow(browser: &mut Browser, page: &Page, id: &str) -> Page {
    let href =
        crate::people::link_of(page, id).unwrap_or_else(|| panic!("no {id} at {}: {}", page.url, page.answer.body));
    browser.open(&href).await
}

async fn lines(provider: &Provider, action: &str) -> Vec<Value> {
    let all = provider.cli(&["audit", "--limit", "200"]).await;
    all.as_array().unwrap().iter().filter(|line| line["action"] == action).cloned().collect()
}

/// From finding a person to a notice that was parked and is delivered after all.
async fn an_operator_works(plan: Plan) {
    let provider = with_grace(plan, &["--act"]).await;
    let (told, dead, _ada) = ada_at_two(&provider).await;
    let (mut browser, page) = enter(&provider, "/console").await;
    let find = follow(&mut browser, &page, "to-find").await;
    assert_eq!(find.url.path(), "/console/find");
    let found = browser.open(&provider.url("/console/find?q=ADA%40example.org")).await;
    let person = follow(&mut browser, &found, "person-1").await;
    assert!(person.says("Told") && person.says("Dead") && person.says("Firefox · Linux"), "{}", person.answer.body);
    let session = follow(&mut browser, &person, "session-1-1").await;
    assert!(session.says("Opened") && session.says("Began to take part: <bdi>Told</bdi>"), "{}", session.answer.body);
    let preview = follow(&mut browser, &session, "end").await;
    assert!(text_of(&preview, "sessions").starts_with('1') && text_of(&preview, "noticed").starts_with('2'));
    assert_eq!(provider.notices().await.len(), 0, "a preview does nothing");
    let over = browser.submit(&preview, &preview.form("end-form")).await;
    assert_eq!((over.answer.status, over.url.path()), (200, "/console/session"), "{}", over.answer.body);
    assert!(text_of(&over, "done").starts_with("One was ended"), "{}", over.answer.body);
    assert!(text_of(&over, "by").contains("operator:grace"), "{}", over.answer.body);
    settles(&provider, &["delivered", "parked"], SOON).await;
    assert_eq!(told.heard().len(), 1);
    let line = &lines(&provider, "session_ended").await[0];
    assert_eq!((&line["actor"], &line["detail"]["notices"]), (&"operator:grace".into(), &2.into()), "{line:#}");

    // The one that is parked: seen on the first page, mended, sent again, delivered.
    let figures = figured(&provider, &mut browser, "2 = 1 + 0 + 1 + 0 + 0 It adds up.").await;
    let ledger = follow(&mut browser, &figures, "to-parked").await;
    let notice = follow(&mut browser, &ledger, "notice-1").await;
    assert!(notice.says("There is nothing at its backchannel_logout_uri"), "{}", notice.answer.body);
    dead.always(Reply::Status(200));
    let again = browser.submit(&notice, &notice.form("again-form")).await;
    assert_eq!(text_of(&again, "done"), "One notice is sent again.");
    settles(&provider, &["delivered", "delivered"], SOON).await;
    figured(&provider, &mut browser, "2 = 2 + 0 + 0 + 0 + 0 It adds up.").await;
    let line = &lines(&provider, "notice_retried").await[0];
    assert_eq!(line["actor"], "operator:grace");
    let trail = browser.open(&provider.url("/console/audit?actor=operator%3Agrace")).await;
    assert!(trail.says("notice_retried") && trail.says("session_ended"), "{}", trail.answer.body);
    assert!(!trail.says("sign_in"), "only hers: {}", trail.answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_a_session_and_sends_again_what_was_parked() {
    an_operator_works(plan()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_ends_a_session_and_sends_again_what_was_parked_on_postgresql() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    an_operator_works(plan().database(&url)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_settled_after_a_question_that_says_how_many() {
    let provider = with_grace(plan(), &["--act"]).await;
    let (_told, dead, _ada) = ada_at_two(&provider).await;
    provider.cli(&["session", "end", "--user", ADA.0]).await;
    settles(&provider, &["delivered", "parked"], SOON).await;
    // Two more like it, and one that comes after the question.
    let copy = |id: &str, at: &str| {
        format!(
            "INSERT INTO outbox (id, kind, client, account, subject, sid, session, cause, created_at, due_at, attempts, lease_until, \
             deliver_by, last_status, last_reply, settled_at, outcome) SELECT '{id}', kind, client, account, subject, '{id}', session, cause, {at}, due_at, attempts, \
             lease_until, deliver_by, last_status, last_reply, settled_at, outcome FROM outbox WHERE outcome = 'parked' LIMIT 1"
        )
    };
    sql(&provider, &copy("x1", "created_at"));
    sql(&provider, &copy("x2", "created_at"));
    let (mut browser, _) = enter(&provider, "/console").await;
    let ledger = browser.open(&provider.url(&format!("/console/ledger?state=parked&client={}", dead.client_id))).await;
    let question = follow(&mut browser, &ledger, "all-give-up").await;
    assert!(question.says("Give 3 notices up"), "{}", question.answer.body);
    sql(&provider, &copy("late", "created_at + 3600000"));
    // One that is older than all of them was pending when the question was put, and is parked since.
    sql(&provider, &copy("old", "created_at - 3600000"));
    sql(&provider, "UPDATE outbox SET settled_at = settled_at + 3600000 WHERE id = 'old'");
    // One of the three was sent again meanwhile, by somebody else, and is parked once more.
    sql(&provider, "UPDATE outbox SET settled_at = settled_at + 3600000 WHERE id = 'x2'");
    let done = browser.submit(&question, &question.form("settle-form")).await;
    assert!(done.answer.status == 200, "{}", done.answer.body);
    settles(&provider, &["delivered", "parked", "parked", "parked", "withdrawn", "withdrawn"], SOON).await;
    let left =
        sql(&provider, "SELECT group_concat(id) FROM (SELECT id FROM outbox WHERE outcome = 'parked' ORDER BY id)");
    assert_eq!(left, "late,old,x2", "what was not asked about is not touched");
    let whole = &lines(&provider, "notices_given_up").await[0];
    assert_eq!((&whole["actor"], &whole["detail"]["notices"]), (&"operator:grace".into(), &2.into()), "{whole:#}");
    assert!(whole["detail"]["filter"].as_str().unwrap().contains("state=parked"), "{whole:#}");
    // Each of them says by itself who gave it up, and as part of what.
    let each = lines(&provider, "notice_given_up").await;
    let mut subjects: Vec<&str> = each.iter().map(|line| line["subject"].as_str().unwrap()).collect();
    subjects.sort_unstable();
    assert_eq!((subjects.len(), subjects[1]), (2, "x1"), "{each:#?}");
    assert!(each.iter().all(|line| line["actor"] == "operator:grace" && line["detail"]["of"].is_string()), "{each:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_only_look_acts_on_nothing() {
    let provider = with_grace(plan(), &[]).await;
    let (_told, dead, _ada) = ada_at_two(&provider).await;
    provider.cli(&["session", "end", "--user", ADA.0]).await;
    settles(&provider, &["delivered", "parked"], SOON).await;
    let id = notice_of(&provider, &dead).await["id"].as_str().unwrap().to_owned();
    provider.cli(&["user", "operator", GRACE.0, "--act"]).await;
    let (mut browser, page) = enter(&provider, &format!("/console/notice?id={id}")).await;
    let form = page.form("again-form");
    provider.cli(&["user", "operator", GRACE.0]).await;
    let page = browser.open(&provider.url(&format!("/console/notice?id={id}"))).await;
    assert!(!page.has_form("again-form"), "nothing is offered: {}", page.answer.body);
    let refused = browser.submit(&page, &form).await;
    assert_eq!(refused.answer.status, 403, "{}", refused.answer.body);
    assert!(refused.says("You may look at everything here"), "{}", refused.answer.body);
    for path in ["/console/settle?how=again&state=parked", "/console/end?client=x"] {
        assert_eq!(browser.open(&provider.url(path)).await.answer.status, 403, "{path}");
    }
    // And whose role was removed meanwhile.
    provider.cli(&["user", "operator", GRACE.0, "--remove"]).await;
    let refused = browser.submit(&page, &form).await;
    assert_eq!(refused.answer.status, 403);
    assert!(refused.says("This page is not for you"), "{}", refused.answer.body);
    settles(&provider, &["delivered", "parked"], SOON).await;
    assert_eq!(lines(&provider, "notice_retried").await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn acting_asks_for_a_sign_in_of_the_last_ten_minutes() {
    let provider = with_grace(plan(), &["--act"]).await;
    let (_told, dead, _ada) = ada_at_two(&provider).await;
    provider.cli(&["session", "end", "--user", ADA.0]).await;
    settles(&provider, &["delivered", "parked"], SOON).await;
    let id = notice_of(&provider, &dead).await["id"].as_str().unwrap().to_owned();
    let (mut browser, page) = enter(&provider, &format!("/console/notice?id={id}")).await;
    passes(&provider, 11 * 60);
    let page = browser.submit(&page, &page.form("again-form")).await;
    assert_eq!(page.url.path(), "/login", "{}", page.answer.body);
    assert!(page.says("of the last ten minutes"), "{}", page.answer.body);
    settles(&provider, &["delivered", "parked"], SOON).await;
    let question = browser.sign_in(&page, GRACE.0, GRACE.1).await;
    assert_eq!(question.url.path(), "/console/settle", "the question is put again: {}", question.answer.body);
    dead.always(Reply::Status(200));
    browser.submit(&question, &question.form("settle-form")).await;
    settles(&provider, &["delivered", "delivered"], SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_form_does_nothing() {
    let provider = with_grace(plan(), &["--act"]).await;
    let (_told, dead, _ada) = ada_at_two(&provider).await;
    provider.cli(&["session", "end", "--user", ADA.0]).await;
    settles(&provider, &["delivered", "parked"], SOON).await;
    let id = notice_of(&provider, &dead).await["id"].as_str().unwrap().to_owned();
    let (mut browser, page) = enter(&provider, &format!("/console/notice?id={id}")).await;
    let form = page.form("again-form");
    assert_eq!(browser.submit(&page, &form.clone().fill("csrf", "x")).await.answer.status, 400);
    assert_eq!(browser.submit_from_elsewhere(&page, &form).await.answer.status, 400, "another site's");
    let ada = sql(&provider, "SELECT id FROM account WHERE username = 'ada'");
    let of_another = browser.submit(&page, &form.clone().fill("who", &ada)).await;
    assert_eq!(of_another.url.path(), "/login", "a form that was made for somebody else acts for nobody");
    let looked = browser.open(&provider.url("/console/settle?how=give-up&state=parked")).await;
    for wrong in ["", "x", "7 lost:x", "parked:x"] {
        let refused = browser.submit(&looked, &looked.form("settle-form").fill("looked", wrong)).await;
        assert_eq!(refused.answer.status, 400, "{wrong}: {}", refused.answer.body);
    }
    let how = browser.submit(&page, &form.fill("how", "else")).await;
    assert_eq!(how.answer.status, 400);
    settles(&provider, &["delivered", "parked"], SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_person_a_stay_or_a_client_can_be_ended() {
    let provider = with_grace(plan(), &["--act"]).await;
    let (told, dead, mut ada) = ada_at_two(&provider).await;
    let (mut browser, _) = enter(&provider, "/console").await;
    let sid = sql(&provider, &format!("SELECT sid FROM participation WHERE client = '{}'", dead.client_id));
    let preview = browser.open(&provider.url(&format!("/console/end?stay={sid}"))).await;
    assert!(preview.says("End the stay at Dead"), "{}", preview.answer.body);
    browser.submit(&preview, &preview.form("end-form")).await;
    settles(&provider, &["parked"], SOON).await;
    assert_eq!(told.heard().len(), 0, "the rest of the session goes on");
    let clients = browser.open(&provider.url("/console/clients")).await;
    assert!(clients.says("Told") && clients.says("Dead"), "{}", clients.answer.body);
    let client = browser.open(&provider.url(&format!("/console/client?id={}", told.client_id))).await;
    assert!(client.says(ADA.0), "who is signed in there: {}", client.answer.body);
    let preview = follow(&mut browser, &client, "end").await;
    let over = browser.submit(&preview, &preview.form("end-form")).await;
    assert_eq!((over.answer.status, over.url.path()), (200, "/console/client"), "{}", over.answer.body);
    settles(&provider, &["delivered", "parked"], SOON).await;
    assert_eq!(text_of(&over, "none"), "Nobody is signed in there.");
    assert_eq!(lines(&provider, "session_ended").await[0]["actor"], "operator:grace");
    // And the person as a whole, background access too.
    ada.open(&told.begin(&provider).url()).await;
    let account = sql(&provider, "SELECT id FROM account WHERE username = 'ada'");
    let preview = browser.open(&provider.url(&format!("/console/end?account={account}&offline=revoke"))).await;
    browser.submit(&preview, &preview.form("end-form")).await;
    settles(&provider, &["delivered", "delivered", "parked"], SOON).await;
    assert_eq!(provider.cli(&["session", "list", "--user", ADA.0]).await, serde_json::json!([]));
    let again = browser.open(&provider.url(&format!("/console/end?account={account}"))).await;
    assert!(again.says("There is nothing to end"), "{}", again.answer.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_mark_up_stay_names() {
    const EVIL: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let provider = with_grace(plan(), &["--act"]).await;
    let evil = RelyingParty::first_party(&provider, EVIL).await;
    evil.always(Reply::Status(404));
    let mut ada = Browser::new(&provider);
    evil.sign_in(&provider, &mut ada, ADA).await;
    provider.cli(&["user", "update", ADA.0, "--name", EVIL]).await;
    sql(&provider, &format!("UPDATE session SET agent = '{}'", EVIL.replace('\'', "''")));
    let session = provider.cli(&["session", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    let account = sql(&provider, "SELECT id FROM account WHERE username = 'ada'");
    let preview = format!("/console/end?session={session}");
    let (mut browser, page) = enter(&provider, &preview).await;
    let mut seen = vec![page];
    provider.cli(&["session", "end", &session]).await;
    settles(&provider, &["parked"], SOON).await;
    let query: String = url::form_urlencoded::byte_serialize(EVIL.as_bytes()).collect();
    for path in [
        "/console".to_owned(),
        "/console/ledger".to_owned(),
        format!("/console/ledger?client={query}&text={query}&person={query}&state={query}"),
        format!("/console/person?id={account}&all=1"),
        format!("/console/session?id={session}"),
        format!("/console/client?id={}", evil.client_id),
        "/console/clients".to_owned(),
        format!("/console/find?q={query}"),
        format!("/console/audit?actor={query}&subject={query}"),
        format!("/console/notice?id={query}"),
        format!("/console?{query}"),
    ] {
        seen.push(browser.open(&provider.url(&path)).await);
    }
    for page in seen {
        assert!(
            page.answer.status == 200 || page.url.path() == "/console/notice",
            "{}: {}",
            page.url,
            page.answer.body
        );
        assert!(
            !page.answer.body.contains("<script>alert") && !page.answer.body.contains("<img src=x"),
            "{}",
            page.url
        );
    }
}
