//! Mutual TLS: RFC 8705, over real connections.

mod authenticating;
mod bad_input;
mod bound;
mod proxied;
mod starting;

use serde_json::{Value, json};
use testkit::http::{Answer, Question};
use testkit::{Authority, Certificate, Credential, Provider, Wanted, eventually, free_port};

use crate::ground::{ADA, plan};

/// The name of every client's certificate here, as an operator writes it.
const SUBJECT: &str = "CN=rp.example,O=Example\\, Inc.";

/// What such a certificate says.
fn wanted() -> Wanted {
    Wanted::of("rp.example").host("rp.example").ip("192.0.2.7".parse().unwrap())
}

/// A provider that speaks TLS at two ports; at the second, clients are asked for a certificate.
struct Ground {
    provider: Provider,
    ours: Certificate,
    authority: Authority,
    base: String,
}

impl Ground {
    async fn new() -> Self {
        let mut ground = Self::prepare(&[]);
        ground.start().await;
        ground
    }

    /// Written, not started; with further lines of configuration.
    fn prepare(lines: &[&str]) -> Self {
        let (ours, authority) = (Certificate::fresh(&rcgen::PKCS_RSA_SHA256), Authority::new("An authority"));
        let port = free_port();
        let base = format!("https://127.0.0.1:{port}");
        let plan = plan().tls(&ours).set(&format!("mtls.url = \"{base}\""));
        let plan = plan.set(&format!("mtls.listen = [\"127.0.0.1:{port}\"]")).set("mtls.client_ca = \"client_ca.pem\"");
        let provider = lines.iter().fold(plan, |plan, line| plan.set(line)).prepare();
        provider.file("client_ca.pem", &authority.pem);
        Self { provider, ours, authority, base }
    }

    async fn start(&mut self) {
        self.provider.start().await;
        self.provider.user(ADA.0, ADA.1).await;
    }

    /// An address where certificates are asked for.
    fn alias(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Registers a client, and waits until the running server knows it. Its name is what comes back.
    async fn client(&self, more: &Value) -> String {
        let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
        for (name, value) in more.as_object().unwrap() {
            metadata[name.as_str()] = value.clone();
        }
        let added = self.provider.client(&metadata, &["--first-party"]).await;
        let id = added["client_id"].as_str().unwrap().to_owned();
        assert!(added["client_secret"].is_null(), "a client with a certificate has no secret: {added}");
        let probe = format!("/authorize?client_id={id}&response_type=code");
        eventually("the new client is known", std::time::Duration::from_secs(5), async || {
            let answer = self.provider.get(&probe).await.ok()?;
            (!answer.body.contains("authorize_client_unknown")).then_some(())
        })
        .await;
        id
    }

    /// Whether somebody is taken for a client, by who says so: the revocation endpoint answers 200 to those it knows.
    async fn knocks(&self, client: &str, by: &Credential) -> Answer {
        by.ask(Question::post(&self.alias("/revoke"), &[("client_id", client), ("token", "nothing")]), &[]).await
    }

    async fn gets_in(&self, client: &str, by: &Credential) {
        let answer = self.knocks(client, by).await;
        assert_eq!(answer.status, 200, "{}\n{}", answer.body, self.provider.log());
    }

    /// Refused, and for this reason, which the log alone says.
    async fn is_refused(&self, client: &str, by: &Credential, why: &str) {
        let before = self.provider.log().matches(why).count();
        let answer = self.knocks(client, by).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")), "{}", answer.body);
        assert_eq!(answer.json()["error_description"], "client authentication failed");
        assert_eq!(self.provider.log().matches(why).count(), before + 1, "{why}: {}", self.provider.log());
    }
}

/// `tls_client_auth` by the subject of the certificate.
fn vouched() -> Value {
    json!({ "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": SUBJECT })
}

/// `self_signed_tls_client_auth` by these.
fn known(credentials: &[&Credential]) -> Value {
    let keys: Vec<Value> = credentials.iter().map(|one| one.jwk()).collect();
    json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": { "keys": keys } })
}
