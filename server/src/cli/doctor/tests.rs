//! How a request arrived, judged.

use super::*;

fn judged(trusted: &str, arrived: &Value) -> (bool, String) {
    let trusted: Vec<IpNet> = trusted.split(' ').filter(|t| !t.is_empty()).map(|t| t.parse().unwrap()).collect();
    let arrived: Arrived = serde_json::from_value(arrived.clone()).unwrap();
    let finding = judge_arrival(&arrived, &trusted, &Issuer::read("https://login.example.org").unwrap());
    (finding.good, finding.what)
}

#[test]
fn a_proxy_that_nobody_trusts_is_named() {
    let headers = ["x-forwarded-for"];
    let arrived = json!({"address": "10.0.0.1", "scheme": "http", "forwarded": headers, "believed": false});
    let (good, what) = judged("", &arrived);
    assert!(!good && what.contains("proxy.trusted = [\"10.0.0.1/32\"]"), "{what}");
}

#[test]
fn a_trusted_proxy_that_says_nothing_is_named() {
    let arrived = json!({"address": "10.0.0.1", "scheme": "http", "forwarded": [], "believed": false});
    let (good, what) = judged("10.0.0.0/8", &arrived);
    assert!(!good && what.contains("X-Forwarded-For"), "{what}");
}

#[test]
fn an_https_issuer_wants_to_hear_https() {
    let headers = ["x-forwarded-for"];
    let arrived = json!({"address": "203.0.113.7", "scheme": "http", "forwarded": headers, "believed": true});
    let (good, what) = judged("10.0.0.0/8", &arrived);
    assert!(!good && what.contains("X-Forwarded-Proto"), "{what}");
}

#[test]
fn a_believed_proxy_and_none_are_both_well() {
    let headers = ["x-forwarded-for", "x-forwarded-proto"];
    let arrived = json!({"address": "203.0.113.7", "scheme": "https", "forwarded": headers, "believed": true});
    assert!(judged("10.0.0.0/8", &arrived).0);
    let arrived = json!({"address": "203.0.113.7", "scheme": "https", "forwarded": [], "believed": false});
    assert!(judged("", &arrived).0);
}
