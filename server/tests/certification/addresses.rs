//! Redirect URIs that are not the registered ones.

use serde_json::json;

use super::checks;
use super::examiner::{CALLBACK, Examiner, Mode, Variant, registration};

const CODE: Variant = Variant { kind: "code", mode: Mode::Default };
const PHRASE: &str = "redirect_uri";

/// oidcc-ensure-registered-redirect-uri: a longer path is a page of ours, and nobody is sent anywhere; item 4.
#[tokio::test]
async fn an_address_nobody_registered() {
    let examiner = Examiner::shared().await;
    for variant in Variant::all() {
        let asked = examiner.ask(variant).with("redirect_uri", &format!("{CALLBACK}/Unregistered"));
        examiner.shows(&mut examiner.browser(), &asked, PHRASE).await;
    }
}

/// oidcc-ensure-redirect-uri-in-authorization-request: two registered and none sent.
#[tokio::test]
async fn no_address_where_there_are_two() {
    let examiner = Examiner::shared().await;
    let mut metadata = registration("code");
    metadata["redirect_uris"] = json!([CALLBACK, "https://suite.test/another"]);
    let client = examiner.register(&metadata).await;
    let asked = examiner.ask_as(&client, CODE).without("redirect_uri");
    examiner.shows(&mut examiner.browser(), &asked, PHRASE).await;
    // Core §3.1.2.1 wants it with openid, however many there are.
    for variant in Variant::all() {
        let asked = examiner.ask(variant).without("redirect_uri");
        examiner.shows(&mut examiner.browser(), &asked, PHRASE).await;
    }
}

/// oidcc-redirect-uri-query-OK, oidcc-redirect-uri-query-mismatch, oidcc-redirect-uri-query-added: a query is part of the
/// address, and is kept in the answer.
#[tokio::test]
async fn an_address_with_a_query() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for kind in super::examiner::KINDS {
        let mut metadata = registration(kind);
        metadata["redirect_uris"] = json!([format!("{CALLBACK}?dummy1=lorem&dummy2=ipsum")]);
        let client = examiner.register(&metadata).await;
        for mode in [Mode::Default, Mode::FormPost] {
            let asked = examiner.ask_as(&client, Variant { kind, mode });
            examiner.succeeds(&mut browser, &asked).await;
            for query in ["?dummy1=lorem&dummy2=dolor", "?dummy1=lorem", "", "?dummy2=ipsum&dummy1=lorem"] {
                let asked = asked.clone().with("redirect_uri", &format!("{CALLBACK}{query}"));
                examiner.shows(&mut browser, &asked, PHRASE).await;
            }
        }
    }
    let added = examiner.ask(CODE).with("redirect_uri", &format!("{CALLBACK}?dummy1=lorem&dummy2=ipsum"));
    examiner.shows(&mut browser, &added, PHRASE).await;
}

/// oidcc-redirect-uri-regfrag: one with a fragment cannot be registered; item 19.
#[tokio::test]
async fn an_address_with_a_fragment() {
    let examiner = Examiner::shared().await;
    let mut metadata = registration("code");
    metadata["redirect_uris"] = json!([format!("{CALLBACK}#foobar")]);
    assert_eq!(checks::not_registered(&examiner.proposes(&metadata).await), "invalid_redirect_uri");
}
