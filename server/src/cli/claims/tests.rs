//! Claims from flags.

use clap::Command;

use super::*;

fn given(each: &[&str]) -> ClaimArguments {
    ClaimArguments { each: each.iter().map(|pair| (*pair).to_owned()).collect(), ..ClaimArguments::default() }
}

fn before(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn there_is_a_flag_for_every_standard_claim() {
    let command = ClaimArguments::augment_args(Command::new("x"));
    for (claim, _) in claims::STANDARD {
        assert!(command.get_arguments().any(|flag| flag.get_long() == Some(&claim.replace('_', "-"))), "{claim}");
    }
}

#[test]
fn a_new_address_is_not_verified_until_somebody_says_so() {
    let old = before(&json!({"email": "a@example.org", "email_verified": true}));
    let new = given(&["email=b@example.org"]).over(old.clone()).unwrap();
    assert_eq!(Value::Object(new), json!({"email": "b@example.org"}));
    let new = given(&["email_verified=true", "email=b@example.org"]).over(old).unwrap();
    assert_eq!(Value::Object(new), json!({"email": "b@example.org", "email_verified": true}));
}

#[test]
fn a_member_of_an_address_that_is_none_is_refused() {
    assert!(given(&["address.locality=Paris"]).over(before(&json!({"address": "Paris"}))).is_err());
    let new = given(&["address.locality=Paris"]).over(Map::new()).unwrap();
    assert_eq!(Value::Object(new), json!({"address": {"locality": "Paris"}}));
}
