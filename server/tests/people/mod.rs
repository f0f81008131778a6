//! People who come by themselves: signing up (Initiating User Registration 1.0), forgotten passwords, another address, and the
//! letters all that needs, through a real SMTP server.

mod applications;
mod looks;
mod post;
mod recover;
mod sign_up;

use testkit::{Browser, Page, Plan, PostOffice, Provider, eventually};

use super::ground::plan;

/// A provider that sends letters to a post office.
pub(crate) fn plan_with(office: &PostOffice) -> Plan {
    plan().set(&office.lines())
}

/// Lets people make themselves accounts, and waits until a running server knows.
pub(crate) async fn open_sign_up(provider: &Provider) {
    provider.cli(&["user", "sign-up", "open"]).await;
    eventually("discovery promises create", std::time::Duration::from_secs(5), async || {
        let document = provider.get("/.well-known/openid-configuration").await.ok()?.json();
        document["prompt_values_supported"].as_array()?.iter().any(|value| value == "create").then_some(())
    })
    .await;
}

/// Asks for a new password from the sign-in page.
pub(crate) async fn forget(browser: &mut Browser, login: &Page, name: &str) -> Page {
    let recover = link_of(login, "recover").expect("the sign-in page offers it");
    let page = browser.open(&recover).await;
    browser.submit(&page, &page.form("recover-form").fill("username", name).press("send")).await
}

/// Where the link of this id on a page leads.
pub(crate) fn link_of(page: &Page, id: &str) -> Option<String> {
    let (_, after) = page.answer.body.split_once(&format!("id=\"{id}\""))?;
    let (_, after) = after.split_once("href=\"")?;
    let href = testkit::html::decode(after.split('"').next()?);
    Some(page.url.join(&href).expect("a link is an address").to_string())
}

/// Whether the audit trail has such a line.
pub(crate) async fn noted(provider: &Provider, action: &str, subject: &str) -> bool {
    let trail = provider.cli(&["audit"]).await;
    trail.as_array().unwrap().iter().any(|line| line["action"] == action && line["subject"] == subject)
}

/// What UserInfo says.
pub(crate) async fn userinfo(provider: &Provider, access_token: &str) -> serde_json::Value {
    let question = testkit::http::Question::get(&provider.url("/userinfo"));
    provider.ask(question.header("authorization", &format!("Bearer {access_token}"))).await.json()
}
