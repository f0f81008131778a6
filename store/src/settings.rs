//! What an operator decides while the server runs (`architecture.md` §2.13): data, not configuration.
//!
//! Invariant: every setting stands in its row from the beginning; a change moves the version row.

use openid::authorize::request::SignUp;

use crate::accounts::Done;
use crate::fault::Fault;
use crate::statements::statements;
use crate::text;
use crate::tx::{Reader, Tx};
use crate::value::values;

statements! {
    READ = "SELECT value FROM setting WHERE name = $1";
    SET = "UPDATE setting SET value = $2 WHERE name = $1 AND value <> $2";
}

const SIGN_UP: &str = "sign_up";

impl Reader {
    /// Whether people may make themselves an account.
    pub async fn sign_up(&mut self) -> Result<SignUp, Fault> {
        let row = self.row(&READ, values![SIGN_UP]).await?;
        let mut row = row.ok_or_else(|| Fault::bug("the setting sign_up is missing"))?;
        text::word(&row.take::<String>()?, SignUp::read)
    }
}

impl Tx {
    /// Decides it. [`Done::No`]: it is so already.
    pub async fn set_sign_up(&mut self, sign_up: SignUp) -> Result<Done, Fault> {
        let done = Done::of(self.change(&SET, values![SIGN_UP, sign_up.as_str()]).await?);
        if done.is_done() {
            self.move_version("settings").await?;
        }
        Ok(done)
    }
}
