//! Version rows: moved by every change of what nodes keep at hand.
//!
//! Invariant: a hint. What must be exact is compared inside the transaction that relies on it.

use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    MOVE = "UPDATE version SET value = value + 1 WHERE name = $1";
    ALL = "SELECT name, value FROM version ORDER BY name";
}

impl Reader {
    /// All versions, by name.
    pub async fn versions(&mut self) -> Result<Vec<(String, i64)>, Fault> {
        let rows = self.rows(&ALL, &[]).await?;
        rows.into_iter().map(|mut row| Ok((row.take()?, row.take()?))).collect()
    }
}

impl Tx {
    /// Moves one.
    pub(crate) async fn move_version(&mut self, name: &'static str) -> Result<(), Fault> {
        match self.change(&MOVE, values![name]).await? {
            0 => Err(Fault::bug(format!("there is no version row called {name}"))),
            _ => Ok(()),
        }
    }
}
