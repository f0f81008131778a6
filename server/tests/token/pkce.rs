//! PKCE as a relying party may get it wrong, or an attacker take it away (RFC 7636, RFC 9700 §2.1.1).

use testkit::http::Answer;
use testkit::{Begun, Browser, Provider, RelyingParty};

use super::is_refused;
use crate::ground::{ADA, plan, with_ada};

fn s256(verifier: &str) -> String {
    jose::base64url(jose::sha256(verifier.as_bytes()))
}

/// A request that is refused towards the relying party, which learns why.
async fn is_sent_back(provider: &Provider, browser: &mut Browser, begun: &Begun) {
    let page = browser.open(&begun.url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request"), "{}", page.url);
    assert_eq!(page.parameter("state").as_deref(), Some(begun.state.as_str()));
    assert_eq!(page.parameter("iss").as_deref(), Some(provider.issuer()));
    assert_eq!(page.parameter("code"), None);
}

struct Walk {
    provider: Provider,
    browser: Browser,
}

impl Walk {
    async fn new() -> Self {
        let provider = with_ada(plan()).await;
        let browser = Browser::new(&provider);
        Self { provider, browser }
    }

    async fn code(&mut self, begun: &Begun) -> String {
        let page = self.browser.open(&begun.url()).await;
        let page = self.browser.through(page, ADA.0, ADA.1).await;
        page.parameter("code").unwrap_or_else(|| panic!("no code at {}", page.url))
    }

    async fn redeem(&self, party: &RelyingParty, code: &str, verifier: Option<&str>) -> Answer {
        let back = party.redirect_uri();
        let mut fields = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", &*back)];
        fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
        self.provider.ask(party.asks(&self.provider, "/token", &fields)).await
    }
}

#[tokio::test]
async fn a_challenge_is_required_of_public_clients_and_only_s256_is_one() {
    let mut walk = Walk::new().await;
    let phone = RelyingParty::public(&walk.provider, "Phone").await;
    let begun = phone.begin(&walk.provider);
    let (provider, browser) = (&walk.provider, &mut walk.browser);
    is_sent_back(provider, browser, &begun.clone().without("code_challenge").without("code_challenge_method")).await;
    is_sent_back(provider, browser, &begun.clone().without("code_challenge")).await;
    is_sent_back(provider, browser, &begun.clone().without("code_challenge_method")).await;
    for method in ["plain", "s256", "S512"] {
        is_sent_back(provider, browser, &begun.clone().with("code_challenge_method", method)).await;
    }
    let good = s256(&begun.verifier);
    for challenge in [&good[1..], &format!("{good}A"), &format!("{}+", &good[1..]), &format!("{good}="), "x"] {
        is_sent_back(provider, browser, &begun.clone().with("code_challenge", challenge)).await;
    }
    // A confidential client that sends none is let in by default, but never one that says `plain`.
    let one = RelyingParty::first_party(&walk.provider, "One").await;
    let begun = one.begin(&walk.provider).with("code_challenge_method", "plain");
    is_sent_back(&walk.provider, &mut walk.browser, &begun).await;
    let strict = serde_json::json!({"pkce": "required"});
    let strict = RelyingParty::with_policy(&walk.provider, "Strict", &strict).await;
    let begun = strict.begin(&walk.provider).without("code_challenge").without("code_challenge_method");
    is_sent_back(&walk.provider, &mut walk.browser, &begun).await;
}

#[tokio::test]
async fn a_verifier_has_43_to_128_characters_of_its_alphabet() {
    let mut walk = Walk::new().await;
    let phone = RelyingParty::public(&walk.provider, "Phone").await;
    let odd = |odd: &str| format!("{}{odd}", "v".repeat(43));
    let illegal = ["v".repeat(42), "v".repeat(129), odd("+"), odd("/"), odd("="), odd(" "), odd("é"), odd("%41")];
    let legal = ["v".repeat(43), "v".repeat(128), odd("-._~")];
    for (verifier, good) in illegal.iter().map(|v| (v, false)).chain(legal.iter().map(|v| (v, true))) {
        let begun = phone.begin(&walk.provider).with("code_challenge", &s256(verifier));
        let code = walk.code(&begun).await;
        let answer = walk.redeem(&phone, &code, Some(verifier)).await;
        match good {
            true => assert_eq!(answer.status, 200, "{verifier}: {}", answer.body),
            false => is_refused(&answer, 400, "invalid_grant"),
        }
    }
}

#[tokio::test]
async fn challenge_and_verifier_go_together() {
    let mut walk = Walk::new().await;
    let one = RelyingParty::first_party(&walk.provider, "One").await;
    // A challenge without its verifier: none, one of nothing, the challenge itself, another's.
    for wrong in 0..4 {
        let begun = one.begin(&walk.provider);
        let code = walk.code(&begun).await;
        let challenge = s256(&begun.verifier);
        let verifier =
            [None, Some(""), Some(&*challenge), Some(&*one.begin(&walk.provider).verifier)][wrong].map(str::to_owned);
        is_refused(&walk.redeem(&one, &code, verifier.as_deref()).await, 400, "invalid_grant");
        is_refused(&walk.redeem(&one, &code, Some(&begun.verifier)).await, 400, "invalid_grant");
    }
    // RFC 9700 §2.1.1: a verifier although no challenge came says that the challenge was taken away on the way.
    let bare = || one.begin(&walk.provider).without("code_challenge").without("code_challenge_method");
    let (stripped, plain) = (bare(), bare());
    let code = walk.code(&stripped).await;
    is_refused(&walk.redeem(&one, &code, Some(&stripped.verifier)).await, 400, "invalid_grant");
    is_refused(&walk.redeem(&one, &code, None).await, 400, "invalid_grant");
    let code = walk.code(&plain).await;
    assert_eq!(walk.redeem(&one, &code, None).await.status, 200);
}

#[tokio::test]
async fn the_redirect_uri_is_repeated_letter_by_letter() {
    let mut walk = Walk::new().await;
    let one = RelyingParty::first_party(&walk.provider, "One").await;
    let back = one.redirect_uri();
    let wrong = [String::new(), format!("{back}/"), format!("{back}?"), back.to_uppercase(), one.url("/")];
    for uri in wrong {
        let begun = one.begin(&walk.provider);
        let code = walk.code(&begun).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", &*uri),
            ("code_verifier", &*begun.verifier),
        ];
        let answer = walk.provider.ask(one.asks(&walk.provider, "/token", &fields)).await;
        is_refused(&answer, 400, "invalid_grant");
        assert!(!answer.headers.contains_key("location"));
    }
}
