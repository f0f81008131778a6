//! What a registration endpoint is sent by those who mean no good, and by those who cannot spell.

use serde_json::{Value, json};
use testkit::http::Question;

use super::{asked, open, plain, register};

#[tokio::test]
async fn every_bad_member_is_refused_by_name() {
    let provider = open().await;
    let with = |more: Value| {
        let mut metadata = plain();
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        metadata
    };
    let secret_key = json!({"keys": [{"kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA"}]});
    let private = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}]});
    let many: Vec<String> = (0..1_000).map(|n| format!("https://rp.example/{n}")).collect();
    let (redirect, metadata) = ("invalid_redirect_uri", "invalid_client_metadata");
    for (given, error, names) in [
        (json!({}), redirect, "redirect_uris"),
        (json!({"redirect_uris": []}), redirect, "redirect_uris"),
        (json!({"redirect_uris": "https://rp.example/cb"}), metadata, "redirect_uris"),
        (json!({"redirect_uris": [7]}), metadata, "redirect_uris"),
        (json!({"redirect_uris": ["https://rp.example/cb#fragment"]}), redirect, "fragment"),
        (json!({"redirect_uris": ["http://rp.example/cb"]}), redirect, "http"),
        (json!({"redirect_uris": ["javascript:alert(1)"]}), redirect, "redirect_uris"),
        (json!({"redirect_uris": ["/cb"]}), redirect, "redirect_uris"),
        (json!({"redirect_uris": ["https://user:pass@rp.example/cb"]}), redirect, "redirect_uris"),
        (json!({"redirect_uris": many}), metadata, "redirect_uris"),
        (with(json!({"initiate_login_uri": "http://rp.example/login"})), metadata, "initiate_login_uri"),
        (with(json!({"token_endpoint_auth_method": "magic"})), metadata, "token_endpoint_auth_method"),
        (with(json!({"token_endpoint_auth_method": "private_key_jwt"})), metadata, "jwks"),
        (with(json!({"jwks": secret_key})), metadata, "jwks"),
        (with(json!({"jwks": private})), metadata, "jwks"),
        (with(json!({"jwks": {"keys": []}, "jwks_uri": "https://rp.example/jwks"})), metadata, "jwks"),
        (with(json!({"jwks_uri": "https://127.0.0.1.nip.io:1/jwks", "jwks": {"keys": []}})), metadata, "jwks"),
        (with(json!({"jwks_uri": "http://rp.example/jwks"})), metadata, "jwks_uri"),
        (with(json!({"jwks_uri": "https://10.0.0.1/jwks"})), metadata, "jwks_uri"),
        (with(json!({"jwks_uri": "https://169.254.169.254/latest"})), metadata, "jwks_uri"),
        (with(json!({"logo_uri": "https://192.168.0.1/logo.png"})), metadata, "logo_uri"),
        (with(json!({"backchannel_logout_uri": "https://[fd00::1]/out"})), metadata, "backchannel_logout_uri"),
        (with(json!({"backchannel_logout_uri": "http://rp.example/out"})), metadata, "backchannel_logout_uri"),
        (with(json!({"request_uris": ["https://172.16.0.1/r"]})), metadata, "request_uris"),
        (with(json!({"token_endpoint_auth_method": "none", "id_token_signed_response_alg": "HS256"})), metadata, "HS"),
        (with(json!({"id_token_signed_response_alg": "none"})), metadata, "id_token_signed_response_alg"),
        (with(json!({"response_types": ["id_token"], "grant_types": ["authorization_code"]})), metadata, "grant_types"),
        (with(json!({"grant_types": ["password"]})), metadata, "grant_types"),
        (with(json!({"client_id": "mine"})), metadata, "client_id"),
        (with(json!({"client_secret": "mine"})), metadata, "client_secret"),
        (with(json!({"tls_client_auth_subject_dn": "CN=rp"})), metadata, "tls_client_auth_subject_dn"),
        (with(json!({"scope": 7})), metadata, "scope"),
        (with(json!({"client_name": "a\u{0}b"})), metadata, "client_name"),
    ] {
        let answer = register(&provider, &given).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{given}: {}", answer.body);
        let said = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(said.contains(names), "{given}: {said}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(provider.cli(&["registration", "show"]).await["registered_clients"], 0);
}

/// RFC 7591 §2: a server MUST ignore what it does not understand; and says so by not echoing it.
#[tokio::test]
async fn what_nobody_knows_is_ignored_and_not_echoed() {
    let provider = open().await;
    let metadata = json!({
        "redirect_uris": ["https://rp.example/cb"], "http://example.com/flavour": "vanilla", "client_nam": "Shop",
        "scope#de": "openid", "client_name#de": "Laden", "request_uris": [],
    });
    let answer = register(&provider, &metadata).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let told = answer.json();
    for ignored in ["http://example.com/flavour", "client_nam", "scope#de"] {
        assert!(told.get(ignored).is_none(), "{ignored}");
    }
    assert_eq!(told["client_name#de"], "Laden");
}

#[tokio::test]
async fn what_is_no_json_object_is_refused() {
    let provider = open().await;
    let deep =
        format!("{{\"redirect_uris\":[\"https://rp.example/cb\"],\"x\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let good = plain().to_string();
    let bodies: [&[u8]; 11] = [
        b"",
        b"null",
        b"[]",
        b"[{\"redirect_uris\":[\"https://rp.example/cb\"]}]",
        b"redirect_uris=https://rp.example/cb",
        b"{\"redirect_uris\":[\"https://rp.example/cb\"]",
        b"{\"redirect_uris\":[\"https://rp.example/cb\"],\"redirect_uris\":[\"https://evil.example/cb\"]}",
        b"{\"redirect_uris\":[\"https://rp.example/cb\"],\"jwks\":{\"keys\":[],\"keys\":[]}}",
        b"{\"redirect_uris\":[\"https://rp.example/\xff\"]}",
        b"{\"client_name\":\"\\ud800\",\"redirect_uris\":[\"https://rp.example/cb\"]}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let mut question = asked(&provider, "", None);
        question.body = body.to_vec();
        let answer = provider.ask(question).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(100)]).into_owned();
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_request")), "{shown}");
    }
    for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("application/jwt")] {
        let mut question = asked(&provider, &good, None);
        question.headers = kind.map(|kind| ("content-type".to_owned(), kind.to_owned())).into_iter().collect();
        assert_eq!(provider.ask(question).await.status, 400, "{kind:?}");
    }
    let charset = Question {
        headers: vec![("content-type".into(), "Application/JSON; charset=utf-8".into())],
        ..asked(&provider, &good, None)
    };
    assert_eq!(provider.ask(charset).await.status, 201);
    let ten_thousand: Vec<String> = (0..10_000).map(|n| format!("https://rp.example/{n}")).collect();
    let huge = register(&provider, &json!({"redirect_uris": ten_thousand})).await;
    assert_eq!((huge.status, huge.json()["error"].as_str()), (413, Some("invalid_request")));
    let get = provider.get("/register").await.unwrap();
    assert_eq!((get.status, get.header("allow")), (405, Some("POST, OPTIONS")));
    for authorization in ["Bearer", "Bearer a b", "Bearer \"", "bearer x, Bearer y"] {
        let answer = provider.ask(asked(&provider, &good, None).header("authorization", authorization)).await;
        assert!(matches!(answer.status, 201 | 400 | 401), "{authorization}: {}", answer.status);
    }
    assert!(!provider.log().contains("ERROR"), "{}", provider.log());
}

/// OpenID Connect Registration §3 and §4: a script in a browser may register itself; nothing there looks at cookies.
#[tokio::test]
async fn scripts_of_any_origin_may_register() {
    let provider = open().await;
    for (path, methods) in [("/register", "POST"), ("/register/nobody", "GET, PUT, DELETE")] {
        let preflight = Question { method: "OPTIONS", ..Question::get(&provider.url(path)) };
        let answer = provider.ask(preflight.header("origin", "https://spa.example")).await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-methods"), Some(methods), "{path}");
        assert!(answer.header("access-control-allow-headers").unwrap().contains("content-type"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
    }
    let real = provider.ask(asked(&provider, &plain().to_string(), None).header("origin", "https://spa.example")).await;
    assert_eq!((real.status, real.header("access-control-allow-origin")), (201, Some("*")));
}
