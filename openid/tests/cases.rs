//! Cases of the authorization endpoint, clients, PKCE and discovery; and what holds for every case of this crate: each
//! file has a runner, each clause belongs to a specification of the table, and `docs/specs.md` is in step with both.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "shared with the other tests of cases, which use the rest")]
mod given;
mod tested;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use given::{ISSUER, NOW, cases, form, object, run, seconds, texts};
use jose::{JwkSet, JwsAlg, Signer as _, SigningKey};
use openid::acr::Amr;
use openid::authorize::grant::{Granted, Names};
use openid::authorize::initiate::{Starter, start};
use openid::authorize::mode::Sent;
use openid::authorize::next::{Candidate, Consent, Hint, Known, Next, Question, next};
use openid::authorize::object::{self as request, Carried};
use openid::authorize::par::{self, Pushing};
use openid::authorize::place::{Destination, FrontAccess, Reply, Success};
use openid::authorize::request::{AuthRequest, ServerOffers, SignUp};
use openid::authorize::response_type::Part;
use openid::bound::pkce::Challenge;
use openid::bound::{Confirmation, Possession, dpop, judge_presented};
use openid::claims::catalogue::Catalogue;
use openid::claims::parameter::Necessity;
use openid::claims::source::{Reach, Source, SourceKind};
use openid::client::auth::{self, Audience, Fetched, Judged, Keys, METHODS, Presented};
use openid::client::certificate::MutualTls;
use openid::client::metadata::{ClientKind, Metadata, SecretNeed};
use openid::client::policy::DpopNonces;
use openid::client::{Client, ClientSecret, Standing, sector};
use openid::discovery::{Aliases, Endpoints, Links, Offers, document};
use openid::name::{AccountId, ClientId, Digest, GrantId, SessionId, Sid, Sub};
use openid::native_sso::NativeSso;
use openid::session::{Session, SessionKind};
use openid::specs;
use openid::token::issue::{Ground, RefreshIssue, Terms};
use openid::webfinger;
use openid::wire::refusal::{Refusal, refuse};
use openid::wire::scope::Scope;
use serde_json::{Value, json};

const SECRET: &str = "a secret: 32+ bytes & an odd % in it";
const TOKEN: &str = "https://op.example/token";

fn refused(refusal: &Refusal) -> Value {
    json!({ "refuse": refusal.code.as_str(), "why": refusal.why, "say": refusal.say })
}

/// A client that needs nothing but what a case says about it.
fn client(given: &Value) -> Arc<Client> {
    let mut metadata = object(&json!({ "redirect_uris": ["https://rp.example/cb"] }));
    metadata.extend(object(&given["metadata"]));
    let metadata = Metadata::read(&metadata).unwrap_or_else(|refusal| panic!("{refusal} in {given}"));
    let policy = match &given["policy"] {
        Value::Null => openid::client::policy::Policy::default(),
        policy => serde_json::from_value(policy.clone()).unwrap(),
    };
    let secret = match metadata.secret_need() {
        SecretNeed::None => ClientSecret::None,
        SecretNeed::Hashed => ClientSecret::Hashed(Digest::of(SECRET)),
        SecretNeed::Sealed { .. } => ClientSecret::Known(SECRET.to_owned().into()),
    };
    let standing = if given["standing"] == "disabled" { Standing::Disabled } else { Standing::Enabled };
    Arc::new(Client { id: ClientId::new("rp"), version: 1, standing, metadata, policy, secret })
}

/// What the server offers, as a case says: `sign_up`, and the scopes `by_default` and `implied`.
fn offers(given: &Value) -> ServerOffers {
    let (sign_up, scope) =
        (&given["sign_up"], |name: &str| Scope::from(given[name].as_str().unwrap_or_default().to_owned()));
    let resources = given::resources(&given["resources"]);
    let theirs: Vec<&str> = resources.scopes().map(|scope| scope.value.as_str()).collect();
    ServerOffers {
        by_default: scope("by_default"),
        implied: scope("implied"),
        catalogue: Arc::new(Catalogue { sources: sources(&given["sources"]), ..Catalogue::default() }),
        sign_up: sign_up.as_str().map_or(SignUp::Closed, |word| SignUp::read(word).unwrap()),
        scopes: Scope::read("openid profile email offline_access").unwrap().union(&Scope::from(theirs.join(" "))),
        acr_values: vec!["urn:ostiary:acr:password".to_owned()],
        resources,
        native_sso: match given["native_sso"].as_str() {
            Some(word) => NativeSso::read(word).unwrap(),
            None => NativeSso::Off,
        },
    }
}

/// Claims providers, each by its kind and with its claims.
fn sources(given: &Value) -> Vec<Source> {
    let source = |one: &Value| Source {
        name: one["name"].as_str().unwrap().to_owned(),
        kind: SourceKind::read(one["kind"].as_str().unwrap()).unwrap(),
        claims: texts(&one["claims"]),
        endpoint: None,
        issuer: None,
        jwks: None,
        reach: Reach::Linked,
    };
    given.as_array().into_iter().flatten().map(source).collect()
}

/// Parameters of an authorization request: those of the case over good ones; empty ones are left out.
fn request_form(asked: &Value) -> openid::wire::form::Form {
    let mut all = object(&json!({
        "client_id": "rp", "redirect_uri": "https://rp.example/cb", "response_type": "code", "scope": "openid",
        "state": "af0ifjsldkj",
    }));
    all.extend(object(asked));
    form(&Value::Object(all))
}

fn metadata(_: &str, case: &Value) -> Value {
    let read = match case["asked_json"].as_str() {
        Some(text) => serde_json::from_str(text).unwrap(),
        None => case["asked"].clone(),
    };
    match Metadata::read(&object(&read)) {
        Err(refusal) => refused(&refusal),
        Ok(metadata) => json!({
            "registered": metadata.registered,
            "kind": match metadata.kind() { ClientKind::Public => "public", ClientKind::Confidential => "confidential" },
            "secret": match metadata.secret_need() {
                SecretNeed::None => json!("none"),
                SecretNeed::Hashed => json!("hashed"),
                SecretNeed::Sealed { least } => json!(least),
            },
            "origins": metadata.origins,
            "sector": metadata.sector(),
        }),
    }
}

/// Registering or changing a client, the document of its sector at hand or not.
fn sector_of(_: &str, case: &Value) -> Value {
    let given = &case["given"];
    let read = |text: &Value| Metadata::read(&object(text)).unwrap_or_else(|e| panic!("{e} in {case}"));
    let old = given["metadata"].is_object().then(|| read(&given["metadata"]));
    let new = read(&case["asked"]);
    let mut looked = false;
    let allowed = old.as_ref().map_or(Ok(()), |old| sector::judge_change(old, &new)).and_then(|()| {
        if sector::document(old.as_ref(), &new).is_none() {
            return Ok(());
        }
        looked = true;
        let document = given["document"].as_str().ok_or_else(|| sector::unreached(None))?;
        sector::judge(document.as_bytes(), &new.redirect_uris)
    });
    let mut ruled = allowed.map_or_else(|refusal| refused(&refusal), |()| json!({ "sector": new.sector() }));
    ruled["looked"] = json!(looked);
    ruled
}

fn place(_: &str, case: &Value) -> Value {
    match Destination::locate(&request_form(&case["asked"]), &client(&case["given"])) {
        Err(refusal) => json!({ "show": refusal.code.as_str(), "why": refusal.why }),
        Ok(place) => json!({ "redirect_uri": place.redirect_uri(), "mode": place.mode().as_str() }),
    }
}

fn read(case: &Value) -> Result<(AuthRequest, Arc<Client>, Destination), Refusal> {
    let (form, client) = (request_form(&case["asked"]), client(&case["given"]));
    let place = Destination::locate(&form, &client).unwrap();
    AuthRequest::read(&form, &client, &place, &offers(&case["given"])).map(|request| (request, client, place))
}

fn read_request(_: &str, case: &Value) -> Value {
    match read(case) {
        Err(refusal) => refused(&refusal),
        Ok((request, ..)) => json!({
            "response_type": request.response_type.as_str(),
            "scope": request.scope.to_string(),
            "nonce": request.nonce,
            "prompt": format!("{:?}", request.prompt),
            "max_age": request.max_age,
            "claims": request.claims.text(),
            "subjects": request.wanted.subjects,
            "essential_acr": request.wanted.acr.necessity == Necessity::Essential,
            "resources": request.resources,
            "front": request.front.as_ref().map(|target| json!({
                "scope": target.scope.to_string(), "resources": target.resources, "format": target.format().as_str(),
            })),
            "acr_values": request.wanted.acr.values,
            "ui_locales": request.ui_locales,
            "challenge": request.challenge.as_ref().map(Challenge::as_str),
        }),
    }
}

fn sent(sent: Sent) -> Value {
    match sent {
        Sent::Redirect(to) => json!({ "redirect": to }),
        Sent::Post { action, fields } => json!({ "post": action, "fields": fields }),
    }
}

fn answer(_: &str, case: &Value) -> Value {
    let form = request_form(&case["asked"]);
    let client = client(&case["given"]);
    let place = Destination::locate(&form, &client).unwrap();
    let reply =
        match (case["given"]["say"].as_str(), AuthRequest::read(&form, &client, &place, &offers(&case["given"]))) {
            (Some(say), _) => {
                Reply::Refusal(refuse(openid::wire::refusal::ErrorCode::InvalidRequest, "case", say.to_owned()))
            }
            (None, Err(refusal)) => Reply::Refusal(refusal),
            (None, Ok(request)) => {
                let carries = |part, text: &str| request.response_type.carries(part).then(|| text.to_owned());
                Reply::Success(Success {
                    code: carries(Part::Code, "SplxlOBeZQQYbYS6WxSbIA"),
                    access: carries(Part::Token, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y")
                        .map(|token| FrontAccess { token, expires_in: 3600, scope: request.scope.clone() }),
                    id_token: carries(Part::IdToken, "eyJ0.ey.sig"),
                })
            }
        };
    sent(place.answer(ISSUER, reply, "h.s.b".to_owned()))
}

/// What a request is granted, once everybody agreed.
fn grant(_: &str, case: &Value) -> Value {
    let (request, client, _) = read(case).unwrap_or_else(|refusal| panic!("{refusal} in {case}"));
    let agreed = match next(&request, &client, &known(&case["given"]), NOW) {
        Next::Issue(agreed) => agreed,
        other => panic!("{other:?} in {case}"),
    };
    let names = Names { code: GrantId::new("behind the code"), front: GrantId::new("in front") };
    let mut granted = request.grant(agreed, names, (&Terms::default(), &client.policy, seconds(60)), NOW);
    let sub = granted.sub.clone().unwrap_or_else(|| Sub::new("drawn"));
    granted.stay(&Sid::new("stay"), &sub);
    let nothing = granted.is_nothing();
    let Granted { code, access, id_token, .. } = granted;
    let told = |grant: &openid::session::Grant| {
        json!({
            "grant": grant.id.as_str(), "kind": grant.kind.as_str(), "scope": grant.scope.to_string(),
            "sid": grant.sid.as_str(), "sub": grant.sub.as_str(), "nonce": grant.nonce, "ends": grant.expires_at.since(NOW).seconds(),
        })
    };
    let front = access.map(|issue| match &issue.ground {
        Ground::Begin(grant) if issue.refresh == RefreshIssue::None => {
            let mut told = told(grant);
            told["for"] = json!(issue.access.resources);
            told["format"] = json!(issue.access.format.as_str());
            told["says"] = json!(issue.access.scope.to_string());
            told
        }
        other => panic!("{other:?} in {case}"),
    });
    json!({
        "nothing": nothing, "code": code.map(|code| told(&code.grant)), "access": front, "id_token": id_token.as_ref().map(told),
    })
}

/// The object of a case, secured as it says.
fn object_of(signers: &Signers, asked: &Value) -> Option<String> {
    let mut claims = object(&json!({ "iss": "rp", "aud": ISSUER, "client_id": "rp", "scope": "openid" }));
    claims.extend(object(&asked["inside"]));
    claims.retain(|_, value| *value != "");
    let payload = serde_json::to_vec(&claims).unwrap();
    match (asked["sign"].as_str(), asked["typ"].as_str()) {
        (Some("not"), _) => None,
        (None, Some(typ)) => Some(jose::sign(&signers.own, Some(typ), &payload).unwrap()),
        (sign, _) => Some(signers.secure(sign.unwrap_or("own"), &payload)),
    }
}

fn request_object(signers: &Signers, case: &Value) -> Value {
    let (mut given, asked) = (case["given"].clone(), &case["asked"]);
    if given["metadata"]["jwks_uri"].is_null() {
        if given.is_null() {
            given = json!({ "metadata": {} });
        }
        given["metadata"]["jwks"] = Signers::set(&signers.own);
    }
    let client = client(&given);
    let mut outer = object(&json!({ "client_id": "rp", "response_type": "code", "scope": "openid" }));
    outer.extend(object_of(signers, asked).map(|object| ("request".to_owned(), json!(object))));
    outer.extend(object(&asked["form"]));
    let outer = form(&Value::Object(outer));
    let object = match request::carried(&outer) {
        Err(refusal) => return refused(&refusal),
        Ok(Carried::Nowhere) => panic!("nothing is carried in {case}"),
        Ok(Carried::Reference(uri)) => {
            return match request::address(uri, &client) {
                Ok(address) => json!({
                    "fetch": address.fetched,
                    "keep": address.names(asked["content"].as_str().unwrap_or_default().as_bytes()),
                }),
                Err(refusal) => refused(&refusal),
            };
        }
        Ok(Carried::Value(object)) => object,
    };
    let published = signers.published(&given);
    let fetched = if given["fetched"] == "now" { Fetched::Now } else { Fetched::Before };
    let keys = Keys { jwks: published.as_ref(), fetched };
    match request::judge(object, &outer, &client, &keys, (ISSUER, NOW)) {
        Judged::No(refusal) => refused(&refusal),
        Judged::Need(need) => json!({ "need": need.uri, "kid": need.kid }),
        Judged::Is(form) => {
            let mut all = serde_json::Map::new();
            for (name, _) in form.pairs() {
                let values: Vec<&str> = form.all(name).collect();
                all.insert(name.clone(), if let [one] = values[..] { json!(one) } else { json!(values) });
            }
            Value::Object(all)
        }
    }
}

/// A request that is pushed, or a visit with or without a reference to one.
fn pushed(_: &str, case: &Value) -> Value {
    let (given, asked) = (&case["given"], &case["asked"]);
    let push = match asked["push_long"] == true {
        true => Some(form(&json!({ "state": "x".repeat(par::LONGEST) }))),
        false => asked["push"].is_object().then(|| form(&asked["push"])),
    };
    if let Some(push) = push {
        return match par::admit(&push).and_then(|()| par::own(&push, &ClientId::new("rp"))) {
            Ok(own) => json!({ "keep": own.pairs().iter().cloned().collect::<std::collections::BTreeMap<_, _>>() }),
            Err(refusal) => refused(&refusal),
        };
    }
    let visit = form(&asked["visit"]);
    let reference = match par::reference(&visit) {
        Ok(Some(reference)) => reference,
        Err(refusal) => return refused(&refusal),
        Ok(None) => {
            let everybody = given["everybody"].as_str().and_then(Pushing::read).unwrap_or_default();
            return match par::admit_unpushed(&client(given), everybody) {
                Ok(()) => json!({ "plain": true }),
                Err(refusal) => refused(&refusal),
            };
        }
    };
    assert_eq!(par::handle(&reference), Some(Digest::of("abc")));
    let found = given["pushed"].is_object().then(|| par::Pushed {
        expires_at: NOW + seconds(given["pushed"]["expires"].as_i64().unwrap()),
        standing: if given["pushed"]["used"] == true { par::Standing::Used } else { par::Standing::Open },
    });
    match found.ok_or_else(par::unknown).and_then(|found| found.judge(NOW)) {
        Ok(()) => {
            let reads = reference.pairs().iter().cloned().collect::<std::collections::BTreeMap<_, _>>();
            json!({ "goes_on": true, "reads": reads })
        }
        Err(refusal) => refused(&refusal),
    }
}

/// A session `{ account, proven (seconds ago), used (seconds ago), over, consent, consented (seconds ago), acr }`.
fn candidate(given: &Value) -> Candidate {
    let ago = |name: &str| given[name].as_i64().map(|n| NOW - seconds(n));
    let account = given["account"].as_str().unwrap();
    let over = if given["over"] == true { NOW } else { NOW + seconds(1) };
    Candidate {
        session: Session {
            id: SessionId::new(format!("session of {account}")),
            account: AccountId::new(account),
            kind: SessionKind::Browser,
            auth_time: ago("proven").unwrap_or(NOW - seconds(3600)),
            acr: given["acr"].as_str().map(str::to_owned),
            amr: Amr::one("pwd"),
            created_at: NOW - seconds(90_000),
            seen_at: NOW - seconds(60),
            expires_at: over,
            idle_until: NOW + seconds(1),
        },
        username: account.to_owned(),
        sub: (given["met"] != false).then(|| Sub::new(format!("sub of {account}"))),
        last_used: ago("used"),
        consent: given["consent"].as_str().map(|scope| Consent {
            scope: Scope::read(scope).unwrap(),
            id_token_claims: texts(&given["id_token_claims"]),
            userinfo_claims: texts(&given["userinfo_claims"]),
            resources: texts(&given["resources"]),
            given_at: ago("consented").unwrap_or(NOW - seconds(86_400)),
        }),
    }
}

fn known(given: &Value) -> Known {
    Known {
        began: NOW - seconds(given["began"].as_i64().unwrap_or(0)),
        sessions: given["sessions"].as_array().into_iter().flatten().map(candidate).collect(),
        chosen: given["chosen"].as_str().map(AccountId::new),
        hint: match given["hint"].as_str() {
            None => Hint::Absent,
            Some("foreign") => Hint::Foreign,
            Some(account) => Hint::Genuine(Sub::new(format!("sub of {account}"))),
        },
    }
}

fn answered(next: Next) -> Value {
    match next {
        Next::Issue(agreed) => json!({
            "issue": agreed.account.as_str(), "scope": agreed.scope.to_string(), "sub": agreed.sub.as_ref().map(Sub::as_str),
            "acr": agreed.acr,
        }),
        Next::Send(refusal) => refused(&refusal),
        Next::Ask(Question::Create) => json!({ "ask": "create" }),
        Next::Ask(Question::Choose) => json!({ "ask": "choose" }),
        Next::Ask(Question::Login { username, again }) => {
            json!({ "ask": "login", "username": username, "again": again.map(|id| id.to_string()) })
        }
        Next::Ask(Question::Consent { account, asked, new }) => json!({
            "ask": "consent", "account": account.as_str(), "asked": asked.scope.to_string(), "new": new.scope.to_string(),
            "new_userinfo": new.userinfo_claims, "new_resources": new.resources,
        }),
    }
}

fn next_question(_: &str, case: &Value) -> Value {
    let (request, client, _) = read(case).unwrap_or_else(|refusal| panic!("{refusal} in {case}"));
    answered(next(&request, &client, &known(&case["given"]), NOW))
}

fn initiate(_: &str, case: &Value) -> Value {
    let given = &case["given"];
    let consent =
        given["consent"].as_str().map(|scope| Consent { scope: Scope::read(scope).unwrap(), ..Consent::default() });
    let who = Starter { username: case["asked"]["username"].as_str().unwrap(), consent: consent.as_ref() };
    start(&client(given), ISSUER, &who).map_or_else(|| json!({}), |start| json!({ "start": start }))
}

fn pkce(_: &str, case: &Value) -> Value {
    let asked = &case["asked"];
    match Challenge::read(asked["code_challenge"].as_str().unwrap(), asked["code_challenge_method"].as_str()) {
        Err(refusal) => refused(&refusal),
        Ok(challenge) => match asked["code_verifier"].as_str() {
            None => json!({ "challenge": challenge.as_str() }),
            Some(verifier) => json!({ "accepts": challenge.accepts(verifier) }),
        },
    }
}

/// The key every case's client signs with, and one of somebody else.
struct Signers {
    own: SigningKey,
    own_new: SigningKey,
    strange: SigningKey,
}

impl Signers {
    fn new() -> Self {
        let key = |kid| SigningKey::generate(JwsAlg::Es256, kid).unwrap();
        Self { own: key("own"), own_new: key("own-new"), strange: key("own") }
    }

    fn set(key: &SigningKey) -> Value {
        json!({ "keys": [key.public_jwk()] })
    }

    /// What stands behind the client's `jwks_uri`.
    fn published(&self, given: &Value) -> Option<JwkSet> {
        let key = match given["published"].as_str()? {
            "own" => &self.own,
            _ => &self.own_new,
        };
        Some(JwkSet::read(&Self::set(key)).unwrap())
    }

    /// An assertion: claims of the case over good ones (`""` takes one away), times in seconds from now.
    fn assertion(&self, asked: &Value) -> String {
        let mut claims = object(&json!({
            "iss": "rp", "sub": "rp", "aud": TOKEN, "jti": "id-1", "iat": 0, "exp": 60,
        }));
        claims.extend(object(&asked["claims"]));
        claims.retain(|_, value| *value != "");
        for name in ["iat", "exp", "nbf"] {
            if let Some(offset) = claims.get(name).and_then(Value::as_i64) {
                claims.insert(name.to_owned(), json!((NOW + seconds(offset)).seconds()));
            }
        }
        self.secure(asked["sign"].as_str().unwrap_or("own"), &serde_json::to_vec(&claims).unwrap())
    }

    /// Signed, or not, as a case says.
    fn secure(&self, how: &str, payload: &[u8]) -> String {
        let sign = |key: &SigningKey| jose::sign(key, None, payload).unwrap();
        match how {
            "own" => sign(&self.own),
            "kidless" => {
                let head = jose::base64url(br#"{"alg":"ES256"}"#);
                let input = format!("{head}.{}", jose::base64url(payload));
                format!("{input}.{}", jose::base64url(self.own.sign(input.as_bytes()).unwrap()))
            }
            "own-new" => sign(&self.own_new),
            "strange" => sign(&self.strange),
            "secret" => sign(&SigningKey::from_secret(JwsAlg::Hs256, SECRET.as_bytes()).unwrap()),
            // Key confusion: the public key's text as an HMAC secret.
            "public-as-secret" => {
                let text = self.own.public_jwk().to_string();
                sign(&SigningKey::from_secret(JwsAlg::Hs256, text.as_bytes()).unwrap())
            }
            "none" => format!("{}.{}.", jose::base64url(br#"{"alg":"none"}"#), jose::base64url(payload)),
            "crit" => {
                let header = br#"{"alg":"ES256","crit":["exp"],"exp":1}"#;
                format!("{}.{}.{}", jose::base64url(header), jose::base64url(payload), jose::base64url([0; 64]))
            }
            "gigantic" => "a".repeat(1 << 20),
            other => panic!("who is {other}?"),
        }
    }
}

/// The proof of a case, made as it says.
fn proof_of(asked: &Value, keys: &[(&str, SigningKey)]) -> String {
    if let Some(proof) = asked["proof"].as_str() {
        return proof.to_owned();
    }
    let key = |name: &str| &keys.iter().find(|(known, _)| *known == name).unwrap().1;
    let alg = asked["alg"].as_str().unwrap_or("ES256");
    let own = key(alg);
    let jwk = match asked["jwk"].as_str() {
        None => own.public_jwk(),
        Some("another") => key("another").public_jwk(),
        Some("secret") => json!({ "kty": "oct", "k": jose::base64url([7; 32]) }),
        Some("private") => {
            let mut jwk = own.public_jwk();
            jwk["d"] = json!(jose::base64url([7; 32]));
            jwk
        }
        Some(other) => panic!("what key is {other}?"),
    };
    let over = |mut all: Value, more: &Value| {
        for (name, value) in more.as_object().into_iter().flatten() {
            all[name] = value.clone();
        }
        all.as_object_mut().unwrap().retain(|_, value| *value != "");
        all.to_string()
    };
    let made = NOW.seconds() - asked["age"].as_i64().unwrap_or(0);
    let jti = if asked["long_jti"] == true { "x".repeat(513) } else { "n".to_owned() };
    let claims = json!({ "htm": "POST", "htu": TOKEN, "iat": made, "jti": jti });
    let header = over(json!({ "typ": "dpop+jwt", "alg": alg, "jwk": jwk }), &asked["header"]);
    let input = format!("{}.{}", jose::base64url(header), jose::base64url(over(claims, &asked["claims"])));
    let mut signature = own.sign(input.as_bytes()).unwrap();
    signature[0] ^= u8::from(asked["bent"] == true);
    format!("{input}.{}", jose::base64url(signature))
}

/// A request with a proof, at a token endpoint or at a resource.
fn prove(case: &Value, keys: &[(&str, SigningKey)]) -> Value {
    let (given, asked) = (&case["given"], &case["asked"]);
    let proof = proof_of(asked, keys);
    let fields = match asked["fields"].as_i64().unwrap_or(1) {
        -1 => vec![None],
        many => vec![Some(proof.as_str()); usize::try_from(many).unwrap()],
    };
    let attached = dpop::Attached {
        method: given["method"].as_str().unwrap_or("POST"),
        uri: given["uri"].as_str().unwrap_or(TOKEN),
        access_token: given["access_token"].as_str(),
    };
    let judge = |proof: Option<&str>| proof.map(|proof| dpop::judge(proof, &attached, NOW)).transpose();
    let proven = match dpop::one(fields.into_iter()).and_then(judge) {
        Ok(proven) => proven,
        Err(refusal) => return refused(&refusal),
    };
    if let Some(presented) = given["presented"].as_str() {
        let scheme = if presented == "dpop" { dpop::Scheme::Dpop } else { dpop::Scheme::Bearer };
        let thumbprint = |name: &str| {
            let key = &keys.iter().find(|(known, _)| *known == name).unwrap().1;
            dpop::Jkt::read(jose::Jwk::read(&key.public_jwk()).unwrap().thumbprint()).unwrap()
        };
        let bound = given["bound"].as_str().map(|name| thumbprint(if name == "own" { "ES256" } else { name }));
        let bound = bound.map(Confirmation::Jkt);
        let possession = Possession { proof: proven.as_ref(), certificate: None };
        return match judge_presented(scheme, bound.as_ref(), possession) {
            Ok(()) => json!({ "opens": true }),
            Err(refusal) => refused(&refusal),
        };
    }
    if let Err(refusal) = dpop::admit(&client(given), proven.as_ref()) {
        return refused(&refusal);
    }
    let Some(proven) = proven else { return json!({ "proven": false }) };
    let wanted = if given["nonces"] == "required" { DpopNonces::Required } else { DpopNonces::Unasked };
    let made = given["nonce_age"].as_i64().filter(|_| proven.nonce() == Some("ours")).map(|age| NOW - seconds(age));
    match dpop::judge_nonce(wanted, made, NOW) {
        Err(refusal) => refused(&refusal),
        Ok(nonce) => json!({
            "proven": true, "forgotten_after": proven.over().since(NOW).seconds(),
            "nonce": if nonce == dpop::Nonce::Stale { "stale" } else { "fresh" },
        }),
    }
}

fn authenticate(signers: &Signers, case: &Value) -> Value {
    let (mut given, asked) = (case["given"].clone(), &case["asked"]);
    if given["metadata"]["jwks"] == "own" {
        given["metadata"]["jwks"] = Signers::set(&signers.own);
    }
    let mut form_asked = object(&asked["form"]);
    if asked["assertion"].is_object() {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        form_asked.insert("client_assertion_type".to_owned(), json!(kind));
        form_asked.insert("client_assertion".to_owned(), json!(signers.assertion(&asked["assertion"])));
    }
    let presented = match Presented::read(asked["authorization"].as_str(), &form(&Value::Object(form_asked))) {
        Ok(presented) => presented,
        Err(refusal) => return refused(&refusal),
    };
    let published = signers.published(&given);
    let fetched = if given["fetched"] == "now" { Fetched::Now } else { Fetched::Before };
    let keys = Keys { jwks: published.as_ref(), fetched };
    let audience = Audience { issuer: ISSUER, token_endpoint: TOKEN, endpoint: "https://op.example/revoke" };
    match auth::judge(&presented, &client(&given), &keys, &audience, NOW) {
        Judged::Is(is) => {
            json!({ "is": is.client().id.as_str(), "jti": is.assertion().map(|id| id.jti.clone()) })
        }
        Judged::Need(need) => json!({ "need": need.uri, "kid": need.kid }),
        Judged::No(refusal) => refused(&refusal),
    }
}

fn discover(_: &str, case: &Value) -> Value {
    let given = &case["given"];
    let at = |path: &str| format!("{ISSUER}{path}");
    let mutual_tls = match given["mutual_tls"].as_str() {
        Some("known") => MutualTls::Known,
        Some("vouched") => MutualTls::Vouched,
        _ => MutualTls::Off,
    };
    Value::Object(document(&Offers {
        issuer: ISSUER.to_owned(),
        endpoints: Endpoints {
            authorization: at("/authorize"),
            pushed_authorization_request: at("/par"),
            token: at("/token"),
            userinfo: at("/userinfo"),
            jwks: at("/jwks"),
            registration: (given["registration"] == true).then(|| at("/register")),
            introspection: at("/introspect"),
            revocation: at("/revoke"),
            end_session: at("/end_session"),
            check_session: at("/check_session"),
            aliases: (mutual_tls != MutualTls::Off).then(|| Aliases {
                pushed_authorization_request_endpoint: "https://mtls.op.example/par".to_owned(),
                token_endpoint: "https://mtls.op.example/token".to_owned(),
                userinfo_endpoint: "https://mtls.op.example/userinfo".to_owned(),
                introspection_endpoint: "https://mtls.op.example/introspect".to_owned(),
                revocation_endpoint: "https://mtls.op.example/revoke".to_owned(),
            }),
        },
        scopes: offers(given).scopes,
        sign_up: offers(given).sign_up,
        pushing: given["pushing"].as_str().and_then(Pushing::read).unwrap_or_default(),
        native_sso: offers(given).native_sso,
        mutual_tls,
        id_token_algs: texts(&given["id_token_algs"]).iter().map(|alg| alg.parse().unwrap()).collect(),
        claims: texts(&given["claims"]),
        claim_types: offers(given).catalogue.claim_types(),
        claims_locales: texts(&given["claims_locales"]),
        acr_values: texts(&given["acr_values"]),
        ui_locales: texts(&given["ui_locales"]),
        links: Links::default(),
    }))
}

#[test]
fn client_metadata_cases() {
    run("client/metadata.toml", metadata);
}

#[test]
fn client_sector_cases() {
    run("client/sector.toml", sector_of);
}

#[test]
fn client_auth_cases() {
    let signers = Signers::new();
    run("client/auth.toml", |_, case| authenticate(&signers, case));
}

#[test]
fn authorize_place_cases() {
    run("authorize/place.toml", place);
}

#[test]
fn authorize_request_cases() {
    run("authorize/request.toml", read_request);
}

#[test]
fn authorize_claims_cases() {
    run("authorize/claims.toml", read_request);
    run("authorize/assurance.toml", next_question);
}

#[test]
fn authorize_answer_cases() {
    run("authorize/answer.toml", answer);
}

#[test]
fn authorize_object_cases() {
    let signers = Signers::new();
    run("authorize/object.toml", |_, case| request_object(&signers, case));
}

#[test]
fn authorize_par_cases() {
    run("authorize/par.toml", pushed);
}

#[test]
fn authorize_grant_cases() {
    run("authorize/grant.toml", grant);
}

#[test]
fn authorize_initiate_cases() {
    run("authorize/initiate.toml", initiate);
}

#[test]
fn authorize_next_cases() {
    run("authorize/next.toml", next_question);
}

#[test]
fn bound_cases() {
    run("bound/pkce.toml", pkce);
    let key = |name, alg| (name, SigningKey::generate(alg, name).unwrap());
    let keys = [
        key("ES256", JwsAlg::Es256),
        key("PS256", JwsAlg::Ps256),
        key("EdDSA", JwsAlg::EdDsa),
        key("another", JwsAlg::Es256),
        ("HS256", SigningKey::from_secret(JwsAlg::Hs256, &[7; 32]).unwrap()),
    ];
    run("bound/dpop.toml", |_, case| prove(case, &keys));
}

/// WebFinger at a provider that serves two more hosts.
fn webfinger_of(_: &str, case: &Value) -> Value {
    let query = form(&case["asked"]).encode();
    let added = ["example.com", "example.org:8443"].map(str::to_owned);
    match webfinger::Question::read(&query) {
        Err(refusal) => refused(&refusal),
        Ok(question) => match webfinger::answer(&question, &webfinger::Hosts::new(ISSUER, &added), ISSUER) {
            Some(descriptor) => json!({ "found": descriptor }),
            None => json!({ "nothing": true }),
        },
    }
}

#[test]
fn webfinger_cases() {
    run("webfinger/webfinger.toml", webfinger_of);
}

#[test]
fn discovery_cases() {
    run("discovery/document.toml", discover);
}

/// Every file and folder of cases that some test in this crate runs. A file that is not here has no runner.
const RUN: &[&str] = &[
    "authorize/answer.toml",
    "authorize/assurance.toml",
    "authorize/claims.toml",
    "authorize/grant.toml",
    "authorize/initiate.toml",
    "authorize/next.toml",
    "authorize/object.toml",
    "authorize/par.toml",
    "authorize/place.toml",
    "authorize/request.toml",
    "bound/dpop.toml",
    "bound/field.toml",
    "bound/mtls.toml",
    "bound/pkce.toml",
    "client/auth.toml",
    "client/certificate.toml",
    "client/metadata.toml",
    "client/registration.toml",
    "client/sector.toml",
    "discovery/document.toml",
    "introspect/",
    "logout/end.toml",
    "logout/frontchannel.toml",
    "logout/hint.toml",
    "logout/session_state.toml",
    "logout/session_state.toml",
    "logout/weigh.toml",
    "resource/back.toml",
    "resource/jwt.toml",
    "resource/read.toml",
    "revoke/",
    "token/",
    "userinfo/",
    "webfinger/webfinger.toml",
];

/// Whether a test names a file or a folder of cases: the list [`RUN`] is in the text too, and does not count.
fn is_called(runner: &str, sources: &str) -> bool {
    let called = format!("\"{}\"", runner.trim_end_matches('/'));
    let listed = format!("    \"{runner}\",\n");
    sources.replace(&listed, "").contains(&called)
}

#[test]
fn a_list_runs_nothing() {
    let list = "const RUN: &[&str] = &[\n    \"a/b.toml\",\n    \"c/\",\n];\n";
    assert!(!is_called("a/b.toml", list) && !is_called("c/", list));
    let tests = format!("{list}run(\"a/b.toml\", judge); run(\"c\", judge);");
    assert!(is_called("a/b.toml", &tests) && is_called("c/", &tests));
}

#[test]
fn every_file_has_a_runner_and_every_clause_a_specification() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let sources: String = [
        "cases.rs",
        "cases_mtls.rs",
        "cases_registration.rs",
        "cases_token.rs",
        "cases_logout.rs",
        "cases_resource.rs",
    ]
    .map(|name| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)).unwrap())
    .concat();
    let mut titles = BTreeSet::new();
    for (file, case) in cases("") {
        let file = Path::new(&file).strip_prefix(&root).unwrap().display().to_string();
        let runner = RUN.iter().find(|run| file.starts_with(**run)).unwrap_or_else(|| panic!("{file}: nobody runs it"));
        assert!(is_called(runner, &sources), "{runner}: no test names it");
        let (clause, title) = (case["clause"].as_str().unwrap(), case["title"].as_str().unwrap());
        assert!(specs::of(clause).is_some(), "{file}: {clause} belongs to no row of SPECS");
        assert!(titles.insert((file.clone(), title.to_owned())), "{file}: {title}: twice");
    }
}

#[test]
fn every_method_has_cases() {
    let named: String = cases("client/auth.toml").iter().map(|(_, case)| case.to_string()).collect();
    for row in METHODS {
        assert!(named.contains(row.name), "{} has no case", row.name);
    }
}

/// A page of `docs/`, compared, or written if `UPDATE_DOCS` is set.
fn in_step(name: &str, rendered: &str) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, rendered).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(written == rendered, "docs/{name} is out of step: cargo xtask docs writes it anew");
}

#[test]
fn the_page_of_specifications_is_in_step() {
    in_step("specs.md", &specs::render(&tested::clauses()));
}

/// What becomes of background access (`logout.md` §3): one table in a page that people wrote.
#[test]
fn the_table_of_endings_is_in_step() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/logout.md");
    let written = std::fs::read_to_string(page).unwrap();
    let (begins, ends) = ("<!-- made from openid/src/logout/judge.rs: -->\n\n", "\n<!-- until here -->");
    let (front, rest) = written.split_once(begins).expect("the page says where the table begins");
    let (_, back) = rest.split_once(ends).unwrap_or_else(|| rest.split_once(ends.trim()).expect("and where it ends"));
    in_step("logout.md", &format!("{front}{begins}{}{ends}{back}", openid::logout::judge::table()));
}

/// Every row of the examiner's list is named by a test or a case, and no test names a row that is not there.
#[test]
fn the_page_of_the_examiner_is_in_step() {
    in_step("certification.md", &tested::certification());
}

/// Every clause of the listed specifications is held by a case or a test that is there, or says why nothing holds it.
#[test]
fn the_page_of_obligations_is_in_step() {
    in_step("obligations.md", &tested::obligations());
}
