//! Client credentials, introspection and revocation: who may ask for what, and who may know (RFC 6749 §4.4, RFC 7662,
//! RFC 7009, RFC 8707).

use serde_json::{Value, json};
use testkit::http::{Answer, Question};
use testkit::{Browser, Provider, RelyingParty};

use super::refresh::offline;
use super::{code_at, is_refused, userinfo};
use crate::ground::{plan, resource_server, with_ada};

const API: &str = "https://api.example.org/catalogue";

/// A client without people: its name and secret.
struct Service(String, String);

impl Service {
    async fn add(provider: &Provider, id: &str, metadata: &Value, policy: &Value) -> Self {
        let file = provider.file(&format!("policy of {id}.json"), &policy.to_string());
        let added = provider.client(metadata, &["--client-id", id, "--policy", &file]).await;
        Self(id.to_owned(), added["client_secret"].as_str().unwrap_or_default().to_owned())
    }

    async fn ask(&self, provider: &Provider, path: &str, fields: &[(&str, &str)]) -> Answer {
        let question = Question::post(&provider.url(path), fields);
        provider.ask(question.basic(&self.0, &self.1)).await
    }

    async fn credentials(&self, provider: &Provider, more: &[(&str, &str)]) -> Answer {
        self.ask(provider, "/token", &[&[("grant_type", "client_credentials")], more].concat()).await
    }

    async fn introspects(&self, provider: &Provider, token: &str) -> Value {
        self.ask(provider, "/introspect", &[("token", token)]).await.json()
    }
}

fn service(name: &str) -> Value {
    json!({"client_name": name, "grant_types": ["client_credentials"], "scope": "read write openid offline_access"})
}

fn token(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", answer.body)).to_owned()
}

#[tokio::test]
async fn a_service_gets_its_own_scope_and_nothing_of_a_person() {
    let provider = with_ada(plan()).await;
    let export = Service::add(&provider, "export", &service("Export"), &json!({})).await;
    for (asked, given) in
        [(&[][..], "read write"), (&[("scope", "write")], "write"), (&[("scope", "write read")], "write read")]
    {
        let answer = export.credentials(&provider, asked).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.body);
        let body = answer.json();
        assert_eq!((&body["scope"], &body["token_type"]), (&json!(given), &json!("Bearer")));
        assert_eq!((&body["refresh_token"], &body["id_token"]), (&Value::Null, &Value::Null));
        let known = export.introspects(&provider, &token(&answer, "access_token")).await;
        assert_eq!(
            (&known["active"], &known["client_id"], &known["sub"]),
            (&json!(true), &json!("export"), &Value::Null)
        );
    }
    for scope in ["admin", "read admin", "openid", "offline_access", "read openid", "email"] {
        is_refused(&export.credentials(&provider, &[("scope", scope)]).await, 400, "invalid_scope");
    }
    for grant in ["password", "urn:ietf:params:oauth:grant-type:device_code", "implicit", "<script>"] {
        let answer = export.ask(&provider, "/token", &[("grant_type", grant)]).await;
        is_refused(&answer, 400, "unsupported_grant_type");
        assert!(!answer.body.contains("<script"), "{}", answer.body);
    }
    is_refused(&export.ask(&provider, "/token", &[]).await, 400, "invalid_request");
    is_refused(&export.ask(&provider, "/token", &[("grant_type", "")]).await, 400, "invalid_request");
    // Grants it did not register, and a client that registered others.
    for fields in [
        [("grant_type", "authorization_code"), ("code", "x")],
        [("grant_type", "refresh_token"), ("refresh_token", "x")],
    ] {
        is_refused(&export.ask(&provider, "/token", &fields).await, 400, "unauthorized_client");
    }
    for party in [RelyingParty::first_party(&provider, "Web").await, RelyingParty::public(&provider, "Phone").await] {
        let question = party.asks(&provider, "/token", &[("grant_type", "client_credentials")]);
        is_refused(&provider.ask(question).await, 400, "unauthorized_client");
    }
}

#[tokio::test]
async fn a_service_reaches_the_resources_its_operator_named_and_no_others() {
    let provider = with_ada(plan()).await;
    let stranger = Service::add(&provider, "stranger", &service("Stranger"), &json!({})).await;
    let export = Service::add(&provider, "export", &service("Export"), &json!({"targets": [API, "urn:other"]})).await;
    let api = Service::add(&provider, "api", &service("API"), &json!({})).await;
    for (resource, client, scope) in [(API, "api", "catalogue:read"), ("urn:third", "stranger", "third")] {
        let described = json!({"resource": resource, "introspected_by": [client], "scopes": {scope: {}}});
        resource_server(&provider, &described).await;
    }
    is_refused(&stranger.credentials(&provider, &[("resource", API)]).await, 400, "invalid_target");
    is_refused(&api.credentials(&provider, &[("resource", API)]).await, 400, "invalid_target");
    for others in
        [&[("resource", "urn:third")][..], &[("resource", API), ("resource", "urn:third")], &[("resource", "a b")]]
    {
        is_refused(&export.credentials(&provider, others).await, 400, "invalid_target");
    }
    let answer = export.credentials(&provider, &[("resource", API)]).await;
    let known = api.introspects(&provider, &token(&answer, "access_token")).await;
    assert_eq!((&known["active"], &known["aud"], &known["client_id"]), (&json!(true), &json!(API), &json!("export")));
    assert_eq!(stranger.introspects(&provider, &token(&answer, "access_token")).await, json!({"active": false}));
    let answer = export.credentials(&provider, &[]).await;
    let unbound = token(&answer, "access_token");
    assert_eq!(
        api.introspects(&provider, &unbound).await,
        json!({"active": false}),
        "it is for no resource in particular"
    );
}

#[tokio::test]
async fn who_may_introspect_and_what_each_learns() {
    let provider = with_ada(plan()).await;
    let one = RelyingParty::first_party(&provider, "One").await;
    let phone = RelyingParty::public(&provider, "Phone").await;
    let api = Service::add(&provider, "api", &service("API"), &json!({})).await;
    let other = Service::add(&provider, "other", &service("Other"), &json!({})).await;
    for (resource, client, scope) in
        [(API, "api", "catalogue:read"), ("https://api.example.org/", "other", "other:read")]
    {
        let described = json!({"resource": resource, "introspected_by": [client], "scopes": {scope: {}}});
        resource_server(&provider, &described).await;
    }
    let mut browser = Browser::new(&provider);
    let begun = one.begin(&provider).with("scope", "openid email offline_access catalogue:read").with("resource", API);
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, crate::ground::ADA.0, crate::ground::ADA.1).await;
    let tokens = one.complete(&provider, &begun, &page).await;
    let (access, refresh) = (tokens.get("access_token"), tokens.get("refresh_token"));
    let known = api.introspects(&provider, access).await;
    for (member, value) in [
        ("active", json!(true)),
        ("aud", json!(API)),
        ("sub", tokens.claims["sub"].clone()),
        ("client_id", json!(one.client_id)),
        ("scope", json!("catalogue:read")),
        ("token_type", json!("Bearer")),
        ("iss", json!(provider.issuer())),
    ] {
        assert_eq!(known[member], value, "{member} of {known}");
    }
    assert_eq!(known["exp"].as_i64().unwrap() - known["iat"].as_i64().unwrap(), 600);
    assert_eq!(
        api.introspects(&provider, refresh).await,
        json!({"active": false}),
        "a refresh token is its client's alone"
    );
    assert_eq!(other.introspects(&provider, access).await, json!({"active": false}));
    // Whatever is no token of ours, whatever the hint.
    let (code, _) = code_at(&provider, &mut browser, &one).await;
    for text in ["x", &*code, &*tokens.id_token, "<script>", "' OR 1=1 --", &*"x".repeat(60_000)] {
        for hint in ["access_token", "refresh_token", "pat", "<script>"] {
            let fields = [("token", text), ("token_type_hint", hint)];
            let answer = provider.ask(one.asks(&provider, "/introspect", &fields)).await;
            assert_eq!((answer.status, answer.json()), (200, json!({"active": false})));
        }
    }
    for hint in ["access_token", "refresh_token", "pat"] {
        let fields = [("token", refresh), ("token_type_hint", hint)];
        assert_eq!(provider.ask(one.asks(&provider, "/introspect", &fields)).await.json()["active"], true, "{hint}");
    }
    is_refused(&provider.ask(one.asks(&provider, "/introspect", &[])).await, 400, "invalid_request");
    let twice = [("token", access), ("token", access)];
    is_refused(&provider.ask(one.asks(&provider, "/introspect", &twice)).await, 400, "invalid_request");
    is_refused(&provider.ask(phone.asks(&provider, "/introspect", &[("token", access)])).await, 401, "invalid_client");
    is_refused(&provider.post("/introspect", &[("token", access)]).await, 401, "invalid_client");
    // RFC 7662 §2.1: a bearer token proves nobody's right to ask here.
    let bearer = Question::post(&provider.url("/introspect"), &[("token", access)]);
    let bearer = bearer.header("authorization", &format!("Bearer {access}"));
    is_refused(&provider.ask(bearer).await, 401, "invalid_client");
}

/// Whether access and refresh token are good, as their client sees it.
async fn good(provider: &Provider, party: &RelyingParty, access: &str, refresh: &str) -> (bool, bool) {
    let active = async |token: &str| {
        provider.ask(party.asks(provider, "/introspect", &[("token", token)])).await.json()["active"] == true
    };
    let both = (active(access).await, active(refresh).await);
    assert_eq!(userinfo(provider, access).await.status == 200, both.0);
    both
}

#[tokio::test]
async fn each_kind_of_token_is_revoked_by_its_client_alone() {
    let provider = with_ada(plan()).await;
    let (one, two) =
        (RelyingParty::first_party(&provider, "One").await, RelyingParty::first_party(&provider, "Two").await);
    let phone = RelyingParty::public(&provider, "Phone").await;
    let mut browser = Browser::new(&provider);
    let tokens = offline(&provider, &one, &mut browser).await;
    let (access, refresh) = (tokens.get("access_token"), tokens.get("refresh_token"));
    let revoke = async |party: &RelyingParty, fields: &[(&str, &str)]| {
        let answer = provider.ask(party.asks(&provider, "/revoke", fields)).await;
        assert_eq!((answer.status, &*answer.body), (200, ""), "RFC 7009 §2.2");
    };
    for party in [&two, &phone] {
        for (token, hint) in [(access, "access_token"), (refresh, "refresh_token"), (refresh, "access_token")] {
            revoke(party, &[("token", token), ("token_type_hint", hint)]).await;
        }
    }
    for text in ["x", "<script>", &*tokens.id_token] {
        revoke(&one, &[("token", text), ("token_type_hint", "nonsense")]).await;
    }
    assert_eq!(good(&provider, &one, access, refresh).await, (true, true), "nothing of that did anything");
    // An access token ends alone; with a hint that is wrong too.
    revoke(&one, &[("token", access), ("token_type_hint", "refresh_token")]).await;
    assert_eq!(good(&provider, &one, access, refresh).await, (false, true));
    let answer = one.try_refresh(&provider, refresh).await.json();
    let next = answer["access_token"].as_str().unwrap();
    assert_eq!(good(&provider, &one, next, refresh).await, (true, true));
    // A refresh token takes everything of its grant with it.
    revoke(&one, &[("token", refresh), ("token_type_hint", "access_token")]).await;
    assert_eq!(good(&provider, &one, next, refresh).await, (false, false));
    is_refused(&one.try_refresh(&provider, refresh).await, 400, "invalid_grant");
    revoke(&one, &[("token", refresh)]).await;
    let trail = provider.cli(&["audit"]).await;
    let lines = trail.as_array().unwrap().iter().filter(|line| line["action"] == "revoked");
    assert_eq!(lines.count(), 2, "{trail}");
    // A public client says its name alone, and its session goes on.
    let tokens = offline(&provider, &phone, &mut browser).await;
    revoke(&phone, &[("token", tokens.get("refresh_token"))]).await;
    assert_eq!(userinfo(&provider, tokens.get("access_token")).await.status, 401);
    let begun = phone.begin(&provider).with("prompt", "none");
    let page = browser.open(&begun.url()).await;
    phone.complete(&provider, &begun, &page).await;
    is_refused(&provider.ask(one.asks(&provider, "/revoke", &[])).await, 400, "invalid_request");
    is_refused(&provider.post("/revoke", &[("token", "x")]).await, 401, "invalid_client");
    // A code is no token: it stays good.
    let (code, verifier) = code_at(&provider, &mut browser, &one).await;
    revoke(&one, &[("token", &code)]).await;
    assert_eq!(one.try_redeem(&provider, &code, &verifier).await.status, 200);
}
