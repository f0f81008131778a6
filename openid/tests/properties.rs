//! Properties of what strangers send and of what is ruled on it, beside the cases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use openid::acr::Amr;
use openid::authorize::mode::Sent;
use openid::authorize::next::{Candidate, Consent, Hint, Known, Next, next};
use openid::authorize::place::{Destination, Reply, Success};
use openid::authorize::request::{AuthRequest, ServerOffers, SignUp};
use openid::claims::language::{self, Fit};
use openid::claims::parameter::ClaimsRequest;
use openid::client::auth::Presented;
use openid::client::metadata::Metadata;
use openid::client::policy::{ConsentPolicy, Policy};
use openid::client::{Client, ClientSecret, Standing};
use openid::name::{AccountId, ClientId, SessionId, Sub};
use openid::native_sso::NativeSso;
use openid::session::{Session, SessionKind};
use openid::time::{Span, Time};
use openid::wire::form::Form;
use openid::wire::scope::Scope;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const NOW: Time = Time::from_seconds(1_700_000_000);
const REGISTERED: [&str; 3] = ["https://rp.example/cb", "https://rp.example/cb?a=b", "http://127.0.0.1/cb"];

fn client(consent: ConsentPolicy, application_type: &str) -> Client {
    let metadata = json!({
        "redirect_uris": REGISTERED, "application_type": application_type,
        "grant_types": ["authorization_code", "refresh_token"],
    });
    Client {
        id: ClientId::new("rp"),
        version: 1,
        standing: Standing::Enabled,
        metadata: Metadata::read(metadata.as_object().unwrap()).unwrap(),
        policy: Policy { consent, ..Policy::default() },
        secret: ClientSecret::None,
    }
}

fn offers() -> ServerOffers {
    ServerOffers {
        by_default: Scope::default(),
        implied: Scope::default(),
        catalogue: Arc::default(),
        sign_up: SignUp::Open,
        scopes: Scope::read("openid profile email offline_access").unwrap(),
        acr_values: vec!["a".to_owned()],
        resources: Arc::default(),
        native_sso: NativeSso::On,
    }
}

/// Words that strangers like to send.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => Just(String::new()),
        2 => "[ -~]{0,20}",
        1 => any::<String>(),
        1 => Just("a\0b".to_owned()),
        1 => Just("' OR 1=1 --".to_owned()),
        1 => Just("<script>alert(1)</script>".to_owned()),
    ]
}

/// A language tag.
fn tag() -> impl Strategy<Value = String> {
    "(de|fr|JA|zh)(-(Kana|hant|a|x|DE|419|ch)){0,3}"
}

/// The same without fractions, which may lose their last digit each time they are read.
fn whole(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => Value::Null,
        Value::Array(all) => all.into_iter().map(whole).collect(),
        Value::Object(all) => all.into_iter().map(|(name, value)| (name, whole(value))).collect::<Map<_, _>>().into(),
        other => other,
    }
}

/// Claims as one place of the `claims` parameter asks for them.
fn any_claims() -> impl Strategy<Value = Value> {
    let value = prop_oneof![
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,9}".prop_map(Value::from),
        Just(json!(["a", {"b": null}]))
    ];
    let values = vec(value.clone(), 1..4).prop_map(Value::from);
    let odd = proptest::option::of(any_json());
    let (value, values) = (proptest::option::of(value), proptest::option::of(values));
    let wish = (proptest::option::of(any::<bool>()), value, values, odd).prop_map(|(essential, value, values, odd)| {
        let odd = odd.map(whole);
        json!({ "essential": essential, "value": value, "values": values, "odd": odd })
    });
    let name = prop_oneof!["[!-~]{1,12}", Just("sub#de".to_owned()), Just("acr".to_owned())];
    vec((name, prop_oneof![Just(Value::Null), wish]), 0..5).prop_map(|all| Value::Object(all.into_iter().collect()))
}

/// JSON of any shape.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
        Just(json!("https://rp.example/cb")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((member(), inner), 0..4).prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// Names of client metadata, and of nothing.
fn member() -> impl Strategy<Value = String> {
    prop_oneof![
        word(),
        proptest::sample::select(vec![
            "redirect_uris",
            "grant_types",
            "response_types",
            "token_endpoint_auth_method",
            "jwks",
            "jwks_uri",
            "scope",
            "client_name",
            "client_name#de",
            "logo_uri#fr",
            "default_max_age",
            "require_auth_time",
            "contacts",
            "post_logout_redirect_uris",
            "backchannel_logout_uri",
            "subject_type",
            "application_type",
            "keys",
            "kty",
            "id_token_signed_response_alg",
            "token_endpoint_auth_signing_alg",
            "request_uris",
            "client_id",
        ])
        .prop_map(str::to_owned),
    ]
}

/// Addresses near to registered ones.
fn address() -> impl Strategy<Value = String> {
    let near = proptest::sample::select(REGISTERED.to_vec());
    prop_oneof![
        near.clone().prop_map(str::to_owned),
        (near.clone(), "[ -~]{0,6}").prop_map(|(uri, more)| format!("{uri}{more}")),
        (near, any::<usize>(), "[ -~]{0,3}").prop_map(|(uri, at, more)| {
            let at = at % (uri.len() + 1);
            format!("{}{more}{}", &uri[..at], &uri[at..])
        }),
        "http://127\\.0\\.0\\.1(:[0-9]{1,6})?/cb".prop_map(|uri| uri),
        any::<String>(),
    ]
}

#[derive(Clone, Debug)]
struct Person {
    account: &'static str,
    over: bool,
    proven: i64,
    used: Option<i64>,
    consent: Option<(&'static str, i64)>,
}

fn person() -> impl Strategy<Value = Person> {
    (
        proptest::sample::select(vec!["alice", "bob", "carol"]),
        any::<bool>(),
        0..200_i64,
        proptest::option::of(0..100_i64),
        proptest::option::of((
            proptest::sample::select(vec!["", "openid", "openid profile", "openid profile email"]),
            0..200_i64,
        )),
    )
        .prop_map(|(account, over, proven, used, consent)| Person { account, over, proven, used, consent })
}

fn ago(n: i64) -> Time {
    NOW - Span::from_seconds(n)
}

fn candidate(person: &Person) -> Candidate {
    Candidate {
        session: Session {
            id: SessionId::new(person.account),
            account: AccountId::new(person.account),
            kind: SessionKind::Browser,
            auth_time: ago(person.proven),
            acr: None,
            amr: Amr::one("pwd"),
            created_at: ago(1000),
            seen_at: ago(1),
            expires_at: if person.over { NOW } else { NOW + Span::from_seconds(1) },
            idle_until: NOW + Span::from_seconds(1),
        },
        username: person.account.to_owned(),
        sub: Some(Sub::new(person.account)),
        last_used: person.used.map(ago),
        consent: person.consent.map(|(scope, at)| Consent {
            scope: Scope::read(scope).unwrap(),
            given_at: ago(at),
            ..Consent::default()
        }),
    }
}

fn request_pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let prompts = vec!["", "none", "login", "consent", "select_account", "login consent"];
    let scopes = vec!["openid", "openid profile", "openid email offline_access", "openid magic"];
    (
        proptest::sample::select(prompts),
        proptest::sample::select(scopes),
        prop_oneof![Just(""), Just("0"), Just("50"), Just("100")],
        prop_oneof![Just(""), Just("alice"), Just("nobody")],
    )
        .prop_map(|(prompt, scope, max_age, login_hint)| {
            let fixed = [("client_id", "rp"), ("redirect_uri", REGISTERED[0]), ("response_type", "code")];
            let drawn = [("prompt", prompt), ("scope", scope), ("max_age", max_age), ("login_hint", login_hint)];
            fixed.into_iter().chain(drawn).filter(|(_, v)| !v.is_empty()).map(|(n, v)| (n.into(), v.into())).collect()
        })
}

proptest! {
    /// What is encoded is read again as it was, empty values left out.
    #[test]
    fn a_form_is_read_as_it_was_encoded(pairs in vec((any::<String>(), any::<String>()), 0..20)) {
        let form = Form::from_pairs(pairs.clone());
        let odd = ['\0', char::REPLACEMENT_CHARACTER];
        let odd = pairs.iter().any(|(name, value)| name.contains(odd) || value.contains(odd));
        let kept: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        match Form::read(form.encode().as_bytes()) {
            Ok(read) => prop_assert_eq!(read.pairs(), kept.as_slice()),
            Err(refusal) => prop_assert!(odd, "{refusal}"),
        }
    }

    /// Bytes of any kind are read or refused.
    #[test]
    fn any_bytes_are_a_form_or_none(bytes in vec(any::<u8>(), 0..200)) {
        if let Ok(form) = Form::read(&bytes) {
            let _ = Presented::read(form.get("a"), &form);
        }
    }

    /// Any header is read or refused.
    #[test]
    fn any_header_authenticates_or_not(header in any::<String>(), secret in word()) {
        let form = Form::from_pairs([("client_secret", secret)]);
        let _ = Presented::read(Some(&header), &form);
        let _ = Presented::read(Some(&format!("Basic {header}")), &form);
    }

    /// Client metadata of any shape is read or refused; what was read reads again as itself.
    #[test]
    fn metadata_is_read_or_refused(members in vec((member(), any_json()), 0..8), good in any::<bool>()) {
        let mut given: Map<String, Value> = members.into_iter().collect();
        if good {
            given.insert("redirect_uris".to_owned(), json!(["https://rp.example/cb"]));
        }
        if let Ok(metadata) = Metadata::read(&given) {
            let again = Metadata::read(&metadata.registered).unwrap();
            prop_assert_eq!(again.registered, metadata.registered);
        }
    }

    /// No destination but a registered one, whatever is asked for; and nothing is sent anywhere else.
    #[test]
    fn only_registered_addresses_are_answered(
        address in address(),
        mode in prop_oneof![Just("query"), Just("fragment"), Just("form_post"), Just("odd")],
        native in any::<bool>(),
        state in word(),
    ) {
        let client = client(ConsentPolicy::Ask, if native { "native" } else { "web" });
        let form = Form::from_pairs([
            ("client_id", "rp"), ("redirect_uri", &address), ("response_type", "code"), ("scope", "openid"),
            ("response_mode", mode), ("state", &state),
        ]);
        if let Ok(place) = Destination::locate(&form, &client) {
            let loopback = |uri: &str| {
                uri.strip_prefix("http://127.0.0.1").and_then(|rest| rest.strip_suffix("/cb")).is_some_and(|port| {
                    port.is_empty() || port.strip_prefix(':').is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()))
                })
            };
            prop_assert!(REGISTERED.contains(&place.redirect_uri()) || (native && loopback(place.redirect_uri())));
            let reply = Reply::Success(Success { code: Some("code".to_owned()), ..Success::default() });
            match place.answer("https://op.example", reply, "state".to_owned()) {
                Sent::Post { action, .. } => prop_assert_eq!(action, place.redirect_uri()),
                Sent::Redirect(to) => {
                    let rest = to.strip_prefix(place.redirect_uri()).unwrap();
                    prop_assert!(rest.starts_with(['?', '#', '&']));
                    prop_assert!(rest.bytes().all(|b| b.is_ascii_graphic()));
                }
            }
        }
    }

    /// Parameters of any content are read or refused.
    #[test]
    fn requests_are_read_or_refused(
        scope in word(), prompt in word(), claims in any_json(), max_age in word(), resource in address(), nonce in word(),
    ) {
        let client = client(ConsentPolicy::Ask, "web");
        let claims = json!({ "id_token": claims, "userinfo": claims }).to_string();
        let form = Form::from_pairs([
            ("client_id", "rp"), ("redirect_uri", REGISTERED[0]), ("response_type", "code"), ("scope", &scope),
            ("prompt", &prompt), ("claims", &claims), ("max_age", &max_age), ("resource", &resource), ("nonce", &nonce),
        ]);
        let place = Destination::locate(&form, &client);
        if let Ok(place) = place && let Ok(request) = AuthRequest::read(&form, &client, &place, &offers()) {
            prop_assert!(request.scope.within(&offers().scopes));
            prop_assert!(!(request.prompt.none && request.prompt.login));
        }
    }

    /// What is stored of a claims parameter reads again as itself, whatever was asked for; and nobody is asked to agree to a
    /// name of the protocol.
    #[test]
    fn claims_are_read_once(claims in any_claims(), other in any_json(), locales in vec(tag(), 0..4)) {
        let locales = locales.join(" ");
        let good = json!({ "id_token": claims, "userinfo": claims, "other": whole(other.clone()) });
        prop_assert!(ClaimsRequest::read(Some(&good.to_string()), None).is_ok());
        for text in [good.to_string(), whole(other.clone()).to_string(), json!({ "userinfo": whole(other) }).to_string()] {
            if let Ok(request) = ClaimsRequest::read(Some(&text), Some(&locales)) {
                prop_assert_eq!(ClaimsRequest::stored(&request.text()), Some(request.clone()));
                prop_assert!(request.userinfo.personal().all(|(name, _)| name != "sub" && name != "acr"));
                prop_assert!(request.locales.iter().all(|tag| language::is_tag(tag)));
            }
        }
    }

    /// A language is served by itself, by a closer one, or by a wider one, and by nothing else.
    #[test]
    fn a_language_is_served_by_its_own(wanted in tag(), have in vec(tag(), 0..4)) {
        let have: Vec<&str> = have.iter().map(String::as_str).collect();
        let within = |tag: &str, range: &str| {
            format!("{}-", tag.to_lowercase()).starts_with(&format!("{}-", range.to_lowercase()))
        };
        match language::serve(&wanted, &have) {
            Some((tag, Fit::Is)) => prop_assert!(within(tag, &wanted)),
            Some((tag, Fit::Wider)) => prop_assert!(within(&wanted, tag)),
            None => prop_assert!(!have.iter().any(|tag| within(tag, &wanted))),
        }
        prop_assert!(language::canonical(&wanted).eq_ignore_ascii_case(&wanted));
    }

    /// Nothing is issued without a live session, of the one who was asked for, proven recently enough, with a consent
    /// that covers it; and with `prompt=none` nothing is ever asked.
    #[test]
    fn issued_only_when_everything_holds(
        pairs in request_pairs(),
        people in vec(person(), 0..4),
        began in 0..100_i64,
        chosen in proptest::option::of(proptest::sample::select(vec!["alice", "bob", "carol"])),
        hint in proptest::option::of(proptest::sample::select(vec!["alice", "bob", "foreign"])),
        first_party in any::<bool>(),
    ) {
        let consent = if first_party { ConsentPolicy::FirstParty } else { ConsentPolicy::Ask };
        let client = Arc::new(client(consent, "web"));
        let form = Form::from_pairs(pairs);
        let place = Destination::locate(&form, &client).unwrap();
        let request = AuthRequest::read(&form, &client, &place, &offers()).unwrap();
        let mut sessions: Vec<Candidate> = Vec::new();
        for person in &people {
            if sessions.iter().all(|known| known.username != person.account) {
                sessions.push(candidate(person));
            }
        }
        let known = Known {
            began: ago(began),
            sessions: sessions.clone(),
            chosen: chosen.map(AccountId::new),
            hint: match hint {
                None => Hint::Absent,
                Some("foreign") => Hint::Foreign,
                Some(sub) => Hint::Genuine(Sub::new(sub)),
            },
        };
        match next(&request, &client, &known, NOW) {
            Next::Issue(agreed) => {
                let one = sessions.iter().find(|one| one.session.id == agreed.session).unwrap();
                prop_assert!(!one.session.is_over(NOW));
                prop_assert_eq!(&one.session.account, &agreed.account);
                prop_assert_eq!(&one.sub, &agreed.sub);
                prop_assert!(chosen.is_none_or(|chosen| chosen == one.username));
                prop_assert!(hint.is_none_or(|hint| hint == one.username));
                let proven_since = one.session.auth_time >= known.began;
                prop_assert!(proven_since || !request.prompt.login);
                let young = request.max_age.is_none_or(|age| {
                    age > 0 && NOW.since(one.session.auth_time) <= Span::from_seconds(i64::from(age))
                });
                prop_assert!(proven_since || young);
                prop_assert!(!request.prompt.select_account || chosen.is_some());
                let covered = one.consent.as_ref().is_some_and(|given| agreed.scope.within(&given.scope));
                prop_assert!(covered || (first_party && !request.prompt.consent));
                let asked_again = one.consent.as_ref().is_some_and(|given| given.given_at >= known.began);
                prop_assert!(asked_again || !request.prompt.consent);
            }
            Next::Ask(_) => prop_assert!(!request.prompt.none),
            Next::Send(_) => {}
        }
    }
}
