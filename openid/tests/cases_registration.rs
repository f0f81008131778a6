//! Cases of dynamic client registration.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "shared with the cases of the other endpoints")]
mod given;

use given::{NOW, object, run, seconds};
use jose::{JwkSet, JwsAlg, SigningKey};
use openid::client::auth::{Fetched, Keys};
use openid::client::metadata::Metadata;
use openid::name::{ClientId, Digest};
use openid::registration::Registration;
use openid::registration::admission::{InitialToken, Shown, admit, returns};
use openid::registration::policy::RegistrationPolicy;
use openid::registration::proposal::{Proposed, Replacement, judge_type};
use openid::registration::statement::{Judged, issuer, judge};
use openid::wire::refusal::Refusal;
use openid::wire::scope::Scope;
use serde_json::{Map, Value, json};

const TRUSTED: &str = "https://trusted.example";

struct Signers {
    trusted: SigningKey,
    strange: SigningKey,
}

impl Signers {
    fn set(key: &SigningKey) -> Value {
        json!({"keys": [key.public_jwk()]})
    }

    /// A statement with the claims of a case; times in seconds from now.
    fn statement(&self, asked: &Value) -> Option<String> {
        let mut claims = object(&json!({"iss": TRUSTED, "iat": 0}));
        claims.extend(asked["claims"].as_object()?.clone());
        for name in ["iat", "exp", "nbf"] {
            if let Some(offset) = claims.get(name).and_then(Value::as_i64) {
                claims.insert(name.to_owned(), json!((NOW + seconds(offset)).seconds()));
            }
        }
        let payload = serde_json::to_vec(&claims).unwrap();
        Some(match asked["sign"].as_str() {
            None => jose::sign(&self.trusted, None, &payload).unwrap(),
            Some("strange") => jose::sign(&self.strange, None, &payload).unwrap(),
            Some("not") => format!("{}.{}.", jose::base64url(r#"{"alg":"none"}"#), jose::base64url(&payload)),
            Some(other) => panic!("nobody signs {other}"),
        })
    }
}

fn refused(refusal: &Refusal) -> Value {
    json!({"refuse": refusal.code.as_str(), "why": refusal.why, "say": refusal.say})
}

fn fits(judged: Result<(), Refusal>) -> Value {
    judged.map_or_else(|refusal| refused(&refusal), |()| json!({"fits": true}))
}

fn policy(given: &Value, signers: &Signers) -> RegistrationPolicy {
    let mut written = object(&given["policy"]);
    let trusted = match given["issuer"].as_str() {
        Some("elsewhere") => json!({"issuer": TRUSTED, "jwks_uri": format!("{TRUSTED}/jwks")}),
        _ => json!({"issuer": TRUSTED, "jwks": Signers::set(&signers.trusted)}),
    };
    written.insert("statement_issuers".into(), json!([trusted]));
    RegistrationPolicy::read(&written).unwrap()
}

/// What a body becomes: metadata within the policy, or a refusal.
fn register(body: &str, case: &Value, signers: &Signers) -> Result<Value, Refusal> {
    let (given, policy) = (&case["given"], policy(&case["given"], signers));
    let mut proposed = Proposed::read(body.as_bytes())?;
    if let Some(statement) = signers.statement(&case["asked"]).or(proposed.statement.clone()) {
        let issuer = issuer(&statement, &policy.server.statement_issuers)?;
        let set = JwkSet::read_public(&Signers::set(&signers.trusted)).unwrap();
        let fetched = given["fetched"] == true;
        let keys =
            Keys { jwks: fetched.then_some(&set), fetched: if fetched { Fetched::Now } else { Fetched::Before } };
        match judge(&statement, issuer, &keys, NOW) {
            Judged::Says(says) => proposed = proposed.with(says),
            Judged::Need { uri, .. } => return Ok(json!({"need": uri})),
            Judged::No(refusal) => return Err(refusal),
        }
    }
    policy.allowed.fill(&mut proposed.members);
    let metadata = Metadata::read(&proposed.members)?;
    let offered = Scope::from("openid profile email address phone offline_access".to_owned());
    policy.allowed.judge(&metadata, &offered)?;
    Ok(json!({"registered": metadata.registered}))
}

fn update(body: &str) -> Result<Value, Refusal> {
    let replacement = Replacement::read(body.as_bytes(), &ClientId::new("rp"))?;
    let secret = replacement.secret.as_ref().map(|secret| secret.as_str());
    Ok(json!({"secret": secret, "members": replacement.proposed.members}))
}

fn admission(registration: &str, token: &str) -> Value {
    let mut known = InitialToken {
        id: "token".to_owned(),
        most_uses: Some(2),
        uses: 1,
        expires_at: Some(NOW + seconds(1)),
        revoked_at: None,
    };
    match token {
        "expired" => known.expires_at = Some(NOW),
        "revoked" => known.revoked_at = Some(NOW),
        "used" => known.uses = 2,
        _ => {}
    }
    let shown = match token {
        "none" => Shown::Nothing,
        "unknown" => Shown::Unknown,
        _ => Shown::Token(&known),
    };
    match admit(Registration::read(registration).unwrap(), shown, NOW) {
        Ok(way) => json!({"way": format!("{way:?}")}),
        Err(refusal) => refused(&refusal),
    }
}

#[test]
fn registration_cases() {
    let key = || SigningKey::generate(JwsAlg::Es256, "key").unwrap();
    let signers = Signers { trusted: key(), strange: key() };
    run("client/registration.toml", |_, case| {
        let asked = &case["asked"];
        let text = |name: &str| asked[name].as_str();
        let answer = |answer: Result<Value, Refusal>| answer.unwrap_or_else(|refusal| refused(&refusal));
        match (text("register"), text("update"), text("type"), text("returns")) {
            (Some(body), ..) => answer(register(body, case, &signers)),
            (_, Some(body), ..) => answer(update(body)),
            (_, _, Some(kind), _) => fits(judge_type(Some(kind))),
            (_, _, _, Some(token)) => fits(returns(Some(token), text("kept").map(Digest::of).as_ref())),
            _ => admission(text("registration").unwrap(), text("token").unwrap()),
        }
    });
}

/// A secret of the server, or of nobody, opens nothing: however short or empty what is shown.
#[test]
fn nothing_opens_a_registration_that_is_not_there() {
    for shown in ["", "\0", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert!(returns(Some(shown), None).is_err());
        assert!(returns(None, Some(&Digest::of(shown))).is_err());
    }
    assert!(Proposed::read(&serde_json::to_vec(&Map::new()).unwrap()).is_ok());
}
