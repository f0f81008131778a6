//! What was true when it was read, and is not any more when it is written.

use std::time::Duration;

use testkit::{Browser, Page, Provider, RelyingParty, postgres};

use crate::ground::{ADA, plan, with_ada};

/// A provider on PostgreSQL, where transactions run beside each other. `None`: there is no PostgreSQL here.
async fn side_by_side() -> Option<(Provider, String)> {
    let url = postgres::fresh_database().await?;
    Some((with_ada(plan().database(&url)).await, url))
}

/// A silent renewal, while a transaction that does this has not committed yet.
async fn renew_beside(
    (provider, url): &(Provider, String),
    party: &RelyingParty,
    browser: &mut Browser,
    change: &str,
) -> Page {
    let (url, slow) = (url.clone(), format!("BEGIN; {change}; SELECT pg_sleep(2); COMMIT"));
    let slow = tokio::spawn(async move { postgres::execute(&url, &slow).await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    let page = browser.open(&party.begin(provider).with("prompt", "none").url()).await;
    slow.await.unwrap();
    page
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_being_withdrawn_is_none() {
    let Some(place) = side_by_side().await else { return };
    let party = RelyingParty::at(&place.0, "Shop").await;
    let mut browser = Browser::new(&place.0);
    party.sign_in(&place.0, &mut browser, ADA).await;
    let page = renew_beside(&place, &party, &mut browser, "DELETE FROM consent").await;
    assert_eq!(page.parameter("error").as_deref(), Some("consent_required"), "{}", page.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_a_client_that_is_being_disabled() {
    let Some(place) = side_by_side().await else { return };
    let (one, two) =
        (RelyingParty::first_party(&place.0, "One").await, RelyingParty::first_party(&place.0, "Two").await);
    let mut browser = Browser::new(&place.0);
    one.sign_in(&place.0, &mut browser, ADA).await;
    let disable = format!("UPDATE client SET disabled_at = 1, version = version + 1 WHERE id = '{}'", two.client_id);
    let page = renew_beside(&place, &two, &mut browser, &disable).await;
    assert_eq!((page.answer.status, page.parameter("code")), (400, None), "{}", page.url);
    let sessions = place.0.cli(&["session", "list"]).await;
    assert!(!sessions.to_string().contains(&two.client_id), "{sessions}");
}

/// A client of the same name may be added again, and must not find an old yes.
#[tokio::test(flavor = "multi_thread")]
async fn no_yes_outlives_a_client_that_is_being_deleted() {
    let Some((provider, url)) = side_by_side().await else { return };
    let party = RelyingParty::at(&provider, "Shop").await;
    let mut browser = Browser::new(&provider);
    let page = browser.open(&party.begin(&provider).url()).await;
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    let delete = format!("DELETE FROM consent; DELETE FROM client WHERE id = '{}'", party.client_id);
    let (place, slow) = (url.clone(), format!("BEGIN; {delete}; SELECT pg_sleep(2); COMMIT"));
    let slow = tokio::spawn(async move { postgres::execute(&place, &slow).await });
    tokio::time::sleep(Duration::from_millis(700)).await;
    let page = browser.allow(&page).await;
    slow.await.unwrap();
    assert_eq!((page.answer.status, page.parameter("code")), (400, None), "{}", page.url);
    postgres::execute(&url, "DO $$ BEGIN ASSERT NOT EXISTS (SELECT 1 FROM consent); END $$").await;
}

/// Two people in one browser: a yes is the yes of the one whose name stood on the page.
#[tokio::test(flavor = "multi_thread")]
async fn a_yes_is_the_yes_of_the_one_it_was_asked_of() {
    let provider = with_ada(plan()).await;
    provider.user("grace", "three word staple").await;
    let party = RelyingParty::at(&provider, "Shop").await;
    let mut browser = Browser::new(&provider);
    let chooser = party.begin(&provider).with("prompt", "select_account").with("scope", "openid");
    party.sign_in(&provider, &mut browser, ADA).await;
    let page = browser.open(&chooser.url()).await;
    let another = page.form("choose-form").press_value("account", "another");
    let page = browser.submit(&page, &another).await;
    browser.through(page, "grace", "three word staple").await;
    // Ada was the last one here.
    let silently = party.begin(&provider).with("prompt", "none").with("scope", "openid");
    let as_ada = silently.clone().with("login_hint", "ada");
    assert!(browser.open(&as_ada.url()).await.parameter("code").is_some());
    let more = party.begin(&provider).with("scope", "openid address");
    let page = browser.open(&more.url()).await;
    assert!(page.has_form("consent-form") && page.says("ada"), "{}", page.answer.body);
    // In another tab it is Grace.
    let as_grace = silently.with("login_hint", "grace");
    assert!(browser.open(&as_grace.url()).await.parameter("code").is_some());
    let page = browser.allow(&page).await;
    assert_eq!(page.parameter("code"), None, "{}", page.url);
    assert!(page.has_form("consent-form") && page.says("grace"), "{}", page.answer.body);
}
