//! Sectors at the command line and over HTTP: what a client may register, and what people bring along.

use serde_json::{Value, json};
use testkit::http::{Answer, Question, read};
use testkit::{Browser, Provider, RelyingParty};

use super::{Party, provider};
use crate::ground::ADA;

#[tokio::test]
async fn the_document_of_a_sector_is_looked_at_when_a_client_is_registered_and_when_it_moves() {
    let (provider, certificate) = provider().await;
    let party = Party::open(&certificate).await;
    let good = party.metadata("Shop", "localhost");
    let add = async |metadata: &Value| {
        let added = provider.try_cli(&metadata.to_string(), &["client", "add", "-", "--client-id", "shop"]).await;
        added.err().unwrap_or_default()
    };
    for (document, says) in [
        (r#"["https://elsewhere.example/cb"]"#, "does not hold every one of redirect_uris"),
        (r#"{"redirect_uris": []}"#, "is not a JSON array of strings"),
        ("", "is not a JSON array of strings"),
    ] {
        party.rp.serves("/uris.json", document);
        let said = add(&good).await;
        assert!(said.contains(says), "{said}");
    }
    let large = json!([party.rp.redirect_uri(), "x".repeat(300_000)]);
    party.rp.serves("/uris.json", large.to_string());
    assert!(add(&good).await.contains("larger than"), "an operator is told why");
    let mut gone = good.clone();
    gone["sector_identifier_uri"] = json!(party.door.url("localhost", "/gone.json"));
    // The test's relying party answers 200 without a document.
    assert!(add(&gone).await.contains("is not a JSON array of strings"));
    gone["sector_identifier_uri"] = json!("https://localhost:1/uris.json");
    assert!(add(&gone).await.contains("could not be fetched: "));
    party.rp.serves("/uris.json", json!([party.rp.redirect_uri()]).to_string());
    assert_eq!(add(&good).await, "");
    let looked = party.rp.asked("/uris.json");
    let update = async |metadata: &Value| {
        let updated = provider.try_cli(&metadata.to_string(), &["client", "update", "shop", "-"]).await;
        updated.err().unwrap_or_default()
    };
    let mut renamed = good.clone();
    renamed["client_name"] = json!("Shop of shops");
    assert_eq!(update(&renamed).await, "");
    assert_eq!(party.rp.asked("/uris.json"), looked, "nothing of it has changed");
    let mut wider = good.clone();
    wider["redirect_uris"] = json!([party.rp.redirect_uri(), "https://shop.example/cb"]);
    assert!(update(&wider).await.contains("does not hold every one of redirect_uris"));
    party.rp.serves("/uris.json", wider["redirect_uris"].to_string());
    assert_eq!(update(&wider).await, "");
    let mut moved = good.clone();
    moved["sector_identifier_uri"] = json!(party.door.url("127.0.0.1", "/uris.json"));
    let mut public = good.clone();
    public["subject_type"] = json!("public");
    for other in [&moved, &public] {
        assert!(update(other).await.contains("change the sub of everybody"));
    }
    assert_eq!(provider.cli(&["client", "show", "shop"]).await["sector"], "localhost");
}

#[tokio::test]
async fn people_bring_along_what_they_were_known_by() {
    let (provider, certificate) = provider().await;
    let bring = async |name: &str, sector: &str, sub: &str| {
        let said = provider.try_cli("", &["user", "subject", "set", name, "--sector", sector, "--sub", sub]).await;
        said.err().unwrap_or_default()
    };
    assert_eq!(bring(ADA.0, "LocalHost", "248289761001").await, "");
    assert_eq!(bring(ADA.0, "localhost", "248289761001").await, "", "it is so already");
    assert!(bring(ADA.0, "localhost", "another").await.contains("knows ada as 248289761001 already"));
    assert!(bring(ADA.0, "127.0.0.1", "248289761001").await.contains("is somebody's sub already"));
    for sector in ["https://shop.example", "shop.example/", "shop.example:443", "", "a b", "user@shop.example"] {
        assert!(bring(ADA.0, sector, "x").await.contains("a sector is a host name"), "{sector}");
    }
    for sub in ["", "a b", "é", &"x".repeat(256)] {
        assert!(bring(ADA.0, "shop.example", sub).await.contains("printable ASCII"), "{sub}");
    }
    assert!(bring("nobody", "shop.example", "x").await.contains("there is no user nobody"));
    let shop = Party::of(&provider, &certificate, ("Shop", "localhost"), &["--first-party"]).await;
    let mut browser = Browser::new(&provider);
    assert_eq!(shop.rp.sign_in(&provider, &mut browser, ADA).await.claim("sub"), "248289761001");
    // The public one too.
    let add = async |name: &str, sub: &str| {
        let line = ["user", "add", name, "--password-stdin", "--sub", sub];
        provider.try_cli("correct horse battery", &line).await.err().unwrap_or_default()
    };
    assert!(add("bob", "248289761001").await.contains("is somebody's sub already"));
    assert_eq!(add("bob", "bob-of-old").await, "");
    assert!(add("cat", "bob-of-old").await.contains("is somebody's sub already"));
    assert!(add("bob", "else").await.contains("there is a user bob already"));
    let open = RelyingParty::first_party(&provider, "Open").await;
    let bob = ("bob", "correct horse battery");
    assert_eq!(open.sign_in(&provider, &mut Browser::new(&provider), bob).await.claim("sub"), "bob-of-old");
    let trail = provider.cli(&["audit"]).await.to_string();
    assert!(trail.contains("subject_set"), "{trail}");
}

/// Asks the registration endpoint, or the one of a client that is there.
async fn send(provider: &Provider, (method, url): (&'static str, &str), body: &Value, token: Option<&str>) -> Answer {
    let headers = vec![("content-type".into(), "application/json".into())];
    let question = Question { method, url: read(url), headers, body: body.to_string().into_bytes() };
    provider
        .ask(match token {
            Some(token) => question.header("authorization", &format!("Bearer {token}")),
            None => question,
        })
        .await
}

/// oidcc-registration-sector-uri, oidcc-registration-sector-bad: the document is fetched, and every redirect URI is in it.
#[tokio::test]
async fn a_client_that_registers_itself_shows_the_document_of_its_sector() {
    let (provider, certificate) = provider().await;
    provider.cli(&["registration", "open"]).await;
    let party = Party::open(&certificate).await;
    let metadata = |host: &str| {
        json!({
            "redirect_uris": ["https://one.example/cb", "https://two.example/cb"],
            "subject_type": "pairwise",
            "sector_identifier_uri": party.door.url(host, "/uris.json"),
        })
    };
    let register = async |metadata: &Value| send(&provider, ("POST", &provider.url("/register")), metadata, None).await;
    let refused = |answer: &Answer| {
        assert_eq!(
            (answer.status, &answer.json()["error"]),
            (400, &json!("invalid_client_metadata")),
            "{}",
            answer.body
        );
        answer.json()["error_description"].as_str().unwrap().to_owned()
    };
    party.rp.serves("/uris.json", r#"["https://one.example/cb"]"#);
    assert!(refused(&register(&metadata("localhost")).await).contains("does not hold every one"));
    let mut alone = metadata("localhost");
    alone.as_object_mut().unwrap().remove("sector_identifier_uri");
    assert!(refused(&register(&alone).await).contains("have several hosts"));
    let mut nowhere = metadata("localhost");
    nowhere["sector_identifier_uri"] = json!("https://localhost:1/uris.json");
    let said = refused(&register(&nowhere).await);
    assert!(said.ends_with("could not be fetched"), "a stranger is not told why: {said}");
    nowhere["sector_identifier_uri"] = json!("https://169.254.169.254/uris.json");
    refused(&register(&nowhere).await);
    party.rp.serves("/uris.json", r#"["https://one.example/cb", "https://two.example/cb"]"#);
    let registered = register(&metadata("localhost")).await;
    assert_eq!(registered.status, 201, "{}", registered.body);
    let client = registered.json();
    assert_eq!(
        (&client["subject_type"], &client["sector_identifier_uri"]),
        (&json!("pairwise"), &metadata("localhost")["sector_identifier_uri"])
    );
    let text = |name: &str| client[name].as_str().unwrap();
    let put = async |metadata: Value| {
        let mut body = metadata;
        body["client_id"] = client["client_id"].clone();
        send(&provider, ("PUT", text("registration_client_uri")), &body, Some(text("registration_access_token"))).await
    };
    assert_eq!(put(metadata("localhost")).await.status, 200);
    assert!(refused(&put(metadata("127.0.0.1")).await).contains("change the sub of everybody"));
    assert!(
        refused(&put(json!({"redirect_uris": ["https://one.example/cb"]})).await)
            .contains("change the sub of everybody")
    );
    assert_eq!(provider.cli(&["client", "show", text("client_id")]).await["sector"], "localhost");
}
