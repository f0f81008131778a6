//! Tokens that other clients were given for those of a grant (RFC 8693). Whoever holds them takes no part in the session and is
//! not told of its end: they die with the grant, and that is said here (`token-exchange.md`).

use serde::Serialize;
use store::tokens::ExchangedRow;
use utoipa::ToSchema;

use super::{Moment, Names};

/// Access tokens a client was given for those of a grant. They die with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Exchanged {
    /// The client.
    pub client_id: String,
    /// What it is called.
    pub client_name: String,
    /// How many it holds that have not expired.
    pub tokens: u64,
    /// When the last of them expires in any case.
    pub until: Moment,
}

impl Exchanged {
    /// As it is shown.
    pub(super) fn of(row: &ExchangedRow, names: &Names) -> Self {
        Self {
            client_id: row.client.to_string(),
            client_name: names.name(&row.client),
            tokens: row.tokens,
            until: Moment(row.until),
        }
    }

    /// In a few words.
    pub fn words(&self) -> String {
        match self.tokens {
            1 => format!("{} holds a token exchanged for one of it", self.client_name),
            many => format!("{} holds {many} tokens exchanged for those of it", self.client_name),
        }
    }
}

/// Of several grants, client by client.
pub(super) fn by_client<'a>(rows: impl Iterator<Item = &'a ExchangedRow>, names: &Names) -> Vec<Exchanged> {
    let mut all: Vec<Exchanged> = Vec::new();
    for one in rows.map(|row| Exchanged::of(row, names)) {
        match all.iter_mut().find(|known| known.client_id == one.client_id) {
            Some(known) => {
                known.tokens += one.tokens;
                known.until = known.until.max(one.until);
            }
            None => all.push(one),
        }
    }
    all
}
