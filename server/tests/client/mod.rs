//! Clients as operators change them beside a running server.

use serde_json::json;
use testkit::http::Question;

use crate::ground::plan;

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
}
