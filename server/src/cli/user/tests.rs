//! Claims from flags.

use super::*;

fn given(each: &[&str]) -> ClaimArguments {
    ClaimArguments {
        claims: None,
        each: each.iter().map(|pair| (*pair).to_owned()).collect(),
        full_name: None,
        given_name: None,
        family_name: None,
        email: None,
        email_verified: None,
        locale: None,
        phone_number: None,
    }
}

fn before(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn a_new_address_is_not_verified_until_somebody_says_so() {
    let old = before(&json!({"email": "a@example.org", "email_verified": true}));
    let new = given(&["email=b@example.org"]).read(old.clone()).unwrap();
    assert_eq!(Value::Object(new), json!({"email": "b@example.org"}));
    let new = given(&["email_verified=true", "email=b@example.org"]).read(old).unwrap();
    assert_eq!(Value::Object(new), json!({"email": "b@example.org", "email_verified": true}));
}

#[test]
fn a_member_of_an_address_that_is_none_is_refused() {
    assert!(given(&["address.locality=Paris"]).read(before(&json!({"address": "Paris"}))).is_err());
    let new = given(&["address.locality=Paris"]).read(Map::new()).unwrap();
    assert_eq!(Value::Object(new), json!({"address": {"locality": "Paris"}}));
}
