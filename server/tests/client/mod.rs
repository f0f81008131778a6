//! Clients as operators change them beside a running server.

mod shown;

use std::time::Duration;

use serde_json::json;
use testkit::http::Question;
use testkit::{Browser, RelyingParty, eventually};

use crate::ground::{plan, with_ada};

/// A node keeps parsed clients at hand and looks for changes once a second. A client that was changed meanwhile is still
/// the client it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_was_changed_a_moment_ago_is_still_known() {
    let provider = plan().start().await;
    let metadata = json!({"client_name": "Export", "grant_types": ["client_credentials"], "scope": "read"});
    let added = provider.client(&metadata, &["--client-id", "export"]).await;
    let secret = added["client_secret"].as_str().unwrap();
    let ask = async || {
        let question = Question::post(&provider.url("/token"), &[("grant_type", "client_credentials")]);
        provider.ask(question.basic("export", secret)).await.status
    };
    assert_eq!(ask().await, 200);
    let file = provider.file("export.json", &metadata.to_string());
    for _ in 0..3 {
        provider.cli(&["client", "update", "export", &file]).await;
        assert_eq!(ask().await, 200);
    }
    provider.cli(&["client", "disable", "export"]).await;
    assert_eq!(ask().await, 401);
    // Introspection writes nothing, and trusts what is at hand no longer.
    let known = async || {
        let question = Question::post(&provider.url("/introspect"), &[("token", "x")]);
        provider.ask(question.basic("export", secret)).await.status
    };
    for _ in 0..3 {
        provider.cli(&["client", "enable", "export"]).await;
        // What is at hand says still that it is disabled: that errs on the safe side.
        eventually("it is enabled", Duration::from_secs(10), async || (known().await == 200).then_some(())).await;
        provider.cli(&["client", "disable", "export"]).await;
        assert_eq!(known().await, 401);
    }
}

/// RFC 6749 §4.1.2.1: an error about the client or its address is for the person alone.
#[tokio::test]
async fn an_address_that_is_not_registered_letter_by_letter_is_never_gone_to() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider);
    let back = party.redirect_uri();
    let host = back.trim_start_matches("http://").trim_end_matches("/callback").to_owned();
    let wrong = [
        "https://evil.example/callback".to_owned(),
        format!("{back}/"),
        format!("{back}/../callback"),
        format!("{back}?x=1"),
        format!("{back}#x"),
        format!("{back}%2e"),
        back.replace("callback", "Callback"),
        back.replace("callback", "%63allback"),
        back.replace("http:", "https:"),
        back.replace("http:", "HTTP:"),
        back.replace("127.0.0.1", "localhost"),
        format!("http://{host}@evil.example/callback"),
        format!("http://evil.example\\@{host}/callback"),
        format!("http://{host}.evil.example/callback"),
        format!("http://user@{host}/callback"),
        format!(" {back}"),
        format!("{back}\n"),
        "//evil.example/callback".to_owned(),
        "/callback".to_owned(),
        "javascript:alert(1)".to_owned(),
        "data:text/html,<script>alert(1)</script>".to_owned(),
    ];
    for uri in &wrong {
        for begun in [begun.clone(), begun.clone().with("prompt", "none"), begun.clone().with("scope", "nothing")] {
            let page = browser.open(&begun.with("redirect_uri", uri).url()).await;
            assert_eq!((page.answer.status, page.way.len()), (400, 1), "{uri} was gone to: {:?}", page.way);
            assert!(!page.answer.headers.contains_key("location"), "{uri}");
            assert!(!page.answer.body.contains("evil.example") && !page.answer.body.contains("<script"), "{uri}");
        }
    }
    let twice = format!("{}&redirect_uri=https://evil.example/", begun.url());
    assert_eq!(browser.open(&twice).await.answer.status, 400);
    let none = browser.open(&begun.clone().without("redirect_uri").url()).await;
    assert_eq!((none.answer.status, none.way.len()), (400, 1), "Core §3.1.2.1 wants it with openid");
    for id in ["", "nobody", "<script>", "' OR 1=1 --", "\u{0}", &"x".repeat(300), &"x".repeat(20_000), "é\u{202e}"] {
        let page = browser.open(&begun.clone().with("client_id", id).url()).await;
        assert!(matches!(page.answer.status, 400 | 414 | 431), "{}: {}", page.answer.status, page.answer.body);
        assert_eq!(page.way.len(), 1);
        assert!(!page.answer.body.contains("<script"), "{}", page.answer.body);
        let form = [("grant_type", "client_credentials"), ("client_id", id)];
        let answer = provider.post("/token", &form).await;
        let error = if id == "\u{0}" { "invalid_request" } else { "invalid_client" };
        assert_eq!(answer.json()["error"], error, "{}", answer.body);
    }
    assert!(!provider.log().contains("ERROR"), "{}", provider.log());
}
