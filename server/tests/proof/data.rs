//! The database behind a world, read beside the server by the database's own tools: not by code that is under test.
//!
//! Invariant: what writes here says why; nothing here writes to the ledger but [`Data::drop_a_notice`].

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use super::verdict::{State, Stay};

/// Where it is.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// The URL of a PostgreSQL database.
    Postgres(String),
}

impl Data {
    /// Asks: each row's values as text, nothing as an empty one.
    pub(crate) async fn rows(&self, question: &str) -> Vec<Vec<String>> {
        match self {
            Self::Sqlite(_) => {
                let text = self.sqlite(question);
                text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
            }
            Self::Postgres(url) => {
                let rows = testkit::postgres::rows(url, question).await;
                rows.into_iter().map(|row| row.into_iter().map(Option::unwrap_or_default).collect()).collect()
            }
        }
    }

    async fn execute(&self, statement: &str) {
        match self {
            Self::Sqlite(_) => drop(self.sqlite(statement)),
            Self::Postgres(url) => testkit::postgres::execute(url, statement).await,
        }
    }

    fn sqlite(&self, text: &str) -> String {
        let Self::Sqlite(path) = self else { return String::new() };
        let shell = ["-cmd", ".timeout 20000", "-cmd", ".separator \"\\t\""];
        let output = Command::new("sqlite3").args(shell).arg(path).arg(text).output().unwrap();
        assert!(output.status.success(), "{text}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// One number.
    pub(crate) async fn number(&self, question: &str) -> u64 {
        let rows = self.rows(question).await;
        rows.first().and_then(|row| row.first()).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// Notices that are not settled, and sessions that have expired and were not ended yet.
    pub(crate) async fn waiting(&self) -> u64 {
        let notices = "SELECT count(*) FROM outbox WHERE settled_at IS NULL AND kind = 'backchannel_logout'";
        let expired = "SELECT count(*) FROM session WHERE ended_at IS NULL AND (idle_until <= 1 OR expires_at <= 1)";
        self.number(&format!("SELECT ({notices}) + ({expired})")).await
    }

    /// A session comes to the end of its life: nobody waits for that.
    pub(crate) async fn age(&self, sid: &str, column: &str) {
        self.execute(&format!(
            "UPDATE session SET {column} = 1 WHERE id = (SELECT session FROM participation WHERE sid = '{sid}') \
             AND ended_at IS NULL"
        ))
        .await;
    }

    /// Breaks it on purpose: the comparison must see that a row is gone.
    pub(crate) async fn drop_a_notice(&self) {
        self.execute("DELETE FROM outbox WHERE id = (SELECT max(id) FROM outbox WHERE outcome = 'delivered')").await;
    }

    /// Makes many sessions of one, each with a stay at one of its relying parties.
    pub(crate) async fn multiply(&self, sessions: u64) {
        let copied = "account, kind, browser, auth_time, acr, amr, agent, created_at, seen_at, idle_span, idle_until, \
            expires_at";
        let stayed = "account, client, sub, begun_at, used_at";
        let many = format!("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {sessions})");
        self.execute(&format!(
            "BEGIN IMMEDIATE; {many} INSERT INTO session (id, {copied}) SELECT 'crowd' || n, {copied} FROM n, \
             (SELECT * FROM session LIMIT 1); \
             INSERT INTO participation (sid, session, {stayed}) SELECT 'stay-' || s.id, s.id, {} FROM session s, \
             (SELECT p.*, row_number() OVER (ORDER BY sid) AS place FROM participation p) p \
             WHERE s.id LIKE 'crowd%' AND p.place = 1 + substr(s.id, 6) % (SELECT count(*) FROM participation); COMMIT;",
            "p.account, p.client, p.sub, p.begun_at, p.used_at"
        ))
        .await;
    }

    /// The absolute life of every session is over.
    pub(crate) async fn expire_all(&self) {
        self.execute("UPDATE session SET expires_at = 1 WHERE ended_at IS NULL").await;
    }

    /// Every stay of some accounts, with its notices.
    pub(crate) async fn stays(&self, accounts: &[String]) -> Vec<Stay> {
        let list = accounts.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
        let live = |kind: &str| {
            format!("(SELECT count(*) FROM grants g WHERE g.sid = p.sid AND g.kind = '{kind}' AND g.ended_at IS NULL)")
        };
        let question = format!(
            "SELECT p.sid, p.client, p.account, p.session, \
             CASE WHEN p.ended_at IS NULL AND s.ended_at IS NULL THEN 'live' ELSE 'ended' END, \
             coalesce(p.cause, s.cause, ''), {}, {}, coalesce(o.outcome, ''), coalesce(o.attempts, -1) \
             FROM participation p JOIN session s ON s.id = p.session \
             LEFT JOIN outbox o ON o.sid = p.sid AND o.kind = 'backchannel_logout' \
             WHERE p.account IN ({list}) ORDER BY p.sid",
            live("online"),
            live("offline"),
        );
        let mut stays: BTreeMap<String, Stay> = BTreeMap::new();
        for row in self.rows(&question).await {
            let cell = |at: usize| row.get(at).cloned().unwrap_or_default();
            let number = |at: usize| cell(at).parse::<u32>();
            let stay = stays.entry(cell(0)).or_insert_with(|| Stay {
                sid: cell(0),
                client: cell(1),
                account: cell(2),
                session: cell(3),
                ended: cell(4) == "ended",
                cause: cell(5),
                live_online: number(6).unwrap_or_default(),
                live_offline: number(7).unwrap_or_default(),
                notices: Vec::new(),
            });
            // No row of the ledger: no number of attempts.
            if let Ok(attempts) = number(9) {
                stay.notices.push((State::read(&cell(8)), attempts));
            }
        }
        stays.into_values().collect()
    }
}
