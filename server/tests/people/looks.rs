//! `display` and `ui_locales` (Core §3.1.2.1): they hold on every page of a request, and never fail one.

use testkit::{Browser, PostOffice, RelyingParty};

use super::super::ground::{ADA, with_ada};
use super::{link_of, open_sign_up, plan_with};

#[tokio::test]
async fn layout_and_language_hold_on_every_page_of_a_request() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    open_sign_up(&provider).await;
    let party = RelyingParty::at(&provider, "One").await;
    for (display, body) in [
        (Some("popup"), "<body class=\"popup\">"),
        (Some("touch"), "<body class=\"touch\">"),
        (Some("wap"), "<body class=\"wap\">"),
        (Some("page"), "<body>"),
        (Some("hologram"), "<body>"),
        (None, "<body>"),
    ] {
        let mut browser = Browser::new(&provider);
        browser.language = Some("es".into());
        // `se` is what certification suites ask for; the first that is spoken wins.
        let begun = party.begin(&provider).with("ui_locales", "se tlh de-AT fr").with("prompt", "login consent");
        let begun = match display {
            Some(display) => begun.with("display", display),
            None => begun,
        };
        let holds = |page: &testkit::Page| {
            let source = &page.answer.body;
            assert!(source.contains("<html lang=\"de\""), "{display:?} at {}: {source}", page.url.path());
            assert!(source.contains(body), "{display:?} at {}: {source}", page.url.path());
            assert_eq!(source.contains("stylesheet"), display != Some("wap"), "{display:?} at {}", page.url.path());
        };
        let login = browser.open(&begun.url()).await;
        holds(&login);
        holds(&browser.open(&link_of(&login, "recover").unwrap()).await);
        let create = browser.open(&link_of(&login, "create").unwrap()).await;
        holds(&create);
        let form = create.form("create-form");
        holds(&browser.submit(&create, &form.clone().fill("email", "x").press("send")).await);
        holds(&browser.submit(&create, &form.fill("email", "x@example.net").press("send")).await);
        holds(&browser.sign_in(&login, ADA.0, "a wrong password").await);
        let consent = browser.sign_in(&login, ADA.0, ADA.1).await;
        holds(&consent);
        let back = browser.allow(&consent).await;
        party.complete(&provider, &begun, &back).await;
        let choose = browser.open(&begun.clone().with("prompt", "select_account").url()).await;
        assert!(choose.has_form("choose-form"));
        holds(&choose);
        let posted = begun.with("prompt", "none").with("response_mode", "form_post");
        holds(&browser.open(&posted.url()).await);
    }
    assert!(office.letter("x@example.net", 6).await.subject.contains("anlegen"), "letters too");
}
