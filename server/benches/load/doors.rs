//! What a bench of logouts writes beside the server, by the database's own shell; and a visitor who signs out.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Broken;
use crate::ground::{Holding, Provider, RS256, metadata};
use crate::wire::Line;
use crate::work::Work;

impl Provider {
    fn sql(&self, text: &str) -> Result<(), Broken> {
        let mut shell = std::process::Command::new("sqlite3")
            .args(["-bail", "-cmd", ".timeout 60000"])
            .arg(self.folder.join("bench.sqlite"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        shell.stdin.take().ok_or("no input")?.write_all(text.as_bytes())?;
        match shell.wait()?.success() {
            true => Ok(()),
            false => Err(format!("sqlite3 failed: {text}").into()),
        }
    }

    /// Registers one relying party for each door, named by number.
    pub(crate) async fn parties(&self, name: &str, ports: &[u16]) -> Result<(), Broken> {
        use std::fmt::Write as _;
        let mut rows = String::from("BEGIN IMMEDIATE;\n");
        for (number, port) in ports.iter().enumerate() {
            let client = format!("{name}-{number:0>5}");
            let mut metadata = metadata(&client)?;
            metadata["backchannel_logout_uri"] = json!(format!("http://127.0.0.1:{port}/logout"));
            metadata["id_token_signed_response_alg"] = json!("RS256");
            let text = crate::crowd::metadata(&metadata)?.replace('\'', "''");
            writeln!(
                rows,
                "INSERT INTO client (id, metadata, policy, secret_hash, origins, version, created_at, updated_at) \
                 SELECT '{client}', '{text}', policy, secret_hash, '', 1, 0, 0 FROM client WHERE id = '{RS256}';"
            )?;
        }
        rows.push_str("UPDATE version SET value = value + 1 WHERE name = 'clients'; COMMIT;");
        self.sql(&rows)?;
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        Ok(())
    }

    /// Takes part in a session, at so many relying parties of a name.
    pub(crate) fn stays(&self, session: &str, tag: &str, name: &str, amount: usize) -> Result<(), Broken> {
        self.sql(&format!(
            "INSERT INTO participation (sid, session, account, client, sub, begun_at, used_at) \
             SELECT '{tag}-' || c.id, s.id, s.account, c.id, 'sub', 0, 0 FROM session s, \
             (SELECT id FROM client WHERE id LIKE '{name}-%' ORDER BY id LIMIT {amount}) c WHERE s.id = {session};"
        ))
    }

    /// Nobody has to be told any more of those with a name.
    pub(crate) fn withdraw(&self, name: &str) -> Result<(), Broken> {
        self.sql(&format!(
            "UPDATE outbox SET settled_at = 1, outcome = 'withdrawn' WHERE client LIKE '{name}-%' AND settled_at IS NULL;"
        ))
    }

    /// Very many sessions, each with a stay at the first so many relying parties of a name; they expire when they are told to.
    pub(crate) fn crowd_of_sessions(&self, tag: usize, amount: usize, parties: usize) -> Result<(), Broken> {
        self.sql(&format!(
            "BEGIN IMMEDIATE; WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {amount}) \
             INSERT INTO session (id, account, kind, browser, auth_time, acr, amr, agent, created_at, seen_at, idle_span, \
             idle_until, expires_at) SELECT 'crowd{tag}-' || n, account, kind, NULL, auth_time, acr, amr, agent, created_at, \
             seen_at, idle_span, idle_until, expires_at FROM n, (SELECT * FROM session WHERE ended_at IS NULL LIMIT 1); \
             INSERT INTO participation (sid, session, account, client, sub, begun_at, used_at) \
             SELECT s.id || c.id, s.id, s.account, c.id, 'sub', 0, 0 FROM session s, \
             (SELECT id FROM client WHERE id LIKE 'healthy-%' ORDER BY id LIMIT {parties}) c WHERE s.id LIKE 'crowd{tag}-%'; \
             COMMIT;"
        ))
    }

    /// They expire.
    pub(crate) fn expire(&self, tag: usize) -> Result<(), Broken> {
        self.sql(&format!("UPDATE session SET expires_at = 1 WHERE id LIKE 'crowd{tag}-%';"))
    }

    /// Very many notices that wait, for relying parties of a name: every second one is due, the others tomorrow.
    pub(crate) fn waiting(&self, name: &str, amount: usize) -> Result<(), Broken> {
        self.sql(&format!(
            "BEGIN IMMEDIATE; WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {amount}), \
             c(id, place, parties) AS (SELECT id, row_number() OVER (ORDER BY id), count(*) OVER () FROM client \
             WHERE id LIKE '{name}-%'), t(now) AS (SELECT CAST(unixepoch() AS INTEGER) * 1000) \
             INSERT INTO outbox (id, kind, client, account, subject, sid, session, cause, created_at, due_at, attempts, \
             deliver_by) SELECT 'backchannel_logout.waiting-' || n, 'backchannel_logout', c.id, 'nobody', 'sub', \
             'waiting-' || n, 'gone', 'operator', now, now + (n % 2) * 86400000, 0, now + 2 * 86400000 \
             FROM n JOIN c ON c.place = n % c.parties + 1, t; COMMIT;"
        ))
    }

    /// Signs the person in in one more browser, and at one client: the browser, and the ID Token.
    pub(crate) async fn visitor(&mut self) -> Result<(Arc<Holding>, String), Broken> {
        let holding = Self::sign_in_once(&mut Line::open(self.port).await?).await?;
        let holding = Arc::new(holding);
        let mut line = Line::open(self.port).await?;
        let work = Work::SignOn { client: RS256 };
        let mut hand = work.begin(&mut line, Some(Arc::clone(&holding))).await?;
        let tokens = hand.sign_on(&mut line, RS256).await?;
        Ok((holding, tokens["id_token"].as_str().unwrap_or_default().to_owned()))
    }

    /// The browser signs out: the moment before it is asked.
    pub(crate) async fn sign_out(&self, holding: &Holding, hint: &str) -> Result<Instant, Broken> {
        let mut line = Line::open(self.port).await?;
        let began = Instant::now();
        line.get(&format!("/end_session?id_token_hint={hint}"), &holding.cookies()).await?.expect(200)?;
        Ok(began)
    }
}
