//! The operator's console, as operators and those who are none meet it.

mod acts;
mod crowd;
mod gate;

pub(crate) use acts::follow;

use std::time::Duration;

use testkit::{Browser, Page, Plan, Provider};

use crate::ground::with_ada;

/// Whoever operates.
pub(crate) const GRACE: (&str, &str) = ("grace", "nanoseconds of copper wire");

pub(crate) const SOON: Duration = Duration::from_secs(15);

/// A provider with Ada in it, and Grace, who is an operator of this kind.
pub(crate) async fn with_grace(plan: Plan, act: &[&str]) -> Provider {
    let provider = with_ada(plan).await;
    provider.user(GRACE.0, GRACE.1).await;
    provider.cli(&[&["user", "operator", GRACE.0], act].concat()).await;
    provider
}

/// A page of the console in a browser in which nobody is signed in yet.
pub(crate) async fn enter(provider: &Provider, path: &str) -> (Browser, Page) {
    let mut browser = Browser::new(provider);
    let page = browser.open(&provider.url(path)).await;
    assert_eq!(page.url.path(), "/login", "{}", page.answer.body);
    let page = browser.sign_in(&page, GRACE.0, GRACE.1).await;
    assert_eq!(page.answer.status, 200, "{}", page.answer.body);
    (browser, page)
}

/// The first page, once its figures are these: they are those of a moment ago.
pub(crate) async fn figured(provider: &Provider, browser: &mut Browser, equation: &str) -> Page {
    for _ in 0..100 {
        let page = browser.open(&provider.url("/console")).await;
        if text_of(&page, "adds-up") == equation {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the figures are never {equation}: {}", browser.open(&provider.url("/console")).await.answer.body);
}

/// What stands in the element of that id, without the tags in it.
pub(crate) fn text_of(page: &Page, id: &str) -> String {
    let (_, after) = page
        .answer
        .body
        .split_once(&format!("id=\"{id}\""))
        .unwrap_or_else(|| panic!("no {id} at {}: {}", page.url, page.answer.body));
    let (_, inside) = after.split_once('>').unwrap();
    let end = ["</p>", "</dd>", "</a>", "</div>", "</h1>", "</td>"].iter().filter_map(|end| inside.find(end)).min();
    let mut text = String::new();
    let mut in_tag = false;
    for c in inside[..end.unwrap_or(inside.len())].chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    testkit::html::decode(&text).replace('\u{202f}', "").trim().to_owned()
}
