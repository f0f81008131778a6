//! `ostiary rp check` against relying parties that are good, and bad in each way (Back-Channel Logout §2.4 to §2.8).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use jose::{JwkSet, JwsAlg};
use serde_json::{Value, json};
use testkit::{Browser, Heard, Provider, RelyingParty, Reply};

use crate::ground::{ADA, plan, sql, with_ada};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What a relying party knows and how it validates: §2.6, but for what it forgets.
struct Validator {
    keys: JwkSet,
    issuer: String,
    client: String,
    /// Steps it leaves out.
    forgets: Vec<&'static str>,
    /// Sessions it has; it wants to know whom a token is about.
    sessions: Option<Mutex<Vec<String>>>,
}

impl Validator {
    async fn new(provider: &Provider, party: &RelyingParty, forgets: &[&'static str]) -> Self {
        Self {
            keys: JwkSet::read_public(&provider.get("/jwks").await.unwrap().json()).unwrap(),
            issuer: provider.issuer().to_owned(),
            client: party.client_id.clone(),
            forgets: forgets.to_vec(),
            sessions: None,
        }
    }

    fn refuses(&self, heard: &Heard) -> Option<&'static str> {
        let claims = &heard.claims;
        let now = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        let number = |name: &str| claims.get(name).and_then(Value::as_i64);
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let alg = heard.header.get("alg").and_then(Value::as_str).unwrap_or_default();
        let verified = jose::verify(&heard.token, &self.keys, &[JwsAlg::Rs256]).is_ok();
        let audience = match claims.get("aud") {
            Some(Value::Array(all)) => all.contains(&json!(self.client)),
            other => other == Some(&json!(self.client)),
        };
        let event = claims.get("events").and_then(|events| events.get(EVENT));
        let checks = [
            ("token", !claims.is_empty()),
            ("alg", alg == "RS256"),
            ("signature", alg != "RS256" || verified),
            ("iss", text("iss") == Some(&self.issuer)),
            ("aud", audience),
            ("exp", number("exp").is_some_and(|exp| exp > now)),
            ("iat", number("iat").is_some_and(|iat| iat <= now + 60)),
            ("who", text("sub").or(text("sid")).is_some()),
            ("events", event.is_some()),
            ("object", event.is_none_or(Value::is_object)),
            ("nonce", claims.get("nonce").is_none()),
            ("jti", text("jti").is_some()),
        ];
        checks.iter().find(|(step, good)| !good && !self.forgets.contains(step)).map(|(step, _)| *step)
    }

    fn answer(&self, heard: &Heard) -> u16 {
        // Whoever lets anything pass for a token looks no further.
        let nothing = heard.claims.is_empty() && self.forgets.contains(&"token");
        if !nothing && self.refuses(heard).is_some() {
            return 400;
        }
        if let Some(sessions) = &self.sessions {
            let sid = heard.claims.get("sid").and_then(Value::as_str).unwrap_or_default();
            return if sessions.lock().unwrap().iter().any(|own| own == sid) { 200 } else { 400 };
        }
        200
    }
}

fn well(status: u16) -> Reply {
    Reply::With(status, "cache-control: no-store".into())
}

fn follow(party: &RelyingParty, validator: Validator) {
    party.follows(Arc::new(move |heard| well(validator.answer(heard))));
}

/// The verdicts by check, and whether a pipeline would go on.
async fn check(provider: &Provider, arguments: &[&str]) -> (BTreeMap<String, String>, bool) {
    let all = [&["--json", "rp", "check"][..], arguments].concat();
    let (status, said, _) = provider.runs(&all).await;
    let rows: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}"));
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    (rows.iter().map(|row| (text(row, "check"), text(row, "verdict"))).collect(), status == Some(0))
}

/// Those that are not good.
fn ill(verdicts: &BTreeMap<String, String>) -> Vec<String> {
    verdicts
        .iter()
        .filter(|(_, verdict)| *verdict != "good")
        .map(|(name, verdict)| format!("{name} {verdict}"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_relying_party_is_found_good_and_each_flaw_is_found() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "Shop").await;
    let uri = party.logout_uri();
    follow(&party, Validator::new(&provider, &party, &[]).await);
    let (verdicts, goes_on) = check(&provider, &[&uri]).await;
    assert_eq!((ill(&verdicts), goes_on), (vec![], true));
    assert!(verdicts.len() >= 25 && !verdicts.contains_key("good"), "nobody was given: {verdicts:?}");
    let flaws: &[(&[&str], &[&str])] = &[
        (&["token"], &["garbage bad", "no-token bad"]),
        (&["signature"], &["bent-signature bad", "other-key bad"]),
        (&["alg"], &["alg-none bad", "public-key-as-secret bad"]),
        (&["iss"], &["no-issuer bad", "other-issuer bad"]),
        (&["aud"], &["no-audience bad", "other-audience bad"]),
        (&["exp"], &["expired bad", "no-expiry bad"]),
        (&["iat"], &["future advice", "no-issued-at advice"]),
        (&["who"], &["no-sub-no-sid bad"]),
        (&["events"], &["no-events bad", "other-event bad"]),
        (&["object"], &["event-not-object advice"]),
        (&["nonce"], &["nonce bad"]),
        (&["jti"], &["no-jti advice"]),
    ];
    for (forgets, found) in flaws {
        follow(&party, Validator::new(&provider, &party, forgets).await);
        let (verdicts, goes_on) = check(&provider, &[&uri]).await;
        assert_eq!(ill(&verdicts), *found, "{forgets:?}");
        let only_advice = found.iter().all(|row| row.ends_with("advice"));
        assert_eq!(goes_on, only_advice, "{forgets:?}");
    }
    // Advice stops a pipeline that wants it to.
    let (_, goes_on) = check(&provider, &[&uri, "--strict"]).await;
    assert!(!goes_on);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_none_are_found() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "Shop").await;
    let uri = party.logout_uri();
    for reply in [Reply::Status(500), Reply::With(302, "location: /".into()), Reply::Status(404), Reply::Reset] {
        party.follows(Arc::new(move |_| reply.clone()));
        let (verdicts, goes_on) = check(&provider, &[&uri]).await;
        assert!(!goes_on && verdicts["unknown-session"] == "bad" && verdicts["nonce"] == "bad", "{verdicts:?}");
    }
    // A status of its own for a token that is not good: §2.8 says 400.
    let validator = Validator::new(&provider, &party, &[]).await;
    party.follows(Arc::new(move |heard| well(if validator.answer(heard) == 200 { 200 } else { 401 })));
    let (verdicts, _) = check(&provider, &[&uri]).await;
    assert_eq!((verdicts["nonce"].as_str(), verdicts["unknown-claim"].as_str()), ("bad", "good"));
    // Right and slow, and without no-store.
    let validator = Validator::new(&provider, &party, &[]).await;
    let first = Mutex::new(true);
    party.follows(Arc::new(move |heard| {
        let status = validator.answer(heard);
        match std::mem::take(&mut *first.lock().unwrap()) {
            true => Reply::Late(Duration::from_millis(1_800), status),
            false => Reply::Status(status),
        }
    }));
    let (verdicts, goes_on) = check(&provider, &[&uri]).await;
    assert_eq!((ill(&verdicts), goes_on), (vec!["fast advice".to_owned(), "no-store advice".to_owned()], true));
}

/// Whoever refuses what it does not know proves nothing by refusing; with a test person it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_test_person_makes_refusals_telling() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "Shop").await;
    let tokens = party.sign_in(&provider, &mut Browser::new(&provider), ADA).await;
    let (sub, sid) = (tokens.claim("sub").to_owned(), tokens.claim("sid").to_owned());
    let strict = |forgets: &'static [&'static str]| {
        let (provider, party, sid) = (&provider, &party, sid.clone());
        async move {
            let sessions = Some(Mutex::new(vec![sid]));
            Validator { sessions, ..Validator::new(provider, party, forgets).await }
        }
    };
    follow(&party, strict(&[]).await);
    let (verdicts, goes_on) = check(&provider, &["--client", &party.client_id]).await;
    assert!(goes_on && verdicts["nonce"] == "unknown" && verdicts["unknown-session"] == "good", "{verdicts:?}");
    let given = ["--client", &party.client_id, "--sub", &sub, "--sid", &sid];
    let (verdicts, goes_on) = check(&provider, &given).await;
    assert_eq!(ill(&verdicts), ["sub-alone unknown"]);
    assert!(goes_on && verdicts["good"] == "good" && verdicts["already-signed-out"] == "good", "{verdicts:?}");
    follow(&party, strict(&["nonce"]).await);
    assert_eq!(check(&provider, &given).await.0["nonce"], "bad");
    // One that does not know the session any more must still say that the logout succeeded, §2.7.
    let validator = strict(&[]).await;
    let once = Mutex::new(false);
    party.follows(Arc::new(move |heard| {
        let mut ended = once.lock().unwrap();
        let status = if *ended { 400 } else { validator.answer(heard) };
        *ended |= status == 200;
        well(status)
    }));
    let (verdicts, _) = check(&provider, &given).await;
    assert_eq!((verdicts["good"].as_str(), verdicts["already-signed-out"].as_str()), ("good", "bad"));
    // Here nothing has ended, nobody was promised anything, and the trail says who did it.
    assert_eq!(provider.cli(&["session", "list"]).await.as_array().unwrap().len(), 1);
    assert_eq!(provider.notices().await.len(), 0);
    assert_eq!(sql(&provider, "SELECT count(*) FROM audit WHERE action = 'rp_checked'"), "4");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_it_will_do_and_goes_through_the_guarded_way_out() {
    let provider = with_ada(plan()).await;
    let party = RelyingParty::first_party(&provider, "Shop").await;
    follow(&party, Validator::new(&provider, &party, &[]).await);
    let arguments = ["rp", "check", "--client", &party.client_id, "--sub", "s", "--sid", "-x"];
    let (_, said, aside) = provider.runs(&arguments).await;
    assert!(aside.contains("session -x of a test person ends THERE") && said.contains("VERDICT"), "{aside}{said}");
    assert!(said.contains("advice") || said.contains("good"), "{said}");
    let before = party.heard().len();
    for (arguments, problem) in [
        (vec!["rp", "check", "http://169.254.169.254/latest", "--client", &party.client_id], "may not be reached"),
        (vec!["rp", "check", "https://nobody.example/logout"], "no client registered"),
        (vec!["rp", "check", "--client", "nobody"], "there is no client nobody"),
        (vec!["rp", "check"], "BACKCHANNEL_LOGOUT_URI"),
        (vec!["rp", "check", "--client", &party.client_id, "--sub", "s"], "--sid"),
    ] {
        let (status, _, said) = provider.runs(&arguments).await;
        assert!(status != Some(0) && said.contains(problem), "{arguments:?}: {said}");
    }
    assert_eq!(party.heard().len(), before, "nothing was sent");
}
