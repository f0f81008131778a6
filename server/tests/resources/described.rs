//! What the operator says of resource servers, and what people get to read of it.

use super::*;
use crate::ground::offers;

#[tokio::test]
async fn the_command_line_looks_after_resource_servers() {
    let provider = with_ada(plan()).await;
    let described = json!({
        "resource": CATALOGUE, "access_token_format": "jwt", "scopes": {"catalogue:read": {"title": "Read"}},
        "introspected_by": ["api"],
    });
    let shown = provider.cli_with(&described.to_string(), &["resource", "add", "-"]).await;
    assert_eq!((&shown["resource"], &shown["access_token_signing_alg"]), (&json!(CATALOGUE), &json!("RS256")));
    assert_eq!(provider.cli(&["resource", "show", CATALOGUE]).await, shown);
    assert_eq!(provider.cli(&["resource", "list"]).await, json!([shown]));
    offers(&provider, |scopes| scopes.iter().any(|scope| scope == "catalogue:read")).await;
    for (input, arguments, problem) in [
        (json!({"resource": CATALOGUE}), "add", "already"),
        (json!({"resource": LOANS}), "change", "there is no resource server"),
        (
            json!({"resource": LOANS, "scopes": {"catalogue:read": {}}}),
            "add",
            "belongs to https://api.example.org/catalogue",
        ),
        (json!({"resource": LOANS, "scopes": {"email": {}}}), "add", "means something here already"),
        (json!({"resource": provider.issuer()}), "add", "this server itself"),
        (json!({"resource": LOANS, "scope": "x"}), "add", "no member scope"),
        (json!({"resource": "loans"}), "add", "not an absolute URI"),
    ] {
        let said = provider.try_cli(&input.to_string(), &["resource", arguments, "-"]).await.unwrap_err();
        assert!(said.contains(problem), "{input}: {said}");
    }
    let changed = json!({"resource": CATALOGUE, "access_token_lifetime": 30});
    let shown = provider.cli_with(&changed.to_string(), &["resource", "change", "-"]).await;
    assert_eq!(
        (&shown["access_token_format"], &shown["scopes"]),
        (&json!("opaque"), &json!({})),
        "the whole is replaced"
    );
    offers(&provider, |scopes| scopes.iter().all(|scope| scope != "catalogue:read")).await;
    provider.cli(&["resource", "remove", CATALOGUE]).await;
    assert!(provider.try_cli("", &["resource", "remove", CATALOGUE]).await.unwrap_err().contains("no resource server"));
    assert!(provider.try_cli("", &["resource", "show", CATALOGUE]).await.unwrap_err().contains("no resource server"));
    let trail = provider.cli(&["audit"]).await;
    let mut actions: Vec<&str> = trail
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["subject"] == CATALOGUE)
        .filter_map(|line| line["action"].as_str())
        .collect();
    actions.reverse();
    assert_eq!(
        actions,
        ["resource_added", "resource_changed", "resource_removed"],
        "what changed nothing left no line"
    );
}

#[tokio::test]
async fn people_read_what_a_resource_server_s_scopes_allow() {
    let (provider, open) = library().await;
    let party = party(&provider, open, &[]).await;
    let mut browser = Browser::new(&provider);
    let begun =
        party.begin(&provider).with("scope", "openid catalogue:read catalogue:write").with("resource", CATALOGUE);
    let german = begun.clone().with("ui_locales", "de");
    let page = browser.open(&german.url()).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    let body = &page.answer.body;
    for words in ["Im Katalog nachsehen", "Change the catalogue", "auf Katalog zugreifen"] {
        assert!(body.contains(words), "{words} is missing from {body}");
    }
    assert!(!body.contains(CATALOGUE), "it has a name: {body}");
    let spent = code(&provider, &mut browser, &begun).await;
    let refused = redeem(&provider, &party, &begun, &spent, &[("resource", LOANS)]).await;
    is_refused(&refused, "invalid_target");
    // UserInfo is ourselves, which nobody needs to be asked about by its address.
    let with_us = party.begin(&provider).with("scope", "openid email loans:read");
    let page = browser.open(&with_us.url()).await;
    let body = &page.answer.body;
    assert!(body.contains(LOANS) && !body.contains(&format!("{}</li>", provider.issuer())), "{body}");
    let account = browser.open(&provider.url("/account")).await;
    assert!(account.answer.body.contains("Look things up in the catalogue"), "{}", account.answer.body);
}
