//! Apps of one vendor on one device: what each keeps, and what they share.

use serde_json::{Value, json};
use testkit::http::{Answer, Question};
use testkit::relying_party::part;
use testkit::{Browser, Provider, RelyingParty};

use super::super::ground::{ADA, offers, plan, with_ada};

pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub(super) const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
pub(super) const SECRET_07: &str = "urn:openid:params:token-type:device-secret";
pub(super) const SECRET_03: &str = "urn:x-oath:params:oauth:token-type:device-secret";

/// What the apps of a device share: their vendor's keychain.
#[derive(Clone, Debug)]
pub(super) struct Keychain {
    pub(super) id_token: String,
    pub(super) device_secret: String,
}

impl Keychain {
    pub(super) fn of(answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned();
        Self { id_token: text("id_token"), device_secret: text("device_secret") }
    }
}

/// A provider that offers Native SSO, with Ada in it.
pub(super) async fn native() -> Provider {
    native_with(plan()).await
}

pub(super) async fn native_with(plan: testkit::Plan) -> Provider {
    native_in(with_ada(plan).await).await
}

pub(super) async fn native_in(provider: Provider) -> Provider {
    let is = provider.cli(&["native-sso", "on"]).await;
    assert_eq!(is, json!({"native_sso": "on", "groups": {}}));
    offers(&provider, |scopes| scopes.iter().any(|scope| scope == "device_sso")).await;
    provider
}

/// An app: a public client with a back-channel address, in a sharing group.
pub(super) async fn app(provider: &Provider, name: &str, native: &Value) -> RelyingParty {
    app_with(provider, name, &json!({"consent": "first-party", "native_sso": native})).await
}

pub(super) async fn app_with(provider: &Provider, name: &str, policy: &Value) -> RelyingParty {
    let mut party = RelyingParty::open().await;
    let metadata = json!({
        "client_name": name,
        "application_type": "native",
        "redirect_uris": [party.redirect_uri()],
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token", GRANT],
        "scope": "openid email profile offline_access device_sso",
        "backchannel_logout_uri": party.logout_uri(),
    });
    let file = provider.file(&format!("policy of {name}.json"), &policy.to_string());
    party.register(provider, &metadata, &["--policy", &file]).await;
    party
}

/// The first app's sign-in: through the system browser, for `device_sso`.
pub(super) async fn first(provider: &Provider, browser: &mut Browser, app: &RelyingParty, scope: &str) -> Value {
    first_with(provider, browser, app, (scope, None)).await
}

/// The same, with a device secret from before.
pub(super) async fn first_with(
    provider: &Provider,
    browser: &mut Browser,
    app: &RelyingParty,
    (scope, secret): (&str, Option<&str>),
) -> Value {
    let begun = app.begin(provider).with("scope", scope);
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let code = page.parameter("code").unwrap_or_else(|| panic!("no code at {}", page.url));
    let redirect = app.redirect_uri();
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect),
        ("code_verifier", &begun.verifier),
    ];
    fields.extend(secret.map(|secret| ("device_secret", secret)));
    let answer = provider.ask(app.asks(provider, "/token", &fields)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The parameters of an exchange of draft -07.
pub(super) fn parameters<'a>(provider: &'a Provider, keychain: &'a Keychain) -> Vec<(&'static str, &'a str)> {
    vec![
        ("grant_type", GRANT),
        ("audience", provider.issuer()),
        ("subject_token", &keychain.id_token),
        ("subject_token_type", ID_TOKEN),
        ("actor_token", &keychain.device_secret),
        ("actor_token_type", SECRET_07),
    ]
}

/// Another app's sign-in, with what is in the keychain; whatever the answer is.
pub(super) async fn exchange(provider: &Provider, app: &RelyingParty, keychain: &Keychain) -> Answer {
    provider.ask(question(provider, app, keychain)).await
}

pub(super) fn question(provider: &Provider, app: &RelyingParty, keychain: &Keychain) -> Question {
    app.asks(provider, "/token", &parameters(provider, keychain))
}

/// That it was refused in the channel.
pub(super) fn refused(answer: &Answer, error: &str) {
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

pub(super) fn claims(answer: &Value) -> serde_json::Map<String, Value> {
    part(answer["id_token"].as_str().unwrap_or_default(), 1)
}
