//! The second listener, where clients are asked for a certificate: RFC 8705 §5.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Issuer, TlsFiles};

/// Where clients are asked for a certificate, and who vouches for it.
#[derive(Clone, Debug)]
pub struct MtlsConfig {
    /// Its address in what we publish: what the issuer is to the first.
    pub url: Issuer,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// Certificate and key of ours there.
    pub tls: TlsFiles,
    /// Authorities that vouch for clients' certificates.
    pub authorities: Option<PathBuf>,
    /// What they took back.
    pub revocations: Option<PathBuf>,
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
}

type Wrong = (&'static str, String);

impl MtlsFile {
    /// Checks it, beside the first listener's.
    pub(super) fn read(
        self,
        base: &Path,
        issuer: &Issuer,
        tls: Option<&TlsFiles>,
    ) -> Result<Option<MtlsConfig>, Wrong> {
        let wrong = |key, what: &str| Err((key, what.to_owned()));
        let others = [&self.certificate, &self.key, &self.client_ca, &self.client_crl];
        let text = match (self.url, self.listen.is_empty()) {
            (Some(text), false) => text,
            (None, true) if others.iter().all(|other| other.is_none()) => return Ok(None),
            (None, _) => {
                return wrong(
                    "mtls.url",
                    "must be set, such as \"https://mtls.login.example.org\", beside the others of [mtls]",
                );
            }
            (Some(_), true) => return wrong("mtls.listen", "must be set beside mtls.url, such as [\"0.0.0.0:8444\"]"),
        };
        let url = Issuer::read(&text).map_err(|what| ("mtls.url", format!("\"{text}\" {what}")))?;
        if origin(&url) == origin(issuer) {
            return wrong(
                "mtls.url",
                "must have another host or port than the issuer: there, browsers would ask people for a certificate",
            );
        }
        if self.client_crl.is_some() && self.client_ca.is_none() {
            return wrong("mtls.client_crl", "means nothing without mtls.client_ca");
        }
        let tls = match (self.certificate, self.key, tls) {
            (Some(certificate), Some(key), _) => TlsFiles { certificate: base.join(certificate), key: base.join(key) },
            (None, None, Some(tls)) => tls.clone(),
            (None, Some(_), _) => return wrong("mtls.certificate", "must be set beside mtls.key"),
            (Some(_), None, _) => return wrong("mtls.key", "must be set beside mtls.certificate"),
            (None, None, None) => {
                return wrong("mtls.certificate", "must be set, or tls.certificate: a certificate is asked for in TLS");
            }
        };
        let at = |path: Option<PathBuf>| path.map(|path| base.join(path));
        let (authorities, revocations) = (at(self.client_ca), at(self.client_crl));
        Ok(Some(MtlsConfig { url, listen: self.listen, tls, authorities, revocations }))
    }
}

fn origin(address: &Issuer) -> &str {
    address.as_str().strip_suffix(address.path()).unwrap_or_default()
}
