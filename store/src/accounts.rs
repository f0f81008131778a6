//! Accounts: who people are, and the hash of what they prove it with.
//!
//! `email_key` is where letters find an account: no index reads JSON. Invariant: a username is unique without regard to case; claims are whole or refused before they come here.

use std::collections::HashMap;

use login::letter::address_key;
use openid::account::Account;
use openid::name::AccountId;
use openid::time::Time;
use serde_json::{Map, Value as Json};

use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    INSERT = "INSERT INTO account (id, username, username_key, sub, password, claims, created_at, updated_at, email_key) \
              SELECT CAST($1 AS {text}), CAST($2 AS {text}), CAST($3 AS {text}), CAST($4 AS {text}), CAST($5 AS {text}), \
              CAST($6 AS {text}), CAST($7 AS {int}), CAST($7 AS {int}), CAST($8 AS {text}) \
              WHERE NOT EXISTS (SELECT 1 FROM pairwise WHERE sub = $4) ON CONFLICT DO NOTHING";
    USERNAMES = "SELECT id, username FROM account WHERE id IN ({each}$1{all})";
    BY_ID = "SELECT id, username, sub, claims, created_at, updated_at, disabled_at FROM account WHERE id = $1";
    BY_NAME = "SELECT id, username, sub, claims, created_at, updated_at, disabled_at, password, \
               password_changed_at FROM account WHERE username_key = $1";
    BY_EMAIL = "SELECT id, username, sub, claims, created_at, updated_at, disabled_at FROM account \
                WHERE email_key = $1 ORDER BY username_key LIMIT $2";
    LIST = "SELECT id, username, sub, claims, created_at, updated_at, disabled_at FROM account \
            WHERE username_key > $1 ORDER BY username_key LIMIT $2";
    SET_PASSWORD = "UPDATE account SET password = $2, password_changed_at = $3 WHERE id = $1";
    CHANGE_PASSWORD = "UPDATE account SET password = $2, password_changed_at = $3 \
                       WHERE id = $1 AND disabled_at IS NULL AND password_changed_at IS NOT DISTINCT FROM $4";
    HOLD = "SELECT id FROM account WHERE id = $1 AND disabled_at IS NULL AND password_changed_at IS NOT DISTINCT FROM $2 \
            {share}";
    HOLD_ENABLED = "SELECT id FROM account WHERE id = $1 AND disabled_at IS NULL {share}";
    HOLD_ALONE = "SELECT id, username, sub, claims, created_at, updated_at, disabled_at FROM account WHERE id = $1 {hold}";
    UPGRADE_PASSWORD = "UPDATE account SET password = $3 WHERE id = $1 AND password = $2";
    SET_CLAIMS = "UPDATE account SET claims = $2, updated_at = $3, email_key = $4 WHERE id = $1";
    UNREAD = "SELECT id, claims FROM account WHERE email_key IS NULL ORDER BY id LIMIT $1";
    READ_EMAIL = "UPDATE account SET email_key = $2 WHERE id = $1 AND email_key IS NULL";
    DISABLE = "UPDATE account SET disabled_at = $2, updated_at = $2 WHERE id = $1 AND disabled_at IS NULL";
    ENABLE = "UPDATE account SET disabled_at = NULL, updated_at = $2 WHERE id = $1 AND disabled_at IS NOT NULL";
}

/// Whether something was there to be changed, or room for what was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was.
    Yes,
    /// It was not: the name is taken, the row is gone or already so.
    No,
}

impl Done {
    pub(crate) fn of(rows: u64) -> Self {
        if rows > 0 { Self::Yes } else { Self::No }
    }

    /// Whether it was.
    pub fn is_done(self) -> bool {
        self == Self::Yes
    }
}

/// What a typed password is checked against, as it was read. By the time the check is done it may be another: whoever
/// acts on it holds the account first ([`Tx::hold_account`]).
#[derive(Clone)]
pub struct Password {
    /// The hash, a PHC string; an account may have none.
    pub phc: Option<String>,
    /// When the password was last changed, which is not when it was hashed anew.
    pub changed_at: Option<Time>,
}

/// An account that is enabled, with the password it was proven by, and stays so until the transaction ends. Only
/// [`Tx::hold_account`] makes one.
#[derive(Debug)]
pub struct HeldAccount(AccountId);

impl HeldAccount {
    /// Which.
    pub fn id(&self) -> &AccountId {
        &self.0
    }
}

/// An account that is enabled, and stays so until the transaction ends. Only [`Tx::hold_enabled`] makes one.
#[derive(Debug)]
pub struct EnabledAccount(AccountId);

impl EnabledAccount {
    /// Which.
    pub fn id(&self) -> &AccountId {
        &self.0
    }
}

/// A username as it is compared.
pub(crate) fn key(username: &str) -> String {
    username.trim().to_lowercase()
}

fn account(row: &mut Row) -> Result<Account, Fault> {
    let id = row.take::<String>()?;
    account_of(id, row)
}

/// The account whose columns stand in a row behind others; `None`: it is gone.
pub(crate) fn joined_account(row: &mut Row) -> Result<Option<Account>, Fault> {
    row.take::<Option<String>>()?.map(|id| account_of(id, row)).transpose()
}

fn account_of(id: String, row: &mut Row) -> Result<Account, Fault> {
    Ok(Account {
        id: AccountId::new(id),
        username: row.take()?,
        sub: row.take()?,
        claims: claims(&row.take::<String>()?)?,
        created_at: row.take()?,
        updated_at: row.take()?,
        disabled_at: row.take()?,
    })
}

/// What an account is found by when a letter is wanted; empty if it has no address.
fn email_key(claims: &Map<String, Json>) -> String {
    claims.get("email").and_then(Json::as_str).map(address_key).unwrap_or_default()
}

fn claims(text: &str) -> Result<Map<String, Json>, Fault> {
    serde_json::from_str(text).map_err(|_| Fault::bug("an account's claims are not a JSON object"))
}

impl Reader {
    /// An account by its id.
    pub async fn account(&mut self, id: &AccountId) -> Result<Option<Account>, Fault> {
        let row = self.row(&BY_ID, values![id.as_str()]).await?;
        row.map(|mut row| account(&mut row)).transpose()
    }

    /// What some people are called.
    pub async fn usernames(
        &mut self,
        accounts: impl IntoIterator<Item = &AccountId>,
    ) -> Result<HashMap<AccountId, String>, Fault> {
        let names = text::names(accounts.into_iter().map(AccountId::as_str));
        let read = |mut row: Row| Ok((AccountId::new(row.take::<String>()?), row.take()?));
        self.rows(&USERNAMES, values![&names]).await?.into_iter().map(read).collect()
    }

    /// An account by what the person types, with its password.
    pub async fn account_by_username(&mut self, username: &str) -> Result<Option<(Account, Password)>, Fault> {
        let row = self.row(&BY_NAME, values![&key(username)]).await?;
        row.map(|mut row| Ok((account(&mut row)?, Password { phc: row.take()?, changed_at: row.take()? }))).transpose()
    }

    /// Accounts of this e-mail address: several people may share one.
    pub async fn accounts_by_email(&mut self, address: &str, most: u32) -> Result<Vec<Account>, Fault> {
        let key = address_key(address);
        if key.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.rows(&BY_EMAIL, values![&key, most]).await?;
        rows.into_iter().map(|mut row| account(&mut row)).collect()
    }

    /// Accounts in the order of their usernames, from behind `after`.
    pub async fn accounts(&mut self, after: &str, most: u32) -> Result<Vec<Account>, Fault> {
        let rows = self.rows(&LIST, values![&key(after), most]).await?;
        rows.into_iter().map(|mut row| account(&mut row)).collect()
    }
}

impl Tx {
    /// Adds an account. [`Done::No`]: the username is taken, or the `sub` is somebody's.
    pub async fn add_account(&mut self, account: &Account, password: Option<&str>) -> Result<Done, Fault> {
        let claims = Json::Object(account.claims.clone()).to_string();
        let rows = self
            .change(
                &INSERT,
                values![
                    account.id.as_str(),
                    &account.username,
                    &key(&account.username),
                    &account.sub,
                    password,
                    &claims,
                    account.created_at,
                    &email_key(&account.claims)
                ],
            )
            .await?;
        Ok(Done::of(rows))
    }

    /// Holds an account for what a password has proven. `None`: it is gone or disabled, or has another password by now.
    /// It comes before everything else: whoever changes a password or disables an account takes its row first too.
    pub async fn hold_account(&mut self, id: &AccountId, proven: &Password) -> Result<Option<HeldAccount>, Fault> {
        let held = self.row(&HOLD, values![id.as_str(), proven.changed_at]).await?;
        Ok(held.map(|_| HeldAccount(id.clone())))
    }

    /// Holds an account for what opens a session of it without a proof of its own (Native SSO). `None`: it is gone or
    /// disabled. It comes before every session, as in [`Tx::hold_account`].
    pub async fn hold_enabled(&mut self, id: &AccountId) -> Result<Option<EnabledAccount>, Fault> {
        let held = self.row(&HOLD_ENABLED, values![id.as_str()]).await?;
        Ok(held.map(|_| EnabledAccount(id.clone())))
    }

    /// An account as it stands, and stays until the transaction ends: for whoever changes it by what it is.
    pub async fn account_to_change(&mut self, id: &AccountId) -> Result<Option<Account>, Fault> {
        let row = self.row(&HOLD_ALONE, values![id.as_str()]).await?;
        row.map(|mut row| account(&mut row)).transpose()
    }

    /// Sets the password's hash, if the password is still the one that was proven.
    pub async fn change_password(
        &mut self,
        id: &AccountId,
        proven: &Password,
        phc: &str,
        now: Time,
    ) -> Result<Done, Fault> {
        // Whoever changes a password wants no other way in; letters come first, as where a link sets one.
        self.void_letters(id, now).await?;
        let rows = self.change(&CHANGE_PASSWORD, values![id.as_str(), phc, now, proven.changed_at]).await?;
        Ok(Done::of(rows))
    }

    /// Sets the password's hash, whatever it was: an operator says so, or a link. Links that were sent before work no more.
    pub async fn set_password(&mut self, id: &AccountId, phc: &str, now: Time) -> Result<Done, Fault> {
        self.void_letters(id, now).await?;
        let rows = self.change(&SET_PASSWORD, values![id.as_str(), phc, now]).await?;
        Ok(Done::of(rows))
    }

    /// Replaces the hash by one of today's parameters, unless the password was changed meanwhile.
    pub async fn upgrade_password(&mut self, id: &AccountId, old: &str, new: &str) -> Result<Done, Fault> {
        let rows = self.change(&UPGRADE_PASSWORD, values![id.as_str(), old, new]).await?;
        Ok(Done::of(rows))
    }

    /// Replaces the claims.
    pub async fn set_claims(&mut self, id: &AccountId, claims: &Map<String, Json>, now: Time) -> Result<Done, Fault> {
        let text = Json::Object(claims.clone()).to_string();
        let rows = self.change(&SET_CLAIMS, values![id.as_str(), &text, now, &email_key(claims)]).await?;
        Ok(Done::of(rows))
    }

    /// Reads the addresses of accounts that a release before this one wrote. Returns how many.
    pub async fn read_addresses(&mut self, most: u32) -> Result<u64, Fault> {
        let mut read = 0;
        for mut row in self.rows(&UNREAD, values![most]).await? {
            let (id, text): (String, String) = (row.take()?, row.take()?);
            read += self.change(&READ_EMAIL, values![&id, &email_key(&claims(&text)?)]).await?;
        }
        Ok(read)
    }

    /// Disables an account. The caller ends what is open in the same transaction.
    pub async fn disable_account(&mut self, id: &AccountId, now: Time) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&DISABLE, values![id.as_str(), now]).await?))
    }

    /// Enables it again.
    pub async fn enable_account(&mut self, id: &AccountId, now: Time) -> Result<Done, Fault> {
        Ok(Done::of(self.change(&ENABLE, values![id.as_str(), now]).await?))
    }
}
