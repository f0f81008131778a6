//! One way to ask and one way to write: [`Store::reader`], [`Store::write`], [`Reader`], [`Tx`], [`Stop`].
//!
//! `store-transaction.md`, `architecture.md` §2.9. Invariant: what a transaction wrote stays on `Ok` and on a refusal,
//! and nothing of it stays on a fault.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use openid::time::Time;
use openid::wire::refusal::Refusal;

use crate::engine::{Engine, Line, Location, Nodes};
use crate::fault::{Fault, Kind, Retry};
pub use crate::job::traced;
use crate::job::{Message, Task, refuse_nested};
use crate::row::Row;
use crate::statements::{Statement, statements};
use crate::value::Value;

statements! {
    PING = "SELECT version FROM schema_version";
}

/// What ends work early: the protocol's no, or an accident of ours. What `?` carries through a shell.
#[derive(Debug)]
pub enum Stop<R = Refusal> {
    /// The protocol says no. What was written before stays: it is something learnt.
    Refuse(R),
    /// We failed. Nothing stays.
    Fault(Fault),
}

impl<R> From<Fault> for Stop<R> {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Refusal> for Stop<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}

/// The memory of one issuer. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    pub async fn open(location: &Location) -> Result<Self, Fault> {
        refuse_nested("a store")?;
        Ok(Self { engine: Engine::open(location).await? })
    }

    /// Runs work as one transaction: commits on `Ok` and on [`Stop::Refuse`], rolls back on [`Stop::Fault`], and runs
    /// the work again when other transactions were in its way. The work owns what it uses, may be run several times,
    /// and awaits nothing but its transaction.
    ///
    /// The work goes on to its end even if the caller stops waiting.
    pub async fn write<T, F>(&self, work: F) -> Result<T, Stop>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Stop> + Send + 'static,
        T: Send + 'static,
    {
        self.send(work).await
    }

    /// [`Store::write`], over any kind of refusal.
    pub async fn send<T, R, F>(&self, work: F) -> Result<T, Stop<R>>
    where
        F: AsyncFn(&mut Tx) -> Result<T, Stop<R>> + Send + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        refuse_nested("a transaction")?;
        let (task, reply) = Task::new(work, self.engine.waited());
        self.engine.send(Message::Job(Box::new(task))).await?;
        reply
            .await
            .unwrap_or_else(|_| Err(Stop::Fault(Fault::new(Kind::Gone, "the store ended before it could answer"))))
    }

    /// A connection on loan for questions. No snapshot across statements.
    pub async fn reader(&self) -> Result<Reader, Fault> {
        refuse_nested("a reader")?;
        Ok(Reader::over(self.engine.reader().await?, Poison::Immune))
    }

    /// Asks the database whether it answers.
    pub async fn ping(&self) -> Result<(), Fault> {
        self.reader().await?.row(&PING, &[]).await?;
        Ok(())
    }

    /// How many nodes may serve from it.
    pub fn nodes(&self) -> Nodes {
        self.engine.nodes()
    }

    /// Hears, after each commit that asked for it, that there may be something to deliver. A hint: the poll is the truth.
    pub async fn wakes(&self) -> Result<Wakes, Fault> {
        self.engine.wakes().await.map(Wakes)
    }

    /// Who hears from now on how long each transaction waited for its turn. The first who asks.
    pub fn hear_waits(&self, hears: impl Fn(Duration) + Send + Sync + 'static) {
        self.engine.hear_waits(Arc::new(hears));
    }

    /// How much waits for the database.
    pub fn pressure(&self) -> Pressure {
        self.engine.pressure()
    }

    /// Finishes what is queued and takes nothing more.
    pub async fn close(&self) {
        self.engine.close().await;
    }

    /// How far the database's clock is ahead of `now` (behind, if negative), in milliseconds. Nodes whose clock is off
    /// by more than the bound report themselves not ready (`architecture.md` §2.13).
    pub async fn database_clock_offset(&self, now: Time) -> Result<i64, Fault> {
        refuse_nested("a reader")?;
        self.engine.clock_ahead(now.millis()).await
    }

    /// Copies a SQLite database to a new file, while it is in use.
    pub async fn backup(&self, to: &Path) -> Result<(), Fault> {
        self.engine.backup(to).await
    }
}

/// How much waits for the database, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// Transactions that wait for their turn.
    pub waiting: usize,
    /// Connections for questions that are in use.
    pub readers: usize,
    /// Questions that wait for a connection.
    pub unread: usize,
}

/// Wake-up calls for the courier.
pub struct Wakes(tokio::sync::watch::Receiver<()>);

impl Wakes {
    /// Waits for the next call; several may come as one. Never returns once the store has closed.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Whether a failed statement spoils those after it.
enum Poison {
    /// Not in a transaction.
    Immune,
    /// Nothing has failed yet.
    Clean,
    /// A statement failed: PostgreSQL has lost the transaction, and SQLite behaves alike.
    Spoilt(Spoilt),
}

/// What a failed statement leaves behind.
pub(crate) struct Spoilt {
    pub(crate) kind: Kind,
    pub(crate) retry: Retry,
    words: String,
}

impl Spoilt {
    fn of(fault: &Fault) -> Self {
        Self { kind: fault.kind(), retry: fault.retry(), words: fault.to_string() }
    }

    /// The fault for work that carried on regardless.
    pub(crate) fn fault(&self) -> Fault {
        let fault = Fault::new(self.kind, self.words.clone()).context("an earlier statement failed");
        match self.retry {
            Retry::Contention => fault.contention(),
            Retry::Never => fault,
        }
    }
}

/// Questions to the database. What they mean is in the files named after what they ask about.
pub struct Reader {
    line: Line,
    poison: Poison,
    /// How many questions were asked.
    #[cfg(test)]
    pub(crate) asked: u32,
}

impl Reader {
    fn over(line: Line, poison: Poison) -> Self {
        Self {
            line,
            poison,
            #[cfg(test)]
            asked: 0,
        }
    }

    /// All rows of a question.
    pub(crate) async fn rows(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        self.sound()?;
        #[cfg(test)]
        {
            self.asked += 1;
        }
        let answer = self.line.rows(statement, values).await;
        self.judge(answer, statement)
    }

    /// The one row of a question, if there is one. Two are a bug.
    pub(crate) async fn row(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<Option<Row>, Fault> {
        let mut rows = self.rows(statement, values).await?;
        if rows.len() > 1 {
            return Err(Fault::bug(format!("{} gave {} rows", statement.name, rows.len())));
        }
        Ok(rows.pop())
    }

    fn sound(&self) -> Result<(), Fault> {
        match &self.poison {
            Poison::Spoilt(spoilt) => Err(spoilt.fault()),
            Poison::Immune | Poison::Clean => Ok(()),
        }
    }

    fn judge<T>(&mut self, answer: Result<T, Fault>, statement: &Statement) -> Result<T, Fault> {
        answer.map_err(|fault| {
            let fault = fault.context(statement.name);
            if matches!(self.poison, Poison::Clean) {
                self.poison = Poison::Spoilt(Spoilt::of(&fault));
            }
            fault
        })
    }
}

/// A transaction: a [`Reader`] that can also change things.
pub struct Tx {
    reader: Reader,
    wakes: bool,
    trace: Option<String>,
}

impl Tx {
    pub(crate) fn new(line: Line) -> Self {
        Self { reader: Reader::over(line, Poison::Clean), wakes: false, trace: None }
    }

    /// Changes rows and counts them.
    pub(crate) async fn change(&mut self, statement: &Statement, values: &[Value<'_>]) -> Result<u64, Fault> {
        self.reader.sound()?;
        let answer = self.reader.line.change(statement, values).await;
        self.reader.judge(answer, statement)
    }

    /// Calls the courier once this transaction has been committed.
    pub(crate) async fn wake_courier(&mut self) -> Result<(), Fault> {
        if !self.wakes {
            self.wakes = true;
            self.reader.sound()?;
            let answer = self.reader.line.announce().await;
            self.reader.judge(answer, &PING)?;
        }
        Ok(())
    }

    /// The trace that what is written now belongs to.
    pub(crate) fn traceparent(&self) -> Option<String> {
        self.trace.clone()
    }

    /// From here on it belongs to the trace of the job that runs.
    pub(crate) fn belong(&mut self, trace: Option<String>) {
        self.trace = trace;
    }

    /// The line, for the engine that owns it.
    pub(crate) fn line(&mut self) -> &mut Line {
        &mut self.reader.line
    }

    pub(crate) fn into_line(self) -> Line {
        self.reader.line
    }

    /// Clears what one job left behind: its poison, and whether it calls the courier.
    pub(crate) fn wipe(&mut self) -> (Option<Spoilt>, bool) {
        let poison = std::mem::replace(&mut self.reader.poison, Poison::Clean);
        let spoilt = if let Poison::Spoilt(spoilt) = poison { Some(spoilt) } else { None };
        (spoilt, std::mem::take(&mut self.wakes))
    }
}

impl Deref for Tx {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Reader {
        &mut self.reader
    }
}
