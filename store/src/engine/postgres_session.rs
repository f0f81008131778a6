//! A PostgreSQL connection: how it is set up, pooled, asked, and what its errors mean.
//!
//! Invariant: a statement in flight is always marked as such, so that work waiting for something else can be told apart.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Error, NoTls};

use super::location::{Address, Tls};
use super::postgres_tls;
use crate::fault::{Fault, Kind};
use crate::row::{Cell, Row};
use crate::value::Value;

/// How long a caller waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What every connection is told. An operator's stricter `synchronous_commit` (`remote_apply`) stays.
const SET_UP: &str = "SET lock_timeout = '5s'; SET statement_timeout = '30s'; \
    SET idle_in_transaction_session_timeout = '60s'; SET default_transaction_isolation = 'read committed'; \
    SELECT set_config('synchronous_commit', 'on', false) \
    WHERE current_setting('synchronous_commit') IN ('off', 'local');";

/// The pool of the writing thread.
pub(super) fn writing_pool(address: &Address) -> Result<Pool, Fault> {
    pool(address, SET_UP.to_owned())
}

/// The pool for questions, used where they are asked.
pub(super) fn reading_pool(address: &Address) -> Result<Pool, Fault> {
    pool(address, format!("{SET_UP} SET default_transaction_read_only = on;"))
}

fn pool(address: &Address, set_up: String) -> Result<Pool, Fault> {
    let config = patient(address);
    let how = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match &address.tls {
        Tls::Off => Manager::from_config(config, NoTls, how),
        Tls::Verified { authorities } => {
            Manager::from_config(config, postgres_tls::connector(authorities.as_deref())?, how)
        }
    };
    let hook = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        let set_up = set_up.clone();
        Box::pin(async move { client.batch_execute(&set_up).await.map_err(HookError::Backend) })
    });
    let built = Pool::builder(manager)
        .max_size(address.pool)
        .runtime(Runtime::Tokio1)
        .timeouts(deadpool_postgres::Timeouts { wait: Some(PATIENCE), create: Some(PATIENCE), recycle: Some(PATIENCE) })
        .post_create(hook)
        .build();
    built.map_err(|error| Fault::from_error(Kind::Bug, "the pool of connections", error))
}

/// A server that has vanished is noticed within half a minute, not two hours.
pub(super) fn patient(address: &Address) -> tokio_postgres::Config {
    let mut config = address.config.clone();
    config
        .connect_timeout(PATIENCE)
        .keepalives_idle(Duration::from_secs(15))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        .tcp_user_timeout(Duration::from_secs(30));
    config
}

pub(super) async fn connect(pool: &Pool) -> Result<Object, Fault> {
    pool.get().await.map_err(|error| match error {
        PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => {
            Fault::from_error(Kind::Busy, "every connection to PostgreSQL is in use", error)
        }
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            let fault = fault_of(error);
            // Whatever the reason, there is no database to speak to.
            let kind = if fault.kind() == Kind::Bug { Kind::Gone } else { fault.kind() };
            Fault::from_error(kind, "connecting to PostgreSQL", fault)
        }
        error => Fault::from_error(Kind::Gone, "connecting to PostgreSQL", error),
    })
}

/// Whether a statement is on its way.
#[derive(Clone, Default)]
pub(super) struct Flight(Arc<AtomicBool>);

impl Flight {
    pub(super) fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn begin(&self) -> Airborne {
        self.0.store(true, Ordering::Relaxed);
        Airborne(self.clone())
    }
}

/// Lands also when the statement is dropped half way.
struct Airborne(Flight);

impl Drop for Airborne {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Relaxed);
    }
}

/// A connection, on loan from its pool.
pub(crate) struct Session {
    client: Object,
    flight: Flight,
}

impl Session {
    pub(super) fn new(client: Object) -> Self {
        Self { client, flight: Flight::default() }
    }

    pub(super) fn flight(&self) -> Flight {
        self.flight.clone()
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn discard(self) {
        drop(Object::take(self.client));
    }

    pub(super) async fn rows(&self, sql: &str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault> {
        let _airborne = self.flight.begin();
        let ask = async {
            let statement = self.client.prepare_cached(sql).await?;
            self.client.query(&statement, &parameters(values)).await
        };
        let rows = ask.await.map_err(|error| self.fault(error))?;
        rows.iter().map(read).collect()
    }

    pub(super) async fn change(&self, sql: &str, values: &[Value<'_>]) -> Result<u64, Fault> {
        let _airborne = self.flight.begin();
        let ask = async {
            let statement = self.client.prepare_cached(sql).await?;
            self.client.execute(&statement, &parameters(values)).await
        };
        ask.await.map_err(|error| self.fault(error))
    }

    pub(super) async fn script(&self, sql: &str) -> Result<(), Fault> {
        let _airborne = self.flight.begin();
        self.client.batch_execute(sql).await.map_err(fault_of)
    }

    #[cfg(test)]
    pub(super) async fn prepare(&self, sql: &str) -> Result<(), Fault> {
        let _airborne = self.flight.begin();
        self.client.prepare_cached(sql).await.map(drop).map_err(fault_of)
    }

    /// A cached plan that no longer fits the schema is forgotten, or every try would meet it again.
    fn fault(&self, error: Error) -> Fault {
        if is_stale_plan(&error) {
            self.client.statement_cache.clear();
        }
        fault_of(error)
    }

    /// The server's clock, in milliseconds.
    pub(super) async fn clock(&self) -> Result<i64, Fault> {
        let row = self.client.query_one("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", &[]).await;
        row.and_then(|row| row.try_get(0)).map_err(fault_of)
    }
}

fn parameters<'v>(values: &'v [Value<'_>]) -> Vec<&'v (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn read(row: &tokio_postgres::Row) -> Result<Row, Fault> {
    let cells: Result<Vec<Cell>, Fault> =
        row.columns().iter().enumerate().map(|(at, column)| cell(row, at, column.type_())).collect();
    cells.map(Row::new)
}

fn cell(row: &tokio_postgres::Row, at: usize, kind: &Type) -> Result<Cell, Fault> {
    let cell = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(at).map(|n| n.map(Cell::Int)),
        Type::INT4 => row.try_get::<_, Option<i32>>(at).map(|n| n.map(|n| Cell::Int(n.into()))),
        // SQLite's truth is a number.
        Type::BOOL => row.try_get::<_, Option<bool>>(at).map(|b| b.map(|b| Cell::Int(b.into()))),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(at).map(|b| b.map(Cell::Bytes)),
        Type::TEXT | Type::VARCHAR | Type::NAME => row.try_get::<_, Option<String>>(at).map(|t| t.map(Cell::Text)),
        ref other => {
            return Err(Fault::bug(format!("column {at} is {other}: cast it, as sum() to bigint")));
        }
    };
    Ok(cell.map_err(fault_of)?.unwrap_or(Cell::Absent))
}

impl fmt::Debug for Value<'_> {
    /// Never the value: faults and traces are logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("value")
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match *self {
            Value::Absent => Ok(IsNull::Yes),
            Value::Int(number) if *kind == Type::INT4 => i32::try_from(number)?.to_sql(kind, out),
            Value::Int(number) if *kind == Type::INT8 => number.to_sql(kind, out),
            Value::Text(text) if <&str as ToSql>::accepts(kind) => text.to_sql(kind, out),
            Value::Bytes(bytes) if *kind == Type::BYTEA => bytes.to_sql(kind, out),
            _ => Err(format!("PostgreSQL wants {kind} here").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// What an error of PostgreSQL means to whoever must answer somebody.
pub(super) fn fault_of(error: Error) -> Fault {
    let Some(state) = error.code().cloned() else {
        let lost = error.is_closed()
            || std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<std::io::Error>);
        let kind = if lost { Kind::Gone } else { Kind::Bug };
        return Fault::from_error(kind, "PostgreSQL", error);
    };
    let contention = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(&state)
        || is_stale_plan(&error);
    let kind = if contention { Kind::Busy } else { kind_of(&state) };
    let fault = Fault::from_error(kind, format!("PostgreSQL, SQLSTATE {}", state.code()), error);
    if contention { fault.contention() } else { fault }
}

/// Another node has changed the schema since this connection planned the statement.
fn is_stale_plan(error: &Error) -> bool {
    error.code() == Some(&SqlState::FEATURE_NOT_SUPPORTED)
        && error.as_db_error().is_some_and(|said| said.message().contains("cached plan"))
}

fn kind_of(state: &SqlState) -> Kind {
    match state.code() {
        // disk_full
        "53100" => Kind::Full,
        // lock_not_available, query_canceled, idle_in_transaction_session_timeout; insufficient_resources
        "55P03" | "57014" | "25P03" => Kind::Busy,
        code if code.starts_with("53") => Kind::Busy,
        // read_only_sql_transaction: a standby, after a failover; operator_intervention; connection_exception; invalid_authorization
        "25006" | "3D000" => Kind::Gone,
        code if ["57P", "08", "28", "58", "XX"].iter().any(|class| code.starts_with(class)) => Kind::Gone,
        _ => Kind::Bug,
    }
}
