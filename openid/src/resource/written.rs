//! A resource server as an operator writes it, and as it is shown: JSON in the words of RFC 9728 §2 where it has some.
//!
//! Invariant: what is shown reads again as itself; a member nobody knows is a slip of the pen.

use jose::JwsAlg;
use serde_json::{Map, Value, json};

use super::{LONGEST_LIFE, ResourceScope, ResourceServer, SHORTEST_LIFE, TokenFormat, is_issuer};
use crate::claims::language::{Words, is_tag};
use crate::client;
use crate::name::ClientId;
use crate::time::Span;
use crate::wire::scope::Scope;
use crate::wire::uri;

const MOST_SCOPES: usize = 100;
const MOST_CLIENTS: usize = 20;
const MOST_TITLES: usize = 50;
const LONGEST_TITLE: usize = 200;
const LONGEST_SCOPE: usize = 100;

/// Which algorithms there are keys for, and who we are.
#[derive(Clone, Copy, Debug)]
pub struct Ours<'a> {
    /// The issuer.
    pub issuer: &'a str,
    /// The algorithms we sign with.
    pub algs: &'a [JwsAlg],
    /// Scope values that mean something here: they cannot be a resource server's.
    pub scopes: &'a Scope,
}

impl ResourceServer {
    /// Reads what an operator wrote.
    pub fn read(written: &Map<String, Value>, ours: Ours<'_>) -> Result<Self, String> {
        for member in written.keys() {
            let bare = member.split_once('#').map_or(member.as_str(), |(bare, _)| bare);
            let known = match member.contains('#') {
                true => bare == "resource_name",
                false => MEMBERS.contains(&bare),
            };
            if !known {
                return Err(format!("a resource server has no member {member}"));
            }
        }
        let identifier = identifier(written.get("resource"), ours.issuer)?;
        let alg = written.get("access_token_signing_alg");
        let format = match written.get("access_token_format").map(Value::as_str) {
            None | Some(Some("opaque")) if alg.is_some() => {
                return Err("access_token_signing_alg is for \"access_token_format\": \"jwt\"".to_owned());
            }
            None | Some(Some("opaque")) => TokenFormat::Opaque,
            Some(Some("jwt")) => TokenFormat::Jwt(signing_alg(alg, ours.algs)?),
            Some(_) => return Err("access_token_format is \"opaque\" or \"jwt\"".to_owned()),
        };
        Ok(Self {
            identifier,
            names: titles(written, "resource_name")?,
            format,
            lifetime: written.get("access_token_lifetime").map(lifetime).transpose()?,
            scopes: scopes(written.get("scopes"), ours.scopes)?,
            clients: clients(written.get("introspected_by"))?,
        })
    }

    /// The same, to be shown.
    pub fn written(&self) -> Map<String, Value> {
        let mut all = Map::new();
        all.insert("resource".into(), json!(self.identifier));
        put_titles(&mut all, "resource_name", &self.names);
        all.insert("access_token_format".into(), json!(self.format.as_str()));
        if let TokenFormat::Jwt(alg) = self.format {
            all.insert("access_token_signing_alg".into(), json!(alg.as_str()));
        }
        if let Some(lifetime) = self.lifetime {
            all.insert("access_token_lifetime".into(), json!(lifetime.seconds()));
        }
        let scopes = self.scopes.iter().map(|scope| {
            let mut titled = Map::new();
            put_titles(&mut titled, "title", &scope.titles);
            (scope.value.clone(), Value::Object(titled))
        });
        all.insert("scopes".into(), Value::Object(scopes.collect()));
        all.insert("introspected_by".into(), json!(self.clients));
        all
    }
}

const MEMBERS: &[&str] = &[
    "resource",
    "resource_name",
    "access_token_format",
    "access_token_signing_alg",
    "access_token_lifetime",
    "scopes",
    "introspected_by",
];

/// RFC 8707 §2: an absolute URI without a fragment. Ours are taken.
fn identifier(given: Option<&Value>, issuer: &str) -> Result<String, String> {
    let text = given.and_then(Value::as_str).ok_or("resource is missing: the URI that applications name")?;
    uri::judge(text).map_err(|fault| format!("resource {fault}"))?;
    match is_issuer(text, issuer) {
        true => Err("resource is this server itself, which needs no entry".to_owned()),
        false => Ok(text.to_owned()),
    }
}

/// RFC 9068 §2.1: signed with an asymmetric algorithm; RS256 is what every resource server knows.
fn signing_alg(given: Option<&Value>, algs: &[JwsAlg]) -> Result<JwsAlg, String> {
    let Some(given) = given else { return Ok(JwsAlg::Rs256) };
    let found = given.as_str().and_then(|name| algs.iter().copied().find(|alg| alg.as_str() == name));
    found.ok_or_else(|| {
        let names: Vec<&str> = algs.iter().map(|alg| alg.as_str()).collect();
        format!("access_token_signing_alg is one of {}", names.join(", "))
    })
}

fn lifetime(given: &Value) -> Result<Span, String> {
    let span = given.as_i64().filter(|n| (0..=LONGEST_LIFE.seconds()).contains(n)).map(Span::from_seconds);
    let span = span.filter(|span| *span >= SHORTEST_LIFE);
    let (least, most) = (SHORTEST_LIFE.seconds(), LONGEST_LIFE.seconds());
    span.ok_or_else(|| format!("access_token_lifetime is a number of seconds from {least} to {most}"))
}

fn scopes(given: Option<&Value>, ours: &Scope) -> Result<Vec<ResourceScope>, String> {
    let Some(given) = given else { return Ok(Vec::new()) };
    let all = given.as_object().ok_or("scopes is an object: scope value to an object with its titles")?;
    if all.len() > MOST_SCOPES {
        return Err(format!("scopes has more than {MOST_SCOPES} values"));
    }
    all.iter()
        .map(|(value, described)| {
            let legal = (1..=LONGEST_SCOPE).contains(&value.len())
                && !value.contains(' ')
                && Scope::read(value).is_ok_and(|scope| scope.contains(value));
            if !legal {
                return Err(format!("{value:?} cannot be a scope value (RFC 6749 §3.3)"));
            }
            if ours.contains(value) {
                return Err(format!("the scope {value} means something here already"));
            }
            let described = described.as_object().ok_or_else(|| format!("scopes.{value} is an object"))?;
            if let Some(other) = described.keys().find(|name| *name != "title" && !name.starts_with("title#")) {
                return Err(format!("a scope has no member {other}"));
            }
            Ok(ResourceScope { value: value.clone(), titles: titles(described, "title")? })
        })
        .collect()
}

fn clients(given: Option<&Value>) -> Result<Vec<ClientId>, String> {
    let Some(given) = given else { return Ok(Vec::new()) };
    let wrong = || format!("introspected_by is a list of at most {MOST_CLIENTS} client_ids");
    let all = given.as_array().filter(|all| all.len() <= MOST_CLIENTS).ok_or_else(wrong)?;
    all.iter().map(|id| id.as_str().filter(|id| client::is_id(id)).map(ClientId::new).ok_or_else(wrong)).collect()
}

/// A member and its `#` languages (RFC 9728 §2.1, as in RFC 7591 §2.2).
fn titles(given: &Map<String, Value>, name: &str) -> Result<Words, String> {
    let twice = || format!("{name} is given twice in one language");
    let titles = Words::of_members(given, name, title, twice)?;
    match titles.0.len() <= MOST_TITLES {
        true => Ok(titles),
        false => Err(format!("{name} stands in more than {MOST_TITLES} languages")),
    }
}

fn title<'a>(member: &str, value: &'a Value) -> Result<&'a str, String> {
    if member.split_once('#').is_some_and(|(_, tag)| !is_tag(tag)) {
        return Err(format!("{member} does not end in a language tag"));
    }
    let legal = |text: &&str| (1..=LONGEST_TITLE).contains(&text.chars().count()) && !text.contains(char::is_control);
    let text = value.as_str().filter(legal);
    text.ok_or_else(|| format!("{member} is a text of 1 to {LONGEST_TITLE} characters"))
}

fn put_titles(all: &mut Map<String, Value>, name: &str, titles: &Words) {
    for (tag, text) in &titles.0 {
        let member = if tag.is_empty() { name.to_owned() } else { format!("{name}#{tag}") };
        all.insert(member, json!(text));
    }
}
