//! WebFinger: RFC 7033, OpenID Connect Discovery §2.

use serde_json::json;
use testkit::Provider;
use testkit::http::{Answer, Question, encode};

use super::{ADA, plan, with_ada};

const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

async fn found(provider: &Provider, fields: &[(&str, &str)]) -> Answer {
    provider.get(&format!("/.well-known/webfinger?{}", encode(fields))).await.unwrap()
}

#[tokio::test]
async fn whoever_has_an_address_at_a_host_of_ours_finds_the_issuer() {
    let provider = with_ada(plan().set("webfinger.hosts = [\"Example.com\", \"example.org:8443\"]")).await;
    let site = format!("https://localhost:{}/{}", provider.port(), ADA.0);
    for resource in
        ["acct:ada@localhost", &site, "acct:ada@example.com", "https://example.com/ada", "https://example.org:8443"]
    {
        let answer = found(&provider, &[("resource", resource), ("rel", ISSUER)]).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jrd+json")), "{resource}");
        let links = json!([{"rel": ISSUER, "href": provider.issuer()}]);
        assert_eq!(answer.json(), json!({"subject": resource, "links": links}));
    }
    for resource in [
        "acct:ada@elsewhere.example",
        "https://localhost/ada",
        "https://example.org/",
        "mailto:ada@localhost",
        "acct:ada@a.example.com",
    ] {
        assert_eq!(found(&provider, &[("resource", resource), ("rel", ISSUER)]).await.status, 404, "{resource}");
    }
    for fields in [
        &[("rel", ISSUER)][..],
        &[("resource", "")],
        &[("resource", "ada@localhost")],
        &[("resource", "acct:ada@localhost"), ("resource", "acct:bob@localhost")],
    ] {
        let answer = found(&provider, fields).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request")), "{fields:?}");
    }
    // A plus sign is one (RFC 7033 §4.1), whether it is encoded or not.
    for written in ["acct:ada+news@localhost", "acct%3Aada%2Bnews%40localhost"] {
        let answer = provider.get(&format!("/.well-known/webfinger?resource={written}")).await.unwrap();
        assert_eq!(answer.json()["subject"], "acct:ada+news@localhost", "{}", answer.body);
    }
}

/// Whether there is such a person is nobody's business here.
#[tokio::test]
async fn it_does_not_say_who_is_there() {
    let provider = with_ada(plan()).await;
    let plain = |answer: Answer, name: &str| {
        let mut headers: Vec<String> = answer.headers.iter().map(|header| format!("{header:?}")).collect();
        headers.retain(|line| !line.starts_with("(\"date\"") && !line.contains("content-length"));
        (answer.status, headers, answer.body.replace(name, "NAME"))
    };
    let ada = plain(found(&provider, &[("resource", "acct:ada@localhost")]).await, "ada");
    let nobody = plain(found(&provider, &[("resource", "acct:nobody-at-all@localhost")]).await, "nobody-at-all");
    assert_eq!(ada, nobody);
    assert_eq!(ada.0, 200);
}

/// RFC 7033 §5: scripts of anybody may ask.
#[tokio::test]
async fn scripts_from_everywhere_may_read_it() {
    let provider = plan().start().await;
    for (path, status) in [("?resource=acct:a@localhost", 200), ("?resource=acct:a@b.example", 404), ("", 400)] {
        let question = Question::get(&provider.url(&format!("/.well-known/webfinger{path}")));
        let answer = provider.ask(question.header("origin", "https://anybody.example")).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some("*")), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
    assert_eq!(provider.post("/.well-known/webfinger", &[]).await.status, 405);
}

/// RFC 7033 §4: it has one place on a host, whatever the path of the issuer.
#[tokio::test]
async fn an_issuer_with_a_path_is_found_at_the_root_of_its_host() {
    let provider = plan().path("/tenant").start().await;
    let origin = testkit::http::read(provider.issuer()).origin().ascii_serialization();
    for place in [origin.as_str(), provider.issuer()] {
        let url = format!("{place}/.well-known/webfinger?resource=acct:ada@localhost&rel={ISSUER}");
        let answer = provider.ask(Question::get(&url)).await;
        assert_eq!(answer.json()["links"][0]["href"], provider.issuer(), "{url}: {}", answer.body);
    }
}

/// Discovery §3: links for whoever registers clients, where the operator has some.
#[tokio::test]
async fn the_metadata_has_the_operator_s_links() {
    let names = ["service_documentation", "op_policy_uri", "op_tos_uri"];
    let bare = plan().start().await.get("/.well-known/openid-configuration").await.unwrap().json();
    assert!(names.iter().all(|name| bare.get(name).is_none()), "{bare}");
    let plan =
        names.iter().fold(plan(), |plan, name| plan.set(&format!("links.{name} = \"https://op.example/{name}\"")));
    let said = plan.start().await.get("/.well-known/openid-configuration").await.unwrap().json();
    for name in names {
        assert_eq!(said[name], format!("https://op.example/{name}"));
    }
}
