//! Whether metadata are within what an operator allows strangers to register: of the whole server, or of one initial access
//! token, which can only take away.
//!
//! Invariant: what is not allowed is refused by name, never replaced (RFC 7591 §3.2.1 would let a server do either); only what is
//! left out is filled in.

use jose::JwsAlg;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::authorize::response_type::ResponseType;
use crate::client::auth::METHODS;
use crate::client::flows::IMPLICIT;
use crate::client::jose_members::ObjectSigning;
use crate::client::metadata::Metadata;
use crate::client::registered::wrong;
use crate::token::GRANTS;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// The most entries of a list.
const MOST: usize = 200;

/// What a client may register. A list that is not there allows everything that this server can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Allowed {
    /// `grant_types`.
    pub grant_types: Option<Vec<String>>,
    /// `response_types`.
    pub response_types: Option<Vec<String>>,
    /// `token_endpoint_auth_method`.
    pub token_endpoint_auth_methods: Option<Vec<String>>,
    /// What it may sign with and be signed to with; `none` for request objects that are not signed.
    pub signing_algs: Option<Vec<String>>,
    /// Hosts of every address: `rp.example` is that host, `.rp.example` every host below it, `com.example.app:` a private-use
    /// scheme.
    pub hosts: Option<Vec<String>>,
    /// Values of `scope`. Not there: those anybody may ask this server for.
    pub scopes: Option<Vec<String>>,
    /// `scope`, where it is left out. Not there: all that are allowed.
    pub default_scopes: Option<Vec<String>>,
    /// Whether a software statement must come along (RFC 7591 §2.3).
    pub statements: StatementNeed,
}

/// Whether a software statement must come along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatementNeed {
    /// It may.
    #[default]
    Optional,
    /// It must.
    Required,
}

impl Allowed {
    /// Reads what an operator wrote; says what is wrong in words for them.
    pub fn read(written: &Map<String, Value>) -> Result<Self, String> {
        let allowed: Self = serde_json::from_value(written.clone().into()).map_err(|e| e.to_string())?;
        let known_grant = |text: &str| text == IMPLICIT || GRANTS.iter().any(|row| row.grant_type == text);
        let known_alg = |text: &str| text == "none" || text.parse::<JwsAlg>().is_ok_and(|alg| alg.is_named(text));
        let one_value = |text: &str| !text.is_empty() && !text.contains(' ') && Scope::read(text).is_ok();
        check("grant_types", allowed.grant_types.as_ref(), known_grant)?;
        check("response_types", allowed.response_types.as_ref(), |text| ResponseType::read(text).is_some())?;
        check("token_endpoint_auth_methods", allowed.token_endpoint_auth_methods.as_ref(), |text| {
            METHODS.iter().any(|row| row.name == text)
        })?;
        check("signing_algs", allowed.signing_algs.as_ref(), known_alg)?;
        check("hosts", allowed.hosts.as_ref(), is_host)?;
        check("scopes", allowed.scopes.as_ref(), one_value)?;
        check("default_scopes", allowed.default_scopes.as_ref(), |text| {
            one_value(text) && allowed.scopes.as_ref().is_none_or(|all| all.iter().any(|value| value == text))
        })?;
        Ok(allowed)
    }

    /// The values of `scope` that are allowed, where `offered` are those anybody may ask for.
    #[must_use]
    pub fn scopes(&self, offered: &Scope) -> Scope {
        self.scopes.as_ref().map_or_else(|| offered.clone(), |scopes| Scope::from(scopes.join(" ")))
    }

    /// Fills in what was left out (RFC 7591 §2, `scope`).
    pub fn fill(&self, members: &mut Map<String, Value>) {
        let left_out = members.get("scope").is_none_or(Value::is_null);
        if let (true, Some(scopes)) = (left_out, self.default_scopes.as_ref().or(self.scopes.as_ref())) {
            members.insert("scope".into(), scopes.join(" ").into());
        }
    }

    /// Whether metadata are within it, scopes filled in. `offered`: the scopes that are allowed if it names none.
    pub fn judge(&self, metadata: &Metadata, offered: &Scope) -> Result<(), Refusal> {
        self.judge_flows(metadata)?;
        self.judge_algs(metadata)?;
        let scopes = self.scopes(offered);
        if let Some(value) = metadata.scope.iter().flat_map(Scope::iter).find(|value| !scopes.contains(value)) {
            return Err(not_allowed("policy_scope", "scope", value));
        }
        match &self.hosts {
            None => Ok(()),
            Some(hosts) => judge_hosts(hosts, &metadata.registered),
        }
    }

    fn judge_flows(&self, metadata: &Metadata) -> Result<(), Refusal> {
        let within =
            |list: &Option<Vec<String>>, value: &str| list.as_ref().is_none_or(|all| all.iter().any(|v| v == value));
        if let Some(grant) = metadata.grant_types.iter().find(|grant| !within(&self.grant_types, grant)) {
            return Err(not_allowed("policy_grant_type", "grant_types", grant));
        }
        let types = |text: &str| match &self.response_types {
            None => true,
            Some(all) => all.iter().any(|value| ResponseType::read(value) == ResponseType::read(text)),
        };
        if let Some(kind) = metadata.response_types.iter().find(|kind| !types(kind.as_str())) {
            return Err(not_allowed("policy_response_type", "response_types", kind.as_str()));
        }
        let row = METHODS.iter().find(|row| row.method == metadata.auth_method);
        match row.map(|row| row.name).filter(|name| !within(&self.token_endpoint_auth_methods, name)) {
            Some(name) => Err(not_allowed("policy_auth_method", "token_endpoint_auth_method", name)),
            None => Ok(()),
        }
    }

    fn judge_algs(&self, metadata: &Metadata) -> Result<(), Refusal> {
        let Some(algs) = &self.signing_algs else { return Ok(()) };
        let within = |alg: JwsAlg| algs.iter().any(|name| alg.is_named(name));
        let object = match metadata.request_object_signing {
            Some(ObjectSigning::Signed(alg)) => Some(alg),
            Some(ObjectSigning::Unsigned) if !algs.iter().any(|name| name == "none") => {
                return Err(not_allowed("policy_object_unsigned", "request_object_signing_alg", "none"));
            }
            Some(ObjectSigning::Unsigned) | None => None,
        };
        for (name, alg) in [
            ("id_token_signed_response_alg", Some(metadata.id_token_alg)),
            ("userinfo_signed_response_alg", metadata.userinfo.signed),
            ("request_object_signing_alg", object),
            ("token_endpoint_auth_signing_alg", metadata.auth_alg),
        ] {
            if let Some(alg) = alg.filter(|alg| !within(*alg)) {
                return Err(not_allowed("policy_alg", name, alg.as_str()));
            }
        }
        // Without it, any algorithm of the method would do.
        let row = METHODS.iter().find(|row| row.method == metadata.auth_method);
        let any = row.map_or(&[][..], |row| row.algs);
        match metadata.auth_alg.is_none() && !any.iter().all(|alg| within(*alg)) {
            true => Err(wrong("policy_alg_missing", "token_endpoint_auth_signing_alg: it must be named here")),
            false => Ok(()),
        }
    }
}

fn check(name: &str, list: Option<&Vec<String>>, legal: impl Fn(&str) -> bool) -> Result<(), String> {
    let Some(list) = list else { return Ok(()) };
    if list.len() > MOST {
        return Err(format!("{name} has more than {MOST} entries"));
    }
    match list.iter().find(|entry| !legal(entry)) {
        Some(entry) => Err(format!("{name}: {entry} cannot stand here")),
        None => Ok(()),
    }
}

/// An entry of `hosts`.
fn is_host(text: &str) -> bool {
    if let Some(scheme) = text.strip_suffix(':') {
        return scheme.contains('.')
            && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    }
    let name = text.strip_prefix('.').unwrap_or(text);
    if !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.[]:".contains(&b)) {
        return false;
    }
    // As the parser of addresses writes it: small letters, xn-- names, plain numbers.
    Url::parse(&format!("https://{name}/")).is_ok_and(|url| url.host_str() == Some(name) && url.port().is_none())
}

/// Every address among the members, whatever member it is in: `…_uri`, `…_uris`, in every language.
fn judge_hosts(hosts: &[String], registered: &Map<String, Value>) -> Result<(), Refusal> {
    for (member, value) in registered {
        let bare = member.split_once('#').map_or(member.as_str(), |(bare, _)| bare);
        if !bare.ends_with("_uri") && !bare.ends_with("_uris") {
            continue;
        }
        let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        if texts.iter().filter_map(Value::as_str).all(|text| is_within(hosts, text)) {
            continue;
        }
        let code = match bare {
            "redirect_uris" => ErrorCode::InvalidRedirectUri,
            _ => ErrorCode::InvalidClientMetadata,
        };
        return Err(refuse(code, "policy_host", format!("{bare}: an address is at a host that is not allowed here")));
    }
    Ok(())
}

fn is_within(hosts: &[String], text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    hosts.iter().any(|entry| match (entry.strip_suffix(':'), url.host_str()) {
        (Some(scheme), _) => url.scheme() == scheme,
        (None, Some(host)) if matches!(url.scheme(), "http" | "https") => {
            host == entry || (entry.starts_with('.') && host.ends_with(entry.as_str()))
        }
        (None, _) => false,
    })
}

fn not_allowed(why: &'static str, name: &str, value: &str) -> Refusal {
    wrong(why, format!("{name}: {value} is not allowed here to clients that register themselves"))
}
