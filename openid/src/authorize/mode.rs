//! How an authorization response travels: OAuth 2.0 Multiple Response Type Encoding Practices §2.1, Form Post Response Mode.

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
