//! What one access token is for, and by whose rules it is made: RFC 8707 §2.2, RFC 9068 §2.2.3 and §3.
//!
//! Invariant: every scope value in it means something to everybody in its audience who has rules of its own.

use std::sync::Arc;

use super::{ResourceServer, Resources, TokenFormat};
use crate::client::policy::Policy;
use crate::time::Span;
use crate::token::issue::Terms;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// What an access token is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Its audience; empty: no particular one.
    pub resources: Vec<String>,
    /// What of the scope means something there.
    pub scope: Scope,
    servers: Vec<Arc<ResourceServer>>,
}

impl Target {
    /// What it looks like.
    pub fn format(&self) -> TokenFormat {
        match self.servers.as_slice() {
            [one] => one.format,
            _ => TokenFormat::Opaque,
        }
    }

    /// How long it lives: as long as the strictest of those it is for allows.
    pub fn lifetime(&self, policy: &Policy, terms: &Terms) -> Span {
        self.servers.iter().map(|server| server.lifetime(policy, terms)).min().unwrap_or(terms.access_token)
    }
}

impl Resources {
    /// What an access token for these resources is. Those that are not known any more are left out, unless nothing is left.
    /// A JWT is for one resource server, and for ourselves beside it: where several are meant and one of them wants a JWT,
    /// the client must name one at a time (RFC 8707 §2.2: it may be made to).
    pub fn target(&self, resources: &[String], scope: &Scope) -> Result<Target, Refusal> {
        let left: Vec<String> =
            resources.iter().filter(|one| self.is_us(one) || self.find(one).is_some()).cloned().collect();
        if left.is_empty() && !resources.is_empty() {
            return Err(refuse(ErrorCode::InvalidTarget, "resource_gone", "what was granted is not known any more"));
        }
        let servers: Vec<Arc<ResourceServer>> = left.iter().filter_map(|one| self.find(one)).cloned().collect();
        if servers.len() > 1 && servers.iter().any(|server| server.format != TokenFormat::Opaque) {
            return Err(refuse(
                ErrorCode::InvalidTarget,
                "resource_one_at_a_time",
                "no access token serves all of these resources; name one of them as resource",
            ));
        }
        let ours = left.is_empty() || left.iter().any(|one| self.is_us(one));
        let scope = scope.filtered(|value| match self.owner(value) {
            // RFC 9068 §2.2.3: each value must mean something for the audience.
            Some(owner) => left.contains(&owner.identifier),
            None => ours,
        });
        Ok(Target { resources: left, scope, servers })
    }
}
