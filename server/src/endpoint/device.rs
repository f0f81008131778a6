//! What a token request does on a device: Native SSO for Mobile Apps §3.3 and §4.
//!
//! Invariant: an ID Token is verified and everything is drawn before the transaction; in it, rows are taken in the one order:
//! clients, the account, the consent, the device session, a grant, the device with its secrets.

use std::sync::Arc;

use openid::client::Client;
use openid::logout::end::EndHint;
use openid::logout::judge::{End, Ended};
use openid::name::{ClientId, Digest, GrantId, Secret, SessionId, Sid, Sub};
use openid::native_sso::{Comeback, MOST_DEVICES, NativePolicy, Replayed, SecretIssue, Spelling, Way};
use openid::session::{Cause, Grant};
use openid::time::Time;
use openid::token::exchange::general::GeneralFacts;
use openid::token::exchange::native::{NativeExchange, NativeFacts};
use openid::token::exchange::rules::Rules;
use openid::token::exchange::{self, Exchange};
use openid::token::issue::{Ground, Issue};
use openid::token::{Context, Grants};
use openid::wire::form::Form;
use serde_json::{Map, Value};
use store::accounts::EnabledAccount;
use store::audit::Entry;
use store::{DrawnDevice, Fault, Tx};
use zeroize::Zeroizing;

use super::access_token::known_as;
use crate::answer::Stop;
use crate::op::Op;

/// The purpose of the key `ds_hash` is made with.
const PURPOSE: &str = "ds_hash";

/// What was read and drawn before the transaction.
#[derive(Clone)]
pub(super) struct Device {
    /// The ID Token of an exchange, as it was verified.
    hint: EndHint,
    /// The secret that was presented, to be given back if it is kept.
    presented: Option<Zeroizing<String>>,
    /// The secret that is given, if a new one is.
    secret: Secret,
    drawn: DrawnDevice,
    grant: GrantId,
    unmet: Sub,
    /// The sector of the asking client, if its subjects are pairwise.
    sector: Option<String>,
    /// The order to end a device session, should a replay mean that, or should there be too many.
    end: End,
    /// How many device sessions the asking client opens for one person.
    most: u32,
    /// Names of lines in the audit trail: of a replay, and of device sessions that are too many.
    lines: [String; 2],
    /// Under what the tokens of an exchange are stored.
    subject: Option<Digest>,
    actor: Option<Digest>,
    /// Who may exchange what.
    rules: Arc<Rules>,
}

impl Device {
    /// Verifies and draws.
    pub(super) async fn prepare(op: &Op, form: &Form, grant: &Grants, client: &Client) -> Result<Self, Stop> {
        let (hint, presented) = match grant {
            Grants::Exchange(Exchange::Native(native)) => {
                (read_id_token(op, &native.id_token).await?, form.get("actor_token"))
            }
            _ => (EndHint::Absent, form.get("device_secret")),
        };
        let general = match grant {
            Grants::Exchange(Exchange::General(general)) => Some(general),
            _ => None,
        };
        let (secret, session) = (Secret::from_bytes(&op.dice().draw()), SessionId::new(op.dice().name()));
        let lifetimes = &op.config().lifetimes;
        let drawn = DrawnDevice {
            // Of a name of its own: a device whose secrets were revoked is another to ID Tokens of before.
            ds_hash: op.sealing().mac(PURPOSE, &op.dice().name()),
            session,
            secret: secret.digest(),
            sid: Sid::new(op.dice().name()),
            idle: lifetimes.device_idle,
            absolute: lifetimes.device_absolute,
        };
        let what = Ended::Session(drawn.session.clone());
        Ok(Self {
            hint,
            presented: presented.map(|text| Zeroizing::new(text.to_owned())),
            secret,
            drawn,
            grant: GrantId::new(op.dice().name()),
            unmet: Sub::new(op.dice().name()),
            sector: client.metadata.subject.sector().map(str::to_owned),
            end: op.order_to_end(what, Cause::Reuse, &format!("client:{}", client.id)),
            most: client.policy.native_sso.as_ref().map_or(MOST_DEVICES, NativePolicy::most_devices),
            lines: [op.dice().name(), op.dice().name()],
            subject: general.map(|general| known_as(op, &general.subject)),
            actor: general.and_then(|general| general.actor.as_ref()).map(|token| known_as(op, token)),
            rules: op.exchange(),
        })
    }

    /// What an exchange rests on, held.
    pub(super) async fn gather(
        &self,
        tx: &mut Tx,
        exchange: &NativeExchange,
        cx: &Context<'_>,
    ) -> Result<NativeFacts, Fault> {
        let mut facts = NativeFacts::bare(self.hint.clone(), self.grant.clone());
        let Some((_, account)) = tx.device_of(&exchange.secret).await? else {
            return Ok(facts);
        };
        let (sid, issued_to) = match facts.hint() {
            None => return Ok(facts),
            Some(hint) => (hint.sid.clone(), hint.client.clone()),
        };
        facts.group = tx.hold_policy(&issued_to).await?.and_then(|policy| policy.native_sso).map(|native| native.group);
        let enabled = tx.hold_enabled(&account).await?;
        facts.consent = tx.hold_consent(&account, &cx.client().id).await?;
        let Some((secret, session)) = tx.hold_secret(&exchange.secret, cx.now).await? else {
            return Ok(facts);
        };
        if let (Some(session), Some(sid)) = (&session, &sid) {
            facts.stay = tx.stays_in(&session.id, sid).await?;
        }
        facts.secret = Some(secret);
        // Disabling an account ends its sessions; nobody begins anything beside that.
        facts.device = session.filter(|_| enabled.is_some());
        Ok(facts)
    }

    /// The tokens of an exchange, held.
    pub(super) async fn gather_tokens(&self, tx: &mut Tx, now: Time) -> Result<GeneralFacts, Fault> {
        match &self.subject {
            Some(subject) => tx.hold_access(subject, self.actor.as_ref(), now).await,
            None => Ok(GeneralFacts::default()),
        }
    }

    /// Who may exchange what.
    pub(super) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Does what an answer does on a device; a secret that came back although it was replaced is recorded whatever else
    /// is done.
    pub(super) async fn settle(
        &self,
        tx: &mut Tx,
        issue: &mut Issue,
        account: Option<&EnabledAccount>,
        now: Time,
    ) -> Result<(), Fault> {
        if let Some(comeback) = &issue.device.replayed {
            self.replay(tx, comeback, now).await?;
        }
        // Whoever signs in or asks otherwise than by the authorization endpoint knows people by its own sector's subject.
        if is_exchange(issue)
            && let Some(grant) = issue.ground.grant_mut()
        {
            grant.sub = if let Some(sector) = &self.sector {
                tx.meet(&grant.account, sector, &self.unmet, now).await?
            } else {
                let account = tx.account(&grant.account).await?;
                Sub::new(account.ok_or_else(|| Fault::bug("a session without its account"))?.sub)
            };
        }
        tx.settle_device(issue, account, &self.drawn, now).await?;
        match (&issue.device.way, issue.ground.grant()) {
            (Way::Opens(_), Some(grant)) => self.end_oldest(tx, grant, now).await,
            _ => Ok(()),
        }
    }

    /// Ends the device sessions that are too many now that another was opened.
    async fn end_oldest(&self, tx: &mut Tx, grant: &Grant, now: Time) -> Result<(), Fault> {
        let end = End { cause: Cause::Replaced, ..self.end.clone() };
        let of = (&grant.account, &grant.client);
        let report = tx.end_devices_beyond(of, (&grant.session, self.most.saturating_sub(1)), &end).await?;
        if !report.ended_something() {
            return Ok(());
        }
        let (by, subject) = (self.end.by.clone(), grant.account.to_string());
        let mut line = Entry::new(self.lines[1].clone(), now, by, "devices_too_many", subject);
        line.tell(&report.tally());
        tx.note(&line).await
    }

    /// Records a replay, and ends the device session if that is what it means.
    pub(super) async fn replay(
        &self,
        tx: &mut Tx,
        Comeback { device, then }: &Comeback,
        now: Time,
    ) -> Result<(), Fault> {
        tx.note_replay(device, now).await?;
        let mut line = self.replay_line(device, now);
        if *then == Replayed::EndDevice {
            let end = End { what: Ended::Session(device.clone()), ..self.end.clone() };
            line.tell(&tx.end(&end).await?.tally());
        }
        tx.note(&line).await
    }

    fn replay_line(&self, device: &SessionId, now: Time) -> Entry {
        Entry::new(self.lines[0].clone(), now, self.end.by.clone(), "device_secret_replayed", device.to_string())
    }

    /// The secret goes with a new ID Token, and so does what RFC 8693 §2.2.1 wants said.
    pub(super) fn answer(&self, client: &Client, issue: &Issue, body: &mut Map<String, Value>) {
        if is_exchange(issue) {
            body.insert("issued_token_type".into(), exchange::ACCESS_TOKEN.into());
        }
        let secret = match (&issue.device.secret, &self.presented) {
            (SecretIssue::None, _) => return,
            (SecretIssue::Keep { .. }, Some(presented)) => presented.as_str(),
            (SecretIssue::Keep { .. } | SecretIssue::Fresh | SecretIssue::Successor { .. }, _) => self.secret.reveal(),
        };
        body.insert("device_secret".into(), secret.into());
        // Draft -03 §3.3: "returned in the device_token claim".
        if client.policy.native_sso.as_ref().is_some_and(|native| native.spelling() == Spelling::Lenient) {
            body.insert("device_token".into(), secret.into());
        }
    }
}

fn is_exchange(issue: &Issue) -> bool {
    matches!(issue.device.way, Way::Enters(_)) || matches!(issue.ground, Ground::Exchanged { .. })
}

/// Verifies an ID Token, however old. One that was signed with a client's secret says itself whose: that is believed only
/// to look for the key.
async fn read_id_token(op: &Op, token: &str) -> Result<EndHint, Stop> {
    let whose = jose::peek_claims(token).ok().and_then(|claims| {
        let claims = claims.unverified();
        claims.get("aud").and_then(Value::as_str).map(ClientId::new)
    });
    let client = match &whose {
        Some(id) => super::mentioned(op, id).await?,
        None => None,
    };
    Ok(op.keys().read_hint(token, op.issuer().as_str(), client.as_deref()))
}
