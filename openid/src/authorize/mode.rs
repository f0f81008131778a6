//! How an authorization response travels: OAuth 2.0 Multiple Response Type Encoding Practices §2.1, Form Post Response Mode.
//!
//! Invariant: only the parameters of RFC 6749 §4.1.2, RFC 9207 and Session Management §2 are sent.

use crate::wire::form::Form;

/// `response_mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query.
    Query,
    /// In the fragment.
    Fragment,
    /// As a form that the browser posts.
    FormPost,
}

impl ResponseMode {
    /// The modes we offer: `response_modes_supported`.
    pub const ALL: &[Self] = &[Self::Query, Self::Fragment, Self::FormPost];

    /// Reads the parameter.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|mode| mode.as_str() == text)
    }

    /// As it is spelt.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode a request wants, so far as it can be made out: what errors travel by, too. A response type with tokens in
    /// it keeps out of the query, also one that nobody knows (Multiple Response Types §5).
    pub(super) fn wanted(form: &Form) -> Self {
        let in_query =
            !form.get("response_type").is_some_and(|all| all.split(' ').any(|t| t == "token" || t == "id_token"));
        let default = if in_query { Self::Query } else { Self::Fragment };
        let asked = form.get("response_mode").filter(|_| !form.repeats("response_mode"));
        match asked.and_then(Self::read) {
            Some(Self::Query) | None => default,
            Some(mode) => mode,
        }
    }
}

/// An answer on its way: what the shell sends to the browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// To this address.
    Redirect(String),
    /// A form posted there.
    Post {
        /// The address.
        action: String,
        /// Its fields.
        fields: Vec<(String, String)>,
    },
}

/// Puts parameters into an address. A query that is already there is kept (RFC 6749 §3.1.2).
pub(crate) fn send(mode: ResponseMode, uri: &str, fields: Vec<(String, String)>) -> Sent {
    let encoded = || Form::from_pairs(fields.clone()).encode();
    match mode {
        ResponseMode::FormPost => Sent::Post { action: uri.to_owned(), fields },
        ResponseMode::Fragment => Sent::Redirect(format!("{uri}#{}", encoded())),
        ResponseMode::Query => {
            let joint = match uri.find('?') {
                None => "?",
                Some(_) if uri.ends_with(['?', '&']) => "",
                Some(_) => "&",
            };
            Sent::Redirect(format!("{uri}{joint}{}", encoded()))
        }
    }
}
