//! WebFinger: RFC 7033, OpenID Connect Discovery §2. Who wants to sign somebody in asks the host of their address where
//! their provider is.
//!
//! Invariant: the answer depends on the host alone, never on whether there is such a person.

use serde_json::{Map, Value, json};
use url::Url;

use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// The relation of an issuer to an identifier (Discovery §2).
pub const ISSUER: &str = "http://openid.net/specs/connect/1.0/issuer";

/// A question, RFC 7033 §4.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    resource: String,
    host: Option<Host>,
    /// Relations asked for; none: all.
    rels: Vec<String>,
}

/// A host that is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// The host of an `acct` URI (RFC 7565): it has no port.
    Account(String),
    /// The host and port of an `https` URI; without a port that is 443.
    Site(String),
}

/// Hosts this server answers for: names in lower case, with a port where it is not 443.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// That of the issuer, and those the operator adds.
    pub fn new(issuer: &str, added: &[String]) -> Self {
        let issuer = Url::parse(issuer).ok().as_ref().and_then(site);
        Self(issuer.into_iter().chain(added.iter().cloned()).collect())
    }

    fn have(&self, host: &Host) -> bool {
        self.0.iter().any(|own| match host {
            Host::Site(site) => own == site,
            Host::Account(name) => own == name || without_port(own) == name,
        })
    }
}

/// A host as an operator writes it: `example.com`, with a port if it is not 443. In the form addresses have.
pub fn read_host(text: &str) -> Option<String> {
    let url = Url::parse(&format!("https://{text}/")).ok()?;
    let plain = !text.contains(['/', '?', '#', '@', '\\']) && !text.trim().is_empty() && text.trim() == text;
    site(&url).filter(|_| plain)
}

/// Host and port, as addresses have them.
fn site(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.is_empty())?;
    Some(match url.port() {
        None => host.to_owned(),
        Some(port) => format!("{host}:{port}"),
    })
}

fn without_port(site: &str) -> &str {
    match site.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => site,
    }
}

impl Question {
    /// Reads the query. Parameters nobody knows are ignored, and so is the order of those we do.
    pub fn read(query: &str) -> Result<Self, Refusal> {
        // §4.1: percent-encoded as RFC 3986 says, not as a form: a plus sign is one, as in `acct:joe+news@example.com`.
        let form = Form::read(query.replace('+', "%2B").as_bytes())?;
        let mut resources = form.all("resource");
        let resource = match (resources.next(), resources.next()) {
            (Some(resource), None) if !resource.is_empty() => resource,
            (None | Some(_), None) => {
                return Err(malformed("webfinger_resource_missing", "the parameter resource is missing"));
            }
            _ => return Err(malformed("webfinger_resource_twice", "the parameter resource stands twice")),
        };
        Ok(Self {
            resource: resource.to_owned(),
            host: host_of(resource)?,
            rels: form.all("rel").map(str::to_owned).collect(),
        })
    }
}

fn malformed(why: &'static str, say: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidRequest, why, say)
}

/// The host an identifier belongs to; `None`: a URI of a kind nobody here knows anything about.
fn host_of(resource: &str) -> Result<Option<Host>, Refusal> {
    let bad = || malformed("webfinger_resource_malformed", "the parameter resource is not a URI");
    let (scheme, rest) = resource.split_once(':').ok_or_else(bad)?;
    // RFC 3986 §3.1.
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
    if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(legal) {
        return Err(bad());
    }
    if resource.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(bad());
    }
    if scheme.eq_ignore_ascii_case("acct") {
        // RFC 7565 §7: the host stands behind the last "@"; in what stands before it is "%40".
        let (user, host) = rest.rsplit_once('@').ok_or_else(bad)?;
        let host = read_host(host).filter(|_| !user.is_empty()).ok_or_else(bad)?;
        return Ok(Some(Host::Account(host)));
    }
    let url = Url::parse(resource).map_err(|_| bad())?;
    Ok(if url.scheme() == "https" { site(&url).map(Host::Site) } else { None })
}

/// The answer, RFC 7033 §4.4. `None`: nobody here knows anything about that.
pub fn answer(question: &Question, hosts: &Hosts, issuer: &str) -> Option<Map<String, Value>> {
    let host = question.host.as_ref()?;
    if !hosts.have(host) {
        return None;
    }
    let mut descriptor = Map::new();
    descriptor.insert("subject".into(), json!(question.resource));
    // §4.3: of the relations, those that were asked for; the rest of the answer stays.
    if question.rels.is_empty() || question.rels.iter().any(|rel| rel == ISSUER) {
        descriptor.insert("links".into(), json!([{"rel": ISSUER, "href": issuer}]));
    }
    Some(descriptor)
}
