//! Nonces of the server's: RFC 9449 §8, §9.

use serde_json::{Value, json};
use testkit::http::{Answer, Question};
use testkit::{Begun, Browser, RelyingParty};

use super::{Ground, Who, is_refused, proven};
use crate::ground::ADA;

fn nonce(answer: &Answer) -> Value {
    json!({"nonce": answer.header("dpop-nonce").unwrap_or_else(|| panic!("no nonce: {}", answer.body))})
}

/// item 17: a nonce is asked for, at PAR, token and UserInfo, and nothing is spent by asking.
#[tokio::test]
async fn a_nonce_is_asked_for_and_nothing_is_spent_meanwhile() {
    let mut ground = Ground::new().await;
    let provider = &ground.provider;
    let wary =
        RelyingParty::with_policy(provider, "Wary", &json!({"dpop_nonces": "required", "consent": "first-party"}))
            .await;
    let begun = wary.begin(provider);
    let par = provider.url("/par");
    let push = |begun: &Begun, proof: &str| {
        proven(wary.asks(provider, "/par", &begun.clone().without("client_id").pairs()), proof)
    };
    let asked = provider.ask(push(&begun, &ground.key.proof("POST", &par, &json!({})))).await;
    is_refused(&asked, 400, "use_dpop_nonce");
    let answer = provider.ask(push(&begun, &ground.key.proof("POST", &par, &nonce(&asked)))).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("dpop-nonce"), None, "§8.2: that one is good for a while");
    let fields =
        [("client_id", wary.client_id.as_str()), ("request_uri", answer.json()["request_uri"].as_str().unwrap())]
            .map(|(n, v)| (n.to_owned(), v.to_owned()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let mut browser = Browser::new(provider);
    let page = browser.open(&provider.url(&format!("/authorize?{}", testkit::http::encode(&fields)))).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let code = page.parameter("code").unwrap();
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &wary.redirect_uri()),
        ("code_verifier", &begun.verifier),
    ];
    let redeems = |proof: &str| proven(wary.asks(provider, "/token", &redeem), proof);
    for bad in [json!({}), json!({"nonce": "guessed"}), json!({"nonce": "1700000000.guessed"})] {
        let asked = provider.ask(redeems(&ground.token_proof(&bad))).await;
        is_refused(&asked, 400, "use_dpop_nonce");
        assert!(nonce(&asked).is_object() && asked.header("cache-control") == Some("no-store"));
    }
    let asked = provider.ask(redeems(&ground.token_proof(&json!({})))).await;
    let answer = provider.ask(redeems(&ground.token_proof(&nonce(&asked)))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // §9: at a resource the challenge says so.
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let asked = ground.userinfo("DPoP", &token, Some(&ground.userinfo_proof(&token))).await;
    is_refused(&asked, 401, "use_dpop_nonce");
    let challenge = asked.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("DPoP ") && challenge.contains("error=\"use_dpop_nonce\""), "{challenge}");
    let mut changed = nonce(&asked);
    changed["ath"] = json!(jose::base64url(jose::sha256(token.as_bytes())));
    let proof = ground.key.proof("GET", &provider.url("/userinfo"), &changed);
    assert_eq!(ground.userinfo("DPoP", &token, Some(&proof)).await.status, 200);
    // Nobody else is asked for one.
    assert_eq!(ground.bound(Who::Own).await["token_type"], "DPoP");
}

/// A nonce of ours that was made so long ago, as any node could have made it.
fn made_before(provider: &testkit::Provider, seconds: i64) -> Value {
    let config = server::config::Config::load(&provider.dir().join("ostiary.toml"), std::iter::empty()).unwrap();
    let made = (testkit::dpop::now() - seconds).to_string();
    let mac = server::sealing::Sealing::new(&config.secrets).mac("dpop nonce", &made);
    json!({"nonce": format!("{made}.{mac}")})
}

/// RFC 9449 §8.2, §9: where a nonce is soon over the operator's API sends another along, too, whatever it answers.
#[tokio::test]
async fn the_api_sends_another_nonce_along_in_time() {
    let ground = Ground::new().await;
    let provider = &ground.provider;
    let robot = provider.cli(&["api", "add", "robot"]).await;
    let text = |name: &str| robot[name].as_str().unwrap().to_owned();
    let (id, api) = (text("client_id"), text("resource"));
    let policy = provider.file("wary.json", &json!({"targets": [&api], "dpop_nonces": "required"}).to_string());
    let mut metadata = provider.cli(&["client", "show", &id]).await["client"].clone();
    metadata
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !name.starts_with("client_id") && !name.starts_with("client_secret"));
    let metadata = provider.file("robot.json", &metadata.to_string());
    provider.cli(&["client", "update", &id, &metadata, "--policy", &policy]).await;
    let token = testkit::eventually("the new client is let in", std::time::Duration::from_secs(5), async || {
        let fields = [("grant_type", "client_credentials"), ("resource", api.as_str())];
        let question = Question::post(&provider.url("/token"), &fields).basic(&id, &text("client_secret"));
        let answer = provider.ask(proven(question, &ground.token_proof(&made_before(provider, 1)))).await;
        let issued = answer.status == 200 && answer.json()["scope"].as_str().is_some_and(|s| s.contains("ostiary:"));
        issued.then(|| answer.json()["access_token"].as_str().unwrap().to_owned())
    })
    .await;
    let ask = async |path: &str, mut changed: Value| {
        let url = provider.url(path);
        changed["ath"] = json!(jose::base64url(jose::sha256(token.as_bytes())));
        let proof = ground.key.proof("GET", &url, &changed);
        let question = Question::get(&url).header("authorization", &format!("DPoP {token}"));
        provider.ask(proven(question, &proof)).await
    };
    let asked = ask("/api/v1/sessions", json!({})).await;
    is_refused(&asked, 401, "use_dpop_nonce");
    let young = ask("/api/v1/sessions", nonce(&asked)).await;
    assert_eq!((young.status, young.header("dpop-nonce")), (200, None), "{}", young.body);
    for (path, status) in [("/api/v1/sessions", 200), ("/api/v1/notices/nobody", 404)] {
        let old = ask(path, made_before(provider, 150)).await;
        assert_eq!(old.status, status, "{}", old.body);
        assert_eq!(ask(path, nonce(&old)).await.status, status, "the one that came with it is good");
    }
}

/// RFC 9449 §8.1: scripts of a public client's origin may send proofs and read nonces.
#[tokio::test]
async fn scripts_may_send_proofs_and_read_nonces() {
    let ground = Ground::new().await;
    let origin = ground.public.origin();
    for path in ["/token", "/par", "/userinfo"] {
        let url = ground.provider.url(path);
        let mut preflight =
            Question::get(&url).header("origin", &origin).header("access-control-request-headers", "dpop");
        preflight.method = "OPTIONS";
        let answer = ground.provider.ask(preflight).await;
        let allowed = answer.header("access-control-allow-headers").unwrap_or_default().to_ascii_lowercase();
        assert!(allowed.contains("dpop") && allowed.contains("authorization"), "{path}: {allowed}");
        let answer = ground.provider.ask(Question::post(&url, &[]).header("origin", &origin)).await;
        let exposed = answer.header("access-control-expose-headers").unwrap_or_default().to_ascii_lowercase();
        assert!(exposed.contains("dpop-nonce") && exposed.contains("www-authenticate"), "{path}: {exposed}");
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin.as_str()));
    }
}
