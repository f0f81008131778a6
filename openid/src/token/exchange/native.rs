//! The profile of OpenID Connect Native SSO for Mobile Apps §4: an app signs in by another app's ID Token and the secret of
//! the device they share.
//!
//! Invariant: the checks of §4.3 in their order, each with an answer of its own. What they rest on (the client, the device
//! session, the secret) is held; nothing is spent by asking.

use crate::authorize::next::Consent;
use crate::claims::parameter::ClaimsRequest;
use crate::client::policy::ConsentPolicy;
use crate::logout::end::{EndHint, HintClaims};
use crate::name::{Digest, GrantId, Sid, Sub};
use crate::native_sso::{Comeback, DEVICE_SSO, Draft, HeldSecret, NativePolicy, OnDevice, Spelling, Way, Worth};
use crate::resource::Target;
use crate::session::{Grant, GrantKind, Session, SessionStanding};
use crate::time::Span;
use crate::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Ruling};
use crate::token::request::{meaningful, resources, scope};
use crate::token::{Context, admit};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

use super::{DEVICE_SECRET, DEVICE_SECRET_03, GRANT_TYPE, ID_TOKEN, malformed};

/// The request of §4.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NativeExchange {
    /// `subject_token`: an ID Token, still to be verified by the shell's keys.
    pub id_token: String,
    /// How its type was spelt.
    pub spelling: Spelling,
    /// Digest of `actor_token`: the device secret.
    pub secret: Digest,
    /// `audience`: the issuer.
    pub audience: Vec<String>,
    /// `scope`.
    pub scope: Option<Scope>,
    /// `resource`: where the access token is to be used (RFC 8693 §2.1, RFC 8707).
    pub resources: Vec<String>,
}

/// What the transaction found, all of it held.
#[derive(Clone, Debug)]
pub struct NativeFacts {
    /// What the ID Token proved to be.
    pub id_token: EndHint,
    /// The secret, if it is known.
    pub secret: Option<HeldSecret>,
    /// Its device session, if it lives.
    pub device: Option<Session>,
    /// Whether the stay the ID Token names lives in that session.
    pub stay: SessionStanding,
    /// The sharing group of the client the ID Token was issued to.
    pub group: Option<String>,
    /// What the person has consented to for the asking client.
    pub consent: Option<Consent>,
    /// A name for what is granted.
    pub name: GrantId,
}

impl NativeExchange {
    pub(super) fn read(form: &Form) -> Result<Self, Refusal> {
        let secret = Digest::of(form.need("actor_token")?);
        if !matches!(form.need("actor_token_type")?, DEVICE_SECRET | DEVICE_SECRET_03) {
            return Err(malformed("native_actor_type", "actor_token_type must be that of a device secret"));
        }
        form.need("audience")?;
        Ok(Self {
            id_token: form.need("subject_token")?.to_owned(),
            spelling: if form.get("subject_token_type") == Some(ID_TOKEN) {
                Spelling::Exact
            } else {
                Spelling::Lenient
            },
            secret,
            audience: form.all("audience").map(str::to_owned).collect(),
            scope: scope(form)?,
            resources: resources(form)?,
        })
    }

    /// Rules on the exchange.
    pub fn judge(&self, facts: &NativeFacts, cx: &Context<'_>) -> Ruling {
        let policy = match self.allowed(cx) {
            Ok(policy) => policy,
            Err(refusal) => return Ruling::Refuse(refusal),
        };
        let comeback = facts.secret.as_ref().and_then(|secret| Comeback::of(secret, policy, cx.now));
        if let (Some(comeback), EndHint::Genuine(_)) = (comeback, &facts.id_token) {
            return Ruling::Replay {
                comeback,
                refusal: malformed("native_secret_replayed", "the device secret was replaced, and its successor used"),
            };
        }
        self.checked(facts, policy, cx).into()
    }

    /// Who may ask, for what, in which words.
    fn allowed<'a>(&self, cx: &Context<'a>) -> Result<&'a NativePolicy, Refusal> {
        admit(GRANT_TYPE, cx.client.client())?;
        let policy = cx.client.client().policy.native_sso.as_ref().filter(|_| cx.native().is_some());
        let policy = policy.ok_or_else(|| {
            refuse(
                ErrorCode::UnauthorizedClient,
                "native_not_allowed",
                "this client may not sign in by a device secret",
            )
        })?;
        if (self.spelling, policy.spelling()) == (Spelling::Lenient, Spelling::Exact) {
            return Err(malformed("native_subject_type", "subject_token_type must be that of an ID Token"));
        }
        match self.audience.as_slice() {
            [one] if one == cx.resources.issuer() => Ok(policy),
            _ => Err(refuse(ErrorCode::InvalidTarget, "native_audience", "audience must be the issuer")),
        }
    }

    /// §4.3, in its order.
    fn checked(&self, facts: &NativeFacts, policy: &NativePolicy, cx: &Context<'_>) -> Result<Issue, Refusal> {
        let EndHint::Genuine(hint) = &facts.id_token else {
            return Err(malformed("native_id_token", "subject_token is not an ID Token of this server"));
        };
        let Some(secret) = &facts.secret else {
            return Err(malformed("native_secret_unknown", "actor_token is not a device secret of this server"));
        };
        // What its session's end has killed is said below, by the error of a session that is over.
        if secret.session == SessionStanding::Live && secret.worth(cx.now) != Worth::Good {
            return Err(malformed("native_secret_revoked", "the device secret was revoked"));
        }
        if hint.ds_hash.is_none() || hint.ds_hash != secret.ds_hash {
            return Err(malformed("native_binding", "the ID Token and the device secret do not belong together"));
        }
        let Some(device) = facts.device.as_ref().filter(|_| facts.stay == SessionStanding::Live) else {
            return Err(refuse(ErrorCode::InvalidGrant, "native_session_over", "the session has ended"));
        };
        if facts.group.as_deref() != Some(policy.group.as_str()) {
            return Err(malformed("native_group", "these two clients do not share sign-ins"));
        }
        proven_lately(device, policy, cx)?;
        let (scope, resources) = self.wanted(facts, policy, cx)?;
        let target = meaningful(self.scope.as_ref(), cx.resources.target(&resources, &scope)?)?;
        let secret = match scope.contains("openid") {
            true => secret.go_on(cx.now),
            false => crate::native_sso::SecretIssue::None,
        };
        let on = OnDevice { way: Way::Enters(device.id.clone()), secret, ..OnDevice::default() };
        Ok(issue(grant(facts, device, (scope, resources), cx), target, on, cx))
    }

    /// §4.3: the scopes must need nobody's consent.
    fn wanted(
        &self,
        facts: &NativeFacts,
        policy: &NativePolicy,
        cx: &Context<'_>,
    ) -> Result<(Scope, Vec<String>), Refusal> {
        let client = cx.client();
        let scope = match &self.scope {
            None => client.metadata.scope.clone().unwrap_or_else(|| Scope::from("openid".to_owned())),
            Some(asked) => asked.clone(),
        };
        let may = |value: &str| match &client.metadata.scope {
            Some(own) => own.contains(value),
            None => {
                value == DEVICE_SSO || cx.catalogue.all_scopes().contains(value) || cx.resources.owner(value).is_some()
            }
        };
        if !scope.iter().all(may) {
            return Err(refuse(ErrorCode::InvalidScope, "native_scope", "scope is not one this client may have"));
        }
        // Draft -07 §4.2: "When present, it MUST include the openid scope value".
        if policy.draft == Draft::Seven && !scope.contains("openid") {
            return Err(refuse(ErrorCode::InvalidScope, "native_scope_openid", "scope must contain openid"));
        }
        cx.resources.known(&self.resources)?;
        let resources = cx.resources.of_request(self.resources.clone(), &scope)?;
        let asked = Consent {
            scope: scope.filtered(|value| !cx.catalogue.implied().contains(value)),
            resources: resources.clone(),
            ..Consent::default()
        };
        let new = match client.policy.consent {
            ConsentPolicy::FirstParty => false,
            ConsentPolicy::Ask => facts.consent.as_ref().is_none_or(|given| !asked.beyond(given).is_empty()),
        };
        match (new, policy.draft) {
            (false, _) => {}
            (true, Draft::Seven) => {
                return Err(refuse(ErrorCode::InteractionRequired, "native_consent", "the person must agree first"));
            }
            (true, Draft::Three) => {
                return Err(refuse(ErrorCode::InvalidScope, "native_consent_03", "the person must agree first"));
            }
        }
        Ok((scope, resources))
    }
}

/// Core §3.1.2.1, by Registration §2: a client with a `default_max_age` takes no older proof, whoever brings it. -03 knows no
/// error for "ask the person"; `invalid_grant` sends its clients back to the authorization endpoint.
fn proven_lately(device: &Session, policy: &NativePolicy, cx: &Context<'_>) -> Result<(), Refusal> {
    let is_over =
        |seconds: u32| seconds == 0 || cx.now.since(device.auth_time) > Span::from_seconds(i64::from(seconds));
    if !cx.client().metadata.default_max_age.is_some_and(is_over) {
        return Ok(());
    }
    let say = "the person must prove again who they are";
    Err(match policy.draft {
        Draft::Seven => refuse(ErrorCode::InteractionRequired, "native_max_age", say),
        Draft::Three => refuse(ErrorCode::InvalidGrant, "native_max_age_03", say),
    })
}

/// §4.3: "the session associated with the new `refresh_token` SHOULD be the same". It ends with it, whatever its scope.
fn grant(facts: &NativeFacts, device: &Session, (scope, resources): (Scope, Vec<String>), cx: &Context<'_>) -> Grant {
    Grant {
        id: facts.name.clone(),
        client: cx.client().id.clone(),
        account: device.account.clone(),
        // Subject and stay are known when the transaction has written it.
        sub: Sub::new(""),
        sid: Sid::new(""),
        session: device.id.clone(),
        kind: GrantKind::Online,
        scope,
        claims: ClaimsRequest::default(),
        resources,
        auth_time: device.auth_time,
        acr: device.acr.clone(),
        amr: device.amr.clone(),
        nonce: None,
        created_at: cx.now,
        expires_at: cx.now + cx.terms.refresh_absolute,
    }
}

fn issue(mut grant: Grant, target: Target, device: OnDevice, cx: &Context<'_>) -> Issue {
    let lifetime = target.lifetime(&cx.client().policy, cx.terms);
    grant.expires_at = cx.now + cx.terms.refresh_absolute.max(lifetime);
    let refresh = match admit("refresh_token", cx.client()) {
        Ok(()) => RefreshIssue::First { expires_at: (cx.now + cx.terms.refresh_idle).min(grant.expires_at) },
        Err(_) => RefreshIssue::None,
    };
    let id_token = match grant.scope.contains("openid") {
        true => IdTokenIssue::WithoutNonce(SessionStanding::Live),
        false => IdTokenIssue::None,
    };
    Issue {
        client: grant.client.clone(),
        access: AccessIssue::of(target, cx.now + lifetime).bound(cx.confirmation()),
        refresh,
        refresh_cnf: cx.refresh_confirmation(),
        id_token,
        device,
        ground: Ground::Begin(grant),
    }
}

impl NativeFacts {
    /// What is known where nothing was found: the ID Token alone.
    pub fn bare(id_token: EndHint, name: GrantId) -> Self {
        Self { id_token, secret: None, device: None, stay: SessionStanding::Over, group: None, consent: None, name }
    }

    /// The stay and the client of the ID Token, if it is one.
    pub fn hint(&self) -> Option<&HintClaims> {
        match &self.id_token {
            EndHint::Genuine(hint) => Some(hint),
            EndHint::Absent | EndHint::Foreign => None,
        }
    }
}
