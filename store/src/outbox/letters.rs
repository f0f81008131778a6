//! Letters: the outbox's second kind, and the links they carry.
//!
//! Invariant: a letter and its promise are one transaction; a link is stored as its digest and spends its letter in one
//! conditional statement, so of two uses one counts.

use login::letter::{About, Standing};
use openid::name::{AccountId, Digest};
use openid::time::Time;

use super::{Attempt, DUE};
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

/// E-mail. These rows have no client, so the round over clients does not find them.
pub(super) const EMAIL: &str = "email";

macro_rules! letter_columns {
    () => {
        "id, about, address, account, language, request, created_at, expires_at, spent_at"
    };
}

statements! {
    WRITE = concat!("INSERT INTO letter (", letter_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)");
    POST = "INSERT INTO outbox (id, kind, client, account, subject, sid, session, cause, created_at, due_at, attempts, \
        deliver_by) VALUES ($1, 'email', '', $2, $3, $4, '', $5, $6, $6, 0, $7)";
    LEASE = "UPDATE outbox SET attempts = attempts + 1, lease_until = $2 WHERE id IN (SELECT id FROM outbox \
        WHERE kind = 'email' AND settled_at IS NULL AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1) \
        AND (cause IN ('sign_up', 'sign_up_taken')) = (CAST($4 AS {int}) = 1) \
        ORDER BY attempts, due_at, id LIMIT $3 {lease}) \
        RETURNING id, attempts, sid, deliver_by";
    BY_ID = concat!("SELECT ", letter_columns!(), " FROM letter WHERE id = $1");
    BY_LINK = concat!("SELECT ", letter_columns!(), " FROM letter WHERE id = (SELECT letter FROM link WHERE hash = $1)");
    ADD_LINK = "INSERT INTO link (hash, letter) VALUES ($1, $2)";
    SPEND = concat!("UPDATE letter SET spent_at = $2 WHERE id = (SELECT letter FROM link WHERE hash = $1) \
        AND spent_at IS NULL AND expires_at > $2 RETURNING ", letter_columns!());
    VOID = "UPDATE letter SET spent_at = $2 WHERE account = $1 AND about <> 'email_changed' AND spent_at IS NULL";
    OLD_LINKS = "DELETE FROM link WHERE letter IN (SELECT id FROM letter WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    OLD = "DELETE FROM letter WHERE id IN (SELECT id FROM letter WHERE expires_at < $1 \
        AND NOT EXISTS (SELECT 1 FROM link WHERE link.letter = letter.id) ORDER BY expires_at LIMIT $2)";
}

/// A letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its name.
    pub id: String,
    /// What it is about.
    pub about: About,
    /// Where it goes; its link proves that somebody reads mail there.
    pub address: String,
    /// Whose it is; nobody's yet if it is about signing up.
    pub account: Option<AccountId>,
    /// The language it is written in.
    pub language: String,
    /// The sealed request that goes on afterwards, in the browser it began in.
    pub request: Option<String>,
    /// When it was asked for.
    pub created_at: Time,
    /// Until when its link works.
    pub expires_at: Time,
    /// When its link was used, or another took its place.
    pub spent_at: Option<Time>,
}

impl Letter {
    /// What a rule needs of it.
    pub fn standing(&self) -> Standing {
        Standing { expires_at: self.expires_at, spent_at: self.spent_at }
    }
}

/// Who asked for a letter. They wait apart, so that strangers hold up nobody who has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Queue {
    /// Somebody who has an account.
    Owners,
    /// Anybody: letters about signing up.
    Strangers,
}

/// A letter that is ours to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedLetter {
    /// The attempt.
    pub attempt: Attempt,
    /// The letter's name.
    pub letter: String,
    /// Until when it is tried.
    pub deliver_by: Time,
}

fn read(row: &mut Row) -> Result<Letter, Fault> {
    Ok(Letter {
        id: row.take()?,
        about: text::word(&row.take::<String>()?, About::read)?,
        address: row.take()?,
        account: row.take::<Option<String>>()?.map(AccountId::new),
        language: row.take()?,
        request: row.take()?,
        created_at: row.take()?,
        expires_at: row.take()?,
        spent_at: row.take()?,
    })
}

impl Reader {
    /// A letter by its name.
    pub async fn letter(&mut self, id: &str) -> Result<Option<Letter>, Fault> {
        let row = self.row(&BY_ID, values![id]).await?;
        row.map(|mut row| read(&mut row)).transpose()
    }

    /// The letter a link came with, whatever has become of it.
    pub async fn letter_by_link(&mut self, link: &Digest) -> Result<Option<Letter>, Fault> {
        let row = self.row(&BY_LINK, values![&link.0]).await?;
        row.map(|mut row| read(&mut row)).transpose()
    }

    /// Whether a letter waits to be sent.
    pub async fn letter_due(&mut self, now: Time) -> Result<bool, Fault> {
        Ok(self.row(&DUE, values![now, EMAIL]).await?.is_some())
    }
}

impl Tx {
    /// Writes a letter and the promise to send it.
    pub async fn post_letter(&mut self, letter: &Letter) -> Result<(), Fault> {
        let account = letter.account.as_ref().map(AccountId::as_str);
        let written = values![
            &letter.id,
            letter.about.as_str(),
            &letter.address,
            account,
            &letter.language,
            letter.request.as_ref(),
            letter.created_at,
            letter.expires_at,
        ];
        self.change(&WRITE, written).await?;
        let notice = format!("{EMAIL}.{}", letter.id);
        let promise = values![
            &notice,
            account.unwrap_or_default(),
            &letter.address,
            &letter.id,
            letter.about.as_str(),
            letter.created_at,
            letter.expires_at,
        ];
        self.change(&POST, promise).await?;
        self.wake_courier().await
    }

    /// Takes letters that are due and raises their attempts: those first that were never tried, so that what hangs holds up
    /// nothing new.
    pub async fn lease_letters(
        &mut self,
        queue: Queue,
        now: Time,
        until: Time,
        most: u32,
    ) -> Result<Vec<LeasedLetter>, Fault> {
        let strangers = i64::from(queue == Queue::Strangers);
        let rows = self.rows(&LEASE, values![now, until, most, strangers]).await?;
        rows.into_iter()
            .map(|mut row| {
                let attempt = Attempt { id: row.take()?, number: row.take()? };
                Ok(LeasedLetter { attempt, letter: row.take()?, deliver_by: row.take()? })
            })
            .collect()
    }

    /// Notes a link that is about to go out.
    pub async fn add_link(&mut self, link: &Digest, letter: &str) -> Result<(), Fault> {
        self.change(&ADD_LINK, values![&link.0, letter]).await.map(drop)
    }

    /// Spends the letter a link came with. `None`: there is nothing to spend, and `letter_by_link` says why.
    pub async fn spend_link(&mut self, link: &Digest, now: Time) -> Result<Option<Letter>, Fault> {
        let row = self.row(&SPEND, values![&link.0, now]).await?;
        row.map(|mut row| read(&mut row)).transpose()
    }

    /// No link sent to this account before works any more. What only tells the owner something is sent all the same.
    pub async fn void_letters(&mut self, account: &AccountId, now: Time) -> Result<(), Fault> {
        self.change(&VOID, values![account.as_str(), now]).await.map(drop)
    }

    /// Removes letters that expired before.
    pub async fn sweep_letters(&mut self, before: Time, most: u32) -> Result<u64, Fault> {
        self.change(&OLD_LINKS, values![before, most]).await?;
        self.change(&OLD, values![before, most]).await
    }
}

#[cfg(test)]
pub(super) mod tests;
