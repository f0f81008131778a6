//! The cookies of `logout.md` §5: two name the browser, one binds forms to it, one remembers who signed in here, one says
//! to scripts whether the browser's sessions are still the same.
//!
//! Invariant: with an https issuer every cookie is `__Host-` and Secure. With an http issuer, which is allowed on loopback
//! only, no prefix, no Secure, and Lax throughout. Every one but [`Cookie::State`] is `HttpOnly`.

use openid::time::Span;

use crate::config::Issuer;

/// Which cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// The browser's secret until it closes: sessions hang on it. `SameSite=None`, since cross-site POSTs to authorize
    /// and end-session and silent renewal must see it.
    Browser,
    /// The browser's secret that stays: sessions of people who asked to be kept signed in hang on it.
    Kept,
    /// Binds pending requests and forms to the browser that began them. Lax: a cross-site POST does not carry it
    /// (`endpoint/posted.rs`).
    Form,
    /// Sealed: accounts that have signed in from here before, for the third login budget.
    Known,
    /// The browser's state (`browser_state.rs`): read by the script of `check_session_iframe` in a frame on other sites, so
    /// `SameSite=None` and not `HttpOnly` (Session Management §3.2).
    State,
}

/// How cookies are dressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dress {
    over: Over,
    /// What tells the cookies of issuers on one host apart: a `__Host-` cookie has the path `/`, whatever the issuer's.
    place: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    /// https: `__Host-`, Secure.
    Https,
    /// http on loopback.
    Loopback,
}

impl Dress {
    /// From the issuer's scheme and path.
    pub fn of(issuer: &Issuer) -> Self {
        let over = if issuer.is_https() { Over::Https } else { Over::Loopback };
        let place = match issuer.path() {
            "" => String::new(),
            path => format!("-{}", &jose::base64url(jose::sha256(path.as_bytes()))[..8]),
        };
        Self { over, place }
    }
}

impl Cookie {
    /// Its name.
    pub fn name(self, dress: &Dress) -> String {
        let prefix = match dress.over {
            Over::Https => "__Host-",
            Over::Loopback => "",
        };
        let own = match self {
            Self::Browser => "",
            Self::Kept => "-kept",
            Self::Form => "-form",
            Self::Known => "-known",
            Self::State => "-state",
        };
        format!("{prefix}ostiary{own}{}", dress.place)
    }

    /// A `Set-Cookie` value. `life` of `None`: until the browser closes.
    pub fn set(self, dress: &Dress, value: &str, life: Option<Span>) -> String {
        let name = self.name(dress);
        let (secure, same_site) = match (self, dress.over) {
            (Self::Browser | Self::Kept | Self::State, Over::Https) => ("; Secure", "None"),
            (_, Over::Https) => ("; Secure", "Lax"),
            (_, Over::Loopback) => ("", "Lax"),
        };
        let age = life.map(|span| format!("; Max-Age={}", span.seconds())).unwrap_or_default();
        let hidden = if self == Self::State { "" } else { "; HttpOnly" };
        format!("{name}={value}; Path=/{hidden}{secure}; SameSite={same_site}{age}")
    }

    /// A `Set-Cookie` value that removes it.
    pub fn clear(self, dress: &Dress) -> String {
        self.set(dress, "", Some(Span::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::{Cookie, Dress, Issuer};

    #[test]
    fn issuers_on_one_host_have_cookies_of_their_own() {
        let dress = |issuer: &str| Dress::of(&Issuer::read(issuer).unwrap());
        let name = |issuer: &str| Cookie::Browser.name(&dress(issuer));
        assert_eq!(name("https://op.example"), "__Host-ostiary");
        assert_eq!(name("http://localhost:8080"), "ostiary");
        let (a, b) = (name("https://op.example/a"), name("https://op.example/b"));
        assert!(a.starts_with("__Host-ostiary-") && a != b, "{a} {b}");
        assert_ne!(a, Cookie::Form.name(&dress("https://op.example/a")));
        let set = Cookie::Browser.set(&dress("https://op.example/a"), "x", None);
        assert!(set.ends_with("=x; Path=/; HttpOnly; Secure; SameSite=None"), "{set}");
        let set = Cookie::State.set(&dress("https://op.example"), "x", None);
        assert_eq!(set, "__Host-ostiary-state=x; Path=/; Secure; SameSite=None", "a script reads it");
        let set = Cookie::State.set(&dress("http://localhost:8080"), "x", None);
        assert_eq!(set, "ostiary-state=x; Path=/; SameSite=Lax");
    }
}
