//! Which scripts may read what: the Fetch standard's CORS, for the registered origins of public clients alone.

use serde_json::json;
use testkit::http::{Answer, Question};
use testkit::{Provider, eventually};

use super::plan;

const SPA: &str = "https://spa.example";

/// Readable from the origins of public clients.
const OPEN: &[(&str, &str)] = &[
    ("/.well-known/openid-configuration", "GET"),
    ("/.well-known/oauth-authorization-server", "GET"),
    ("/jwks", "GET"),
    ("/token", "POST"),
    ("/userinfo", "GET, POST"),
    ("/revoke", "POST"),
];

/// Readable from none.
const CLOSED: &[&str] =
    &["/introspect", "/authorize", "/login", "/consent", "/end_session", "/logout", "/account", "/", "/health"];

/// Origins that are not the public client's, however much they look like it.
const OTHERS: &[&str] = &[
    "https://web.example",
    "https://evil.example",
    "null",
    "*",
    "http://spa.example",
    "https://spa.example:8443",
    "https://spa.example.evil.example",
    "https://sub.spa.example",
    "https://evilspa.example",
    "HTTPS://SPA.EXAMPLE",
    "https://spa.example/",
    "https://spa.example https://evil.example",
    "https://spa.example\u{e9}",
];

async fn provider() -> Provider {
    let provider = plan().start().await;
    for (id, method) in [("spa", "none"), ("web", "client_secret_post")] {
        let metadata = json!({
            "client_name": id, "redirect_uris": [format!("https://{id}.example/cb")],
            "token_endpoint_auth_method": method, "grant_types": ["authorization_code", "refresh_token"],
        });
        provider.client(&metadata, &["--client-id", id]).await;
    }
    eventually("the origin is known", std::time::Duration::from_secs(5), async || {
        let answer = provider.ask(Question::get(&provider.url("/jwks")).header("origin", SPA)).await;
        answer.header("access-control-allow-origin").is_some().then_some(())
    })
    .await;
    provider
}

/// A preflight, and what is asked after it; an error of the protocol is as good as a success here.
async fn both(provider: &Provider, path: &str, method: &str, origin: &str) -> [Answer; 2] {
    let url = provider.url(path);
    let method = method.split(',').next().unwrap();
    let preflight = Question { method: "OPTIONS", ..Question::get(&url) };
    let preflight = preflight.header("access-control-request-method", method);
    let preflight = preflight.header("access-control-request-headers", "authorization,content-type");
    let real = match method {
        "GET" => Question::get(&url),
        _ => Question::post(&url, &[("client_id", "spa"), ("token", "x")]),
    };
    [provider.ask(preflight.header("origin", origin)).await, provider.ask(real.header("origin", origin)).await]
}

fn is_closed(answer: &Answer, what: &str) {
    for (name, _) in &answer.headers {
        assert!(!name.as_str().starts_with("access-control-"), "{what}: {name}");
    }
}

#[tokio::test]
async fn a_public_clients_origin_reads_what_it_needs_and_no_other_does() {
    let provider = provider().await;
    for (path, methods) in OPEN {
        let [preflight, real] = both(&provider, path, methods, SPA).await;
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.header("access-control-allow-methods"), Some(*methods), "{path}");
        let allowed = preflight.header("access-control-allow-headers").unwrap();
        assert!(allowed.contains("authorization") && allowed.contains("content-type"), "{path}: {allowed}");
        assert!(real.status != 404 && real.status != 405 && real.status < 500, "{path}: {}", real.status);
        for answer in [&preflight, &real] {
            assert_eq!(answer.header("access-control-allow-origin"), Some(SPA), "{path}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}: never with cookies");
            assert_eq!(answer.headers.get_all("access-control-allow-origin").iter().count(), 1, "{path}");
        }
        assert!(real.header("access-control-expose-headers").unwrap().contains("www-authenticate"), "{path}");
        for origin in OTHERS {
            for answer in both(&provider, path, methods, origin).await {
                is_closed(&answer, &format!("{path} from {origin}"));
                assert!(
                    answer.header("vary").unwrap().eq_ignore_ascii_case("origin"),
                    "{path}: a cache must tell them apart"
                );
            }
        }
        let bare = provider.ask(Question { method: "OPTIONS", ..Question::get(&provider.url(path)) }).await;
        is_closed(&bare, path);
    }
    for path in CLOSED {
        for origin in [SPA, "null"] {
            let [preflight, real] = both(&provider, path, "GET", origin).await;
            assert_eq!(preflight.status, 204, "{path}");
            is_closed(&preflight, path);
            is_closed(&real, path);
        }
    }
}

#[tokio::test]
async fn a_client_that_is_disabled_takes_its_origin_with_it() {
    let provider = provider().await;
    provider.cli(&["client", "disable", "spa"]).await;
    eventually("the origin is gone", std::time::Duration::from_secs(5), async || {
        let [preflight, real] = both(&provider, "/token", "POST", SPA).await;
        let gone = [&preflight, &real].iter().all(|answer| answer.header("access-control-allow-origin").is_none());
        gone.then_some(())
    })
    .await;
}
