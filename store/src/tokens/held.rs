//! Access tokens that are exchanged, with what they hang from held (RFC 8693).
//!
//! Invariant: the sessions of both first, if they must live, then their grants, then the tokens, each kind in one order
//! (`architecture.md` §2.9); what is known of a token is read after that.

use openid::name::{Digest, GrantId, SessionId};
use openid::session::{Grant, GrantKind, GrantStanding, SessionKind};
use openid::time::Time;
use openid::token::exchange::general::{GeneralFacts, HeldAccess};

use crate::fault::{Fault, Kind};
use crate::statements::statements;
use crate::text;
use crate::tx::Tx;
use crate::value::values;

statements! {
    PLACE = "SELECT g.session, g.kind, s.kind FROM grants g JOIN session s ON s.id = g.session WHERE g.id = $1";
    HOLD = "SELECT hash FROM access_token WHERE hash = $1 {share}";
}

/// Where a grant is. Sorted as sessions are held: a browser's before the devices opened from it, each kind by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    kept_by: &'static str,
    session: SessionId,
    grant: GrantId,
    /// Whether the grant lives on without its session.
    background: bool,
}

impl Tx {
    /// Holds the tokens of an exchange and what keeps them alive. One that there is none of is missing in the answer.
    pub async fn hold_access(
        &mut self,
        subject: &Digest,
        actor: Option<&Digest>,
        now: Time,
    ) -> Result<GeneralFacts, Fault> {
        let mut places = Vec::new();
        for hash in [subject].into_iter().chain(actor) {
            let found = self.access_token(hash, now).await?;
            if let Some(grant) = found.and_then(|found| found.facts.grant) {
                places.extend(self.place(grant).await?);
            }
        }
        places.sort_unstable();
        places.dedup();
        for place in places.iter().filter(|place| !place.background) {
            self.hold_unseen(&place.session, now).await?;
        }
        places.sort_unstable_by(|a, b| a.grant.cmp(&b.grant));
        let mut grants = Vec::new();
        for place in &places {
            let held = self.hold_grant(&place.grant).await?;
            if held.as_ref().is_some_and(|(grant, _)| grant.session != place.session) {
                return Err(Fault::new(Kind::Busy, "the grant moved into a device session meanwhile").contention());
            }
            grants.extend(held);
        }
        let mut hashes: Vec<&Digest> = [subject].into_iter().chain(actor).collect();
        hashes.sort_unstable_by_key(|hash| hash.0);
        for hash in hashes {
            self.row(&HOLD, values![&hash.0]).await?;
        }
        let subject = self.held(subject, &grants, now).await?;
        let actor = match actor {
            Some(actor) => self.held(actor, &grants, now).await?,
            None => None,
        };
        Ok(GeneralFacts { subject, actor })
    }

    async fn place(&mut self, grant: GrantId) -> Result<Option<Place>, Fault> {
        let Some(mut row) = self.row(&PLACE, values![grant.as_str()]).await? else {
            return Ok(None);
        };
        let session = SessionId::new(row.take::<String>()?);
        let background = text::word(&row.take::<String>()?, GrantKind::read)? == GrantKind::Offline;
        let kept_by = text::word(&row.take::<String>()?, SessionKind::read)?.as_str();
        Ok(Some(Place { kept_by, session, grant, background }))
    }

    async fn held(
        &mut self,
        hash: &Digest,
        grants: &[(Grant, GrantStanding)],
        now: Time,
    ) -> Result<Option<HeldAccess>, Fault> {
        let found = self.access_token(hash, now).await?;
        Ok(found.map(|found| {
            let grant = grants.iter().find(|(grant, _)| Some(&grant.id) == found.facts.grant.as_ref()).cloned();
            HeldAccess { hash: *hash, facts: found.facts, grant }
        }))
    }
}
