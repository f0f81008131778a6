//! Clients that register, look at what they registered, and go.

use serde_json::json;

use super::checks;
use super::examiner::{Examiner, KINDS, registration};

/// 2.0 registration: a client for each response type and each method, what it is told, and the DELETE with which every
/// module ends; item 2.
#[tokio::test]
async fn a_client_that_comes_looks_and_goes() {
    let examiner = Examiner::shared().await;
    for kind in KINDS {
        for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"] {
            let mut metadata = registration(kind);
            metadata["token_endpoint_auth_method"] = json!(method);
            let client = examiner.register(&metadata).await;
            assert_eq!(client.secret.is_empty(), matches!(method, "private_key_jwt" | "none"), "{method}");
            let seen = examiner.manages(&client, "GET").await;
            assert_eq!((seen.status, seen.header("content-type")), (200, Some("application/json")), "{}", seen.body);
            checks::echoes(&metadata, &seen.json());
            assert_eq!(seen.json()["client_id"], json!(client.id));
            let gone = examiner.manages(&client, "DELETE").await;
            assert_eq!((gone.status, gone.body.as_str()), (204, ""));
            assert_eq!(examiner.manages(&client, "GET").await.status, 401, "RFC 7592 §2.3: its token has ended");
        }
    }
}

/// oidcc-3rd_party-init-login: echoed in the answer, and when it is read again; item 2, item 19.
#[tokio::test]
async fn an_address_to_begin_a_sign_in_at() {
    let examiner = Examiner::shared().await;
    let uri = "https://suite.test/test/a/ostiary/initiate_login";
    for kind in KINDS {
        let mut metadata = registration(kind);
        metadata["initiate_login_uri"] = json!(uri);
        let client = examiner.register(&metadata).await;
        assert_eq!(client.information["initiate_login_uri"], uri);
        let seen = examiner.manages(&client, "GET").await;
        assert_eq!((seen.status, &seen.json()["initiate_login_uri"]), (200, &json!(uri)));
    }
}

/// oidcc-3rd_party-init-login-nohttps: item 19.
#[tokio::test]
async fn an_address_to_begin_a_sign_in_at_over_http() {
    let examiner = Examiner::shared().await;
    let mut metadata = registration("code");
    metadata["initiate_login_uri"] = json!("http://suite.test/test/a/ostiary/initiate_login");
    assert_eq!(checks::not_registered(&examiner.proposes(&metadata).await), "invalid_client_metadata");
}
