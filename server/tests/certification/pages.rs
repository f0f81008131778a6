//! What the examiner's browser asks of our pages (`certification.md` §1): forms with stable names, on paths of their own,
//! without scripts.

use serde_json::json;
use testkit::Page;

use super::checks;
use super::examiner::{Examiner, Mode, Variant, registration};

const CODE: Variant = Variant { kind: "code", mode: Mode::Default };

/// A page that works where no script runs, and keeps its names.
fn is_plain(page: &Page, path: &str, names: &[&str]) {
    assert_eq!((page.answer.status, page.url.path()), (200, path));
    assert!(page.answer.header("content-type").unwrap().starts_with("text/html"));
    assert!(!page.answer.body.contains("<script"), "no script on {path}");
    for name in names {
        assert!(page.answer.body.contains(&format!("id=\"{name}\"")), "{path} has {name}");
    }
}

/// 1 pages: each page of a flow on a path of its own, with stable ids, and no script; a way to say no; the sign-in page again
/// where somebody must sign in again.
#[tokio::test]
async fn pages_of_a_flow() {
    let examiner = Examiner::shared().await;
    let client = examiner.register(&registration("code")).await;
    let mut browser = examiner.browser();
    let asked = examiner.ask_as(&client, CODE);
    let login = browser.open_from_elsewhere(&asked.url()).await;
    is_plain(&login, "/login", &["login-form", "username", "password", "login", "cancel"]);
    let consent = browser.sign_in(&login, "fixture", "a fixture's password").await;
    is_plain(&consent, "/consent", &["consent-form", "allow", "deny"]);
    let denied = browser.submit(&consent, &consent.form("consent-form").press("deny")).await;
    assert_eq!(checks::refusal(&asked, &denied), "access_denied");
    let walked = examiner.walk(&mut browser, &asked).await;
    checks::success(&asked, &walked.page);
    let again = browser.open_from_elsewhere(&asked.clone().with("prompt", "login").url()).await;
    is_plain(&again, "/login", &["login-form", "password", "login"]);
    let cancelled = browser.submit(&again, &again.form("login-form").press("cancel")).await;
    assert_eq!(checks::refusal(&asked.with("prompt", "login"), &cancelled), "access_denied");
    let end = examiner.metadata["end_session_endpoint"].as_str().unwrap();
    let logout = browser.open_from_elsewhere(end).await;
    is_plain(&logout, "/end_session", &["logout-form", "logout", "stay"]);
    let out = browser.submit(&logout, &logout.form("logout-form").press_value("logout", "all")).await;
    is_plain(&out, "/logout", &["signed-out"]);
}

/// 1 pages: an answer by `form_post` is sent by one line of script and no file, and by a button where there is none.
#[tokio::test]
async fn the_page_that_posts_an_answer() {
    let examiner = Examiner::shared().await;
    let asked = examiner.ask(Variant { kind: "code", mode: Mode::FormPost }).with("prompt", "none");
    let page = examiner.browser().open_from_elsewhere(&asked.url()).await;
    assert_eq!(checks::refusal(&asked, &page), "login_required");
    let (script, _) = page.answer.body.split_once("<script").unwrap().1.split_once("</script>").unwrap();
    assert!(script.contains("nonce=") && script.contains(".submit()") && !script.contains("src="), "{script}");
    let plain = ["=>", "fetch", "import", "const ", "let ", "`"].iter().all(|new| !script.contains(new));
    assert!(plain, "an old browser reads it: {script}");
}

/// 1 pages: an error has a phrase of its own, whoever looks for it by a pattern.
#[tokio::test]
async fn pages_of_errors() {
    let examiner = Examiner::shared().await;
    let mut browser = examiner.browser();
    let asked = examiner.ask(CODE);
    for (asked, phrase) in [
        (asked.clone().with("client_id", "nobody"), "there is no client with this client_id"),
        (asked.clone().without("client_id"), "client_id is missing"),
        (
            asked.clone().with("redirect_uri", "https://suite.test/x"),
            "this redirect_uri is not registered for this client",
        ),
        (asked.without("redirect_uri"), "redirect_uri is missing"),
    ] {
        examiner.shows(&mut browser, &asked, phrase).await;
        examiner.shows(&mut browser, &asked, "This did not work").await;
    }
}

/// oidcc-registration-logo-uri, oidcc-registration-policy-uri, oidcc-registration-tos-uri: each is on the sign-in page.
#[tokio::test]
async fn what_an_application_says_of_itself() {
    let examiner = Examiner::shared().await;
    let mut metadata = registration("code");
    metadata["logo_uri"] = json!("https://suite.test/images/logo.png");
    metadata["policy_uri"] = json!("https://suite.test/policy");
    metadata["tos_uri"] = json!("https://suite.test/terms");
    let client = examiner.register(&metadata).await;
    let page = examiner.browser().open_from_elsewhere(&examiner.ask_as(&client, CODE).url()).await;
    is_plain(&page, "/login", &["login-form", "policy", "tos"]);
    let body = &page.answer.body;
    assert!(body.contains("<img class=\"applogo\" src=\"https://suite.test/images/logo.png\""), "{body}");
    assert!(page.answer.header("content-security-policy").unwrap().contains("img-src 'self' https://suite.test"));
    for link in ["https://suite.test/policy", "https://suite.test/terms"] {
        assert!(body.contains(&format!("href=\"{link}\"")), "{body}");
    }
}
