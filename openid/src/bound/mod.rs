//! What codes and tokens are bound to: PKCE, keys (RFC 9449), certificates (RFC 8705).
//!
//! Invariant: a token is bound to one thing or to nothing (decision 0025), and whoever uses it shows that thing, in whatever way
//! it came here.

pub mod dpop;
pub mod field;
pub mod mtls;
pub mod pkce;

use serde_json::Value;

use self::dpop::{Jkt, Proven, Scheme};
use self::mtls::X5t;
use crate::client::Client;
use crate::client::metadata::CertificateBinding;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// What a token is bound to: `cnf` (RFC 7800 §3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// A key, by proofs of possession (RFC 9449 §6).
    Jkt(Jkt),
    /// A certificate, by the connections it is used on (RFC 8705 §3).
    X5t(X5t),
}

impl Confirmation {
    /// `cnf`.
    pub fn cnf(&self) -> Value {
        match self {
            Self::Jkt(jkt) => jkt.cnf(),
            Self::X5t(x5t) => x5t.cnf(),
        }
    }

    /// The key, if it is one.
    pub const fn jkt(&self) -> Option<&Jkt> {
        match self {
            Self::Jkt(jkt) => Some(jkt),
            Self::X5t(_) => None,
        }
    }

    /// The certificate, if it is one.
    pub const fn x5t(&self) -> Option<&X5t> {
        match self {
            Self::Jkt(_) => None,
            Self::X5t(x5t) => Some(x5t),
        }
    }
}

/// `token_type` of an access token (RFC 9449 §5, §6.2). One that is bound to a certificate is a bearer token by its looks
/// (RFC 8705 §3).
pub const fn token_type(bound: Option<&Confirmation>) -> &'static str {
    match bound {
        None | Some(Confirmation::X5t(_)) => "Bearer",
        Some(Confirmation::Jkt(_)) => "DPoP",
    }
}

/// What whoever asks has shown to hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct Possession<'a> {
    /// The key of a proof.
    pub proof: Option<&'a Proven>,
    /// The certificate of the connection.
    pub certificate: Option<&'a X5t>,
}

impl Possession<'_> {
    /// What a token for this client is bound to. Who wants its tokens bound to its certificate says so beforehand; who sends a
    /// proof says so now.
    pub fn confirmation(self, client: &Client) -> Option<Confirmation> {
        match (client.metadata.certificate_binding, self.certificate, self.proof) {
            (CertificateBinding::Required, Some(certificate), _) => Some(Confirmation::X5t(certificate.clone())),
            (_, _, Some(proof)) => Some(Confirmation::Jkt(proof.jkt().clone())),
            (_, _, None) => None,
        }
    }
}

/// Whether a client may ask for what it asks for with this in its hands: RFC 9449 §5.2, RFC 8705 §3.4.
pub fn admit(client: &Client, possession: Possession<'_>) -> Result<(), Refusal> {
    dpop::admit(client, possession.proof)?;
    mtls::alone(client, possession.proof)?;
    mtls::admit(client, possession.certificate)
}

/// Whether what is presented is in the hands of who holds what it is bound to: RFC 9449 §5, §10, RFC 8705 §4.
pub fn same_holder(bound: Option<&Confirmation>, possession: Possession<'_>) -> Result<(), Refusal> {
    let no = |why, say| Err(refuse(ErrorCode::InvalidGrant, why, say));
    match (bound, possession.certificate) {
        (None, _) => Ok(()),
        (Some(Confirmation::Jkt(jkt)), _) => dpop::same_key(Some(jkt), possession.proof),
        (Some(Confirmation::X5t(x5t)), Some(shown)) if x5t == shown => Ok(()),
        (Some(Confirmation::X5t(_)), None) => no(
            "certificate_absent",
            "what is presented is bound to a certificate: connect with it, where it is asked for",
        ),
        (Some(Confirmation::X5t(_)), Some(_)) => {
            no("certificate_other", "what is presented is bound to another certificate than that of the connection")
        }
    }
}

/// Whether an access token was presented as it is bound: RFC 9449 §7.1 and §7.2, RFC 8705 §3.
pub fn judge_presented(
    scheme: Scheme,
    bound: Option<&Confirmation>,
    possession: Possession<'_>,
) -> Result<(), Refusal> {
    let no = |why, say| Err(refuse(ErrorCode::InvalidToken, why, say));
    match (scheme, bound) {
        (Scheme::Bearer, None) => Ok(()),
        // RFC 9449 §7.2: whoever stole it must not get round the proof.
        (Scheme::Bearer, Some(Confirmation::Jkt(_))) => {
            no(DOWNGRADED, "the access token is bound to a key, and is no bearer token")
        }
        (Scheme::Bearer, Some(Confirmation::X5t(x5t))) => match possession.certificate {
            Some(shown) if shown == x5t => Ok(()),
            Some(_) => no("token_certificate_other", "the access token is bound to another certificate"),
            None => no(
                "token_certificate_absent",
                "the access token is bound to a certificate: connect with it, where it is asked for",
            ),
        },
        (Scheme::Dpop, None | Some(Confirmation::X5t(_))) => {
            no("dpop_unbound", "the access token is bound to no key, and is a bearer token")
        }
        (Scheme::Dpop, Some(Confirmation::Jkt(jkt))) => match possession.proof {
            Some(proof) if proof.jkt() == jkt => Ok(()),
            _ => no("dpop_token_key", "the access token is bound to another key"),
        },
    }
}

/// `why` of a bound token that came as a bearer token: the challenge is that of the scheme it should have come by.
pub const DOWNGRADED: &str = "dpop_downgraded";
