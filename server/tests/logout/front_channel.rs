//! Front-Channel Logout 1.0: the page a browser is shown at a sign-out, and the frames in it. That frames do what they are
//! there for is seen in a real browser (`interop/`).

use std::time::Duration;

use serde_json::{Value, json};
use testkit::http::encode;
use testkit::{Browser, Page, Provider, RelyingParty, Tokens};

use super::super::ground::{ADA, ending_page, plan, settles, signed_in, sql, with_ada};

const SOON: Duration = Duration::from_secs(10);

/// A first-party relying party with these channels.
async fn party(provider: &Provider, name: &str, channels: &[&str]) -> RelyingParty {
    let mut party = RelyingParty::open().await;
    let mut metadata = party.metadata(name);
    let members = metadata.as_object_mut().unwrap();
    if !channels.contains(&"back") {
        members.remove("backchannel_logout_uri");
        members.remove("backchannel_logout_session_required");
    }
    if channels.contains(&"front") {
        members.insert("frontchannel_logout_uri".into(), json!(party.url("/out?of=this")));
        members.insert("frontchannel_logout_session_required".into(), json!(true));
    }
    party.register(provider, &metadata, &["--first-party"]).await;
    party
}

/// The addresses of a page's frames.
fn frames(page: &Page) -> Vec<String> {
    let parts = page.answer.body.split("<iframe src=\"").skip(1);
    let mut all: Vec<String> =
        parts.map(|rest| rest.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&")).collect();
    all.sort();
    all
}

/// What a frame of that stay must be.
fn frame(provider: &Provider, party: &RelyingParty, tokens: &Tokens) -> String {
    let query = encode(&[("iss", provider.issuer()), ("sid", tokens.claim("sid"))]);
    format!("{}&{query}", party.url("/out?of=this"))
}

/// What the page's policy says of frames and of scripts.
fn policy(page: &Page) -> (Option<String>, Option<String>) {
    let policy = page.answer.header("content-security-policy").unwrap().to_owned();
    let find = |name: &str| {
        let found = policy.split("; ").find_map(|directive| directive.strip_prefix(name));
        found.map(|sources| sources.trim().to_owned())
    };
    (find("frame-src"), find("script-src"))
}

async fn joins(provider: &Provider, browser: &mut Browser, party: &RelyingParty) -> Tokens {
    let begun = party.begin(provider);
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    party.complete(provider, &begun, &page).await
}

/// `(shown, untold, told)` of every ending, the oldest first.
fn endings(provider: &Provider) -> Vec<String> {
    let rows = sql(provider, "SELECT shown, untold, told FROM ending ORDER BY at, id;");
    rows.lines().map(str::to_owned).collect()
}

/// oidcc-frontchannel-rp-initiated-logout; item 12.
#[tokio::test]
async fn the_page_frames_who_took_part_and_then_goes_on() {
    let provider = with_ada(plan()).await;
    let one = party(&provider, "One", &["front"]).await;
    let both = party(&provider, "Both", &["front", "back"]).await;
    let back = party(&provider, "Back", &["back"]).await;
    let none = party(&provider, "None", &[]).await;
    let mut browser = Browser::new(&provider);
    let at_one = joins(&provider, &mut browser, &one).await;
    let at_both = joins(&provider, &mut browser, &both).await;
    for party in [&back, &none] {
        joins(&provider, &mut browser, party).await;
    }
    let after = one.url("/after");
    let fields = [("id_token_hint", &*at_one.id_token), ("post_logout_redirect_uri", &*after), ("state", "a&b")];
    let page = browser.open_from_elsewhere(&one.end_session_url(&provider, &fields)).await;
    // First the relying parties, then back (RP-Initiated Logout §3): the page stands between, and goes on by itself.
    assert!(page.url.as_str().starts_with(provider.issuer()), "{}", page.url);
    assert_eq!(page.answer.status, 200);
    let mut wanted = vec![frame(&provider, &one, &at_one), frame(&provider, &both, &at_both)];
    wanted.sort();
    assert_eq!(frames(&page), wanted);
    let (sources, script) = policy(&page);
    let mut origins = [one.origin(), both.origin()];
    origins.sort();
    assert_eq!(sources, Some(origins.join(" ")), "exactly those origins");
    assert!(script.unwrap().starts_with("'sha256-"));
    let there = format!("{after}?state=a%26b");
    assert!(
        page.says(&format!("id=\"back\" href=\"{there}\"")),
        "a link for whoever has no scripts: {}",
        page.answer.body
    );
    assert!(page.says(&format!("<noscript><meta http-equiv=\"refresh\" content=\"5; url={there}\"></noscript>")));
    // The page tells the truth of each.
    settles(&provider, &["delivered", "delivered"], SOON).await;
    assert!(page.says("only your browser could tell it") && page.says("could not be told"), "{}", page.answer.body);
    assert_eq!(page.answer.body.matches("has been told").count(), 2, "{}", page.answer.body);
    assert!(page.says("hide an application’s cookies"), "what browsers do is said: {}", page.answer.body);
    // And the books: one shown, one untold, two promised, four stays.
    assert_eq!(endings(&provider), ["1|1|2"]);
    let said = provider.says(&["notice", "list"]);
    assert!(
        said.contains("created 2 = delivered 2") && said.contains("shown 1 ") && said.contains("untold 1 "),
        "{said}"
    );
    // Once more there is nothing to frame, and nothing to wait for.
    let page = browser.open_from_elsewhere(&one.end_session_url(&provider, &fields)).await;
    assert_eq!(page.url.as_str(), there, "{}", page.answer.body);
}

#[tokio::test]
async fn a_sign_out_without_a_way_back_stays_on_the_page() {
    let provider = with_ada(plan()).await;
    let one = party(&provider, "One", &["front"]).await;
    let mut browser = Browser::new(&provider);
    let at_one = joins(&provider, &mut browser, &one).await;
    let page = browser.open(&provider.url("/end_session")).await;
    assert_eq!((frames(&page), policy(&page)), (vec![], (None, None)), "a question frames nothing");
    let page = browser.submit(&page, &page.form("logout-form").press_value("logout", "all")).await;
    assert_eq!(frames(&page), [frame(&provider, &one, &at_one)]);
    assert_eq!(policy(&page), (Some(one.origin()), None), "no script where the page stays");
    assert!(!page.answer.body.contains("http-equiv"), "{}", page.answer.body);
    assert_eq!(endings(&provider), ["1|0|0"]);
}

#[tokio::test]
async fn one_applications_own_sign_out_frames_that_application_alone() {
    let mut walk = signed_in(plan()).await;
    let policy_file = walk.provider.file("policy.json", r#"{"consent": "first-party", "logout": "this-client"}"#);
    let mut own = RelyingParty::open().await;
    let mut metadata = own.metadata("Own");
    metadata["frontchannel_logout_uri"] = json!(own.url("/out?of=this"));
    metadata["backchannel_logout_uri"] = Value::Null;
    own.register(&walk.provider, &metadata, &["--policy", &policy_file]).await;
    let other = party(&walk.provider, "Other", &["front"]).await;
    joins(&walk.provider, &mut walk.browser, &other).await;
    let tokens = joins(&walk.provider, &mut walk.browser, &own).await;
    let url = own.end_session_url(&walk.provider, &[("id_token_hint", &tokens.id_token)]);
    let page = walk.browser.open_from_elsewhere(&url).await;
    let done = walk.browser.submit(&page, &page.form("logout-form").press_value("logout", "client")).await;
    assert_eq!(frames(&done), [frame(&walk.provider, &own, &tokens)]);
    assert_eq!(policy(&done).0, Some(own.origin()));
    assert!(walk.is_signed_in().await);
    assert_eq!(endings(&walk.provider), ["1|0|0"]);
}

#[tokio::test]
async fn only_the_sessions_own_browser_can_tell() {
    let provider = with_ada(plan()).await;
    let one = party(&provider, "One", &["front"]).await;
    let (mut desk, mut laptop) = (Browser::new(&provider), Browser::new(&provider));
    joins(&provider, &mut desk, &one).await;
    let tokens = joins(&provider, &mut laptop, &one).await;
    // The laptop's session, ended from the desk: no browser of its own is there.
    let of_laptop = session_of(&provider, &tokens);
    let page = ending_page(&provider, &mut desk, &format!("session={of_laptop}")).await;
    assert!(page.says("cannot be told"), "{}", page.answer.body);
    let page = desk.submit(&page, &page.form("end-form")).await;
    assert_eq!(frames(&page), Vec::<String>::new(), "{}", page.url);
    assert_eq!(endings(&provider), ["0|1|0"]);
    // Its own, ended from its account page: it is told here.
    let tokens = joins(&provider, &mut desk, &one).await;
    let own = session_of(&provider, &tokens);
    let page = ending_page(&provider, &mut desk, &format!("session={own}")).await;
    assert!(page.says("this browser will tell it"), "{}", page.answer.body);
    let page = desk.submit(&page, &page.form("end-form")).await;
    assert_eq!(frames(&page), [frame(&provider, &one, &tokens)], "{}", page.answer.body);
    assert!(page.says("You are signed out"), "{}", page.answer.body);
    // An operator has no browser at all.
    joins(&provider, &mut laptop, &one).await;
    let ended = provider.cli(&["session", "end", "--user", "ada"]).await;
    assert_eq!((&ended["notices"], &ended["untold"]), (&json!(0), &json!(1)));
    assert_eq!(endings(&provider), ["0|1|0", "1|0|0", "0|1|0"]);
}

fn session_of(provider: &Provider, tokens: &Tokens) -> String {
    sql(provider, &format!("SELECT session FROM participation WHERE sid = '{}';", tokens.claim("sid")))
}
