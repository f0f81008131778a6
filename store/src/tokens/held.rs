//! Access tokens that are exchanged, with what they hang from held (RFC 8693).
//!
//! Invariant: the session first, if it must live, then the grant, then the token; what is known of it is read after that.

use openid::name::{Digest, SessionId};
use openid::session::GrantKind;
use openid::time::Time;
use openid::token::exchange::general::HeldAccess;

use crate::fault::Fault;
use crate::statements::statements;
use crate::text;
use crate::tx::Tx;
use crate::value::values;

statements! {
    PLACE = "SELECT g.session, g.kind FROM grants g WHERE g.id = $1";
    HOLD = "SELECT hash FROM access_token WHERE hash = $1 {share}";
}

impl Tx {
    /// Holds an access token and what keeps it alive. `None`: there is none.
    pub async fn hold_access(&mut self, hash: &Digest, now: Time) -> Result<Option<HeldAccess>, Fault> {
        let Some(found) = self.access_token(hash, now).await? else {
            return Ok(None);
        };
        let mut grant = None;
        if let Some(id) = &found.facts.grant {
            if let Some(mut place) = self.row(&PLACE, values![id.as_str()]).await? {
                let session = SessionId::new(place.take::<String>()?);
                if text::word(&place.take::<String>()?, GrantKind::read)? == GrantKind::Online {
                    self.hold_session(&session, now).await?;
                }
            }
            grant = self.hold_grant(id).await?;
        }
        self.row(&HOLD, values![&hash.0]).await?;
        let found = self.access_token(hash, now).await?;
        Ok(found.map(|found| HeldAccess { hash: *hash, facts: found.facts, grant }))
    }
}
