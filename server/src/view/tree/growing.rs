//! How rows become a tree: stays below their sessions, grants below their stays, devices below the browser they were opened from.

use std::collections::HashMap;

use openid::name::{ClientId, SessionId, Sid};
use openid::session::SessionStanding;
use openid::time::Time;
use store::tokens::ExchangedRow;
use store::{GrantRow, NoticeRow, SessionRow, StayRow, Unpromised};

use super::super::exchanged::Exchanged;
use super::super::{Ended, Moment, Names};
use super::{Grant, How, Session, Standing, Stay, Told};

/// Stays and grants, laid out by what they belong to.
pub(in crate::view) struct Wood<'a> {
    stays: HashMap<SessionId, Vec<StayRow>>,
    grants: HashMap<Sid, Vec<GrantRow>>,
    exchanged: Vec<ExchangedRow>,
    states: HashMap<&'a Sid, (&'a str, &'static str)>,
    names: &'a Names,
}

impl<'a> Wood<'a> {
    /// Lays them out.
    pub(in crate::view) fn new(
        (stays, grants, notices): (Vec<StayRow>, Vec<GrantRow>, &'a [NoticeRow]),
        names: &'a Names,
    ) -> Self {
        let mut wood = Self {
            stays: HashMap::new(),
            grants: HashMap::new(),
            exchanged: Vec::new(),
            states: HashMap::new(),
            names,
        };
        for stay in stays {
            wood.stays.entry(stay.participation.session.clone()).or_default().push(stay);
        }
        for grant in grants {
            wood.grants.entry(grant.sid.clone()).or_default().push(grant);
        }
        for row in notices {
            wood.states.insert(&row.notice.sid, (&row.id, row.state.as_str()));
        }
        wood
    }

    /// With what was exchanged.
    pub(in crate::view) fn and(self, exchanged: Vec<ExchangedRow>) -> Self {
        Self { exchanged, ..self }
    }

    /// A session with what belongs to it, which is taken out.
    pub(in crate::view) fn session(&mut self, row: &SessionRow, now: Time) -> Session {
        let session = &row.session;
        let standing = match (&row.ended, row.standing(now)) {
            (Some(_), _) => Standing::Ended,
            (None, SessionStanding::Over) => Standing::Expired,
            (None, SessionStanding::Live) => Standing::Live,
        };
        let mut stays = self.stays.remove(&session.id).unwrap_or_default();
        stays.sort_by_key(|stay| (stay.participation.begun_at, stay.participation.sid.clone()));
        Session {
            id: session.id.to_string(),
            kind: session.kind.as_str(),
            account: session.account.to_string(),
            browser: row.browser.map(|digest| jose::base64url(&digest.0[..6])),
            agent: row.agent.clone(),
            opened_from: row.opened_from.as_ref().map(ToString::to_string),
            replayed_at: row.replayed_at.map(Moment),
            begun_at: Moment(session.created_at),
            auth_time: Moment(session.auth_time),
            acr: session.acr.clone(),
            amr: session.amr.0.clone(),
            seen_at: Moment(session.seen_at),
            idle_until: Moment(session.idle_until),
            expires_at: Moment(session.expires_at),
            standing,
            ended: row.ended.as_ref().map(|(at, cause, by)| Ended::new(*at, *cause, Some(by.clone()))),
            stays: stays.iter().map(|stay| self.stay(stay)).collect(),
            below: Vec::new(),
        }
    }

    pub(super) fn stay(&mut self, row: &StayRow) -> Stay {
        let stay = &row.participation;
        let grants = self.grants.remove(&stay.sid).unwrap_or_default();
        Stay {
            sid: stay.sid.to_string(),
            client_id: stay.client.to_string(),
            client_name: self.names.name(&stay.client),
            sub: stay.sub.to_string(),
            begun_at: Moment(stay.begun_at),
            used_at: Moment(row.used_at),
            ended: row.ended.map(|(at, cause)| Ended::new(at, cause, None)),
            told: row.ended.map(|_| self.told(row)),
            grants: grants.iter().map(|row| grant(row, &self.exchanged, self.names)).collect(),
        }
    }

    pub(super) fn told(&self, row: &StayRow) -> Told {
        let (how, why) = match row.unpromised {
            None => (How::Noticed, None),
            Some(Unpromised::Shown) => (How::Shown, None),
            Some(Unpromised::Untold(why)) => (How::Untold, Some(why.as_str())),
            Some(Unpromised::Unrecorded) => (How::Unrecorded, None),
        };
        let notice = self.states.get(&row.participation.sid);
        Told { how, why, notice: notice.map(|(id, _)| (*id).to_owned()), state: notice.map(|(_, state)| *state) }
    }

    /// What is left: grants that live on without their session.
    pub(super) fn background(self) -> Vec<Grant> {
        let mut rows: Vec<GrantRow> = self.grants.into_values().flatten().collect();
        rows.sort_by(|a, b| (b.created_at, &b.id).cmp(&(a.created_at, &a.id)));
        rows.iter().map(|row| grant(row, &self.exchanged, self.names)).collect()
    }
}

/// A grant as it is shown, with what was exchanged for tokens of it.
pub(in crate::view) fn grant(row: &GrantRow, exchanged: &[ExchangedRow], names: &Names) -> Grant {
    let own = exchanged.iter().filter(|one| one.grant == row.id);
    Grant {
        id: row.id.to_string(),
        client_id: row.client.to_string(),
        client_name: names.name(&row.client),
        sid: row.sid.to_string(),
        kind: row.kind.as_str(),
        scope: row.scope.to_string(),
        resources: row.resources.clone(),
        created_at: Moment(row.created_at),
        expires_at: Moment(row.expires_at),
        ended: row.ended.map(|(at, cause)| Ended::new(at, cause, None)),
        exchanged: own.map(|one| Exchanged::of(one, names)).collect(),
    }
}

/// Hangs each session below the one it was opened from; one whose other is not there stands by itself.
pub(super) fn nest(sessions: Vec<Session>) -> Vec<Session> {
    let there: HashMap<String, usize> =
        sessions.iter().enumerate().map(|(place, session)| (session.id.clone(), place)).collect();
    let mut below: HashMap<String, Vec<Session>> = HashMap::new();
    let mut top = Vec::new();
    for session in sessions {
        match session.opened_from.as_ref().filter(|from| **from != session.id && there.contains_key(*from)) {
            Some(from) => below.entry(from.clone()).or_default().push(session),
            None => top.push(session),
        }
    }
    for session in &mut top {
        session.below = below.remove(&session.id).unwrap_or_default();
    }
    // Two levels are all there are; whatever else was said of it, nothing is lost.
    top.extend(below.into_values().flatten());
    top
}

/// The clients of some stays and grants, and of what was exchanged.
pub(in crate::view) fn clients(stays: &[StayRow], grants: &[GrantRow], exchanged: &[ExchangedRow]) -> Vec<ClientId> {
    let of_stays = stays.iter().map(|stay| stay.participation.client.clone());
    let of_grants = grants.iter().map(|grant| grant.client.clone());
    of_stays.chain(of_grants).chain(exchanged.iter().map(|one| one.client.clone())).collect()
}

#[cfg(test)]
mod tests {
    use openid::time::Time;

    use super::{Moment, Session, Standing, nest};

    pub(super) fn session(id: &str, from: Option<&str>) -> Session {
        let at = Moment(Time::from_seconds(0));
        Session {
            id: id.to_owned(),
            kind: "browser",
            account: "a".to_owned(),
            browser: None,
            agent: None,
            opened_from: from.map(str::to_owned),
            replayed_at: None,
            begun_at: at,
            auth_time: at,
            acr: None,
            amr: Vec::new(),
            seen_at: at,
            idle_until: at,
            expires_at: at,
            standing: Standing::Live,
            ended: None,
            stays: Vec::new(),
            below: Vec::new(),
        }
    }

    #[test]
    pub(super) fn a_session_hangs_below_the_one_it_was_opened_from() {
        let all = [("b", None), ("d1", Some("b")), ("d2", Some("b")), ("lone", Some("gone")), ("self", Some("self"))];
        let tree = nest(all.iter().map(|(id, from)| session(id, *from)).collect());
        let ids = |sessions: &[Session]| sessions.iter().map(|session| session.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&tree), ["b", "lone", "self"]);
        assert_eq!(ids(&tree[0].below), ["d1", "d2"]);
    }

    #[test]
    pub(super) fn nothing_is_lost_whatever_hangs_from_what() {
        let all = [("a", Some("b")), ("b", Some("a")), ("c", Some("a"))];
        assert_eq!(nest(all.iter().map(|(id, from)| session(id, *from)).collect()).len(), 3);
    }
}
