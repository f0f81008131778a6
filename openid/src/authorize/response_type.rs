//! `response_type`: RFC 6749 §3.1.1, OAuth 2.0 Multiple Response Type Encoding Practices §3 to §5, OpenID Connect Core §3.
//!
//! Invariant: the table is the whole truth: what a client may register, what discovery lists, what a request may name.

/// What the answer to an authorization request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseType {
    /// `code`.
    Code,
    /// `id_token`.
    IdToken,
    /// `id_token token`.
    IdTokenToken,
    /// `code id_token`.
    CodeIdToken,
    /// `code token`.
    CodeToken,
    /// `code id_token token`.
    CodeIdTokenToken,
    /// `token`, RFC 6749 §4.2.
    Token,
    /// `none`, Multiple Response Types §4.
    None,
}

/// One thing an answer may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An authorization code.
    Code,
    /// An access token.
    Token,
    /// An ID Token.
    IdToken,
}

impl ResponseType {
    /// Every type: `response_types_supported`.
    pub const ALL: &[Self] = &[
        Self::Code,
        Self::IdToken,
        Self::IdTokenToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
        Self::Token,
        Self::None,
    ];

    /// As the specifications spell it, its values in their order.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
            Self::Token => "token",
            Self::None => "none",
        }
    }

    /// Reads a type. The order of its values does not matter (RFC 6749 §3.1.1).
    pub fn read(text: &str) -> Option<Self> {
        let sorted = |text: &str| {
            let mut values: Vec<String> = text.split(' ').map(str::to_owned).collect();
            values.sort_unstable();
            values
        };
        let asked = sorted(text);
        Self::ALL.iter().copied().find(|known| sorted(known.as_str()) == asked)
    }

    /// Whether the answer carries this.
    pub fn carries(self, part: Part) -> bool {
        let word = match part {
            Part::Code => "code",
            Part::Token => "token",
            Part::IdToken => "id_token",
        };
        self.as_str().split(' ').any(|value| value == word)
    }

    /// Whether tokens come from the authorization endpoint itself, which is the grant type `implicit` (OpenID Connect
    /// Registration §2).
    pub fn is_implicit(self) -> bool {
        self.carries(Part::Token) || self.carries(Part::IdToken)
    }
}
