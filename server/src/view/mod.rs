//! What an operator is shown, as facts: figures, notices, the tree of sessions, one session's history, a preview. The
//! command line, the API and the console print these and nothing else (`logout.md` §7).
//!
//! Invariant: one maker for each; whoever shows a number shows the same number.

pub mod exchanged;
pub mod export;
pub mod figures;
pub mod history;
pub mod notice;
pub mod preview;
pub mod tree;

use std::collections::HashMap;

use openid::name::ClientId;
use openid::session::Cause;
use openid::time::Time;
use serde::{Serialize, Serializer};
use store::Fault;
use utoipa::ToSchema;

use crate::op::Op;

/// A moment: RFC 3339 to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, format = DateTime)]
pub struct Moment(pub Time);

impl Moment {
    /// RFC 3339.
    pub fn text(self) -> String {
        jiff::Timestamp::from_millisecond(self.0.millis()).map_or_else(|_| String::new(), |at| at.to_string())
    }

    /// To the second, as people read it.
    pub fn exact(self) -> String {
        jiff::Timestamp::from_millisecond(self.0.millis())
            .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// When, why and by whom something was ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ended {
    /// When.
    pub at: Moment,
    /// Why.
    pub cause: &'static str,
    /// By whom: `account:…`, `client:…`, `cli:…`, `sweep`. Not known of a stay or a grant: ask its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl Ended {
    fn new(at: Time, cause: Cause, by: Option<String>) -> Self {
        Self { at: Moment(at), cause: cause.as_str(), by }
    }
}

/// What clients are called, asked for once for each view.
#[derive(Debug, Default)]
struct Names(HashMap<ClientId, String>);

impl Names {
    /// Asks for those of some clients. No reader may be open meanwhile.
    async fn of(op: &Op, mut clients: Vec<ClientId>) -> Result<Self, Fault> {
        clients.sort_unstable();
        clients.dedup();
        let mut names = Self::default();
        for id in clients {
            let name = crate::endpoint::mentioned_name(op, &id, &[]).await?;
            names.0.insert(id, name);
        }
        Ok(names)
    }

    fn name(&self, id: &ClientId) -> String {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_string())
    }
}
