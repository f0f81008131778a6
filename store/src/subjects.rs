//! Pairwise subjects: by what a sector knows a person, OpenID Connect Core §8.1.
//!
//! Invariant: one for each account and sector, drawn or brought along once and never changed; no two people, and no two
//! sectors, have the same, and nobody's is what public clients know somebody by.

use openid::name::{AccountId, Sub};
use openid::time::Time;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    MEET = "INSERT INTO pairwise (account, sector, sub, created_at) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (account, sector) DO UPDATE SET sub = pairwise.sub RETURNING sub";
    BRING = "INSERT INTO pairwise (account, sector, sub, created_at) \
             SELECT CAST($1 AS {text}), CAST($2 AS {text}), CAST($3 AS {text}), CAST($4 AS {int}) \
             WHERE NOT EXISTS (SELECT 1 FROM account WHERE sub = $3) ON CONFLICT DO NOTHING";
    ONE = "SELECT sub FROM pairwise WHERE account = $1 AND sector = $2";
    OF_ACCOUNTS = "SELECT w.account, w.sector, w.sub FROM pairwise w JOIN account a ON a.id = w.account \
                   WHERE a.username_key >= $1 AND a.username_key <= $2 ORDER BY a.username_key, w.sector";
}

/// By what one sector knows one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairwise {
    /// Whom.
    pub account: AccountId,
    /// The sector: a host name.
    pub sector: String,
    /// By what.
    pub sub: Sub,
}

impl Reader {
    /// By what a sector knows a person. `None`: it has not met them.
    pub async fn subject(&mut self, account: &AccountId, sector: &str) -> Result<Option<Sub>, Fault> {
        let row = self.row(&ONE, values![account.as_str(), sector]).await?;
        row.map(|mut row| Ok(Sub::new(row.take::<String>()?))).transpose()
    }

    /// Everything sectors know people by: of those from one username to another, both included.
    pub async fn subjects(&mut self, from: &str, to: &str) -> Result<Vec<Pairwise>, Fault> {
        let (from, to) = (crate::accounts::key(from), crate::accounts::key(to));
        let rows = self.rows(&OF_ACCOUNTS, values![&from, &to]).await?;
        let read = |row: &mut crate::row::Row| {
            Ok(Pairwise {
                account: AccountId::new(row.take::<String>()?),
                sector: row.take()?,
                sub: Sub::new(row.take::<String>()?),
            })
        };
        rows.into_iter().map(|mut row| read(&mut row)).collect()
    }
}

impl Tx {
    /// A sector meets a person: from now on it knows them by `drawn`, unless it knows them already.
    pub async fn meet(&mut self, account: &AccountId, sector: &str, drawn: &Sub, now: Time) -> Result<Sub, Fault> {
        let row = self.row(&MEET, values![account.as_str(), sector, drawn.as_str(), now]).await?;
        let mut row = row.ok_or_else(|| Fault::bug("a sector neither met nor knew somebody"))?;
        row.take().map(|sub: String| Sub::new(sub))
    }

    /// Brings along what a sector knew a person by elsewhere. [`Done::No`]: it knows them here already, or `sub` is
    /// somebody's.
    pub async fn bring_subject(
        &mut self,
        account: &AccountId,
        sector: &str,
        sub: &Sub,
        now: Time,
    ) -> Result<Done, Fault> {
        let rows = self.change(&BRING, values![account.as_str(), sector, sub.as_str(), now]).await?;
        Ok(Done::of(rows))
    }
}

#[cfg(test)]
mod tests;
