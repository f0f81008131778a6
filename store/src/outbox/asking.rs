//! The ledger: what became of each promise, listed and counted (`logout.md` §7).
//!
//! Invariant: the counts are one statement, so they add up at any moment.

use login::letter::About;
use openid::logout::judge::Notice;
use openid::name::{AccountId, ClientId, SessionId};
use openid::session::Cause;
use openid::time::Time;

use super::letters::EMAIL;
use super::{BACKCHANNEL, read_notice};
use crate::fault::Fault;
use crate::row::Row;
use crate::statements::{Statement, statements};
use crate::text;
use crate::tx::Reader;
use crate::value::values;

macro_rules! notice_columns {
    () => {
        "SELECT id, client, subject, sid, account, session, deliver_by, cause, created_at, due_at, attempts, \
         last_status, last_reply, settled_at, outcome, kind FROM outbox "
    };
}

// A page of the ledger. Each statement begins with the index it goes along; the other filters are the same in all.
macro_rules! ledger {
    ($lead:literal) => {
        concat!(
            notice_columns!(),
            "WHERE ",
            $lead,
            "(CAST($1 AS {text}) IS NULL OR coalesce(outcome, 'pending') = $1) \
             AND (CAST($2 AS {text}) IS NULL OR client = $2) AND (CAST($3 AS {text}) IS NULL OR account = $3) \
             AND (CAST($4 AS {text}) IS NULL OR cause = $4) AND (CAST($5 AS {text}) IS NULL OR session = $5) \
             AND (CAST($6 AS {text}) IS NULL OR lower(id) LIKE $6 ESCAPE '!' OR lower(client) LIKE $6 ESCAPE '!' \
             OR lower(subject) LIKE $6 ESCAPE '!' OR lower(coalesce(last_reply, '')) LIKE $6 ESCAPE '!') \
             AND (CAST($7 AS {int}) IS NULL OR created_at < $7 OR (created_at = $7 AND id < $8)) \
             ORDER BY created_at DESC, id DESC LIMIT $9"
        )
    };
}

statements! {
    NOTICE = concat!(notice_columns!(), "WHERE id = $1");
    NOTICES = ledger!("");
    NOTICES_PENDING = ledger!("outcome IS NULL AND ");
    NOTICES_IN_STATE = ledger!("outcome = $1 AND ");
    NOTICES_OF_CLIENT = ledger!("client = $2 AND ");
    NOTICES_OF_ACCOUNT = ledger!("account = $3 AND ");
    NOTICES_OF_SESSION = ledger!("session = $5 AND ");
    OF_SESSIONS = concat!(notice_columns!(), "WHERE session IN ({each}$1{all}) ORDER BY created_at, id");
    COUNT = "SELECT coalesce(outcome, 'pending'), count(*) FROM outbox GROUP BY outcome \
        UNION ALL SELECT outcome, CAST(sum(amount) AS {int}) FROM outbox_total GROUP BY outcome \
        UNION ALL SELECT 'oldest', min(created_at) FROM outbox WHERE settled_at IS NULL";
}

/// Where a promise stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoticeState {
    /// Not settled.
    Pending,
    /// The relying party knows.
    Delivered,
    /// It said no.
    Refused,
    /// Somebody must look at it.
    Parked,
    /// An operator gave it up, or its client is gone.
    Withdrawn,
}

impl NoticeState {
    /// Every state.
    pub const ALL: &[Self] = &[Self::Pending, Self::Delivered, Self::Refused, Self::Parked, Self::Withdrawn];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Parked => "parked",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Reads the word.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == text)
    }
}

/// What a promise is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// A stay ended, and why.
    Logout(Cause),
    /// A letter. In its notice `sub` is the address, `sid` the letter's name.
    Letter(About),
}

impl Matter {
    fn read(kind: &str, word: &str) -> Result<Self, Fault> {
        match kind {
            BACKCHANNEL => text::word(word, Cause::read).map(Self::Logout),
            EMAIL => text::word(word, About::read).map(Self::Letter),
            _ => Err(Fault::bug(format!("a notice of the unknown kind {kind:?}"))),
        }
    }

    /// The kind of promise.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Logout(_) => BACKCHANNEL,
            Self::Letter(_) => EMAIL,
        }
    }

    /// Why, as it is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout(cause) => cause.as_str(),
            Self::Letter(about) => about.as_str(),
        }
    }
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRow {
    /// Its name.
    pub id: String,
    /// What it says, and to whom.
    pub notice: Notice,
    /// What it is about.
    pub matter: Matter,
    /// When it was promised.
    pub created_at: Time,
    /// When it is tried next.
    pub due_at: Time,
    /// Attempts so far.
    pub attempts: u32,
    /// The last HTTP status.
    pub last_status: Option<u16>,
    /// The last answer or error in words.
    pub last_reply: Option<String>,
    /// When it was settled.
    pub settled_at: Option<Time>,
    /// Where it stands.
    pub state: NoticeState,
}

/// A page of the ledger, newest first. By default all of it, the first hundred.
#[derive(Clone, Debug)]
pub struct NoticeFilter {
    /// In one state.
    pub state: Option<NoticeState>,
    /// For one client.
    pub client: Option<ClientId>,
    /// About one account.
    pub account: Option<AccountId>,
    /// For one reason: of a stay's end, or what a letter is about.
    pub cause: Option<String>,
    /// About stays in one session.
    pub session: Option<SessionId>,
    /// With this in its name, its client, its subject or the last answer, whatever the case.
    pub text: Option<String>,
    /// The last line of the page before.
    pub before: Option<Cursor>,
    /// How many at most.
    pub limit: u32,
}

impl Default for NoticeFilter {
    fn default() -> Self {
        Self {
            state: None,
            client: None,
            account: None,
            cause: None,
            session: None,
            text: None,
            before: None,
            limit: 100,
        }
    }
}

impl NoticeFilter {
    /// The statement that goes along the index that leaves the least.
    fn statement(&self) -> &'static Statement {
        match self {
            Self { session: Some(_), .. } => &NOTICES_OF_SESSION,
            Self { account: Some(_), .. } => &NOTICES_OF_ACCOUNT,
            Self { client: Some(_), .. } => &NOTICES_OF_CLIENT,
            Self { state: Some(NoticeState::Pending), .. } => &NOTICES_PENDING,
            Self { state: Some(_), .. } => &NOTICES_IN_STATE,
            _ => &NOTICES,
        }
    }

    /// `text` as LIKE wants it.
    fn pattern(&self) -> Option<String> {
        let text = self.text.as_ref()?.to_lowercase();
        Some(format!("%{}%", text.replace('!', "!!").replace('%', "!%").replace('_', "!_")))
    }
}

/// The last line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its `created_at`.
    pub created_at: Time,
    /// Its name.
    pub id: String,
}

/// What became of all promises ever made: `created` is the sum of the others but for `oldest`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub created: u64,
    /// The relying party knows.
    pub delivered: u64,
    /// It said no.
    pub refused: u64,
    /// Somebody must look at them.
    pub parked: u64,
    /// Not settled.
    pub pending: u64,
    /// Given up.
    pub withdrawn: u64,
    /// When the oldest unsettled one was promised.
    pub oldest: Option<Time>,
}

impl Counts {
    pub(super) fn add(&mut self, state: NoticeState, amount: u64, oldest: Option<Time>) {
        self.created += amount;
        *match state {
            NoticeState::Pending => &mut self.pending,
            NoticeState::Delivered => &mut self.delivered,
            NoticeState::Refused => &mut self.refused,
            NoticeState::Parked => &mut self.parked,
            NoticeState::Withdrawn => &mut self.withdrawn,
        } += amount;
        self.oldest = match (self.oldest, oldest) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
}

impl Reader {
    /// One notice.
    pub async fn notice(&mut self, id: &str) -> Result<Option<NoticeRow>, Fault> {
        self.row(&NOTICE, values![id]).await?.map(read_row).transpose()
    }

    /// A page of the ledger.
    pub async fn notices(&mut self, filter: &NoticeFilter) -> Result<Vec<NoticeRow>, Fault> {
        let pattern = filter.pattern();
        let values = values![
            filter.state.map(NoticeState::as_str),
            filter.client.as_ref().map(ClientId::as_str),
            filter.account.as_ref().map(AccountId::as_str),
            filter.cause.as_deref(),
            filter.session.as_ref().map(SessionId::as_str),
            pattern.as_deref(),
            filter.before.as_ref().map(|cursor| cursor.created_at),
            filter.before.as_ref().map(|cursor| cursor.id.as_str()),
            filter.limit,
        ];
        self.rows(filter.statement(), values).await?.into_iter().map(read_row).collect()
    }

    /// All notices about some sessions: what the sign-out page shows.
    pub async fn notices_of_sessions(&mut self, sessions: &[SessionId]) -> Result<Vec<NoticeRow>, Fault> {
        let names = text::names(sessions.iter().map(SessionId::as_str));
        self.rows(&OF_SESSIONS, values![&names]).await?.into_iter().map(read_row).collect()
    }

    /// What became of all promises ever made, those folded away included.
    pub async fn notice_counts(&mut self) -> Result<Counts, Fault> {
        let mut counts = Counts::default();
        for mut row in self.rows(&COUNT, values![]).await? {
            let word: String = row.take()?;
            if word == "oldest" {
                counts.oldest = row.take()?;
                continue;
            }
            counts.add(text::word(&word, NoticeState::read)?, row.take()?, None);
        }
        Ok(counts)
    }
}

fn read_row(mut row: Row) -> Result<NoticeRow, Fault> {
    let row = &mut row;
    let (id, notice, word) = (row.take()?, read_notice(row)?, row.take::<String>()?);
    Ok(NoticeRow {
        id,
        notice,
        created_at: row.take()?,
        due_at: row.take()?,
        attempts: row.take()?,
        last_status: row.take()?,
        last_reply: row.take()?,
        settled_at: row.take()?,
        state: match row.take::<Option<String>>()? {
            Some(outcome) => text::word(&outcome, NoticeState::read)?,
            None => NoticeState::Pending,
        },
        matter: Matter::read(&row.take::<String>()?, &word)?,
    })
}
