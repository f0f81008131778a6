//! TLS: rustls on aws-lc-rs, certificate files read again when they change.
//!
//! Invariant: a broken new certificate never replaces a good old one. TLS 1.2 has only ECDHE with RSA or ECDSA and AES-GCM
//! (`certification.md` §3 item 18).

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::crypto::aws_lc_rs::cipher_suite;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;

use super::certificate::Anybody;
use crate::config::TlsFiles;

/// How often the files are looked at.
pub(super) const LOOK: Duration = Duration::from_secs(5);

/// Certificate or key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("tls: {path}: {what}")]
pub struct Unusable {
    path: String,
    what: String,
}

pub(super) fn unusable(path: &std::path::Path, what: impl std::fmt::Display) -> Unusable {
    Unusable { path: path.display().to_string(), what: what.to_string() }
}

/// The TLS configuration of this moment.
#[derive(Clone)]
pub struct TlsNow(Arc<ArcSwap<ServerConfig>>);

impl TlsNow {
    /// For the next handshake.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.0.load_full()
    }
}

/// Whether clients are asked for a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificates {
    /// They are not: browsers would ask people for one.
    Unasked,
    /// They are, and may have none.
    Asked,
}

/// Certificate files and what was made of them.
pub struct Acceptor {
    files: TlsFiles,
    certificates: Certificates,
    now: TlsNow,
    digest: [u8; 32],
}

impl Acceptor {
    /// Reads the files; the server does not start with broken ones.
    pub fn open(files: &TlsFiles, certificates: Certificates) -> Result<Self, Unusable> {
        let digest = look(files);
        let config = load(files, certificates)?;
        Ok(Self { files: files.clone(), certificates, now: TlsNow(Arc::new(ArcSwap::new(config))), digest })
    }

    /// What handshakes use.
    pub fn now(&self) -> TlsNow {
        self.now.clone()
    }

    /// Looks at the files until told to stop.
    pub async fn watch(mut self, mut told: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = told.changed() => return,
            }
            let digest = look(&self.files);
            if digest == self.digest {
                continue;
            }
            // Said once for each new content, good, bad or gone.
            self.digest = digest;
            match load(&self.files, self.certificates) {
                Ok(config) => {
                    self.now.0.store(config);
                    tracing::info!("the TLS certificate was read again");
                }
                Err(error) => tracing::error!("the new TLS certificate is not used, the old one stays: {error}"),
            }
        }
    }
}

/// A digest of what stands in the files, or of why they cannot be read.
fn look(files: &TlsFiles) -> [u8; 32] {
    digest([&files.certificate, &files.key].into_iter())
}

pub(super) fn digest<'a>(files: impl Iterator<Item = &'a PathBuf>) -> [u8; 32] {
    let file = |path: &PathBuf| match std::fs::read(path) {
        Ok(bytes) => jose::sha256(&bytes),
        Err(error) => jose::sha256(error.to_string().as_bytes()),
    };
    jose::sha256(&files.map(file).collect::<Vec<_>>().concat())
}

fn load(files: &TlsFiles, certificates: Certificates) -> Result<Arc<ServerConfig>, Unusable> {
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| unusable(&files.certificate, e))?;
    if chain.is_empty() {
        return Err(unusable(&files.certificate, "holds no certificate"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| unusable(&files.key, e))?;
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites = vec![
        cipher_suite::TLS13_AES_256_GCM_SHA384,
        cipher_suite::TLS13_AES_128_GCM_SHA256,
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ];
    let provider = Arc::new(provider);
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map(|builder| match certificates {
            Certificates::Unasked => builder.with_no_client_auth(),
            Certificates::Asked => builder.with_client_cert_verifier(Arc::new(Anybody(provider))),
        })
        .and_then(|builder| builder.with_single_cert(chain, key))
        .map_err(|e| unusable(&files.key, e))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
