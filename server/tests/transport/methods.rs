//! Every route of `docs/routes.txt` with every method, and what every answer bears.

use testkit::http::{Answer, Question};
use testkit::{Provider, RelyingParty, eventually};

use super::super::ground::plan;

const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"];

/// Path and methods of each route.
fn routes() -> Vec<(String, Vec<&'static str>)> {
    let list = include_str!("../../../docs/routes.txt");
    list.lines()
        .map(|line| {
            let mut words = line.split_whitespace();
            let methods = words.next().unwrap().split('|').collect();
            (words.next().unwrap().replace("{file}", "nothing.css").replace("{client_id}", "nobody"), methods)
        })
        .collect()
}

fn question(provider: &Provider, method: &'static str, path: &str) -> Question {
    let mut question = Question::get(&provider.url(path));
    question.method = method;
    question
}

/// What protects whoever gets an answer, whatever it is.
fn is_protected(answer: &Answer, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("strict-transport-security", "max-age=31536000"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{what}: {name}");
    }
    let policy = answer.header("content-security-policy").unwrap_or_default();
    // One page is for everybody's frames (Session Management §3.2).
    let framed = what.contains(" /check_session: 200");
    let ancestors = if framed && answer.status == 200 { "frame-ancestors *" } else { "frame-ancestors 'none'" };
    assert!(policy.contains("default-src 'none'") && policy.contains(ancestors), "{what}: {policy}");
    assert!(answer.header("cache-control").is_some(), "{what}");
    if !(200..300).contains(&answer.status) {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_there_is_405_with_those_that_are() {
    let provider = plan().https("https://op.test").start().await;
    let routes = routes();
    assert!(routes.len() > 20, "{routes:?}");
    for (path, methods) in &routes {
        let mut allowed: Vec<&str> = methods.clone();
        if methods.contains(&"GET") {
            allowed.push("HEAD");
        }
        allowed.push("OPTIONS");
        for method in METHODS.iter().copied() {
            let answer = provider.ask(question(&provider, method, path)).await;
            let what = format!("{method} {path}: {}", answer.status);
            is_protected(&answer, &what);
            assert_eq!(answer.status == 405, !allowed.contains(&method), "{what}");
            if matches!(method, "HEAD" | "OPTIONS") {
                assert_eq!(answer.body, "", "{what}");
            }
            if answer.status == 405 || method == "OPTIONS" {
                let mut said: Vec<&str> = answer.header("allow").unwrap_or_default().split(", ").collect();
                let mut wanted = allowed.clone();
                said.sort_unstable();
                wanted.sort_unstable();
                assert_eq!(said, wanted, "{what}");
            }
            if method == "OPTIONS" {
                assert_eq!(answer.status, 204, "{what}");
            }
            if method == "HEAD" && methods.contains(&"GET") {
                let whole = provider.ask(question(&provider, "GET", path)).await;
                assert_eq!(
                    (whole.status, whole.header("content-type")),
                    (answer.status, answer.header("content-type"))
                );
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_there_or_too_long_is_refused_in_its_channel() {
    let provider = plan().https("https://op.test").start().await;
    for path in ["/nothing", "/authorize/", "/AUTHORIZE", "//authorize", "/.well-known/", "/assets/", "/assets/a/b"] {
        for method in METHODS.iter().copied() {
            let answer = provider.ask(question(&provider, method, path)).await;
            assert_eq!(answer.status, 404, "{method} {path}");
            is_protected(&answer, path);
        }
    }
    let long = "x".repeat(17 * 1024);
    for (path, is_json) in [("/authorize", false), ("/end_session", false), ("/userinfo", true), ("/health", false)] {
        let answer = provider.get(&format!("{path}?state={long}")).await.unwrap();
        assert_eq!(answer.status, 414, "{path}");
        is_protected(&answer, path);
        match is_json {
            true => assert_eq!(answer.json()["error"], "invalid_request", "{path}"),
            false => assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{path}"),
        }
        let most = provider.get(&format!("{path}?state={}", &long[..16_000])).await.unwrap();
        assert_ne!(most.status, 414, "{path}");
    }
    for (path, is_json) in [("/login", false), ("/token", true), ("/userinfo", true)] {
        let answer = provider.post(path, &[("a", &"x".repeat(70_000))]).await;
        assert_eq!(answer.status, 413, "{path}");
        is_protected(&answer, path);
        if is_json {
            assert_eq!(answer.json()["error"], "invalid_request", "{path}");
        }
    }
}

#[tokio::test]
async fn scripts_of_public_clients_may_ask_and_no_others() {
    let provider = plan().https("https://op.test").start().await;
    let mut party = RelyingParty::open().await;
    let metadata = serde_json::json!({
        "client_name": "Page", "redirect_uris": [party.redirect_uri()], "token_endpoint_auth_method": "none",
    });
    party.register(&provider, &metadata, &[]).await;
    let own = party.origin();
    // A node looks for changed clients once a second.
    eventually("its origin is known", std::time::Duration::from_secs(5), async || {
        let answer = provider.ask(question(&provider, "OPTIONS", "/token").header("origin", &own)).await;
        answer.header("access-control-allow-origin").map(|_| ())
    })
    .await;
    for (path, methods) in routes() {
        // Registration and WebFinger are open to any origin; their own walks say how.
        if path.starts_with("/register") || path.ends_with("/webfinger") {
            continue;
        }
        let open = matches!(path.as_str(), "/token" | "/par" | "/userinfo" | "/jwks" | "/revoke")
            || path.contains("well-known");
        for (origin, is_own) in [(own.as_str(), true), ("https://evil.example", false), ("null", false)] {
            for method in ["OPTIONS", methods[0]] {
                let asked = question(&provider, method, &path).header("origin", origin);
                let answer = provider.ask(asked.header("access-control-request-method", "POST")).await;
                let what = format!("{method} {path} from {origin}");
                let wanted = (open && is_own).then_some(origin);
                assert_eq!(answer.header("access-control-allow-origin"), wanted, "{what}");
                assert_eq!(answer.headers.get_all("vary").iter().count(), usize::from(open), "{what}");
                assert_eq!(answer.header("access-control-allow-credentials"), None, "{what}");
                let listed = answer.header("access-control-allow-methods").is_some();
                assert_eq!(listed, open && is_own && method == "OPTIONS", "{what}");
            }
        }
    }
}
