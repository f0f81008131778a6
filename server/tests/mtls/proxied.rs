//! A proxy that ends TLS and passes certificates on: RFC 8705 §6.5, RFC 9440.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::http::{Answer, Question};
use testkit::{Authority, Credential, Plan, Provider, Wanted, eventually, free_port};

use super::{vouched, wanted};
use crate::ground::plan;

/// A provider behind a proxy, which this test is.
struct Behind {
    provider: Provider,
    authority: Authority,
    port: u16,
}

impl Behind {
    async fn new(trusted: &str, field: &str) -> Self {
        let (authority, port) = (Authority::new("An authority"), free_port());
        let mut provider = Self::plan(trusted, field, port).prepare();
        provider.file("client_ca.pem", &authority.pem);
        provider.start().await;
        Self { provider, authority, port }
    }

    fn plan(trusted: &str, field: &str, port: u16) -> Plan {
        plan()
            .set(&format!("proxy.trusted = [\"{trusted}\"]"))
            .set("mtls.url = \"https://mtls.op.test\"")
            .set(&format!("mtls.listen = [\"127.0.0.1:{port}\"]"))
            .set("mtls.client_ca = \"client_ca.pem\"")
            .set(&format!("mtls.client_certificate_header = \"{field}\""))
    }

    async fn client(&self) -> String {
        let mut metadata = vouched();
        metadata["redirect_uris"] = json!(["https://rp.example/cb"]);
        let added = self.provider.client(&metadata, &["--first-party"]).await;
        let id = added["client_id"].as_str().unwrap().to_owned();
        let probe = format!("/authorize?client_id={id}&response_type=code");
        eventually("the new client is known", std::time::Duration::from_secs(5), async || {
            let answer = self.provider.get(&probe).await.ok()?;
            (!answer.body.contains("authorize_client_unknown")).then_some(())
        })
        .await;
        id
    }

    /// A request of a client's, as it arrives at the second listener, or at the first.
    async fn knocks(&self, port: u16, client: &str, fields: &[(&str, &str)]) -> Answer {
        let url = format!("http://127.0.0.1:{port}/revoke");
        let question = Question::post(&url, &[("client_id", client), ("token", "nothing")]);
        let question = fields.iter().fold(question, |question, (name, value)| question.header(name, value));
        question.send(&[]).await.unwrap()
    }
}

fn sequence(credential: &Credential) -> String {
    format!(":{}:", STANDARD.encode(&credential.der))
}

fn escaped(credential: &Credential) -> String {
    url::form_urlencoded::byte_serialize(credential.pem.as_bytes()).collect::<String>().replace('+', "%20")
}

fn is_refused(answer: &Answer) {
    assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")), "{}", answer.body);
}

#[tokio::test]
async fn a_trusted_proxy_is_believed_at_the_second_listener_alone() {
    let behind = Behind::new("127.0.0.1/32", "Client-Cert").await;
    let (client, credential) = (behind.client().await, behind.authority.issue(&wanted()));
    let (second, first) = (behind.port, behind.provider.port());
    let field = sequence(&credential);
    let answer = behind.knocks(second, &client, &[("client-cert", &field)]).await;
    assert_eq!(answer.status, 200, "{}\n{}", answer.body, behind.provider.log());
    // The PEM of nginx and Envoy is read too, in whatever field.
    assert_eq!(behind.knocks(second, &client, &[("client-cert", &escaped(&credential))]).await.status, 200);
    let envoys = format!("By=spiffe://proxy;Cert=\"{}\";Subject=\"CN=a\"", escaped(&credential));
    assert_eq!(behind.knocks(second, &client, &[("client-cert", &envoys)]).await.status, 200);
    // A chain comes in the field beside it.
    let below = behind.authority.below("An authority below");
    let other = below.issue(&wanted());
    is_refused(&behind.knocks(second, &client, &[("client-cert", &sequence(&other))]).await);
    let pem: String = below.pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let chain = format!(":{pem}:");
    let fields = [("client-cert", sequence(&other)), ("client-cert-chain", chain)];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(behind.knocks(second, &client, &fields).await.status, 200, "{}", behind.provider.log());
    // At the first listener nobody is believed: there a proxy passes on what strangers write.
    is_refused(&behind.knocks(first, &client, &[("client-cert", &field)]).await);
    is_refused(&behind.knocks(second, &client, &[]).await);
    is_refused(&behind.knocks(second, &client, &[("x-client-cert", &field)]).await);
    is_refused(&behind.knocks(second, &client, &[("client-cert", &field), ("client-cert", &field)]).await);
    is_refused(&behind.knocks(second, &client, &[("client-cert", "nothing")]).await);
    is_refused(&behind.knocks(second, &client, &[("client-cert", &sequence(&wanted().own()))]).await);
    let strange = behind.authority.issue(&Wanted::of("other.example"));
    is_refused(&behind.knocks(second, &client, &[("client-cert", &sequence(&strange))]).await);
    let document = behind.provider.get("/.well-known/openid-configuration").await.unwrap().json();
    assert_eq!(document["mtls_endpoint_aliases"]["token_endpoint"], "https://mtls.op.test/token");
}

#[tokio::test]
async fn nobody_else_is_believed() {
    let behind = Behind::new("192.0.2.1/32", "client-cert").await;
    let (client, credential) = (behind.client().await, behind.authority.issue(&wanted()));
    for more in [None, Some(("x-forwarded-for", "192.0.2.1")), Some(("forwarded", "for=192.0.2.1"))] {
        let field = sequence(&credential);
        let fields: Vec<(&str, &str)> = std::iter::once(("client-cert", field.as_str())).chain(more).collect();
        is_refused(&behind.knocks(behind.port, &client, &fields).await);
    }
    assert!(behind.provider.log().contains("tls_certificate_absent"), "{}", behind.provider.log());
}

/// A token is bound to the certificate that the proxy saw.
#[tokio::test]
async fn tokens_are_bound_to_what_the_proxy_saw() {
    let behind = Behind::new("127.0.0.1/32", "client-cert").await;
    let (own, thief) = (Wanted::of("own").own(), Wanted::of("thief").own());
    let metadata = json!({
        "grant_types": ["client_credentials"], "response_types": [], "redirect_uris": [], "scope": "read",
        "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": { "keys": [own.jwk()] },
        "tls_client_certificate_bound_access_tokens": true,
    });
    let added = behind.provider.client(&metadata, &[]).await;
    let id = added["client_id"].as_str().unwrap();
    let ask = async |path: &str, fields: &[(&str, &str)], by: &Credential| {
        let url = format!("http://127.0.0.1:{}{path}", behind.port);
        Question::post(&url, fields).header("client-cert", &sequence(by)).send(&[]).await.unwrap()
    };
    let fields = [("grant_type", "client_credentials"), ("client_id", id)];
    let token: Value = eventually("the new client is known", std::time::Duration::from_secs(5), async || {
        let answer = ask("/token", &fields, &own).await;
        (answer.status == 200).then(|| answer.json())
    })
    .await;
    is_refused(&ask("/token", &fields, &thief).await);
    let token = token["access_token"].as_str().unwrap();
    let said = ask("/introspect", &[("token", token), ("client_id", id)], &own).await.json();
    assert_eq!(said["cnf"], json!({ "x5t#S256": own.x5t() }), "{said}");
    let refused = ask("/userinfo", &[("access_token", token)], &thief).await;
    assert_eq!((refused.status, refused.json()["error"].as_str()), (401, Some("invalid_token")), "{}", refused.body);
    let refused = ask("/userinfo", &[("access_token", token)], &own).await;
    assert_eq!(refused.json()["error"], "insufficient_scope", "it is theirs, and of nobody: {}", refused.body);
}

#[tokio::test]
async fn without_a_trusted_proxy_there_is_no_field() {
    let said = async |plan: Plan| plan.prepare().runs(&["config", "check"]).await;
    let base = || plan().set("mtls.url = \"https://mtls.op.test\"").set("mtls.listen = [\"127.0.0.1:0\"]");
    let (status, _, said_one) = said(base().set("mtls.client_certificate_header = \"client-cert\"")).await;
    assert!(status == Some(1) && said_one.contains("means nothing without proxy.trusted"), "{said_one}");
    let odd = base().set("proxy.trusted = [\"127.0.0.1/32\"]").set("mtls.client_certificate_header = \"client cert\"");
    let (status, _, said_two) = said(odd).await;
    assert!(status == Some(1) && said_two.contains("is not the name of a header field"), "{said_two}");
}
