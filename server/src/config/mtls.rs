//! The second listener, where clients are asked for a certificate: RFC 8705 §5.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use axum::http::HeaderName;
use ipnet::IpNet;
use serde::Deserialize;

use super::{Issuer, TlsFiles};

/// Where clients are asked for a certificate, and who vouches for it.
#[derive(Clone, Debug)]
pub struct MtlsConfig {
    /// Its address in what we publish: what the issuer is to the first.
    pub url: Issuer,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Certificate and key of ours there, if we speak TLS there ourselves.
    pub tls: Option<TlsFiles>,
    /// Authorities that vouch for clients' certificates.
    pub authorities: Option<PathBuf>,
    /// What they took back.
    pub revocations: Option<PathBuf>,
    /// The header field in which a trusted proxy passes on a client's certificate.
    pub header: Option<HeaderName>,
}

/// The table `[mtls]`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MtlsFile {
    url: Option<String>,
    #[serde(default)]
    listen: Vec<SocketAddr>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
    client_crl: Option<PathBuf>,
    client_certificate_header: Option<String>,
}

type Wrong = (&'static str, String);

fn wrong<T>(key: &'static str, what: &str) -> Result<T, Wrong> {
    Err((key, what.to_owned()))
}

impl MtlsFile {
    /// Checks it, beside the first listener's and who is trusted there.
    pub(super) fn read(
        self,
        base: &Path,
        (issuer, tls): (&Issuer, Option<&TlsFiles>),
        proxies: &[IpNet],
    ) -> Result<Option<MtlsConfig>, Wrong> {
        let others = [&self.certificate, &self.key, &self.client_ca, &self.client_crl];
        let is_empty = others.iter().all(|other| other.is_none()) && self.client_certificate_header.is_none();
        let text = match (&self.url, self.listen.is_empty()) {
            (Some(text), false) => text,
            (None, true) if is_empty => return Ok(None),
            (None, _) => {
                return wrong(
                    "mtls.url",
                    "must be set, such as \"https://mtls.login.example.org\", beside the others of [mtls]",
                );
            }
            (Some(_), true) => return wrong("mtls.listen", "must be set beside mtls.url, such as [\"0.0.0.0:8444\"]"),
        };
        let url = Issuer::read(text).map_err(|what| ("mtls.url", format!("\"{text}\" {what}")))?;
        if origin(&url) == origin(issuer) {
            return wrong(
                "mtls.url",
                "must have another host or port than the issuer: there, browsers would ask people for a certificate",
            );
        }
        if self.client_crl.is_some() && self.client_ca.is_none() {
            return wrong("mtls.client_crl", "means nothing without mtls.client_ca");
        }
        let header = self.client_certificate_header.as_deref().map(|name| header(name, proxies)).transpose()?;
        let tls = self.tls(base, tls, header.is_some())?;
        let at = |path: Option<PathBuf>| path.map(|path| base.join(path));
        let (authorities, revocations) = (at(self.client_ca), at(self.client_crl));
        Ok(Some(MtlsConfig { url, listen: self.listen, tls, authorities, revocations, header }))
    }

    /// Its own files, or the first listener's. Where a proxy ends TLS there may be none.
    fn tls(&self, base: &Path, first: Option<&TlsFiles>, is_proxied: bool) -> Result<Option<TlsFiles>, Wrong> {
        match (&self.certificate, &self.key, first) {
            (Some(certificate), Some(key), _) => {
                Ok(Some(TlsFiles { certificate: base.join(certificate), key: base.join(key) }))
            }
            (None, Some(_), _) => wrong("mtls.certificate", "must be set beside mtls.key"),
            (Some(_), None, _) => wrong("mtls.key", "must be set beside mtls.certificate"),
            // A proxy speaks to us here as it does at the first listener, if nothing else is said.
            (None, None, Some(first)) => Ok(Some(first.clone())),
            (None, None, None) if is_proxied => Ok(None),
            (None, None, None) => wrong(
                "mtls.certificate",
                "must be set, or tls.certificate: a certificate is asked for in TLS, or by a proxy that passes it on (mtls.client_certificate_header)",
            ),
        }
    }
}

/// The name of the field, where there is somebody who may send it.
fn header(name: &str, proxies: &[IpNet]) -> Result<HeaderName, Wrong> {
    const KEY: &str = "mtls.client_certificate_header";
    if proxies.is_empty() {
        return wrong(KEY, "means nothing without proxy.trusted: nobody else is believed");
    }
    name.parse().map_err(|_| (KEY, format!("\"{name}\" is not the name of a header field such as client-cert")))
}

fn origin(address: &Issuer) -> &str {
    address.as_str().strip_suffix(address.path()).unwrap_or_default()
}
