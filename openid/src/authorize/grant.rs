//! What the authorization endpoint grants once everybody agreed: OpenID Connect Core §3.1.2.5, §3.2.2.5, §3.3.2.5.
//!
//! Invariant: what leaves through the browser rests on a grant of its own, which ends with the session, and never carries
//! a refresh token; what the code gives begins when the code is redeemed.

use crate::authorize::next::Agreed;
use crate::authorize::request::AuthRequest;
use crate::authorize::response_type::Part;
use crate::client::policy::Policy;
use crate::name::{ClientId, GrantId, SessionId, Sid, Sub};
use crate::native_sso::OnDevice;
use crate::resource::Target;
use crate::session::{Grant, GrantKind};
use crate::time::{Span, Time};
use crate::token::authorization_code::Code;
use crate::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Terms};

/// What is written, and what is said of it.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The session it happens in.
    pub session: SessionId,
    /// To whom.
    pub client: ClientId,
    /// The subject that client knows, if it knows one yet.
    pub sub: Option<Sub>,
    /// The code, if one is asked for.
    pub code: Option<Code>,
    /// The access token that goes through the browser, if one is asked for.
    pub access: Option<Issue>,
    /// What the ID Token that goes through the browser tells of, if one is asked for.
    pub id_token: Option<Grant>,
}

/// Names for the grants of one answer.
#[derive(Clone, Debug)]
pub struct Names {
    /// The code's.
    pub code: GrantId,
    /// That of what goes through the browser.
    pub front: GrantId,
}

impl AuthRequest {
    /// What this request is granted. The stay (`sid`) and a subject that is new are known when the transaction has written
    /// them: [`Granted::stay`].
    pub fn grant(
        &self,
        agreed: Agreed,
        names: Names,
        (terms, policy, code): (&Terms, &Policy, Span),
        now: Time,
    ) -> Granted {
        let asked = |part: Part| self.response_type.carries(part);
        let whole = Grant {
            id: names.code,
            client: self.client.clone(),
            account: agreed.account,
            sub: Sub::new(""),
            sid: Sid::new(""),
            session: agreed.session,
            kind: GrantKind::of(&agreed.scope),
            scope: agreed.scope,
            claims: self.claims.clone(),
            resources: self.resources.clone(),
            auth_time: agreed.auth_time,
            acr: agreed.acr,
            amr: agreed.amr,
            nonce: self.nonce.clone(),
            created_at: now,
            expires_at: now + terms.refresh_absolute,
        };
        let life = self.front.as_ref().map_or(terms.access_token, |target| target.lifetime(policy, terms));
        let front = Grant {
            id: names.front,
            kind: GrantKind::Online,
            // Core §11: background access comes with a refresh token, and those come from the token endpoint.
            scope: whole.scope.filtered(|value| value != "offline_access"),
            expires_at: now + life,
            ..whole.clone()
        };
        Granted {
            session: whole.session.clone(),
            client: whole.client.clone(),
            sub: agreed.sub,
            access: self.front.as_ref().map(|target| issue(front.clone(), target)),
            id_token: asked(Part::IdToken).then_some(front),
            code: asked(Part::Code).then(|| Code {
                grant: whole,
                redirect_uri: self.redirect_uri.clone(),
                redirect_uri_given: self.redirect_given,
                challenge: self.challenge.clone(),
                jkt: self.dpop_jkt.clone(),
                expires_at: now + code,
            }),
        }
    }
}

/// RFC 6749 §4.2.2: no refresh token.
fn issue(grant: Grant, target: &Target) -> Issue {
    let mut target = target.clone();
    target.scope = target.scope.filtered(|value| grant.scope.contains(value));
    Issue {
        client: grant.client.clone(),
        access: AccessIssue::of(target, grant.expires_at),
        refresh: RefreshIssue::None,
        refresh_cnf: None,
        id_token: IdTokenIssue::None,
        device: OnDevice::default(),
        ground: Ground::Begin(grant),
    }
}

impl Granted {
    /// Whether nothing is written: `response_type=none`.
    pub fn is_nothing(&self) -> bool {
        self.code.is_none() && self.access.is_none() && self.id_token.is_none()
    }

    /// Everything of it belongs to this stay, and speaks of this subject.
    pub fn stay(&mut self, sid: &Sid, sub: &Sub) {
        let front = self.access.as_mut().and_then(|issue| issue.ground.grant_mut());
        let code = self.code.as_mut().map(|code| &mut code.grant);
        for grant in code.into_iter().chain(front).chain(self.id_token.as_mut()) {
            grant.sid = sid.clone();
            grant.sub = sub.clone();
        }
    }
}
