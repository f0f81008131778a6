//! What an ending would do, by the judge that ends (`logout.md` §7): whom it would tell and how, which grants would end and
//! which live on, who could not be told and why.

use std::collections::HashMap;

use openid::logout::judge::{End, Ended, OfflineGrants, Untold, Verdict};
use openid::name::{ClientId, GrantId, Sid};
use openid::time::Time;
use serde::Serialize;
use store::tokens::ExchangedRow;
use store::{Fault, GrantRow, Reader, StayRow};
use utoipa::ToSchema;

use super::exchanged::{self, Exchanged};
use super::tree::{self, Grant};
use super::{Moment, Names};
use crate::op::Op;

/// More sessions than this are looked at only by their number: what reaches a whole client may reach everybody.
pub const MOST: u32 = 200;

/// What an ending would do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Preview {
    /// `session`, `account`, `participation`, `client`, `account_at_client`.
    pub what: &'static str,
    /// Which.
    pub subject: String,
    /// Why it would end.
    pub cause: &'static str,
    /// What is ordered for background access: `keep`, `revoke`.
    pub offline: &'static str,
    /// Sessions that would end.
    pub sessions: Vec<String>,
    /// Stays that would end, and how their clients would be told.
    pub parties: Vec<Party>,
    /// Grants beyond those stays that would end: background access that outlived its sessions.
    pub background: Vec<Grant>,
    /// Tokens that die with the grants that would end, and that other clients were given for tokens of these (RFC 8693). Those
    /// clients take no part, and are not told.
    pub exchanged: Vec<Exchanged>,
    /// In numbers, of what is looked at here.
    pub sums: EndSums,
    /// Of a whole client: in how many sessions it takes part. The preview looks at the first 200 of them.
    pub reach: Option<u64>,
    /// Whether that is everything.
    pub extent: Extent,
}

/// Whether a preview, or an ending, is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// It is.
    All,
    /// There is more.
    Part,
}

/// What ends, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EndSums {
    /// Sessions that end.
    pub sessions: u64,
    /// Stays that end: `noticed + shown + untold`.
    pub stays: u64,
    /// Notices that are promised.
    pub noticed: u64,
    /// Those the browser alone tells.
    pub shown: u64,
    /// Those that cannot be told.
    pub untold: u64,
    /// Grants that end.
    pub revoked: u64,
    /// Grants that live on.
    pub kept: u64,
}

/// A stay that would end.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Party {
    /// The client.
    pub client_id: String,
    /// What it is called.
    pub client_name: String,
    /// Its stay.
    pub sid: String,
    /// The session of that.
    pub session: String,
    /// How it would be told: `back_channel`, `front_channel`, both, or neither.
    pub channels: Vec<&'static str>,
    /// Why it could not be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untold: Option<&'static str>,
    /// Until when it would be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deliver_by: Option<Moment>,
    /// Grants that would end.
    pub revoked: Vec<Grant>,
    /// Grants that would live on.
    pub kept: Vec<Grant>,
}

/// The word for what ends, and which.
pub fn subject(what: &Ended) -> (&'static str, String) {
    match what {
        Ended::Participation(sid) => ("participation", sid.to_string()),
        Ended::Session(session) => ("session", session.to_string()),
        Ended::Account(account) => ("account", account.to_string()),
        Ended::Client(client) => ("client", client.to_string()),
        Ended::AccountAtClient(account, client) => ("account_at_client", format!("{account} {client}")),
    }
}

/// The word for an order about background access.
pub const fn offline(order: OfflineGrants) -> &'static str {
    match order {
        OfflineGrants::Keep => "keep",
        OfflineGrants::Revoke => "revoke",
    }
}

/// The preview of an ending.
pub async fn preview(op: &Op, end: &End) -> Result<Preview, Fault> {
    let mut reader = op.store().reader().await?;
    // An ending takes all at once, but for a client's, which goes in batches.
    let batch = if matches!(end.what, Ended::Client(_)) { MOST } else { u32::MAX };
    let foreseen = reader.preview_some(end, batch).await?;
    let verdict = foreseen.verdict;
    let reach = match &end.what {
        Ended::Client(client) => Some(reader.reach_of_client(client).await?),
        _ => None,
    };
    let facts = gather(&mut reader, &verdict, op.now()).await?;
    drop(reader);
    let names = Names::of(op, facts.clients()).await?;
    let mut parties = facts.parties(&verdict, &names);
    let in_stays: Vec<String> = parties
        .iter()
        .flat_map(|party| party.revoked.iter().chain(&party.kept))
        .map(|grant| grant.id.clone())
        .collect();
    let beyond = verdict.revoked.iter().filter(|id| !in_stays.iter().any(|own| own == id.as_str()));
    let background = beyond.filter_map(|id| facts.grants.get(id)).map(|row| facts.grant(row, &names)).collect();
    let dying = facts.exchanged.iter().filter(|one| verdict.revoked.contains(&one.grant));
    let exchanged = exchanged::by_client(dying, &names);
    parties.sort_by(|a, b| (a.client_name.to_lowercase(), &a.sid).cmp(&(b.client_name.to_lowercase(), &b.sid)));
    let sums = sums(&verdict, foreseen.sessions.len());
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let extent = match reach {
        Some(_) if parties.len() >= most || verdict.revoked.len() >= most => Extent::Part,
        _ => Extent::All,
    };
    let (what, subject) = subject(&end.what);
    Ok(Preview {
        what,
        subject,
        cause: end.cause.as_str(),
        offline: offline(end.offline),
        sessions: foreseen.sessions.iter().map(ToString::to_string).collect(),
        parties,
        background,
        exchanged,
        sums,
        reach: reach.map(|(sessions, _)| sessions),
        extent,
    })
}

fn sums(verdict: &Verdict, ended: usize) -> EndSums {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let stays = verdict.notices.len() + verdict.shown.len() + verdict.untold.len();
    EndSums {
        sessions: count(ended),
        stays: count(stays),
        noticed: count(verdict.notices.len()),
        shown: count(verdict.shown.len()),
        untold: count(verdict.untold.len()),
        revoked: count(verdict.revoked.len()),
        kept: count(verdict.kept.len()),
    }
}

/// What a verdict is about.
struct Facts {
    stays: HashMap<Sid, StayRow>,
    grants: HashMap<GrantId, GrantRow>,
    exchanged: Vec<ExchangedRow>,
}

async fn gather(reader: &mut Reader, verdict: &Verdict, now: Time) -> Result<Facts, Fault> {
    let mut facts = Facts { stays: HashMap::new(), grants: HashMap::new(), exchanged: Vec::new() };
    for stay in reader.participations_named(told(verdict).map(|(sid, _, _)| sid)).await? {
        facts.stays.insert(stay.participation.sid.clone(), stay);
    }
    for grant in reader.grants_named(verdict.revoked.iter().chain(&verdict.kept)).await? {
        facts.grants.insert(grant.id.clone(), grant);
    }
    facts.exchanged = reader.exchanged_from(verdict.revoked.iter().chain(&verdict.kept), now).await?;
    Ok(facts)
}

/// Each stay that leaves: whose, and why it could not be told.
fn told(verdict: &Verdict) -> impl Iterator<Item = (&Sid, &ClientId, Option<Untold>)> {
    let noticed = verdict.notices.iter().map(|notice| (&notice.sid, &notice.client, None));
    let shown = verdict.shown.iter().map(|(sid, client)| (sid, client, None));
    noticed.chain(shown).chain(verdict.untold.iter().map(|(sid, client, why)| (sid, client, Some(*why))))
}

impl Facts {
    fn clients(&self) -> Vec<ClientId> {
        let of_stays = self.stays.values().map(|stay| stay.participation.client.clone());
        let of_grants = self.grants.values().map(|grant| grant.client.clone());
        of_stays.chain(of_grants).chain(self.exchanged.iter().map(|one| one.client.clone())).collect()
    }

    fn grant(&self, row: &GrantRow, names: &Names) -> Grant {
        tree::grant(row, &self.exchanged, names)
    }

    fn parties(&self, verdict: &Verdict, names: &Names) -> Vec<Party> {
        told(verdict).map(|(sid, client, untold)| self.party(verdict, (sid, client, untold), names)).collect()
    }

    fn party(
        &self,
        verdict: &Verdict,
        (sid, client, untold): (&Sid, &ClientId, Option<Untold>),
        names: &Names,
    ) -> Party {
        let notice = verdict.notices.iter().find(|notice| notice.sid == *sid);
        let framed = verdict.frames.iter().any(|frame| frame.sid == *sid);
        let channels = [(notice.is_some(), "back_channel"), (framed, "front_channel")];
        let of_stay = |ids: &[GrantId]| {
            let rows = ids.iter().filter_map(|id| self.grants.get(id)).filter(|grant| grant.sid == *sid);
            rows.map(|row| self.grant(row, names)).collect()
        };
        Party {
            client_id: client.to_string(),
            client_name: names.name(client),
            sid: sid.to_string(),
            session: self.stays.get(sid).map(|stay| stay.participation.session.to_string()).unwrap_or_default(),
            channels: channels.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect(),
            untold: untold.map(Untold::as_str),
            deliver_by: notice.map(|notice| Moment(notice.deliver_by)),
            revoked: of_stay(&verdict.revoked),
            kept: of_stay(&verdict.kept),
        }
    }
}
