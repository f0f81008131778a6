//! Refreshing: RFC 6749 §6, RFC 9700 §4.14, OpenID Connect Core §12.
//!
//! Invariant: nothing is spent by reading; only [`RefreshIssue::Successor`] spends, so a refusal never does.

use crate::bound::{self, Confirmation};
use crate::client::metadata::ClientKind;
use crate::client::policy::Rotation;
use crate::name::Digest;
use crate::native_sso::{self, HeldSecret, OnDevice, Way};
use crate::session::{Grant, GrantKind, GrantStanding, SessionKind, SessionStanding};
use crate::time::Time;
use crate::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Retry, Ruling};
use crate::token::request::{meaningful, narrow, resources, scope};
use crate::token::{Context, admit};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// The request: `grant_type=refresh_token`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// Digest of `refresh_token`.
    pub token: Digest,
    /// `scope`, within what was granted.
    pub scope: Option<Scope>,
    /// `resource`, within what was granted.
    pub resources: Vec<String>,
    /// `device_secret`, Native SSO §3.3: one the client has from before.
    pub device_secret: Option<Digest>,
}

/// A refresh token as it was found, its grant and session held.
#[derive(Clone, Debug)]
pub struct Held {
    /// The grant it belongs to.
    pub grant: Grant,
    /// When it was issued.
    pub issued_at: Time,
    /// The end of its idle time.
    pub expires_at: Time,
    /// What it is bound to (RFC 9449 §5, RFC 8705 §4).
    pub cnf: Option<Confirmation>,
    /// Whether it was used.
    pub standing: RefreshStanding,
    /// Whether its grant lives.
    pub grant_standing: GrantStanding,
    /// Whether its session lives.
    pub session: SessionStanding,
    /// What keeps its session alive.
    pub session_kind: SessionKind,
}

/// Whether a refresh token was replaced by a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshStanding {
    /// It was not.
    Unused,
    /// It was not, but another successor of the token before it was used: of the answers to one token, whose owner asked
    /// again within the grace, only one can be in its owner's hands.
    Displaced,
    /// It was.
    Rotated {
        /// When first.
        at: Time,
        /// Whether any of its successors was used since.
        successor: Successor,
    },
}

/// Whether a successor was used: then its owner has it, and whoever presents the old one does not belong here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    /// None was used yet.
    Untouched,
    /// One was.
    Used,
}

impl Refresh {
    /// Reads the parameters of RFC 6749 §6.
    pub fn read(form: &Form) -> Result<Self, Refusal> {
        Ok(Self {
            token: Digest::of(form.need("refresh_token")?),
            scope: scope(form)?,
            resources: resources(form)?,
            device_secret: form.get("device_secret").map(Digest::of),
        })
    }

    /// Rules on the refresh.
    pub fn judge(&self, held: Option<Held>, presented: Option<&HeldSecret>, cx: &Context<'_>) -> Ruling {
        let Some(held) = held.filter(|held| held.grant.client == cx.client().id) else {
            return Ruling::Refuse(no("refresh_unknown", "the refresh token is not known"));
        };
        if let Err(refusal) = admit("refresh_token", cx.client()) {
            return Ruling::Refuse(refusal);
        }
        if held.grant_standing == GrantStanding::Over {
            return Ruling::Refuse(no("grant_over", "what was granted has ended"));
        }
        match held.use_of_it(cx) {
            Use::Reuse => Ruling::Breach {
                family: held.grant.id,
                refusal: no("refresh_reused", "the refresh token was used before"),
            },
            Use::Honest(retry) => self.go_on(held, retry, presented, cx).unwrap_or_else(Ruling::Refuse),
        }
    }

    fn go_on(
        &self,
        held: Held,
        retry: Retry,
        presented: Option<&HeldSecret>,
        cx: &Context<'_>,
    ) -> Result<Ruling, Refusal> {
        let Held { grant, expires_at, session, session_kind, cnf, .. } = held;
        if grant.kind == GrantKind::Online && session == SessionStanding::Over {
            return Err(no("refresh_session_over", "the session has ended"));
        }
        if cx.now >= expires_at || cx.now >= grant.expires_at {
            return Err(no("refresh_expired", "the refresh token has expired"));
        }
        bound::same_holder(cnf.as_ref(), cx.possession)?;
        let scope = self.scope_of(&grant, cx)?;
        let target = narrow(&self.resources, &grant.resources, &scope, cx.resources)?;
        let target = meaningful(self.scope.as_ref(), target)?;
        let lifetime = target.lifetime(&cx.client().policy, cx.terms);
        let id_token = if scope.contains("openid") { IdTokenIssue::WithoutNonce(session) } else { IdTokenIssue::None };
        let device = match (session_kind, cx.native()) {
            (SessionKind::Device, Some(policy)) => {
                match native_sso::refresh(policy, (&grant.session, &scope), presented, cx.now) {
                    Ok(device) => device,
                    Err(comeback) => {
                        let say = "the device session has ended: a device secret came back that was replaced";
                        return Ok(Ruling::Replay { comeback, refusal: no("refresh_device_over", say) });
                    }
                }
            }
            (SessionKind::Device, None) => OnDevice { way: Way::Within(grant.session.clone()), ..OnDevice::default() },
            (SessionKind::Browser, _) => OnDevice::default(),
        };
        Ok(Ruling::Issue(Box::new(Issue {
            client: grant.client.clone(),
            device,
            access: AccessIssue::of(target, (cx.now + lifetime).min(grant.expires_at)).bound(cx.confirmation()),
            refresh: self.next_token(retry, (cx.now + cx.terms.refresh_idle).min(grant.expires_at), cx),
            refresh_cnf: cnf,
            id_token,
            ground: Ground::Go(grant),
        })))
    }

    fn scope_of(&self, grant: &Grant, cx: &Context<'_>) -> Result<Scope, Refusal> {
        // What the operator took away from the client since is not granted any more.
        let allowed = cx.client().metadata.scope.as_ref();
        let left = grant.scope.filtered(|value| allowed.is_none_or(|allowed| allowed.contains(value)));
        match &self.scope {
            None if left.is_empty() && !grant.scope.is_empty() => Err(refuse(
                ErrorCode::InvalidScope,
                "refresh_scope_gone",
                "this client may have none of this scope any more",
            )),
            None => Ok(left),
            Some(asked) if asked.within(&left) => Ok(asked.clone()),
            Some(_) => Err(refuse(ErrorCode::InvalidScope, "scope_widened", "scope is wider than what was granted")),
        }
    }

    fn next_token(&self, retry: Retry, expires_at: Time, cx: &Context<'_>) -> RefreshIssue {
        match (retry, rotation(cx)) {
            (Retry::First, Rotation::Keep) => RefreshIssue::Keep { token: self.token, expires_at },
            // A token that was rotated once stays spent, whatever the policy says by now.
            (Retry::Again, _) | (_, Rotation::Rotate) => RefreshIssue::Successor { of: self.token, retry, expires_at },
        }
    }
}

enum Use {
    Honest(Retry),
    Reuse,
}

impl Held {
    fn use_of_it(&self, cx: &Context<'_>) -> Use {
        match self.standing {
            RefreshStanding::Unused => Use::Honest(Retry::First),
            RefreshStanding::Rotated { at, successor: Successor::Untouched }
                if cx.now.since(at) <= cx.terms.rotation_grace =>
            {
                Use::Honest(Retry::Again)
            }
            RefreshStanding::Rotated { .. } | RefreshStanding::Displaced => Use::Reuse,
        }
    }
}

/// RFC 9700 §2.2.2: refresh tokens of public clients are sender-constrained or rotated. The operator may say otherwise.
fn rotation(cx: &Context<'_>) -> Rotation {
    let client = cx.client();
    client.policy.refresh_rotation.unwrap_or(match client.metadata.kind() {
        ClientKind::Public => Rotation::Rotate,
        ClientKind::Confidential => Rotation::Keep,
    })
}

fn no(why: &'static str, say: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidGrant, why, say)
}
