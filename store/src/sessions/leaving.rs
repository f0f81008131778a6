//! What an ending reaches, read in the order in which everybody takes the rows; and its dry run.
//!
//! Invariant: the ending and its preview read the same way and ask the same judge.

use std::collections::{BTreeSet, HashMap};

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
    KINDS = "SELECT id, kind, ended_at FROM session WHERE id IN ({each}$1{all})";
    OF_ACCOUNT = "SELECT id FROM session WHERE account = $1 AND ended_at IS NULL ORDER BY kind, id";
    OF_CLIENT = "SELECT DISTINCT session FROM participation WHERE client = $1 AND ended_at IS NULL \
        AND (CAST($2 AS {text}) IS NULL OR account = $2) ORDER BY session LIMIT $3";
    SESSION_OF = "SELECT session FROM participation WHERE sid = $1 AND ended_at IS NULL";
    LEAVING = "SELECT session, sid, account, client, sub FROM participation \
        WHERE session IN ({each}$1{all}) AND ended_at IS NULL \
        AND (CAST($2 AS {text}) IS NULL OR client = $2) AND (CAST($3 AS {text}) IS NULL OR sid = $3)";
    GRANTS_OF_STAYS = "SELECT sid, id, kind FROM grants WHERE sid IN ({each}$1{all}) AND ended_at IS NULL ORDER BY id";
    GRANTS_OF_ACCOUNT = "SELECT g.id, g.client FROM participation p JOIN grants g ON g.sid = p.sid \
        WHERE p.account = $1 AND g.ended_at IS NULL AND (CAST($2 AS {text}) IS NULL OR p.client = $2) ORDER BY g.id";
    GRANTS_OF_CLIENT = "SELECT g.id, g.client FROM participation p JOIN grants g ON g.sid = p.sid \
        WHERE p.client = $1 AND g.ended_at IS NULL ORDER BY g.id LIMIT $2";
    CLIENTS = "SELECT id, metadata, policy FROM client WHERE id IN ({each}$1{all})";
}

/// A session some of whose stays end.
pub(super) struct Reach {
    pub(super) session: SessionId,
    pub(super) kind: SessionKind,
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

type Granted = HashMap<Sid, Vec<(GrantId, GrantKind)>>;

/// A stay that leaves.
struct Leaver {
    sid: Sid,
    account: AccountId,
    client: ClientId,
    sub: Sub,
}

/// What was read of a client.
#[derive(Clone)]
struct Listener {
    uri: Option<String>,
    front: Option<String>,
    deadline: Option<Span>,
    idle_notices: IdleNotices,
    offline_grants: OfflineGrants,
}

impl Default for Listener {
    /// A client that is gone has nothing left to use offline grants for.
    fn default() -> Self {
        let (idle_notices, offline_grants) = (IdleNotices::Send, OfflineGrants::Keep);
        Self { uri: None, front: None, deadline: None, idle_notices, offline_grants }
    }
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
        let all = self.reached(&end.what, most).await?;
        let mut known = self.kinds(&all).await?;
        for session in all {
            let Some((kind, ended_at)) = known.remove(&session) else { continue };
            if whole {
                if ended_at.is_some() {
                    continue;
                }
                sessions.push(session.clone());
            }
            reaches.push(Reach { session, kind });
        }
        if let (Ended::Session(browser), false) = (&end.what, sessions.is_empty()) {
            for (session, tie) in self.followers(browser).await? {
                if judge::follows(end.cause, tie) {
                    sessions.push(session.clone());
                    reaches.push(Reach { session, kind: SessionKind::Device });
                }
            }
        }
        let leaving = self.leaving(&end.what, &reaches).await?;
        let stays = leaving.len();
        let mut verdict = judge::judge(end, leaving);
        for grant in self.background(end, most, stays).await? {
            if !verdict.revoked.contains(&grant) {
                verdict.revoked.push(grant);
            }
        }
        Ok(Preview { sessions, verdict })
    }

    async fn kinds(
        &mut self,
        sessions: &[SessionId],
    ) -> Result<HashMap<SessionId, (SessionKind, Option<Time>)>, Fault> {
        let names = text::names(sessions.iter().map(SessionId::as_str));
        let read = |mut row: Row| {
            let id = SessionId::new(row.take::<String>()?);
            Ok((id, (text::word(&row.take::<String>()?, SessionKind::read)?, row.take()?)))
        };
        self.rows(&KINDS, values![&names]).await?.into_iter().map(read).collect()
    }

    /// The live sessions an ending reaches, in the order in which everybody takes them.
    pub(super) async fn reached(&mut self, what: &Ended, most: u32) -> Result<Vec<SessionId>, Fault> {
        let rows = match what {
            Ended::Session(session) => return Ok(vec![session.clone()]),
            Ended::Account(account) => self.rows(&OF_ACCOUNT, values![account.as_str()]).await?,
            Ended::Client(client) => self.rows(&OF_CLIENT, values![client.as_str(), None::<&str>, most]).await?,
            Ended::AccountAtClient(account, client) => {
                self.rows(&OF_CLIENT, values![client.as_str(), account.as_str(), most]).await?
            }
            Ended::Participation(sid) => self.rows(&SESSION_OF, values![sid.as_str()]).await?,
        };
        rows.into_iter().map(|mut row| Ok(SessionId::new(row.take::<String>()?))).collect()
    }

    /// The stays that leave, with their live grants and what is known of their clients: three questions, however many they
    /// are. In the order of the sessions, and of the stays in each.
    pub(super) async fn leaving(&mut self, what: &Ended, reaches: &[Reach]) -> Result<Vec<Leaving>, Fault> {
        let places: HashMap<&SessionId, usize> =
            reaches.iter().enumerate().map(|(place, reach)| (&reach.session, place)).collect();
        let (client, sid) = match what {
            Ended::Client(client) | Ended::AccountAtClient(_, client) => (Some(client.as_str()), None),
            Ended::Participation(sid) => (None, Some(sid.as_str())),
            Ended::Session(_) | Ended::Account(_) => (None, None),
        };
        let names = text::names(reaches.iter().map(|reach| reach.session.as_str()));
        let mut stays = Vec::new();
        for mut row in self.rows(&LEAVING, values![&names, client, sid]).await? {
            let place = places.get(&SessionId::new(row.take::<String>()?)).copied();
            let place = place.ok_or_else(|| Fault::bug("a stay of a session nobody asked for"))?;
            stays.push((place, read_leaver(row)?));
        }
        stays.sort_by(|(place, one), (other, two)| (place, one.sid.as_str()).cmp(&(other, two.sid.as_str())));
        let mut grants = self.grants_of_stays(stays.iter().map(|(_, stay)| &stay.sid)).await?;
        let listeners = self.listeners(stays.iter().map(|(_, stay)| &stay.client)).await?;
        let leave = |(place, stay): (usize, Leaver)| {
            let listener = listeners.get(&stay.client).cloned().unwrap_or_default();
            Leaving {
                grants: grants.remove(&stay.sid).unwrap_or_default(),
                sid: stay.sid,
                account: stay.account,
                client: stay.client,
                sub: stay.sub,
                session: reaches[place].session.clone(),
                session_kind: reaches[place].kind,
                backchannel_logout_uri: listener.uri,
                frontchannel_logout_uri: listener.front,
                deadline: listener.deadline,
                idle_notices: listener.idle_notices,
                offline_grants: listener.offline_grants,
            }
        };
        Ok(stays.into_iter().map(leave).collect())
    }

    async fn grants_of_stays(&mut self, sids: impl Iterator<Item = &Sid>) -> Result<Granted, Fault> {
        let names = text::names(sids.map(Sid::as_str));
        let mut granted = Granted::new();
        for mut row in self.rows(&GRANTS_OF_STAYS, values![&names]).await? {
            let sid = Sid::new(row.take::<String>()?);
            let grant = (GrantId::new(row.take::<String>()?), text::word(&row.take::<String>()?, GrantKind::read)?);
            granted.entry(sid).or_default().push(grant);
        }
        Ok(granted)
    }

    /// What is known of some clients. One that is gone is not among them.
    async fn listeners(&mut self, clients: impl Iterator<Item = &ClientId>) -> Result<Listeners, Fault> {
        let clients: BTreeSet<&str> = clients.map(ClientId::as_str).collect();
        let mut listeners = Listeners::new();
        for mut row in self.rows(&CLIENTS, values![&text::names(clients)]).await? {
            let client = ClientId::new(row.take::<String>()?);
            let metadata: Addressed = read_or_default(&client, "metadata", &row.take::<String>()?);
            let policy: Wishes = read_or_default(&client, "policy", &row.take::<String>()?);
            let listener = Listener {
                uri: metadata.backchannel_logout_uri,
                front: metadata.frontchannel_logout_uri,
                deadline: policy.logout_deadline.map(|seconds| Span::from_seconds(i64::from(seconds))),
                idle_notices: policy.idle_notices.unwrap_or(IdleNotices::Send),
                offline_grants: policy.offline_grants.unwrap_or(OfflineGrants::Keep),
            };
            listeners.insert(client, listener);
        }
        Ok(listeners)
    }

    /// How long a client's notices are tried, if its policy says.
    pub(crate) async fn deadline_of(&mut self, client: &ClientId) -> Result<Option<Span>, Fault> {
        let listeners = self.listeners(std::iter::once(client)).await?;
        Ok(listeners.get(client).and_then(|listener| listener.deadline))
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
        let read = |mut row: Row| Ok((GrantId::new(row.take::<String>()?), ClientId::new(row.take::<String>()?)));
        let grants: Vec<(GrantId, ClientId)> = rows.into_iter().map(read).collect::<Result<_, Fault>>()?;
        let listeners = self.listeners(grants.iter().map(|(_, client)| client)).await?;
        let dies = |client: &ClientId| {
            let wished = listeners.get(client).map_or(OfflineGrants::Keep, |listener| listener.offline_grants);
            judge::fate(end.cause, SessionKind::Browser, end.offline.stricter(wished)) == OfflineGrants::Revoke
        };
        let revoked = grants.into_iter().filter(|(_, client)| dies(client)).map(|(grant, _)| grant).collect();
        Ok(revoked)
    }
}

/// Reads `sid, account, client, sub`.
fn read_leaver(mut row: Row) -> Result<Leaver, Fault> {
    Ok(Leaver {
        sid: Sid::new(row.take::<String>()?),
        account: AccountId::new(row.take::<String>()?),
        client: ClientId::new(row.take::<String>()?),
        sub: Sub::new(row.take::<String>()?),
    })
}

/// A row of one client that cannot be read must not keep anybody's session from ending.
fn read_or_default<T: Default + serde::de::DeserializeOwned>(client: &ClientId, what: &str, text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%client, "its {what} cannot be read, endings go on without it: {error}");
        T::default()
    })
}
