//! Cookies, and forms posted from where they do not belong (`logout.md` §5).

use testkit::jar::Errand;
use testkit::{Browser, Plan, Provider, RelyingParty};

use super::super::ground::{ADA, plan, signed_in, with_ada};

#[tokio::test]
async fn cookies_are_dressed_for_https_and_for_a_machine_of_ones_own() {
    let secure: Plan = plan().https("https://op.test");
    for (plan, is_https) in [(secure, true), (plan(), false)] {
        let walk = signed_in(plan).await;
        assert_eq!(walk.browser.jar.refused(), Vec::<String>::new(), "no cookie breaks its own rules");
        let cookies = walk.browser.jar.cookies();
        assert_eq!(cookies.len(), 4, "{cookies:?}");
        for cookie in cookies {
            // The browser's state is for a script of ours to read, in a frame on another site.
            let state = cookie.name.ends_with("-state");
            assert_ne!(cookie.has("httponly"), state, "{cookie:?}");
            assert_eq!(cookie.attribute("path"), Some("/"));
            assert!(!cookie.has("domain"));
            assert_eq!((cookie.has("secure"), cookie.name.starts_with("__Host-")), (is_https, is_https), "{cookie:?}");
            let wanted = if cookie.name == "__Host-ostiary" || state && is_https { "None" } else { "Lax" };
            assert_eq!(cookie.attribute("samesite"), Some(wanted), "{cookie:?}");
        }
    }
}

#[tokio::test]
async fn a_form_of_one_browser_posted_from_another_goes_nowhere() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let (mut victim, mut attacker) = (Browser::new(&provider), Browser::new(&provider));
    let page = attacker.open(&party.begin(&provider).url()).await;
    let form = page.form("login-form").fill("username", ADA.0).fill("password", ADA.1).press("login");
    for mut browser in [victim.clone(), {
        victim.open(&party.begin(&provider).url()).await;
        victim.clone()
    }] {
        let forged = browser.submit(&page, &form).await;
        assert_eq!(forged.answer.status, 400, "{}", forged.answer.body);
        assert!(browser.jar.cookie("ostiary").is_none(), "nobody is signed in by it");
    }
    // Nor does a page of the attacker's opened in the victim's browser show a form that works there.
    let shown = victim.open(page.url.as_str()).await;
    assert_eq!(shown.answer.status, 400, "{}", shown.answer.body);
    assert_eq!(provider.cli(&["session", "list"]).await.as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn another_site_may_post_to_authorize_and_to_no_form_of_ours() {
    let mut walk = signed_in(plan().https("https://op.test")).await;
    let endpoint = walk.provider.url("/authorize");
    let begun = walk.one.begin(&walk.provider).with("prompt", "none");
    let page = walk.browser.post_from_elsewhere(&endpoint, &begun.pairs()).await;
    let tokens = walk.one.complete(&walk.provider, &begun, &page).await;
    assert_eq!(tokens.claim("sid"), walk.at_one.claim("sid"), "the session was seen");
    // Interactions begun by a cross-site POST work as well.
    let mut fresh = Browser::new(&walk.provider);
    let begun = walk.one.begin(&walk.provider);
    let page = fresh.post_from_elsewhere(&endpoint, &begun.pairs()).await;
    let page = fresh.sign_in(&page, ADA.0, ADA.1).await;
    walk.one.complete(&walk.provider, &begun, &page).await;
    // Our own forms are not posted from elsewhere.
    for (prompt, id, button) in [("login", "login-form", "login"), ("consent", "consent-form", "allow")] {
        let begun = walk.one.begin(&walk.provider).with("prompt", prompt);
        let page = walk.browser.open(&begun.url()).await;
        let form = page.form(id).fill("username", ADA.0).fill("password", ADA.1).press(button);
        let forged = walk.browser.submit_from_elsewhere(&page, &form).await;
        assert_eq!(forged.answer.status, 400, "{prompt}: {}", forged.answer.body);
        let honest = walk.browser.submit(&page, &form).await;
        assert!(honest.parameter("code").is_some(), "{prompt}: {}", honest.url);
    }
}

#[tokio::test]
async fn a_browser_that_is_asked_to_remembers_and_another_forgets() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    for remember in [true, false] {
        let mut browser = Browser::new(&provider);
        let page = browser.open(&party.begin(&provider).url()).await;
        let mut form = page.form("login-form").fill("username", ADA.0).fill("password", ADA.1).press("login");
        if remember {
            form = form.fill("remember", "1");
        }
        assert!(browser.submit(&page, &form).await.parameter("code").is_some());
        let ages = |name| browser.jar.cookie(name).map(|cookie| cookie.attribute("max-age").map(str::to_owned));
        let (passing, kept) = (ages("ostiary"), ages("ostiary-kept"));
        match remember {
            true => assert_eq!((passing, kept), (None, Some(Some("2592000".to_owned())))),
            false => assert_eq!((passing, kept), (Some(None), None)),
        }
        browser.jar.close();
        let begun = party.begin(&provider).with("prompt", "none");
        assert_eq!(browser.open(&begun.url()).await.parameter("code").is_some(), remember);
    }
}

/// Whoever signs in second decides nothing about the first: each session has its own lifetime (`logout.md` §2).
#[tokio::test]
async fn each_account_of_a_browser_stays_as_long_as_its_own_person_wished() {
    const BOB: (&str, &str) = ("bob", "staple of the walks");
    let provider = with_ada(plan()).await;
    provider.user(BOB.0, BOB.1).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    for (kept, passing) in [(ADA, BOB), (BOB, ADA)] {
        for order in [[kept, passing], [passing, kept]] {
            let mut browser = Browser::new(&provider);
            for who in order {
                sign_in_beside(&mut browser, &party, &provider, who, who == kept).await;
            }
            for (username, _) in order {
                assert!(is_in(&mut browser, &party, &provider, username).await, "{username} is signed in");
            }
            browser.jar.close();
            assert!(is_in(&mut browser, &party, &provider, kept.0).await, "{} stays", kept.0);
            assert!(
                !is_in(&mut browser, &party, &provider, passing.0).await,
                "{} was for this browser's day",
                passing.0
            );
        }
    }
}

/// The last word of a person about their own session counts: it moves between what stays and what goes.
#[tokio::test]
async fn proving_it_again_may_keep_a_session_or_let_it_go() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    for keep in [false, true, false] {
        let begun = party.begin(&provider).with("prompt", "login");
        let page = browser.open(&begun.url()).await;
        let form = page.form("login-form").fill("username", ADA.0).fill("password", ADA.1).press("login");
        let form = if keep { form.fill("remember", "1") } else { form };
        let page = browser.submit(&page, &form).await;
        let tokens = party.complete(&provider, &begun, &page).await;
        let mut closed = browser.clone();
        closed.jar.close();
        assert_eq!(is_in(&mut closed, &party, &provider, ADA.0).await, keep, "keep: {keep}");
        let sessions = provider.cli(&["session", "list"]).await;
        assert_eq!(sessions.as_array().unwrap().len(), 1, "it is the same session: {sessions}");
        // What was chosen is what the page offers when that person is to prove it again.
        let again = party.begin(&provider).with("prompt", "login").with("id_token_hint", &tokens.id_token);
        let page = browser.open(&again.url()).await;
        assert_eq!(page.answer.body.contains(" checked>"), keep, "{}", page.answer.body);
        let wrong =
            browser.submit(&page, &page.form("login-form").fill("password", "not it").fill("remember", "1")).await;
        assert!(wrong.says("do not belong together") && wrong.answer.body.contains(" checked>"), "a tick is kept");
    }
}

async fn sign_in_beside(
    browser: &mut Browser,
    party: &RelyingParty,
    provider: &Provider,
    (username, password): (&str, &str),
    keep: bool,
) {
    let mut page = browser.open(&party.begin(provider).with("prompt", "select_account").url()).await;
    if page.has_form("choose-form") {
        page = browser.submit(&page, &page.form("choose-form").press_value("account", "another")).await;
    }
    let form = page.form("login-form").fill("username", username).fill("password", password).press("login");
    let form = if keep { form.fill("remember", "1") } else { form };
    assert!(browser.submit(&page, &form).await.parameter("code").is_some(), "{username} signs in");
}

async fn is_in(browser: &mut Browser, party: &RelyingParty, provider: &Provider, username: &str) -> bool {
    let begun = party.begin(provider).with("prompt", "none").with("login_hint", username);
    let page = browser.open(&begun.url()).await;
    page.parameter("code").is_some()
}

#[tokio::test]
async fn the_secret_of_a_browser_changes_when_somebody_signs_in() {
    let mut walk = signed_in(plan()).await;
    let before = walk.browser.jar.cookie("ostiary").unwrap().value.clone();
    let mut thief = walk.browser.clone();
    let begun = walk.one.begin(&walk.provider).with("prompt", "login");
    let page = walk.browser.open(&begun.url()).await;
    walk.browser.sign_in(&page, ADA.0, ADA.1).await;
    assert_ne!(walk.browser.jar.cookie("ostiary").unwrap().value, before);
    let begun = walk.one.begin(&walk.provider).with("prompt", "none");
    let page = thief.open(&begun.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("login_required"), "the old secret is worth nothing");
    let answer = walk.browser.step(testkit::http::Question::get(&walk.provider.url("/login")), Errand::SameSite).await;
    assert_eq!(answer.unwrap().status, 400, "a page without a request is an error, not a fault");
}

#[tokio::test]
async fn markup_and_sql_in_every_field_stay_text() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "<script>alert(1)</script>").await;
    let evil = "\"'><script>alert(2)</script>'; DROP TABLE account; --";
    let mut browser = Browser::new(&provider);
    for name in ["login_hint", "state", "nonce", "ui_locales", "acr_values", "claims_locales", "prompt", "unknown"] {
        let begun = party.begin(&provider).with(name, evil);
        let page = browser.open(&begun.url()).await;
        assert!(page.has_form("login-form"), "{name}: {} {}", page.url, page.answer.body);
        assert!(!page.answer.body.contains("<script"), "{name}: {}", page.answer.body);
        let policy = page.answer.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        let page = browser.sign_in(&page, evil, evil).await;
        assert!(page.says("do not belong together") && !page.answer.body.contains("<script"), "{}", page.answer.body);
    }
    for name in ["client_id", "redirect_uri", "response_type", "scope", "claims", "code_challenge"] {
        let begun = party.begin(&provider).with(name, evil);
        let page = browser.open(&begun.url()).await;
        assert!(page.answer.status == 400 || page.parameter("error").is_some(), "{name}: {}", page.url);
        assert!(!page.answer.body.contains("<script"), "{name}: {}", page.answer.body);
        let stays = page.url.as_str().starts_with(provider.issuer());
        assert_eq!(stays, matches!(name, "client_id" | "redirect_uri"), "{name}: {}", page.url);
    }
    for name in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales"] {
        let page = browser.open(&party.end_session_url(&provider, &[(name, evil)])).await;
        assert!(!page.answer.body.contains("<script"), "{name}: {}", page.answer.body);
        assert!(page.answer.status < 500, "{name}");
    }
    // The state comes back as it was sent.
    let begun = party.begin(&provider).with("state", evil).with("prompt", "none");
    assert_eq!(browser.open(&begun.url()).await.parameter("state").as_deref(), Some(evil));
    party.sign_in(&provider, &mut browser, ADA).await;
}

#[tokio::test]
async fn parameters_sent_twice_and_bodies_too_large_are_refused() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    let twice = format!("{}&client_id={}", party.begin(&provider).url(), party.client_id);
    let page = browser.open(&twice).await;
    assert_eq!((page.answer.status, page.has_form("login-form")), (400, false), "{}", page.url);
    let begun = party.begin(&provider);
    let page = browser.open(&format!("{}&nonce=other", begun.url())).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{}", page.url);
    let page = browser.open(&begun.url()).await;
    let large = "x".repeat(100_000);
    let form = page.form("login-form").fill("username", ADA.0).fill("password", &large).press("login");
    assert_eq!(browser.submit(&page, &form).await.answer.status, 413);
    let form = page.form("login-form").fill("username", ADA.0).fill("password", &large[..2_000]).press("login");
    assert!(browser.submit(&page, &form).await.says("do not belong together"), "longer than any password is wrong");
    party.sign_in(&provider, &mut browser, ADA).await;
}
