//! What cases are given: clients, grants and tokens with good defaults, and the files they are read from.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use jose::{JwsAlg, Signer as _, SigningKey};
use openid::acr::Amr;
use openid::bound::dpop::{self, Proven};
use openid::claims::parameter::ClaimsRequest;
use openid::client::auth::{Audience, Judged, Keys, Presented, judge};
use openid::client::metadata::Metadata;
use openid::client::policy::Policy;
use openid::client::{Authenticated, Client, ClientSecret, Standing};
use openid::name::{AccountId, ClientId, Digest, GrantId, SessionId, Sid, Sub};
use openid::resource::{Ours, ResourceServer, Resources};
use openid::session::{Grant, GrantKind};
use openid::time::{Span, Time};
use openid::wire::form::Form;
use openid::wire::scope::Scope;
use serde_json::{Map, Value, json};

/// When every case happens.
pub(crate) const NOW: Time = Time::from_seconds(1_700_000_000);
/// Who we are in every case.
pub(crate) const ISSUER: &str = "https://op.example";
const SECRET: &str = "a-secret-of-more-than-thirty-two-bytes";

/// Seconds.
pub(crate) fn seconds(n: i64) -> Span {
    Span::from_seconds(n)
}

/// Every case of a file or folder, as (file, case), those of sub-folders included.
pub(crate) fn cases(folder: &str) -> Vec<(String, Value)> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(folder);
    if place.is_file() {
        files.push(place);
    } else {
        walk(&place, &mut files);
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let read: toml::Table = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let read = serde_json::to_value(read).unwrap();
        for case in read["case"].as_array().unwrap_or_else(|| panic!("{}: no [[case]]", file.display())) {
            all.push((file.display().to_string(), case.clone()));
        }
    }
    assert!(!all.is_empty(), "{folder} has no cases");
    all
}

/// Runs every case; all that fail are shown.
pub(crate) fn run(folder: &str, ruled: impl Fn(&str, &Value) -> Value) {
    let mut failed = Vec::new();
    for (file, case) in cases(folder) {
        assert!(case["clause"].is_string() && case["title"].is_string(), "{file}: a case without clause or title");
        let got = ruled(&file, &case);
        if let Some(difference) = difference("ruled", &case["ruled"], &got) {
            failed.push(format!("{file}\n  {} ({})\n  {difference}\n  got {got}", case["title"], case["clause"]));
        }
    }
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
}

/// The first place where something wanted is not there: objects may hold more than is wanted, `"absent"` wants nothing.
fn difference(place: &str, want: &Value, got: &Value) -> Option<String> {
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => want.iter().find_map(|(name, want)| {
            let place = format!("{place}.{name}");
            match got.get(name) {
                None | Some(Value::Null) if want == "absent" => None,
                None => Some(format!("{place}: wanted {want}, got nothing")),
                Some(got) => difference(&place, want, got),
            }
        }),
        _ if want == got => None,
        _ => Some(format!("{place}: wanted {want}, got {got}")),
    }
}

/// The parameters of a request.
pub(crate) fn form(asked: &Value) -> Form {
    let mut pairs = Vec::new();
    for (name, value) in asked.as_object().unwrap() {
        match value {
            Value::Array(all) => pairs.extend(all.iter().map(|v| (name.clone(), v.as_str().unwrap().to_owned()))),
            one => pairs.push((name.clone(), one.as_str().unwrap().to_owned())),
        }
    }
    // Through the encoding, as they would arrive.
    Form::read(Form::from_pairs(pairs).encode().as_bytes()).unwrap()
}

/// A client: `metadata` over these defaults, and a `policy`.
pub(crate) fn client(given: &Value, defaults: &Value) -> Arc<Client> {
    let mut metadata = json!({
        "redirect_uris": ["https://rp.example/cb"],
        "token_endpoint_auth_method": "client_secret_post",
        "scope": "openid profile email address phone offline_access read write",
    });
    for more in [defaults, &given["metadata"]] {
        for (name, value) in more.as_object().into_iter().flatten() {
            metadata[name.as_str()] = value.clone();
        }
    }
    let metadata = Metadata::read(metadata.as_object().unwrap()).unwrap_or_else(|e| panic!("{e} in {metadata}"));
    let policy: Policy = match &given["policy"] {
        Value::Null => Policy::default(),
        policy => serde_json::from_value(policy.clone()).unwrap(),
    };
    let id = ClientId::new(given["id"].as_str().unwrap_or("rp"));
    Arc::new(Client {
        id,
        version: 1,
        standing: Standing::Enabled,
        metadata,
        policy,
        secret: ClientSecret::Hashed(Digest::of(SECRET)),
    })
}

/// The same client, having proven who it is.
pub(crate) fn authenticated(client: &Arc<Client>) -> Authenticated<Arc<Client>> {
    let mut pairs = vec![("client_id", client.id.as_str())];
    if client.metadata.kind() == openid::client::metadata::ClientKind::Confidential {
        pairs.push(("client_secret", SECRET));
    }
    let presented = Presented::read(None, &Form::from_pairs(pairs)).unwrap();
    let audience =
        Audience { issuer: ISSUER, token_endpoint: "https://op.example/token", endpoint: "https://op.example/token" };
    match judge(&presented, client, &Keys::NONE, &audience, NOW) {
        Judged::Is(client) => client,
        other => panic!("{other:?}"),
    }
}

/// A grant of this scope to a client.
pub(crate) fn grant(given: &Value, client: &str, scope: &str) -> Grant {
    let scope = Scope::from(given["scope"].as_str().unwrap_or(scope).to_owned());
    let kind = match given["kind"].as_str() {
        Some(word) => GrantKind::read(word).unwrap(),
        None => GrantKind::of(&scope),
    };
    Grant {
        id: GrantId::new("family"),
        client: ClientId::new(given["client"].as_str().unwrap_or(client)),
        account: AccountId::new("account"),
        sub: Sub::new("subject"),
        sid: Sid::new("stay"),
        session: SessionId::new("session"),
        kind,
        scope,
        claims: ClaimsRequest::stored(given["claims"].as_str().unwrap_or_default()).unwrap(),
        resources: texts(&given["resources"]),
        auth_time: NOW - seconds(3600),
        acr: Some("urn:ostiary:acr:password".to_owned()),
        amr: Amr::one("pwd"),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        created_at: NOW,
        expires_at: NOW,
    }
}

/// What means something here, to whoever describes a resource server.
pub(crate) fn ours(scopes: &Scope) -> Ours<'_> {
    Ours { issuer: ISSUER, algs: &[JwsAlg::Rs256, JwsAlg::Ps256, JwsAlg::Es256, JwsAlg::EdDsa], scopes }
}

/// The resource servers of a case, or these.
pub(crate) fn resources(given: &Value) -> Arc<Resources> {
    let usual = json!([
        { "resource": "https://api.example/", "scopes": { "api:read": {}, "api:write": {} } },
        { "resource": "https://files.example/", "scopes": { "files:read": {} } },
        { "resource": "urn:example:api" },
    ]);
    let given = if given.is_null() { &usual } else { given };
    let read = |one: &Value| ResourceServer::read(&object(one), ours(&Scope::default())).unwrap();
    Arc::new(Resources::new(ISSUER, given.as_array().unwrap().iter().map(read).collect()))
}

/// A list of texts.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect()
}

/// An object.
pub(crate) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Whoever holds one of two keys, as they have just shown.
pub(crate) fn proven(name: &str) -> Proven {
    static KEYS: LazyLock<[SigningKey; 2]> =
        LazyLock::new(|| ["one", "two"].map(|kid| SigningKey::generate(JwsAlg::Es256, kid).unwrap()));
    let key = &KEYS[usize::from(name == "two")];
    let uri = "https://op.example/token";
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk() });
    let claims = json!({ "htm": "POST", "htu": uri, "iat": NOW.seconds(), "jti": "n" });
    let input = format!("{}.{}", jose::base64url(header.to_string()), jose::base64url(claims.to_string()));
    let proof = format!("{input}.{}", jose::base64url(key.sign(input.as_bytes()).unwrap()));
    dpop::judge(&proof, &dpop::Attached { method: "POST", uri, access_token: None }, NOW).unwrap()
}
