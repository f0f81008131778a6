//! The one verb that ends anything, and its dry run (`logout.md` §3).
//!
//! Invariant: mark first, read in a later statement. Whoever was adding to a session held its row, so what they added
//! is there to be read; whoever comes later finds the mark. Every stay that ends is noticed or untold, in the same
//! transaction.

use std::collections::HashMap;

use openid::client::policy::{IdleNotices, Policy};
use openid::logout::judge::{self, End, Ended, Leaving, Notice, OfflineGrants, Untold, Verdict};
use openid::name::{AccountId, ClientId, GrantId, SessionId, Sid, Sub};
use openid::session::{Cause, GrantKind, SessionKind};
use openid::time::{Span, Time};
use serde::Deserialize;

use crate::fault::{Fault, Kind};
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    MARK = "UPDATE session SET ended_at = $2, cause = $3, ended_by = $4 WHERE id = $1 AND ended_at IS NULL RETURNING kind";
    HOLD_ALONE = "SELECT kind FROM session WHERE id = $1 {hold}";
    KIND = "SELECT kind FROM session WHERE id = $1";
    OF_ACCOUNT = "SELECT id FROM session WHERE account = $1 AND ended_at IS NULL ORDER BY id";
    OF_CLIENT = "SELECT DISTINCT session FROM participation WHERE client = $1 AND ended_at IS NULL \
        AND (CAST($2 AS {text}) IS NULL OR account = $2) ORDER BY session";
    SESSION_OF = "SELECT session FROM participation WHERE sid = $1 AND ended_at IS NULL";
    LEAVING = "SELECT sid, account, client, sub FROM participation WHERE session = $1 AND ended_at IS NULL \
        AND (CAST($2 AS {text}) IS NULL OR client = $2) AND (CAST($3 AS {text}) IS NULL OR sid = $3) ORDER BY sid";
    GRANTS_OF_STAY = "SELECT id, kind FROM grants WHERE sid = $1 AND ended_at IS NULL ORDER BY id";
    GRANTS_OF_ACCOUNT = "SELECT id FROM grants WHERE account = $1 AND ended_at IS NULL \
        AND (CAST($2 AS {text}) IS NULL OR client = $2) ORDER BY id";
    GRANTS_OF_CLIENT = "SELECT id FROM grants WHERE client = $1 AND ended_at IS NULL ORDER BY id";
    CLIENT = "SELECT metadata, policy FROM client WHERE id = $1";
    LEAVE = "UPDATE participation SET ended_at = $2, cause = $3 WHERE sid = $1 AND ended_at IS NULL";
    END_GRANT = "UPDATE grants SET ended_at = $2, cause = $3 WHERE id = $1 AND ended_at IS NULL";
    RECORD = "INSERT INTO ending (id, what, subject, cause, ended_by, at, told, untold, revoked, kept) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING";
}

/// What an ending did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndReport {
    /// Sessions that ended by it. None: they had ended before, or only stays were to end.
    pub sessions: Vec<SessionId>,
    /// Promises written to the outbox: the notice's name, and what it is about.
    pub notices: Vec<Posted>,
    /// Relying parties that cannot be told.
    pub untold: Vec<(Sid, ClientId, Untold)>,
    /// Grants that ended.
    pub revoked: Vec<GrantId>,
    /// Grants that live on.
    pub kept: Vec<GrantId>,
}

impl EndReport {
    /// Whether anything ended: the second of two endings at once ends nothing.
    pub fn ended_something(&self) -> bool {
        !(self.sessions.is_empty()
            && self.notices.is_empty()
            && self.untold.is_empty()
            && self.revoked.is_empty())
    }
}

/// A promise that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// The notice's name in the outbox.
    pub id: String,
    /// What it says, and to whom.
    pub notice: Notice,
}

/// Whether a grant was there to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantEnding {
    /// It ended now.
    Now,
    /// It had ended before, or never was.
    Before,
}

/// A session some of whose stays end.
struct Reach {
    session: SessionId,
    kind: SessionKind,
    client: Option<ClientId>,
    sid: Option<Sid>,
}

/// What an ending needs to know of a client: the rest of its metadata is none of its business.
#[derive(Deserialize)]
struct Addressed {
    backchannel_logout_uri: Option<String>,
}

/// What was read of a client, once for each ending.
#[derive(Clone)]
struct Listener {
    uri: Option<String>,
    deadline: Option<Span>,
    idle_notices: IdleNotices,
}

impl Tx {
    /// Ends what it is told to end, and promises to tell everybody who must be told. The only way to end anything but a
    /// single grant; an ending of what has ended is no fault and ends nothing.
    pub async fn end(&mut self, end: &End) -> Result<EndReport, Fault> {
        self.end_spread(end, Span::ZERO).await
    }

    /// [`Tx::end`], whose first notices are due only after a wait: sweeps spread theirs.
    pub(super) async fn end_spread(&mut self, end: &End, wait: Span) -> Result<EndReport, Fault> {
        let mut report = EndReport::default();
        let reaches = self.mark(end, &mut report).await?;
        let leaving = self.leaving(&reaches).await?;
        for stay in &leaving {
            self.change(
                &LEAVE,
                values![stay.sid.as_str(), end.at, end.cause.as_str()],
            )
            .await?;
        }
        let verdict = judge::judge(end, leaving);
        for grant in &verdict.revoked {
            self.change(
                &END_GRANT,
                values![grant.as_str(), end.at, end.cause.as_str()],
            )
            .await?;
        }
        report.revoked = verdict.revoked;
        self.end_background(end, &mut report).await?;
        for notice in verdict.notices {
            let id = self.post(&notice, end.cause, end.at, end.at + wait).await?;
            report.notices.push(Posted { id, notice });
        }
        report.untold = verdict.untold;
        report.kept = verdict.kept;
        if !report.notices.is_empty() {
            self.wake_courier().await?;
        }
        if report.ended_something() {
            self.record(end, &report).await?;
        }
        Ok(report)
    }

    /// Ends one grant and with it every token of it; the stay goes on. Revocation (RFC 7009 §2.1) and breach.
    pub async fn end_grant(
        &mut self,
        grant: &GrantId,
        cause: Cause,
        by: &str,
        now: Time,
    ) -> Result<GrantEnding, Fault> {
        if self
            .change(&END_GRANT, values![grant.as_str(), now, cause.as_str()])
            .await?
            == 0
        {
            return Ok(GrantEnding::Before);
        }
        let id = format!("grant.{grant}.{}", now.millis());
        let values = values![
            id.as_str(),
            "grant",
            grant.as_str(),
            cause.as_str(),
            by,
            now,
            0_i64,
            0_i64,
            1_i64,
            0_i64,
        ];
        self.change(&RECORD, values).await?;
        Ok(GrantEnding::Now)
    }

    /// Marks the sessions that end; holds alone those that lose a stay.
    async fn mark(&mut self, end: &End, report: &mut EndReport) -> Result<Vec<Reach>, Fault> {
        let mut reaches = Vec::new();
        let whole = matches!(end.what, Ended::Session(_) | Ended::Account(_));
        for (session, client, sid) in self.reached(&end.what).await? {
            let row = if whole {
                let mark = values![
                    session.as_str(),
                    end.at,
                    end.cause.as_str(),
                    end.by.as_str()
                ];
                self.row(&MARK, mark).await?
            } else {
                self.row(&HOLD_ALONE, values![session.as_str()]).await?
            };
            let Some(mut row) = row else { continue };
            let kind = text::word(&row.take::<String>()?, SessionKind::read)?;
            if whole {
                report.sessions.push(session.clone());
            }
            reaches.push(Reach {
                session,
                kind,
                client,
                sid,
            });
        }
        Ok(reaches)
    }

    /// Background access that outlived its sessions: what may not go on ends also where no stay ends.
    async fn end_background(&mut self, end: &End, report: &mut EndReport) -> Result<(), Fault> {
        for grant in self.background(end).await? {
            if self
                .change(
                    &END_GRANT,
                    values![grant.as_str(), end.at, end.cause.as_str()],
                )
                .await?
                == 1
            {
                report.revoked.push(grant);
            }
        }
        Ok(())
    }

    async fn record(&mut self, end: &End, report: &EndReport) -> Result<(), Fault> {
        let (what, subject) = match &end.what {
            Ended::Participation(sid) => ("participation", sid.to_string()),
            Ended::Session(session) => ("session", session.to_string()),
            Ended::Account(account) => ("account", account.to_string()),
            Ended::Client(client) => ("client", client.to_string()),
            Ended::AccountAtClient(account, client) => {
                ("account_at_client", format!("{account} {client}"))
            }
        };
        let id = format!("{what}.{subject}.{}", end.at.millis());
        let values = values![
            id.as_str(),
            what,
            subject.as_str(),
            end.cause.as_str(),
            end.by.as_str(),
            end.at,
            count(report.notices.len()),
            count(report.untold.len()),
            count(report.revoked.len()),
            count(report.kept.len()),
        ];
        self.change(&RECORD, values).await.map(drop)
    }
}

impl Reader {
    /// What an ending would do, without doing it: the same reading, the same judge.
    pub async fn preview(&mut self, end: &End) -> Result<Verdict, Fault> {
        let mut reaches = Vec::new();
        for (session, client, sid) in self.reached(&end.what).await? {
            let Some(mut row) = self.row(&KIND, values![session.as_str()]).await? else {
                continue;
            };
            let kind = text::word(&row.take::<String>()?, SessionKind::read)?;
            reaches.push(Reach {
                session,
                kind,
                client,
                sid,
            });
        }
        let leaving = self.leaving(&reaches).await?;
        let mut verdict = judge::judge(end, leaving);
        for grant in self.background(end).await? {
            if !verdict.revoked.contains(&grant) {
                verdict.revoked.push(grant);
            }
        }
        Ok(verdict)
    }

    /// The live sessions an ending reaches, in the order in which everybody takes them, and how far it reaches into each.
    async fn reached(
        &mut self,
        what: &Ended,
    ) -> Result<Vec<(SessionId, Option<ClientId>, Option<Sid>)>, Fault> {
        let rows = match what {
            Ended::Session(session) => return Ok(vec![(session.clone(), None, None)]),
            Ended::Account(account) => self.rows(&OF_ACCOUNT, values![account.as_str()]).await?,
            Ended::Client(client) => {
                self.rows(&OF_CLIENT, values![client.as_str(), None::<&str>])
                    .await?
            }
            Ended::AccountAtClient(account, client) => {
                self.rows(&OF_CLIENT, values![client.as_str(), account.as_str()])
                    .await?
            }
            Ended::Participation(sid) => self.rows(&SESSION_OF, values![sid.as_str()]).await?,
        };
        let (client, sid) = match what {
            Ended::Client(client) | Ended::AccountAtClient(_, client) => {
                (Some(client.clone()), None)
            }
            Ended::Participation(sid) => (None, Some(sid.clone())),
            Ended::Session(_) | Ended::Account(_) => (None, None),
        };
        rows.into_iter()
            .map(|mut row| {
                Ok((
                    SessionId::new(row.take::<String>()?),
                    client.clone(),
                    sid.clone(),
                ))
            })
            .collect()
    }

    /// The stays that leave, with their live grants and what is known of their clients.
    async fn leaving(&mut self, reaches: &[Reach]) -> Result<Vec<Leaving>, Fault> {
        let mut clients = HashMap::new();
        let mut leaving = Vec::new();
        for reach in reaches {
            let (client, sid) = (
                reach.client.as_ref().map(ClientId::as_str),
                reach.sid.as_ref().map(Sid::as_str),
            );
            for mut row in self
                .rows(&LEAVING, values![reach.session.as_str(), client, sid])
                .await?
            {
                let (sid, account) = (
                    Sid::new(row.take::<String>()?),
                    AccountId::new(row.take::<String>()?),
                );
                let (client, sub) = (
                    ClientId::new(row.take::<String>()?),
                    Sub::new(row.take::<String>()?),
                );
                if !clients.contains_key(&client) {
                    clients.insert(client.clone(), self.listener(&client).await?);
                }
                let listener = clients[&client].clone();
                leaving.push(Leaving {
                    grants: self.grants_of_stay(&sid).await?,
                    sid,
                    account,
                    client,
                    sub,
                    session: reach.session.clone(),
                    session_kind: reach.kind,
                    backchannel_logout_uri: listener.uri,
                    deadline: listener.deadline,
                    idle_notices: listener.idle_notices,
                });
            }
        }
        Ok(leaving)
    }

    async fn grants_of_stay(&mut self, sid: &Sid) -> Result<Vec<(GrantId, GrantKind)>, Fault> {
        let rows = self.rows(&GRANTS_OF_STAY, values![sid.as_str()]).await?;
        let read = |mut row: crate::row::Row| {
            Ok((
                GrantId::new(row.take::<String>()?),
                text::word(&row.take::<String>()?, GrantKind::read)?,
            ))
        };
        rows.into_iter().map(read).collect()
    }

    async fn listener(&mut self, client: &ClientId) -> Result<Listener, Fault> {
        let Some(mut row) = self.row(&CLIENT, values![client.as_str()]).await? else {
            return Ok(Listener {
                uri: None,
                deadline: None,
                idle_notices: IdleNotices::Send,
            });
        };
        let unreadable =
            |error| Fault::from_error(Kind::Bug, format!("the row of client {client}"), error);
        let metadata: Addressed =
            serde_json::from_str(&row.take::<String>()?).map_err(unreadable)?;
        let policy: Policy = serde_json::from_str(&row.take::<String>()?).map_err(unreadable)?;
        Ok(Listener {
            uri: metadata.backchannel_logout_uri,
            deadline: policy
                .logout_deadline
                .map(|seconds| Span::from_seconds(i64::from(seconds))),
            idle_notices: policy.idle_notices,
        })
    }

    /// Live grants beyond the stays that leave, if what is ordered revokes them: those of an account or a client whose
    /// sessions ended before.
    async fn background(&mut self, end: &End) -> Result<Vec<GrantId>, Fault> {
        if judge::fate(end.cause, SessionKind::Browser, end.offline) == OfflineGrants::Keep {
            return Ok(Vec::new());
        }
        let rows = match &end.what {
            Ended::Participation(_) | Ended::Session(_) => return Ok(Vec::new()),
            Ended::Account(account) => {
                self.rows(&GRANTS_OF_ACCOUNT, values![account.as_str(), None::<&str>])
                    .await?
            }
            Ended::AccountAtClient(account, client) => {
                self.rows(
                    &GRANTS_OF_ACCOUNT,
                    values![account.as_str(), client.as_str()],
                )
                .await?
            }
            Ended::Client(client) => {
                self.rows(&GRANTS_OF_CLIENT, values![client.as_str()])
                    .await?
            }
        };
        rows.into_iter()
            .map(|mut row| Ok(GrantId::new(row.take::<String>()?)))
            .collect()
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
