//! Every standard claim, for its scope and nowhere else (Core §5.4).

use serde_json::{Map, Value};

use super::examiner::{Examiner, Variant, fixture};

const PROFILE: &[&str] = &[
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];
const EMAIL: &[&str] = &["email", "email_verified"];
const ADDRESS: &[&str] = &["address"];
const PHONE: &[&str] = &["phone_number", "phone_number_verified"];

/// oidcc-scope-profile, oidcc-scope-email, oidcc-scope-address, oidcc-scope-phone, oidcc-scope-all: every claim of the
/// scope comes back from UserInfo, or in the ID Token of `id_token`, and no other; item 1.
#[tokio::test]
async fn every_claim_of_a_scope() {
    let examiner = Examiner::shared().await;
    let supported = examiner.metadata["scopes_supported"].as_array().unwrap();
    let all = [PROFILE, EMAIL, ADDRESS, PHONE].concat();
    for (scope, wanted) in [
        ("openid profile", PROFILE),
        ("openid email", EMAIL),
        ("openid address", ADDRESS),
        ("openid phone", PHONE),
        ("openid profile email address phone", &all),
    ] {
        assert!(scope.split(' ').all(|value| supported.contains(&value.into())), "{scope} is listed");
        let mut browser = examiner.browser();
        for variant in Variant::all() {
            let outcome = examiner.succeeds(&mut browser, &examiner.ask(variant).with("scope", scope)).await;
            let told = outcome.userinfo.as_ref().unwrap_or(outcome.claims());
            told_exactly(told, wanted, &all);
        }
    }
}

fn told_exactly(told: &Map<String, Value>, wanted: &[&str], all: &[&str]) {
    let fixture = fixture();
    for name in all {
        assert_eq!(told.contains_key(*name), wanted.contains(name), "{name}");
        if wanted.contains(name) && *name != "updated_at" {
            assert_eq!(told[*name], fixture[*name]);
        }
    }
}
