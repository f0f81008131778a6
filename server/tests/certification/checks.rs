//! The checks that run inside every module (`certification.md` §2.0).

use jose::{JwsAlg, half_hash};
use serde_json::{Map, Value};
use testkit::Page;
use testkit::http::Answer;

use super::examiner::{Asked, Examiner, ISSUER, Outcome, SUITE};

/// Parameters of a successful authorization response.
const SUCCESS: &[&str] =
    &["code", "state", "iss", "id_token", "access_token", "token_type", "expires_in", "scope", "session_state"];
/// Parameters of an error.
const ERROR: &[&str] = &["error", "error_description", "error_uri", "state", "session_state", "iss"];
/// Claims of the protocol in an ID Token.
const PROTOCOL: &[&str] = &[
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
    "nbf",
    "jti",
    "sid",
    "txn",
];
const YEAR: i64 = 365 * 24 * 60 * 60;

/// Parameters of a response.
#[derive(Clone, Debug)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn read(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "an examiner outside the server has a clock of its own")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// The parameters of a response, from the channel they must come through and from no other.
fn arrived(asked: &Asked, page: &Page) -> Fields {
    let registered = testkit::http::read(&asked.client.redirect_uri);
    if asked.get("response_mode") == Some("form_post") {
        let form = page.form("form-post");
        assert_eq!(form.action, asked.client.redirect_uri);
        assert_eq!(form.method.to_ascii_lowercase(), "post");
        assert!(page.answer.body.contains("type=\"submit\""), "a button for who has no script");
        assert_eq!(page.answer.status, 200);
        return Fields(form.fields);
    }
    assert!(page.url.as_str().starts_with(SUITE), "{} {}: {}", page.url, page.answer.status, page.answer.body);
    assert_eq!(page.url.path(), registered.path());
    match asked.get("response_type") {
        // Without a response type there is no other place than the query.
        None | Some("code") => {
            assert_eq!(page.url.fragment(), None);
            let query = page.url.query().expect("a code, or an error, comes in the query");
            let own = registered.query().map(|own| format!("{own}&"));
            Fields::read(own.map_or(query, |own| query.strip_prefix(own.as_str()).expect("its own query is kept")))
        }
        Some(_) => {
            assert_eq!(page.url.query(), registered.query(), "nothing leaks into the query");
            Fields::read(page.url.fragment().expect("it comes in the fragment"))
        }
    }
}

fn expected(asked: &Asked, fields: &Fields, known: &[&str]) {
    for (name, _) in &fields.0 {
        assert!(known.contains(&name.as_str()), "{name} is no parameter of {fields:?}");
        assert_eq!(fields.0.iter().filter(|(other, _)| other == name).count(), 1, "{name} is repeated");
    }
    assert_eq!(fields.get("state"), asked.get("state"), "state is echoed exactly");
    // RFC 9207.
    assert_eq!(fields.get("iss"), Some(ISSUER));
    // Session Management §3.
    assert!(fields.get("session_state").is_some_and(|state| !state.is_empty() && !state.contains(' ')));
}

/// Row 2.0 authorization-response, when it is a success.
pub(super) fn success(asked: &Asked, page: &Page) -> Fields {
    let fields = arrived(asked, page);
    assert_eq!(fields.get("error"), None, "{fields:?}");
    expected(asked, &fields, SUCCESS);
    let variant = asked.variant;
    for (word, name) in [("code", "code"), ("token", "access_token"), ("id_token", "id_token")] {
        assert_eq!(fields.get(name).is_some(), variant.carries(word), "{name} for {}: {fields:?}", variant.kind);
    }
    for secret in ["code", "access_token"].iter().filter_map(|name| fields.get(name)) {
        is_random(secret);
    }
    if variant.carries("token") {
        assert!(fields.get("token_type").unwrap().eq_ignore_ascii_case("bearer"));
        let seconds: i64 = fields.get("expires_in").unwrap().parse().unwrap();
        assert!((1..YEAR).contains(&seconds), "{seconds}");
    }
    fields
}

/// Row 2.0 error-redirects; the error's code.
pub(super) fn refusal(asked: &Asked, page: &Page) -> String {
    let fields = arrived(asked, page);
    expected(asked, &fields, ERROR);
    let said = fields.get("error_description").unwrap_or_default();
    let legal = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    assert!(!said.is_empty() && said.chars().all(legal), "RFC 6749 §4.1.2.1: {said}");
    fields.get("error").expect("an error").to_owned()
}

/// An error page (§1): plain HTML, 400, at the address that was asked, with a stable phrase.
pub(super) fn error_page(page: &Page, path: &str, phrase: &str) {
    assert_eq!(page.answer.status, 400, "{}", page.url);
    assert_eq!((page.url.origin().ascii_serialization().as_str(), page.url.path()), (ISSUER, path));
    assert_eq!(page.way.len(), 1, "nobody is sent anywhere: {:?}", page.way);
    assert!(page.answer.header("content-type").unwrap().starts_with("text/html"));
    assert!(page.says(phrase), "{phrase} is not on {}", page.answer.body);
    assert!(!page.has_form("form-post") && page.answer.header("location").is_none());
}

/// At least 128 bits long, and more than 96 of measured entropy.
pub(super) fn is_random(secret: &str) {
    let mut counts = [0_u32; 256];
    secret.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let length = f64::from(u32::try_from(secret.len()).unwrap());
    let bits: f64 = counts.iter().filter(|n| **n > 0).map(|n| -f64::from(*n) * (f64::from(*n) / length).log2()).sum();
    assert!(secret.len() >= 22 && bits > 96.0, "{secret} has {bits} bits");
    assert!(secret.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.~+/".contains(&b)), "{secret}");
}

/// JSON that no cache keeps (RFC 6749 §5.1).
pub(super) fn is_fresh_json(answer: &Answer) {
    assert!(answer.header("content-type").is_some_and(|kind| kind.starts_with("application/json")));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
}

/// Row 2.0 registration: what a client is told that may register.
pub(super) fn registered(metadata: &Value, answer: &Answer) -> Value {
    assert_eq!((answer.status, answer.header("content-type")), (201, Some("application/json")), "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let told = answer.json();
    assert!(told["client_id"].as_str().is_some_and(|id| !id.is_empty()) && told.get("error").is_none());
    assert_eq!(told.get("client_secret").is_some(), told["client_secret_expires_at"].is_u64(), "{told}");
    // client_secret_jwt needs 32 bytes of it.
    assert!(told["client_secret"].as_str().is_none_or(|secret| secret.len() >= 32));
    assert!(told["registration_client_uri"].as_str().is_some_and(|uri| uri.starts_with("https://")));
    is_random(told["registration_access_token"].as_str().expect("address and token come together"));
    echoes(metadata, &told);
    told
}

/// A registration that is refused; the error's code.
pub(super) fn not_registered(answer: &Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (400, Some("application/json")), "{}", answer.body);
    answer.json()["error"].as_str().expect("an error").to_owned()
}

/// Every registered member is told back as it was sent (RFC 7591 §3.2.1).
pub(super) fn echoes(metadata: &Value, told: &Value) {
    for (name, value) in metadata.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name} is echoed");
    }
}

/// Row 2.0 token-response.
pub(super) fn token_response(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    is_fresh_json(answer);
    let tokens = answer.json();
    assert!(tokens["token_type"].as_str().unwrap().eq_ignore_ascii_case("bearer"));
    assert!((1..YEAR).contains(&tokens["expires_in"].as_i64().expect("expires_in is a number")), "{tokens}");
    is_random(tokens["access_token"].as_str().unwrap());
    if let Some(refresh) = tokens["refresh_token"].as_str() {
        is_random(refresh);
    }
    tokens
}

/// A token-style error.
pub(super) fn token_error(answer: &Answer, status: u16, error: &str) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)), "{}", answer.body);
    is_fresh_json(answer);
}

/// Row 2.0 id-token: signed by a published key found by its `kid`, and no claim that is wrong, badly typed or unasked.
pub(super) fn id_token(examiner: &Examiner, asked: &Asked, token: &str, beside: &Fields) -> Map<String, Value> {
    let verified = jose::verify(token, &examiner.jwks, &[JwsAlg::Rs256]).expect("RS256 is the default");
    let kid = verified.header().kid.clone().expect("the header has a kid");
    assert!(examiner.jwks.keys().iter().any(|key| key.kid() == Some(&kid)));
    let claims = verified.claims().unwrap();
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    assert_eq!((text("iss"), text("aud")), (Some(ISSUER), Some(asked.client.id.as_str())));
    assert!(number("exp").unwrap() > now() && (now() - number("iat").unwrap()).abs() < 300);
    assert_eq!(text("nonce"), asked.get("nonce"), "as sent, and absent if none was");
    assert!(text("sub").is_some_and(|sub| !sub.is_empty() && sub.len() <= 255 && sub.is_ascii()));
    assert!(claims.get("acr").is_none_or(|acr| acr.as_str().is_some_and(|acr| !acr.is_empty())));
    assert!((1_500_000_000..=now() + 5).contains(&number("auth_time").unwrap()));
    assert!(text("sid").is_some_and(|sid| !sid.is_empty()), "Back-Channel Logout §2.1");
    for (hash, of) in [("at_hash", "access_token"), ("c_hash", "code"), ("s_hash", "state")] {
        let want = beside.get(of).map(|value| half_hash(JwsAlg::Rs256, value));
        assert_eq!(text(hash), want.as_deref(), "{hash}");
    }
    let told = !asked.variant.gives_access();
    for name in claims.keys() {
        let known = PROTOCOL.contains(&name.as_str()) || asked.in_id_token.contains(&name.as_str());
        assert!(known || told, "{name} has no business in the ID Token of {}", asked.variant.kind);
    }
    standard_claims(&claims);
    claims
}

/// Row 2.0 userinfo.
pub(super) fn userinfo(answer: &Answer) -> Map<String, Value> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.header("content-type").unwrap().starts_with("application/json"));
    let claims = answer.json().as_object().expect("an object").clone();
    assert!(claims["sub"].is_string());
    standard_claims(&claims);
    claims
}

/// Whoever answers, it is the same person.
pub(super) fn one_person(outcome: &Outcome) {
    let places = [&outcome.front, &outcome.back, &outcome.userinfo];
    let mut subjects: Vec<&Value> = places.iter().filter_map(|claims| claims.as_ref()?.get("sub")).collect();
    subjects.dedup();
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    if let (Some(front), Some(back)) = (&outcome.front, &outcome.back) {
        assert_eq!((front.get("iss"), front.get("auth_time")), (back.get("iss"), back.get("auth_time")));
    }
}

/// Every standard claim that is there is of its type (Core §5.1).
pub(super) fn standard_claims(claims: &Map<String, Value>) {
    for (name, value) in claims {
        let text = value.as_str();
        let fits = match name.as_str() {
            "email_verified" | "phone_number_verified" => value.is_boolean(),
            // Between 1990 and now.
            "updated_at" => value.as_i64().is_some_and(|at| (631_152_000..=now() + 5).contains(&at)),
            "address" => value.as_object().is_some_and(|all| !all.is_empty() && all.values().all(Value::is_string)),
            "birthdate" => text.is_some_and(is_birthdate),
            "amr" | "aud" | "exp" | "iat" | "nbf" | "auth_time" => true,
            _ => text.is_some_and(|text| !text.is_empty() && text != "null"),
        };
        assert!(fits, "{name}: {value}");
    }
}

fn is_birthdate(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00" || shape == "0000"
}

/// An examiner that finds nothing wrong would pass everything.
#[test]
fn what_is_wrong_is_noticed() {
    use serde_json::json;
    let object = |value: Value| value.as_object().unwrap().clone();
    for wrong in [
        json!({ "updated_at": "1700000000" }),
        json!({ "updated_at": 4_000_000_000_u64 }),
        json!({ "name": "" }),
        json!({ "name": "null" }),
        json!({ "name": null }),
        json!({ "address": "1 rue X" }),
        json!({ "address": {} }),
        json!({ "birthdate": "28.02.1990" }),
        json!({ "email_verified": "true" }),
    ] {
        let claims = object(wrong.clone());
        assert!(std::panic::catch_unwind(|| standard_claims(&claims)).is_err(), "{wrong}");
    }
    standard_claims(&object(super::examiner::fixture()));
    for weak in ["", "abc", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "code-1", "0000000000000000000000000000001"]
    {
        assert!(std::panic::catch_unwind(|| is_random(weak)).is_err(), "{weak}");
    }
    is_random("SplxlOBeZQQYbYS6WxSbIAqVlXk3Yj0Rr8u1nC2mTfA");
    let (metadata, told) = (json!({ "contacts": ["a"], "jwks": {} }), json!({ "contacts": ["a"] }));
    assert!(std::panic::catch_unwind(|| echoes(&metadata, &told)).is_err());
}
