//! What is posted to relying parties, and what their answers mean (Back-Channel Logout §2.4 to §2.8, `logout.md` §4).

use std::time::Duration;

use serde_json::json;
use testkit::http::Question;
use testkit::{Browser, Heard, Provider, RelyingParty, Reply};

use super::super::ground::{ADA, notice_of, plan, settles, signed_in, with_ada};

const SOON: Duration = Duration::from_secs(10);

/// One session at relying parties of these manners, ended by the operator.
pub(super) async fn told(provider: &Provider, manners: &[Vec<Reply>]) -> Vec<RelyingParty> {
    let mut browser = Browser::new(provider);
    let mut parties = Vec::new();
    for (number, replies) in manners.iter().enumerate() {
        let party = RelyingParty::first_party(provider, &format!("Number {number}")).await;
        party.next(replies.iter().cloned());
        party.sign_in(provider, &mut browser, ADA).await;
        parties.push(party);
    }
    let ended = provider.cli(&["session", "end", "--user", "ada"]).await;
    assert_eq!(ended["notices"], json!(manners.len()));
    parties
}

/// oidcc-backchannel-rp-initiated-logout; item 12.
#[tokio::test]
async fn a_logout_token_is_what_the_specification_says() {
    let mut walk = signed_in(plan()).await;
    walk.one.next([Reply::Status(500)]);
    walk.provider.cli(&["session", "end", "--user", "ada"]).await;
    let heard = walk.one.hears(2, SOON).await;
    let keys = jose::JwkSet::read_public(&walk.provider.get("/jwks").await.unwrap().json()).unwrap();
    for Heard { head, token, header, claims, .. } in &heard {
        jose::verify(token, &keys, &[jose::JwsAlg::Rs256]).unwrap();
        assert!(head.to_lowercase().contains("content-type: application/x-www-form-urlencoded"), "{head}");
        assert_eq!(header["typ"], "logout+jwt");
        assert_eq!(claims["iss"], walk.provider.issuer());
        assert_eq!(claims["aud"], json!(walk.one.client_id));
        assert_eq!(claims["sub"], walk.at_one.claims["sub"]);
        assert_eq!(claims["sid"], walk.at_one.claims["sid"]);
        assert_eq!(claims["exp"].as_i64().unwrap(), claims["iat"].as_i64().unwrap() + 120);
        assert_eq!(claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
        let mut names: Vec<&str> = claims.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], "and nothing else, no nonce");
    }
    assert_ne!(heard[0].claims["jti"], heard[1].claims["jti"], "each attempt is a token of its own");
    // A logout token is no hint for a sign-out.
    let url = walk.one.end_session_url(&walk.provider, &[("id_token_hint", &heard[0].token)]);
    assert!(walk.browser.open(&url).await.says("end_hint_foreign"));
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
}

/// item 25: no redirect is followed, a refusal is not repeated, nobody waits for a party that hangs.
#[tokio::test]
async fn every_answer_has_its_meaning_and_one_dead_party_delays_no_other() {
    let provider = with_ada(plan()).await;
    let elsewhere = RelyingParty::open().await;
    let manners = [
        vec![Reply::Status(200)],
        vec![Reply::Status(204)],
        vec![Reply::Status(400)],
        vec![Reply::Status(404)],
        vec![Reply::Status(501)],
        vec![Reply::With(302, format!("location: {}", elsewhere.logout_uri()))],
        vec![Reply::Status(500)],
        vec![Reply::With(429, "retry-after: 4".into())],
        vec![Reply::With(503, "retry-after: 4".into())],
        vec![Reply::Reset],
        vec![Reply::Gigabyte],
        vec![Reply::Hang],
    ];
    let parties = told(&provider, &manners).await;
    let began = std::time::Instant::now();
    for party in &parties {
        party.hears(1, Duration::from_secs(4)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(4), "nobody waited for the one that hangs");
    let mut wanted = vec!["delivered"; 8];
    wanted.extend(["parked", "parked", "parked", "refused"]);
    let order: Vec<&str> = wanted.clone();
    settles(&provider, &order, Duration::from_secs(30)).await;
    let attempts = [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 2];
    for ((party, replies), attempts) in parties.iter().zip(&manners).zip(attempts) {
        let notice = notice_of(&provider, party).await;
        assert_eq!(notice["attempts"], attempts, "{replies:?}: {notice}");
        assert_eq!(party.heard().len(), attempts, "{replies:?}");
        if let Some(Reply::With(429 | 503, _)) = replies.first() {
            let heard = party.heard();
            assert!(heard[1].at - heard[0].at >= Duration::from_secs(4), "Retry-After is honoured");
        }
    }
    assert_eq!(elsewhere.heard().len(), 0, "a redirect is not followed");
    let sum = "created 12 = delivered 8 + refused 1 + parked 3 + pending 0 + withdrawn 0";
    let said = provider.says(&["notice", "list"]);
    assert!(said.contains(sum), "the equation of logout.md §1: {said}");
}

#[tokio::test]
async fn a_relying_party_that_was_down_is_told_when_it_is_back_and_the_ledger_tells_the_story() {
    let mut walk = signed_in(plan()).await;
    walk.two.down();
    let (hint, after) = (walk.at_one.id_token.clone(), walk.one.url("/after"));
    let fields = [("id_token_hint", &*hint), ("post_logout_redirect_uri", &*after)];
    let page = walk.sign_out_with(&fields).await;
    assert_eq!(page.url.as_str(), after);
    settles(&walk.provider, &["delivered", "pending"], SOON).await;
    let story = notice_of(&walk.provider, &walk.two).await;
    assert_eq!(story["state"], "pending");
    assert!(story["attempts"].as_u64().unwrap() >= 1, "{story}");
    // Whoever came as it went down is thrown out, whoever came later not let in.
    let said = story["last_reply"].as_str().unwrap().to_lowercase();
    assert!(said.contains("refused") || said.contains("reset"), "in plain words: {story}");
    walk.two.up().await;
    let heard = walk.two.hears(1, Duration::from_secs(20)).await;
    assert_eq!(heard[0].claims["sid"], walk.at_two.claims["sid"]);
    settles(&walk.provider, &["delivered", "delivered"], SOON).await;
    let story = notice_of(&walk.provider, &walk.two).await;
    assert!(story["attempts"].as_u64().unwrap() >= 2, "{story}");
    assert_eq!(story["last_reply"], "HTTP 200");
}

#[tokio::test]
async fn a_parked_notice_is_seen_and_sent_again_and_a_deadline_parks() {
    let provider = with_ada(plan().set("lifetimes.logout_deadline = \"3s\"")).await;
    let parties = told(&provider, &[vec![Reply::Status(403)], vec![Reply::Status(500); 9]]).await;
    settles(&provider, &["parked", "parked"], Duration::from_secs(15)).await;
    let late = notice_of(&provider, &parties[1]).await;
    assert!(late["last_reply"].as_str().unwrap().contains("deadline"), "{late}");
    assert_eq!(provider.cli(&["notice", "list", "--state", "parked"]).await.as_array().unwrap().len(), 2);
    for party in &parties {
        party.always(Reply::Status(200));
    }
    let before = provider.notices().await.len();
    assert_eq!(provider.cli(&["notice", "retry", "--parked"]).await["reopened"], 2);
    settles(&provider, &["delivered", "delivered"], SOON).await;
    assert_eq!(provider.notices().await.len(), before, "the same rows, reopened");
    assert!(provider.log().contains("parked, an operator must look"));
}

#[tokio::test]
async fn the_tokens_of_a_deleted_client_are_not_sent_any_more() {
    let provider = with_ada(plan()).await;
    let parties = told(&provider, &[vec![Reply::Status(500); 99], vec![Reply::Status(200)]]).await;
    parties[0].hears(1, SOON).await;
    settles(&provider, &["delivered", "pending"], SOON).await;
    provider.cli(&["client", "delete", &parties[0].client_id]).await;
    settles(&provider, &["delivered", "withdrawn"], SOON).await;
    let said = provider.says(&["notice", "list"]);
    assert!(said.contains("created 2 = delivered 1 + refused 0 + parked 0 + pending 0 + withdrawn 1"), "{said}");
    let count = parties[0].heard().len();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(parties[0].heard().len(), count, "nothing more is sent");
    let url = provider.url(&format!("/authorize?client_id={}&response_type=code", parties[0].client_id));
    let gone = Question::get(&url).send(&provider.wires()).await.unwrap();
    assert!(gone.body.contains("client_unknown"), "{}", gone.body);
}
