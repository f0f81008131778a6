//! What people see of a client: OpenID Connect Registration §2 and §2.1.

use serde_json::{Value, json};
use testkit::{Browser, Page, RelyingParty};

use crate::ground::{ADA, plan, with_ada};

/// Name, logo and links as a page shows them: the attributes of the elements as they stand.
fn shown(page: &Page) -> Vec<String> {
    let body = &page.answer.body;
    let between = |start: &str, end: &str| {
        let at = body.find(start).map(|at| at + start.len());
        at.and_then(|at| body[at..].split(end).next()).unwrap_or("nothing").to_owned()
    };
    let link = |id: &str| between(&format!("<a id=\"{id}\" href=\""), "\"");
    vec![
        between("<bdi class=\"appname\">", "</bdi>"),
        between("<img class=\"applogo\" src=\"", "\""),
        between("<a class=\"host\" id=\"client\" href=\"", "\""),
        link("policy"),
        link("tos"),
    ]
}

/// A name, a logo and links, some of them in several languages.
fn dressed(metadata: &mut Value) {
    for (member, value) in [
        ("client_name#de", "Bibliothek"),
        ("client_name#fr-CA", "Bibliothèque"),
        ("client_uri", "https://library.example/"),
        ("client_uri#de", "https://bibliothek.example/"),
        ("logo_uri", "https://cdn.example/logo.svg"),
        ("logo_uri#de", "https://bilder.example/logo-de.svg"),
        ("policy_uri", "https://library.example/privacy"),
        ("policy_uri#de", "https://lawyers.example/datenschutz"),
        ("tos_uri#de", "https://library.example/agb"),
    ] {
        metadata[member] = json!(value);
    }
}

/// oidcc-registration-logo-uri, oidcc-registration-policy-uri, oidcc-registration-tos-uri: and each in the person's language.
#[tokio::test]
async fn name_logo_and_links_are_shown_in_the_person_s_language() {
    let provider = with_ada(plan()).await;
    let mut party = RelyingParty::open().await;
    let mut metadata = party.metadata("Library");
    dressed(&mut metadata);
    party.register(&provider, &metadata, &[]).await;
    let plain =
        ["Library", "https://cdn.example/logo.svg", "https://library.example/", "https://library.example/privacy"];
    let german = [
        "Bibliothek",
        "https://bilder.example/logo-de.svg",
        "https://bibliothek.example/",
        "https://lawyers.example/datenschutz",
    ];
    // There are no terms but the German ones: better those than none.
    let agb = "https://library.example/agb";
    for (ui_locales, accept, name, wanted) in [
        ("", "en", "Library", plain),
        ("", "de-CH, en;q=0.5", "Bibliothek", german),
        ("de-AT", "en", "Bibliothek", german),
        ("se de", "en", "Bibliothek", german),
        ("fr-CA", "en", "Bibliothèque", plain),
        ("", "es", "Library", plain),
    ] {
        let mut browser = Browser::new(&provider);
        browser.language = Some(accept.to_owned());
        let mut begun = party.begin(&provider);
        if !ui_locales.is_empty() {
            begun = begun.with("ui_locales", ui_locales);
        }
        let login = browser.open(&begun.url()).await;
        assert!(login.has_form("login-form"), "{}", login.url);
        let consent = browser.sign_in(&login, ADA.0, ADA.1).await;
        assert!(consent.has_form("consent-form"), "{}", consent.url);
        for page in [&login, &consent] {
            let mut wanted: Vec<&str> = wanted.to_vec();
            wanted[0] = name;
            wanted.push(agb);
            assert_eq!(shown(page), wanted, "{ui_locales:?}, {accept}, at {}", page.url);
            // The picture's own host, and no other, may give one.
            let policy = page.answer.header("content-security-policy").unwrap();
            let host = testkit::http::read(wanted[1]).origin().ascii_serialization();
            assert!(policy.contains(&format!("img-src 'self' {host};")), "{policy}");
            // Where a link leads learns nothing, and has no hold on this page.
            let links: Vec<&str> = page.answer.body.split("<a ").skip(1).filter(|a| a.contains("https://")).collect();
            assert_eq!(links.len(), 3);
            for link in links {
                let tag = link.split('>').next().unwrap();
                assert!(tag.contains("rel=\"noreferrer noopener\"") && tag.contains("target=\"_blank\""), "{tag}");
            }
            assert_eq!(page.answer.header("referrer-policy"), Some("no-referrer"));
        }
    }
}

/// A picture over http could be anybody's, and would tell everybody on the way that somebody signs in.
#[tokio::test]
async fn a_logo_over_http_is_not_fetched() {
    let provider = with_ada(plan()).await;
    let mut party = RelyingParty::open().await;
    let mut metadata = party.metadata("Library");
    metadata["logo_uri"] = json!("http://cdn.example/logo.svg");
    party.register(&provider, &metadata, &[]).await;
    let page = Browser::new(&provider).open(&party.begin(&provider).url()).await;
    assert_eq!(shown(&page)[1], "nothing");
    assert!(!page.answer.body.contains("cdn.example"));
    assert!(!page.answer.header("content-security-policy").unwrap().contains("cdn.example"));
}

#[tokio::test]
async fn one_language_is_given_once() {
    let provider = plan().start().await;
    let mut metadata = json!({"redirect_uris": ["https://rp.example/cb"], "client_name#de": "Laden"});
    metadata["client_name#DE"] = json!("Geschäft");
    let said = provider.try_cli(&metadata.to_string(), &["client", "add", "-"]).await.unwrap_err();
    assert!(said.contains("client_name is given twice in one language"), "{said}");
}
