//! Cases of resource servers and of access tokens that are JWTs (RFC 8707, RFC 9068).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "shared with the other tests of cases, which use the rest")]
mod given;

use given::{ISSUER, NOW, grant, object, ours, resources, run, texts};
use openid::bound::Confirmation;
use openid::bound::mtls::X5t;
use openid::client::policy::Policy;
use openid::name::{ClientId, Digest};
use openid::resource::ResourceServer;
use openid::token::access::{self, JwtFacts};
use openid::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Terms};
use openid::wire::scope::Scope;
use proptest::prelude::*;
use serde_json::{Value, json};

const REQUIRED: &[&str] = &["iss", "sub", "aud", "client_id", "iat", "exp", "jti"];

#[test]
fn what_is_written_is_read_and_shown_again() {
    let scopes = Scope::from("openid profile".to_owned());
    run("resource/read.toml", |_, case| match ResourceServer::read(&object(&case["asked"]), ours(&scopes)) {
        Err(problem) => json!({ "problem": problem }),
        Ok(server) => {
            let shown = server.written();
            assert_eq!(ResourceServer::read(&shown, ours(&scopes)), Ok(server));
            Value::Object(shown)
        }
    });
}

#[test]
fn jwt_cases() {
    run("resource/jwt.toml", |_, case| {
        let known = resources(&json!([
            { "resource": "https://api.example/", "access_token_format": "jwt", "scopes": { "api:read": {} } },
        ]));
        let asked = &case["asked"];
        let scope = Scope::from(asked["scope"].as_str().unwrap().to_owned());
        let target = known.target(&texts(&asked["resource"]), &scope).unwrap();
        let expires_at = NOW + target.lifetime(&Policy::default(), &Terms::default());
        let ground = match asked["of"] == "client" {
            true => Ground::Client,
            false => Ground::Begin(grant(asked, "rp", "")),
        };
        let proof = asked["proof"].as_str().map(|name| Confirmation::Jkt(given::proven(name).jkt().clone()));
        let certificate = asked["certificate"].as_str().map(|name| Confirmation::X5t(X5t::of(name.as_bytes())));
        let issue = Issue {
            device: openid::native_sso::OnDevice::default(),
            client: ClientId::new("rp"),
            ground,
            access: AccessIssue::of(target, expires_at).bound(proof.or(certificate)),
            refresh: RefreshIssue::None,
            refresh_cnf: None,
            id_token: IdTokenIssue::None,
        };
        let claims = access::claims(&issue, &JwtFacts { issuer: ISSUER, jti: "the name", now: NOW });
        for name in REQUIRED {
            assert!(claims.contains_key(*name), "{name} is required by RFC 9068 §2.2");
        }
        let mut beyond: Vec<&str> = claims.keys().map(String::as_str).collect();
        beyond.retain(|name| !REQUIRED.contains(name) && *name != "scope");
        beyond.sort_unstable();
        json!({ "claims": claims, "beyond": beyond })
    });
}

#[test]
fn what_comes_back_is_found_by_its_name() {
    run("resource/back.toml", |_, case| {
        let found = access::read(case["asked"]["typ"].as_str(), &object(&case["asked"]["claims"]), ISSUER);
        json!({ "row": found.map(|digest| { assert_eq!(digest, access::digest("n")); "n" }) })
    });
    // A name that stands in a log opens nothing.
    assert_ne!(access::digest("n"), Digest::of("n"));
}

proptest! {
    /// Whatever is asked for, an access token says no more than was granted, lives no longer than anybody in its audience
    /// allows, is a JWT for one resource server at most, and no value in it is another server's.
    #[test]
    fn a_target_stays_within_what_was_granted(
        jwt in any::<[bool; 3]>(), lives in any::<[Option<u8>; 3]>(), asked in proptest::collection::vec(0..4_usize, 0..4),
        scope in proptest::sample::subsequence(vec!["openid", "own", "s0", "s1", "s2"], 0..5),
    ) {
        let names = ["https://0.example", "https://1.example", "https://2.example", ISSUER];
        let known: Vec<Value> = (0..3).map(|n| {
            let mut one = json!({
                "resource": names[n], "access_token_format": if jwt[n] { "jwt" } else { "opaque" },
                "scopes": { format!("s{n}"): {} },
            });
            if let Some(life) = lives[n] {
                one["access_token_lifetime"] = json!(10 + i64::from(life));
            }
            one
        }).collect();
        let known = resources(&json!(known));
        let granted = Scope::from(scope.join(" "));
        let mut named: Vec<String> = Vec::new();
        for n in asked {
            if !named.iter().any(|one| one == names[n]) {
                named.push(names[n].to_owned());
            }
        }
        let servers = named.iter().filter(|one| *one != ISSUER).count();
        let wants_jwt = (0..3).any(|n| jwt[n] && named.iter().any(|one| one == names[n]));
        match known.target(&named, &granted) {
            Err(refusal) => prop_assert!(servers > 1 && wants_jwt, "{refusal}"),
            Ok(target) => {
                prop_assert!(!(servers > 1 && wants_jwt));
                prop_assert_eq!(target.format().as_str() == "jwt", wants_jwt);
                prop_assert!(target.scope.within(&granted));
                prop_assert_eq!(&target.resources, &named);
                for value in target.scope.iter() {
                    match known.owner(value) {
                        Some(owner) => prop_assert!(named.contains(&owner.identifier)),
                        None => prop_assert!(named.is_empty() || named.iter().any(|one| one == ISSUER)),
                    }
                }
                let life = target.lifetime(&Policy::default(), &Terms::default());
                for server in known.iter().filter(|server| named.contains(&server.identifier)) {
                    prop_assert!(life <= server.lifetime(&Policy::default(), &Terms::default()));
                }
            }
        }
    }
}
