//! The cookies of `logout.md` §5: two name the browser, one binds forms to it, one remembers who signed in here.
//!
//! Invariant: with an https issuer every cookie is `__Host-`, Secure and `HttpOnly`. With an http issuer, which is
//! allowed on loopback only, no prefix, no Secure, and Lax throughout.

use openid::time::Span;

use crate::config::Config;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The browser's secret until it closes: sessions hang on it. `SameSite=None`, since cross-site POSTs to authorize
    /// and end-session and silent renewal must see it.
    Browser,
    /// The browser's secret that stays: sessions of people who asked to be kept signed in hang on it.
    Kept,
    /// Binds pending requests and forms to the browser that began them. Lax: a cross-site POST does not carry it.
    Form,
    /// Sealed: accounts that have signed in from here before, for the third login budget.
    Known,
}

/// How the issuer is reached decides how cookies are dressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dress {
    /// https: `__Host-`, Secure.
    Secure,
    /// http on loopback.
    Loopback,
}

impl Dress {
    /// From the issuer's scheme.
    pub fn of(config: &Config) -> Self {
        match config.issuer.as_str().starts_with("https:") {
            true => Self::Secure,
            false => Self::Loopback,
        }
    }
}

impl Cookie {
    /// Its name.
    pub const fn name(self, dress: Dress) -> &'static str {
        match (self, dress) {
            (Self::Browser, Dress::Secure) => "__Host-ostiary",
            (Self::Kept, Dress::Secure) => "__Host-ostiary-kept",
            (Self::Form, Dress::Secure) => "__Host-ostiary-form",
            (Self::Known, Dress::Secure) => "__Host-ostiary-known",
            (Self::Browser, Dress::Loopback) => "ostiary",
            (Self::Kept, Dress::Loopback) => "ostiary-kept",
            (Self::Form, Dress::Loopback) => "ostiary-form",
            (Self::Known, Dress::Loopback) => "ostiary-known",
        }
    }

    /// A `Set-Cookie` value. `life` of `None`: until the browser closes.
    pub fn set(self, dress: Dress, value: &str, life: Option<Span>) -> String {
        let name = self.name(dress);
        let (secure, same_site) = match (self, dress) {
            (Self::Browser | Self::Kept, Dress::Secure) => ("; Secure", "None"),
            (_, Dress::Secure) => ("; Secure", "Lax"),
            (_, Dress::Loopback) => ("", "Lax"),
        };
        let age = life.map(|span| format!("; Max-Age={}", span.seconds())).unwrap_or_default();
        format!("{name}={value}; Path=/; HttpOnly{secure}; SameSite={same_site}{age}")
    }

    /// A `Set-Cookie` value that removes it.
    pub fn clear(self, dress: Dress) -> String {
        self.set(dress, "", Some(Span::ZERO))
    }
}
