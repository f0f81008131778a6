//! What an ending reaches, read in the order in which everybody takes the rows; and its dry run.
//!
//! Invariant: the ending and its preview read the same way and ask the same judge.

use std::collections::HashMap;

use openid::client::policy::IdleNotices;
use openid::logout::judge::{self, End, Ended, Leaving, OfflineGrants, Verdict};
use openid::name::{AccountId, ClientId, GrantId, SessionId, Sid, Sub};
use openid::session::{GrantKind, SessionKind};
use openid::time::{Span, Time};
use serde::Deserialize;

use super::ending::EVERYTHING;
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::Reader;
use crate::value::values;

statements! {
    KIND = "SELECT kind, ended_at FROM session WHERE id = $1";
    OF_ACCOUNT = "SELECT id FROM session WHERE account = $1 AND ended_at IS NULL ORDER BY kind, id";
    OF_CLIENT = "SELECT DISTINCT session FROM participation WHERE client = $1 AND ended_at IS NULL \
        AND (CAST($2 AS {text}) IS NULL OR account = $2) ORDER BY session LIMIT $3";
    SESSION_OF = "SELECT session FROM participation WHERE sid = $1 AND ended_at IS NULL";
    LEAVING = "SELECT sid, account, client, sub FROM participation WHERE session = $1 AND ended_at IS NULL \
        AND (CAST($2 AS {text}) IS NULL OR client = $2) AND (CAST($3 AS {text}) IS NULL OR sid = $3) ORDER BY sid";
    GRANTS_OF_STAY = "SELECT id, kind FROM grants WHERE sid = $1 AND ended_at IS NULL ORDER BY id";
    GRANTS_OF_ACCOUNT = "SELECT g.id, g.client FROM participation p JOIN grants g ON g.sid = p.sid \
        WHERE p.account = $1 AND g.ended_at IS NULL AND (CAST($2 AS {text}) IS NULL OR p.client = $2) ORDER BY g.id";
    GRANTS_OF_CLIENT = "SELECT g.id, g.client FROM participation p JOIN grants g ON g.sid = p.sid \
        WHERE p.client = $1 AND g.ended_at IS NULL ORDER BY g.id LIMIT $2";
    CLIENT = "SELECT metadata, policy FROM client WHERE id = $1";
}

/// A session some of whose stays end.
pub(super) struct Reach {
    pub(super) session: SessionId,
    pub(super) kind: SessionKind,
    pub(super) client: Option<ClientId>,
    pub(super) sid: Option<Sid>,
}

/// What an ending needs to know of a client: the rest of its metadata is none of its business.
#[derive(Default, Deserialize)]
struct Addressed {
    backchannel_logout_uri: Option<String>,
    frontchannel_logout_uri: Option<String>,
}

/// What an ending needs to know of the operator's policy, likewise.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wishes {
    logout_deadline: Option<u32>,
    idle_notices: Option<IdleNotices>,
    offline_grants: Option<OfflineGrants>,
}

type Listeners = HashMap<ClientId, Listener>;

/// What was read of a client.
#[derive(Clone)]
struct Listener {
    uri: Option<String>,
    front: Option<String>,
    deadline: Option<Span>,
    idle_notices: IdleNotices,
    offline_grants: OfflineGrants,
}

/// What an ending would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// Sessions that would end by it.
    pub sessions: Vec<SessionId>,
    /// Whom it would tell, and which grants would end.
    pub verdict: Verdict,
}

impl Reader {
    /// What an ending would do, without doing it: the same reading, the same judge.
    pub async fn preview(&mut self, end: &End) -> Result<Preview, Fault> {
        self.preview_some(end, EVERYTHING).await
    }

    /// [`Reader::preview`], of so many sessions and so many grants at most, as [`Tx::end_some`](crate::Tx::end_some) would
    /// end them.
    pub async fn preview_some(&mut self, end: &End, most: u32) -> Result<Preview, Fault> {
        let whole = matches!(end.what, Ended::Session(_) | Ended::Account(_));
        let (mut sessions, mut reaches) = (Vec::new(), Vec::new());
        for (session, client, sid) in self.reached(&end.what, most).await? {
            let Some(mut row) = self.row(&KIND, values![session.as_str()]).await? else {
                continue;
            };
            let kind = text::word(&row.take::<String>()?, SessionKind::read)?;
            if whole {
                if row.take::<Option<Time>>()?.is_some() {
                    continue;
                }
                sessions.push(session.clone());
            }
            reaches.push(Reach { session, kind, client, sid });
        }
        if let (Ended::Session(browser), false) = (&end.what, sessions.is_empty()) {
            for (session, tie) in self.followers(browser).await? {
                if judge::follows(end.cause, tie) {
                    sessions.push(session.clone());
                    reaches.push(Reach { session, kind: SessionKind::Device, client: None, sid: None });
                }
            }
        }
        let leaving = self.leaving(&reaches).await?;
        let stays = leaving.len();
        let mut verdict = judge::judge(end, leaving);
        for grant in self.background(end, most, stays).await? {
            if !verdict.revoked.contains(&grant) {
                verdict.revoked.push(grant);
            }
        }
        Ok(Preview { sessions, verdict })
    }

    /// The live sessions an ending reaches, in the order in which everybody takes them, and how far it reaches into each.
    pub(super) async fn reached(
        &mut self,
        what: &Ended,
        most: u32,
    ) -> Result<Vec<(SessionId, Option<ClientId>, Option<Sid>)>, Fault> {
        let rows = match what {
            Ended::Session(session) => return Ok(vec![(session.clone(), None, None)]),
            Ended::Account(account) => self.rows(&OF_ACCOUNT, values![account.as_str()]).await?,
            Ended::Client(client) => self.rows(&OF_CLIENT, values![client.as_str(), None::<&str>, most]).await?,
            Ended::AccountAtClient(account, client) => {
                self.rows(&OF_CLIENT, values![client.as_str(), account.as_str(), most]).await?
            }
            Ended::Participation(sid) => self.rows(&SESSION_OF, values![sid.as_str()]).await?,
        };
        let (client, sid) = match what {
            Ended::Client(client) | Ended::AccountAtClient(_, client) => (Some(client.clone()), None),
            Ended::Participation(sid) => (None, Some(sid.clone())),
            Ended::Session(_) | Ended::Account(_) => (None, None),
        };
        rows.into_iter()
            .map(|mut row| Ok((SessionId::new(row.take::<String>()?), client.clone(), sid.clone())))
            .collect()
    }

    /// The stays that leave, with their live grants and what is known of their clients.
    pub(super) async fn leaving(&mut self, reaches: &[Reach]) -> Result<Vec<Leaving>, Fault> {
        let mut clients = Listeners::new();
        let mut leaving = Vec::new();
        for reach in reaches {
            let (client, sid) = (reach.client.as_ref().map(ClientId::as_str), reach.sid.as_ref().map(Sid::as_str));
            for mut row in self.rows(&LEAVING, values![reach.session.as_str(), client, sid]).await? {
                let (sid, account) = (Sid::new(row.take::<String>()?), AccountId::new(row.take::<String>()?));
                let (client, sub) = (ClientId::new(row.take::<String>()?), Sub::new(row.take::<String>()?));
                let listener = self.listener(&client, &mut clients).await?;
                leaving.push(Leaving {
                    grants: self.grants_of_stay(&sid).await?,
                    sid,
                    account,
                    client,
                    sub,
                    session: reach.session.clone(),
                    session_kind: reach.kind,
                    backchannel_logout_uri: listener.uri,
                    frontchannel_logout_uri: listener.front,
                    deadline: listener.deadline,
                    idle_notices: listener.idle_notices,
                    offline_grants: listener.offline_grants,
                });
            }
        }
        Ok(leaving)
    }

    async fn grants_of_stay(&mut self, sid: &Sid) -> Result<Vec<(GrantId, GrantKind)>, Fault> {
        let rows = self.rows(&GRANTS_OF_STAY, values![sid.as_str()]).await?;
        let read = |mut row: Row| {
            Ok((GrantId::new(row.take::<String>()?), text::word(&row.take::<String>()?, GrantKind::read)?))
        };
        rows.into_iter().map(read).collect()
    }

    /// Each client is read once for each ending.
    async fn listener(&mut self, client: &ClientId, known: &mut Listeners) -> Result<Listener, Fault> {
        if let Some(listener) = known.get(client) {
            return Ok(listener.clone());
        }
        let listener = self.read_listener(client).await?;
        known.insert(client.clone(), listener.clone());
        Ok(listener)
    }

    async fn read_listener(&mut self, client: &ClientId) -> Result<Listener, Fault> {
        let Some(mut row) = self.row(&CLIENT, values![client.as_str()]).await? else {
            // A client that is gone has nothing left to use offline grants for.
            let (idle_notices, offline_grants) = (IdleNotices::Send, OfflineGrants::Keep);
            return Ok(Listener { uri: None, front: None, deadline: None, idle_notices, offline_grants });
        };
        let metadata: Addressed = read_or_default(client, "metadata", &row.take::<String>()?);
        let policy: Wishes = read_or_default(client, "policy", &row.take::<String>()?);
        Ok(Listener {
            uri: metadata.backchannel_logout_uri,
            front: metadata.frontchannel_logout_uri,
            deadline: policy.logout_deadline.map(|seconds| Span::from_seconds(i64::from(seconds))),
            idle_notices: policy.idle_notices.unwrap_or(IdleNotices::Send),
            offline_grants: policy.offline_grants.unwrap_or(OfflineGrants::Keep),
        })
    }

    /// Live grants beyond the stays that leave, if what is ordered or their client's policy revokes them: those of an
    /// account or a client whose sessions ended before.
    /// Looking for them takes as long as the client has stays: of an ending of some it comes last, once fewer stays
    /// leave than may.
    pub(super) async fn background(&mut self, end: &End, most: u32, stays: usize) -> Result<Vec<GrantId>, Fault> {
        if usize::try_from(most).is_ok_and(|most| stays >= most) {
            return Ok(Vec::new());
        }
        let rows = match &end.what {
            Ended::Participation(_) | Ended::Session(_) => return Ok(Vec::new()),
            Ended::Account(account) => self.rows(&GRANTS_OF_ACCOUNT, values![account.as_str(), None::<&str>]).await?,
            Ended::AccountAtClient(account, client) => {
                self.rows(&GRANTS_OF_ACCOUNT, values![account.as_str(), client.as_str()]).await?
            }
            Ended::Client(client) => self.rows(&GRANTS_OF_CLIENT, values![client.as_str(), most]).await?,
        };
        let (mut known, mut revoked) = (Listeners::new(), Vec::new());
        for mut row in rows {
            let (grant, client) = (GrantId::new(row.take::<String>()?), ClientId::new(row.take::<String>()?));
            let ordered = end.offline.stricter(self.listener(&client, &mut known).await?.offline_grants);
            if judge::fate(end.cause, SessionKind::Browser, ordered) == OfflineGrants::Revoke {
                revoked.push(grant);
            }
        }
        Ok(revoked)
    }
}

/// A row of one client that cannot be read must not keep anybody's session from ending.
fn read_or_default<T: Default + serde::de::DeserializeOwned>(client: &ClientId, what: &str, text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%client, "its {what} cannot be read, endings go on without it: {error}");
        T::default()
    })
}
