//! Signing in: passwords and their budgets, several accounts in one browser, `prompt`, `max_age`, hints (Core §3.1.2.1).

mod budgets;
mod forms;

use std::time::Duration;

use testkit::{Browser, Page, Provider, RelyingParty, Tokens, eventually};

use super::ground::{ADA, plan, signed_in, sql, with_ada};

const BOB: (&str, &str) = ("bob", "staple of the walks");

/// A browser in which Ada and Bob are both signed in, at one relying party.
async fn both() -> (Provider, RelyingParty, Browser, Tokens, Tokens) {
    let provider = with_ada(plan()).await;
    provider.user(BOB.0, BOB.1).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let ada = party.sign_in(&provider, &mut browser, ADA).await;
    let begun = party.begin(&provider).with("prompt", "select_account");
    let page = browser.open(&begun.url()).await;
    let page = browser.submit(&page, &page.form("choose-form").press_value("account", "another")).await;
    let page = browser.sign_in(&page, BOB.0, BOB.1).await;
    let bob = party.complete(&provider, &begun, &page).await;
    (provider, party, browser, ada, bob)
}

/// The error a relying party is told, and that it is told as it must be.
fn error(begun: &testkit::Begun, provider: &Provider, page: &Page) -> String {
    assert_eq!(page.parameter("state").as_deref(), Some(begun.state.as_str()), "{}", page.url);
    assert_eq!(page.parameter("iss").as_deref(), Some(provider.issuer()));
    assert_eq!(page.parameter("code"), None);
    page.parameter("error").unwrap_or_else(|| panic!("no error at {}: {}", page.url, page.answer.body))
}

/// How many password hashes were begun so far.
fn counted(provider: &Provider) -> usize {
    provider.log().matches("a password hash is computed").count()
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_answer_at_the_same_cost() {
    let provider = with_ada(plan().set("log.level = \"info,server::hashing=debug\"")).await;
    provider.user(BOB.0, BOB.1).await;
    provider.user("carol", "carol's own staple").await;
    provider.cli(&["user", "disable", BOB.0]).await;
    sql(&provider, "UPDATE account SET password = NULL WHERE username = 'carol'");
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let page = browser.open(&party.begin(&provider).url()).await;
    let mut bodies = Vec::new();
    // A wrong password; nobody's name; right ones of who may not sign in, or has no password at all.
    for (name, password) in [("ada", "wrong horse battery"), ("eve", "wrong horse battery"), BOB, ("carol", BOB.1)] {
        let before = counted(&provider);
        let answer = browser.sign_in(&page, name, password).await;
        assert_eq!(counted(&provider), before + 1, "{name}: one hash, no more and no less");
        assert!(answer.has_form("login-form") && answer.says("do not belong together"));
        let shown = answer.form("login-form");
        let plain = answer.answer.body.replace(shown.field("request").unwrap(), "").replace(name, "NAME");
        bodies.push((answer.answer.status, plain));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "letter by letter the same page");
    let before = counted(&provider);
    let page = browser.sign_in(&page, ADA.0, ADA.1).await;
    assert!(page.parameter("code").is_some(), "the right password, from the same page: {}", page.url);
    assert_eq!(counted(&provider), before + 1);
    let trail = provider.cli(&["audit"]).await;
    assert!(trail.as_array().unwrap().iter().any(|line| line["action"] == "sign_in" && line["subject"] == "ada"));
}

/// Ada's password at the cost of many checks, so that there is time to do something meanwhile.
fn slow(provider: &Provider) {
    use argon2::password_hash::PasswordHasher as _;
    let params = argon2::Params::new(19 * 1024, 30, 1, None).unwrap();
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let hash = argon.hash_password(ADA.1.as_bytes()).unwrap().to_string();
    sql(provider, &format!("UPDATE account SET password = '{hash}' WHERE username = 'ada'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_changed_while_it_was_checked_proves_nothing() {
    let provider = with_ada(plan().set("log.level = \"info,server::hashing=debug\"")).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    // Whoever has the old password: at the sign-in page, in a browser that is signed in, and to change it.
    for (what, new) in
        [("sign in", "the first new one"), ("again", "the second new one"), ("change", "the third new one")]
    {
        provider.cli_with(ADA.1, &["user", "passwd", "ada", "--password-stdin"]).await;
        let (mut owner, mut thief) = (Browser::new(&provider), Browser::new(&provider));
        party.sign_in(&provider, &mut owner, ADA).await;
        slow(&provider);
        let page = match what {
            "sign in" => thief.open(&party.begin(&provider).url()).await,
            "again" => owner.open(&party.begin(&provider).with("prompt", "login").url()).await,
            _ => owner.open(&provider.url("/account")).await,
        };
        let before = counted(&provider);
        let doing = tokio::spawn(async move {
            match what {
                "sign in" => thief.sign_in(&page, ADA.0, ADA.1).await,
                "again" => owner.sign_in(&page, ADA.0, ADA.1).await,
                _ => {
                    let form = page.form("password-form").fill("current", ADA.1);
                    owner.submit(&page, &form.fill("new", "the thief's own").fill("repeat", "the thief's own")).await
                }
            }
        });
        // While it is checked the world stands still for the server, and an operator sets another password.
        let began = || (counted(&provider) > before).then_some(());
        eventually("it is being checked", Duration::from_secs(20), async || began()).await;
        provider.signal("STOP");
        provider.cli_with(new, &["user", "passwd", "ada", "--password-stdin"]).await;
        provider.signal("CONT");
        let page = doing.await.unwrap();
        assert!(page.answer.status < 500 && page.parameter("code").is_none(), "{what}: {}", page.url);
        assert_eq!(provider.cli(&["session", "list"]).await, serde_json::json!([]), "{what}: nobody is signed in");
        let mut fresh = Browser::new(&provider);
        let page = fresh.open(&party.begin(&provider).url()).await;
        let page = fresh.sign_in(&page, ADA.0, "the thief's own").await;
        assert!(page.says("do not belong together"), "{what}: the thief changed nothing");
        assert!(fresh.sign_in(&page, ADA.0, new).await.parameter("code").is_some(), "{what}");
    }
    assert_eq!(provider.log().matches("login_overtaken").count(), 2);
}

#[tokio::test]
async fn proving_it_again_keeps_session_and_sid_and_moves_auth_time() {
    let mut walk = signed_in(plan()).await;
    let aged = |begun: testkit::Begun| begun.with("max_age", "10000");
    let begun = aged(walk.one.begin(&walk.provider));
    let page = walk.browser.open(&begun.url()).await;
    let before = walk.one.complete(&walk.provider, &begun, &page).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let begun = aged(walk.one.begin(&walk.provider)).with("prompt", "login");
    let page = walk.browser.open(&begun.url()).await;
    assert_eq!(page.form("login-form").field("username"), Some(ADA.0), "who signs in again need not type a name");
    let page = walk.browser.sign_in(&page, ADA.0, ADA.1).await;
    let after = walk.one.complete(&walk.provider, &begun, &page).await;
    assert_eq!(before.claim("sid"), after.claim("sid"));
    assert!(after.claims["auth_time"].as_i64() > before.claims["auth_time"].as_i64());
    assert_eq!(walk.provider.cli(&["session", "list"]).await.as_array().unwrap().len(), 1);
    // The browser got a new secret, and the other relying party's stay is where it was.
    let begun = walk.two.begin(&walk.provider).with("prompt", "none");
    let page = walk.browser.open(&begun.url()).await;
    let there = walk.two.complete(&walk.provider, &begun, &page).await;
    assert_eq!(there.claim("sid"), walk.at_two.claim("sid"));
}

#[tokio::test]
async fn max_age_asks_when_the_proof_is_older() {
    let mut walk = signed_in(plan()).await;
    tokio::time::sleep(Duration::from_millis(2100)).await;
    for (age, asks) in [("0", true), ("1", true), ("3600", false), ("2147483647", false)] {
        let begun = walk.one.begin(&walk.provider).with("max_age", age);
        let page = walk.browser.open(&begun.url()).await;
        assert_eq!(page.has_form("login-form"), asks, "max_age={age}: {}", page.url);
        let none = begun.with("prompt", "none");
        let page = walk.browser.open(&none.url()).await;
        if asks {
            assert_eq!(error(&none, &walk.provider, &page), "login_required", "max_age={age}");
        } else {
            let tokens = walk.one.complete(&walk.provider, &none, &page).await;
            assert!(tokens.claims["auth_time"].is_i64(), "Core §2: auth_time is required with max_age");
        }
    }
    for age in ["-1", "x", ""] {
        let begun = walk.one.begin(&walk.provider).with("max_age", age);
        let page = walk.browser.open(&begun.url()).await;
        if age.is_empty() {
            assert!(page.parameter("code").is_some(), "a parameter without a value is as if omitted (RFC 6749 §3.1)");
        } else {
            assert_eq!(error(&begun, &walk.provider, &page), "invalid_request", "max_age={age}");
        }
    }
}

#[tokio::test]
async fn prompt_says_what_may_be_asked() {
    let mut walk = signed_in(plan()).await;
    let mut fresh = Browser::new(&walk.provider);
    let begun = walk.one.begin(&walk.provider).with("prompt", "none");
    let page = fresh.open(&begun.url()).await;
    assert_eq!(error(&begun, &walk.provider, &page), "login_required");
    for others in ["none login", "login none", "none consent", "none select_account"] {
        let begun = walk.one.begin(&walk.provider).with("prompt", others);
        let page = walk.browser.open(&begun.url()).await;
        assert_eq!(error(&begun, &walk.provider, &page), "invalid_request", "{others}");
    }
    for (prompt, form) in [("login", "login-form"), ("consent", "consent-form"), ("select_account", "choose-form")] {
        let begun = walk.one.begin(&walk.provider).with("prompt", prompt);
        let page = walk.browser.open(&begun.url()).await;
        assert!(page.has_form(form), "{prompt}: {} {}", page.url, page.answer.body);
    }
    // The person may leave.
    let begun = walk.one.begin(&walk.provider).with("prompt", "login");
    let page = walk.browser.open(&begun.url()).await;
    let page = walk.browser.submit(&page, &page.form("login-form").press("cancel")).await;
    assert_eq!(error(&begun, &walk.provider, &page), "access_denied");
}

#[tokio::test]
async fn of_several_accounts_in_one_browser_a_hint_the_last_used_or_the_person_chooses() {
    let (provider, party, mut browser, ada, bob) = both().await;
    assert_ne!(ada.claim("sub"), bob.claim("sub"));
    assert_eq!(provider.cli(&["session", "list"]).await.as_array().unwrap().len(), 2);
    let get = async |browser: &mut Browser, begun: &testkit::Begun| {
        let page = browser.open(&begun.url()).await;
        party.complete(&provider, begun, &page).await.claim("sub").to_owned()
    };
    // Hints: by name and by ID Token, silently.
    for (tokens, name) in [(&ada, "ada"), (&bob, "bob"), (&ada, " ADA ")] {
        let begun = party.begin(&provider).with("login_hint", name).with("prompt", "none");
        assert_eq!(get(&mut browser, &begun).await, tokens.claim("sub"), "login_hint={name}");
        let begun = party.begin(&provider).with("id_token_hint", &tokens.id_token).with("prompt", "none");
        assert_eq!(get(&mut browser, &begun).await, tokens.claim("sub"), "id_token_hint of {name}");
    }
    // Without one, the account last used with this client.
    assert_eq!(get(&mut browser, &party.begin(&provider)).await, ada.claim("sub"));
    // A client that has used none: the chooser, and its error where nothing may be asked.
    let other = RelyingParty::first_party(&provider, "Other").await;
    let begun = other.begin(&provider).with("prompt", "none");
    let page = browser.open(&begun.url()).await;
    assert_eq!(error(&begun, &provider, &page), "account_selection_required");
    let begun = other.begin(&provider);
    let page = browser.open(&begun.url()).await;
    let choose = page.form("choose-form");
    assert!(page.says("ada") && page.says("bob"));
    let mine = choose.buttons.iter().map(|(_, value)| value.clone()).find(|value| value != "another").unwrap();
    // Nobody can choose an account that is not signed in here.
    let forged = browser.submit(&page, &choose.clone().fill("account", "someone")).await;
    assert_eq!(forged.answer.status, 400);
    let page = browser.submit(&page, &choose.press_value("account", &mine)).await;
    other.complete(&provider, &begun, &page).await;
}

#[tokio::test]
async fn a_hint_at_somebody_who_is_not_here_signs_nobody_else_in() {
    let (provider, party, mut browser, ada, _) = both().await;
    let mut alone = Browser::new(&provider);
    party.sign_in(&provider, &mut alone, BOB).await;
    let begun = party.begin(&provider).with("id_token_hint", &ada.id_token);
    let none = begun.clone().with("prompt", "none");
    let page = alone.open(&none.url()).await;
    assert_eq!(error(&none, &provider, &page), "login_required");
    let page = alone.open(&begun.url()).await;
    assert!(page.has_form("login-form"), "{}", page.url);
    let page = alone.sign_in(&page, BOB.0, BOB.1).await;
    assert_eq!(error(&begun, &provider, &page), "login_required", "Bob is not whom the client means");
    let begun = party.begin(&provider).with("login_hint", "carol").with("prompt", "none");
    let page = browser.open(&begun.url()).await;
    assert_eq!(error(&begun, &provider, &page), "account_selection_required");
    let begun = party.begin(&provider).with("id_token_hint", "rubbish");
    let page = browser.open(&begun.url()).await;
    assert_eq!(error(&begun, &provider, &page), "invalid_request");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_is_in_the_audit_trail() {
    let mut walk = signed_in(plan()).await;
    let mut laptop = Browser::new(&walk.provider);
    walk.one.sign_in(&walk.provider, &mut laptop, ADA).await;
    let new = "an entirely new battery";
    let page = laptop.open(&walk.provider.url("/account")).await;
    let form = page.form("password-form").fill("new", new).fill("repeat", new);
    let wrong = laptop.submit(&page, &form.clone().fill("current", "not the password")).await;
    assert!(wrong.says("The current password is not right"), "{}", wrong.answer.body);
    let done = laptop.submit(&page, &form.fill("current", ADA.1)).await;
    assert!(done.says("Your password was changed"), "{}", done.answer.body);
    super::ground::settles(&walk.provider, &["delivered", "delivered"], Duration::from_secs(10)).await;
    assert!(!walk.is_signed_in().await, "the other browser is signed out");
    let begun = walk.one.begin(&walk.provider).with("prompt", "none");
    assert!(laptop.open(&begun.url()).await.parameter("code").is_some(), "this one is not");
    let trail = walk.provider.cli(&["audit"]).await;
    assert!(trail.as_array().unwrap().iter().any(|line| line["action"] == "password_changed"), "{trail}");
    let mut fresh = Browser::new(&walk.provider);
    let page = fresh.open(&walk.one.begin(&walk.provider).url()).await;
    let old = fresh.sign_in(&page, ADA.0, ADA.1).await;
    assert!(old.says("do not belong together"));
    assert!(fresh.sign_in(&old, ADA.0, new).await.parameter("code").is_some());
}

#[tokio::test]
async fn a_weak_hash_is_upgraded_when_it_is_used() {
    use argon2::password_hash::PasswordHasher as _;
    let provider = with_ada(plan()).await;
    let params = argon2::Params::new(64, 1, 1, None).unwrap();
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let weak = weak.hash_password(ADA.1.as_bytes()).unwrap().to_string();
    sql(&provider, &format!("UPDATE account SET password = '{weak}'"));
    let party = RelyingParty::first_party(&provider, "One").await;
    party.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
    let stored = sql(&provider, "SELECT password FROM account");
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    party.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
}
