//! What the provider says of itself (§2.3), and its keys.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value};
use testkit::eventually;

use super::examiner::{Examiner, ISSUER};

/// What a member holds.
#[derive(Clone, Copy, Debug)]
enum Holds {
    Address,
    Flag,
    Texts,
}
use Holds::{Address, Flag, Texts};

/// The registered names (IANA, OAuth Authorization Server Metadata) that this server may come to use, and what they hold.
const KNOWN: &[(&str, Holds)] = &[
    ("issuer", Address),
    ("authorization_endpoint", Address),
    ("token_endpoint", Address),
    ("userinfo_endpoint", Address),
    ("jwks_uri", Address),
    ("registration_endpoint", Address),
    ("introspection_endpoint", Address),
    ("revocation_endpoint", Address),
    ("end_session_endpoint", Address),
    ("pushed_authorization_request_endpoint", Address),
    ("device_authorization_endpoint", Address),
    ("backchannel_authentication_endpoint", Address),
    ("check_session_iframe", Address),
    ("service_documentation", Address),
    ("op_policy_uri", Address),
    ("op_tos_uri", Address),
    ("scopes_supported", Texts),
    ("response_types_supported", Texts),
    ("response_modes_supported", Texts),
    ("grant_types_supported", Texts),
    ("acr_values_supported", Texts),
    ("subject_types_supported", Texts),
    ("id_token_signing_alg_values_supported", Texts),
    ("id_token_encryption_alg_values_supported", Texts),
    ("id_token_encryption_enc_values_supported", Texts),
    ("userinfo_signing_alg_values_supported", Texts),
    ("userinfo_encryption_alg_values_supported", Texts),
    ("userinfo_encryption_enc_values_supported", Texts),
    ("request_object_signing_alg_values_supported", Texts),
    ("request_object_encryption_alg_values_supported", Texts),
    ("request_object_encryption_enc_values_supported", Texts),
    ("token_endpoint_auth_methods_supported", Texts),
    ("token_endpoint_auth_signing_alg_values_supported", Texts),
    ("introspection_endpoint_auth_methods_supported", Texts),
    ("introspection_endpoint_auth_signing_alg_values_supported", Texts),
    ("revocation_endpoint_auth_methods_supported", Texts),
    ("revocation_endpoint_auth_signing_alg_values_supported", Texts),
    ("code_challenge_methods_supported", Texts),
    ("display_values_supported", Texts),
    ("claim_types_supported", Texts),
    ("claims_supported", Texts),
    ("claims_locales_supported", Texts),
    ("ui_locales_supported", Texts),
    ("prompt_values_supported", Texts),
    ("claims_parameter_supported", Flag),
    ("request_parameter_supported", Flag),
    ("request_uri_parameter_supported", Flag),
    ("require_request_uri_registration", Flag),
    ("require_pushed_authorization_requests", Flag),
    ("pushed_authorization_request_endpoint", Address),
    ("dpop_signing_alg_values_supported", Texts),
    ("authorization_response_iss_parameter_supported", Flag),
    ("backchannel_logout_supported", Flag),
    ("backchannel_logout_session_supported", Flag),
    ("frontchannel_logout_supported", Flag),
    ("frontchannel_logout_session_supported", Flag),
];

fn texts<'a>(said: &'a Value, name: &str) -> Vec<&'a str> {
    said[name].as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

fn typed(said: &Map<String, Value>) {
    for (name, value) in said {
        let known = KNOWN.iter().find(|(known, _)| known == name);
        let (_, holds) = known.unwrap_or_else(|| panic!("{name} is a name an examiner does not know"));
        let fits = match holds {
            Address => value.as_str().is_some_and(|text| text.starts_with("https://") && !text.contains(['?', '#'])),
            Flag => value.is_boolean(),
            // RFC 8414 §3.2: no empty arrays.
            Texts => value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(Value::is_string)),
        };
        assert!(fits, "{name}: {value}");
    }
}

/// oidcc-discovery-endpoint-verification, 2.3 members, 2.0 discovery; item 16, item 20: and what each plan asks to be listed.
#[tokio::test]
async fn the_metadata() {
    let examiner = Examiner::shared().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let answer = examiner.provider.get(path).await.unwrap();
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        assert_eq!(answer.json(), examiner.metadata, "both say the same");
    }
    let said = &examiner.metadata;
    typed(said.as_object().unwrap());
    assert_eq!(said["issuer"], ISSUER, "the address of the document without its well-known part");
    let has = |name: &str, wanted: &[&str]| {
        let listed = texts(said, name);
        assert!(wanted.iter().all(|value| listed.contains(value)), "{name} has {wanted:?}: {listed:?}");
    };
    for needed in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint"]
    {
        assert!(said[needed].is_string(), "{needed}");
    }
    has("response_types_supported", super::examiner::KINDS);
    has("response_modes_supported", &["query", "fragment", "form_post"]);
    has("grant_types_supported", &["authorization_code", "implicit", "refresh_token"]);
    has("subject_types_supported", &["public"]);
    has("id_token_signing_alg_values_supported", &["RS256"]);
    has("request_object_signing_alg_values_supported", &["RS256"]);
    has("scopes_supported", &["openid", "profile", "email", "address", "phone", "offline_access"]);
    has("claims_supported", &["sub", "name", "email"]);
    has("token_endpoint_auth_methods_supported", &["client_secret_basic", "client_secret_post", "private_key_jwt"]);
    let legal = |c: char| matches!(c, '!' | '#'..='[' | ']'..='~');
    assert!(texts(said, "scopes_supported").iter().all(|scope| !scope.is_empty() && scope.chars().all(legal)));
    for locale in texts(said, "ui_locales_supported") {
        assert!(locale.split('-').next().unwrap().chars().all(|c| c.is_ascii_lowercase()), "{locale} is canonical");
    }
    assert_eq!(said["authorization_response_iss_parameter_supported"], true);
    assert_eq!(said["claims_parameter_supported"], true);
}

/// Every key as it is published, looked at (row 2.0 jwks).
async fn keys(examiner: &Examiner) -> Vec<Value> {
    let answer = examiner.provider.get("/jwks").await.unwrap();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    let kids: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().expect("a kid")).collect();
    assert_eq!(kids.len(), keys.len(), "all distinct");
    for key in &keys {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
        for number in ["n", "e", "x", "y"].iter().filter_map(|name| key[name].as_str()) {
            assert!(jose::unbase64url(number).is_ok() && !number.contains('='), "{number}");
        }
        match key["kty"].as_str().unwrap() {
            "RSA" => assert!(jose::unbase64url(key["n"].as_str().unwrap()).unwrap().len() >= 2048 / 8),
            "EC" => assert_eq!(key["crv"], "P-256"),
            "OKP" => assert_eq!(key["crv"], "Ed25519"),
            other => panic!("{other} is a kind an examiner does not know"),
        }
        assert!(["sig", "enc"].contains(&key["use"].as_str().unwrap()));
    }
    keys
}

/// oidcc-server-rotate-keys, 2.0 jwks; item 23: after a rotation there are new RSA and EC keys with names of their own, no
/// new OKP key, and the old ones.
#[tokio::test]
async fn keys_before_and_after_a_rotation() {
    let examiner = Examiner::new().await;
    let before = keys(&examiner).await;
    examiner.provider.cli(&["key", "rotate"]).await;
    let after = eventually("new keys are published", Duration::from_secs(10), async || {
        Some(keys(&examiner).await).filter(|now| now.len() > before.len())
    })
    .await;
    let added: Vec<&Value> = after.iter().filter(|key| !before.contains(key)).collect();
    let kinds: BTreeSet<&str> =
        added.iter().filter(|key| key["use"] == "sig").map(|key| key["kty"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["EC", "RSA"]), "and no OKP in the same step");
    // What others encrypted to an old key is still read, but nobody is to begin with it anew.
    let kept = before.iter().filter(|key| key["use"] == "sig").all(|key| after.contains(key));
    assert!(kept, "the old ones that signed stay");
    for name in ["n", "x"] {
        let old: BTreeSet<&str> = before.iter().filter_map(|key| key[name].as_str()).collect();
        assert!(added.iter().all(|key| key[name].as_str().is_none_or(|number| !old.contains(number))));
    }
}
