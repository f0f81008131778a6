//! Clients that are known by the certificate they connect with: RFC 8705 §2.
//!
//! Invariant: whoever shook hands holds the key of what is [`Shown`]; whether that certificate is this client's is judged here and
//! nowhere else, and without one nobody is anybody.

use std::net::IpAddr;

use jose::{Certificate, DistinguishedName, JwkSet};
use url::Url;

use super::Client;
use super::auth::{Fetched, Judged, Keys, NeedKeys};
use super::metadata::{AuthMethod, CertificateBinding, DpopBinding, Metadata};
use super::registered::{Proposal, wrong};
use crate::authorize::response_type::{Part, ResponseType};
use crate::bound::mtls::X5t;
use crate::time::Time;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// What of mutual TLS a server offers. It takes a listener of its own where certificates are asked for, and authorities by whom
/// chains are verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MutualTls {
    /// Nothing.
    #[default]
    Off,
    /// Certificates that are registered themselves (§2.2).
    Known,
    /// Those too that an authority vouches for (§2.1).
    Vouched,
}

impl MutualTls {
    /// Whether clients can authenticate so.
    pub fn takes(self, method: AuthMethod) -> bool {
        match method {
            AuthMethod::TlsClientAuth => self == Self::Vouched,
            AuthMethod::SelfSignedTlsClientAuth => self != Self::Off,
            _ => true,
        }
    }

    /// Whether what a client wants to be registered with can be had here.
    pub fn admit(self, metadata: &Metadata) -> Result<(), Refusal> {
        if !self.takes(metadata.auth_method) {
            return Err(wrong("tls_not_here", "token_endpoint_auth_method: this server is not set up for it"));
        }
        let asked = |name: &&str| metadata.registered.get(*name).is_some_and(|value| value == true);
        match ["tls_client_certificate_bound_access_tokens", "use_mtls_endpoint_aliases"]
            .iter()
            .find(|name| asked(name))
        {
            Some(name) if self == Self::Off => {
                Err(wrong("tls_not_here_either", format!("{name}: this server is not set up for it")))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// What the other end of a connection has shown to be: a certificate whose key it holds.
#[derive(Debug)]
pub struct Shown {
    /// Which one.
    pub x5t: X5t,
    /// What it says; `None`: it cannot be read.
    pub certificate: Option<Certificate>,
    /// Who stands behind it.
    pub chain: Chain,
}

/// Who stands behind a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// One of the operator's authorities, by a chain that is good now.
    Verified,
    /// Nobody, or it was not looked at.
    Unverified,
}

/// What a client's certificate is expected to say: §2.1.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// `tls_client_auth_subject_dn`.
    Dn(DistinguishedName),
    /// `tls_client_auth_san_dns`, in small letters.
    Dns(String),
    /// `tls_client_auth_san_uri`.
    Uri(String),
    /// `tls_client_auth_san_ip`.
    Ip(IpAddr),
    /// `tls_client_auth_san_email`, the domain in small letters.
    Email(String),
}

const MEMBERS: [&str; 5] = [
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
];

impl Subject {
    /// Reads the members of §2.1.2: one with `tls_client_auth`, none with anything else.
    pub(super) fn read(proposal: &Proposal<'_>, method: AuthMethod) -> Result<Option<Self>, Refusal> {
        let mut given = Vec::new();
        for name in MEMBERS {
            given.extend(proposal.text(name)?.map(|text| (name, text)));
        }
        match (method, given.as_slice()) {
            (AuthMethod::TlsClientAuth, [(name, text)]) => Self::of(name, text).map(Some).ok_or_else(|| {
                wrong("tls_subject_malformed", format!("{name} is not what such a thing looks like in a certificate"))
            }),
            (AuthMethod::TlsClientAuth, _) => {
                Err(wrong("tls_subject_number", format!("tls_client_auth needs exactly one of {}", MEMBERS.join(", "))))
            }
            (_, []) => Ok(None),
            (_, [(name, _), ..]) => Err(wrong(
                "tls_subject_unneeded",
                format!("{name} goes with token_endpoint_auth_method tls_client_auth"),
            )),
        }
    }

    fn of(name: &str, text: &str) -> Option<Self> {
        match name {
            "tls_client_auth_subject_dn" => DistinguishedName::read(text).ok().map(Self::Dn),
            "tls_client_auth_san_dns" => is_host(text).then(|| Self::Dns(text.to_ascii_lowercase())),
            "tls_client_auth_san_uri" => Url::parse(text).is_ok().then(|| Self::Uri(text.to_owned())),
            "tls_client_auth_san_ip" => text.parse().ok().map(Self::Ip),
            _ => address(text).map(Self::Email),
        }
    }

    /// Whether a certificate says so. RFC 5280 §7.2, §7.4, §7.5: hosts whatever the case of their letters, addresses of people
    /// but for the part before the `@`, URIs letter by letter; §2.1.2: network addresses as bytes.
    fn is_said_by(&self, certificate: &Certificate) -> bool {
        let names = certificate.names();
        match self {
            Self::Dn(name) => certificate.subject() == name,
            Self::Dns(host) => names.dns.iter().any(|said| said.eq_ignore_ascii_case(host)),
            Self::Uri(uri) => names.uri.contains(uri),
            Self::Ip(ip) => names.ip.contains(ip),
            Self::Email(email) => names.email.iter().any(|said| address(said).is_some_and(|said| said == *email)),
        }
    }
}

/// No wildcard: a client has a name of its own.
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// RFC 5280 §7.5.
fn address(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    (!local.is_empty() && is_host(domain)).then(|| format!("{local}@{}", domain.to_ascii_lowercase()))
}

/// §3.4. A token that comes through the browser is bound to nothing (§6.4), and no token is bound twice.
pub(super) fn binding(
    proposal: &Proposal<'_>,
    dpop: DpopBinding,
    response_types: &[ResponseType],
) -> Result<CertificateBinding, Refusal> {
    let no = |why, beside: &str| {
        Err(wrong(why, format!("tls_client_certificate_bound_access_tokens does not go with {beside}")))
    };
    match (proposal.flag("tls_client_certificate_bound_access_tokens")?, dpop) {
        (false, _) => Ok(CertificateBinding::Unasked),
        (true, DpopBinding::Required) => {
            no("tls_binding_twice", "dpop_bound_access_tokens: a token is bound to one thing")
        }
        (true, DpopBinding::Optional) if response_types.iter().any(|kind| kind.carries(Part::Token)) => {
            no("tls_binding_front_channel", "response_types that carry an access token")
        }
        (true, DpopBinding::Optional) => Ok(CertificateBinding::Required),
    }
}

/// A set that holds no certificate authenticates nobody by one.
pub(super) fn judge_keys(jwks: Option<&JwkSet>, jwks_uri: Option<&str>) -> Result<(), Refusal> {
    match (jwks, jwks_uri) {
        (None, None) => Err(wrong("tls_keys_missing", "self_signed_tls_client_auth needs jwks or jwks_uri")),
        (Some(jwks), _) if jwks.keys().iter().all(|key| key.certificate().is_none()) => Err(wrong(
            "tls_certificates_missing",
            "self_signed_tls_client_auth: no key in jwks has an x5c whose first certificate is of that key",
        )),
        _ => Ok(()),
    }
}

fn invalid(why: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidClient, why, "client authentication failed")
}

/// What was shown, if it is good at all now. §2.2 leaves chains aside; that a certificate is over it says itself.
fn good(shown: Option<&Shown>, now: Time) -> Result<(&Shown, &Certificate), Refusal> {
    let shown = shown.ok_or_else(|| invalid("tls_certificate_absent"))?;
    let certificate = shown.certificate.as_ref().ok_or_else(|| invalid("tls_certificate_unreadable"))?;
    match certificate.is_valid_at(now.seconds()) {
        true => Ok((shown, certificate)),
        false => Err(invalid("tls_certificate_expired")),
    }
}

/// `tls_client_auth`: §2.1.
pub(super) fn judge_vouched(shown: Option<&Shown>, client: &Client, now: Time) -> Result<(), Refusal> {
    let (shown, certificate) = good(shown, now)?;
    if shown.chain == Chain::Unverified {
        return Err(invalid("tls_chain_unverified"));
    }
    match client.metadata.certificate_subject.as_ref().is_some_and(|subject| subject.is_said_by(certificate)) {
        true => Ok(()),
        false => Err(invalid("tls_subject_differs")),
    }
}

/// `self_signed_tls_client_auth`: §2.2.
pub(super) fn judge_known(shown: Option<&Shown>, client: &Client, keys: &Keys<'_>, now: Time) -> Judged<()> {
    let digest = match good(shown, now) {
        Ok((_, certificate)) => certificate.digest(),
        Err(refusal) => return Judged::No(refusal),
    };
    let known = client.metadata.jwks.as_ref().or(keys.jwks);
    if known.is_some_and(|set| set.keys().iter().any(|key| key.certificate() == Some(digest))) {
        return Judged::Is(());
    }
    let otherwise = invalid("tls_certificate_unknown");
    match (&client.metadata.jwks_uri, keys.fetched) {
        // §2.2: a client changes its certificate by what stands there.
        (Some(uri), Fetched::Before) => Judged::Need(NeedKeys { uri: uri.clone(), kid: None, otherwise }),
        _ => Judged::No(otherwise),
    }
}
