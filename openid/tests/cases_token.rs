//! Cases of the token endpoint, UserInfo, introspection and revocation, and the properties beside them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod given;

use given::{ISSUER, NOW, authenticated, client, form, grant, object, run, seconds, texts};
use openid::account::Account;
use openid::acr::Amr;
use openid::authorize::next::Consent;
use openid::bound::dpop::Jkt;
use openid::bound::mtls::X5t;
use openid::bound::pkce::Challenge;
use openid::bound::{Confirmation, Possession};
use openid::claims::catalogue::{Catalogue, Consenting, DeclaredScope, Given};
use openid::claims::language::Words;
use openid::claims::parameter::ClaimsRequest;
use openid::claims::source::{Asserted, Sourced, Telling};
use openid::claims::told::Person;
use openid::introspect::{self, IntrospectRequest, Subject, TokenType};
use openid::logout::end::{EndHint, HintClaims};
use openid::name::{AccountId, ClientId, Digest, GrantId, SessionId, Sid, Sub};
use openid::native_sso::{HeldSecret, NativeSso, Replayed, SecretIssue, SecretStanding, SecretUse, Way};
use openid::revoke::{self, Revocation, RevokeRequest};
use openid::session::{GrantStanding, Session, SessionKind, SessionStanding};
use openid::time::Time;
use openid::token::authorization_code::{Code, KnownDevice, RedirectGiven, Spent};
use openid::token::claims::{self, Hashes, IdTokenFacts, Scopes};
use openid::token::exchange::general::{GeneralFacts, HeldAccess};
use openid::token::exchange::native::NativeFacts;
use openid::token::exchange::rules::{Rule, Rules};
use openid::token::exchange::{self, Exchange};
use openid::token::facts::{Acting, Life, TokenFacts};
use openid::token::issue::{Ground, IdTokenIssue, Issue, RefreshIssue, Retry, Ruling, Terms};
use openid::token::refresh_token::{Held, RefreshStanding, Successor};
use openid::token::{Context, GRANTS, Grants, TokenRequest};
use openid::userinfo;
use openid::wire::refusal::Refusal;
use openid::wire::scope::Scope;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn standing(word: &Value) -> SessionStanding {
    match word.as_str() {
        Some("over") => SessionStanding::Over,
        _ => SessionStanding::Live,
    }
}

fn spent(given: &Value) -> Spent {
    match given["state"].as_str() {
        Some("unknown") => Spent::Unknown,
        Some("spent") => Spent::Before { family: GrantId::new("family") },
        _ => Spent::Now {
            code: Box::new(Code {
                grant: grant(given, "rp", "openid"),
                redirect_uri: "https://rp.example/cb".to_owned(),
                redirect_uri_given: match given["redirect_uri_given"].as_str() {
                    Some("implied") => RedirectGiven::Implied,
                    _ => RedirectGiven::Given,
                },
                challenge: given["challenge"].as_str().map(|text| Challenge::read(text, Some("S256")).unwrap()),
                jkt: jkt(&given["jkt"]),
                expires_at: NOW + seconds(60 - given["after"].as_i64().unwrap_or(10)),
            }),
            session: (given["session"] != "over").then(|| kept_by(given)),
        },
    }
}

fn held(given: &Value) -> Option<Held> {
    if given["state"] == "unknown" {
        return None;
    }
    let ago = |name: &str, default: i64| NOW - seconds(given[name].as_i64().unwrap_or(default));
    let mut grant = grant(given, "rp", "openid profile");
    grant.created_at = ago("granted_ago", 3600);
    grant.expires_at = grant.created_at + Terms::default().refresh_absolute;
    let issued_at = ago("age", 10);
    Some(Held {
        grant,
        issued_at,
        expires_at: issued_at + Terms::default().refresh_idle,
        cnf: cnf(given),
        standing: match given["rotated"].as_i64() {
            None if given["displaced"] == true => RefreshStanding::Displaced,
            None => RefreshStanding::Unused,
            Some(ago) => RefreshStanding::Rotated {
                at: NOW - seconds(ago),
                successor: match given["successor"].as_str() {
                    Some("used") => Successor::Used,
                    _ => Successor::Untouched,
                },
            },
        },
        grant_standing: match given["grant"].as_str() {
            Some("over") => GrantStanding::Over,
            _ => GrantStanding::Live,
        },
        session: standing(&given["session"]),
        session_kind: kept_by(given),
    })
}

fn kept_by(given: &Value) -> SessionKind {
    given["kept_by"].as_str().map_or(SessionKind::Browser, |word| SessionKind::read(word).unwrap())
}

/// A device secret that was presented: good, of this account, a day old and in use, unless the case says otherwise.
#[expect(clippy::cast_possible_truncation, reason = "a few days in seconds")]
fn secret(given: &Value) -> Option<HeldSecret> {
    if !given.is_object() || given["state"] == "unknown" {
        return None;
    }
    let days = |name: &str| given[name].as_f64().map(|days| NOW - seconds((days * 86400.0) as i64));
    let text = |name: &str, default: &str| given[name].as_str().unwrap_or(default).to_owned();
    Some(HeldSecret {
        hash: Digest::of("secret"),
        account: AccountId::new(text("account", "account")),
        device: SessionId::new(text("device", "session")),
        ds_hash: Some(text("ds_hash", "bound")).filter(|hash| hash != "none"),
        issued_at: days("age_days").unwrap_or(NOW - seconds(86400)),
        used: if given["used"] == "never" { SecretUse::First } else { SecretUse::Again },
        replaced_at: days("replaced_days_ago"),
        successor_used_at: days("successor_used_days_ago"),
        group: Some(text("group", "acme")).filter(|group| group != "none"),
        standing: if given["state"] == "revoked" { SecretStanding::Revoked } else { SecretStanding::Good },
        session: standing(&given["session"]),
    })
}

/// What the transaction finds for an exchange: two apps of one group on a live device, unless the case says otherwise.
fn native_facts(given: &Value) -> NativeFacts {
    let text = |name: &str, default: &str| given[name].as_str().unwrap_or(default).to_owned();
    let token = &given["id_token"];
    let id_token = match token["state"].as_str() {
        Some("foreign") => EndHint::Foreign,
        _ => EndHint::Genuine(HintClaims {
            client: ClientId::new("first"),
            sub: Sub::new("subject"),
            sid: Some(Sid::new("stay")),
            ds_hash: Some(token["ds_hash"].as_str().unwrap_or("bound").to_owned()).filter(|hash| hash != "none"),
        }),
    };
    let found = match &given["secret"] {
        Value::Null => secret(&json!({})),
        other => secret(other),
    };
    let consent = given["consent"].as_str().map(|scope| Consent {
        scope: Scope::from(scope.to_owned()),
        resources: texts(&given["consent_resources"]),
        ..Consent::default()
    });
    let lives = found.as_ref().is_some_and(|found| found.session == SessionStanding::Live);
    NativeFacts {
        id_token,
        secret: found,
        device: lives.then(device),
        stay: standing(&given["stay"]),
        group: Some(text("group", "acme")).filter(|group| group != "none"),
        consent,
        name: GrantId::new("family"),
    }
}

/// An access token that was presented, with a grant of a person's behind it unless it is a client's own.
fn held_access(given: &Value, client: &str) -> Option<HeldAccess> {
    let resources = ["https://api.example/", "https://files.example/"];
    let mut token = json!({ "client": client, "scope": "api:read files:read", "resources": resources });
    token.as_object_mut().unwrap().extend(object(given));
    let facts = facts(&token)?;
    let standing = if token["grant"] == "over" { GrantStanding::Over } else { GrantStanding::Live };
    let mut behind = grant(&token, client, "openid api:read");
    behind.expires_at = NOW + seconds(86400);
    let grant = facts.grant.as_ref().map(|_| (behind, standing));
    Some(HeldAccess { hash: Digest::of("presented"), facts, grant })
}

/// The app's token, and the service's own.
fn general_facts(given: &Value) -> GeneralFacts {
    let mut actor = json!({ "of": "client" });
    actor.as_object_mut().unwrap().extend(object(&given["actor"]));
    GeneralFacts { subject: held_access(&given["subject"], "app"), actor: held_access(&actor, "rp") }
}

/// The rules of a case.
fn rules(given: &Value, cx: &Context<'_>) -> Rules {
    let read = |rule: &Value| Rule::read(&object(rule), cx.resources).unwrap_or_else(|e| panic!("{e} in {rule}"));
    Rules(given.as_array().into_iter().flatten().map(read).collect())
}

fn device() -> Session {
    Session {
        id: SessionId::new("session"),
        account: AccountId::new("account"),
        kind: SessionKind::Device,
        auth_time: NOW - seconds(3600),
        acr: None,
        amr: Amr::one("pwd"),
        created_at: NOW - seconds(3600),
        seen_at: NOW,
        expires_at: NOW + seconds(86400),
        idle_until: NOW + seconds(3600),
    }
}

/// A key by its name in a case.
fn jkt(given: &Value) -> Option<Jkt> {
    given.as_str().map(|name| given::proven(name).jkt().clone())
}

/// What a token is bound to, in a case: `jkt` names a key, `x5t` a certificate.
fn cnf(given: &Value) -> Option<Confirmation> {
    jkt(&given["jkt"]).map(Confirmation::Jkt).or(x5t(&given["x5t"]).map(Confirmation::X5t))
}

/// A certificate by its name in a case.
fn x5t(given: &Value) -> Option<X5t> {
    given.as_str().map(|name| X5t::of(name.as_bytes()))
}

/// Its key, or its certificate, by name.
fn named_cnf(cnf: Option<&Confirmation>) -> [Option<&'static str>; 2] {
    let certificate = |x5t: &X5t| ["one", "two"].into_iter().find(|name| X5t::of(name.as_bytes()) == *x5t);
    [cnf.and_then(Confirmation::jkt).map(named), cnf.and_then(Confirmation::x5t).and_then(certificate)]
}

/// And its name again.
fn named(jkt: &Jkt) -> &'static str {
    ["one", "two"].into_iter().find(|name| given::proven(name).jkt() == jkt).unwrap_or("another")
}

fn judge(request: &TokenRequest, given: &Value, cx: &Context<'_>) -> Ruling {
    match &request.grant {
        Grants::AuthorizationCode(redeem) => {
            let (secret, there) = (secret(&given["secret"]), given["there"].as_str().map(SessionId::new));
            let known = KnownDevice { secret: secret.as_ref(), session: there.as_ref() };
            redeem.judge(spent(&given["code"]), known, cx)
        }
        Grants::RefreshToken(refresh) => refresh.judge(held(&given["refresh"]), secret(&given["secret"]).as_ref(), cx),
        Grants::ClientCredentials(credentials) => credentials.judge(cx),
        Grants::Exchange(Exchange::Native(native)) => native.judge(&native_facts(given), cx),
        Grants::Exchange(Exchange::General(general)) => {
            general.judge(general_facts(given), &rules(&given["rules"], cx), cx)
        }
    }
}

fn refusal(refusal: &Refusal) -> Value {
    json!({ "refuse": refusal.code.as_str(), "why": refusal.why })
}

fn issued(issue: &Issue) -> Value {
    let (word, expires_at) = match &issue.refresh {
        RefreshIssue::None => ("none", None),
        RefreshIssue::First { expires_at } => ("first", Some(expires_at)),
        RefreshIssue::Keep { expires_at, .. } => ("keep", Some(expires_at)),
        RefreshIssue::Successor { retry: Retry::First, expires_at, .. } => ("successor", Some(expires_at)),
        RefreshIssue::Successor { retry: Retry::Again, expires_at, .. } => ("again", Some(expires_at)),
    };
    let kind = match &issue.ground {
        Ground::Begin(grant) | Ground::Go(grant) => grant.kind.as_str(),
        Ground::Exchanged { .. } => "exchanged",
        Ground::Client => "client",
    };
    let acting = match &issue.ground {
        Ground::Exchanged { acting, .. } => acting.clone(),
        Ground::Begin(_) | Ground::Go(_) | Ground::Client => Acting::default(),
    };
    let id_token = match issue.id_token {
        IdTokenIssue::WithNonce => "with_nonce",
        IdTokenIssue::WithoutNonce(SessionStanding::Live) => "without_nonce",
        IdTokenIssue::WithoutNonce(SessionStanding::Over) => "without_nonce_and_sid",
        IdTokenIssue::None => "none",
    };
    let ([jkt, x5t], [refresh_jkt, refresh_x5t]) =
        (named_cnf(issue.access.cnf.as_ref()), named_cnf(issue.refresh_cnf.as_ref()));
    let on = &issue.device;
    let way = match &on.way {
        Way::Nowhere => "nowhere",
        Way::Opens(tie) => tie.as_str(),
        Way::Joins(_) => "joins",
        Way::Enters(_) => "enters",
        Way::Within(_) => "within",
    };
    let given = match &on.secret {
        SecretIssue::None => "none",
        SecretIssue::Fresh => "fresh",
        SecretIssue::Keep { .. } => "keep",
        SecretIssue::Successor { .. } => "successor",
    };
    json!({ "issue": {
        "client": issue.client.as_str(),
        "act": acting.act,
        "may_act": acting.may_act,
        "device": way,
        "device_secret": given,
        "replayed": on.replayed.is_some(),
        "device_ends": on.replayed.as_ref().is_some_and(|replayed| replayed.then == Replayed::EndDevice),
        "scope": issue.access.scope.to_string(),
        "resources": issue.access.resources,
        "format": issue.access.format.as_str(),
        "expires_in": issue.access.expires_at.since(NOW).seconds(),
        "refresh": word,
        "refresh_expires_in": expires_at.map(|at| at.since(NOW).seconds()),
        "kind": kind,
        "id_token": id_token,
        "token_type": issue.access.token_type(),
        "jkt": jkt,
        "x5t": x5t,
        "refresh_jkt": refresh_jkt,
        "refresh_x5t": refresh_x5t,
    }})
}

fn ruled(ruling: &Ruling) -> Value {
    match ruling {
        Ruling::Issue(issue) => issued(issue),
        Ruling::Refuse(no) => refusal(no),
        Ruling::Replay { comeback, refusal: no } => {
            let mut ruled = refusal(no);
            ruled["replay"] = json!(comeback.then.as_str());
            ruled
        }
        Ruling::Breach { family, refusal: no } => {
            let mut ruled = refusal(no);
            ruled["breach"] = json!(family.as_str());
            ruled
        }
    }
}

fn defaults(grant_type: &str) -> Value {
    match grant_type {
        exchange::GRANT_TYPE => json!({
            "grant_types": ["authorization_code", "refresh_token", exchange::GRANT_TYPE],
            "scope": "openid profile email offline_access device_sso",
        }),
        "refresh_token" => json!({ "grant_types": ["authorization_code", "refresh_token"] }),
        "client_credentials" => json!({
            "grant_types": ["client_credentials"], "response_types": [], "redirect_uris": [],
            "scope": "read write openid profile",
        }),
        _ => json!({}),
    }
}

/// Cases of Native SSO are about the operator's own app in the sharing group `acme`, unless they say otherwise.
fn on_device(file: &str, case: &Value) -> Value {
    let mut case = case.clone();
    if file.contains("native_sso") {
        let given = &case["given"]["client"]["policy"];
        let mut policy = object(&json!({ "consent": "first-party", "native_sso": { "group": "acme" } }));
        policy.extend(object(given));
        if policy["native_sso"] == "none" {
            policy.remove("native_sso");
        }
        case["given"]["client"]["policy"] = Value::Object(policy);
    }
    case
}

/// A good exchange of draft -07.
fn native_request() -> Map<String, Value> {
    object(&json!({
        "subject_token": "a.b.c", "subject_token_type": exchange::ID_TOKEN,
        "actor_token": "secret", "actor_token_type": exchange::DEVICE_SECRET, "audience": ISSUER,
    }))
}

#[test]
fn token_cases() {
    run("token", |file, case| {
        let case = &on_device(file, case);
        let mut asked = object(&case["asked"]);
        let of_file = GRANTS.iter().find(|row| file.contains(&format!("/{}/", row.cases))).map(|row| row.grant_type);
        if let Some(grant_type) = of_file {
            asked.entry("grant_type").or_insert(json!(grant_type));
        }
        if file.ends_with("exchange/general.toml") {
            let usual = json!({ "subject_token": "t", "subject_token_type": exchange::ACCESS_TOKEN });
            for (name, value) in object(&usual) {
                asked.entry(name).or_insert(value);
            }
        }
        if file.ends_with("exchange/native_sso.toml") {
            for (name, value) in native_request() {
                asked.entry(name).or_insert(value);
            }
        }
        let request = match TokenRequest::read(&form(&Value::Object(asked))) {
            Err(no) => return refusal(&no),
            Ok(request) => request,
        };
        let mut defaults = defaults(request.grant.grant_type());
        if case["given"]["client"]["metadata"]["grant_types"] == json!(["authorization_code"]) {
            // A web client again, with all it needs for that.
            defaults = json!({});
        }
        let client = authenticated(&client(&case["given"]["client"], &defaults));
        let terms = Terms::of(&client.client().policy, &Terms::default());
        let given_resources = match &case["given"]["resources"] {
            // `rp` answers for the first of them.
            Value::Null if file.ends_with("exchange/general.toml") => json!([
                { "resource": "https://api.example/", "scopes": { "api:read": {}, "api:write": {} },
                  "introspected_by": ["rp"] },
                { "resource": "https://files.example/", "scopes": { "files:read": {} } },
            ]),
            other => other.clone(),
        };
        let resources = given::resources(&given_resources);
        let proof = case["given"]["proof"].as_str().map(given::proven);
        let certificate = x5t(&case["given"]["certificate"]);
        let cx = Context {
            now: NOW,
            client: &client,
            possession: Possession { proof: proof.as_ref(), certificate: certificate.as_ref() },
            terms: &terms,
            resources: &resources,
            catalogue: &Catalogue::default(),
            native_sso: if case["given"]["native_sso"] == "off" { NativeSso::Off } else { NativeSso::On },
        };
        ruled(&judge(&request, &case["given"], &cx))
    });
}

#[test]
fn every_grant_has_cases() {
    for row in GRANTS {
        assert!(!given::cases(&format!("token/{}", row.cases)).is_empty(), "{}", row.grant_type);
    }
}

fn account(given: &Value) -> Account {
    Account {
        id: AccountId::new("account"),
        username: "alice".to_owned(),
        sub: "subject".to_owned(),
        claims: object(given),
        created_at: Time::from_seconds(1_600_000_000),
        updated_at: Time::from_seconds(1_650_000_000),
        disabled_at: None,
    }
}

/// What claims providers tell: a verified JWT by the claims in it, or a reference.
fn sourced(given: &Value) -> Vec<Sourced> {
    let one = |one: &Value| {
        let inside = object(&one["jwt"]);
        let telling = match one["endpoint"].as_str() {
            Some(endpoint) => Telling::Distributed {
                endpoint: endpoint.to_owned(),
                access_token: one["access_token"].as_str().map(str::to_owned),
            },
            None => Telling::Aggregated(Asserted { jwt: "a.b.c".to_owned(), claims: inside.clone(), until: NOW }),
        };
        let claims = if one["claims"].is_array() { texts(&one["claims"]) } else { inside.keys().cloned().collect() };
        Sourced { name: one["name"].as_str().unwrap().to_owned(), claims, telling }
    };
    given.as_array().into_iter().flatten().map(one).collect()
}

/// Scopes an operator declared, each with its claims.
fn catalogue(scopes: &Value) -> Catalogue {
    let scope = |(name, claims): (String, Value)| DeclaredScope {
        name,
        claims: texts(&claims),
        titles: Words::default(),
        descriptions: Words::default(),
        given: Given::WhenAsked,
        consent: Consenting::Asked,
    };
    Catalogue { scopes: object(scopes).into_iter().map(scope).collect(), ..Catalogue::default() }
}

fn facts(given: &Value) -> Option<TokenFacts> {
    if given["state"] == "unknown" {
        return None;
    }
    let text = |name: &str, default: &str| given[name].as_str().unwrap_or(default).to_owned();
    let of_person = given["of"] != "client";
    Some(TokenFacts {
        client: ClientId::new(text("client", "rp")),
        sub: of_person.then(|| Sub::new("subject")),
        account: of_person.then(|| AccountId::new("account")),
        grant: of_person.then(|| GrantId::new("family")),
        sid: of_person.then(|| Sid::new("stay")),
        scope: Scope::from(text("scope", "openid")),
        claims: ClaimsRequest::stored(&text("claims", "")).unwrap(),
        resources: texts(&given["resources"]),
        cnf: cnf(given),
        issued_at: NOW - seconds(60),
        expires_at: NOW + seconds(given["expires_in"].as_i64().unwrap_or(3540)),
        life: if given["life"] == "dead" { Life::Dead } else { Life::Live },
        acting: Acting {
            act: Some(given["act"].clone()).filter(Value::is_object),
            may_act: Some(given["may_act"].clone()).filter(Value::is_object),
        },
    })
}

#[test]
fn userinfo_cases() {
    run("userinfo", |_, case| {
        let body = case["asked"].get("form").map(form);
        match userinfo::presented(case["asked"]["authorization"].as_str(), body.as_ref()) {
            Err(no) => return refusal(&no),
            Ok(None) => return json!({ "challenge": "bare" }),
            Ok(Some(_)) => {}
        }
        match userinfo::judge(facts(&case["given"]["token"]).as_ref(), ISSUER, NOW) {
            Err(no) => refusal(&no),
            Ok(allowed) => {
                let account = account(&case["given"]["claims"]);
                let catalogue = catalogue(&case["given"]["scopes"]);
                json!({ "claims": allowed.answer(&Person { account: &account, catalogue: &catalogue, sourced: &sourced(&case["given"]["sourced"]) }) })
            }
        }
    });
}

fn kind(given: &Value) -> TokenType {
    if given["kind"] == "refresh" { TokenType::Refresh } else { TokenType::Access }
}

#[test]
fn introspect_cases() {
    run("introspect", |_, case| {
        let request = IntrospectRequest::read(&form(&case["asked"]), Digest::of);
        let asking = client(&case["given"]["client"], &json!({}));
        if let Err(no) = introspect::admit(&asking).and(request) {
            return refusal(&no);
        }
        let token = &case["given"]["token"];
        let facts = facts(token);
        let known_as = case["given"]["known_as"].as_str().map(Sub::new);
        let subject = facts.as_ref().map(|facts| {
            let sub = known_as.as_ref().or(facts.sub.as_ref());
            Subject { kind: kind(token), facts, sub }
        });
        Value::Object(introspect::answer(
            &asking,
            subject,
            (ISSUER, &given::resources(&case["given"]["resources"])),
            NOW,
        ))
    });
}

#[test]
fn revoke_cases() {
    run("revoke", |_, case| {
        let request = match RevokeRequest::read(&form(&case["asked"]), Digest::of) {
            Err(no) => return refusal(&no),
            Ok(request) => request,
        };
        let token = &case["given"]["token"];
        let first = if request.first == TokenType::Refresh { "refresh" } else { "access" };
        let does = match revoke::judge(&ClientId::new("rp"), kind(token), facts(token).as_ref()) {
            Revocation::Nothing => "nothing",
            Revocation::Access => "access",
            Revocation::Grant(_) => "grant",
        };
        json!({ "first": first, "ends": does })
    });
}

/// The claims that certification allows in an ID Token of the code flow.
const ALLOWED: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
];

#[test]
fn id_tokens_hold_what_certification_allows() {
    for name in claims::PROTOCOL {
        assert!(ALLOWED.contains(name), "{name}");
    }
    let standard = Catalogue::default();
    let supported = standard.supported();
    assert!(supported.contains(&"sub") && supported.contains(&"phone_number_verified"));
    assert_eq!(supported.iter().collect::<std::collections::BTreeSet<_>>().len(), supported.len());
}

#[test]
fn id_token_claims() {
    let mut grant = grant(&json!({ "scope": "openid profile email" }), "rp", "");
    let person = account(&json!({ "name": "Alice", "email": "alice@example.org", "sid": "mine" }));
    let standard = Catalogue::default();
    let facts = |issue| IdTokenFacts {
        issuer: ISSUER,
        now: NOW,
        expires_at: NOW + seconds(3600),
        hashes: Hashes { at_hash: Some("77QmUPtjPfzWtF2AnpK9RQ"), ..Hashes::default() },
        issue,
        person: Some(Person { account: &person, catalogue: &standard, sourced: &[] }),
        scopes: Scopes::FromUserinfo,
        ds_hash: None,
    };
    let first = claims::id_token(&grant, &facts(IdTokenIssue::WithNonce));
    let want = json!({
        "iss": ISSUER, "sub": "subject", "aud": "rp", "exp": 1_700_003_600, "iat": 1_700_000_000,
        "auth_time": 1_699_996_400, "nonce": "n-0S6_WzA2Mj", "acr": "urn:ostiary:acr:password", "amr": ["pwd"],
        "at_hash": "77QmUPtjPfzWtF2AnpK9RQ", "sid": "stay",
    });
    assert_eq!(Value::Object(first), want, "nothing that a scope asks for");

    let alone = IdTokenFacts {
        hashes: Hashes {
            c_hash: Some("LDktKdoQak3Pk0cnXxCltA"),
            s_hash: Some("LiGdVJaP6PY8HRK8q8mpXA"),
            at_hash: None,
        },
        scopes: Scopes::InIdToken,
        ..facts(IdTokenIssue::WithNonce)
    };
    let alone = claims::id_token(&grant, &alone);
    assert_eq!(alone["name"], "Alice", "Core §5.4: without an access token, what a scope asks for is in the ID Token");
    assert!(alone["email"] == "alice@example.org" && alone["sid"] == "stay" && !alone.contains_key("at_hash"));
    assert!(alone["c_hash"] == "LDktKdoQak3Pk0cnXxCltA" && alone["s_hash"] == "LiGdVJaP6PY8HRK8q8mpXA");

    let later = claims::id_token(&grant, &facts(IdTokenIssue::WithoutNonce(SessionStanding::Live)));
    assert!(!later.contains_key("nonce") && later["sid"] == "stay" && later["auth_time"] == 1_699_996_400);
    let over = claims::id_token(&grant, &facts(IdTokenIssue::WithoutNonce(SessionStanding::Over)));
    assert!(!over.contains_key("nonce") && !over.contains_key("sid"));

    grant.claims = ClaimsRequest::stored(
        r#"{"id_token":{"email":null,"sid":{"value":"x"},"sub":null,"phone_number":{"essential":true}},
        "userinfo":{"name":null}}"#,
    )
    .unwrap();
    let asked = claims::id_token(&grant, &facts(IdTokenIssue::WithNonce));
    assert_eq!(asked["email"], "alice@example.org");
    assert_eq!(asked["sid"], "stay", "an account's claim never takes the place of the protocol's");
    assert!(!asked.contains_key("name") && !asked.contains_key("phone_number"));
}

fn any_code() -> impl Strategy<Value = Value> {
    let words = |all: &'static [&'static str]| proptest::sample::select(all).prop_map(|word| json!(word));
    (
        words(&["unknown", "spent", "now"]),
        words(&["live", "over"]),
        words(&["given", "implied"]),
        words(&["rp", "another"]),
        words(&["openid", "openid offline_access", "read"]),
        0..120i64,
        proptest::option::of(Just(json!("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"))),
    )
        .prop_map(|(state, session, redirect_uri_given, client, scope, after, challenge)| {
            json!({ "state": state, "session": session, "redirect_uri_given": redirect_uri_given,
                    "client": client, "scope": scope, "after": after, "challenge": challenge })
        })
}

fn any_redemption() -> impl Strategy<Value = Value> {
    let uri = proptest::option::of(proptest::sample::select(&["https://rp.example/cb", "https://evil.example/"][..]));
    let verifier = proptest::option::of(proptest::sample::select(
        &["dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "another-verifier-another-verifier-another-ver"][..],
    ));
    (uri, verifier).prop_map(|(uri, verifier)| {
        let mut asked = json!({ "grant_type": "authorization_code", "code": "c" });
        if let Some(uri) = uri {
            asked["redirect_uri"] = json!(uri);
        }
        if let Some(verifier) = verifier {
            asked["code_verifier"] = json!(verifier);
        }
        asked
    })
}

fn any_refresh() -> impl Strategy<Value = Value> {
    let words = |all: &'static [&'static str]| proptest::sample::select(all).prop_map(|word| json!(word));
    (
        words(&["unknown", "held"]),
        words(&["live", "over"]),
        words(&["live", "over"]),
        words(&["online", "offline"]),
        proptest::option::of(0..100i64),
        words(&["untouched", "used"]),
        0..2_000_000i64,
        0..9_000_000i64,
    )
        .prop_map(|(state, session, grant, kind, rotated, successor, age, granted_ago)| {
            json!({ "state": state, "session": session, "grant": grant, "kind": kind, "rotated": rotated,
                    "successor": successor, "age": age, "granted_ago": granted_ago })
        })
}

proptest! {
    /// Tokens come only of a code that is this client's, unspent, in time, in a live session, answered by its verifier.
    #[test]
    fn a_code_yields_only_when_everything_fits(given in any_code(), asked in any_redemption()) {
        let client = authenticated(&client(&json!({}), &json!({})));
        let terms = Terms::default();
        let request = TokenRequest::read(&form(&asked)).unwrap();
        let resources = given::resources(&Value::Null);
        let cx = Context { now: NOW, client: &client, possession: Possession::default(), terms: &terms, resources: &resources, catalogue: &Catalogue::default(), native_sso: NativeSso::Off };
        let ruling = judge(&request, &json!({ "code": given }), &cx);
        let verifier_fits = match (given["challenge"].is_null(), asked.get("code_verifier")) {
            (true, verifier) => verifier.is_none(),
            (false, verifier) => verifier == Some(&json!("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")),
        };
        let uri_fits = match asked.get("redirect_uri") {
            None => given["redirect_uri_given"] == "implied",
            Some(uri) => uri == "https://rp.example/cb",
        };
        let fits = given["state"] == "now" && given["session"] == "live" && given["client"] == "rp"
            && given["after"].as_i64().unwrap() < 60 && uri_fits && verifier_fits;
        prop_assert_eq!(fits, matches!(ruling, Ruling::Issue(_)), "{:?}", ruling);
        prop_assert_eq!(given["state"] == "spent", matches!(ruling, Ruling::Breach { .. }));
    }

    /// A refresh is granted exactly when grant, session and token allow it; nothing outlives the grant, and no scope grows.
    #[test]
    fn a_refresh_yields_only_when_everything_lives(given in any_refresh(), public in any::<bool>(), wide in any::<bool>()) {
        let method = if public { "none" } else { "client_secret_post" };
        let mut defaults = defaults("refresh_token");
        defaults["token_endpoint_auth_method"] = json!(method);
        let client = authenticated(&client(&json!({}), &defaults));
        let terms = Terms::default();
        let scope = if wide { "openid profile email" } else { "openid" };
        let asked = json!({ "grant_type": "refresh_token", "refresh_token": "r", "scope": scope });
        let request = TokenRequest::read(&form(&asked)).unwrap();
        let resources = given::resources(&Value::Null);
        let cx = Context { now: NOW, client: &client, possession: Possession::default(), terms: &terms, resources: &resources, catalogue: &Catalogue::default(), native_sso: NativeSso::Off };
        let ruling = judge(&request, &json!({ "refresh": given }), &cx);
        let found = given["state"] == "held" && given["grant"] == "live";
        let reuse = given["rotated"].as_i64().is_some_and(|ago| ago > 30 || given["successor"] == "used");
        prop_assert_eq!(found && reuse, matches!(ruling, Ruling::Breach { .. }));
        let alive = given["age"].as_i64().unwrap() < 1_209_600 && given["granted_ago"].as_i64().unwrap() < 7_776_000
            && (given["kind"] == "offline" || given["session"] == "live");
        prop_assert_eq!(found && !reuse && alive && !wide, matches!(ruling, Ruling::Issue(_)), "{:?}", ruling);
        if let Ruling::Issue(issue) = ruling {
            let Ground::Go(grant) = &issue.ground else { panic!("a refresh begins no grant") };
            prop_assert!(issue.access.expires_at <= grant.expires_at && issue.access.scope.within(&grant.scope));
            if let RefreshIssue::Keep { expires_at, .. } | RefreshIssue::Successor { expires_at, .. } = issue.refresh {
                prop_assert!(expires_at <= grant.expires_at && expires_at > NOW);
            }
        }
    }

    /// Whatever arrives, reading it answers.
    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400), grant in 0..GRANTS.len()) {
        let mut text = format!("grant_type={}&", GRANTS[grant].grant_type).into_bytes();
        text.extend(bytes);
        if let Ok(form) = openid::wire::form::Form::read(&text) {
            let _ = TokenRequest::read(&form);
            let _ = IntrospectRequest::read(&form, Digest::of);
            let _ = userinfo::presented(form.get("code"), Some(&form));
        }
    }
}
