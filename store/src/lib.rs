//! The only SQL: nouns as files, domain verbs as functions, one text for SQLite and PostgreSQL.
//!
//! `architecture.md` §2.9, `store-transaction.md`. Invariant: the store makes no [`openid::wire::refusal::Refusal`];
//! it only carries them, and knows that what was written before one stays.
//!
//! | what | where |
//! |---|---|
//! | open, write, ask | [`Store`], [`Tx`], [`Reader`], [`Stop`] |
//! | what can fail | [`Fault`] |

pub mod accounts;
pub mod attempts;
pub mod audit;
pub mod catalogue;
pub mod clients;
pub mod codes;
pub mod consents;
mod engine;
pub mod exchange_rules;
mod fault;
pub mod initial_tokens;
mod job;
pub mod keys;
mod migrate;
mod operators;
mod outbox;
pub mod pushed;
pub mod registrations;
pub mod replay;
pub mod resources;
mod row;
mod sessions;
pub mod settings;
pub mod sources;
mod statements;
pub mod subjects;
#[cfg(test)]
mod tests;
mod text;
pub mod tokens;
mod tx;
mod value;
pub mod versions;

pub use engine::{Address, Claim, Location, Nodes};
pub use fault::{Fault, Kind};
pub use outbox::{
    Attempt, Counts, Cursor, Lease, Leased, LeasedLetter, Ledger, Letter, Matter, Meter, NoticeFilter, NoticeRow,
    NoticeState, Outcome, Proof, Queue, Reading, Room, Said, Seen, Settled, Sums, Turn,
};
pub use sessions::{
    Asker, Browser, DeviceRow, DrawnDevice, EndReport, Ending, GrantEnding, GrantRow, HeldDevices, Hold, NewSession,
    NewStay, Posted, Preview, Reproof, Selection, SessionFilter, SessionRow, StayRow, Sweep, Swept, Unpromised,
};
pub use tx::{Pressure, Reader, Stop, Store, Tx, Wakes, traced};
