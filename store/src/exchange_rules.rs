//! Who may exchange what for which audience and scope, as rows (RFC 8693).
//!
//! Invariant: every change moves the version of the settings, so that every node reads the rules again within a second.

use openid::time::Time;
use openid::token::exchange::rules::{Rule, Rules};

use crate::accounts::Done;
use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    ALL = "SELECT rule FROM exchange_rule ORDER BY name";
    PUT = "INSERT INTO exchange_rule (name, rule, created_at, updated_at) VALUES ($1, $2, $3, $3) \
           ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, updated_at = excluded.updated_at";
    REMOVE = "DELETE FROM exchange_rule WHERE name = $1";
}

impl Reader {
    /// Every rule, in the order of their names.
    pub async fn exchange_rules(&mut self) -> Result<Rules, Fault> {
        let mut rules = Vec::new();
        for mut row in self.rows(&ALL, &[]).await? {
            let text: String = row.take()?;
            rules
                .push(serde_json::from_str(&text).map_err(|_| Fault::bug("a stored rule of exchange cannot be read"))?);
        }
        Ok(Rules(rules))
    }
}

impl Tx {
    /// Adds a rule, in place of the one of its name.
    pub async fn put_exchange_rule(&mut self, rule: &Rule, now: Time) -> Result<(), Fault> {
        let text = serde_json::to_string(rule).map_err(|_| Fault::bug("a rule of exchange is not JSON"))?;
        self.change(&PUT, values![&rule.name, &text, now]).await?;
        self.move_version("settings").await
    }

    /// Removes a rule. Tokens that were exchanged by it go on until they expire. [`Done::No`]: there is none of that name.
    pub async fn remove_exchange_rule(&mut self, name: &str) -> Result<Done, Fault> {
        let done = Done::of(self.change(&REMOVE, values![name]).await?);
        if done.is_done() {
            self.move_version("settings").await?;
        }
        Ok(done)
    }
}
