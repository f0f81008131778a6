//! Sign-outs asked for with hints that are somebody else's, and towards addresses that are nearly registered (RP-Initiated
//! Logout §2, §3).

use jose::{JwsAlg, SigningKey};
use serde_json::{Map, Value};
use testkit::http::{Question, encode};
use testkit::jar::Errand;
use testkit::{Browser, RelyingParty};

use crate::ground::{ADA, SignedIn, plan, signed_in, states, with_ada};

/// Nothing has ended, and nobody was told.
async fn is_untouched(walk: &mut SignedIn) {
    assert_eq!(states(&walk.provider).await, Vec::<String>::new());
    assert!(walk.is_signed_in().await);
}

/// A sign-out with these very bytes as its query: (status, where it leads, the page).
async fn asks(walk: &SignedIn, query: &str) -> (u16, Option<String>, String) {
    let url = format!("{}?{query}", walk.provider.url("/end_session"));
    let answer = walk.browser.clone().step(Question::get(&url), Errand::CrossSiteLink).await.unwrap();
    (answer.status, answer.header("location").map(str::to_owned), answer.body)
}

fn signed(key: &SigningKey, claims: &Map<String, Value>) -> String {
    jose::sign(key, Some("JWT"), &serde_json::to_vec(claims).unwrap()).unwrap()
}

/// issue 4, bad input: foreign and forged hints, besides those of `hints_that_prove_nothing_are_refused_and_end_nothing`.
#[tokio::test]
async fn hints_of_others_are_refused_and_end_nothing() {
    let mut walk = signed_in(plan()).await;
    // A genuine ID Token, of another provider.
    let abroad = with_ada(plan()).await;
    let stranger = RelyingParty::first_party(&abroad, "Abroad").await;
    let foreign = stranger.sign_in(&abroad, &mut Browser::new(&abroad), ADA).await.id_token;
    // Keyed with what everybody knows, or with what this client knows: its algorithm is RS256.
    let published = walk.provider.get("/jwks").await.unwrap().body;
    let by =
        |secret: &str| signed(&SigningKey::from_secret(JwsAlg::Hs256, secret.as_bytes()).unwrap(), &walk.at_one.claims);
    let (public, own) = (by(&published), by(&walk.one.client_secret));
    // Under the name of our key, by another.
    let kid = testkit::relying_party::part(&walk.at_one.id_token, 0)["kid"].as_str().unwrap().to_owned();
    let named = signed(&SigningKey::generate(JwsAlg::Rs256, &kid).unwrap(), &walk.at_one.claims);
    let parts: Vec<&str> = walk.at_one.id_token.split('.').collect();
    let unsigned = format!("{}.{}.", parts[0], parts[1]);
    let encrypted = format!("{}.a.b.c.d", jose::base64url(br#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#));
    let long = "e".repeat(200_000);
    for hint in [&foreign, &public, &own, &named, &unsigned, &encrypted] {
        let after = walk.one.url("/after");
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", &after)];
        let (status, location, body) = asks(&walk, &encode(&fields)).await;
        assert_eq!((status, location), (400, None), "{hint}: {body}");
        assert!(body.contains("end_hint_foreign"), "{hint}: {body}");
    }
    // Twice the same is not once (RFC 6749 §3.1), and a body has its bound.
    let twice = [("id_token_hint", walk.at_one.id_token.as_str()), ("id_token_hint", &walk.at_one.id_token)];
    assert_eq!(asks(&walk, &encode(&twice)).await.0, 400);
    let posted = walk.provider.post("/end_session", &[("id_token_hint", &long)]).await;
    assert!((400..500).contains(&posted.status), "{}: {}", posted.status, posted.body);
    is_untouched(&mut walk).await;
}

/// What is nearly `after`, which is `http://127.0.0.1:PORT/after`: as it is sent, and why somebody would.
fn near(after: &str, port: u16) -> Vec<(String, &'static str)> {
    let at = |authority: &str, path: &str| format!("http://{authority}{path}");
    let own = format!("127.0.0.1:{port}");
    vec![
        (format!("{after}/"), "a slash more"),
        (after.trim_end_matches("after").to_owned(), "a path less"),
        (at(&own, "//after"), "an empty segment"),
        (at(&own, "/./after"), "a dot segment"),
        (format!("{after}/../after"), "dot segments that lead back"),
        (at(&own, "/%2e%2e/after"), "dot segments in disguise"),
        (at(&own, "/a%66ter"), "a letter, encoded"),
        (at(&own, "/after%2f"), "a slash, encoded"),
        (at(&own, "/\\after"), "a backslash"),
        (at(&own, "/After"), "another case"),
        (after.to_uppercase(), "another case everywhere"),
        (after.replace("http:", "HTTP:"), "another case of the scheme"),
        (after.replace("http:", "https:"), "another scheme"),
        (after.trim_start_matches("http:").to_owned(), "no scheme"),
        ("/after".to_owned(), "a path alone"),
        (format!("{after}?a=b"), "a query more"),
        (format!("{after}?"), "an empty query"),
        (format!("{after}#f"), "a fragment"),
        (format!("{after}#"), "an empty fragment"),
        (format!("{after};a=b"), "a path parameter"),
        (format!("{after} "), "a space behind"),
        (format!(" {after}"), "a space before"),
        (format!("{after}\t"), "a tab behind"),
        (after.replace("after", "af\nter"), "a line break that a browser would drop"),
        (format!("{after}%00"), "a zero byte, encoded"),
        (after.replace("after", "aft\u{435}r"), "a letter that looks the same"),
        (at(&own, "@evil.example/after"), "its host as a user"),
        (at(&format!("evil.example@{own}"), "/after"), "a user before its host"),
        (at(&format!("{own}.evil.example"), "/after"), "its host as a label of another"),
        (at(&format!("127.0.0.1.:{port}"), "/after"), "a dot behind the host"),
        (at(&format!("localhost:{port}"), "/after"), "another name of the host"),
        (at(&format!("127.1:{port}"), "/after"), "another spelling of the address"),
        (at(&format!("0x7f000001:{port}"), "/after"), "the address as a number"),
        (at(&format!("[::ffff:127.0.0.1]:{port}"), "/after"), "the address in the other family"),
        (at(&format!("127.0.0.1:0{port}"), "/after"), "a zero before the port"),
        (at(&format!("127.0.0.1:{}", port + 1), "/after"), "another port"),
        (at("127.0.0.1", "/after"), "no port"),
        ("https://evil.example/".to_owned(), "another site"),
        ("//evil.example/after".to_owned(), "another site without a scheme"),
        ("javascript:alert(1)".to_owned(), "a script"),
        ("data:text/html,here".to_owned(), "a document"),
        ("http://".to_owned(), "no host"),
        ("*".to_owned(), "a pattern"),
    ]
}

/// issue 4, bad input: post-logout addresses that nearly match are never redirected to, and no link leads there.
#[tokio::test]
async fn nearly_registered_addresses_are_never_led_to() {
    let mut walk = signed_in(plan()).await;
    let after = walk.one.url("/after");
    let mut all = near(&after, walk.one.port());
    all.push((walk.two.url("/after"), "another client's"));
    all.push((walk.one.redirect_uri(), "its own, for codes"));
    for (uri, why) in &all {
        let hint = ("id_token_hint", walk.at_one.id_token.as_str());
        let client = ("client_id", walk.one.client_id.as_str());
        for who in [vec![hint], vec![client], vec![hint, client]] {
            let mut fields = who.clone();
            fields.push(("post_logout_redirect_uri", uri));
            let (status, location, body) = asks(&walk, &encode(&fields)).await;
            assert_eq!((status, location), (400, None), "{why}: {uri:?} {who:?}: {body}");
            assert!(body.contains("end_redirect_unregistered"), "{why}: {uri:?}: {body}");
            assert!(!body.contains("id=\"back\""), "{why}: {body}");
        }
    }
    // Registered, and something nearly so beside it: a parameter that is there twice is none.
    let both = [("id_token_hint", walk.at_one.id_token.as_str()), ("post_logout_redirect_uri", &after)];
    let query = format!("{}&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F", encode(&both));
    // So is a parameter with a zero byte in it.
    for query in [query, format!("{}%00", encode(&both))] {
        let (status, location, body) = asks(&walk, &query).await;
        assert_eq!((status, location), (400, None), "{body}");
    }
    is_untouched(&mut walk).await;
}
