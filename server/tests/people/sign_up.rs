//! Signing up.

use testkit::{Browser, Page, PostOffice, Provider, RelyingParty};

use super::super::ground::{ADA, plan, with_ada};
use super::{link_of, noted, open_sign_up, plan_with, userinfo};

const EVE: &str = "eve@example.net";
const PASSWORD: &str = "seven wooden spoons";

async fn ask_for(browser: &mut Browser, page: &Page, address: &str) -> Page {
    browser.submit(page, &page.form("create-form").fill("email", address).press("send")).await
}

async fn create_page(provider: &Provider, party: &RelyingParty, browser: &mut Browser) -> (testkit::Begun, Page) {
    let begun = party.begin(provider).with("prompt", "create");
    let page = browser.open(&begun.url()).await;
    assert_eq!(page.url.path(), "/create", "{}", page.answer.body);
    (begun, page)
}

#[tokio::test]
async fn nobody_signs_up_until_the_operator_says_so() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("prompt", "create");
    let page = browser.open(&begun.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{}", page.url);
    assert!(page.parameter("error_description").unwrap().contains("create"));
    let page = browser.open(&party.begin(&provider).url()).await;
    assert_eq!(link_of(&page, "create"), None);
    let page = browser.open(&page.url.as_str().replace("/login", "/create")).await;
    assert!(page.answer.status == 400 && page.says("sign_up_closed"), "{}", page.answer.body);
    assert_eq!(provider.cli(&["user", "sign-up"]).await["sign_up"], "closed");
    open_sign_up(&provider).await;
    assert!(noted(&provider, "sign_up_set", "open").await);
    let page = browser.open(&party.begin(&provider).url()).await;
    let page = browser.open(&link_of(&page, "create").expect("it is offered now")).await;
    assert!(page.has_form("create-form"));
    // Opened while it was possible, sent when it is not any more.
    provider.cli(&["user", "sign-up", "closed"]).await;
    let late = ask_for(&mut browser, &page, EVE).await;
    assert_eq!(late.answer.status, 400, "{}", late.answer.body);
    assert!(office.letters().is_empty());
}

#[tokio::test]
async fn without_a_mail_server_nothing_that_needs_one_is_offered() {
    let provider = with_ada(plan()).await;
    let said = provider.cli(&["user", "sign-up", "open"]).await;
    assert_eq!((said["sign_up"].as_str(), said["mail"].as_bool()), (Some("open"), Some(false)));
    assert!(provider.says(&["user", "sign-up"]).contains("until [mail] is configured"));
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let page = browser.open(&party.begin(&provider).url()).await;
    assert_eq!((link_of(&page, "create"), link_of(&page, "recover")), (None, None));
    for path in ["/create", "/recover"] {
        let page = browser.open(&page.url.as_str().replace("/login", path)).await;
        assert_eq!(page.answer.status, 400, "{path}");
    }
    let document = provider.get("/.well-known/openid-configuration").await.unwrap().json();
    assert!(!document["prompt_values_supported"].as_array().unwrap().iter().any(|value| value == "create"));
    party.sign_in(&provider, &mut browser, ADA).await;
    let page = browser.open(&provider.url("/account")).await;
    assert!(!page.has_form("email-form"));
    let csrf = page.form("password-form").field("csrf").unwrap().to_owned();
    let mut form = page.form("password-form");
    form.action = "/account/email".into();
    let page = browser.submit(&page, &form.fill("csrf", &csrf).fill("email", EVE)).await;
    assert!(page.answer.status == 400 && page.says("mail_off"), "{}", page.answer.body);
}

#[tokio::test]
async fn an_account_is_made_by_whoever_reads_the_mail_and_the_request_goes_on() {
    let office = PostOffice::open();
    let provider = plan_with(&office).start().await;
    open_sign_up(&provider).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    browser.language = Some("fr".into());
    let (begun, page) = create_page(&provider, &party, &mut browser).await;
    for bad in ["", "eve", "eve@example.net, ada@example.org"] {
        let again = ask_for(&mut browser, &page, bad).await;
        assert!(again.has_form("create-form") && again.says("nom@example.org"), "{bad:?}: {}", again.answer.body);
    }
    let sent = ask_for(&mut browser, &page, EVE).await;
    assert!(sent.says(EVE) && sent.says("Consultez votre messagerie"), "{}", sent.answer.body);
    let letter = office.letter(EVE, 1).await;
    assert_eq!(letter.subject, "Créez votre compte chez Ostiary", "in the language of the page");
    assert_eq!(letter.all["headers"]["from"], "Doorkeeper <door@op.example>");
    assert_eq!(letter.all["headers"]["auto-submitted"], "auto-generated");
    assert!(letter.all["headers"]["message-id"].as_str().unwrap().ends_with("@localhost>"));
    // Programs that look through mail open links: nothing happens by that.
    for _ in 0..3 {
        assert_eq!(provider.get(&letter.link().replace(provider.issuer(), "")).await.unwrap().status, 200);
    }
    assert!(provider.cli(&["user", "list"]).await.as_array().unwrap().is_empty());
    let page = browser.open(&letter.link()).await;
    let form = page.form("link-form").fill("name", "Ève");
    for (new, repeat, says) in [
        ("short", "short", "trop court"),
        (PASSWORD, "another thing", "diffèrent"),
        ("eve@example.net1", "eve@example.net1", "identifiant"),
    ] {
        let again = browser.submit(&page, &form.clone().fill("new", new).fill("repeat", repeat).press("go")).await;
        assert!(again.has_form("link-form") && again.answer.body.contains("aria-invalid"), "{}", again.answer.body);
        assert!(again.says(says), "{says}: {}", again.answer.body);
        assert_eq!(again.form("link-form").field("name"), Some("Ève"), "what was typed stands there again");
    }
    let form = form.fill("new", PASSWORD).fill("repeat", PASSWORD).press("go");
    let back = browser.submit(&page, &form).await;
    let tokens = party.complete(&provider, &begun, &back).await;
    let claims = userinfo(&provider, tokens.get("access_token")).await;
    assert_eq!((&claims["email"], &claims["email_verified"]), (&EVE.into(), &true.into()), "{claims}");
    assert!(noted(&provider, "signed_up", EVE).await);
    // Once.
    for page in [browser.open(&letter.link()).await, browser.submit(&page, &form).await] {
        assert!(page.answer.status == 400 && page.says("link_spent"), "{}", page.answer.body);
    }
    party.sign_in(&provider, &mut Browser::new(&provider), (EVE, PASSWORD)).await;
}

#[tokio::test]
async fn an_address_that_is_taken_gets_the_same_page_and_its_owner_is_told() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    open_sign_up(&provider).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let (_, page) = create_page(&provider, &party, &mut browser).await;
    let mut pages = Vec::new();
    for address in ["ada@example.org", EVE] {
        let sent = ask_for(&mut browser, &page, address).await;
        let plain = sent.answer.body.replace(link_request(&sent), "").replace(address, "ADDRESS");
        pages.push((sent.answer.status, plain));
    }
    assert_eq!(pages[0], pages[1], "letter by letter the same");
    let told = office.letter("ada@example.org", 1).await;
    assert_eq!(told.subject, "You have an account at Ostiary already");
    assert_eq!(told.link(), provider.url("/account"), "nothing in it can be stolen");
    office.letter(EVE, 1).await;
    assert_eq!(provider.cli(&["user", "list"]).await.as_array().unwrap().len(), 1);
    let ledger = provider.notices().await;
    let mut causes: Vec<&str> = ledger.iter().map(|row| row["cause"].as_str().unwrap()).collect();
    causes.sort_unstable();
    assert_eq!(causes, ["sign_up", "sign_up_taken"]);
    assert!(ledger.iter().all(|row| row["kind"] == "email" && row["state"] == "delivered"), "{ledger:?}");
}

fn link_request(page: &Page) -> &str {
    let (_, after) = page.answer.body.split_once("request=").expect("a page with a sealed request");
    after.split('"').next().unwrap()
}

#[tokio::test]
async fn in_another_browser_the_account_is_made_and_the_request_does_not_go_on_there() {
    let office = PostOffice::open();
    let provider = plan_with(&office).start().await;
    open_sign_up(&provider).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let (mut desk, mut phone) = (Browser::new(&provider), Browser::new(&provider));
    let (begun, page) = create_page(&provider, &party, &mut desk).await;
    ask_for(&mut desk, &page, EVE).await;
    let twice = ask_for(&mut desk, &page, EVE).await;
    assert!(twice.says("Please look at your mail"));
    let (second, first) = (office.letter(EVE, 2).await, office.letters().remove(0));
    let page = phone.open(&first.link()).await;
    let form = page.form("link-form").fill("new", PASSWORD).fill("repeat", PASSWORD).press("go");
    let done = phone.submit(&page, &form).await;
    assert_eq!(done.url.path(), "/account", "{}", done.answer.body);
    // The other letter finds that there is an account by now.
    let page = desk.open(&second.link()).await;
    let form = page.form("link-form").fill("new", PASSWORD).fill("repeat", PASSWORD).press("go");
    let late = desk.submit(&page, &form).await;
    assert!(late.answer.status == 400 && late.says("link_address_taken"), "{}", late.answer.body);
    // At the desk the request still waits: whoever has an account signs in from the sign-up page.
    let page = desk.open(&begun.url()).await;
    let page = desk.open(&link_of(&page, "have").unwrap()).await;
    let page = desk.sign_in(&page, EVE, PASSWORD).await;
    party.complete(&provider, &begun, &page).await;
}

#[tokio::test]
async fn letters_are_limited_for_each_address_and_the_person_may_leave() {
    let office = PostOffice::open();
    let provider = plan_with(&office).set("limits.attempts_per_account = 2").start().await;
    open_sign_up(&provider).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let (begun, page) = create_page(&provider, &party, &mut browser).await;
    for turn in 0..4 {
        let answer = ask_for(&mut browser, &page, "Eve@Example.NET ").await;
        assert_eq!(answer.says("Too many messages"), turn >= 2, "turn {turn}: {}", answer.answer.body);
    }
    assert_eq!(office.letter("Eve@Example.NET", 2).await.subject, "Create your account at Ostiary");
    assert!(provider.log().contains("create_budget_empty"));
    let page = browser.submit(&page, &page.form("create-form").press("cancel")).await;
    assert_eq!(page.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(page.parameter("state").as_deref(), Some(begun.state.as_str()));
}

#[tokio::test]
async fn links_that_are_out_make_no_accounts_once_signing_up_is_closed() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    open_sign_up(&provider).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let (_, page) = create_page(&provider, &party, &mut browser).await;
    ask_for(&mut browser, &page, EVE).await;
    let letter = office.letter(EVE, 1).await;
    let page = browser.open(&letter.link()).await;
    let form = page.form("link-form").fill("new", PASSWORD).fill("repeat", PASSWORD).press("go");
    provider.cli(&["user", "sign-up", "closed"]).await;
    let late = browser.submit(&page, &form).await;
    assert!(late.answer.status == 400 && late.says("link_sign_up_closed"), "{}", late.answer.body);
    assert_eq!(provider.cli(&["user", "list"]).await.as_array().unwrap().len(), 1);
    open_sign_up(&provider).await;
    let made = browser.submit(&page, &form).await;
    assert_eq!(provider.cli(&["user", "list"]).await.as_array().unwrap().len(), 2, "{}", made.answer.body);
}
