//! Pairwise subjects: OpenID Connect Core §8 and §8.1, Registration §5.

mod registering;

use serde_json::{Value, json};
use testkit::http::Question;
use testkit::relying_party::part;
use testkit::{Browser, Certificate, Door, Provider, RelyingParty, Tokens};

use crate::ground::{ADA, plan, with_ada};

/// A provider with Ada in it, that believes the doors of these walks.
async fn provider() -> (Provider, Certificate) {
    let certificate = Certificate::fresh(&rcgen::PKCS_ECDSA_P256_SHA256);
    (with_ada(plan().trusts(&certificate)).await, certificate)
}

/// A relying party, and the door of TLS its sector's document lies behind.
struct Party {
    rp: RelyingParty,
    door: Door,
}

impl Party {
    /// Opens; it is not registered yet.
    async fn open(certificate: &Certificate) -> Self {
        let rp = RelyingParty::open().await;
        let door = Door::before(rp.port(), certificate).await;
        Self { rp, door }
    }

    /// Metadata of a pairwise client whose sector is a name of this machine.
    fn metadata(&self, name: &str, sector: &str) -> Value {
        let mut metadata = self.rp.metadata(name);
        self.rp.serves("/uris.json", json!([self.rp.redirect_uri()]).to_string());
        metadata["subject_type"] = json!("pairwise");
        metadata["sector_identifier_uri"] = json!(self.door.url(sector, "/uris.json"));
        metadata
    }

    /// One that is registered.
    async fn of(provider: &Provider, certificate: &Certificate, (name, sector): (&str, &str), more: &[&str]) -> Self {
        let mut party = Self::open(certificate).await;
        let metadata = party.metadata(name, sector);
        party.rp.register(provider, &metadata, more).await;
        party
    }
}

/// Everything a relying party can learn of who signed in, and the subject it knows them by.
async fn learns(provider: &Provider, rp: &RelyingParty, tokens: &Tokens) -> (String, String) {
    let sub = tokens.claim("sub").to_owned();
    let bearer = format!("Bearer {}", tokens.get("access_token"));
    let userinfo = provider.ask(Question::get(&provider.url("/userinfo")).header("authorization", &bearer)).await.body;
    assert_eq!(serde_json::from_str::<Value>(&userinfo).unwrap()["sub"], sub.as_str());
    let mut all = vec![Value::from(tokens.claims.clone()).to_string(), userinfo];
    for kind in ["access_token", "refresh_token"] {
        let asked = rp.asks(provider, "/introspect", &[("token", tokens.get(kind)), ("token_type_hint", kind)]);
        let answer = provider.ask(asked).await;
        assert_eq!(answer.json()["sub"], sub.as_str(), "{}", answer.body);
        all.push(answer.body);
    }
    let refreshed = rp.try_refresh(provider, tokens.get("refresh_token")).await.json();
    let claims = part(refreshed["id_token"].as_str().unwrap(), 1);
    assert_eq!(claims["sub"], sub.as_str());
    all.push(Value::from(claims).to_string());
    (all.join("\n"), sub)
}

#[tokio::test]
async fn a_sector_knows_a_person_by_one_name_and_another_sector_by_another() {
    let (provider, certificate) = provider().await;
    let first = ["--first-party"];
    let shop = Party::of(&provider, &certificate, ("Shop", "localhost"), &first).await;
    let till = Party::of(&provider, &certificate, ("Till", "localhost"), &first).await;
    let bank = Party::of(&provider, &certificate, ("Bank", "127.0.0.1"), &first).await;
    let open = RelyingParty::first_party(&provider, "Open").await;
    let mut browser = Browser::new(&provider);
    let mut told = Vec::new();
    for rp in [&shop.rp, &till.rp, &bank.rp, &open] {
        let tokens = match told.is_empty() {
            true => rp.sign_in(&provider, &mut browser, ADA).await,
            false => silently(&provider, rp, &mut browser).await,
        };
        told.push(learns(&provider, rp, &tokens).await);
    }
    let subs: Vec<&str> = told.iter().map(|(_, sub)| sub.as_str()).collect();
    let ada = provider.cli(&["user", "show", ADA.0]).await;
    assert_eq!(subs[0], subs[1], "one sector");
    assert_eq!(subs[3], ada["sub"]);
    let distinct: std::collections::BTreeSet<&str> = subs.iter().copied().collect();
    assert_eq!(distinct.len(), 3, "{subs:?}");
    // The account has them, and so has the list.
    let pairwise = json!([{"sector": "127.0.0.1", "sub": subs[2]}, {"sector": "localhost", "sub": subs[0]}]);
    assert_eq!(ada["pairwise"], pairwise);
    assert_eq!(provider.cli(&["user", "list"]).await[0]["pairwise"], pairwise);
    assert_eq!(provider.cli(&["client", "show", &bank.rp.client_id]).await["sector"], "127.0.0.1");
    // Nothing that one of them is told has in it what another is told of the person, or what we call them.
    for (at, (all, _)) in told.iter().enumerate() {
        for (other, sub) in subs.iter().enumerate() {
            assert!(subs[at] == *sub || !all.contains(sub), "{at} was told what {other} knows: {all}");
        }
        assert!(!all.contains(ada["id"].as_str().unwrap()), "{all}");
    }
    // Another time, from another browser: the same.
    for (rp, sub) in [(&shop.rp, subs[0]), (&bank.rp, subs[2])] {
        let again = rp.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
        assert_eq!(again.claim("sub"), sub);
    }
    // And the end of it all is told to each in its own words.
    provider.cli(&["user", "disable", ADA.0]).await;
    for (rp, sub) in [&shop.rp, &till.rp, &bank.rp, &open].into_iter().zip(&subs) {
        for heard in rp.hears(1, std::time::Duration::from_secs(20)).await {
            assert_eq!(heard.claims["sub"], *sub);
        }
    }
}

/// Signs in again where nothing is asked.
async fn silently(provider: &Provider, rp: &RelyingParty, browser: &mut Browser) -> Tokens {
    let begun = rp.begin(provider).with("prompt", "none");
    let page = browser.open(&begun.url()).await;
    rp.complete(provider, &begun, &page).await
}

#[tokio::test]
async fn what_one_sector_knows_opens_nothing_at_another() {
    let (provider, certificate) = provider().await;
    let shop = Party::of(&provider, &certificate, ("Shop", "localhost"), &["--first-party"]).await;
    let bank = Party::of(&provider, &certificate, ("Bank", "127.0.0.1"), &["--first-party"]).await;
    let open = RelyingParty::first_party(&provider, "Open").await;
    let mut browser = Browser::new(&provider);
    let at_shop = shop.rp.sign_in(&provider, &mut browser, ADA).await;
    let at_bank = silently(&provider, &bank.rp, &mut browser).await;
    let at_open = silently(&provider, &open, &mut browser).await;
    let asks = async |rp: &RelyingParty, browser: &mut Browser, name: &str, value: &str| {
        let page = browser.open(&rp.begin(&provider).with("prompt", "none").with(name, value).url()).await;
        page.parameter("error").unwrap_or_else(|| "it is the same person".to_owned())
    };
    let named = |sub: &str| json!({"id_token": {"sub": {"value": sub}}}).to_string();
    let same = "it is the same person";
    for (rp, own, others) in [(&shop.rp, &at_shop, [&at_bank, &at_open]), (&bank.rp, &at_bank, [&at_shop, &at_open])] {
        assert_eq!(asks(rp, &mut browser, "id_token_hint", &own.id_token).await, same);
        assert_eq!(asks(rp, &mut browser, "claims", &named(own.claim("sub"))).await, same);
        for other in others {
            assert_eq!(asks(rp, &mut browser, "id_token_hint", &other.id_token).await, "login_required");
            assert_eq!(asks(rp, &mut browser, "claims", &named(other.claim("sub"))).await, "login_required");
        }
        // Nobody at all looks no different.
        assert_eq!(asks(rp, &mut browser, "claims", &named("nobody")).await, "login_required");
    }
    assert_eq!(asks(&open, &mut browser, "id_token_hint", &at_bank.id_token).await, "login_required");
    // Another's token says nothing, and another's ID Token signs nobody out in one's own name.
    let asked = shop.rp.asks(&provider, "/introspect", &[("token", at_bank.get("access_token"))]);
    assert_eq!(provider.ask(asked).await.json(), json!({"active": false}));
    let url =
        shop.rp.end_session_url(&provider, &[("client_id", &shop.rp.client_id), ("id_token_hint", &at_bank.id_token)]);
    assert_eq!(browser.open(&url).await.answer.status, 400);
    // One's own does, by the subject one's sector knows.
    let url = bank.rp.end_session_url(&provider, &[("id_token_hint", &at_bank.id_token)]);
    assert_eq!(browser.open(&url).await.answer.status, 200);
    assert_eq!(shop.rp.hears(1, std::time::Duration::from_secs(20)).await[0].claims["sub"], at_shop.claim("sub"));
}

/// RFC 7662 §5: the answer may differ by who asks.
#[tokio::test]
async fn a_resource_of_another_sector_is_told_by_what_it_knows_the_person_itself() {
    let (provider, certificate) = provider().await;
    let shop = Party::of(&provider, &certificate, ("Shop", "localhost"), &["--first-party"]).await;
    let mut api = Party::open(&certificate).await;
    let metadata = api.metadata("API", "127.0.0.1");
    api.rp.register(&provider, &metadata, &["--first-party"]).await;
    let server = |name: &str, format: &str| {
        json!({
            "resource": format!("https://{name}.example/"),
            "introspected_by": [api.rp.client_id],
            "access_token_format": format,
            "scopes": {format!("{name}:read"): {}},
        })
    };
    for (name, format) in [("api", "opaque"), ("jwt", "jwt")] {
        provider.cli_with(&server(name, format).to_string(), &["resource", "add", "-"]).await;
    }
    testkit::eventually("the server has noticed both", std::time::Duration::from_secs(5), async || {
        let said = provider.get("/.well-known/openid-configuration").await.ok()?.body;
        (said.contains("api:read") && said.contains("jwt:read")).then_some(())
    })
    .await;
    let mut browser = Browser::new(&provider);
    let begun = shop.rp.begin(&provider).with("resource", "https://api.example/");
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let tokens = shop.rp.complete(&provider, &begun, &page).await;
    let fields = [("token", tokens.get("access_token"))];
    let told = async || provider.ask(api.rp.asks(&provider, "/introspect", &fields)).await.json();
    let first = told().await;
    assert_eq!((&first["active"], &first["client_id"]), (&json!(true), &json!(shop.rp.client_id)), "{first}");
    assert_ne!(first["sub"], tokens.claim("sub"));
    assert_eq!(told().await["sub"], first["sub"]);
    // It is by that that the person signs in there.
    assert_eq!(silently(&provider, &api.rp, &mut browser).await.claim("sub"), first["sub"].as_str().unwrap());
    assert_eq!(provider.ask(shop.rp.asks(&provider, "/introspect", &fields)).await.json()["sub"], tokens.claim("sub"));
    // A JWT says it to whoever holds it, so the answer is no other.
    let begun = shop.rp.begin(&provider).with("resource", "https://jwt.example/").with("prompt", "none");
    let page = browser.open(&begun.url()).await;
    let tokens = shop.rp.complete(&provider, &begun, &page).await;
    let fields = [("token", tokens.get("access_token"))];
    assert_eq!(part(fields[0].1, 1)["sub"], tokens.claim("sub"));
    assert_eq!(provider.ask(api.rp.asks(&provider, "/introspect", &fields)).await.json()["sub"], tokens.claim("sub"));
}
