//! A token request, read once into one of the grants (RFC 6749 §3.2 and §4.1.3, §4.4.2, §6; RFC 8707 §2.2).
//!
//! Invariant: who asks is not read here. That is `client::auth`'s, from the same form.

pub(crate) use crate::authorize::request::resources;
use crate::resource::{Resources, Target};
use crate::token::Grants;
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// A legal token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// What it rests on.
    pub grant: Grants,
}

impl TokenRequest {
    /// Reads the form of `POST /token`.
    pub fn read(form: &Form) -> Result<Self, Refusal> {
        form.once()?;
        let grant_type = form.need("grant_type")?;
        match Grants::read(grant_type, form) {
            Some(grant) => Ok(Self { grant: grant? }),
            None => {
                Err(refuse(ErrorCode::UnsupportedGrantType, "grant_type_unknown", "this grant type is not supported"))
            }
        }
    }
}

/// `scope`, if the request names any.
pub(crate) fn scope(form: &Form) -> Result<Option<Scope>, Refusal> {
    form.get("scope").map(Scope::read).transpose()
}

/// A scope that was asked for by name must mean something at the resources it is to be used at.
pub(crate) fn meaningful(asked: Option<&Scope>, target: Target) -> Result<Target, Refusal> {
    match asked.is_some_and(|asked| !asked.is_empty()) && target.scope.is_empty() {
        true => Err(refuse(
            ErrorCode::InvalidScope,
            "scope_means_nothing",
            "nothing of this scope means anything for these resources",
        )),
        false => Ok(target),
    }
}

/// What an access token is for: the resources asked for, which must have been granted; else all that were granted
/// (RFC 8707 §2.2).
pub(crate) fn narrow(
    asked: &[String],
    granted: &[String],
    scope: &Scope,
    known: &Resources,
) -> Result<Target, Refusal> {
    if !asked.iter().all(|resource| granted.contains(resource)) {
        return Err(refuse(ErrorCode::InvalidTarget, "resource_not_granted", "a resource was not granted"));
    }
    known.known(asked)?;
    known.target(if asked.is_empty() { granted } else { asked }, scope)
}
