//! TLS built in: both protocols, both kinds of key, the suites of `certification.md` §3 item 18, files read again.

use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::{self, cipher_suite as suite};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedCipherSuite, version};
use testkit::{Browser, Certificate, Provider, RelyingParty, eventually};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::ground::{ADA, plan, with_ada};

/// The files are looked at every 5 s.
const SOON: Duration = Duration::from_secs(12);

/// A handshake with somebody who trusts this certificate alone, and speaks these protocols and suites.
async fn shake(
    provider: &Provider,
    trusted: &Certificate,
    protocols: &[&str],
    suites: &[SupportedCipherSuite],
) -> Result<TlsStream<TcpStream>, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(trusted.der.clone())).unwrap();
    let mut crypto = aws_lc_rs::default_provider();
    crypto.cipher_suites = suites.to_vec();
    let versions: Vec<_> = [&version::TLS12, &version::TLS13]
        .into_iter()
        .filter(|version| suites.iter().any(|suite| *suite.version() == **version))
        .collect();
    let mut config = ClientConfig::builder_with_provider(Arc::new(crypto))
        .with_protocol_versions(&versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(("127.0.0.1", provider.port())).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.map_err(|error| error.to_string())
}

/// A request on a connection that goes on: the status line.
async fn asks(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nok\n") {
        let mut chunk = [0; 1024];
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "cut off after {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&chunk[..read]);
    }
    String::from_utf8(answer).unwrap().lines().next().unwrap().to_owned()
}

/// item 18: of TLS 1.2, ECDHE with AES-GCM and nothing else; with an RSA key too.
#[tokio::test]
async fn it_speaks_tls_with_either_kind_of_key_and_people_sign_in() {
    let ecdsa = [
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    let rsa = [
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ];
    let newest =
        [suite::TLS13_AES_128_GCM_SHA256, suite::TLS13_AES_256_GCM_SHA384, suite::TLS13_CHACHA20_POLY1305_SHA256];
    for (alg, [small, large, chacha], others) in
        [(&rcgen::PKCS_ECDSA_P256_SHA256, ecdsa, rsa), (&rcgen::PKCS_RSA_SHA256, rsa, ecdsa)]
    {
        let certificate = Certificate::fresh(alg);
        let provider = with_ada(plan().tls(&certificate)).await;
        for suite in [small, large].into_iter().chain(newest) {
            let stream = shake(&provider, &certificate, &[], &[suite]).await.unwrap();
            assert_eq!(stream.get_ref().1.negotiated_cipher_suite(), Some(suite));
        }
        for suites in [&[chacha][..], &others[..]] {
            let refused = shake(&provider, &certificate, &[], suites).await.unwrap_err();
            assert!(refused.contains("HandshakeFailure"), "{suites:?}: {refused}");
        }
        for (offered, chosen) in [
            (&["h2", "http/1.1"][..], Some("h2")),
            (&["http/1.1", "h2"][..], Some("h2")),
            (&["http/1.1"][..], Some("http/1.1")),
            (&["h2"][..], Some("h2")),
            (&[][..], None),
        ] {
            let stream = shake(&provider, &certificate, offered, &newest).await.unwrap();
            let got = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
            assert_eq!(got.as_deref(), chosen.map(str::as_bytes), "{offered:?}");
        }
        let refused = shake(&provider, &certificate, &["spdy/3"], &newest).await.unwrap_err();
        assert!(refused.contains("NoApplicationProtocol"), "{refused}");
        // The testkit's client takes HTTP/2 where it is offered.
        let party = RelyingParty::first_party(&provider, "One").await;
        let mut browser = Browser::new(&provider);
        party.sign_in(&provider, &mut browser, ADA).await;
        assert!(browser.jar.cookie("__Host-ostiary").is_some_and(|cookie| cookie.has("secure")));
        let answer = provider.get("/health").await.unwrap();
        assert!(answer.header("strict-transport-security").is_some());
    }
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_a_broken_one_is_not() {
    const H1: &[&str] = &["http/1.1"];
    const COMPLAINT: &str = "the new TLS certificate is not used, the old one stays";
    let all = aws_lc_rs::DEFAULT_CIPHER_SUITES;
    let (old, new) = (Certificate::fresh(&rcgen::PKCS_ECDSA_P256_SHA256), Certificate::fresh(&rcgen::PKCS_RSA_SHA256));
    let provider = plan().tls(&old).start().await;
    let mut open = shake(&provider, &old, H1, all).await.unwrap();
    assert_eq!(asks(&mut open).await, "HTTP/1.1 200 OK");
    let complaints = || provider.log().matches(COMPLAINT).count();
    // A certificate and a key that do not belong together.
    provider.file("certificate.pem", &new.chain);
    eventually("it complains", SOON, async || (complaints() == 1).then_some(())).await;
    shake(&provider, &old, H1, all).await.unwrap();
    assert_eq!(asks(&mut open).await, "HTTP/1.1 200 OK");
    provider.file("key.pem", &new.key);
    eventually("the new one is taken up", SOON, async || shake(&provider, &new, H1, all).await.ok()).await;
    assert!(shake(&provider, &old, H1, all).await.is_err(), "new connections see the new one alone");
    assert_eq!(asks(&mut open).await, "HTTP/1.1 200 OK", "old ones stay");
    // Gone, and said so once, however often it is looked for.
    std::fs::remove_file(provider.dir().join("key.pem")).unwrap();
    eventually("it complains", SOON, async || (complaints() == 2).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(complaints(), 2, "{}", provider.log());
    shake(&provider, &new, H1, all).await.unwrap();
}

#[tokio::test]
async fn a_broken_certificate_stops_the_start() {
    let (one, other) =
        (Certificate::fresh(&rcgen::PKCS_ECDSA_P256_SHA256), Certificate::fresh(&rcgen::PKCS_ECDSA_P256_SHA256));
    for (chain, key, complaint) in [
        ("", one.key.as_str(), "certificate.pem: holds no certificate"),
        (one.chain.as_str(), other.key.as_str(), "key.pem: "),
        (one.chain.as_str(), "no key", "key.pem: "),
        (one.chain.as_str(), "", "key.pem: "),
    ] {
        let mut provider = plan().tls(&one).prepare();
        provider.file("certificate.pem", chain);
        provider.file("key.pem", key);
        provider.launch();
        assert_eq!(provider.ended().await, Some(1));
        assert!(provider.log().contains(complaint), "{complaint}: {}", provider.log());
    }
}
