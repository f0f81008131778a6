//! A client's own authority: RFC 6749 §4.4.
//!
//! Invariant: there is no person in it, so no scope that speaks of one, no refresh token, no ID Token; and nobody who
//! could agree to a resource, so the operator named it before.

use crate::client::metadata::ClientKind;
use crate::native_sso::OnDevice;
use crate::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Ruling};
use crate::token::request::{meaningful, resources, scope};
use crate::token::{Context, admit};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// The request: `grant_type=client_credentials`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `scope`.
    pub scope: Option<Scope>,
    /// `resource`.
    pub resources: Vec<String>,
}

impl Credentials {
    /// Reads the parameters of RFC 6749 §4.4.2.
    pub fn read(form: &Form) -> Result<Self, Refusal> {
        Ok(Self { scope: scope(form)?, resources: resources(form)? })
    }

    /// Rules on the request.
    pub fn judge(&self, cx: &Context<'_>) -> Ruling {
        self.issue(cx).into()
    }

    fn issue(&self, cx: &Context<'_>) -> Result<Issue, Refusal> {
        let client = cx.client();
        admit("client_credentials", client)?;
        if client.metadata.kind() == ClientKind::Public {
            return Err(refuse(
                ErrorCode::UnauthorizedClient,
                "credentials_of_public",
                "client credentials are for confidential clients",
            ));
        }
        // RFC 8707 §2: "invalid_target" also for a resource this client may not have.
        cx.resources.known(&self.resources)?;
        let targets = &client.policy.targets;
        if !self.resources.iter().all(|resource| targets.contains(resource)) {
            return Err(refuse(
                ErrorCode::InvalidTarget,
                "credentials_resource",
                "a resource is not one this client may have without a person",
            ));
        }
        let of_persons = cx.catalogue.all_scopes();
        let may = |value: &str| {
            !of_persons.contains(value)
                && cx.resources.owner(value).is_none_or(|owner| targets.contains(&owner.identifier))
        };
        let own = client.metadata.scope.clone().unwrap_or_default().filtered(may);
        let scope = match &self.scope {
            None => own,
            Some(asked) if asked.within(&own) => asked.clone(),
            Some(_) => {
                return Err(refuse(
                    ErrorCode::InvalidScope,
                    "credentials_scope",
                    "scope is not one this client may have without a person",
                ));
            }
        };
        let resources = cx.resources.of_request(self.resources.clone(), &scope)?;
        let target = meaningful(self.scope.as_ref(), cx.resources.target(&resources, &scope)?)?;
        let lifetime = target.lifetime(&client.policy, cx.terms);
        Ok(Issue {
            client: client.id.clone(),
            ground: Ground::Client,
            access: AccessIssue::of(target, cx.now + lifetime).bound(cx.confirmation()),
            refresh: RefreshIssue::None,
            refresh_cnf: None,
            id_token: IdTokenIssue::None,
            device: OnDevice::default(),
        })
    }
}
