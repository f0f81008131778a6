//! A forgotten password, and another address.

use std::time::Duration;

use testkit::{Browser, PostOffice, RelyingParty};

use super::super::ground::{ADA, settles, signed_in, with_ada};
use super::{forget, link_of, noted, plan_with, userinfo};

const NEW: &str = "an entirely new battery";
const HOME: &str = "ada@example.org";

#[tokio::test]
async fn a_new_password_ends_what_the_old_one_opened_and_the_request_goes_on() {
    let office = PostOffice::open();
    let mut walk = signed_in(plan_with(&office)).await;
    let mut fresh = Browser::new(&walk.provider);
    let begun = walk.one.begin(&walk.provider);
    let login = fresh.open(&begun.url()).await;
    let known = forget(&mut fresh, &login, "ada").await;
    let unknown = forget(&mut fresh, &login, "nobody").await;
    let plain = |page: &testkit::Page, name: &str| {
        let request = page.answer.body.split_once("request=").unwrap().1.split('"').next().unwrap().to_owned();
        page.answer.body.replace(&request, "").replace(name, "NAME")
    };
    assert_eq!(plain(&known, "ada"), plain(&unknown, "nobody"), "whether there is such an account is not said");
    let letter = office.letter(HOME, 1).await;
    assert!(letter.body.contains("“ada”") && letter.body.contains("within 30 minutes"), "{}", letter.body);
    // By the address too; a second link, voided by the first.
    forget(&mut fresh, &login, "ADA@example.org").await;
    let second = office.letter(HOME, 2).await;
    let page = fresh.open(&letter.link()).await;
    let form = page.form("link-form").fill("new", NEW).press("go");
    let differ = fresh.submit(&page, &form.clone().fill("repeat", "something else")).await;
    assert!(differ.says("two different ways"), "{}", differ.answer.body);
    assert!(walk.is_signed_in().await, "nothing has happened yet");
    let login = fresh.submit(&page, &form.fill("repeat", NEW)).await;
    assert!(login.has_form("login-form") && login.says("Your new password is set"), "{}", login.answer.body);
    settles(&walk.provider, &["delivered", "delivered", "delivered", "delivered"], Duration::from_secs(10)).await;
    assert!(!walk.is_signed_in().await, "what the old password opened is closed");
    assert!(noted(&walk.provider, "password_recovered", "ada").await);
    let spent = fresh.open(&second.link()).await;
    assert!(spent.answer.status == 400 && spent.says("link_spent"), "{}", spent.answer.body);
    let old = fresh.sign_in(&login, ADA.0, ADA.1).await;
    assert!(old.says("do not belong together"));
    let back = fresh.sign_in(&login, ADA.0, NEW).await;
    walk.one.complete(&walk.provider, &begun, &back).await;
}

#[tokio::test]
async fn a_new_password_goes_to_nobody_who_cannot_be_vouched_for() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office).set("limits.attempts_per_account = 3")).await;
    provider.cli(&["user", "update", "ada", "--email-verified", "false"]).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let login = browser.open(&party.begin(&provider).url()).await;
    assert!(forget(&mut browser, &login, "ada").await.says("Please look at your mail"));
    provider.cli(&["user", "update", "ada", "--email-verified", "true"]).await;
    provider.cli(&["user", "disable", "ada"]).await;
    assert!(forget(&mut browser, &login, "ada").await.says("Please look at your mail"));
    provider.cli(&["user", "enable", "ada"]).await;
    assert!(forget(&mut browser, &login, "ada").await.says("Please look at your mail"));
    let letter = office.letter(HOME, 1).await;
    let many = forget(&mut browser, &login, "ada").await;
    assert!(many.has_form("recover-form") && many.says("Too many messages"), "{}", many.answer.body);
    assert!(provider.log().contains("recover_budget_empty"));
    let none = forget(&mut browser, &login, " ").await;
    assert!(none.has_form("recover-form") && none.answer.body.contains("aria-invalid"), "{}", none.answer.body);
    // Disabled between the letter and the link, and between the page and the button.
    let page = browser.open(&letter.link()).await;
    let form = page.form("link-form").fill("new", NEW).fill("repeat", NEW).press("go");
    provider.cli(&["user", "disable", "ada"]).await;
    for over in [browser.submit(&page, &form).await, browser.open(&letter.link()).await] {
        assert!(over.answer.status == 400 && over.says("link_account_over"), "{}", over.answer.body);
    }
    for odd in ["/link", "/link?token=", "/link?token=made-up"] {
        assert_eq!(provider.get(odd).await.unwrap().status, 400, "{odd}");
    }
}

#[tokio::test]
async fn an_address_is_confirmed_by_its_reader_and_its_owner_in_one_browser() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let (mut here, mut elsewhere) = (Browser::new(&provider), Browser::new(&provider));
    let tokens = party.sign_in(&provider, &mut here, ADA).await;
    let page = here.open(&provider.url("/account")).await;
    let form = page.form("email-form");
    let new = "countess@example.net";
    let wrong = here.submit(&page, &form.clone().fill("email", new).fill("current", "not the one")).await;
    assert!(wrong.says("The current password is not right") && wrong.form("email-form").field("email") == Some(new));
    let odd = here.submit(&page, &form.clone().fill("email", "countess").fill("current", ADA.1)).await;
    assert!(odd.says("Please enter an e-mail address"), "{}", odd.answer.body);
    let done = here.submit(&page, &form.fill("email", new).fill("current", ADA.1)).await;
    assert!(done.says("A message is on its way"), "{}", done.answer.body);
    let letter = office.letter(new, 1).await;
    assert!(letter.body.contains("“ada”"), "whose account it is about: {}", letter.body);
    let before = userinfo(&provider, tokens.get("access_token")).await;
    assert_eq!(before["email"], HOME, "not before its reader has said so");
    // Whoever is not signed in as Ada cannot confirm it by reading that mail.
    let login = elsewhere.open(&letter.link()).await;
    assert!(login.has_form("login-form") && login.says("Confirm that it is you"), "{}", login.answer.body);
    let page = here.open(&letter.link()).await;
    let button = page.form("link-form").press("go");
    let mut foreign = button.clone();
    let csrf = login.form("login-form").field("csrf").unwrap().to_owned();
    foreign = foreign.fill("csrf", &csrf);
    assert!(elsewhere.submit(&page, &foreign).await.has_form("login-form"));
    assert_eq!(userinfo(&provider, tokens.get("access_token")).await["email"], HOME);
    let done = here.submit(&page, &button).await;
    assert!(done.says("Your e-mail address is confirmed") && done.says(new), "{}", done.answer.body);
    let after = userinfo(&provider, tokens.get("access_token")).await;
    assert_eq!((&after["email"], &after["email_verified"]), (&new.into(), &true.into()));
    assert!(noted(&provider, "email_confirmed", "ada").await);
    let told = office.letter(HOME, 1).await;
    assert!(told.subject.contains("was changed") && !told.body.contains(new), "the old address is told: {}", told.body);
    // From the sign-in page one comes back to the link.
    let again = elsewhere.sign_in(&login, ADA.0, ADA.1).await;
    assert!(again.answer.status == 400 && again.says("link_spent"), "{}", again.answer.body);
}

#[tokio::test]
async fn a_link_that_waits_behind_the_sign_in_page_is_reached() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut here = Browser::new(&provider);
    party.sign_in(&provider, &mut here, ADA).await;
    let page = here.open(&provider.url("/account")).await;
    let form = page.form("email-form").fill("email", HOME).fill("current", ADA.1);
    here.submit(&page, &form).await;
    let letter = office.letter(HOME, 1).await;
    let mut phone = Browser::new(&provider);
    let login = phone.open(&letter.link()).await;
    assert!(link_of(&login, "recover").is_some());
    let page = phone.sign_in(&login, ADA.0, ADA.1).await;
    assert_eq!(page.url.path(), "/link", "{}", page.answer.body);
    let done = phone.submit(&page, &page.form("link-form").press("go")).await;
    assert!(done.says("Your e-mail address is confirmed"), "{}", done.answer.body);
    assert_eq!(office.letters().len(), 1, "the address is the old one: nobody is told of a change");
}

/// Why an address was changed may be that somebody else reads there.
#[tokio::test]
async fn a_link_to_an_address_that_was_given_up_sets_no_password() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let login = browser.open(&party.begin(&provider).url()).await;
    forget(&mut browser, &login, "ada").await;
    let letter = office.letter(HOME, 1).await;
    let page = browser.open(&letter.link()).await;
    let form = page.form("link-form").fill("new", NEW).fill("repeat", NEW).press("go");
    let changes: [&[&str]; 2] = [&["--email-verified", "false"], &["--email", "countess@example.net"]];
    for change in changes {
        provider.cli(&[&["user", "update", "ada"], change].concat()).await;
        for refused in [browser.submit(&page, &form).await, browser.open(&letter.link()).await] {
            assert!(refused.answer.status == 400 && refused.says("link_of_old_address"), "{}", refused.answer.body);
        }
    }
    provider.cli(&["user", "update", "ada", "--email", "Ada@Example.org"]).await;
    let done = browser.submit(&page, &form).await;
    assert!(done.says("Your new password is set"), "the link was not spent by being refused: {}", done.answer.body);
}

/// Whoever has just proven that the account is theirs does not wait because somebody else, or they, mistyped before.
#[tokio::test]
async fn after_a_recovery_the_right_password_is_not_one_attempt_too_many() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office).set("limits.attempts_per_account = 3")).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let login = browser.open(&party.begin(&provider).url()).await;
    for _ in 0..4 {
        browser.sign_in(&login, ADA.0, "not the one").await;
    }
    let shut = browser.sign_in(&login, ADA.0, ADA.1).await;
    assert!(shut.says("Too many attempts"), "{}", shut.answer.body);
    forget(&mut browser, &login, "ada").await;
    let page = browser.open(&office.letter(HOME, 1).await.link()).await;
    let form = page.form("link-form").fill("new", NEW).fill("repeat", NEW).press("go");
    let login = browser.submit(&page, &form).await;
    let back = browser.sign_in(&login, ADA.0, NEW).await;
    assert!(back.parameter("code").is_some(), "{}", back.answer.body);
    // The same after a change on one's own page.
    let page = browser.open(&provider.url("/account")).await;
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/account/password")).unwrap();
    browser.submit(&page, &form.fill("current", NEW).fill("new", ADA.1).fill("repeat", ADA.1)).await;
    let again = browser.open(&party.begin(&provider).with("prompt", "login").url()).await;
    let back = browser.sign_in(&again, ADA.0, ADA.1).await;
    assert!(back.parameter("code").is_some(), "{}", back.answer.body);
}

/// Whoever has taken an account over changes the address, and then the password.
#[tokio::test]
async fn the_old_address_is_told_of_the_change_whatever_happens_next() {
    let office = PostOffice::open();
    let provider = with_ada(plan_with(&office)).await;
    // A mailbox whose server first says: later.
    provider.cli(&["user", "update", "ada", "--email", "later@example.org"]).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let page = browser.open(&provider.url("/account")).await;
    let form = page.form("email-form").fill("email", "eve@example.net").fill("current", ADA.1);
    browser.submit(&page, &form).await;
    let page = browser.open(&office.letter("eve@example.net", 1).await.link()).await;
    browser.submit(&page, &page.form("link-form").press("go")).await;
    let page = browser.open(&provider.url("/account")).await;
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/account/password")).unwrap();
    browser.submit(&page, &form.fill("current", ADA.1).fill("new", NEW).fill("repeat", NEW)).await;
    assert!(noted(&provider, "password_changed", "ada").await);
    assert!(office.letter("later@example.org", 1).await.subject.contains("was changed"));
}
