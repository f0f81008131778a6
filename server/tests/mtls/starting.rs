//! The second listener: what it takes to open it, and that the first knows nothing of it.

use std::sync::{Arc, Mutex};

use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::{self, cipher_suite as suite};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedCipherSuite, version};
use testkit::Certificate;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Ground;
use crate::ground::plan;

/// Remembers whether a certificate was asked for, and has none.
#[derive(Debug, Default)]
struct Asked(Mutex<bool>);

impl ResolvesClientCert for Asked {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        *self.0.lock().unwrap() = true;
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Shakes hands with who trusts this certificate and speaks this suite: whether a certificate was asked for.
async fn shake(port: u16, trusted: &Certificate, suite: SupportedCipherSuite) -> Result<bool, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted.der.clone())).unwrap();
    let mut crypto = aws_lc_rs::default_provider();
    crypto.cipher_suites = vec![suite];
    let versions = [if suite.version().version == version::TLS12.version { &version::TLS12 } else { &version::TLS13 }];
    let asked = Arc::new(Asked::default());
    let config = ClientConfig::builder_with_provider(Arc::new(crypto)).with_protocol_versions(&versions).unwrap();
    let config = config.with_root_certificates(roots).with_client_cert_resolver(Arc::clone(&asked) as Arc<_>);
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|e| e.to_string())?;
    // In TLS 1.3 a server that minds says so after the handshake.
    let mut byte = [0; 1];
    let heard = tokio::time::timeout(std::time::Duration::from_millis(200), stream.read(&mut byte)).await;
    assert!(heard.is_err(), "nothing is said before something is asked");
    Ok(*asked.0.lock().unwrap())
}

/// item 18, and RFC 8705 §5: of TLS 1.2, ECDHE with AES-GCM and nothing else, with an RSA key; people's browsers are asked for
/// nothing, and whoever is asked may have nothing.
#[tokio::test]
async fn clients_are_asked_for_a_certificate_and_people_are_not() {
    let ground = Ground::new().await;
    let second = ground.base.rsplit(':').next().unwrap().parse().unwrap();
    for (port, is_asked) in [(ground.provider.port(), false), (second, true)] {
        for good in [
            suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            suite::TLS13_AES_128_GCM_SHA256,
            suite::TLS13_AES_256_GCM_SHA384,
        ] {
            assert_eq!(shake(port, &ground.ours, good).await, Ok(is_asked), "{good:?} at {port}");
        }
        let refused = shake(port, &ground.ours, suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256).await.unwrap_err();
        assert!(refused.contains("HandshakeFailure"), "{refused}");
    }
}

#[tokio::test]
async fn what_is_not_whole_does_not_start() {
    let own = Certificate::fresh(&rcgen::PKCS_ECDSA_P256_SHA256);
    let listen = "mtls.listen = [\"127.0.0.1:0\"]";
    let url = "mtls.url = \"https://127.0.0.1:8444\"";
    for (lines, complaint) in [
        (&[listen][..], "mtls.url: must be set"),
        (&[url], "mtls.listen: must be set"),
        (&["mtls.client_ca = \"ca.pem\""], "mtls.url: must be set"),
        (
            &[listen, "mtls.url = \"http://login.example.org\""],
            "mtls.url: \"http://login.example.org\" must begin with https",
        ),
        (&[listen, url, "mtls.key = \"key.pem\""], "mtls.certificate: must be set beside mtls.key"),
        (&[listen, url, "mtls.certificate = \"certificate.pem\""], "mtls.key: must be set beside mtls.certificate"),
        (&[listen, url, "mtls.client_crl = \"crl.pem\""], "mtls.client_crl: means nothing without mtls.client_ca"),
        (&[listen, url, "mtls.client_ca = \"nowhere.pem\""], "nowhere.pem"),
        (&[listen, url, "mtls.client_ca = \"key.pem\""], "key.pem: holds no certificate"),
        (
            &[listen, url, "mtls.client_ca = \"certificate.pem\"", "mtls.client_crl = \"key.pem\""],
            "key.pem: holds no revocation list",
        ),
    ] {
        let plan = lines.iter().fold(plan().tls(&own), |plan, line| plan.set(line));
        let mut provider = plan.prepare();
        provider.launch();
        assert_eq!(provider.ended().await, Some(1), "{lines:?}");
        assert!(provider.log().contains(complaint), "{complaint}: {}", provider.log());
    }
    let plain = plan().set(listen).set(url).prepare();
    let (status, _, said) = plain.runs(&["config", "check"]).await;
    assert!(status == Some(1) && said.contains("mtls.certificate: must be set, or tls.certificate"), "{said}");
    let mut same = plan().tls(&own).set(listen).set("mtls.url = \"https://localhost\"").prepare();
    let issuer = same.issuer().to_owned();
    let config = std::fs::read_to_string(same.dir().join("ostiary.toml")).unwrap();
    same.file("ostiary.toml", &config.replace("\"https://localhost\"", &format!("\"{issuer}/mtls\"")));
    same.launch();
    assert_eq!(same.ended().await, Some(1));
    assert!(same.log().contains("must have another host or port than the issuer"), "{}", same.log());
}

/// Whoever is not set up for it says so, and says nothing of it in discovery.
#[tokio::test]
async fn where_nothing_is_set_up_nothing_is_offered() {
    let provider = plan().start().await;
    let document = provider.get("/.well-known/openid-configuration").await.unwrap();
    assert!(!document.body.contains("tls_client") && !document.body.contains("mtls"), "{}", document.body);
    let refused = provider
        .try_cli(
            &super::vouched().to_string().replace('{', "{\"redirect_uris\": [\"https://rp.example/cb\"], "),
            &["client", "add", "-"],
        )
        .await;
    let said = refused.unwrap_err();
    assert!(said.contains("token_endpoint_auth_method: this server is not set up for it"), "{said}");
}
