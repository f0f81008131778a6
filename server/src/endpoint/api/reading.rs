//! What the API shows: the views of `crate::view`, found by parameters and paths.

use std::time::Duration;

use openid::name::{AccountId, ClientId, SessionId};
use openid::time::Span;
use openid::wire::form::Form;
use store::{NoticeFilter, Selection, SessionFilter};

use super::{Ended, Problem, answer, known};
use crate::answer::Stop;
use crate::op::Op;
use crate::view::{figures, history, notice, tree};

/// The parameters of a filter of notices.
pub(super) const FILTER: &[&str] = &["state", "client", "account", "cause", "session", "text", "cursor", "limit"];

/// The longest look back of a proof, in hours: notices stand in the ledger for 90 days after they were settled.
const FARTHEST: i64 = 89 * 24;

/// How long the first count of the ledger is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sessions in a page at most.
const MOST: u32 = 200;

macro_rules! given {
    ($read:expr) => {
        match $read {
            Ok(read) => read,
            Err(problem) => return Ok(Err(problem)),
        }
    };
}
pub(super) use given;

/// `GET /api/v1/figures`.
pub(super) async fn figures(op: &Op, query: &Form) -> Ended {
    given!(known(query, &["hours"]));
    let hours = match query.get("hours").map(str::parse::<i64>) {
        None => return lately(op).await,
        Some(Ok(hours)) if (1..=FARTHEST).contains(&hours) => Span::from_hours(hours),
        Some(_) => return Ok(Err(Problem::meaningless(format!("hours must be a number from 1 to {FARTHEST}")))),
    };
    let own = op.clone();
    let counted = op.counting().alone(async move || figures::figures(&own, hours).await);
    answer(&counted.await?).map(Ok)
}

/// The figures everybody is shown.
async fn lately(op: &Op) -> Ended {
    match figures::lately(op, PATIENCE).await? {
        Some(figures) => answer(&figures).map(Ok),
        None => Ok(Err(Problem::later("the ledger is being counted for the first time since this server was started"))),
    }
}

/// The filter of a query.
pub(super) fn filter(query: &Form) -> Result<NoticeFilter, Problem> {
    let read = notice::read_filter(|name| query.get(name));
    read.map_err(|wrong| Problem::meaningless(format!("{} must be {}", wrong.parameter, wrong.may_be)))
}

/// `GET /api/v1/notices`.
pub(super) async fn notices(op: &Op, query: &Form) -> Ended {
    given!(known(query, FILTER));
    let filter = given!(filter(query));
    answer(&notice::notices(op, &filter).await?).map(Ok)
}

/// `GET /api/v1/notices/{notice}`.
pub(super) async fn notice(op: &Op, id: &str) -> Ended {
    match notice::notice(op, id).await? {
        Some(found) => answer(&found).map(Ok),
        None => Ok(Err(Problem::unknown("there is no notice of that name"))),
    }
}

/// Which sessions: `standing`.
fn selection(query: &Form) -> Result<Selection, Problem> {
    match query.get("standing") {
        None | Some("live") => Ok(Selection::Live),
        Some("all") => Ok(Selection::All),
        Some(_) => Err(Problem::meaningless("standing must be one of live, all")),
    }
}

/// The account a query names, by id or by username.
pub(super) async fn account(
    op: &Op,
    (id, username): (Option<&str>, Option<&str>),
) -> Result<Result<Option<AccountId>, Problem>, Stop> {
    let found = match (id, username) {
        (None, None) => return Ok(Ok(None)),
        (Some(_), Some(_)) => return Ok(Err(Problem::meaningless("account and username name the same: give one"))),
        (Some(id), None) => op.store().reader().await?.account(&AccountId::new(id)).await?,
        (None, Some(name)) => op.store().reader().await?.account_by_username(name).await?.map(|(account, _)| account),
    };
    Ok(match found {
        Some(account) => Ok(Some(account.id)),
        None => Err(Problem::unknown("there is nobody of that name")),
    })
}

/// `GET /api/v1/sessions`.
pub(super) async fn sessions(op: &Op, query: &Form) -> Ended {
    given!(known(query, &["account", "username", "client", "standing", "cursor", "limit"]));
    let limit = match query.get("limit").map(str::parse::<u32>) {
        None => 50,
        Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
        Some(_) => return Ok(Err(Problem::meaningless(format!("limit must be a number from 1 to {MOST}")))),
    };
    let filter = SessionFilter {
        account: given!(account(op, (query.get("account"), query.get("username"))).await?),
        client: query.get("client").map(ClientId::new),
        after: query.get("cursor").map(SessionId::new),
        limit,
        ..SessionFilter::of(given!(selection(query)))
    };
    answer(&tree::sessions(op, &filter).await?).map(Ok)
}

/// `GET /api/v1/sessions/{session}`: its history.
pub(super) async fn session(op: &Op, id: &str) -> Ended {
    match history::history(op, &SessionId::new(id)).await? {
        Some(history) => answer(&history).map(Ok),
        None => Ok(Err(Problem::unknown("there is no session of that name; ended ones are kept for 90 days"))),
    }
}

/// `GET /api/v1/accounts/{account}/sessions`: a person's tree.
pub(super) async fn tree(op: &Op, id: &str, query: &Form) -> Ended {
    given!(known(query, &["standing"]));
    match tree::person(op, &AccountId::new(id), given!(selection(query))).await? {
        Some(person) => answer(&person).map(Ok),
        None => Ok(Err(Problem::unknown("there is no account of that name"))),
    }
}
