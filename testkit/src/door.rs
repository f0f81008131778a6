//! A door of TLS before a server that speaks without: what lies behind `https` in the world, lies behind one here.
//!
//! Invariant: what comes through it is passed on as it is.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;

/// The door.
#[derive(Debug)]
pub struct Door {
    port: u16,
    guard: JoinHandle<()>,
}

impl Door {
    /// Opens one before a port of this machine.
    ///
    /// # Panics
    /// If the certificate cannot be used.
    pub async fn before(port: u16, certificate: &Certificate) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(certificate.key_der.clone()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider speaks TLS")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der.clone().into()], key)
            .expect("the key is the certificate's");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let own = listener.local_addr().expect("a bound socket has an address").port();
        let guard = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move { pass(stream, &acceptor, port).await });
            }
        });
        Self { port: own, guard }
    }

    /// An address behind it, by one of the names of this machine.
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("https://{host}:{}{path}", self.port)
    }
}

async fn pass(stream: TcpStream, acceptor: &TlsAcceptor, port: u16) -> std::io::Result<()> {
    let mut outside = acceptor.accept(stream).await?;
    let mut inside = TcpStream::connect(("127.0.0.1", port)).await?;
    copy_bidirectional(&mut outside, &mut inside).await.map(drop)
}

impl Drop for Door {
    fn drop(&mut self) {
        self.guard.abort();
    }
}
