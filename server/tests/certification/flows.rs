//! Plain flows: response types, methods of authentication, ID Tokens, UserInfo, nonces.

use serde_json::json;
use testkit::http::Question;

use super::checks;
use super::examiner::{Examiner, KINDS, Mode, Variant, registration};

/// oidcc-server: each response type in each mode, with the silent checks 2.0 authorization-response, 2.0 token-response,
/// 2.0 id-token and 2.0 userinfo; item 5, item 16, item 24.
#[tokio::test]
async fn a_plain_flow() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let asked = examiner.ask(variant);
        let outcome = examiner.succeeds(&mut browser, &asked).await;
        assert_eq!(outcome.front.is_some(), variant.carries("id_token"));
        assert_eq!(outcome.userinfo.is_some(), variant.gives_access());
    }
    // Each redirect of ours is one a browser of any age follows as a GET.
    let fresh = examiner.browser().open_from_elsewhere(&examiner.ask(Variant::all().next().unwrap()).url()).await;
    assert_eq!(fresh.url.path(), "/login");
}

/// oidcc-server, oidcc-server-client-secret-post: each method of authentication that discovery lists, with each
/// response type that has a code; item 3 and item 9 (keys and assertions without a `kid`, credentials that are encoded).
#[tokio::test]
async fn every_method_of_authentication() {
    let examiner = Examiner::shared().await;
    let listed = examiner.metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
    let mut browser = examiner.browser();
    for method in ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"] {
        assert!(listed.contains(&json!(method)), "{method} is listed, although basic is the default");
        let mut metadata = registration("code");
        metadata["response_types"] = json!(["code", "code id_token", "code token", "code id_token token"]);
        metadata["grant_types"] = json!(["authorization_code", "implicit"]);
        metadata["token_endpoint_auth_method"] = json!(method);
        let client = examiner.register(&metadata).await;
        for variant in Variant::with_code() {
            let mut asked = examiner.ask_as(&client, variant);
            // A public client must use PKCE (RFC 9700 §2.1.1).
            if method == "none" {
                let verifier = "a verifier of forty three characters or more".replace(' ', "-");
                let challenge = jose::base64url(jose::sha256(verifier.as_bytes()));
                asked = asked.with("code_challenge", &challenge).with("code_challenge_method", "S256");
                asked.verifier = Some(verifier);
            }
            examiner.succeeds(&mut browser, &asked).await;
        }
    }
}

/// oidcc-response-type-missing: an error in the query, whatever the client registered; posted where a form was asked for.
#[tokio::test]
async fn no_response_type() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let asked = examiner.ask(variant).without("response_type");
        assert_eq!(examiner.refuses(&mut browser, &asked).await, "invalid_request", "{variant:?}");
    }
}

/// oidcc-idtoken-signature, oidcc-idtoken-rs256: RS256 with a `kid`, by default and as registered; item 23.
#[tokio::test]
async fn id_tokens_are_signed_with_rs256() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    let mut metadata = registration("code id_token");
    metadata["id_token_signed_response_alg"] = json!("RS256");
    let said = examiner.register(&metadata).await;
    for variant in Variant::all() {
        let mut clients = vec![examiner.client(variant.kind).clone()];
        if variant.kind == "code id_token" {
            clients.push(said.clone());
        }
        for client in clients {
            let outcome = examiner.succeeds(&mut browser, &examiner.ask_as(&client, variant)).await;
            let header = jose::peek(outcome.id_token()).unwrap().unverified().clone();
            assert_eq!(header.alg, "RS256");
            assert!(header.kid.is_some());
        }
    }
}

/// oidcc-idtoken-unsigned: `none` is not offered, so it cannot be registered either, and the examiner skips it.
#[tokio::test]
async fn id_tokens_are_never_unsigned() {
    let examiner = Examiner::shared().await;
    let listed = examiner.metadata["id_token_signing_alg_values_supported"].as_array().unwrap();
    assert!(listed.contains(&json!("RS256")) && !listed.contains(&json!("none")));
    let mut metadata = registration("code");
    metadata["id_token_signed_response_alg"] = json!("none");
    assert_eq!(checks::not_registered(&examiner.proposes(&metadata).await), "invalid_client_metadata");
}

/// oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body; item 10.
#[tokio::test]
async fn userinfo_in_three_ways() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    let url = examiner.metadata["userinfo_endpoint"].as_str().unwrap();
    for variant in Variant::all().filter(|variant| variant.gives_access()) {
        let outcome = examiner.succeeds(&mut browser, &examiner.ask(variant)).await;
        let token = outcome.access_token();
        let bearer = format!("Bearer {token}");
        for question in [
            Question::get(url).header("authorization", &bearer),
            Question::post(url, &[]).header("authorization", &bearer),
            Question::post(url, &[("access_token", token)]),
        ] {
            let said = checks::userinfo(&examiner.provider.ask(question).await);
            assert_eq!(said["sub"], outcome.claims()["sub"]);
        }
    }
}

/// oidcc-userinfo-rs256: a JWT, although JSON is what the examiner says it accepts; with iss and aud, never a nonce; item 10.
#[tokio::test]
async fn userinfo_signed_with_rs256() {
    let examiner = Examiner::shared().await;
    assert!(
        examiner.metadata["userinfo_signing_alg_values_supported"].as_array().unwrap().contains(&json!("RS256")),
        "and listed"
    );
    let mut metadata = registration("code");
    metadata["userinfo_signed_response_alg"] = json!("RS256");
    let client = examiner.register(&metadata).await;
    let mut browser = examiner.browser();
    let asked = examiner.ask_as(&client, Variant { kind: "code", mode: Mode::Default });
    let walked = examiner.walk(&mut browser, &asked).await;
    let code = checks::success(&asked, &walked.page).get("code").unwrap().to_owned();
    let tokens = checks::token_response(&examiner.redeem(&asked, &code).await);
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let question = Question::get(examiner.metadata["userinfo_endpoint"].as_str().unwrap());
    let question = question.header("authorization", &bearer).header("accept", "application/json");
    let answer = examiner.provider.ask(question).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jwt")));
    let verified = jose::verify(&answer.body, &examiner.jwks, &[jose::JwsAlg::Rs256]).unwrap();
    assert!(verified.header().kid.is_some());
    let claims = verified.claims().unwrap();
    assert_eq!(claims["iss"], examiner.metadata["issuer"]);
    assert_eq!(claims["aud"], json!(client.id));
    assert!(!claims.contains_key("nonce"));
    checks::standard_claims(&claims);
}

/// oidcc-ensure-request-without-nonce-succeeds-for-code-flow: `code` and `code token`; the ID Token has none then; item 5.
#[tokio::test]
async fn without_a_nonce_where_nothing_needs_one() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all().filter(|variant| !variant.carries("id_token")) {
        let outcome = examiner.succeeds(&mut browser, &examiner.ask(variant).without("nonce")).await;
        assert!(!outcome.claims().contains_key("nonce"));
    }
}

/// oidcc-ensure-request-without-nonce-fails: wherever an ID Token goes through the browser; item 4, item 5.
#[tokio::test]
async fn without_a_nonce_where_it_binds_the_id_token() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all().filter(|variant| variant.carries("id_token")) {
        let asked = examiner.ask(variant).without("nonce");
        assert_eq!(examiner.refuses(&mut browser, &asked).await, "invalid_request", "{variant:?}");
    }
    assert_eq!(KINDS.len(), 6);
}
