//! The one verb that ends anything (`logout.md` §3).
//!
//! Invariant: mark first, read in a later statement. Whoever was adding to a session held its row, so what they added
//! is there to be read; whoever comes later finds the mark. Every stay that ends is noticed, shown or untold, in
//! the same transaction.

use std::collections::HashSet;

use openid::logout::judge::{self, End, Ended, Frame, Notice, Untold, Verdict};
use openid::name::{ClientId, GrantId, SessionId, Sid};
use openid::session::{Cause, SessionKind};
use openid::time::{Span, Time};

use super::leaving::Reach;
use super::tree::Unpromised;
use crate::fault::Fault;
use crate::statements::statements;
use crate::text;
use crate::tx::Tx;
use crate::value::values;

statements! {
    MARK = "UPDATE session SET ended_at = $2, cause = $3, ended_by = $4 WHERE id = $1 AND ended_at IS NULL RETURNING kind";
    HOLD_ALONE = "SELECT kind FROM session WHERE id = $1 {hold}";
    LEAVE = "UPDATE participation SET ended_at = $2, cause = $3, unpromised = $4 WHERE sid = $1 AND ended_at IS NULL";
    END_GRANT = "UPDATE grants SET ended_at = $2, cause = $3 WHERE id = $1 AND ended_at IS NULL";
    END_OWN_TOKENS = "UPDATE access_token SET revoked_at = $2 \
        WHERE client = $1 AND grant_id IS NULL AND revoked_at IS NULL";
    END_EXCHANGED = "UPDATE access_token SET revoked_at = $2 WHERE client = $1 AND exchanged = 1 AND revoked_at IS NULL";
    GRANT_ELSEWHERE = "SELECT id FROM grants WHERE id = $1 AND session <> $2";
    RECORD = "INSERT INTO ending (id, what, subject, cause, ended_by, at, told, untold, revoked, kept, shown) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING";
}

/// No bound on how many sessions one ending reaches.
pub(super) const EVERYTHING: u32 = u32::MAX;

/// What an ending did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EndReport {
    /// Sessions that ended by it. None: they had ended before, or only stays were to end.
    pub sessions: Vec<SessionId>,
    /// Promises written to the outbox: the notice's name, and what it is about.
    pub notices: Vec<Posted>,
    /// What the page about it must load in frames.
    pub frames: Vec<Frame>,
    /// Relying parties that are told by their frame alone.
    pub shown: Vec<(Sid, ClientId)>,
    /// Relying parties that cannot be told.
    pub untold: Vec<(Sid, ClientId, Untold)>,
    /// Grants that ended.
    pub revoked: Vec<GrantId>,
    /// Grants that live on.
    pub kept: Vec<GrantId>,
}

impl EndReport {
    /// Whether [`Tx::end_some`] found less than it may end at once: then nothing is left.
    pub fn is_all(&self, most: u32) -> bool {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        self.stays() < most && self.revoked.len() < most
    }

    /// Whether anything ended: the second of two endings at once ends nothing.
    pub fn ended_something(&self) -> bool {
        !(self.sessions.is_empty() && self.stays() == 0 && self.revoked.is_empty())
    }

    /// Stays that ended: each is noticed, shown or untold.
    fn stays(&self) -> usize {
        self.notices.len() + self.shown.len() + self.untold.len()
    }

    /// Adds what another ending did.
    pub fn add(&mut self, other: Self) {
        self.sessions.extend(other.sessions);
        self.notices.extend(other.notices);
        self.frames.extend(other.frames);
        self.shown.extend(other.shown);
        self.untold.extend(other.untold);
        self.revoked.extend(other.revoked);
        self.kept.extend(other.kept);
    }

    /// What the audit trail says of an ending.
    pub fn tally(&self) -> serde_json::Value {
        serde_json::json!({
            "sessions": self.sessions.len(),
            "notices": self.notices.len(),
            "shown": self.shown.len(),
            "untold": self.untold.len(),
            "grants": self.revoked.len(),
        })
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

impl Tx {
    /// Ends what it is told to end, and promises to tell everybody who must be told. The only way to end anything but a
    /// single grant; an ending of what has ended is no fault and ends nothing.
    pub async fn end(&mut self, end: &End) -> Result<EndReport, Fault> {
        self.end_bounded(end, Span::ZERO, EVERYTHING).await
    }

    /// [`Tx::end`], of so many sessions and so many grants at most: what reaches many people must not hold all their
    /// sessions at once. [`EndReport::is_all`] says whether something is left. Whoever orders it has seen to it that
    /// nothing begins meanwhile ([`Tx::disable_client`]).
    pub async fn end_some(&mut self, end: &End, most: u32) -> Result<EndReport, Fault> {
        self.end_bounded(end, Span::ZERO, most).await
    }

    /// [`Tx::end`], whose first notices are due only after a wait: sweeps spread theirs.
    pub(super) async fn end_spread(&mut self, end: &End, wait: Span) -> Result<EndReport, Fault> {
        self.end_bounded(end, wait, EVERYTHING).await
    }

    async fn end_bounded(&mut self, end: &End, wait: Span, most: u32) -> Result<EndReport, Fault> {
        let mut report = EndReport::default();
        let reaches = self.mark(end, most, &mut report).await?;
        let leaving = self.leaving(&end.what, &reaches).await?;
        let stays = leaving.len();
        let verdict = judge::judge(end, leaving);
        for (sid, unpromised) in fates(&verdict) {
            let word = unpromised.map(Unpromised::as_str);
            self.change(&LEAVE, values![sid.as_str(), end.at, end.cause.as_str(), word]).await?;
        }
        for grant in &verdict.revoked {
            self.change(&END_GRANT, values![grant.as_str(), end.at, end.cause.as_str()]).await?;
        }
        report.revoked = verdict.revoked;
        self.end_background(end, (most, stays), &mut report).await?;
        for notice in verdict.notices {
            let id = self.post(&notice, end.cause, end.at, end.at + wait).await?;
            report.notices.push(Posted { id, notice });
        }
        report.frames = verdict.frames;
        report.shown = verdict.shown;
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

    /// Ends what [`End`] orders for an account, but for one session and what was granted in it: the password was changed
    /// there. Background access that outlived its sessions ends as the cause has it.
    pub async fn end_elsewhere(&mut self, end: &End, here: &SessionId) -> Result<EndReport, Fault> {
        let mut all = EndReport::default();
        // Until nothing is left, as in [`Tx::mark`].
        loop {
            let reached = self.reached(&end.what, EVERYTHING).await?;
            let elsewhere: Vec<_> = reached.into_iter().filter(|id| id != here).collect();
            if elsewhere.is_empty() {
                break;
            }
            for session in elsewhere {
                all.add(self.end(&End { what: Ended::Session(session), ..end.clone() }).await?);
            }
        }
        for grant in self.background(end, EVERYTHING, 0).await? {
            let elsewhere = self.row(&GRANT_ELSEWHERE, values![grant.as_str(), here.as_str()]).await?.is_some();
            if elsewhere && self.end_grant(&grant, end.cause, &end.by, end.at).await? == GrantEnding::Now {
                all.revoked.push(grant);
            }
        }
        Ok(all)
    }

    /// Ends one grant and with it every token of it; the stay goes on. Revocation (RFC 7009 §2.1) and breach.
    pub async fn end_grant(
        &mut self,
        grant: &GrantId,
        cause: Cause,
        by: &str,
        now: Time,
    ) -> Result<GrantEnding, Fault> {
        let device = self.hold_first_app(grant, now).await?;
        if self.change(&END_GRANT, values![grant.as_str(), now, cause.as_str()]).await? == 0 {
            return Ok(GrantEnding::Before);
        }
        let id = format!("grant.{grant}.{}", now.millis());
        let values =
            values![id.as_str(), "grant", grant.as_str(), cause.as_str(), by, now, 0_i64, 0_i64, 1_i64, 0_i64, 0_i64];
        self.change(&RECORD, values).await?;
        if let Some(device) = device {
            self.revoke_secrets(&device, now).await?;
        }
        Ok(GrantEnding::Now)
    }

    /// Marks the sessions that end; holds alone those that lose a stay.
    ///
    /// What is reached is read again until nothing new appears. Whoever was moving a stay into a device session held the
    /// session it was in, so has committed by the time that is marked or held: only then can it be seen where the stay is.
    async fn mark(&mut self, end: &End, most: u32, report: &mut EndReport) -> Result<Vec<Reach>, Fault> {
        let (mut reaches, mut known) = (Vec::new(), HashSet::new());
        let whole = matches!(end.what, Ended::Session(_) | Ended::Account(_));
        loop {
            let before = reaches.len();
            for session in self.reached(&end.what, most).await? {
                if known.contains(&session) {
                    continue;
                }
                let row = if whole {
                    let mark = values![session.as_str(), end.at, end.cause.as_str(), end.by.as_str()];
                    self.row(&MARK, mark).await?
                } else {
                    self.row(&HOLD_ALONE, values![session.as_str()]).await?
                };
                let Some(mut row) = row else { continue };
                let kind = text::word(&row.take::<String>()?, SessionKind::read)?;
                if whole {
                    report.sessions.push(session.clone());
                }
                known.insert(session.clone());
                reaches.push(Reach { session, kind });
            }
            if reaches.len() == before {
                break;
            }
        }
        if let Ended::Session(browser) = &end.what
            && !reaches.is_empty()
        {
            self.mark_followers(end, browser, (&mut reaches, report)).await?;
        }
        Ok(reaches)
    }

    /// Device sessions that end with the browser session they were opened from, which is marked: whoever was opening one
    /// held it, so what they opened is there to be read.
    async fn mark_followers(
        &mut self,
        end: &End,
        browser: &SessionId,
        (reaches, report): (&mut Vec<Reach>, &mut EndReport),
    ) -> Result<(), Fault> {
        for (device, tie) in self.followers(browser).await? {
            let mark = values![device.as_str(), end.at, end.cause.as_str(), end.by.as_str()];
            if judge::follows(end.cause, tie) && self.row(&MARK, mark).await?.is_some() {
                report.sessions.push(device.clone());
                reaches.push(Reach { session: device, kind: SessionKind::Device });
            }
        }
        Ok(())
    }

    /// Background access that outlived its sessions: what may not go on ends also where no stay ends.
    async fn end_background(
        &mut self,
        end: &End,
        (most, stays): (u32, usize),
        report: &mut EndReport,
    ) -> Result<(), Fault> {
        // Tokens of the client's own have no grant to end with.
        if let Ended::Client(client) = &end.what {
            self.change(&END_OWN_TOKENS, values![client.as_str(), end.at]).await?;
            // Those it exchanged rest on another client's grant, which goes on.
            self.change(&END_EXCHANGED, values![client.as_str(), end.at]).await?;
        }
        for grant in self.background(end, most, stays).await? {
            if self.change(&END_GRANT, values![grant.as_str(), end.at, end.cause.as_str()]).await? == 1 {
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
            Ended::AccountAtClient(account, client) => ("account_at_client", format!("{account} {client}")),
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
            count(report.shown.len()),
        ];
        self.change(&RECORD, values).await.map(drop)
    }
}

/// Every stay that leaves, and how it is told if nothing is promised.
fn fates(verdict: &Verdict) -> impl Iterator<Item = (&Sid, Option<Unpromised>)> {
    let noticed = verdict.notices.iter().map(|notice| (&notice.sid, None));
    let shown = verdict.shown.iter().map(|(sid, _)| (sid, Some(Unpromised::Shown)));
    noticed.chain(shown).chain(verdict.untold.iter().map(|(sid, _, why)| (sid, Some(Unpromised::Untold(*why)))))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
