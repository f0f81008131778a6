use jose::JwsAlg;
use serde_json::{Value, json};

use super::{Endpoints, Links, Offers, document};
use crate::wire::scope::Scope;

fn offers() -> Offers {
    let at = |path: &str| format!("https://op.example{path}");
    Offers {
        native_sso: crate::native_sso::NativeSso::On,
        issuer: at(""),
        endpoints: Endpoints {
            authorization: at("/authorize"),
            pushed_authorization_request: at("/par"),
            token: at("/token"),
            userinfo: at("/userinfo"),
            jwks: at("/jwks"),
            registration: None,
            introspection: at("/introspect"),
            revocation: at("/revoke"),
            end_session: at("/end_session"),
            check_session: at("/check_session"),
            aliases: None,
        },
        scopes: Scope::read("openid profile email").unwrap(),
        id_token_algs: vec![JwsAlg::Rs256, JwsAlg::Es256],
        claims: vec!["sub".into(), "name".into()],
        acr_values: vec![],
        claims_locales: vec![],
        claim_types: vec!["normal"],
        ui_locales: vec!["en".into()],
        sign_up: crate::authorize::request::SignUp::Closed,
        pushing: crate::authorize::par::Pushing::Optional,
        mutual_tls: crate::client::certificate::MutualTls::Off,
        links: Links::default(),
    }
}

#[test]
fn says_what_is_true_and_no_empty_arrays() {
    let document = document(&offers());
    assert_eq!(document["issuer"], "https://op.example");
    assert_eq!(document["end_session_endpoint"], "https://op.example/end_session");
    let types = document["response_types_supported"].as_array().unwrap();
    assert!(types.len() == 8 && types.contains(&json!("code id_token token")) && types.contains(&json!("none")));
    assert!(document["grant_types_supported"].as_array().unwrap().contains(&json!("implicit")));
    assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(document["request_uri_parameter_supported"], json!(true));
    assert_eq!(document["backchannel_logout_session_supported"], json!(true));
    assert_eq!(document["id_token_signing_alg_values_supported"], json!(["RS256", "ES256", "HS256", "HS384", "HS512"]));
    assert!(!document.contains_key("acr_values_supported"));
    assert!(!document.contains_key("op_tos_uri"));
    assert!(!document["introspection_endpoint_auth_methods_supported"].as_array().unwrap().contains(&json!("none")));
    for (name, value) in &document {
        assert!(!value.is_null() && value != &Value::Array(vec![]), "{name}");
        let said = value.as_array().into_iter().flatten();
        let once: std::collections::BTreeSet<&str> = said.clone().filter_map(Value::as_str).collect();
        assert_eq!(once.len(), said.count(), "{name} says something twice");
    }
    assert_eq!(document["subject_types_supported"], json!(["public", "pairwise"]));
}
