//! Certificates for providers that speak TLS themselves.
//!
//! Invariant: each is signed by its own key and good for this machine alone.

use std::fs;
use std::path::Path;

/// A certificate for `localhost` and `127.0.0.1`, signed by its own key.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// PEM.
    pub chain: String,
    /// PEM, PKCS #8.
    pub key: String,
    /// DER.
    pub der: Vec<u8>,
    /// DER, PKCS #8.
    pub key_der: Vec<u8>,
}

impl Certificate {
    /// With a fresh key for an algorithm of `rcgen`.
    ///
    /// # Panics
    /// If no key can be made for it.
    pub fn fresh(alg: &'static rcgen::SignatureAlgorithm) -> Self {
        let key = rcgen::KeyPair::generate_for(alg).expect("a key can be made");
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let parameters = rcgen::CertificateParams::new(names).expect("they are names");
        let certificate = parameters.self_signed(&key).expect("a key signs its own certificate");
        Self {
            chain: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().to_vec(),
            key_der: key.serialize_der(),
        }
    }

    /// Writes both files into a provider's folder.
    ///
    /// # Panics
    /// If it cannot be written to.
    pub fn write(&self, dir: &Path) {
        fs::write(dir.join("certificate.pem"), &self.chain).expect("the folder can be written to");
        fs::write(dir.join("key.pem"), &self.key).expect("the folder can be written to");
    }
}
