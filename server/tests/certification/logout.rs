//! Signing out (§2.4): RP-Initiated and Back-Channel. Session management is walked in `server/tests/logout/`.

use std::time::Duration;

use jose::{JwsAlg, SigningKey, base64url};
use serde_json::{Value, json};
use testkit::http::encode;
use testkit::{Browser, Page, RelyingParty};

use super::checks;
use super::examiner::{Client, Examiner, ISSUER, Mode, Outcome, Variant, own_key, registration, signed};

const AFTER: &str = "https://suite.test/test/a/ostiary/post_logout_redirect";
const DONE: &str = "You are signed out";
const ERRORS: &[&str] = &["login_required", "interaction_required", "account_selection_required", "consent_required"];
/// The plan lets one choose the response type.
const CHOSEN: Variant = Variant { kind: "code id_token", mode: Mode::Default };

/// Somebody who is signed in at a client with an address to come back to.
struct Signed {
    examiner: std::sync::Arc<Examiner>,
    client: Client,
    browser: Browser,
    outcome: Outcome,
}

async fn signed_in() -> Signed {
    let examiner = Examiner::shared().await;
    let mut metadata = registration(CHOSEN.kind);
    metadata["post_logout_redirect_uris"] = json!([AFTER]);
    let client = examiner.register(&metadata).await;
    let mut signed = again(&examiner, &client).await;
    assert!(signed.is_signed_in().await);
    signed
}

async fn again(examiner: &std::sync::Arc<Examiner>, client: &Client) -> Signed {
    let mut browser = examiner.browser();
    let outcome = examiner.succeeds(&mut browser, &examiner.ask_as(client, CHOSEN)).await;
    Signed { examiner: examiner.clone(), client: client.clone(), browser, outcome }
}

impl Signed {
    /// Sends the browser to sign out.
    async fn asks(&mut self, fields: &[(&str, &str)]) -> Page {
        let end = self.examiner.metadata["end_session_endpoint"].as_str().unwrap();
        self.browser.open_from_elsewhere(&format!("{end}?{}", encode(fields))).await
    }

    /// The same, and yes to whatever is asked.
    async fn leaves(&mut self, fields: &[(&str, &str)]) -> Page {
        let page = self.asks(fields).await;
        match page.has_form("logout-form") {
            true => {
                let form = page.form("logout-form").press_value("logout", "all");
                self.browser.submit(&page, &form).await
            }
            false => page,
        }
    }

    async fn is_signed_in(&mut self) -> bool {
        let asked = self.examiner.ask_as(&self.client, CHOSEN).with("prompt", "none");
        let page = self.browser.open_from_elsewhere(&asked.url()).await;
        match page.url.fragment().unwrap_or_default().contains("error=") {
            true => {
                assert!(ERRORS.contains(&checks::refusal(&asked, &page).as_str()));
                false
            }
            false => true,
        }
    }

    /// Nobody was sent away: a page of ours, whatever it says.
    fn stays(page: &Page) {
        assert_eq!(page.url.origin().ascii_serialization(), ISSUER, "{}", page.url);
        assert!(page.answer.header("location").is_none());
        assert!(page.answer.header("content-type").unwrap().starts_with("text/html"));
    }
}

/// oidcc-rp-initiated-logout, oidcc-rp-initiated-logout-no-state: back to the registered address, with exactly the state that
/// was sent; nobody is signed in afterwards; item 11.
#[tokio::test]
async fn a_logout_that_comes_back() {
    let mut first = signed_in().await;
    let hint = first.outcome.id_token().to_owned();
    let odd = format!("state of 1 & = # ? ü{}", "Ab3".repeat(36));
    let page = first.leaves(&[("id_token_hint", &hint), ("post_logout_redirect_uri", AFTER), ("state", &odd)]).await;
    assert!(page.url.as_str().starts_with(AFTER), "{}", page.url);
    assert_eq!(page.url.query_pairs().collect::<Vec<_>>(), [("state".into(), odd.as_str().into())], "and nothing else");
    assert!(!first.is_signed_in().await);
    let mut second = again(&first.examiner, &first.client).await;
    let hint = second.outcome.id_token().to_owned();
    let page = second.leaves(&[("id_token_hint", &hint), ("post_logout_redirect_uri", AFTER)]).await;
    assert_eq!(page.url.as_str(), AFTER);
    assert!(!second.is_signed_in().await);
}

/// oidcc-rp-initiated-logout-bad-post-logout-redirect-uri,
/// oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri, oidcc-rp-initiated-logout-modified-id-token-hint,
/// oidcc-rp-initiated-logout-bad-id-token-hint, oidcc-rp-initiated-logout-no-id-token-hint: never a redirect; item 11.
#[tokio::test]
async fn logouts_that_must_not_redirect() {
    let mut signed_in = signed_in().await;
    let hint = signed_in.outcome.id_token().to_owned();
    let claims = Value::Object(signed_in.outcome.claims().clone());
    let payload = hint.split('.').nth(1).unwrap();
    let modified = format!("{}.{payload}.", base64url(br#"{"alg":"none"}"#));
    let mut swapped = claims.clone();
    (swapped["iss"], swapped["aud"]) = (claims["aud"].clone(), claims["iss"].clone());
    let bad = signed(own_key(), &json!({ "alg": "RS256" }), &swapped);
    let stranger = SigningKey::generate(JwsAlg::Es256, "x").unwrap();
    let foreign = signed(&stranger, &json!({ "alg": "ES256" }), &claims);
    let query = format!("{AFTER}?foo=bar");
    for (what, hint, uri) in [
        ("bad-post-logout-redirect-uri", Some(&hint), "https://suite.test/not-registered"),
        ("query-added-to-post-logout-redirect-uri", Some(&hint), query.as_str()),
        ("modified-id-token-hint", Some(&modified), AFTER),
        ("bad-id-token-hint", Some(&bad), AFTER),
        ("bad-id-token-hint, another's key", Some(&foreign), AFTER),
        ("no-id-token-hint", None, AFTER),
    ] {
        let mut fields = vec![("post_logout_redirect_uri", uri), ("state", "of-the-examiner")];
        fields.extend(hint.map(|hint| ("id_token_hint", hint.as_str())));
        let page = signed_in.asks(&fields).await;
        Signed::stays(&page);
        if page.has_form("logout-form") {
            // A question is as good as an error; a yes does not send anybody there either.
            let form = page.form("logout-form").press_value("logout", "all");
            let page = signed_in.browser.submit(&page, &form).await;
            Signed::stays(&page);
            signed_in = again(&signed_in.examiner, &signed_in.client).await;
        } else {
            assert_eq!((page.answer.status, page.url.path()), (400, "/end_session"), "{what}");
            assert!(page.says("This did not work"), "{what}: a stable phrase");
        }
    }
}

/// oidcc-rp-initiated-logout-no-params, oidcc-rp-initiated-logout-only-state,
/// oidcc-rp-initiated-logout-no-post-logout-redirect-uri: a signed-out page with a stable phrase, and no redirect; item 11.
#[tokio::test]
async fn logouts_that_end_on_a_page() {
    let mut signed_in = signed_in().await;
    let hint = signed_in.outcome.id_token().to_owned();
    for fields in [vec![], vec![("state", "of-the-examiner")], vec![("id_token_hint", &*hint), ("state", "x")]] {
        let page = signed_in.leaves(&fields).await;
        Signed::stays(&page);
        assert_eq!(page.answer.status, 200);
        assert!(page.says(DONE) && page.answer.body.contains("id=\"signed-out\""), "{}", page.answer.body);
        assert!(!signed_in.is_signed_in().await);
        signed_in = again(&signed_in.examiner, &signed_in.client).await;
        if fields.len() == 2 {
            return;
        }
    }
}

/// oidcc-backchannel-rp-initiated-logout: a form with nothing but the logout token; signed by a published key; exactly the
/// claims of the specification, for the session of the ID Token; item 12.
#[tokio::test]
async fn a_logout_that_is_told_by_the_back_channel() {
    let examiner = Examiner::shared().await;
    let party = RelyingParty::open().await;
    let mut metadata = registration(CHOSEN.kind);
    metadata["post_logout_redirect_uris"] = json!([AFTER]);
    metadata["backchannel_logout_uri"] = json!(party.logout_uri());
    metadata["backchannel_logout_session_required"] = json!(true);
    let client = examiner.register(&metadata).await;
    let mut signed_in = again(&examiner, &client).await;
    let hint = signed_in.outcome.id_token().to_owned();
    let page = signed_in.leaves(&[("id_token_hint", &hint), ("post_logout_redirect_uri", AFTER), ("state", "s")]).await;
    assert_eq!(page.url.as_str(), format!("{AFTER}?state=s"));
    let heard = party.hears(1, Duration::from_secs(10)).await;
    let told = &heard[0];
    assert!(told.head.starts_with("POST ") && told.head.to_lowercase().contains("application/x-www-form-urlencoded"));
    let verified = jose::verify(&told.token, &examiner.jwks, &[JwsAlg::Rs256]).expect("signed, not encrypted");
    assert!(verified.header().kid.is_some());
    let claims = verified.claims().unwrap();
    let of = signed_in.outcome.claims();
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(client.id)));
    assert_eq!((&claims["sub"], &claims["sid"]), (&of["sub"], &of["sid"]));
    assert!((claims["iat"].as_i64().unwrap() - checks::now()).abs() < 300);
    assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()));
    assert_eq!(claims["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    assert!(!claims.contains_key("nonce"));
    assert!(!signed_in.is_signed_in().await);
}

/// oidcc-rp-initiated-logout-discovery-endpoint-verification, oidcc-backchannel-logout-discovery-endpoint-verification,
/// oidcc-frontchannel-logout-discovery-endpoint-verification, oidcc-session-management-discovery-endpoint-verification.
#[tokio::test]
async fn what_discovery_says_of_logouts() {
    let examiner = Examiner::shared().await;
    let said = &examiner.metadata;
    assert!(said["end_session_endpoint"].as_str().is_some_and(|uri| uri.starts_with("https://")));
    assert!(said["check_session_iframe"].as_str().is_some_and(|uri| uri.starts_with("https://")));
    assert_eq!(said["backchannel_logout_supported"], true);
    assert_eq!(said["backchannel_logout_session_supported"], true);
    assert_eq!(said["frontchannel_logout_supported"], true);
    assert_eq!(said["frontchannel_logout_session_supported"], true);
}
