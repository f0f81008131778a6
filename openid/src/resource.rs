//! Resource servers and the access tokens they understand: RFC 8707 (resource indicators), RFC 9068 (access tokens as JWTs).
//!
//! Invariant: a scope value belongs to one resource server at most, and a JWT is made by the rules of exactly one: what it
//! says means the same to everybody who reads it (RFC 9068 §5).

mod target;
mod written;

use std::collections::HashMap;
use std::sync::Arc;

use jose::JwsAlg;

pub use self::target::Target;
pub use self::written::Ours;
use crate::claims::language::Words;
use crate::client::policy::Policy;
use crate::name::ClientId;
use crate::time::Span;
use crate::token::issue::Terms;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// The longest life of an access token that an operator may give a resource server: a day.
pub const LONGEST_LIFE: Span = Span::from_hours(24);

/// The shortest.
pub const SHORTEST_LIFE: Span = Span::from_seconds(10);

/// How long a JWT lives where nothing else is said: until then no ending reaches whoever verifies it alone.
pub const JWT_LIFE: Span = Span::from_minutes(5);

/// What an access token looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFormat {
    /// Random: only its issuer can tell what it means.
    Opaque,
    /// A JWT signed with this algorithm (RFC 9068).
    Jwt(JwsAlg),
}

impl TokenFormat {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::Jwt(_) => "jwt",
        }
    }
}

/// A scope value that means something at a resource server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceScope {
    /// The value.
    pub value: String,
    /// What it allows, in the words of a consent page. May be empty: then the value stands for itself.
    pub titles: Words,
}

/// A resource server, as the operator described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceServer {
    /// `resource`: its identifier (RFC 8707 §2), and the `aud` of its tokens.
    pub identifier: String,
    /// What people call it.
    pub names: Words,
    /// What its access tokens look like.
    pub format: TokenFormat,
    /// How long they live. `None`: five minutes for a JWT, the client's terms for an opaque one.
    pub lifetime: Option<Span>,
    /// The scope values it understands.
    pub scopes: Vec<ResourceScope>,
    /// The clients that answer for it: they may introspect its access tokens (RFC 7662 §2.1).
    pub clients: Vec<ClientId>,
}

impl ResourceServer {
    /// How long an access token for it lives: what the operator said of the server, but not longer than what the operator
    /// said of the client.
    pub fn lifetime(&self, policy: &Policy, terms: &Terms) -> Span {
        let own = match (self.lifetime, self.format) {
            (Some(own), _) => own,
            (None, TokenFormat::Jwt(_)) => JWT_LIFE,
            (None, TokenFormat::Opaque) => return terms.access_token,
        };
        match policy.access_token_lifetime {
            Some(_) => own.min(terms.access_token),
            None => own,
        }
    }

    /// Its name in the first of these languages it has one in, or its identifier.
    pub fn name(&self, locales: &[String]) -> &str {
        self.names.in_any(locales).unwrap_or(&self.identifier)
    }
}

/// Every resource server, and ourselves: UserInfo is a protected resource too (OpenID Connect Core §5.3).
#[derive(Clone, Debug, Default)]
pub struct Resources {
    issuer: String,
    servers: Vec<Arc<ResourceServer>>,
    /// Scope value → which of the servers.
    owners: HashMap<String, usize>,
}

impl Resources {
    /// Those an operator described. Of two that understand the same value, which the store does not allow, the first has it.
    pub fn new(issuer: &str, servers: Vec<ResourceServer>) -> Self {
        let mut owners = HashMap::new();
        for (place, server) in servers.iter().enumerate() {
            for scope in &server.scopes {
                owners.entry(scope.value.clone()).or_insert(place);
            }
        }
        Self { issuer: issuer.to_owned(), servers: servers.into_iter().map(Arc::new).collect(), owners }
    }

    /// Ourselves.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// All of them, without ourselves.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ResourceServer>> {
        self.servers.iter()
    }

    /// A resource server by its identifier, letter for letter.
    pub fn find(&self, identifier: &str) -> Option<&Arc<ResourceServer>> {
        self.servers.iter().find(|server| server.identifier == identifier)
    }

    /// Whether a resource is this very server.
    pub fn is_us(&self, resource: &str) -> bool {
        is_issuer(resource, &self.issuer)
    }

    /// The resource server a scope value belongs to.
    pub fn owner(&self, value: &str) -> Option<&Arc<ResourceServer>> {
        self.owners.get(value).and_then(|place| self.servers.get(*place))
    }

    /// The scope values of all of them.
    pub fn scopes(&self) -> impl Iterator<Item = &ResourceScope> {
        self.servers.iter().flat_map(|server| &server.scopes)
    }

    /// RFC 8707 §2: `invalid_target` for a resource nobody knows.
    pub fn known(&self, resources: &[String]) -> Result<(), Refusal> {
        match resources.iter().all(|resource| self.is_us(resource) || self.find(resource).is_some()) {
            true => Ok(()),
            false => Err(refuse(ErrorCode::InvalidTarget, "resource_unknown", "a resource is not known")),
        }
    }

    /// The resources of a request: those it names; else the one its scope belongs to, and beside that ourselves, if
    /// `openid` is in the scope too: whoever names nothing means to use it at UserInfo as ever. RFC 9068 §3: the scope says
    /// the default; if it says several, that is `invalid_scope`.
    pub fn of_request(&self, named: Vec<String>, scope: &Scope) -> Result<Vec<String>, Refusal> {
        if !named.is_empty() {
            return Ok(named);
        }
        let mut owners: Vec<&str> = scope.iter().filter_map(|v| self.owner(v)).map(|s| s.identifier.as_str()).collect();
        owners.sort_unstable();
        owners.dedup();
        match owners.as_slice() {
            [] => Ok(Vec::new()),
            [one] if scope.contains("openid") => Ok(vec![(*one).to_owned(), self.issuer.clone()]),
            [one] => Ok(vec![(*one).to_owned()]),
            _ => Err(refuse(
                ErrorCode::InvalidScope,
                "scope_of_several",
                "this scope belongs to several resource servers; name them as resource",
            )),
        }
    }

    /// What of a scope means something for a request of these resources: the values of other resource servers go.
    #[must_use]
    pub fn of_resources(&self, scope: &Scope, resources: &[String]) -> Scope {
        scope.filtered(|value| self.owner(value).is_none_or(|owner| resources.contains(&owner.identifier)))
    }

    /// Whether a client may know about an access token for these resources: it answers for one of them.
    pub fn answers_for(&self, client: &ClientId, resources: &[String]) -> bool {
        resources.iter().filter_map(|resource| self.find(resource)).any(|server| server.clients.contains(client))
    }
}

/// Whether a resource is the issuer or its UserInfo Endpoint.
pub fn is_issuer(resource: &str, issuer: &str) -> bool {
    resource.strip_prefix(issuer).is_some_and(|rest| matches!(rest, "" | "/userinfo"))
}
