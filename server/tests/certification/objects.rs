//! Request objects, by value and by reference, signed and not (Core §6; item 8).

use serde_json::{Map, Value, json};
use testkit::RelyingParty;
use testkit::http::encode;

use super::examiner::{Asked, Client, Examiner, ISSUER, Variant, own_key, registration, signed};

/// What must stand outside as well, says Core §6.1.
const OUTSIDE: &[&str] = &["response_type", "client_id", "scope", "redirect_uri"];

/// All parameters as claims.
fn claims(asked: &Asked) -> Map<String, Value> {
    asked.parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect()
}

fn unsigned(asked: &Asked) -> String {
    let claims = Value::Object(claims(asked)).to_string();
    format!("{}.{}.", jose::base64url(br#"{"alg":"none"}"#), jose::base64url(claims))
}

/// The address with the object, and outside it only what must be there.
fn carrying(examiner: &Examiner, asked: &Asked, (name, value): (&str, &str)) -> String {
    let mut outside: Vec<(&str, &str)> = OUTSIDE.iter().filter_map(|name| Some((*name, asked.get(name)?))).collect();
    outside.push((name, value));
    format!("{}?{}", examiner.metadata["authorization_endpoint"].as_str().unwrap(), encode(&outside))
}

fn offers(examiner: &Examiner, alg: &str) -> bool {
    examiner.metadata["request_object_signing_alg_values_supported"].as_array().unwrap().contains(&json!(alg))
}

/// oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported: `none` is listed, so it is honoured from a
/// client that registered nothing of the kind; state and nonce stand only inside; item 8.
#[tokio::test]
async fn unsigned_by_value() {
    let examiner = Examiner::shared().await;
    assert!(offers(&examiner, "none") && examiner.metadata["request_parameter_supported"] == true);
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let asked = examiner.ask(variant);
        let url = carrying(&examiner, &asked, ("request", &unsigned(&asked)));
        let page = browser.open_from_elsewhere(&url).await;
        let walked = examiner.through(&mut browser, page).await;
        examiner.concludes(&asked, walked).await;
    }
}

/// oidcc-ensure-request-object-with-redirect-uri: the address inside wins over a bad one outside; item 8.
#[tokio::test]
async fn the_address_inside_wins() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let asked = examiner.ask(variant);
        let object = unsigned(&asked);
        let outside = asked.clone().with("redirect_uri", "https://suite.test/invalid/callback");
        let page = browser.open_from_elsewhere(&carrying(&examiner, &outside, ("request", &object))).await;
        let walked = examiner.through(&mut browser, page).await;
        examiner.concludes(&asked, walked).await;
    }
}

/// A client with objects behind an address, which it registers with a fragment that is no hash of anything.
async fn referring(examiner: &Examiner, party: &RelyingParty, more: &Value) -> (Client, String) {
    let uri = format!("{}#aWFtbm90YWhhc2g", party.url("/request/of-the-examiner.jwt"));
    let mut metadata = registration("code");
    metadata["response_types"] = json!(super::examiner::KINDS);
    metadata["grant_types"] = json!(["authorization_code", "implicit"]);
    metadata["request_uris"] = json!([uri]);
    metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    (examiner.register(&metadata).await, uri)
}

/// oidcc-request-uri-unsigned, oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported: fetched without the
/// fragment, which must be that of the registration; item 8.
#[tokio::test]
async fn unsigned_by_reference() {
    let examiner = Examiner::shared().await;
    assert!(offers(&examiner, "none") && examiner.metadata["request_uri_parameter_supported"] == true);
    let party = RelyingParty::open().await;
    let (client, uri) = referring(&examiner, &party, &json!({})).await;
    let mut browser = examiner.browser();
    for (at, variant) in Variant::all().enumerate() {
        let asked = examiner.ask_as(&client, variant);
        party.serves("/request/of-the-examiner.jwt", unsigned(&asked));
        let page = browser.open_from_elsewhere(&carrying(&examiner, &asked, ("request_uri", &uri))).await;
        let walked = examiner.through(&mut browser, page).await;
        examiner.concludes(&asked, walked).await;
        assert_eq!(party.asked("/request/of-the-examiner.jwt"), at + 1);
    }
}

/// oidcc-request-uri-signed-rs256: RS256 is listed; the key has no `kid`, and neither has the header; item 3, item 8.
#[tokio::test]
async fn signed_by_reference() {
    let examiner = Examiner::shared().await;
    assert!(offers(&examiner, "RS256"));
    let party = RelyingParty::open().await;
    let (client, uri) = referring(&examiner, &party, &json!({ "request_object_signing_alg": "RS256" })).await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let asked = examiner.ask_as(&client, variant);
        let mut claims = claims(&asked);
        claims.insert("iss".to_owned(), json!(client.id));
        claims.insert("aud".to_owned(), json!(ISSUER));
        let object = signed(own_key(), &json!({ "alg": "RS256" }), &Value::Object(claims));
        party.serves("/request/of-the-examiner.jwt", object);
        let page = browser.open_from_elsewhere(&carrying(&examiner, &asked, ("request_uri", &uri))).await;
        let walked = examiner.through(&mut browser, page).await;
        examiner.concludes(&asked, walked).await;
    }
}
