//! Clients that register themselves: RFC 7591, RFC 7592, OpenID Connect Registration, over HTTP.

mod bad_input;
mod policy;
mod statements;
mod tokens;

use std::time::Duration;

use serde_json::{Value, json};
use testkit::http::{Answer, Question, read};
use testkit::{Browser, Provider, RelyingParty, eventually};

use super::ground::{ADA, plan, with_ada};

/// A provider at which anybody may register.
async fn open() -> Provider {
    let provider = with_ada(plan()).await;
    provider.cli(&["registration", "open"]).await;
    provider
}

/// A registration request, with a bearer token.
fn asked(provider: &Provider, body: &str, token: Option<&str>) -> Question {
    let mut question = Question::post(&provider.url("/register"), &[]);
    question.headers = vec![("content-type".into(), "application/json".into())];
    question.body = body.as_bytes().to_vec();
    match token {
        Some(token) => question.header("authorization", &format!("Bearer {token}")),
        None => question,
    }
}

async fn register(provider: &Provider, metadata: &Value) -> Answer {
    provider.ask(asked(provider, &metadata.to_string(), None)).await
}

/// What a client that is registered is told, and where it comes back.
struct Registered {
    information: Value,
}

impl Registered {
    async fn at(provider: &Provider, metadata: &Value) -> Self {
        let answer = register(provider, metadata).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        Self { information: answer.json() }
    }

    fn text(&self, name: &str) -> &str {
        self.information[name].as_str().unwrap_or_else(|| panic!("no {name}: {}", self.information))
    }

    /// Asks the client configuration endpoint, with a body for PUT.
    async fn ask(&self, provider: &Provider, method: &'static str, token: &str, body: Option<&Value>) -> Answer {
        let url = read(self.text("registration_client_uri"));
        let mut question = Question { method, url, headers: Vec::new(), body: Vec::new() };
        if let Some(body) = body {
            question = question.header("content-type", "application/json");
            question.body = body.to_string().into_bytes();
        }
        provider.ask(question.header("authorization", &format!("Bearer {token}"))).await
    }

    async fn own(&self, provider: &Provider, method: &'static str, body: Option<&Value>) -> Answer {
        self.ask(provider, method, self.text("registration_access_token"), body).await
    }

    /// The body of an update: what was told, but for what the server alone says.
    fn update(&self) -> Value {
        let mut body = self.information.clone();
        for name in
            ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
        {
            body.as_object_mut().unwrap().remove(name);
        }
        body
    }
}

fn plain() -> Value {
    json!({"redirect_uris": ["https://rp.example/cb"]})
}

#[tokio::test]
async fn registration_is_off_until_an_operator_says_otherwise() {
    let provider = plan().start().await;
    let document = async || provider.get("/.well-known/openid-configuration").await.unwrap().json();
    let off = register(&provider, &plain()).await;
    assert_eq!((off.status, off.json()["error"].as_str()), (403, Some("access_denied")), "{}", off.body);
    assert!(document().await.get("registration_endpoint").is_none());
    let shown = provider.cli(&["registration", "protected"]).await;
    assert_eq!(shown["registration_endpoint"], provider.url("/register"));
    let bare = register(&provider, &plain()).await;
    assert_eq!((bare.status, bare.header("www-authenticate")), (401, Some("Bearer realm=\"ostiary\"")));
    let unknown = provider.ask(asked(&provider, &plain().to_string(), Some("nobody-handed-this-out"))).await;
    assert_eq!((unknown.status, unknown.json()["error"].as_str()), (401, Some("invalid_token")));
    assert!(unknown.header("www-authenticate").unwrap().contains("invalid_token"));
    eventually("discovery names the endpoint", Duration::from_secs(5), async || {
        (document().await["registration_endpoint"] == provider.url("/register")).then_some(())
    })
    .await;
    provider.cli(&["registration", "open"]).await;
    assert_eq!(register(&provider, &plain()).await.status, 201);
    provider.cli(&["registration", "off"]).await;
    assert_eq!(register(&provider, &plain()).await.status, 403);
    eventually("discovery names it no longer", Duration::from_secs(5), async || {
        document().await.get("registration_endpoint").is_none().then_some(())
    })
    .await;
    let shown = provider.cli(&["registration", "show"]).await;
    assert_eq!(shown["registered_clients"], 1, "what is there stays");
    let trail = provider.cli(&["audit"]).await;
    let did = |action: &str| trail.as_array().unwrap().iter().filter(|line| line["action"] == action).count();
    assert_eq!((did("registration_set"), did("client_registered")), (3, 1));
}

#[tokio::test]
async fn a_client_registers_signs_people_in_and_goes() {
    let provider = open().await;
    let mut party = RelyingParty::open().await;
    let answer = register(&provider, &party.metadata("Shop")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")), "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let client = Registered { information: answer.json() };
    let told = &client.information;
    for (name, value) in [
        ("client_name", json!("Shop")),
        ("client_secret_expires_at", json!(0)),
        ("application_type", json!("web")),
        ("response_types", json!(["code"])),
        ("grant_types", json!(["authorization_code", "refresh_token"])),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("id_token_signed_response_alg", json!("RS256")),
        ("subject_type", json!("public")),
        ("backchannel_logout_uri", json!(party.logout_uri())),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    assert!(told["client_id_issued_at"].as_i64().unwrap() > 1_600_000_000);
    assert_eq!(
        client.text("registration_client_uri"),
        provider.url(&format!("/register/{}", client.text("client_id")))
    );
    assert!(client.text("registration_access_token").len() >= 43, "256 bits");
    let again = client.own(&provider, "GET", None).await;
    assert_eq!((again.status, again.header("cache-control")), (200, Some("no-store")));
    assert_eq!(again.json(), *told, "what is read is what was registered");

    party.client_id = client.text("client_id").to_owned();
    party.client_secret = client.text("client_secret").to_owned();
    let mut browser = Browser::new(&provider);
    let tokens = party.sign_in(&provider, &mut browser, ADA).await;
    let access = tokens.all["access_token"].as_str().unwrap();
    let bearer = async || {
        let question = Question::get(&provider.url("/userinfo"));
        provider.ask(question.header("authorization", &format!("Bearer {access}"))).await.status
    };
    assert_eq!(bearer().await, 200);

    let gone = client.own(&provider, "DELETE", None).await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(bearer().await, 401, "what it held has ended");
    for method in ["GET", "DELETE"] {
        let dead = client.own(&provider, method, None).await;
        assert_eq!((dead.status, dead.json()["error"].as_str()), (401, Some("invalid_token")), "{method}");
    }
    let redeems = Question::post(&provider.url("/token"), &[("grant_type", "authorization_code"), ("code", "x")]);
    let refused = provider.ask(redeems.basic(&party.client_id, &party.client_secret)).await;
    assert_eq!(refused.json()["error"], "invalid_client");
    // Its session goes on, and every notice is accounted for.
    let notices = provider.notices().await;
    assert!(notices.iter().all(|row| row["state"] != "pending"), "{notices:#?}");
    assert_eq!(provider.cli(&["registration", "show"]).await["registered_clients"], 0);
}

#[tokio::test]
async fn only_its_own_token_opens_a_registration() {
    let provider = open().await;
    let one = Registered::at(&provider, &plain()).await;
    let two = Registered::at(&provider, &plain()).await;
    for method in ["GET", "PUT", "DELETE"] {
        let body = (method == "PUT").then(|| one.update());
        let other = one.ask(&provider, method, two.text("registration_access_token"), body.as_ref()).await;
        let wrong = one.ask(&provider, method, "wrong", body.as_ref()).await;
        let mut nobody = Registered { information: one.information.clone() };
        nobody.information["registration_client_uri"] = json!(provider.url("/register/nobody"));
        let unknown = nobody.own(&provider, method, body.as_ref()).await;
        for answer in [&other, &wrong, &unknown] {
            assert_eq!((answer.status, &answer.body), (401, &other.body), "{method}: one answer for all");
            assert_eq!(answer.header("www-authenticate"), other.header("www-authenticate"), "{method}");
            assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer "), "{method}");
        }
        let url = one.text("registration_client_uri");
        let bare = provider.ask(Question { method, ..Question::get(url) }).await;
        assert_eq!((bare.status, bare.header("www-authenticate")), (401, Some("Bearer realm=\"ostiary\"")), "{method}");
        let basic = Question { method, ..Question::get(url) };
        let basic = basic.basic(one.text("client_id"), one.text("client_secret"));
        assert_eq!(provider.ask(basic).await.status, 401, "{method}: its secret is no token");
    }
    assert_eq!(one.own(&provider, "GET", None).await.status, 200, "nothing was changed");
    // A client the operator added has no token, so none opens it.
    let added = provider.client(&plain(), &["--client-id", "added"]).await;
    let mut added = Registered { information: added };
    added.information["registration_client_uri"] = json!(provider.url("/register/added"));
    for token in ["", "AAAA", one.text("registration_access_token")] {
        assert_eq!(added.ask(&provider, "GET", token, None).await.status / 100, 4);
    }
}

#[tokio::test]
async fn an_update_replaces_everything() {
    let provider = open().await;
    let metadata = json!({
        "redirect_uris": ["https://rp.example/cb"], "client_name": "Shop", "contacts": ["ops@rp.example"],
        "grant_types": ["authorization_code", "refresh_token"], "initiate_login_uri": "https://rp.example/login",
    });
    let client = Registered::at(&provider, &metadata).await;
    let mut body = client.update();
    let members = body.as_object_mut().unwrap();
    members.remove("contacts");
    members.insert("client_name".into(), Value::Null);
    members.remove("grant_types");
    members.insert("redirect_uris".into(), json!(["https://rp.example/new"]));
    members.insert("nonsense".into(), json!("ignored"));
    let answer = client.own(&provider, "PUT", Some(&body)).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.body);
    let new = answer.json();
    assert_eq!(new["redirect_uris"], json!(["https://rp.example/new"]));
    assert_eq!(new["grant_types"], json!(["authorization_code"]), "what is left out is its default");
    for gone in ["contacts", "client_name", "nonsense"] {
        assert!(new.get(gone).is_none(), "{gone}");
    }
    for same in ["client_id", "client_secret", "client_id_issued_at", "registration_access_token", "initiate_login_uri"]
    {
        assert_eq!(new[same], client.information[same], "{same}");
    }
    assert_eq!(client.own(&provider, "GET", None).await.json(), new);
    let page = provider
        .get(&format!(
            "/authorize?client_id={}&response_type=code&scope=openid&redirect_uri=https%3A%2F%2Frp.example%2Fcb",
            client.text("client_id")
        ))
        .await
        .unwrap();
    assert_eq!(page.status, 400, "the old address is none of its any more");
}

#[tokio::test]
async fn an_update_is_refused_by_name() {
    let provider = open().await;
    let client = Registered::at(&provider, &plain()).await;
    let with = |name: &str, value: Value| {
        let mut body = client.update();
        body.as_object_mut().unwrap().insert(name.to_owned(), value);
        body
    };
    let mut nameless = client.update();
    nameless.as_object_mut().unwrap().remove("client_id");
    for (body, error, names) in [
        (nameless, "invalid_client_metadata", "client_id"),
        (with("client_id", json!("other")), "invalid_client_metadata", "client_id"),
        (with("client_id", json!(7)), "invalid_client_metadata", "client_id"),
        (
            with("client_secret", json!("a secret of my own, long enough for anything")),
            "invalid_client_metadata",
            "client_secret",
        ),
        (with("client_secret", json!(7)), "invalid_client_metadata", "client_secret"),
        (with("registration_access_token", json!("x")), "invalid_client_metadata", "registration_access_token"),
        (with("registration_client_uri", json!("x")), "invalid_client_metadata", "registration_client_uri"),
        (with("client_secret_expires_at", json!(0)), "invalid_client_metadata", "client_secret_expires_at"),
        (with("client_id_issued_at", json!(1)), "invalid_client_metadata", "client_id_issued_at"),
        (with("redirect_uris", json!([])), "invalid_redirect_uri", "redirect_uris"),
        (with("redirect_uris", json!(["https://rp.example/cb#x"])), "invalid_redirect_uri", "redirect_uris"),
    ] {
        let answer = client.own(&provider, "PUT", Some(&body)).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{body}: {}", answer.body);
        assert!(answer.json()["error_description"].as_str().unwrap().contains(names), "{}", answer.body);
    }
    assert_eq!(client.own(&provider, "GET", None).await.json(), client.information, "nothing was changed");
}

#[tokio::test]
async fn a_secret_comes_and_goes_with_the_need_for_it() {
    let provider = open().await;
    let public = json!({"redirect_uris": ["https://rp.example/cb"], "token_endpoint_auth_method": "none"});
    let client = Registered::at(&provider, &public).await;
    assert!(client.information.get("client_secret").is_none());
    assert!(client.information.get("client_secret_expires_at").is_none());
    let change = async |name: &str, value: &str| {
        let current = Registered { information: client.own(&provider, "GET", None).await.json() };
        let mut body = current.update();
        body.as_object_mut().unwrap().insert(name.to_owned(), json!(value));
        let answer = client.own(&provider, "PUT", Some(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(client.own(&provider, "GET", None).await.json(), answer.json());
        answer.json()
    };
    let basic = change("token_endpoint_auth_method", "client_secret_basic").await;
    let secret = basic["client_secret"].as_str().unwrap();
    assert_eq!(basic["client_secret_expires_at"], 0);
    let signs = change("id_token_signed_response_alg", "HS512").await;
    assert!(signs["client_secret"].as_str().unwrap().len() >= 64, "RFC 7518 §3.2");
    assert_eq!(signs["client_secret"], secret, "it was long enough from the beginning");
    change("id_token_signed_response_alg", "RS256").await;
    let none = change("token_endpoint_auth_method", "none").await;
    assert!(none.get("client_secret").is_none());
    let other = change("token_endpoint_auth_method", "client_secret_post").await;
    assert_ne!(other["client_secret"], secret, "a secret that was given up does not come back");
}

#[tokio::test]
async fn a_disabled_client_may_leave_and_do_nothing_else() {
    let provider = open().await;
    let client = Registered::at(&provider, &plain()).await;
    provider.cli(&["client", "disable", client.text("client_id")]).await;
    for (method, body) in [("GET", None), ("PUT", Some(client.update()))] {
        let answer = client.own(&provider, method, body.as_ref()).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (403, Some("access_denied")), "{method}");
    }
    provider.cli(&["client", "enable", client.text("client_id")]).await;
    assert_eq!(client.own(&provider, "GET", None).await.status, 200);
    provider.cli(&["client", "disable", client.text("client_id")]).await;
    assert_eq!(client.own(&provider, "DELETE", None).await.status, 204);
    assert_eq!(client.own(&provider, "GET", None).await.status, 401);
}

/// Whatever it calls itself, and wherever it says it lives: the page says where the answer goes (RFC 7591 §5).
#[tokio::test]
async fn a_stranger_stands_for_no_host_but_its_own_and_asks_again_for_new_addresses() {
    let provider = open().await;
    let metadata = json!({
        "redirect_uris": ["https://rp.example/cb"], "client_name": "Your Bank", "client_uri": "https://www.bank.example/",
    });
    let client = Registered::at(&provider, &metadata).await;
    let url = |redirect: &str| {
        let fields = [
            ("client_id", client.text("client_id")),
            ("response_type", "code"),
            ("scope", "openid"),
            ("redirect_uri", redirect),
        ];
        provider.url(&format!("/authorize?{}", testkit::http::encode(&fields)))
    };
    let page = Browser::new(&provider).open(&url("https://rp.example/cb")).await;
    assert!(page.says("Your Bank") && page.says("rp.example"), "{}", page.answer.body);
    assert!(!page.answer.body.contains("www.bank.example"), "{}", page.answer.body);
    // An operator spares people the question, and says nothing of who entered the addresses.
    let file = provider.file("policy.json", r#"{"logout": "this-client"}"#);
    let same = provider.file("metadata.json", &json!({"redirect_uris": ["https://rp.example/cb"]}).to_string());
    provider.cli(&["client", "update", client.text("client_id"), &same, "--policy", &file, "--first-party"]).await;
    let shown = provider.cli(&["client", "show", client.text("client_id")]).await;
    assert_eq!(
        (&shown["policy"]["entered_by"], &shown["policy"]["consent"]),
        (&json!("stranger"), &json!("first-party")),
        "{shown}"
    );
    let mut body = client.update();
    body["redirect_uris"] = json!(["https://rp.example/elsewhere"]);
    let answer = client.own(&provider, "PUT", Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let shown = provider.cli(&["client", "show", client.text("client_id")]).await;
    assert_eq!(shown["policy"]["consent"], "ask", "{shown}");
    assert_eq!(shown["policy"]["logout"], "this-client", "the rest stays");
}
