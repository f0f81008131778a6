//! Sessions: `prompt`, `max_age`, `id_token_hint` (item 6).

use super::examiner::{Examiner, Variant};
use crate::ground::passes;

const ERRORS: &[&str] = &["login_required", "interaction_required", "account_selection_required", "consent_required"];

/// oidcc-prompt-login: the login page is seen again, and `auth_time` is not earlier; item 6.
#[tokio::test]
async fn prompt_login_asks_again() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let first = examiner.succeeds(&mut browser, &examiner.ask(variant)).await;
        let second = examiner.succeeds(&mut browser, &examiner.ask(variant).with("prompt", "login")).await;
        assert!(second.seen.contains(&"login"), "the person must prove it again: {:?}", second.seen);
        assert!(second.auth_time() >= first.auth_time());
        assert_eq!(second.claims()["sub"], first.claims()["sub"]);
    }
}

/// oidcc-prompt-none-not-logged-in: an error in its channel (2.0 error-redirects), and no code; item 4, item 6.
#[tokio::test]
async fn prompt_none_without_a_session() {
    let examiner = Examiner::shared().await;
    for variant in Variant::all() {
        let error = examiner.refuses(&mut examiner.browser(), &examiner.ask(variant).with("prompt", "none")).await;
        assert!(ERRORS.contains(&error.as_str()), "{error}");
    }
}

/// oidcc-prompt-none-logged-in: nothing is shown, the same subject, the same `auth_time`; item 6.
#[tokio::test]
async fn prompt_none_with_a_session() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let first = examiner.succeeds(&mut browser, &examiner.ask(variant)).await;
        let second = examiner.succeeds(&mut browser, &examiner.ask(variant).with("prompt", "none")).await;
        assert!(second.seen.is_empty());
        assert_eq!(
            (second.claims()["sub"].as_str(), second.auth_time()),
            (first.claims()["sub"].as_str(), first.auth_time())
        );
    }
}

/// oidcc-id-token-hint: with prompt=none and the same person's ID Token; item 6.
#[tokio::test]
async fn an_id_token_as_a_hint() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let first = examiner.succeeds(&mut browser, &examiner.ask(variant)).await;
        let asked = examiner.ask(variant).with("prompt", "none").with("id_token_hint", first.id_token());
        let second = examiner.succeeds(&mut browser, &asked).await;
        assert_eq!(second.claims()["sub"], first.claims()["sub"]);
    }
}

/// oidcc-max-age-10000: twice within it, `auth_time` both times and the same, no second sign-in; item 6.
#[tokio::test]
async fn a_long_max_age() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let first = examiner.succeeds(&mut browser, &examiner.ask(variant).with("max_age", "15000")).await;
        let second = examiner.succeeds(&mut browser, &examiner.ask(variant).with("max_age", "15000")).await;
        assert!(!second.seen.contains(&"login"));
        assert_eq!(first.auth_time(), second.auth_time());
    }
}

/// oidcc-max-age-1: after two seconds the person must sign in again, and `auth_time` is newer; item 6.
#[tokio::test]
async fn a_max_age_of_one_second() {
    // Time passes here, for everybody.
    let examiner = Examiner::new().await;
    let mut browser = examiner.browser();
    for variant in Variant::all() {
        let first = examiner.succeeds(&mut browser, &examiner.ask(variant)).await;
        passes(&examiner.provider, 2);
        let second = examiner.succeeds(&mut browser, &examiner.ask(variant).with("max_age", "1")).await;
        assert!(second.seen.contains(&"login"), "{variant:?}");
        assert!(second.auth_time() > first.auth_time() - 2, "newer than it was, two seconds ago");
        assert!(second.auth_time() >= super::checks::now() - 5);
    }
}
