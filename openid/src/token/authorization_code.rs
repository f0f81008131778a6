//! Redeeming an authorization code: RFC 6749 §4.1.3, RFC 7636 §4.6, OpenID Connect Core §3.1.3.
//!
//! Invariant: to gather is to spend. Whatever is ruled here, the code is gone; a second use is a breach (§4.1.2).

use crate::bound::dpop::{self, Jkt};
use crate::bound::pkce::Challenge;
use crate::name::{Digest, GrantId, SessionId};
use crate::native_sso::{self, DEVICE_SSO, HeldSecret, OnDevice};
use crate::resource::Target;
use crate::session::{Grant, SessionKind};
use crate::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Ruling};
use crate::token::request::{narrow, resources};
use crate::token::{Context, admit};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// The request: `grant_type=authorization_code`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redeem {
    /// Digest of `code`.
    pub code: Digest,
    /// `redirect_uri`.
    pub redirect_uri: Option<String>,
    /// `code_verifier`.
    pub verifier: Option<String>,
    /// `resource`.
    pub resources: Vec<String>,
    /// `device_secret`, Native SSO §3.3: one the client has from before.
    pub device_secret: Option<Digest>,
}

/// A code as it was stored.
#[derive(Clone, Debug)]
pub struct Code {
    /// What it grants when it is redeemed; its id is the family. `created_at` and `expires_at` are set by the judge.
    pub grant: Grant,
    /// Where the code was sent.
    pub redirect_uri: String,
    /// Whether the authorization request named it.
    pub redirect_uri_given: RedirectGiven,
    /// What the verifier must answer to.
    pub challenge: Option<Challenge>,
    /// The key of whoever may redeem it (RFC 9449 §10).
    pub jkt: Option<Jkt>,
    /// Its end.
    pub expires_at: crate::time::Time,
}

/// Whether the authorization request named its `redirect_uri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectGiven {
    /// It did: the token request must repeat it (RFC 6749 §4.1.3).
    Given,
    /// It did not: the client has registered only one.
    Implied,
}

/// What came of trying to spend the code. The client is part of the statement: another client's code is unknown.
#[derive(Clone, Debug)]
pub enum Spent {
    /// There is no such code for this client.
    Unknown,
    /// It was spent before.
    Before {
        /// What it gave then.
        family: GrantId,
    },
    /// It was spent by this request.
    Now {
        /// The code.
        code: Box<Code>,
        /// What keeps the session alive it belongs to, now held with the stay. None: one of the two is over.
        session: Option<SessionKind>,
    },
}

/// What is known of the device an app redeems a code on.
#[derive(Clone, Copy, Debug, Default)]
pub struct KnownDevice<'a> {
    /// The secret that was presented, if it is one.
    pub secret: Option<&'a HeldSecret>,
    /// The live device session this client opened from the code's session before, now held.
    pub session: Option<&'a SessionId>,
}

impl Redeem {
    /// Reads the parameters of RFC 6749 §4.1.3.
    pub fn read(form: &Form) -> Result<Self, Refusal> {
        Ok(Self {
            code: Digest::of(form.need("code")?),
            redirect_uri: form.get("redirect_uri").map(str::to_owned),
            verifier: form.get("code_verifier").map(str::to_owned),
            resources: resources(form)?,
            device_secret: form.get("device_secret").map(Digest::of),
        })
    }

    /// Rules on the redemption.
    pub fn judge(&self, spent: Spent, known: KnownDevice<'_>, cx: &Context<'_>) -> Ruling {
        match spent {
            Spent::Unknown => Ruling::Refuse(no("code_unknown", "the code is not known")),
            // §4.1.2: a second use must not succeed, and what the first gave should be revoked.
            Spent::Before { family } => {
                Ruling::Breach { family, refusal: no("code_replayed", "the code was used before") }
            }
            Spent::Now { code, session } => self.redeem(*code, session, known, cx).unwrap_or_else(Ruling::Refuse),
        }
    }

    fn redeem(
        &self,
        code: Code,
        session: Option<SessionKind>,
        known: KnownDevice<'_>,
        cx: &Context<'_>,
    ) -> Result<Ruling, Refusal> {
        admit("authorization_code", cx.client())?;
        if code.grant.client != cx.client().id {
            return Err(no("code_of_another", "the code is not known"));
        }
        let Some(kept_by) = session else {
            return Err(no("session_over", "the session has ended"));
        };
        if cx.now >= code.expires_at {
            return Err(no("code_expired", "the code has expired"));
        }
        self.same_redirect(&code)?;
        self.same_party(&code)?;
        dpop::same_key(code.jkt.as_ref(), cx.possession.proof)?;
        let target = narrow(&self.resources, &code.grant.resources, &code.grant.scope, cx.resources)?;
        Ok(begin(code.grant, target, (kept_by, known), cx))
    }

    fn same_redirect(&self, code: &Code) -> Result<(), Refusal> {
        match (&self.redirect_uri, code.redirect_uri_given) {
            (None, RedirectGiven::Implied) => Ok(()),
            (None, RedirectGiven::Given) => {
                Err(no("redirect_uri_absent", "redirect_uri must be repeated as in the authorization request"))
            }
            (Some(uri), _) if *uri == code.redirect_uri => Ok(()),
            (Some(_), _) => Err(no("redirect_uri_differs", "redirect_uri differs from the authorization request")),
        }
    }

    fn same_party(&self, code: &Code) -> Result<(), Refusal> {
        match (&code.challenge, &self.verifier) {
            (None, None) => Ok(()),
            (Some(_), None) => Err(no("verifier_absent", "code_verifier is missing")),
            // RFC 9700 §2.1.1: a verifier without a challenge is a sign that the challenge was stripped.
            (None, Some(_)) => Err(no("verifier_unexpected", "no code_challenge was sent for this code")),
            (Some(challenge), Some(verifier)) if challenge.accepts(verifier) => Ok(()),
            (Some(_), Some(_)) => Err(no("verifier_differs", "code_verifier does not answer the code_challenge")),
        }
    }
}

fn no(why: &'static str, say: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidGrant, why, say)
}

fn begin(
    mut grant: Grant,
    target: Target,
    (kept_by, known): (SessionKind, KnownDevice<'_>),
    cx: &Context<'_>,
) -> Ruling {
    let lifetime = target.lifetime(&cx.client().policy, cx.terms);
    grant.created_at = cx.now;
    grant.expires_at = cx.now + cx.terms.refresh_absolute.max(lifetime);
    let refresh = match admit("refresh_token", cx.client()) {
        Ok(()) => RefreshIssue::First { expires_at: (cx.now + cx.terms.refresh_idle).min(grant.expires_at) },
        Err(_) => RefreshIssue::None,
    };
    // Native SSO §3.3.3: whoever was granted `device_sso` gets a secret, and the ID Token it is bound to.
    let device = match cx.native().filter(|_| [DEVICE_SSO, "openid"].iter().all(|one| grant.scope.contains(one))) {
        Some(policy) => match native_sso::redeem(policy, (&grant, kept_by), (known.secret, known.session), cx.now) {
            Ok(device) => device,
            Err(comeback) => {
                let say = "the device session has ended: a device secret came back that was replaced";
                return Ruling::Replay { comeback, refusal: no("code_device_over", say) };
            }
        },
        None => OnDevice::default(),
    };
    Ruling::Issue(Box::new(Issue {
        client: grant.client.clone(),
        access: AccessIssue::of(target, cx.now + lifetime).bound(cx.confirmation()),
        refresh,
        device,
        refresh_cnf: cx.refresh_confirmation(),
        id_token: if grant.scope.contains("openid") { IdTokenIssue::WithNonce } else { IdTokenIssue::None },
        ground: Ground::Begin(grant),
    }))
}
