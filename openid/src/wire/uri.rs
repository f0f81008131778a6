//! Addresses that somebody else entered: RFC 3986, with the restrictions of RFC 6749 §3.1.2 and RFC 8252 §7.
//!
//! Invariant: an address is kept and compared as the string it was; parsing only answers questions about it.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

/// The longest address anybody may enter.
pub const LONGEST: usize = 2048;

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Longer than [`LONGEST`].
    TooLong,
    /// Not an absolute URI of printable ASCII.
    NotAbsolute,
    /// It has a fragment.
    Fragment,
    /// It has a user name or password.
    UserInfo,
    /// It has no host although its scheme needs one.
    NoHost,
    /// Its scheme is not one of those allowed here.
    Scheme,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "is longer than 2048 characters",
            Self::NotAbsolute => "is not an absolute URI",
            Self::Fragment => "must not have a fragment",
            Self::UserInfo => "must not have a user name or password",
            Self::NoHost => "has no host",
            Self::Scheme => "has a scheme that is not allowed here",
        })
    }
}

/// What kind of address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `https`.
    Https,
    /// `http` to this very machine (RFC 8252 §7.3).
    HttpLoopback,
    /// `http` to anywhere else.
    Http,
    /// A private-use scheme with a dot in it (RFC 8252 §7.1).
    PrivateUse,
    /// Any other scheme.
    Other,
}

/// Checks that `text` is an absolute URI without fragment and credentials, and says what kind it is.
pub fn judge(text: &str) -> Result<Kind, Fault> {
    if text.len() > LONGEST {
        return Err(Fault::TooLong);
    }
    if !text.bytes().all(|b| matches!(b, 0x21..=0x7e)) || text.contains(['"', '<', '>', '\\', '^', '`', '{', '|', '}'])
    {
        return Err(Fault::NotAbsolute);
    }
    if text.contains('#') {
        return Err(Fault::Fragment);
    }
    let url = Url::parse(text).map_err(|_| Fault::NotAbsolute)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Fault::UserInfo);
    }
    let kind = match url.scheme() {
        "https" => Kind::Https,
        "http" if is_loopback(&url) => Kind::HttpLoopback,
        "http" => Kind::Http,
        scheme if scheme.contains('.') => Kind::PrivateUse,
        _ => Kind::Other,
    };
    match kind {
        Kind::Https | Kind::Http | Kind::HttpLoopback => {
            // `https:host` and `https:/host` are mended by browsers; nobody registers them on purpose.
            let scheme = url.scheme().len();
            match text.get(scheme..scheme + 3) == Some("://") && url.host_str().is_some_and(|h| !h.is_empty()) {
                true => Ok(kind),
                false => Err(Fault::NoHost),
            }
        }
        Kind::PrivateUse | Kind::Other => Ok(kind),
    }
}

/// Checks an address that is fetched, posted to or linked to: `http` or `https`.
pub fn judge_web(text: &str) -> Result<Kind, Fault> {
    match judge(text)? {
        kind @ (Kind::Https | Kind::Http | Kind::HttpLoopback) => Ok(kind),
        Kind::PrivateUse | Kind::Other => Err(Fault::Scheme),
    }
}

/// The web origin of an `http` or `https` address, RFC 6454 §6.2.
pub fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin().ascii_serialization())
}

/// An address with more parameters in its query. What is there stays as it was.
pub fn with_query(text: &str, pairs: &[(&str, &str)]) -> String {
    let (front, fragment) = match text.split_once('#') {
        Some((front, fragment)) => (front, Some(fragment)),
        None => (text, None),
    };
    let joint = match front.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    let pairs = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let tail = fragment.map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{front}{joint}{pairs}{tail}")
}

/// Whether an address names the machine it is used on.
pub fn is_own_machine(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| is_loopback(&url))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        // RFC 6761 §6.3: every name below `localhost` is this machine.
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether `asked` is `registered` with another port, both being `http` on loopback: RFC 8252 §7.3, for native
/// applications, which cannot know the port beforehand.
pub fn same_but_port(registered: &str, asked: &str) -> bool {
    let cut = |text: &str| -> Option<(String, String)> {
        let rest = text.strip_prefix("http://")?;
        let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| rest.starts_with(host))?;
        let rest = rest.get(host.len()..)?;
        let rest = match rest.strip_prefix(':') {
            None => rest,
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                rest.get(..digits)?.parse::<u16>().ok()?;
                rest.get(digits..)?
            }
        };
        (rest.is_empty() || rest.starts_with(['/', '?'])).then(|| (host.to_owned(), rest.to_owned()))
    };
    match (cut(registered), cut(asked)) {
        (Some(one), Some(other)) => one == other && !asked.contains('#'),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
