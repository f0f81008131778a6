//! Session Management 1.0: what a relying party's page learns of the browser without asking the provider. The frame's
//! script is run in a real browser by `interop/`; here the same is computed by the words of §3.2.

use std::fmt::Write as _;

use testkit::http::Question;
use testkit::{Browser, Page, Provider, RelyingParty};

use super::super::ground::{ADA, plan, signed_in, with_ada};

/// What the frame says to a page of this origin, in a browser with these cookies.
fn frame(browser: &Browser, party: &RelyingParty, origin: &str, session_state: &str) -> &'static str {
    let hex = |text: String| {
        jose::sha256(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").unwrap();
            hex
        })
    };
    let of = format!("{} {origin}", party.client_id);
    let [digest, salt, bound] = session_state.split('.').collect::<Vec<_>>()[..] else { return "error" };
    let state = browser.jar.cookies().iter().find(|cookie| cookie.name.ends_with("ostiary-state"));
    match state {
        _ if hex(format!("{of} {salt}"))[..32] != *bound => "error",
        None => "error",
        Some(state) if hex(format!("{of} {} {salt}", state.value)) == digest => "unchanged",
        Some(_) => "changed",
    }
}

fn said(browser: &Browser, party: &RelyingParty, session_state: &str) -> &'static str {
    frame(browser, party, &party.origin(), session_state)
}

/// An answer to `prompt=none`: (`session_state`, whether there was a code).
async fn silently(provider: &Provider, browser: &mut Browser, party: &RelyingParty) -> (String, bool) {
    let page = browser.open(&party.begin(provider).with("prompt", "none").url()).await;
    (page.parameter("session_state").unwrap(), page.parameter("code").is_some())
}

async fn loads_the_frame(provider: &Provider, browser: &mut Browser) -> Page {
    browser.open(&provider.url("/check_session")).await
}

/// oidcc-session-management-rp-initiated-logout: `unchanged`, and `changed` after a sign-out, for the page it was made for.
#[tokio::test]
async fn it_changes_when_the_sessions_of_the_browser_do_and_not_otherwise() {
    let provider = with_ada(plan()).await;
    provider.user("bob", "staple of the walks").await;
    let (one, two) =
        (RelyingParty::first_party(&provider, "One").await, RelyingParty::first_party(&provider, "Two").await);
    let mut browser = Browser::new(&provider);
    // Nobody is signed in, and that is a state too.
    let (nobody, code) = silently(&provider, &mut browser, &one).await;
    assert!(!code);
    assert_eq!(said(&browser, &one, &nobody), "unchanged");
    assert_eq!(frame(&browser, &one, &two.origin(), &nobody), "error", "a page it was not made for");
    // Somebody signs in.
    one.sign_in(&provider, &mut browser, ADA).await;
    assert_eq!(said(&browser, &one, &nobody), "changed");
    let (ada, code) = silently(&provider, &mut browser, &one).await;
    assert!(code);
    assert_eq!(said(&browser, &one, &ada), "unchanged");
    // Others have values of their own, and looking at pages changes nothing.
    let (elsewhere, _) = silently(&provider, &mut browser, &two).await;
    assert_eq!((said(&browser, &one, &ada), said(&browser, &two, &elsewhere)), ("unchanged", "unchanged"));
    assert_eq!(said(&browser, &two, &ada), "error", "a value is one client's");
    browser.open(&provider.url("/account")).await;
    loads_the_frame(&provider, &mut browser).await;
    // The same person again: session and `sid` stay, and so does this.
    let page = browser.open(&one.begin(&provider).with("prompt", "login").url()).await;
    browser.sign_in(&page, ADA.0, ADA.1).await;
    assert_eq!(said(&browser, &one, &ada), "unchanged");
    // Somebody else beside her.
    let page = browser.open(&two.begin(&provider).with("prompt", "login").url()).await;
    browser.sign_in(&page, "bob", "staple of the walks").await;
    assert_eq!(said(&browser, &one, &ada), "changed");
    let (both, _) = silently(&provider, &mut browser, &one).await;
    assert_eq!(said(&browser, &one, &both), "unchanged");
    // One of them leaves.
    provider.cli(&["session", "end", "--user", "bob"]).await;
    loads_the_frame(&provider, &mut browser).await;
    assert_eq!(said(&browser, &one, &both), "changed");
}

/// oidcc-session-management-rp-initiated-logout: a relying party signs the person out.
#[tokio::test]
async fn a_sign_out_here_and_an_ending_elsewhere_reach_the_cookie() {
    let mut walk = signed_in(plan()).await;
    let (at_one, _) = silently(&walk.provider, &mut walk.browser, &walk.one).await;
    let page = walk.sign_out_with(&[("id_token_hint", &walk.at_two.id_token.clone())]).await;
    assert!(page.says("You are signed out"), "{}", page.answer.body);
    assert_eq!(said(&walk.browser, &walk.one, &at_one), "changed");
    let (nobody, code) = silently(&walk.provider, &mut walk.browser, &walk.one).await;
    assert!(!code);
    assert_eq!(said(&walk.browser, &walk.one, &nobody), "unchanged", "no circle");

    // An operator ends a session: the browser cannot know before it comes by, and a frame that is loaded is enough.
    walk.one.sign_in(&walk.provider, &mut walk.browser, ADA).await;
    let (again, _) = silently(&walk.provider, &mut walk.browser, &walk.one).await;
    walk.provider.cli(&["session", "end", "--user", "ada"]).await;
    assert_eq!(said(&walk.browser, &walk.one, &again), "unchanged");
    loads_the_frame(&walk.provider, &mut walk.browser).await;
    assert_eq!(said(&walk.browser, &walk.one, &again), "changed");
}

#[tokio::test]
async fn a_change_of_password_changes_the_secrets_and_not_the_state() {
    let mut walk = signed_in(plan()).await;
    let (before, _) = silently(&walk.provider, &mut walk.browser, &walk.one).await;
    let page = walk.browser.open(&walk.provider.url("/account")).await;
    let new = "another horse battery";
    let form = page.form("password-form").fill("current", ADA.1).fill("new", new).fill("repeat", new);
    let page = walk.browser.submit(&page, &form).await;
    assert!(page.url.as_str().contains("did=password"), "{} {}", page.url, page.answer.body);
    assert_eq!(said(&walk.browser, &walk.one, &before), "unchanged");
    assert!(silently(&walk.provider, &mut walk.browser, &walk.one).await.1);
}

#[tokio::test]
async fn every_answer_has_it_whichever_way_it_travels() {
    let mut walk = signed_in(plan()).await;
    for prompt in ["none", "none login"] {
        let begun = walk.one.begin(&walk.provider).with("prompt", prompt);
        let query = walk.browser.open(&begun.url()).await.parameter("session_state").unwrap();
        assert_eq!(said(&walk.browser, &walk.one, &query), "unchanged", "{prompt}");
        let page = walk.browser.open(&begun.clone().with("response_mode", "fragment").url()).await;
        let fragment = page.url.fragment().unwrap_or_default().to_owned();
        let mut pairs = url::form_urlencoded::parse(fragment.as_bytes());
        let (_, fragment) = pairs.find(|(name, _)| name == "session_state").expect("in the fragment");
        assert_eq!(said(&walk.browser, &walk.one, &fragment), "unchanged", "{prompt}");
        let page = walk.browser.open(&begun.with("response_mode", "form_post").url()).await;
        let form = page.form("form-post");
        let (_, posted) = form.fields.iter().find(|(name, _)| name == "session_state").expect("in the form");
        assert_eq!(said(&walk.browser, &walk.one, posted), "unchanged", "{prompt}");
        assert_ne!(*posted, query, "another salt each time");
    }
    // A request that is wrong from the start, and a person who does not want to.
    let page = walk.browser.open(&walk.one.begin(&walk.provider).with("response_type", "magic").url()).await;
    assert_eq!(said(&walk.browser, &walk.one, &page.parameter("session_state").unwrap()), "unchanged");
    let page = walk.browser.open(&walk.one.begin(&walk.provider).with("prompt", "login").url()).await;
    let page = walk.browser.submit(&page, &page.form("login-form").press("cancel")).await;
    assert_eq!(page.parameter("error").as_deref(), Some("access_denied"));
    assert_eq!(said(&walk.browser, &walk.one, &page.parameter("session_state").unwrap()), "unchanged");
}

#[tokio::test]
async fn the_frame_is_anybodys_and_nothing_else_is() {
    let provider = with_ada(plan().https("https://op.test")).await;
    let party = RelyingParty::first_party(&provider, "One").await;
    let mut browser = Browser::new(&provider);
    party.sign_in(&provider, &mut browser, ADA).await;
    let cookie = browser.jar.cookie("__Host-ostiary-state").expect("a cookie that scripts may read");
    assert!(!cookie.has("httponly") && cookie.has("secure"), "{cookie:?}");
    assert_eq!(cookie.attribute("samesite"), Some("None"));
    assert_eq!(browser.jar.refused(), &[] as &[String]);

    let frame = loads_the_frame(&provider, &mut browser).await;
    let policy = frame.answer.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("frame-ancestors *") && policy.contains("script-src 'sha256-"), "{policy}");
    assert!(frame.answer.body.contains("data-cookie=\"__Host-ostiary-state\""), "{}", frame.answer.body);
    assert_eq!(frame.answer.header("cache-control"), Some("no-store"));
    assert_eq!(frame.answer.header("x-frame-options"), None);
    assert_eq!(frame.answer.header("set-cookie"), None, "nothing has changed");
    let discovery = provider.get("/.well-known/openid-configuration").await.unwrap().json();
    assert_eq!(discovery["check_session_iframe"], provider.url("/check_session"));

    // A browser that keeps another jar for frames brings nothing, and must not be given a state of its own there.
    let bare = provider.ask(Question::get(&provider.url("/check_session"))).await;
    assert_eq!((bare.status, bare.header("set-cookie")), (200, None));

    for path in
        ["/", "/account", "/login", "/end_session", "/jwks", "/health", "/nothing", "/authorize", "/assets/icon.svg"]
    {
        let answer = browser.open(&provider.url(path)).await.answer;
        let policy = answer.header("content-security-policy").unwrap_or_default().to_owned();
        assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
    }
    // An answer in a frame is what `prompt=none` is for.
    let begun = party.begin(&provider).with("prompt", "none").with("response_mode", "form_post");
    let policy = browser.open(&begun.url()).await.answer.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("frame-ancestors *"), "{policy}");
}
