//! The audit trail: who did what, when; everything that changed state.
//!
//! Invariant: written in the transaction it tells of, never changed, and removed only when its retention is over.

use openid::time::Time;

use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

// A page of the trail, along the index that its lead names; `at <= $1` is what the index is entered by.
macro_rules! trail {
    ($lead:literal) => {
        concat!(
            "SELECT id, at, actor, action, subject, detail FROM audit WHERE ",
            $lead,
            "at <= $1 AND (at < $1 OR id < $2) ORDER BY at DESC, id DESC LIMIT 100"
        )
    };
}

statements! {
    INSERT = "INSERT INTO audit (id, at, actor, action, subject, detail) VALUES ($1, $2, $3, $4, $5, $6)";
    LIST = "SELECT id, at, actor, action, subject, detail FROM audit WHERE at < $1 ORDER BY at DESC, id DESC LIMIT $2";
    ABOUT = "SELECT id, at, actor, action, subject, detail FROM audit WHERE subject IN ({each}$1{all}) \
        ORDER BY at DESC, id DESC LIMIT $2";
    PAGE = trail!("");
    PAGE_OF_ACTOR = trail!("actor = $3 AND ");
    PAGE_ABOUT = trail!("subject = $3 AND ");
    PAGE_OF_ACTOR_ABOUT = trail!("subject = $3 AND actor = $4 AND ");
    SWEEP = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < $1 ORDER BY at, id LIMIT $2)";
}

/// One line of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// When.
    pub at: Time,
    /// Who: `cli:<user>`, `operator:<username>`, `account:<id>`, `client:<id>`, `server`.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// More, as JSON text; never a secret.
    pub detail: String,
}

impl Entry {
    /// A line without more detail.
    pub fn new(id: String, at: Time, actor: String, action: &str, subject: String) -> Self {
        Self { id, at, actor, action: action.to_owned(), subject, detail: "{}".to_owned() }
    }

    /// Gives it its detail.
    pub fn tell(&mut self, detail: &serde_json::Value) {
        self.detail = detail.to_string();
    }
}

fn entry(mut row: Row) -> Result<Entry, Fault> {
    Ok(Entry {
        id: row.take()?,
        at: row.take()?,
        actor: row.take()?,
        action: row.take()?,
        subject: row.take()?,
        detail: row.take()?,
    })
}

impl Reader {
    /// The latest lines before a time.
    pub async fn audit(&mut self, before: Time, most: u32) -> Result<Vec<Entry>, Fault> {
        let rows = self.rows(&LIST, values![before, most]).await?;
        rows.into_iter().map(entry).collect()
    }

    /// The latest lines about some things.
    pub async fn audit_about(
        &mut self,
        subjects: impl IntoIterator<Item = &str>,
        most: u32,
    ) -> Result<Vec<Entry>, Fault> {
        let names = text::names(subjects);
        self.rows(&ABOUT, values![&names, most]).await?.into_iter().map(entry).collect()
    }
}

/// Which lines of the trail are asked for. The first hundred of them.
#[derive(Clone, Debug)]
pub struct TrailFilter {
    /// Who did it.
    pub actor: Option<String>,
    /// To what.
    pub subject: Option<String>,
    /// Those before this moment, and those of this moment before that name.
    pub before: (Time, String),
}

/// The lines of a page of the trail.
pub const PAGE_LENGTH: usize = 100;

impl Reader {
    /// A page of the trail, newest first.
    pub async fn trail(&mut self, filter: &TrailFilter) -> Result<Vec<Entry>, Fault> {
        let (at, id) = (filter.before.0, filter.before.1.as_str());
        let rows = match (&filter.actor, &filter.subject) {
            (None, None) => self.rows(&PAGE, values![at, id]).await?,
            (Some(actor), None) => self.rows(&PAGE_OF_ACTOR, values![at, id, actor.as_str()]).await?,
            (None, Some(subject)) => self.rows(&PAGE_ABOUT, values![at, id, subject.as_str()]).await?,
            (Some(actor), Some(subject)) => {
                self.rows(&PAGE_OF_ACTOR_ABOUT, values![at, id, subject.as_str(), actor.as_str()]).await?
            }
        };
        rows.into_iter().map(entry).collect()
    }
}

impl Tx {
    /// Adds a line.
    pub async fn note(&mut self, entry: &Entry) -> Result<(), Fault> {
        let values = values![&entry.id, entry.at, &entry.actor, &entry.action, &entry.subject, &entry.detail];
        self.change(&INSERT, values).await?;
        Ok(())
    }

    /// Removes lines older than `before`.
    pub async fn sweep_audit(&mut self, before: Time, most: u32) -> Result<u64, Fault> {
        self.change(&SWEEP, values![before, most]).await
    }
}
