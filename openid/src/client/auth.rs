//! Client authentication: RFC 6749 §2.3, OpenID Connect Core §9, RFC 7523 §3, RFC 8705 §2.
//!
//! Invariant: only [`judge`] makes an [`Authenticated`] client, and only by the one method that client registered.
//! Whoever fails learns nothing of why: an unknown client, a wrong secret and a disabled client get the same answer.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jose::{JwkSet, JwsAlg};
use zeroize::Zeroizing;

use super::certificate::{self, Shown};
use super::metadata::AuthMethod;
use super::{Authenticated, Client, ClientSecret, Standing, assertion};
use crate::name::{ClientId, Digest};
use crate::time::Time;
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// One way for a client to prove who it is.
#[derive(Debug)]
pub struct MethodRow {
    /// The method.
    pub method: AuthMethod,
    /// Its name in `token_endpoint_auth_method` and discovery.
    pub name: &'static str,
    /// The algorithms of its assertions; empty if it has none.
    pub algs: &'static [JwsAlg],
}

/// Every method. Drives discovery, registration and the reading of requests.
pub const METHODS: &[MethodRow] = &[
    MethodRow { method: AuthMethod::ClientSecretBasic, name: "client_secret_basic", algs: &[] },
    MethodRow { method: AuthMethod::ClientSecretPost, name: "client_secret_post", algs: &[] },
    MethodRow {
        method: AuthMethod::ClientSecretJwt,
        name: "client_secret_jwt",
        algs: &[JwsAlg::Hs256, JwsAlg::Hs384, JwsAlg::Hs512],
    },
    MethodRow {
        method: AuthMethod::PrivateKeyJwt,
        name: "private_key_jwt",
        algs: &[
            JwsAlg::Rs256,
            JwsAlg::Rs384,
            JwsAlg::Rs512,
            JwsAlg::Ps256,
            JwsAlg::Ps384,
            JwsAlg::Ps512,
            JwsAlg::Es256,
            JwsAlg::Es384,
            JwsAlg::Es512,
            JwsAlg::EdDsa,
        ],
    },
    MethodRow { method: AuthMethod::TlsClientAuth, name: "tls_client_auth", algs: &[] },
    MethodRow { method: AuthMethod::SelfSignedTlsClientAuth, name: "self_signed_tls_client_auth", algs: &[] },
    MethodRow { method: AuthMethod::None, name: "none", algs: &[] },
];

/// `client_assertion_type` of a JWT, RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a client presented to prove who it is.
#[derive(Clone)]
pub enum Presented {
    /// A secret, in the header or the body.
    Secret {
        /// Which of the two.
        method: AuthMethod,
        /// Who it claims to be.
        client: ClientId,
        /// What it knows.
        secret: Zeroizing<String>,
    },
    /// A signed assertion.
    Assertion {
        /// Who it claims to be: `client_id` if given, else the unverified `sub`.
        client: ClientId,
        /// The JWT.
        token: String,
    },
    /// Nothing but its name: a public client, or one that is known by the certificate it connects with (RFC 8705 §2).
    Name {
        /// Who it claims to be.
        client: ClientId,
        /// That certificate.
        shown: Option<Arc<Shown>>,
    },
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self {
            Self::Secret { .. } => "Secret",
            Self::Assertion { .. } => "Assertion",
            Self::Name { .. } => "Name",
        };
        f.debug_tuple(kind).field(self.claimed()).finish()
    }
}

fn invalid(why: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidClient, why, "client authentication failed")
}

impl Presented {
    /// Reads the `Authorization` header and the body. More than one method is `invalid_request` (RFC 6749 §2.3), none
    /// is `invalid_client`.
    pub fn read(authorization: Option<&str>, form: &Form) -> Result<Self, Refusal> {
        form.once()?;
        let header = authorization.map(read_basic).transpose()?;
        let secret = form.get("client_secret");
        let assertion = match (form.get("client_assertion_type"), form.get("client_assertion")) {
            (None, None) => None,
            (Some(JWT_BEARER), Some(token)) => Some(token),
            (Some(JWT_BEARER), None) | (None, Some(_)) => {
                return Err(refuse(
                    ErrorCode::InvalidRequest,
                    "assertion_half",
                    "client_assertion and client_assertion_type go together",
                ));
            }
            (Some(_), _) => return Err(invalid("assertion_type_unknown")),
        };
        if usize::from(header.is_some()) + usize::from(secret.is_some()) + usize::from(assertion.is_some()) > 1 {
            return Err(refuse(
                ErrorCode::InvalidRequest,
                "auth_methods_many",
                "the client used more than one authentication method",
            ));
        }
        let named = form.get("client_id").map(ClientId::new);
        let presented = match (header, secret, assertion) {
            (Some((client, secret)), _, _) => Self::Secret { method: AuthMethod::ClientSecretBasic, client, secret },
            (None, Some(secret), _) => Self::Secret {
                method: AuthMethod::ClientSecretPost,
                client: named.clone().ok_or_else(|| invalid("auth_post_nameless"))?,
                secret: Zeroizing::new(secret.to_owned()),
            },
            (None, None, Some(token)) => Self::Assertion {
                client: assertion::claimed(token).ok_or_else(|| invalid("assertion_unreadable"))?,
                token: token.to_owned(),
            },
            (None, None, None) => {
                Self::Name { client: named.clone().ok_or_else(|| invalid("auth_missing"))?, shown: None }
            }
        };
        match named {
            Some(named) if named != *presented.claimed() => Err(invalid("auth_names_differ")),
            _ => Ok(presented),
        }
    }

    /// The same over a connection that shows this. Whoever says more than a name is judged by that.
    #[must_use]
    pub fn over(self, shown: Option<Arc<Shown>>) -> Self {
        match self {
            Self::Name { client, .. } => Self::Name { client, shown },
            other => other,
        }
    }

    /// Who it claims to be; nothing is proven yet.
    pub fn client_id(&self) -> &ClientId {
        self.claimed()
    }

    fn claimed(&self) -> &ClientId {
        match self {
            Self::Secret { client, .. } | Self::Assertion { client, .. } | Self::Name { client, .. } => client,
        }
    }
}

/// `Authorization: Basic`, both halves form-urlencoded first (RFC 6749 §2.3.1 and Appendix B).
fn read_basic(header: &str) -> Result<(ClientId, Zeroizing<String>), Refusal> {
    let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(invalid("auth_scheme_unknown"));
    }
    let bytes = STANDARD.decode(rest.trim()).map(Zeroizing::new).map_err(|_| invalid("auth_basic_base64"))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| invalid("auth_basic_utf8"))?;
    let (name, secret) = text.split_once(':').ok_or_else(|| invalid("auth_basic_colon"))?;
    match (form_decode(name), form_decode(secret)) {
        (Some(name), Some(secret)) if !name.is_empty() => Ok((ClientId::new(name), Zeroizing::new(secret))),
        _ => Err(invalid("auth_basic_encoding")),
    }
}

/// Decodes one form-urlencoded value. A stray `%` is kept: clients that do not encode are common, and a secret with a
/// `%` that happens to precede two hexadecimal digits is the only one they lose.
fn form_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        bytes.push(match (first, tail) {
            (b'+', _) => b' ',
            (b'%', [high, low, tail @ ..]) => match (char::from(*high).to_digit(16), char::from(*low).to_digit(16)) {
                (Some(high), Some(low)) => {
                    rest = tail;
                    u8::try_from(high * 16 + low).ok()?
                }
                _ => b'%',
            },
            _ => *first,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

/// The client's keys, as far as they are known.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// What was last fetched from its `jwks_uri`.
    pub jwks: Option<&'a JwkSet>,
    /// Whether it was fetched for this very request; then it is not asked for again.
    pub fetched: Fetched,
}

/// When the keys were fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// Earlier, for another request; or not at all.
    Before,
    /// Just now, for this one; or just now in vain.
    Now,
}

impl Keys<'_> {
    /// Nothing was fetched yet.
    pub const NONE: Self = Self { jwks: None, fetched: Fetched::Before };
}

/// The names by which an assertion may call us.
#[derive(Clone, Copy, Debug)]
pub struct Audience<'a> {
    /// The issuer identifier.
    pub issuer: &'a str,
    /// The token endpoint's address.
    pub token_endpoint: &'a str,
    /// The address of the endpoint that was called.
    pub endpoint: &'a str,
}

/// What became of something a client secured with its keys.
#[derive(Debug)]
pub enum Judged<T> {
    /// It is genuine: this.
    Is(T),
    /// Keys are needed to tell: fetch, and ask again.
    Need(NeedKeys),
    /// No.
    No(Refusal),
}

impl<T> Judged<T> {
    fn map<U>(self, with: impl FnOnce(T) -> U) -> Judged<U> {
        match self {
            Self::Is(genuine) => Judged::Is(with(genuine)),
            Self::Need(need) => Judged::Need(need),
            Self::No(refusal) => Judged::No(refusal),
        }
    }
}

impl<T> From<Result<T, Refusal>> for Judged<T> {
    fn from(judged: Result<T, Refusal>) -> Self {
        judged.map_or_else(Self::No, Self::Is)
    }
}

/// Keys are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedKeys {
    /// The client's `jwks_uri`.
    pub uri: String,
    /// The key that is named.
    pub kid: Option<String>,
    /// What is answered if no key helps.
    pub otherwise: Refusal,
}

/// An assertion that may be used once (RFC 7523 §3 item 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionId {
    /// Whose.
    pub client: ClientId,
    /// Its `jti`.
    pub jti: String,
    /// When it can be forgotten.
    pub expires_at: Time,
}

/// Judges what was presented for this client. The caller looked the client up by [`Presented::client_id`].
pub fn judge(
    presented: &Presented,
    client: &Arc<Client>,
    keys: &Keys<'_>,
    audience: &Audience<'_>,
    now: Time,
) -> Judged<Authenticated<Arc<Client>>> {
    let judged = match (presented, client.metadata.auth_method) {
        _ if presented.claimed() != &client.id => Judged::No(invalid("auth_other_client")),
        (Presented::Secret { method, secret, .. }, registered) if *method == registered => {
            judge_secret(secret, &client.secret).map(|()| None).into()
        }
        (Presented::Name { .. }, AuthMethod::None) => Judged::Is(None),
        (Presented::Name { shown, .. }, AuthMethod::TlsClientAuth) => {
            certificate::judge_vouched(shown.as_deref(), client, now).map(|()| None).into()
        }
        (Presented::Name { shown, .. }, AuthMethod::SelfSignedTlsClientAuth) => {
            certificate::judge_known(shown.as_deref(), client, keys, now).map(|()| None)
        }
        (Presented::Assertion { token, .. }, AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt) => {
            assertion::judge(token, client, keys, audience, now).map(Some)
        }
        _ => Judged::No(invalid("auth_method_not_registered")),
    };
    match (judged, client.standing) {
        // Nothing is fetched for a client that may do nothing.
        (Judged::Is(_) | Judged::Need(_), Standing::Disabled) => Judged::No(invalid("auth_client_disabled")),
        (judged, _) => judged.map(|assertion| Authenticated { subject: Arc::clone(client), assertion }),
    }
}

/// Compares in constant time, whatever form the secret is kept in.
fn judge_secret(presented: &str, secret: &ClientSecret) -> Result<(), Refusal> {
    let presented = Digest::of(presented);
    let known = match secret {
        ClientSecret::None => return Err(invalid("secret_none")),
        ClientSecret::Hashed(digest) => *digest,
        ClientSecret::Known(text) => Digest::of(text),
    };
    match jose::equal(&presented.0, &known.0) {
        true => Ok(()),
        false => Err(invalid("secret_wrong")),
    }
}

/// The answer for a client nobody knows: the same as for a wrong secret, at the same cost.
pub fn unknown_client() -> Refusal {
    let nobody = ClientSecret::Hashed(Digest([0; 32]));
    match judge_secret("nobody", &nobody) {
        Ok(()) | Err(_) => invalid("client_unknown"),
    }
}
