//! Certificates of clients on their way in: from a handshake, or from the proxy that had one (RFC 8705 §6.5, RFC 9440).
//!
//! Invariant: a chain is here only if the client that speaks holds the key of its first certificate: we saw that ourselves, or a
//! trusted proxy did. Nothing else of it was looked at.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use openid::bound::field;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::peer::Nearest;

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

/// From whom certificates of clients are heard of at a listener.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Nobody: none is asked for.
    Nobody,
    /// The handshake.
    Handshake,
    /// A trusted proxy, in this header field; the rest of the chain may stand in `Client-Cert-Chain`.
    Proxy(HeaderName),
}

/// RFC 9440 §2.3.
const CHAIN: &str = "client-cert-chain";

impl Source {
    /// Through which listener a request came, and as whom; `shown` is of the handshake.
    pub(super) fn via(&self, shown: Option<&Arc<Chain>>, nearest: Nearest, headers: &HeaderMap) -> Via {
        match (self, nearest) {
            (Self::Nobody, _) => Via::Main,
            (Self::Handshake, _) => Via::Mutual(shown.cloned()),
            (Self::Proxy(_), Nearest::Stranger) => Via::Mutual(None),
            (Self::Proxy(name), Nearest::Proxy) => Via::Mutual(told(name, headers).map(Arc::new)),
        }
    }
}

/// What a proxy says. A field that stands twice is a stranger's and the proxy's: neither is believed.
fn told(name: &HeaderName, headers: &HeaderMap) -> Option<Chain> {
    let mut fields = headers.get_all(name).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return None };
    let mut all = field::read(field.to_str().ok()?)?;
    let chain: Vec<&str> = headers.get_all(CHAIN).iter().filter_map(|field| field.to_str().ok()).collect();
    if !chain.is_empty() {
        all.extend(field::read(&chain.join(", "))?);
    }
    let mut all = all.into_iter().map(CertificateDer::from);
    Some(Chain { own: all.next()?, others: all.collect() })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(source: &Source, nearest: Nearest, fields: &[(&'static str, &str)]) -> Option<Vec<Vec<u8>>> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, value.parse().unwrap());
        }
        match source.via(None, nearest, &headers) {
            Via::Main => panic!("certificates are heard of there"),
            Via::Mutual(chain) => chain.map(|chain| {
                std::iter::once(&chain.own).chain(&chain.others).map(|one| one.as_ref().to_vec()).collect()
            }),
        }
    }

    /// RFC 8705 §6.5, RFC 9440 §2.2, §4.
    #[test]
    fn a_proxy_is_believed_and_a_stranger_is_not() {
        let proxy = Source::Proxy(HeaderName::from_static("client-cert"));
        let (one, two) = ("client-cert", "client-cert-chain");
        assert_eq!(seen(&proxy, Nearest::Proxy, &[(one, ":b25l:")]), Some(vec![b"one".to_vec()]));
        let all = [b"one".to_vec(), b"two".to_vec(), b"three".to_vec()].to_vec();
        assert_eq!(seen(&proxy, Nearest::Proxy, &[(one, ":b25l:"), (two, ":dHdv:, :dGhyZWU=:")]), Some(all.clone()));
        assert_eq!(seen(&proxy, Nearest::Proxy, &[(one, ":b25l:"), (two, ":dHdv:"), (two, ":dGhyZWU=:")]), Some(all));
        assert_eq!(seen(&proxy, Nearest::Stranger, &[(one, ":b25l:")]), None);
        assert_eq!(seen(&proxy, Nearest::Proxy, &[]), None);
        assert_eq!(seen(&proxy, Nearest::Proxy, &[(one, ":b25l:"), (one, ":dHdv:")]), None, "twice");
        assert_eq!(seen(&proxy, Nearest::Proxy, &[(one, ":b25l:"), (two, "nothing")]), None, "half of it");
        assert_eq!(seen(&proxy, Nearest::Proxy, &[("x-client-cert", ":b25l:")]), None, "another field");
        assert_eq!(seen(&Source::Handshake, Nearest::Proxy, &[(one, ":b25l:")]), None, "the handshake alone counts");
        let headers = HeaderMap::new();
        assert!(matches!(Source::Nobody.via(None, Nearest::Proxy, &headers), Via::Main));
    }
}
