//! Signing out: RP-Initiated Logout 1.0 and Back-Channel Logout 1.0 (`logout.md` §4, §5).

use std::time::Duration;

use super::ground::{plan, signed_in, states};

const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn one_session_at_two_relying_parties_ends_and_both_are_told() {
    let mut walk = signed_in(plan()).await;
    assert_eq!(walk.at_one.claim("sub"), walk.at_two.claim("sub"));
    assert_ne!(walk.at_one.claim("sid"), walk.at_two.claim("sid"), "a sid names one stay");
    let after = walk.one.url("/after");
    let fields = [
        ("id_token_hint", walk.at_one.id_token.as_str()),
        ("post_logout_redirect_uri", after.as_str()),
        ("state", "of the relying party"),
    ];
    let url = walk.one.end_session_url(&walk.provider, &fields);
    let page = walk.browser.open_from_elsewhere(&url).await;
    assert!(page.url.as_str().starts_with(&after), "{} {}", page.url, page.answer.body);
    assert_eq!(page.parameter("state").as_deref(), Some("of the relying party"));
    for (party, tokens) in [(&walk.one, &walk.at_one), (&walk.two, &walk.at_two)] {
        let heard = party.hears(1, SOON).await;
        assert_eq!(heard[0].claims["sid"], tokens.claims["sid"]);
        assert_eq!(heard[0].claims["sub"], tokens.claims["sub"]);
    }
    testkit::eventually("both are delivered", SOON, async || {
        (states(&walk.provider).await == ["delivered", "delivered"]).then_some(())
    })
    .await;
    let begun = walk.two.begin(&walk.provider);
    let page = walk.browser.open(&begun.url()).await;
    assert!(page.has_form("login-form"), "the session is over");
}
