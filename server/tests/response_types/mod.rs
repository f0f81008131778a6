//! Every response type in every mode, through the running binary: Core §3.2 and §3.3, Multiple Response Types, Form Post.

mod objects;
mod references;

use serde_json::{Value, json};
use testkit::http::Question;
use testkit::relying_party::part;
use testkit::{Begun, Browser, Page, Provider, RelyingParty};

use super::ground::{ADA, plan, with_ada};

const TYPES: &[&str] =
    &["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "token", "none"];

/// A relying party that registered every response type; native, so that it may listen on loopback.
async fn party(provider: &Provider) -> RelyingParty {
    let mut party = RelyingParty::open().await;
    let mut metadata = party.metadata("Every type");
    metadata["response_types"] = json!(TYPES);
    metadata["grant_types"] = json!(["authorization_code", "implicit", "refresh_token"]);
    metadata["application_type"] = json!("native");
    party.register(provider, &metadata, &["--first-party"]).await;
    party
}

/// Where the parameters of an answer stand.
fn fields(page: &Page, mode: &str) -> Vec<(String, String)> {
    let pairs = |text: &str| url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
    match mode {
        "form_post" => {
            let forms = page.forms();
            assert_eq!(forms.len(), 1, "{}", page.answer.body);
            assert!(page.answer.body.contains("type=\"submit\""), "a button where scripts are off");
            forms[0].fields.clone()
        }
        "fragment" => {
            assert_eq!(page.url.query(), None, "nothing leaks into the query");
            pairs(page.url.fragment().unwrap_or_default())
        }
        _ => {
            assert_eq!(page.url.fragment(), None);
            pairs(page.url.query().unwrap_or_default())
        }
    }
}

fn get<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

async fn userinfo(provider: &Provider, token: &str) -> (u16, Value) {
    let question = Question::get(&provider.url("/userinfo")).header("authorization", &format!("Bearer {token}"));
    let answer = provider.ask(question).await;
    (answer.status, if answer.status == 200 { answer.json() } else { Value::Null })
}

/// What an ID Token from the authorization endpoint must say.
fn check_id_token(
    claims: &serde_json::Map<String, Value>,
    begun: &Begun,
    answer: &[(String, String)],
    provider: &Provider,
) {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    assert_eq!(text("iss"), Some(provider.issuer()));
    assert_eq!(text("nonce"), Some(begun.nonce.as_str()));
    assert!(text("sid").is_some());
    for (hash, of) in [("at_hash", "access_token"), ("c_hash", "code"), ("s_hash", "state")] {
        let want = get(answer, of).map(|value| jose::half_hash(jose::JwsAlg::Rs256, value));
        assert_eq!(text(hash), want.as_deref(), "{hash}");
    }
}

#[tokio::test]
async fn every_response_type_in_every_mode() {
    let provider = with_ada(plan()).await;
    let party = party(&provider).await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    for kind in TYPES {
        for mode in ["default", "fragment", "form_post"] {
            let begun = party.begin(&provider).with("response_type", kind);
            let begun = if mode == "default" { begun } else { begun.with("response_mode", mode) };
            let page = browser.open(&begun.url()).await;
            let default = if matches!(*kind, "code" | "none") { "query" } else { "fragment" };
            let answer = fields(&page, if mode == "default" { default } else { mode });
            let has = |word: &str| kind.split(' ').any(|value| value == word);
            assert_eq!(get(&answer, "state"), Some(begun.state.as_str()), "{kind} {mode}: {answer:?}");
            assert_eq!(get(&answer, "iss"), Some(provider.issuer()));
            assert_eq!(get(&answer, "code").is_some(), has("code"));
            assert_eq!(get(&answer, "access_token").is_some(), has("token"));
            assert_eq!(get(&answer, "token_type").is_some(), has("token"));
            assert_eq!(get(&answer, "id_token").is_some(), has("id_token"));
            assert_eq!(get(&answer, "refresh_token"), None);
            let mut subject = None;
            if let Some(id_token) = get(&answer, "id_token") {
                let claims = part(id_token, 1);
                check_id_token(&claims, &begun, &answer, &provider);
                assert_eq!(claims.contains_key("email"), *kind == "id_token", "Core §5.4: {kind}");
                subject = claims.get("sub").cloned();
            }
            if let Some(token) = get(&answer, "access_token") {
                let (status, claims) = userinfo(&provider, token).await;
                assert_eq!(status, 200);
                assert!(subject.is_none_or(|sub| sub == claims["sub"]));
                assert!(get(&answer, "expires_in").unwrap().parse::<u32>().unwrap() > 0);
            }
            if let Some(code) = get(&answer, "code") {
                let redeemed = party.try_redeem(&provider, code, &begun.verifier).await;
                assert_eq!(redeemed.status, 200, "{kind} {mode}: {}", redeemed.body);
                let claims = part(redeemed.json()["id_token"].as_str().unwrap(), 1);
                assert_eq!(claims.get("nonce").and_then(Value::as_str), Some(begun.nonce.as_str()));
            }
        }
    }
}

#[tokio::test]
async fn what_went_through_the_browser_ends_with_the_session() {
    let provider = with_ada(plan()).await;
    let party = party(&provider).await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let begun = party.begin(&provider).with("response_type", "code id_token token");
    let answer = fields(&browser.open(&begun.url()).await, "fragment");
    let (code, token) = (get(&answer, "code").unwrap(), get(&answer, "access_token").unwrap());
    let redeemed = party.try_redeem(&provider, code, &begun.verifier).await.json();
    assert_eq!(userinfo(&provider, token).await.0, 200);
    let account = provider.cli(&["session", "list"]).await[0]["id"].as_str().unwrap().to_owned();
    provider.cli(&["session", "end", &account]).await;
    assert_eq!(userinfo(&provider, token).await.0, 401, "the token of the front channel");
    assert_eq!(userinfo(&provider, redeemed["access_token"].as_str().unwrap()).await.0, 401, "that of the code");
    let heard = party.hears(1, std::time::Duration::from_secs(10)).await;
    assert_eq!(heard.len(), 1, "one stay, one notice");
}

#[tokio::test]
async fn a_replayed_code_of_a_hybrid_answer_takes_its_tokens_with_it() {
    let provider = with_ada(plan()).await;
    let party = party(&provider).await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let begun = party.begin(&provider).with("response_type", "code token");
    let answer = fields(&browser.open(&begun.url()).await, "fragment");
    let code = get(&answer, "code").unwrap();
    let first = party.try_redeem(&provider, code, &begun.verifier).await.json();
    assert_eq!(party.try_redeem(&provider, code, &begun.verifier).await.json()["error"], "invalid_grant");
    assert_eq!(userinfo(&provider, first["access_token"].as_str().unwrap()).await.0, 401);
}

#[tokio::test]
async fn errors_travel_as_the_answer_would() {
    let provider = with_ada(plan()).await;
    let party = party(&provider).await;
    let mut browser = Browser::new(&provider);
    for (kind, mode) in [("id_token", "fragment"), ("code token", "fragment"), ("code", "query"), ("none", "query")] {
        let begun = party.begin(&provider).with("response_type", kind).with("prompt", "none");
        let answer = fields(&browser.open(&begun.url()).await, mode);
        assert_eq!(get(&answer, "error"), Some("login_required"), "{kind}");
        let posted = begun.with("response_mode", "form_post");
        let answer = fields(&browser.open(&posted.url()).await, "form_post");
        assert_eq!(get(&answer, "error"), Some("login_required"), "{kind}");
        assert_eq!(get(&answer, "state"), Some(posted.state.as_str()));
    }
    // A nonce is what binds the ID Token to this browser's request.
    let begun = party.begin(&provider).with("response_type", "code id_token").without("nonce");
    let answer = fields(&browser.open(&begun.url()).await, "fragment");
    assert_eq!(get(&answer, "error"), Some("invalid_request"));
    // An ordinary client gets none of it.
    let plain = RelyingParty::first_party(&provider, "Plain").await;
    let begun = plain.begin(&provider).with("response_type", "id_token");
    let answer = fields(&browser.open(&begun.url()).await, "fragment");
    assert_eq!(get(&answer, "error"), Some("unauthorized_client"));
}
