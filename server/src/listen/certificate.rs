//! Certificates of clients on their way in: from a handshake.
//!
//! Invariant: a chain is here only if the client that speaks holds the key of its first certificate; nothing else of it was
//! looked at.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

/// A client's certificate and those it sent along, each signed by the next if they are what they should be.
#[derive(Debug)]
pub struct Chain {
    /// The client's own.
    pub own: CertificateDer<'static>,
    /// The others.
    pub others: Vec<CertificateDer<'static>>,
}

impl Chain {
    /// Of what came in a handshake; `None`: nothing did.
    pub fn of(certificates: &[CertificateDer<'_>]) -> Option<Self> {
        let mut all = certificates.iter().map(|one| one.clone().into_owned());
        Some(Self { own: all.next()?, others: all.collect() })
    }
}

/// Through which of our listeners a request came.
#[derive(Clone, Debug, Default)]
pub enum Via {
    /// The one for everybody: nobody is asked for a certificate there.
    #[default]
    Main,
    /// The one of RFC 8705 §5, with the certificate that was shown, if one was.
    Mutual(Option<Arc<Chain>>),
}

/// Asks for a certificate and takes any whose key is proven: self-signed ones too, which no chain stands behind. Whether it is
/// good for anything is judged where it is known whose it should be.
#[derive(Debug)]
pub(super) struct Anybody(pub(super) Arc<CryptoProvider>);

impl ClientCertVerifier for Anybody {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    /// None: a client with a hint would keep back what no authority of the list has signed.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
