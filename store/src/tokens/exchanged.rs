//! Tokens that were exchanged for those of a grant (RFC 8693), as somebody sees them who looks at the grant.
//!
//! Invariant: whoever exchanged takes no part in the session; that its tokens die with the grant is all that becomes of it, and
//! here it can be seen.

use openid::name::{AccountId, ClientId, GrantId, SessionId};
use openid::time::Time;

use crate::fault::Fault;
use crate::row::Row;
use crate::statements::statements;
use crate::text;
use crate::tx::Reader;
use crate::value::values;

macro_rules! exchanged {
    ($place:literal) => {
        concat!(
            "SELECT t.grant_id, t.client, count(*), max(t.expires_at) FROM participation p JOIN grants g ON g.sid = p.sid \
             JOIN access_token t ON t.grant_id = g.id AND t.exchanged = 1 WHERE ",
            $place,
            " AND t.expires_at > $2 AND t.revoked_at IS NULL GROUP BY t.grant_id, t.client \
             ORDER BY t.grant_id, t.client LIMIT $3"
        )
    };
}

statements! {
    OF_ACCOUNT = exchanged!("p.account = $1");
    OF_SESSION = exchanged!("p.session = $1");
    OF_GRANTS = exchanged!("g.id IN ({each}$1{all})");
}

/// More clients than this are not told apart.
const MOST: u32 = 2_000;

/// Tokens one client holds that it exchanged for those of one grant, and that have not expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangedRow {
    /// The grant they rest on.
    pub grant: GrantId,
    /// Who exchanged.
    pub client: ClientId,
    /// How many.
    pub tokens: u64,
    /// When the last of them expires.
    pub until: Time,
}

fn read(mut row: Row) -> Result<ExchangedRow, Fault> {
    Ok(ExchangedRow {
        grant: GrantId::new(row.take::<String>()?),
        client: ClientId::new(row.take::<String>()?),
        tokens: row.take()?,
        until: row.take()?,
    })
}

impl Reader {
    /// Those of every grant of an account.
    pub async fn account_exchanged(&mut self, account: &AccountId, now: Time) -> Result<Vec<ExchangedRow>, Fault> {
        self.rows(&OF_ACCOUNT, values![account.as_str(), now, MOST]).await?.into_iter().map(read).collect()
    }

    /// Those of every grant in a session.
    pub async fn session_exchanged(&mut self, session: &SessionId, now: Time) -> Result<Vec<ExchangedRow>, Fault> {
        self.rows(&OF_SESSION, values![session.as_str(), now, MOST]).await?.into_iter().map(read).collect()
    }

    /// Those of some grants.
    pub async fn exchanged_from(
        &mut self,
        grants: impl IntoIterator<Item = &GrantId>,
        now: Time,
    ) -> Result<Vec<ExchangedRow>, Fault> {
        let names = text::names(grants.into_iter().map(GrantId::as_str));
        self.rows(&OF_GRANTS, values![&names, now, MOST]).await?.into_iter().map(read).collect()
    }
}
