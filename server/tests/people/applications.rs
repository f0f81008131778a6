//! The page of a person's applications (Core §4).

use serde_json::json;
use testkit::{Browser, RelyingParty};

use super::super::ground::{ADA, plan, with_ada};
use super::link_of;

#[tokio::test]
async fn what_can_be_started_is_listed_in_the_persons_language_and_starts_there() {
    let provider = with_ada(plan()).await;
    let mut consented = RelyingParty::open().await;
    let mut metadata = consented.metadata("Library");
    metadata["client_name#de"] = json!("Bücherei");
    metadata["initiate_login_uri"] = json!("https://library.example/start?tenant=7");
    metadata["client_uri"] = json!("https://library.example/");
    metadata["logo_uri"] = json!("https://cdn.library.example/logo.svg");
    consented.register(&provider, &metadata, &[]).await;
    let mut own = RelyingParty::open().await;
    let mut metadata = own.metadata("Payroll");
    metadata["initiate_login_uri"] = json!("https://payroll.example/start");
    own.register(&provider, &metadata, &["--first-party"]).await;
    // Neither of the person's choosing nor of the operator's own.
    let mut strange = RelyingParty::open().await;
    let mut metadata = strange.metadata("Strange");
    metadata["initiate_login_uri"] = json!("https://strange.example/start");
    strange.register(&provider, &metadata, &[]).await;
    let plain = RelyingParty::first_party(&provider, "Nowhere to start").await;
    let mut browser = Browser::new(&provider);
    browser.language = Some("de".into());
    let page = browser.open(&provider.url("/applications")).await;
    assert!(page.has_form("login-form"), "first it is asked who is there");
    consented.sign_in(&provider, &mut browser, ADA).await;
    plain.sign_in(&provider, &mut browser, ADA).await;
    let account = browser.open(&provider.url("/account")).await;
    let page = browser.open(&link_of(&account, "to-applications").unwrap()).await;
    assert!(page.says("Bücherei") && page.says("Payroll"), "{}", page.answer.body);
    assert!(!page.says("Strange") && !page.says("Nowhere to start"), "{}", page.answer.body);
    let policy = page.answer.header("content-security-policy").unwrap();
    assert!(policy.contains("https://cdn.library.example"), "{policy}");
    let starts: Vec<String> = ["start-1", "start-2"].iter().map(|id| start_of(&page, id)).collect();
    let iss = format!("iss={}", provider.issuer().replace(':', "%3A").replace('/', "%2F"));
    assert_eq!(
        starts[0],
        format!("https://library.example/start?tenant=7&{iss}&target_link_uri=https%3A%2F%2Flibrary.example%2F")
    );
    assert_eq!(
        starts[1],
        format!("https://payroll.example/start?{iss}&login_hint=ada"),
        "the operator's own know the name"
    );
    provider.cli(&["client", "disable", &own.client_id]).await;
    testkit::eventually("a disabled one is gone", std::time::Duration::from_secs(5), async || {
        let page = browser.open(&provider.url("/applications")).await;
        (!page.says("Payroll")).then_some(())
    })
    .await;
}

/// Here `id` stands before `href`, as `link_of` wants it, and the address is not ours.
fn start_of(page: &testkit::Page, id: &str) -> String {
    link_of(page, id).unwrap_or_else(|| panic!("no {id} in {}", page.answer.body))
}
