//! A cookie jar, RFC 6265bis as far as these tests need it: host, path, Secure, `HttpOnly`, `SameSite`, Max-Age, `__Host-`.
//!
//! Invariant: like a browser's, it ignores ports, and a cookie that breaks its own rules is not kept.

use std::time::{Duration, Instant};

use url::Url;

/// One cookie.
#[derive(Clone, Debug)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The attributes as they were sent, lower-case names first.
    pub attributes: Vec<(String, String)>,
    host: String,
    path: String,
    until: Option<Instant>,
}

impl Cookie {
    /// Whether it has an attribute.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// An attribute's value.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn goes(&self, to: &Url, errand: Errand) -> bool {
        let path = to.path();
        let below = path == self.path
            || path.strip_prefix(&self.path).is_some_and(|rest| self.path.ends_with('/') || rest.starts_with('/'));
        let alike = match (errand, self.attribute("samesite").unwrap_or("Lax")) {
            (Errand::SameSite, _) | (Errand::CrossSiteLink, "Lax" | "None") => true,
            (Errand::CrossSitePost, site) => site == "None",
            (Errand::CrossSiteLink, _) => false,
        };
        to.host_str() == Some(self.host.as_str()) && below && alike && (!self.has("secure") || is_safe(to))
    }
}

/// How a request came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// From the same site, or typed by the person.
    SameSite,
    /// A top-level GET from another site.
    CrossSiteLink,
    /// A POST from another site.
    CrossSitePost,
}

/// The jar.
#[derive(Clone, Debug, Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
    refused: Vec<String>,
}

impl Jar {
    /// Takes a `Set-Cookie` line.
    pub fn take(&mut self, from: &Url, line: &str) {
        let mut parts = line.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let attributes: Vec<(String, String)> = parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
            .collect();
        let find = |wanted: &str| attributes.iter().find(|(n, _)| n == wanted).map(|(_, v)| v.as_str());
        let secure = find("secure").is_some();
        let host_rules = secure && find("path") == Some("/") && find("domain").is_none();
        let lawful = (!secure || is_safe(from))
            && (!name.starts_with("__Host-") || host_rules)
            && (find("samesite") != Some("None") || secure);
        if !lawful {
            self.refused.push(line.to_owned());
            return;
        }
        let (host, path) = (from.host_str().unwrap_or_default().to_owned(), find("path").unwrap_or("/").to_owned());
        self.cookies.retain(|c| !(c.name == name && c.host == host && c.path == path));
        let age = find("max-age").and_then(|age| age.parse::<i64>().ok());
        if age.is_some_and(|age| age <= 0) {
            return;
        }
        let until = age.map(|age| Instant::now() + Duration::from_secs(age.unsigned_abs()));
        self.cookies.push(Cookie { name: name.to_owned(), value: value.to_owned(), attributes, host, path, until });
    }

    /// The `Cookie` line for a request.
    pub fn line(&self, to: &Url, errand: Errand) -> Option<String> {
        let live = self.cookies.iter().filter(|c| c.until.is_none_or(|until| until > Instant::now()));
        let pairs: Vec<String> =
            live.filter(|c| c.goes(to, errand)).map(|c| format!("{}={}", c.name, c.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Every cookie in it.
    pub fn cookies(&self) -> &[Cookie] {
        &self.cookies
    }

    /// `Set-Cookie` lines that broke the rules.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// A cookie by name.
    pub fn cookie(&self, name: &str) -> Option<&Cookie> {
        self.cookies.iter().find(|c| c.name == name)
    }

    /// Forgets the cookies that live only until the browser closes.
    pub fn close(&mut self) {
        self.cookies.retain(|c| c.until.is_some());
    }
}

/// Whether Secure cookies travel: https, or a browser's own machine.
fn is_safe(url: &Url) -> bool {
    url.scheme() == "https"
}

#[cfg(test)]
mod tests {
    use super::{Errand, Jar};
    use crate::http::read;

    #[test]
    fn it_keeps_the_rules() {
        let (mut jar, at) = (Jar::default(), read("https://op.test/login"));
        jar.take(&at, "__Host-a=1; Path=/; HttpOnly; Secure; SameSite=None");
        jar.take(&at, "__Host-b=1; Path=/; HttpOnly; Secure; SameSite=Lax");
        jar.take(&at, "__Host-c=1; Path=/deep; Secure");
        jar.take(&at, "d=1; Path=/; SameSite=None");
        jar.take(&at, "e=1; Path=/deep; SameSite=Strict");
        assert_eq!(jar.refused().len(), 2);
        assert_eq!(jar.line(&at, Errand::SameSite).unwrap(), "__Host-a=1; __Host-b=1");
        assert_eq!(jar.line(&at, Errand::CrossSitePost).unwrap(), "__Host-a=1");
        assert_eq!(
            jar.line(&read("https://op.test/deep/er"), Errand::SameSite).unwrap(),
            "__Host-a=1; __Host-b=1; e=1"
        );
        assert_eq!(jar.line(&read("https://op.test/deeper"), Errand::CrossSiteLink).unwrap(), "__Host-a=1; __Host-b=1");
        assert_eq!(jar.line(&read("http://op.test/"), Errand::SameSite), None);
        assert_eq!(jar.line(&read("https://other.test/"), Errand::SameSite), None);
        jar.take(&at, "__Host-a=; Path=/; HttpOnly; Secure; SameSite=None; Max-Age=0");
        assert_eq!(jar.line(&at, Errand::CrossSitePost), None);
    }
}
