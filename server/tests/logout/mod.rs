//! Signing out: RP-Initiated Logout 1.0 (`logout.md` §5), and what relying parties hear of it (§4).

mod back_channel;
mod bad_answers;
mod bad_requests;
mod burdens;
mod endings;
mod front_channel;
mod session_management;
mod together;

use std::time::Duration;

use jose::JwsAlg;
use testkit::{Browser, Page, RelyingParty};

use super::ground::{SignedIn, plan, settles, signed_in, states};

const SOON: Duration = Duration::from_secs(10);

impl SignedIn {
    /// Sends the browser to sign out with these parameters, from the relying party's page.
    pub(crate) async fn sign_out_with(&mut self, fields: &[(&str, &str)]) -> Page {
        let url = self.one.end_session_url(&self.provider, fields);
        self.browser.open_from_elsewhere(&url).await
    }

    /// Whether Ada is still signed in in this browser.
    pub(crate) async fn is_signed_in(&mut self) -> bool {
        let begun = self.one.begin(&self.provider).with("prompt", "none");
        let page = self.browser.open(&begun.url()).await;
        page.parameter("code").is_some()
    }

    /// A question was asked, nothing has ended, nobody was told.
    async fn only_asks(&mut self, page: &Page) {
        assert!(page.has_form("logout-form"), "{} {}", page.url, page.answer.body);
        assert_eq!(states(&self.provider).await, Vec::<String>::new());
        assert!(self.is_signed_in().await);
    }

    /// A refusal was shown, nothing has ended, nobody was redirected.
    async fn refuses(&mut self, page: &Page, why: &str) {
        assert!(page.url.as_str().starts_with(self.provider.issuer()), "never redirected: {}", page.url);
        assert_eq!(page.answer.status, 400, "{}", page.answer.body);
        assert!(page.says(why), "{}", page.answer.body);
        assert_eq!(states(&self.provider).await, Vec::<String>::new());
        assert!(self.is_signed_in().await);
    }
}

#[tokio::test]
async fn one_session_at_two_relying_parties_ends_and_both_are_told() {
    let mut walk = signed_in(plan()).await;
    assert_eq!(walk.at_one.claim("sub"), walk.at_two.claim("sub"));
    assert_ne!(walk.at_one.claim("sid"), walk.at_two.claim("sid"), "a sid names one stay");
    let (after, hint) = (walk.one.url("/after"), walk.at_one.id_token.clone());
    let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &*after), ("state", "of the relying party")];
    let page = walk.sign_out_with(&fields).await;
    assert!(page.url.as_str().starts_with(&after), "{} {}", page.url, page.answer.body);
    assert_eq!(page.parameter("state").as_deref(), Some("of the relying party"));
    for (party, tokens) in [(&walk.one, &walk.at_one), (&walk.two, &walk.at_two)] {
        let heard = party.hears(1, SOON).await;
        assert_eq!(heard[0].claims["sid"], tokens.claims["sid"]);
        assert_eq!(heard[0].claims["sub"], tokens.claims["sub"]);
    }
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    assert!(!walk.is_signed_in().await, "the session is over");
    // Once more: signed out already is success, and nobody is told twice.
    let page = walk.sign_out_with(&fields).await;
    assert!(page.url.as_str().starts_with(&after), "{} {}", page.url, page.answer.body);
    assert_eq!((walk.one.heard().len(), walk.two.heard().len()), (1, 1));
    // The access token died with the session; so did the refresh token that was not for background access.
    let bearer = format!("Bearer {}", walk.at_one.get("access_token"));
    let question = testkit::http::Question::get(&walk.provider.url("/userinfo")).header("authorization", &bearer);
    assert_eq!(walk.provider.ask(question).await.status, 401);
}

#[tokio::test]
async fn a_sign_out_without_a_genuine_hint_asks_and_a_yes_ends_everything() {
    let mut walk = signed_in(plan()).await;
    let page = walk.sign_out_with(&[]).await;
    walk.only_asks(&page).await;
    assert!(page.says("ada"), "the page lists who is signed in");
    let stay = walk.browser.submit(&page, &page.form("logout-form").press("stay")).await;
    assert_eq!(stay.answer.status, 200);
    assert!(walk.is_signed_in().await);

    // With client_id and a registered address, but no hint: a link after the yes, never a redirect (§3).
    let (after, id) = (walk.one.url("/after"), walk.one.client_id.clone());
    let page = walk.sign_out_with(&[("client_id", &id), ("post_logout_redirect_uri", &after), ("state", "s")]).await;
    walk.only_asks(&page).await;
    let done = walk.browser.submit(&page, &page.form("logout-form").press_value("logout", "all")).await;
    assert!(done.url.as_str().starts_with(walk.provider.issuer()), "not redirected: {}", done.url);
    assert!(done.says("You are signed out") && done.says(&format!("{after}?state=s")), "{}", done.answer.body);
    assert!(done.says("has been told"), "the page says the truth: {}", done.answer.body);
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    assert!(!walk.is_signed_in().await);
}

#[tokio::test]
async fn hints_that_prove_nothing_are_refused_and_end_nothing() {
    let mut walk = signed_in(plan()).await;
    let genuine = walk.at_one.id_token.clone();
    let mut parts = genuine.split('.').map(str::to_owned).collect::<Vec<_>>();
    let none = format!("{}.{}.", jose::base64url(br#"{"alg":"none"}"#), parts[1]);
    let payload = serde_json::to_vec(&walk.at_one.claims).unwrap();
    let stranger = jose::SigningKey::generate(JwsAlg::Rs256, "stranger").unwrap();
    let foreign = jose::sign(&stranger, Some("JWT"), &payload).unwrap();
    let mut other = walk.at_one.claims.clone();
    other.insert("sid".into(), walk.at_two.claims["sid"].clone());
    parts[1] = jose::base64url(serde_json::to_vec(&other).unwrap());
    let tampered = parts.join(".");
    for hint in [none.as_str(), &foreign, &tampered, "rubbish", "a.b.c"] {
        let page = walk.sign_out_with(&[("id_token_hint", hint)]).await;
        walk.refuses(&page, "end_hint_foreign").await;
    }
    let two = walk.two.client_id.clone();
    let page = walk.sign_out_with(&[("id_token_hint", &genuine), ("client_id", &two)]).await;
    walk.refuses(&page, "end_client_differs").await;
    let page = walk.sign_out_with(&[("client_id", "nobody")]).await;
    walk.refuses(&page, "end_client_unknown").await;
}

#[tokio::test]
async fn another_browser_is_asked_though_it_has_the_hint() {
    let mut walk = signed_in(plan()).await;
    let url = walk.one.end_session_url(&walk.provider, &[("id_token_hint", &walk.at_one.id_token)]);
    // Nobody signed in there.
    let mut stranger = Browser::new(&walk.provider);
    let page = stranger.open(&url).await;
    walk.only_asks(&page).await;
    // Somebody else signed in there.
    let bob = ("bob", "staple of the walks");
    walk.provider.user(bob.0, bob.1).await;
    walk.two.sign_in(&walk.provider, &mut stranger, bob).await;
    let page = stranger.open(&url).await;
    walk.only_asks(&page).await;
    assert!(page.says("bob") && !page.says(">ada<"), "{}", page.answer.body);
    // A yes there ends Bob's session, which that browser holds, and the stay the hint proves: whoever asks to be signed out
    // and hears yes is. It does not end Ada's session, which is not that application's to end.
    let done = stranger.submit(&page, &page.form("logout-form").press_value("logout", "all")).await;
    assert!(done.says("You are signed out"), "{}", done.answer.body);
    assert!(walk.is_signed_in().await, "Ada is signed in still");
    assert_eq!(walk.one.hears(1, SOON).await[0].claims["sid"], walk.at_one.claims["sid"]);
    assert_eq!(walk.two.hears(1, SOON).await.len(), 1);
}

#[tokio::test]
async fn expired_hints_and_hints_of_retired_keys_are_genuine() {
    let mut walk = signed_in(plan().set("lifetimes.id_token = \"1s\"")).await;
    walk.provider.cli(&["key", "rotate", "--now"]).await;
    testkit::eventually("the server signs with the new key", SOON, async || {
        let mut browser = walk.browser.clone();
        let begun = walk.two.begin(&walk.provider);
        let page = browser.open(&begun.url()).await;
        let tokens = walk.two.complete(&walk.provider, &begun, &page).await;
        let kid = |token: &str| testkit::relying_party::part(token, 0)["kid"].clone();
        (kid(&tokens.id_token) != kid(&walk.at_one.id_token)).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let (hint, after) = (walk.at_one.id_token.clone(), walk.one.url("/after"));
    let page = walk.sign_out_with(&[("id_token_hint", &hint), ("post_logout_redirect_uri", &after)]).await;
    assert_eq!(page.url.as_str(), after, "no question, and no state that was not sent: {}", page.answer.body);
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
}

#[tokio::test]
async fn a_relying_party_posts_a_sign_out_across_sites_with_an_https_issuer() {
    let mut walk = signed_in(plan().https("https://op.test")).await;
    let (hint, after) = (walk.at_one.id_token.clone(), walk.one.url("/after"));
    // Without a hint a cross-site POST only asks: nobody can be signed out by somebody else's page.
    let endpoint = walk.provider.url("/end_session");
    let page = walk.browser.post_from_elsewhere(&endpoint, &[]).await;
    walk.only_asks(&page).await;
    // The answer to that question cannot be posted from elsewhere either.
    let form = page.form("logout-form").press_value("logout", "all");
    let forged = walk.browser.submit_from_elsewhere(&page, &form).await;
    assert_eq!(forged.answer.status, 400, "{}", forged.answer.body);
    assert!(walk.is_signed_in().await);
    let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &*after), ("state", "x")];
    let page = walk.browser.post_from_elsewhere(&endpoint, &fields).await;
    assert_eq!(page.url.as_str(), format!("{after}?state=x"), "{}", page.answer.body);
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    assert!(walk.browser.jar.cookie("__Host-ostiary").is_none(), "a browser without a session needs no secret");
}

#[tokio::test]
async fn a_logout_that_means_this_client_asks_and_leaves_the_others_alone() {
    let mut walk = signed_in(plan()).await;
    let mut own = RelyingParty::open().await;
    let policy = walk.provider.file("policy.json", r#"{"consent": "first-party", "logout": "this-client"}"#);
    let metadata = own.metadata("Own");
    own.register(&walk.provider, &metadata, &["--policy", &policy]).await;
    let begun = own.begin(&walk.provider);
    let page = walk.browser.open(&begun.url()).await;
    let tokens = own.complete(&walk.provider, &begun, &page).await;
    let url = own.end_session_url(&walk.provider, &[("id_token_hint", &tokens.id_token)]);
    let page = walk.browser.open_from_elsewhere(&url).await;
    walk.only_asks(&page).await;
    let done = walk.browser.submit(&page, &page.form("logout-form").press_value("logout", "client")).await;
    assert_eq!(done.answer.status, 200, "{}", done.answer.body);
    own.hears(1, SOON).await;
    settles(&walk.provider, &["delivered"], SOON).await;
    assert!(walk.is_signed_in().await);
    assert_eq!((walk.one.heard().len(), walk.two.heard().len()), (0, 0));
}

#[tokio::test]
async fn a_logout_that_means_the_account_ends_it_in_every_browser() {
    let mut walk = signed_in(plan()).await;
    let mut own = RelyingParty::open().await;
    let policy = walk.provider.file("policy.json", r#"{"consent": "first-party", "logout": "account"}"#);
    let metadata = own.metadata("Own");
    own.register(&walk.provider, &metadata, &["--policy", &policy]).await;
    let mut laptop = Browser::new(&walk.provider);
    let tokens = own.sign_in(&walk.provider, &mut laptop, super::ground::ADA).await;
    let url = own.end_session_url(&walk.provider, &[("id_token_hint", &tokens.id_token)]);
    let done = laptop.open_from_elsewhere(&url).await;
    assert!(done.says("You are signed out"), "{}", done.answer.body);
    settles(&walk.provider, &["delivered"; 3], SOON).await;
    assert!(!walk.is_signed_in().await);
}
