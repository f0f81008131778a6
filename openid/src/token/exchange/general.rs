//! Exchanging one of our own access tokens for another: RFC 8693 §2, impersonation and delegation (§1.1, §4.1, §4.4).
//!
//! Invariant: the new token rests on the grant of the old one and ends with it at the latest; no refresh token and no ID
//! Token come of it, so whoever asks takes no part in the session and its token dies with it; without a rule of the operator's
//! everything is refused. A token that is bound to a key or to a certificate is exchanged by whoever holds that.

use serde_json::{Value, json};

use super::rules::{Exchanging, Mode, Rule, Rules, Word};
use super::{ACCESS_TOKEN, GRANT_TYPE, malformed};
use crate::bound::Confirmation;
use crate::name::Digest;
use crate::native_sso::OnDevice;
use crate::session::{Grant, GrantStanding};
use crate::token::facts::{Acting, Life, TokenFacts};
use crate::token::issue::{AccessIssue, Ground, IdTokenIssue, Issue, RefreshIssue, Ruling};
use crate::token::request::{meaningful, resources, scope};
use crate::token::{Context, admit};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// More who act for one another than any honest chain has.
const LONGEST_CHAIN: usize = 8;

/// The request of §2.1. The tokens stand under the digests they are stored under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneralExchange {
    /// `subject_token`.
    pub subject: String,
    /// `actor_token`.
    pub actor: Option<String>,
    /// `audience` and `resource` together.
    pub audience: Vec<String>,
    /// `scope`.
    pub scope: Option<Scope>,
}

/// An access token that was presented, with what it hangs from held.
#[derive(Clone, Debug)]
pub struct HeldAccess {
    /// Under what it is stored.
    pub hash: Digest,
    /// What is known of it.
    pub facts: TokenFacts,
    /// Its grant; none for a client's own.
    pub grant: Option<(Grant, GrantStanding)>,
}

/// What the transaction found.
#[derive(Clone, Debug, Default)]
pub struct GeneralFacts {
    /// The subject token, if it is known.
    pub subject: Option<HeldAccess>,
    /// The actor token, if one came and is known.
    pub actor: Option<HeldAccess>,
}

impl GeneralExchange {
    pub(super) fn read(form: &Form) -> Result<Self, Refusal> {
        if form.get("actor_token_type").is_some_and(|kind| kind != ACCESS_TOKEN) {
            return Err(malformed("exchange_actor_type", "actor_token_type must be that of an access token"));
        }
        let mut audience = resources(form)?;
        audience.extend(
            form.all("audience")
                .filter(|one| !audience.iter().any(|a| a == one))
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        );
        Ok(Self {
            subject: form.need("subject_token")?.to_owned(),
            actor: form.get("actor_token").map(str::to_owned),
            audience,
            scope: scope(form)?,
        })
    }

    /// Rules on the exchange.
    pub fn judge(&self, facts: GeneralFacts, rules: &Rules, cx: &Context<'_>) -> Ruling {
        self.exchange(facts, rules, cx).into()
    }

    fn exchange(&self, facts: GeneralFacts, rules: &Rules, cx: &Context<'_>) -> Result<Issue, Refusal> {
        admit(GRANT_TYPE, cx.client())?;
        let subject = facts.subject.filter(|subject| is_live(subject, cx));
        let subject =
            subject.ok_or_else(|| malformed("exchange_subject", "subject_token is not a live access token"))?;
        let Some((grant, _)) = subject.grant else {
            return Err(malformed("exchange_nobody", "nobody stands behind subject_token but a client"));
        };
        held_by_sender(&subject.facts, cx)?;
        let acting = self.acting(facts.actor, cx)?;
        let mode = if acting.is_some() { Mode::Delegation } else { Mode::Impersonation };
        let asking = &cx.client().id;
        // §4.4: the party it names, and no other.
        let party = acting.as_deref().unwrap_or(asking.as_str());
        if subject.facts.acting.may_act.as_ref().is_some_and(|may| may["sub"] != party) {
            return Err(malformed("exchange_may_act", "subject_token says that somebody else may act"));
        }
        let asked = Exchanging { asking, subject: &subject.facts, mode, audience: &self.audience };
        let rule = self.rule(rules, &asked, cx)?;
        let scope = self.wanted(rule, &subject.facts, cx)?;
        let target = meaningful(self.scope.as_ref(), cx.resources.target(&self.audience, &scope)?)?;
        let lifetime = target.lifetime(&cx.client().policy, cx.terms);
        Ok(Issue {
            client: asking.clone(),
            access: AccessIssue::of(target, (cx.now + lifetime).min(subject.facts.expires_at).min(grant.expires_at))
                .bound(cx.confirmation().or_else(|| subject.facts.cnf.clone())),
            refresh: RefreshIssue::None,
            refresh_cnf: None,
            id_token: IdTokenIssue::None,
            device: OnDevice::default(),
            ground: Ground::Exchanged { grant, acting: chain(subject.facts.acting, acting, rule)? },
        })
    }

    /// §2.1: "the identity of the acting party". Only a token of the client's own proves that it acts.
    fn acting(&self, actor: Option<HeldAccess>, cx: &Context<'_>) -> Result<Option<String>, Refusal> {
        if self.actor.is_none() {
            return Ok(None);
        }
        let actor = actor.filter(|actor| is_live(actor, cx) && actor.facts.client == cx.client().id);
        let actor = actor
            .ok_or_else(|| malformed("exchange_actor", "actor_token is not a live access token of this client"))?;
        held_by_sender(&actor.facts, cx)?;
        Ok(Some(match actor.facts.sub {
            Some(sub) => sub.as_str().to_owned(),
            None => actor.facts.client.as_str().to_owned(),
        }))
    }

    /// §2.2.2: a token that is "unacceptable based on policy" is `invalid_request`, a target `invalid_target`.
    fn rule<'a>(&self, rules: &'a Rules, asked: &Exchanging<'_>, cx: &Context<'_>) -> Result<&'a Rule, Refusal> {
        if self.audience.is_empty() {
            return Err(refuse(ErrorCode::InvalidTarget, "exchange_nowhere", "audience or resource is missing"));
        }
        match rules.find(asked, cx.resources) {
            Word::Allowed(rule) => Ok(rule),
            Word::NotThese => Err(malformed("exchange_not_allowed", "this client may not exchange this token")),
            Word::NotSuch => Err(malformed("exchange_not_meant", "subject_token was not meant for this exchange")),
            Word::NotThere => Err(refuse(
                ErrorCode::InvalidTarget,
                "exchange_target",
                "not for this audience may the token be exchanged",
            )),
        }
    }

    /// What the rule allows for a token of this scope, at this audience.
    fn wanted(&self, rule: &Rule, subject: &TokenFacts, cx: &Context<'_>) -> Result<Scope, Refusal> {
        let widest = cx.resources.of_resources(&rule.scope_for(&subject.scope), &self.audience);
        match &self.scope {
            None if widest.is_empty() => Err(refuse(
                ErrorCode::InvalidScope,
                "exchange_scope_none",
                "subject_token has nothing of the scope it may be exchanged for",
            )),
            None => Ok(widest),
            Some(asked) if asked.within(&widest) => Ok(asked.clone()),
            Some(_) => {
                Err(refuse(ErrorCode::InvalidScope, "exchange_scope", "scope is wider than the exchange allows"))
            }
        }
    }
}

/// RFC 9449 §5, §7, RFC 8705 §3: whoever stole a token that is bound to a key, or to a certificate, must not get one that is
/// not, nor one that is bound to another.
fn held_by_sender(token: &TokenFacts, cx: &Context<'_>) -> Result<(), Refusal> {
    let key = match &token.cnf {
        None => return Ok(()),
        Some(Confirmation::X5t(x5t)) if cx.possession.certificate == Some(x5t) => return Ok(()),
        Some(Confirmation::X5t(_)) => {
            return Err(malformed(
                "exchange_certificate",
                "the token is bound to a certificate that was not connected with",
            ));
        }
        Some(Confirmation::Jkt(key)) => key,
    };
    match cx.possession.proof {
        None => Err(refuse(
            ErrorCode::InvalidDpopProof,
            "exchange_unproven",
            "a token that is bound to a key is exchanged with a DPoP proof by that key",
        )),
        Some(proof) if key == proof.jkt() => Ok(()),
        Some(_) => {
            Err(malformed("exchange_other_key", "the token is bound to another key than that of the DPoP proof"))
        }
    }
}

/// The token is good, and so is what it hangs from.
fn is_live(token: &HeldAccess, cx: &Context<'_>) -> bool {
    let stands = token.grant.as_ref().is_none_or(|(_, standing)| *standing == GrantStanding::Live);
    stands && token.facts.life == Life::Live && token.facts.is_live(cx.now)
}

/// §4.1: who acts now is outermost, who acted before inside.
fn chain(before: Acting, acting: Option<String>, rule: &Rule) -> Result<Acting, Refusal> {
    let may_act = rule.may_act.as_ref().map(|client| json!({"sub": client.as_str()}));
    let Some(sub) = acting else {
        return Ok(Acting { act: before.act, may_act });
    };
    let mut depth = 0;
    let mut inside = before.act.as_ref();
    while let Some(act) = inside {
        depth += 1;
        inside = act.get("act");
    }
    if depth >= LONGEST_CHAIN {
        return Err(malformed("exchange_chain", "too many have acted for one another"));
    }
    let mut act = json!({"sub": sub});
    if let Some(before) = before.act {
        act["act"] = before;
    }
    Ok(Acting { act: Some(act), may_act })
}

impl Acting {
    /// As members of a token, or of what is said of one.
    pub fn tell(&self, claims: &mut serde_json::Map<String, Value>) {
        for (name, value) in [("act", &self.act), ("may_act", &self.may_act)] {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value.clone());
            }
        }
    }
}
