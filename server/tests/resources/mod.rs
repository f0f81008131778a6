//! Resource servers from outside: what their access tokens look like, who may know of them, and what an ending reaches
//! (RFC 8707, RFC 9068, resource-servers.md).

mod described;
mod jwts;

use jose::{JwkSet, JwsAlg};
use serde_json::{Map, Value, json};
use testkit::http::{Answer, Question};
use testkit::relying_party::part;
use testkit::{Begun, Browser, Provider, RelyingParty};

use super::ground::{ADA, plan, resource_server, with_ada};

const CATALOGUE: &str = "https://api.example.org/catalogue";
const LOANS: &str = "https://api.example.org/loans";

/// Two resource servers, one of which wants JWTs, and the client that answers for it.
async fn library() -> (Provider, RelyingParty) {
    let provider = with_ada(plan()).await;
    let metadata = json!({"client_name": "API", "grant_types": ["client_credentials"]});
    let secret = "the secret of the catalogue, which is long";
    provider.client(&metadata, &["--client-id", "api", "--client-secret", secret]).await;
    let catalogue = json!({
        "resource": CATALOGUE, "resource_name": "Catalogue", "resource_name#de": "Katalog",
        "access_token_format": "jwt", "access_token_signing_alg": "ES256", "access_token_lifetime": 120,
        "scopes": {
            "catalogue:read": {"title": "Look things up in the catalogue", "title#de": "Im Katalog nachsehen"},
            "catalogue:write": {"title": "Change the catalogue"},
        },
        "introspected_by": ["api"],
    });
    resource_server(&provider, &catalogue).await;
    resource_server(&provider, &json!({"resource": LOANS, "scopes": {"loans:read": {}}, "introspected_by": ["api"]}))
        .await;
    (provider, RelyingParty::open().await)
}

/// A relying party with every response type and refresh tokens.
async fn party(provider: &Provider, mut party: RelyingParty, more: &[&str]) -> RelyingParty {
    let mut metadata = party.metadata("Reader");
    metadata["response_types"] = json!(["code", "id_token token", "code id_token token", "token"]);
    metadata["grant_types"] = json!(["authorization_code", "implicit", "refresh_token"]);
    metadata["application_type"] = json!("native");
    party.register(provider, &metadata, more).await;
    party
}

/// Signs Ada in, through whatever is asked.
async fn code(provider: &Provider, browser: &mut Browser, begun: &Begun) -> String {
    let page = browser.open(&begun.url()).await;
    let page = match page.parameter("code") {
        Some(_) => page,
        None => browser.through(page, ADA.0, ADA.1).await,
    };
    let _ = provider;
    page.parameter("code").unwrap_or_else(|| panic!("no code in {}", page.url))
}

async fn redeem(provider: &Provider, party: &RelyingParty, begun: &Begun, code: &str, more: &[(&str, &str)]) -> Answer {
    let uri = party.redirect_uri();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", uri.as_str()),
        ("code_verifier", begun.verifier.as_str()),
    ];
    provider.ask(party.asks(provider, "/token", &[&fields[..], more].concat())).await
}

fn text(answer: &Value, name: &str) -> String {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

/// The claims of a JWT, its signature and `typ` verified as a resource server would.
async fn verified(provider: &Provider, token: &str) -> Map<String, Value> {
    let keys = provider.get("/jwks").await.unwrap().json();
    let verified = jose::verify(token, &JwkSet::read_public(&keys).unwrap(), &[JwsAlg::Es256]).unwrap();
    assert_eq!(verified.header().typ.as_deref(), Some("at+jwt"), "RFC 9068 §2.1");
    verified.claims().unwrap()
}

async fn introspected(provider: &Provider, token: &str) -> Value {
    let question = Question::post(&provider.url("/introspect"), &[("token", token)]);
    let question = question.basic("api", "the secret of the catalogue, which is long");
    provider.ask(question).await.json()
}

async fn userinfo(provider: &Provider, token: &str) -> u16 {
    let question = Question::get(&provider.url("/userinfo")).header("authorization", &format!("Bearer {token}"));
    provider.ask(question).await.status
}

fn is_refused(answer: &Answer, error: &str) {
    assert_eq!((answer.status, &answer.json()["error"]), (400, &json!(error)), "{}", answer.body);
}

fn header(token: &str) -> Map<String, Value> {
    part(token, 0)
}
