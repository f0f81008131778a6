//! TLS to the database, through rustls and the system's certificate authorities.
//!
//! Invariant: an encrypted connection is always a verified one. `sslmode=require` means here what `verify-full` means.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::fault::{Fault, Kind};

pub(super) fn connector(authorities: Option<&Path>) -> Result<MakeRustlsConnect, Fault> {
    let roots = match authorities {
        Some(file) => from_file(file)?,
        None => from_system()?,
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Fault::from_error(Kind::Bug, "TLS to the database", error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn from_file(file: &Path) -> Result<RootCertStore, Fault> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
        Fault::from_error(Kind::Bug, format!("sslrootcert {}", file.display()), error)
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unreadable(Box::new(error)))? {
        let certificate = certificate.map_err(|error| unreadable(Box::new(error)))?;
        roots.add(certificate).map_err(|error| unreadable(Box::new(error)))?;
    }
    if roots.is_empty() { Err(unreadable("it holds no certificate".into())) } else { Ok(roots) }
}

fn from_system() -> Result<RootCertStore, Fault> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(Fault::new(Kind::Bug, "the system has no certificate authorities; name a file with sslrootcert"));
    }
    Ok(roots)
}
