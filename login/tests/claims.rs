//! What may be written into an account's claims.

use login::claims::{ADDRESS, STANDARD, Shape, parse, read};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn one(name: &str, value: Value) -> Result<(), String> {
    read(Map::from_iter([(name.to_owned(), value)])).map(|_| ()).map_err(|problem| problem.to_string())
}

/// The fixture user of `certification.md` §3 item 1: every standard claim.
#[test]
fn everybody_standard_passes() {
    let person = json!({
        "name": "Anna Beispiel", "given_name": "Anna", "family_name": "Beispiel", "middle_name": "M", "nickname": "Änn",
        "preferred_username": "anna", "profile": "https://example.org/anna", "picture": "https://example.org/a.png",
        "website": "http://example.org", "email": "anna@example.org", "email_verified": true, "gender": "female",
        "birthdate": "1990-02-28", "zoneinfo": "Europe/Paris", "locale": "de-CH", "phone_number": "+1 (425) 555-1212",
        "phone_number_verified": false,
        "address": { "formatted": "1 rue X\n69000 Lyon", "street_address": "1 rue X", "locality": "Lyon", "region": "ARA",
                     "postal_code": "69000", "country": "France" },
        "name#ja": "アンナ", "groups": ["staff", "admins"], "https://example.org/level": 3,
    });
    let person = person.as_object().unwrap();
    for (name, _) in STANDARD {
        assert!(person.contains_key(*name), "the fixture lacks {name}");
    }
    assert_eq!(&read(person.clone()).unwrap(), person, "and nothing is changed");
    assert_eq!(person["address"].as_object().unwrap().len(), ADDRESS.len());
}

#[test]
fn badly_typed_ones() {
    let bad = [
        ("name", json!("")),
        ("name", json!("   ")),
        ("name", json!("null")),
        ("name", json!(null)),
        ("name", json!(7)),
        ("name", json!("x".repeat(4097))),
        ("name#", json!("Anna")),
        ("name#x", json!("Anna")),
        ("name#de_CH", json!("Anna")),
        ("website", json!("example.org")),
        ("website", json!("javascript:alert(1)")),
        ("picture", json!("data:image/png;base64,AAAA")),
        ("email", json!("anna")),
        ("email", json!("anna@")),
        ("email", json!("@example.org")),
        ("email", json!("an na@example.org")),
        ("email", json!("a@b@example.org")),
        ("email_verified", json!("true")),
        ("email_verified", json!(1)),
        ("birthdate", json!("28.02.1990")),
        ("birthdate", json!("1990-2-28")),
        ("birthdate", json!("1990-02-30")),
        ("birthdate", json!("1990-13-01")),
        ("birthdate", json!("0000")),
        ("birthdate", json!(1990)),
        ("zoneinfo", json!("Europe / Paris")),
        ("zoneinfo", json!("/Paris")),
        ("zoneinfo", json!("../../etc/passwd")),
        ("locale", json!("de_CH")),
        ("locale", json!("d")),
        ("phone_number", json!("call me")),
        ("phone_number", json!("+")),
        ("address", json!("1 rue X")),
        ("address", json!({})),
        ("address", json!({ "country": "" })),
        ("address", json!({ "country": null })),
        ("address", json!({ "planet": "Earth" })),
        ("sub", json!("me")),
        ("updated_at", json!(1)),
        ("iss", json!("https://evil.example")),
        ("sid", json!("mine")),
        ("acr#de", json!("high")),
        ("", json!("x")),
        ("a b", json!("x")),
        ("groups", json!([])),
        ("groups", json!([null])),
        ("custom", json!({})),
        ("custom", json!("")),
    ];
    for (name, value) in bad {
        let refused = one(name, value.clone());
        assert!(refused.as_ref().is_err_and(|say| say.starts_with(name)), "{name}: {value} was {refused:?}");
    }
}

#[test]
fn good_but_unusual_ones() {
    let good = [
        ("birthdate", json!("0000-02-29")),
        ("birthdate", json!("1990")),
        ("birthdate", json!("2000-02-29")),
        ("zoneinfo", json!("America/Argentina/Buenos_Aires")),
        ("zoneinfo", json!("Etc/GMT+1")),
        ("locale", json!("zh-Hant-TW")),
        ("phone_number", json!("+1 604 555-1234;ext=5678")),
        ("email", json!("\"<b>\"@example.org")),
        ("name", json!("Robert'); DROP TABLE account;--<script>")),
    ];
    for (name, value) in good {
        assert_eq!(one(name, value.clone()), Ok(()), "{name}: {value}");
    }
    assert!(one("email_verified", json!(true)).is_err(), "verified, but what?");
    let all: Map<String, Value> = (0..20).map(|n| (format!("custom{n}"), json!("x".repeat(4000)))).collect();
    assert!(read(all).is_err(), "together too much");
}

#[test]
fn typed_ones() {
    assert_eq!(parse("email_verified", "true").unwrap(), json!(true));
    assert!(parse("email_verified", "yes").is_err());
    assert_eq!(parse("address", r#"{"country":"FR"}"#).unwrap(), json!({ "country": "FR" }));
    assert_eq!(parse("address", "1 rue X, Lyon").unwrap(), json!({ "formatted": "1 rue X, Lyon" }));
    assert_eq!(parse("birthdate", "1990").unwrap(), json!("1990"), "digits stay a text");
    assert!(parse("sub", "me").is_err());
    for (name, shape) in STANDARD {
        assert!(parse(name, "").is_err(), "{name}");
        assert!(*shape == Shape::Text || *shape == Shape::Address || parse(name, "no such thing!").is_err(), "{name}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn holds_nothing_empty(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty() && text != "null",
        Value::Array(all) => all.iter().all(holds_nothing_empty),
        Value::Object(all) => all.values().all(holds_nothing_empty),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

proptest! {
    /// What passes can be sent: nothing empty in it, however deep, and never a name of the protocol.
    #[test]
    fn what_passes_can_be_sent(
        name in prop_oneof!["[a-z_#]{1,20}", proptest::sample::select(STANDARD).prop_map(|(name, _)| name.to_owned())],
        value in any_json(),
    ) {
        if one(&name, value.clone()).is_ok() {
            prop_assert!(holds_nothing_empty(&value));
            prop_assert!(!openid::token::claims::is_reserved(&name));
        }
    }
}

/// OpenID Connect Core §5.2.
#[test]
fn claims_in_languages() {
    let given = json!({ "family_name#JA-kana-jp": "ヤマダ", "website#de": "https://example.org/de", "groups#fr": ["personnel"],
                        "https://example.org/claims#groups": ["staff"] });
    let read = read(given.as_object().unwrap().clone()).unwrap();
    let names: Vec<&str> = read.keys().map(String::as_str).collect();
    let spelt = ["family_name#ja-Kana-JP", "website#de", "groups#fr", "https://example.org/claims#groups"];
    assert_eq!(names, spelt, "spelt as tags are registered; what is no language stays");
    let twice = json!({ "name#de": "Anna", "name#DE": "Änne" });
    assert!(login::claims::read(twice.as_object().unwrap().clone()).is_err());
    for name in
        ["email#de", "birthdate#de", "phone_number_verified#de", "updated_at#de", "_claim_names", "_claim_sources#de"]
    {
        assert!(one(name, json!("1990")).is_err(), "{name}");
    }
    assert_eq!(
        parse("address#de", "Gasse 1").unwrap(),
        json!({ "formatted": "Gasse 1" }),
        "a tagged one is of its claim's kind"
    );
    assert!(parse("website#de", "example.org").is_err());
    assert_eq!(parse("groups", r#"["staff"]"#).unwrap(), json!(["staff"]));
    assert_eq!(parse("motto", "[sic]").unwrap(), json!("[sic]"));
}
