//! Request objects by value and by reference, signed and encrypted, and answers encrypted to the client: Core §6, §10, §5.3.2.

use jose::{DecryptionKey, DecryptionKind, Envelope, JweAlg, JweEnc, JwkSet, JwsAlg, SigningKey};
use serde_json::{Map, Value, json};
use testkit::http::Question;
use testkit::relying_party::part;
use testkit::{Begun, Browser, Provider, RelyingParty};

use super::super::ground::{ADA, plan, with_ada};
use super::{fields, get};

/// A client with keys of its own.
pub(super) struct Keys {
    signing: SigningKey,
    decryption: DecryptionKey,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            signing: SigningKey::generate(JwsAlg::Es256, "own").unwrap(),
            decryption: DecryptionKey::generate(DecryptionKind::Rsa, "enc").unwrap(),
        }
    }

    pub(super) fn public(&self) -> Value {
        json!({ "keys": [self.signing.public_jwk(), self.decryption.public_jwk().unwrap().unwrap()] })
    }

    /// Signs the request's own parameters, with others over them.
    pub(super) fn object(&self, provider: &Provider, party: &RelyingParty, begun: &Begun, more: &Value) -> String {
        let mut claims: Map<String, Value> = begun.parameters.iter().map(|(n, v)| (n.clone(), json!(v))).collect();
        claims.insert("iss".to_owned(), json!(party.client_id));
        claims.insert("aud".to_owned(), json!(provider.issuer()));
        claims.extend(more.as_object().unwrap().clone());
        jose::sign(&self.signing, Some("oauth-authz-req+jwt"), Value::Object(claims).to_string().as_bytes()).unwrap()
    }

    fn open(&self, token: &str, algs: &[JweAlg], encs: &[JweEnc]) -> String {
        jose::decrypt(token, &[&self.decryption], algs, encs).unwrap().token().unwrap().to_owned()
    }
}

pub(super) async fn party(provider: &Provider, keys: &Keys, more: &Value) -> RelyingParty {
    let mut party = RelyingParty::open().await;
    let mut metadata = party.metadata("Objects");
    metadata["application_type"] = json!("native");
    metadata["response_types"] = json!(["code", "code id_token"]);
    metadata["grant_types"] = json!(["authorization_code", "implicit", "refresh_token"]);
    metadata["jwks"] = keys.public();
    for (name, value) in more.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    party.register(provider, &metadata, &["--first-party"]).await;
    party
}

/// The request with its parameters inside an object and only what OAuth demands outside.
fn by_value(begun: &Begun, party: &RelyingParty, object: &str) -> String {
    let url = begun.url();
    let (endpoint, _) = url.split_once('?').unwrap();
    let fields =
        [("client_id", party.client_id.as_str()), ("response_type", "code"), ("scope", "openid"), ("request", object)];
    format!("{endpoint}?{}", testkit::http::encode(&fields))
}

#[tokio::test]
async fn a_signed_request_object_is_the_request() {
    let provider = with_ada(plan()).await;
    let keys = Keys::new();
    let party = party(&provider, &keys, &json!({})).await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider);
    let object = keys.object(&provider, &party, &begun, &json!({}));
    // Through the sign-in page: the parameters inside survive it.
    let page = browser.open(&by_value(&begun, &party, &object)).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    party.complete(&provider, &begun, &page).await;
    // Outside it stands otherwise, and counts for nothing.
    let begun = party.begin(&provider);
    let object = keys.object(&provider, &party, &begun, &json!({}));
    let outer = begun.clone().with("request", &object).with("redirect_uri", "https://evil.example/").with("state", "x");
    let page = browser.open(&outer.url()).await;
    party.complete(&provider, &begun, &page).await;
}

#[tokio::test]
async fn an_object_that_cannot_be_believed_is_refused_where_the_outside_points() {
    let provider = with_ada(plan()).await;
    let keys = Keys::new();
    let party = party(&provider, &keys, &json!({ "request_object_signing_alg": "ES256" })).await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider);
    let strange = Keys::new();
    let object = strange.object(&provider, &party, &begun, &json!({}));
    let page = browser.open(&begun.clone().with("request", &object).url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_object"), "{}", page.url);
    // The object alone knows the address, and it is not believed: a page.
    let page = browser.open(&by_value(&begun, &party, &object)).await;
    assert_eq!(page.answer.status, 400);
    assert!(page.url.as_str().starts_with(provider.issuer()), "{}", page.url);
    // Neither is one that was signed by nobody, where the client registered how it signs.
    let unsigned = format!("{}.{}.", jose::base64url(br#"{"alg":"none"}"#), object.split('.').nth(1).unwrap());
    let page = browser.open(&begun.with("request", &unsigned).url()).await;
    assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_object"), "{}", page.url);
}

#[tokio::test]
async fn an_object_encrypted_to_our_published_key_is_read() {
    let provider = with_ada(plan()).await;
    let keys = Keys::new();
    let party = party(&provider, &keys, &json!({})).await;
    let mut browser = Browser::new(&provider);
    let jwks = provider.get("/jwks").await.unwrap().json();
    let published = JwkSet::read_public(&jwks).unwrap();
    for (alg, enc) in [(JweAlg::RsaOaep256, JweEnc::A128CbcHs256), (JweAlg::EcdhEsA128Kw, JweEnc::A256Gcm)] {
        let begun = party.begin(&provider);
        let object = keys.object(&provider, &party, &begun, &json!({}));
        let to = published.encryption_key(alg, enc).expect("a key to encrypt to is published");
        let sealed = jose::encrypt(to, &Envelope::of_jwt(alg, enc), object.as_bytes()).unwrap();
        let page = browser.open(&by_value(&begun, &party, &sealed)).await;
        let page = browser.through(page, ADA.0, ADA.1).await;
        party.complete(&provider, &begun, &page).await;
        // One letter of it is another, and nothing says which part was wrong.
        let tag = sealed.rfind('.').unwrap() + 1;
        let other = if sealed[tag..].starts_with('A') { "B" } else { "A" };
        let broken = format!("{}{other}{}", &sealed[..tag], &sealed[tag + 1..]);
        let page = browser.open(&begun.with("request", &broken).url()).await;
        assert_eq!(page.parameter("error").as_deref(), Some("invalid_request_object"), "{}", page.url);
    }
}

#[tokio::test]
async fn answers_are_encrypted_to_the_client() {
    let provider = with_ada(plan()).await;
    let keys = Keys::new();
    let more = json!({
        "id_token_encrypted_response_alg": "RSA-OAEP-256", "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_signed_response_alg": "ES256",
        "userinfo_encrypted_response_alg": "RSA-OAEP", "userinfo_encrypted_response_enc": "A128CBC-HS256",
    });
    let party = party(&provider, &keys, &more).await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider).with("response_type", "code id_token");
    let page = browser.open(&begun.url()).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let answer = fields(&page, "fragment");
    let front = keys.open(get(&answer, "id_token").unwrap(), &[JweAlg::RsaOaep256], &[JweEnc::A256Gcm]);
    let claims = part(&front, 1);
    assert_eq!(claims["nonce"], begun.nonce.as_str());
    let code = get(&answer, "code").unwrap();
    assert_eq!(claims["c_hash"], jose::half_hash(JwsAlg::Rs256, code));
    let tokens = party.try_redeem(&provider, code, &begun.verifier).await.json();
    let id_token = keys.open(tokens["id_token"].as_str().unwrap(), &[JweAlg::RsaOaep256], &[JweEnc::A256Gcm]);
    assert_eq!(part(&id_token, 1)["sub"], claims["sub"]);
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let question = Question::get(&provider.url("/userinfo")).header("authorization", &bearer);
    let said = provider.ask(question.header("accept", "application/json")).await;
    assert_eq!(said.header("content-type"), Some("application/jwt"));
    let said = keys.open(&said.body, &[JweAlg::RsaOaep], &[JweEnc::A128CbcHs256]);
    let jwks = JwkSet::read_public(&provider.get("/jwks").await.unwrap().json()).unwrap();
    let said = jose::verify(&said, &jwks, &[JwsAlg::Es256]).unwrap().claims().unwrap();
    assert_eq!((said["sub"].as_str(), said["aud"].as_str()), (claims["sub"].as_str(), Some(party.client_id.as_str())));
    assert_eq!(said["iss"], provider.issuer());
    assert!(!said.contains_key("nonce"), "certification.md §2.1 userinfo-rs256");
    // What tells it of the end is encrypted too (Back-Channel Logout §2.4), and our own token, decrypted, is a hint.
    let url = party.end_session_url(&provider, &[("id_token_hint", &id_token)]);
    let page = browser.open(&url).await;
    assert_eq!(page.answer.status, 200, "{}", page.answer.body);
    let session = provider.cli(&["session", "list"]).await;
    if let Some(id) = session[0]["id"].as_str() {
        provider.cli(&["session", "end", id]).await;
    }
    let heard = party.hears(1, std::time::Duration::from_secs(10)).await;
    let told = keys.open(&heard[0].token, &[JweAlg::RsaOaep256], &[JweEnc::A256Gcm]);
    assert!(part(&told, 1)["events"].as_object().unwrap().len() == 1);
}

/// What a client registered to encrypt with its secret, it may also encrypt to our key (Registration §2); and an ID Token that
/// we encrypted with its secret is a hint as it stands, beside `client_id` (RP-Initiated Logout §2).
#[tokio::test]
async fn a_secret_that_encrypts_is_one_way_among_others_and_its_tokens_are_hints() {
    let provider = with_ada(plan()).await;
    let keys = Keys::new();
    let more = json!({
        "request_object_encryption_alg": "dir", "request_object_encryption_enc": "A256GCM",
        "id_token_encrypted_response_alg": "dir", "id_token_encrypted_response_enc": "A256GCM",
    });
    let party = party(&provider, &keys, &more).await;
    let mut browser = Browser::new(&provider);
    let begun = party.begin(&provider);
    let object = keys.object(&provider, &party, &begun, &json!({}));
    let published = JwkSet::read_public(&provider.get("/jwks").await.unwrap().json()).unwrap();
    let to = published.encryption_key(JweAlg::RsaOaep256, JweEnc::A128CbcHs256).unwrap();
    let envelope = Envelope::of_jwt(JweAlg::RsaOaep256, JweEnc::A128CbcHs256);
    let sealed = jose::encrypt(to, &envelope, object.as_bytes()).unwrap();
    let page = browser.open(&by_value(&begun, &party, &sealed)).await;
    let page = browser.through(page, ADA.0, ADA.1).await;
    let code = page.parameter("code").unwrap_or_else(|| panic!("{}", page.answer.body));
    let tokens = party.try_redeem(&provider, &code, &begun.verifier).await.json();
    let id_token = tokens["id_token"].as_str().unwrap();
    assert!(jose::is_encrypted(id_token));
    let nobody = provider.url(&format!("/end_session?id_token_hint={id_token}"));
    assert_eq!(browser.open(&nobody).await.answer.status, 400, "nothing says whose it is");
    let hint = [("id_token_hint", id_token), ("client_id", party.client_id.as_str())];
    let over = browser.open(&party.end_session_url(&provider, &hint)).await;
    assert_eq!(over.answer.status, 200, "{}", over.answer.body);
    let none = browser.open(&party.begin(&provider).with("prompt", "none").url()).await;
    assert_eq!(none.parameter("error").as_deref(), Some("login_required"), "and it says which session ends");
}
