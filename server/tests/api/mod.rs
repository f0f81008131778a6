//! The operator's API: who may call it, what it shows, what it does; every answer as its description says.

mod described;
mod exports;

use serde_json::{Value, json};
use testkit::http::{Answer, Question};
use testkit::{Provider, RelyingParty, Reply};

use crate::ground::{ADA, SignedIn, plan, settles, signed_in};
use described::Described;

const SOON: std::time::Duration = std::time::Duration::from_secs(15);

/// A client of the API with an access token.
pub(crate) struct Caller {
    token: String,
    described: Described,
}

impl Caller {
    /// Adds one, as an operator does, and lets it ask for an access token.
    pub(crate) async fn at(provider: &Provider, flags: &[&str]) -> Self {
        let added = provider.cli(&[&["api", "add", "robot"], flags].concat()).await;
        let token = Self::token(provider, &added).await;
        Self { token, described: Described::of(provider).await }
    }

    async fn token(provider: &Provider, added: &Value) -> String {
        let text = |name: &str| added[name].as_str().unwrap().to_owned();
        // A running server notices new clients and resource servers within a second.
        for _ in 0..100 {
            let form = [("grant_type", "client_credentials"), ("resource", added["resource"].as_str().unwrap())];
            let question = Question::post(&provider.url("/token"), &form);
            let answer = provider.ask(question.basic(&text("client_id"), &text("client_secret"))).await;
            let issued =
                answer.status == 200 && answer.json()["scope"].as_str().is_some_and(|s| s.contains("ostiary:"));
            if issued {
                return answer.json()["access_token"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("no access token within five seconds: {added:#}");
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    /// Asks, and looks whether the answer is as described.
    async fn get(&self, provider: &Provider, path: &str) -> Answer {
        let question = Question::get(&provider.url(path)).header("authorization", &self.bearer());
        let answer = provider.ask(question).await;
        self.described.holds("get", path, &answer);
        answer
    }

    async fn post(&self, provider: &Provider, path: &str, body: &Value) -> Answer {
        let question = Question::json(&provider.url(path), body).header("authorization", &self.bearer());
        let answer = provider.ask(question).await;
        self.described.holds("post", path, &answer);
        answer
    }
}

fn bad_paths() -> [&'static str; 3] {
    ["/api/v1/figures", "/api/v1/notices", "/api/v1/sessions"]
}

#[tokio::test]
async fn nobody_gets_in_but_whom_the_operator_let_in() {
    let walk = signed_in(plan()).await;
    let provider = &walk.provider;
    for path in bad_paths() {
        let answer = provider.ask(Question::get(&provider.url(path))).await;
        assert_eq!(answer.status, 401, "{path}: {}", answer.body);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"ostiary\""), "{path}");
        for token in ["nonsense", walk.at_one.get("access_token")] {
            let question = Question::get(&provider.url(path)).header("authorization", &format!("Bearer {token}"));
            let answer = provider.ask(question).await;
            assert_eq!(answer.status, 401, "{path} with {token}: {}", answer.body);
            assert!(answer.header("www-authenticate").unwrap().contains("invalid_token"), "{path}");
        }
    }
    // Looking is not acting.
    let looker = Caller::at(provider, &[]).await;
    assert_eq!(looker.get(provider, "/api/v1/figures").await.status, 200);
    let session = provider.cli(&["session", "list"]).await[0]["id"].clone();
    let order = json!({"session": session});
    assert_eq!(looker.post(provider, "/api/v1/preview", &order).await.status, 200);
    let refused = looker.post(provider, "/api/v1/end", &order).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert!(refused.header("www-authenticate").unwrap().contains("insufficient_scope"));
    assert_eq!(provider.cli(&["session", "list"]).await[0]["id"], session, "nothing ended");
    // A person who agrees to the scope opens nothing: the token is theirs.
    let mut party = RelyingParty::open().await;
    let mut metadata = party.metadata("Curious");
    metadata["scope"] = json!("openid ostiary:read");
    party.register(provider, &metadata, &["--first-party"]).await;
    let mut browser = walk.browser.clone();
    let begun = party.begin(provider).with("scope", "openid ostiary:read").with("resource", &provider.url("/api"));
    let page = browser.open(&begun.url()).await;
    let tokens = party.complete(provider, &begun, &page).await;
    let question = Question::get(&provider.url("/api/v1/figures"))
        .header("authorization", &format!("Bearer {}", tokens.get("access_token")));
    let refused = provider.ask(question).await;
    assert_eq!(refused.status, 403, "{}", refused.body);
}

#[tokio::test]
async fn a_client_that_was_let_in_is_shut_out_at_once() {
    let provider = plan().start().await;
    let added = provider.cli(&["api", "add", "robot", "--client-id", "robot"]).await;
    let caller = Caller { token: Caller::token(&provider, &added).await, described: Described::of(&provider).await };
    assert_eq!(caller.get(&provider, "/api/v1/notices").await.status, 200);
    provider.cli(&["client", "disable", "robot"]).await;
    assert_eq!(caller.get(&provider, "/api/v1/notices").await.status, 401);
    let again = provider.try_cli("", &["api", "add", "robot", "--client-id", "robot"]).await;
    assert!(again.is_err(), "{again:?}");
}

/// What the preview says happens, told by the same names.
fn told(preview: &Value) -> Vec<(String, String)> {
    let parties = preview["parties"].as_array().unwrap();
    let mut told: Vec<_> = parties
        .iter()
        .map(|party| (party["client_id"].as_str().unwrap().to_owned(), party["channels"].to_string()))
        .collect();
    told.sort();
    told
}

async fn through_the_api(walk: SignedIn) {
    let provider = &walk.provider;
    let caller = Caller::at(provider, &["--act"]).await;
    walk.two.always(Reply::Status(503));
    let sessions = caller.get(provider, &format!("/api/v1/sessions?username={}", ADA.0)).await.json();
    let session = sessions["sessions"][0].clone();
    let id = session["id"].as_str().unwrap();
    assert_eq!((session["username"].as_str(), session["clients"].as_array().unwrap().len()), (Some(ADA.0), 2));
    let account = session["account"].as_str().unwrap();
    let of_client = format!("/api/v1/sessions?client={}", walk.one.client_id);
    assert_eq!(caller.get(provider, &of_client).await.json()["sessions"][0]["id"], id);
    let nowhere = caller.get(provider, "/api/v1/sessions?client=nobody").await.json();
    assert_eq!(nowhere["sessions"], json!([]));

    let tree = caller.get(provider, &format!("/api/v1/accounts/{account}/sessions")).await.json();
    let stays = tree["sessions"][0]["stays"].as_array().unwrap();
    assert_eq!((stays.len(), stays[0]["grants"].as_array().unwrap().len()), (2, 1), "{tree:#}");

    let order = json!({"session": id, "offline": "revoke"});
    let preview = caller.post(provider, "/api/v1/preview", &order).await.json();
    assert_eq!(preview["sums"]["noticed"], 2, "{preview:#}");
    assert_eq!(provider.notices().await.len(), 0, "a preview changes nothing");
    let ended = caller.post(provider, "/api/v1/end", &order).await.json();
    assert_eq!(ended["sums"], preview["sums"], "executed = previewed");
    assert_eq!(ended["sessions"], preview["sessions"]);
    assert_eq!(told(&preview).len(), 2);
    for (_, channels) in told(&preview) {
        assert_eq!(channels, "[\"back_channel\"]");
    }
    settles(provider, &["delivered", "pending"], SOON).await;

    // The same again is a conflict, and what never was is not found.
    assert_eq!(caller.post(provider, "/api/v1/end", &order).await.status, 409);
    assert_eq!(caller.post(provider, "/api/v1/preview", &order).await.status, 409);
    assert_eq!(caller.post(provider, "/api/v1/end", &json!({"session": "nothing"})).await.status, 404);
    assert_eq!(caller.post(provider, "/api/v1/end", &json!({"username": "nobody"})).await.status, 404);

    history(provider, &caller, id).await;
    notices(provider, &caller, &walk).await;
    figures(provider, &caller).await;
    let actor = lines(provider, "session_ended").await[0]["actor"].clone();
    assert!(actor.as_str().unwrap().starts_with("client:"), "{actor}");
}

async fn lines(provider: &Provider, action: &str) -> Vec<Value> {
    let lines = provider.cli(&["audit", "--limit", "200"]).await;
    lines.as_array().unwrap().iter().filter(|line| line["action"] == action).cloned().collect()
}

async fn history(provider: &Provider, caller: &Caller, id: &str) {
    let history = caller.get(provider, &format!("/api/v1/sessions/{id}")).await.json();
    assert_eq!(history["session"]["ended"]["cause"], "operator", "{history:#}");
    assert_eq!((&history["ending"]["what"], &history["ending"]["noticed"]), (&json!("session"), &json!(2)));
    let events = history["events"].as_array().unwrap();
    let count = |what: &str| events.iter().filter(|event| event["what"] == what).count();
    let counts = ["opened", "joined", "granted", "ended", "left", "grant_ended", "noticed", "audited"].map(count);
    assert_eq!(counts, [1, 2, 2, 1, 2, 2, 2, 1], "{events:#?}");
    assert!(count("settled") >= 1);
    let moments: Vec<&str> = events.iter().map(|event| event["at"].as_str().unwrap().trim_end_matches('Z')).collect();
    assert!(moments.is_sorted(), "{moments:?}");
    assert_eq!(caller.get(provider, "/api/v1/sessions/nothing").await.status, 404);
}

async fn notices(provider: &Provider, caller: &Caller, walk: &SignedIn) {
    let page = caller.get(provider, "/api/v1/notices?state=pending").await.json();
    let notice = page["notices"][0].clone();
    assert_eq!(notice["client_id"], walk.two.client_id.as_str(), "{page:#}");
    let id = notice["id"].as_str().unwrap();
    let path = format!("/api/v1/notices/{id}");
    let one = || caller.get(provider, &path);
    let begun = std::time::Instant::now();
    while one().await.json()["trouble"].is_null() {
        assert!(begun.elapsed() < SOON, "it was never tried");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let troubled = one().await.json();
    assert_eq!((&troubled["last_status"], troubled["due_at"].is_string()), (&json!(503), true), "{troubled:#}");
    assert!(!troubled["trouble"]["mend"].as_str().unwrap().is_empty());
    // What the command line says is the same.
    let shown = provider.cli(&["notice", "show", id]).await;
    for member in ["state", "attempts", "created_at", "client_name", "sid", "session"] {
        assert_eq!(shown[member], troubled[member], "{member}");
    }
    let act = |verb: &'static str| async move {
        caller.post(provider, &format!("/api/v1/notices/{id}/{verb}"), &json!({})).await
    };
    assert_eq!(act("give-up").await.json()["state"], "withdrawn");
    assert_eq!(act("give-up").await.status, 409);
    walk.two.always(Reply::Status(200));
    assert_eq!(act("retry").await.json()["state"], "pending");
    settles(provider, &["delivered", "delivered"], SOON).await;
    assert_eq!(act("retry").await.status, 409, "what was delivered is not sent again");
    let delivered = one().await.json();
    assert!(delivered["latency_ms"].as_i64().unwrap() > 0 && delivered["trouble"].is_null(), "{delivered:#}");
    for verb in ["retry", "give-up"] {
        let lost = caller.post(provider, &format!("/api/v1/notices/nothing/{verb}"), &json!({})).await;
        assert_eq!(lost.status, 404, "{}", lost.body);
    }
    assert_eq!((lines(provider, "notice_given_up").await.len(), lines(provider, "notice_retried").await.len()), (1, 1));
    // Page by page.
    let first = caller.get(provider, "/api/v1/notices?limit=1").await.json();
    let next = first["next"].as_str().unwrap();
    let second = caller.get(provider, &format!("/api/v1/notices?limit=1&cursor={next}")).await.json();
    assert_ne!(first["notices"][0]["id"], second["notices"][0]["id"]);
    assert!(second["next"].is_null(), "{second:#}");
}

async fn figures(provider: &Provider, caller: &Caller) {
    let figures = caller.get(provider, "/api/v1/figures?hours=48").await.json();
    assert_eq!((&figures["total"]["created"], &figures["total"]["delivered"]), (&json!(2), &json!(2)), "{figures:#}");
    assert_eq!((&figures["proof"]["noticed"], &figures["proof"]["missing"]), (&json!(2), &json!(0)));
    assert_eq!(figures["proof"]["balance"], "adds_up");
    assert_eq!(figures["clients"].as_array().unwrap().len(), 2);
    let printed = provider.cli(&["notice", "figures"]).await;
    assert_eq!((&printed["total"], &printed["clients"]), (&figures["total"], &figures["clients"]));
    // Those everybody is shown are the same a moment later.
    testkit::eventually("the figures are those of now", SOON, async || {
        let lately = caller.get(provider, "/api/v1/figures").await.json();
        ((&lately["total"], &lately["clients"]) == (&printed["total"], &printed["clients"])).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_operator_sees_previews_ends_and_sees_it_through() {
    through_the_api(signed_in(plan()).await).await;
}

#[tokio::test]
async fn an_operator_sees_previews_ends_and_sees_it_through_on_postgresql() {
    let Some(url) = testkit::postgres::fresh_database().await else { return };
    through_the_api(signed_in(plan().database(&url)).await).await;
}

#[tokio::test]
async fn what_is_ended_may_be_a_stay_a_person_a_client_or_both() {
    let walk = signed_in(plan()).await;
    let provider = &walk.provider;
    let caller = Caller::at(provider, &["--act"]).await;
    let end = |order: Value| {
        let caller = &caller;
        async move {
            let preview = caller.post(provider, "/api/v1/preview", &order).await.json();
            let ended = caller.post(provider, "/api/v1/end", &order).await.json();
            let numbers = |sums: &Value| {
                ["stays", "noticed", "shown", "untold", "revoked", "kept"].map(|name| sums[name].clone())
            };
            assert_eq!(numbers(&ended["sums"]), numbers(&preview["sums"]), "{order}: {preview:#}\n{ended:#}");
            assert_eq!(ended["extent"], "all");
            ended["sums"]["noticed"].as_u64().unwrap()
        }
    };
    let mut browser = walk.browser.clone();
    assert_eq!(end(json!({"participation": walk.at_one.claims["sid"]})).await, 1);
    assert_eq!(end(json!({"client_id": walk.two.client_id})).await, 1);
    assert_eq!(end(json!({"client_id": walk.two.client_id})).await, 0, "nothing is left");
    for party in [&walk.one, &walk.two] {
        let begun = party.begin(provider);
        let page = browser.open(&begun.url()).await;
        party.complete(provider, &begun, &page).await;
    }
    assert_eq!(end(json!({"username": ADA.0, "client_id": walk.one.client_id})).await, 1);
    assert_eq!(end(json!({"username": ADA.0, "offline": "revoke"})).await, 1);
    assert_eq!(provider.cli(&["session", "list"]).await, json!([]));
}

#[tokio::test]
async fn what_means_nothing_is_told_from_what_is_no_json() {
    let provider = plan().start().await;
    let caller = Caller::at(&provider, &["--act"]).await;
    let meaningless = [
        json!({}),
        json!({"session": "a", "account": "b"}),
        json!({"account": "a", "username": "b"}),
        json!({"session": "a", "offline": "perhaps"}),
        json!({"sesion": "a"}),
        json!({"session": 7}),
        json!([]),
    ];
    for order in meaningless {
        let answer = caller.post(&provider, "/api/v1/end", &order).await;
        assert_eq!(answer.status, 422, "{order}: {}", answer.body);
    }
    let url = provider.url("/api/v1/end");
    let form = Question::post(&url, &[("session", "a")]).header("authorization", &caller.bearer());
    assert_eq!(provider.ask(form).await.status, 415);
    for path in
        ["notices?state=lost", "notices?sate=parked", "notices?limit=0", "sessions?standing=odd", "figures?hours=x"]
    {
        let answer = caller.get(&provider, &format!("/api/v1/{path}")).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path}");
    }
    let wrong = provider.ask(Question::post(&provider.url("/api/v1/figures"), &[])).await;
    assert_eq!(wrong.status, 405);
}
