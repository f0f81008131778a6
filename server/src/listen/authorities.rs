//! The authorities that vouch for clients' certificates: RFC 8705 §2.1, RFC 5280 §6.
//!
//! Invariant: a chain is good at the moment it is asked about, for authenticating a client, and was not revoked as far as the
//! lists at hand say; broken new files never replace good old ones.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use openid::time::Time;
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use tokio::sync::watch;

use super::certificate::Chain;
use super::tls::{LOOK, Unusable, digest, unusable};
use crate::config::MtlsConfig;

/// The authorities, as they stand in their files.
#[derive(Default)]
pub struct Authorities {
    files: Option<Files>,
    now: ArcSwapOption<Verifier>,
}

#[derive(Clone)]
struct Files {
    authorities: PathBuf,
    revocations: Option<PathBuf>,
}

struct Verifier(Arc<dyn ClientCertVerifier>);

impl Authorities {
    /// Those of a configuration; nothing is read yet, and nobody is vouched for.
    pub fn of(config: Option<&MtlsConfig>) -> Self {
        let files = config.and_then(|mtls| {
            Some(Files { authorities: mtls.authorities.clone()?, revocations: mtls.revocations.clone() })
        });
        Self { files, now: ArcSwapOption::empty() }
    }

    /// Reads the files; the server does not start with broken ones.
    pub fn open(&self) -> Result<(), Unusable> {
        if let Some(files) = &self.files {
            self.now.store(Some(Arc::new(files.load()?)));
        }
        Ok(())
    }

    /// Looks at the files until told to stop.
    pub async fn watch(&self, mut told: watch::Receiver<bool>) {
        let Some(files) = &self.files else { return };
        let mut seen = files.look();
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                _ = told.changed() => return,
            }
            let digest = files.look();
            if digest == seen {
                continue;
            }
            seen = digest;
            match files.load() {
                Ok(verifier) => {
                    self.now.store(Some(Arc::new(verifier)));
                    tracing::info!("the authorities of clients' certificates were read again");
                }
                Err(error) => tracing::error!("the new authorities are not used, the old ones stay: {error}"),
            }
        }
    }

    /// Whether one of them vouches for a chain now. Why not stands in the log.
    pub fn vouch_for(&self, chain: &Chain, now: Time) -> bool {
        let Some(verifier) = self.now.load_full() else { return false };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now.seconds().try_into().unwrap_or_default()));
        match verifier.0.verify_client_cert(&chain.own, &chain.others, now) {
            Ok(_) => true,
            Err(error) => {
                tracing::info!("no authority vouches for a client's certificate: {error}");
                false
            }
        }
    }
}

impl Files {
    fn look(&self) -> [u8; 32] {
        digest(std::iter::once(&self.authorities).chain(&self.revocations))
    }

    fn load(&self) -> Result<Verifier, Unusable> {
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(&self.authorities)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unusable(&self.authorities, error))?;
        for certificate in certificates {
            roots.add(certificate).map_err(|error| unusable(&self.authorities, error))?;
        }
        if roots.is_empty() {
            return Err(unusable(&self.authorities, "holds no certificate"));
        }
        let mut builder =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(aws_lc_rs::default_provider()));
        if let Some(path) = &self.revocations {
            let lists = CertificateRevocationListDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| unusable(path, error))?;
            if lists.is_empty() {
                return Err(unusable(path, "holds no revocation list"));
            }
            builder = builder.with_crls(lists);
        }
        let place = self.revocations.as_ref().unwrap_or(&self.authorities);
        builder.build().map(Verifier).map_err(|error| unusable(place, error))
    }
}
