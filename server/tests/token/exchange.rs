//! Exchanging access tokens (RFC 8693): impersonation and delegation, by the operator's rules.

use serde_json::{Value, json};
use testkit::http::{Answer, Question};
use testkit::relying_party::part;
use testkit::{Browser, Provider, RelyingParty};

use super::super::ground::{ADA, plan, resource_server, with_ada};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ORDERS: &str = "https://orders.example/";
const STOCK: &str = "https://stock.example/";

/// An app, the service it calls, and the service that calls.
struct Chain {
    provider: Provider,
    app: RelyingParty,
    orders: RelyingParty,
    token: String,
}

async fn chain() -> Chain {
    let provider = with_ada(plan()).await;
    let app = RelyingParty::first_party(&provider, "Shop").await;
    let mut orders = RelyingParty::open().await;
    let metadata =
        json!({"client_name": "Orders", "grant_types": ["client_credentials", GRANT], "scope": "stock:read"});
    let policy = provider.file("orders.json", &json!({"targets": [STOCK]}).to_string());
    orders.register(&provider, &metadata, &["--policy", &policy]).await;
    let server = |resource: &str, scope: &str, format: &str| {
        json!({"resource": resource, "scopes": {scope: {}}, "access_token_format": format,
               "introspected_by": [orders.client_id]})
    };
    resource_server(&provider, &server(ORDERS, "orders:write", "opaque")).await;
    resource_server(&provider, &server(STOCK, "stock:read", "jwt")).await;
    let begun = app.begin(&provider).with("scope", "openid orders:write");
    let mut browser = Browser::new(&provider);
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let token = app.complete(&provider, &begun, &page).await.get("access_token").to_owned();
    Chain { provider, app, orders, token }
}

impl Chain {
    async fn allow(&self, kind: &str, more: &Value) {
        let mut rule = json!({
            "name": kind, "clients": [self.orders.client_id], "subjects": [self.app.client_id],
            "subject_scope": "orders:write", "audience": [STOCK], "scope": "stock:read", "mode": kind,
        });
        rule.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.provider.cli_with(&rule.to_string(), &["exchange", "allow", "-"]).await;
        // Nodes notice within a second.
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    }

    async fn exchange(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let fields = [
            ("grant_type", GRANT),
            ("subject_token", token),
            ("subject_token_type", ACCESS_TOKEN),
            ("audience", STOCK),
        ];
        self.provider.ask(self.orders.asks(&self.provider, "/token", &[&fields[..], more].concat())).await
    }

    async fn introspect(&self, token: &str) -> Value {
        self.provider.ask(self.orders.asks(&self.provider, "/introspect", &[("token", token)])).await.json()
    }
}

fn refused(answer: &Answer, error: &str) {
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_service_acts_for_a_person_and_says_so() {
    let chain = chain().await;
    refused(&chain.exchange(&chain.token, &[]).await, "invalid_request");
    chain.allow("delegation", &json!({"may_act": "stock"})).await;
    refused(&chain.exchange(&chain.token, &[]).await, "invalid_request");
    let own = [("grant_type", "client_credentials"), ("scope", "stock:read")];
    let own = chain.provider.ask(chain.orders.asks(&chain.provider, "/token", &own)).await.json();
    let actor = [("actor_token", own["access_token"].as_str().unwrap()), ("actor_token_type", ACCESS_TOKEN)];
    let answer = chain.exchange(&chain.token, &actor).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = answer.json();
    assert_eq!(answer["issued_token_type"], ACCESS_TOKEN);
    assert_eq!((&answer["token_type"], &answer["scope"]), (&json!("Bearer"), &json!("stock:read")));
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none(), "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    let (claims, known) = (part(token, 1), chain.introspect(token).await);
    for said in [&Value::Object(claims), &known] {
        assert_eq!(said["act"], json!({"sub": chain.orders.client_id}), "RFC 8693 §4.1: {said}");
        assert_eq!(said["may_act"], json!({"sub": "stock"}), "§4.4");
        assert_eq!((&said["client_id"], &said["aud"]), (&json!(chain.orders.client_id), &json!(STOCK)));
    }
    let theirs = chain.introspect(&chain.token).await;
    assert!(theirs["active"] == true && theirs.get("act").is_none(), "{theirs}");
    assert_eq!(known["sub"], theirs["sub"], "the person");
    // Who looks before an ending is told of it, and whose it is.
    let session = super::super::ground::sql(&chain.provider, "SELECT id FROM session");
    let preview = chain.provider.cli(&["session", "preview", &session]).await;
    let one = &preview["exchanged"][0];
    assert_eq!((&one["client_name"], &one["tokens"]), (&json!("Orders"), &json!(1)), "{preview}");
    assert_eq!(preview["parties"].as_array().unwrap().len(), 1, "it takes no part: {preview}");
    // It is dead the moment what it rests on is.
    chain.provider.cli(&["session", "end", "--user", "ada"]).await;
    assert_eq!(chain.introspect(token).await, json!({"active": false}));
    refused(&chain.exchange(&chain.token, &actor).await, "invalid_request");
    let history = chain.provider.cli(&["session", "show", &session]).await;
    assert!(history.to_string().contains("with it the tokens exchanged by Orders (1)"), "{history}");
}

/// RFC 8693 §2.2.2: what a token was meant for, what it may do, and the key it is bound to are bounds of what comes of it.
#[tokio::test]
async fn a_token_is_exchanged_by_whom_it_was_meant_for_and_within_its_scope() {
    let chain = chain().await;
    // A rule of clients alone: the token may do nothing at Stock, and so nothing is done there for it.
    chain.allow("impersonation", &json!({"subject_scope": null})).await;
    refused(&chain.exchange(&chain.token, &[]).await, "invalid_scope");
    chain.allow("impersonation", &json!({"subject_scope": "orders:write admin"})).await;
    refused(&chain.exchange(&chain.token, &[]).await, "invalid_request");
    chain.allow("impersonation", &Value::Null).await;
    assert_eq!(chain.exchange(&chain.token, &[]).await.status, 200);
    // A token for UserInfo was not meant for Orders, though the app's tokens are exchanged.
    let mut browser = Browser::new(&chain.provider);
    let begun = chain.app.begin(&chain.provider).with("scope", "openid");
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let other = chain.app.complete(&chain.provider, &begun, &page).await.get("access_token").to_owned();
    refused(&chain.exchange(&other, &[]).await, "invalid_request");
    // Unless a rule names that audience; what it may do is asked all the same.
    let issuer = chain.provider.issuer().to_owned();
    chain.allow("impersonation", &json!({"subject_audience": [issuer], "subject_scope": "openid"})).await;
    assert_eq!(chain.exchange(&other, &[]).await.status, 200);
}

#[tokio::test]
async fn a_service_stands_for_a_person_within_its_rule() {
    let chain = chain().await;
    chain.allow("impersonation", &Value::Null).await;
    let answer = chain.exchange(&chain.token, &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert!(part(&token, 1).get("act").is_none());
    refused(&chain.exchange(&chain.token, &[("audience", ORDERS)]).await, "invalid_target");
    refused(&chain.exchange(&chain.token, &[("scope", "stock:read orders:write")]).await, "invalid_scope");
    refused(&chain.exchange("nonsense", &[]).await, "invalid_request");
    refused(&chain.exchange(&format!("{token}x"), &[]).await, "invalid_request");
    // What was exchanged was issued to the service: no rule is about that.
    refused(&chain.exchange(&token, &[]).await, "invalid_request");
    // The app whose token it was cannot exchange it: the grant is not in its registration.
    let fields = [("grant_type", GRANT), ("subject_token", &*chain.token), ("subject_token_type", ACCESS_TOKEN)];
    refused(&chain.provider.ask(chain.app.asks(&chain.provider, "/token", &fields)).await, "unauthorized_client");
    // A client that is disabled takes what it exchanged with it, though the grant goes on.
    let reader = RelyingParty::at(&chain.provider, "Reader").await;
    chain.provider.cli(&["client", "disable", &chain.orders.client_id]).await;
    drop(reader);
    let bearer = format!("Bearer {}", chain.token);
    let userinfo = Question::get(&chain.provider.url("/userinfo")).header("authorization", &bearer);
    let revoked = super::super::ground::sql(
        &chain.provider,
        "SELECT count(*) FROM access_token WHERE exchanged = 1 AND revoked_at IS NULL",
    );
    assert_eq!(revoked, "0");
    assert_ne!(chain.provider.ask(userinfo).await.status, 500);
    // Removing the rule removes the permission.
    chain.provider.cli(&["exchange", "remove", "impersonation"]).await;
    assert_eq!(chain.provider.cli(&["exchange", "list"]).await, json!([]));
}
