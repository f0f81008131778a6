//! The token endpoint: RFC 6749 §3.2, OpenID Connect Core §3.1.3 and §12.
//!
//! Invariant: tokens are written only after a judge said yes; a refusal never spends a refresh token.

pub mod access;
pub mod authorization_code;
pub mod claims;
pub mod client_credentials;
pub mod exchange;
pub mod facts;
pub mod issue;
pub mod refresh_token;
pub mod request;

use std::sync::Arc;

use crate::bound::{Confirmation, Possession};
use crate::claims::catalogue::Catalogue;
use crate::client::metadata::ClientKind;
use crate::client::{Authenticated, Client};
use crate::native_sso::{NativePolicy, NativeSso};
use crate::resource::Resources;
use crate::time::Time;
use crate::token::issue::{Ruling, Terms};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// What every judge of this endpoint knows besides its own facts.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// When.
    pub now: Time,
    /// Who asks, proven.
    pub client: &'a Authenticated<Arc<Client>>,
    /// What it has shown to hold (RFC 9449, RFC 8705).
    pub possession: Possession<'a>,
    /// The lifetimes of this client.
    pub terms: &'a Terms,
    /// What access tokens can be for.
    pub resources: &'a Resources,
    /// The scopes that speak of a person.
    pub catalogue: &'a Catalogue,
    /// Whether Native SSO is offered.
    pub native_sso: NativeSso,
}

impl Context<'_> {
    /// The client that asks.
    pub fn client(&self) -> &Arc<Client> {
        self.client.client()
    }

    /// What the operator decided of Native SSO for this client, if it is offered at all.
    pub fn native(&self) -> Option<&NativePolicy> {
        self.client().policy.native_sso.as_ref().filter(|_| self.native_sso == NativeSso::On)
    }

    /// What an access token is bound to.
    pub(crate) fn confirmation(&self) -> Option<Confirmation> {
        self.possession.confirmation(self.client())
    }

    /// What a first refresh token is bound to. RFC 9449 §5, RFC 8705 §4: a confidential client proves who it is already, and
    /// may change its key, or its certificate.
    pub(crate) fn refresh_confirmation(&self) -> Option<Confirmation> {
        match self.client().metadata.kind() {
            ClientKind::Public => self.confirmation(),
            ClientKind::Confidential => None,
        }
    }
}

/// One grant type as other parts of the program see it: discovery lists it, registration allows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// `grant_type` as it is spelt on the wire.
    pub grant_type: &'static str,
    /// The folder of its cases below `openid/cases/token/`.
    pub cases: &'static str,
    /// Where it is specified.
    pub clause: &'static str,
}

macro_rules! grants {
    ($($(#[$meta:meta])* $variant:ident($module:ident::$request:ident) = $text:literal, $clause:literal;)*) => {
        /// A request of one of the grants.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Grants { $($(#[$meta])* $variant($module::$request)),* }

        /// Every grant type of the token endpoint.
        pub const GRANTS: &[GrantRow] = &[$(
            GrantRow { grant_type: $text, cases: stringify!($module), clause: $clause }
        ),*];

        impl Grants {
            fn read(grant_type: &str, form: &Form) -> Option<Result<Self, Refusal>> {
                match grant_type {
                    $($text => Some($module::$request::read(form).map(Self::$variant)),)*
                    _ => None,
                }
            }

            /// `grant_type` of this request.
            pub const fn grant_type(&self) -> &'static str {
                match self { $(Self::$variant(_) => $text),* }
            }
        }
    };
}

grants! {
    /// `authorization_code`.
    AuthorizationCode(authorization_code::Redeem) = "authorization_code", "RFC 6749 §4.1.3";
    /// `refresh_token`.
    RefreshToken(refresh_token::Refresh) = "refresh_token", "RFC 6749 §6";
    /// `client_credentials`.
    ClientCredentials(client_credentials::Credentials) = "client_credentials", "RFC 6749 §4.4";
    /// `urn:ietf:params:oauth:grant-type:token-exchange`.
    Exchange(exchange::Exchange) = "urn:ietf:params:oauth:grant-type:token-exchange", "RFC 8693 §2";
}

pub use request::TokenRequest;

/// Whether the client registered this grant type (RFC 6749 §5.2 `unauthorized_client`). Asked before the transaction,
/// so that a code is not spent by a client that may not use it, and again by every judge.
pub fn admit(grant_type: &str, client: &Client) -> Result<(), Refusal> {
    if client.metadata.grant_types.iter().any(|allowed| allowed == grant_type) {
        return Ok(());
    }
    Err(refuse(
        ErrorCode::UnauthorizedClient,
        "grant_type_not_registered",
        "this client is not registered for this grant type",
    ))
}

impl Ruling {
    /// The refusal in it, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Issue(_) => None,
            Self::Breach { refusal, .. } | Self::Replay { refusal, .. } | Self::Refuse(refusal) => Some(refusal),
        }
    }
}

impl From<Result<issue::Issue, Refusal>> for Ruling {
    fn from(judged: Result<issue::Issue, Refusal>) -> Self {
        match judged {
            Ok(issue) => Self::Issue(Box::new(issue)),
            Err(refusal) => Self::Refuse(refusal),
        }
    }
}
