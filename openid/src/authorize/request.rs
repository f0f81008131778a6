//! An authorization request, read once into something that cannot be wrong (OpenID Connect Core §3.1.2.1).

use crate::bound::pkce::Challenge;
use crate::name::ClientId;
use crate::wire::scope::Scope;

/// A request whose client and address are known and whose parameters are all legal.
#[derive(Clone, Debug)]
pub struct AuthRequest {
    /// Who asks.
    pub client: ClientId,
    /// Where the answer goes; the token request must repeat it if it was given.
    pub redirect_uri: String,
    /// What is asked for, cut to what the client may ask for.
    pub scope: Scope,
    /// `nonce`.
    pub nonce: Option<String>,
    /// `code_challenge`, RFC 7636 §4.3.
    pub challenge: Option<Challenge>,
    /// `prompt`.
    pub prompt: Prompt,
    /// `max_age` in seconds, or the client's `default_max_age`.
    pub max_age: Option<u32>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `id_token_hint`, still to be verified by the shell's keys.
    pub id_token_hint: Option<String>,
    /// `acr_values`.
    pub acr_values: Vec<String>,
    /// `ui_locales`.
    pub ui_locales: Vec<String>,
    /// `claims`, checked JSON text; empty if none (Core §5.5).
    pub claims: String,
    /// `resource`, RFC 8707.
    pub resources: Vec<String>,
    /// Whether the ID Token must carry `auth_time`.
    pub auth_time_wanted: bool,
}

/// `prompt`, OpenID Connect Core §3.1.2.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// `none`: must not show anything; stands alone.
    pub none: bool,
    /// `login`: prove it again.
    pub login: bool,
    /// `consent`: ask again.
    pub consent: bool,
    /// `select_account`: show the chooser.
    pub select_account: bool,
}
