//! The engine's own promises, on both engines.

pub(crate) mod both;
mod kill;
mod plans;
mod postgres;
mod sqlite;
mod trials;

use crate::fault::Fault;
use crate::statements::statements;
use crate::tx::{Reader, Store, Tx};
use crate::value::values;

statements! {
    ADD = "INSERT INTO trial (id, note) VALUES ($1, $2)";
    ADD_BACKWARDS = "INSERT INTO trial (note, id) VALUES ($2, $1)";
    COUNT = "SELECT count(*) FROM trial WHERE note = $1";
    NOTE = "SELECT note FROM trial WHERE id = $1";
    RAISE = "UPDATE tally SET amount = amount + 1 WHERE id = $1";
    TOTAL = "SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM tally";
    SPEND = "UPDATE trial SET note = 'spent' WHERE id = $1 AND note = 'fresh' RETURNING id";
    EACH_KIND = "SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS BIGINT)";
}

/// The tables the trials play with.
pub(crate) async fn set_up(store: &Store) {
    store
        .send::<_, (), _>(async |tx| {
            let sql = "CREATE TABLE trial (id {int} NOT NULL PRIMARY KEY, note {text} NOT NULL){strict};\
                CREATE TABLE tally (id {int} NOT NULL PRIMARY KEY, amount {int} NOT NULL){strict};\
                INSERT INTO tally (id, amount) VALUES (0, 0), (1, 0), (2, 0), (3, 0);";
            Ok(tx.line().script(sql).await?)
        })
        .await
        .unwrap();
}

async fn add(tx: &mut Tx, id: i64, note: &str) -> Result<(), Fault> {
    tx.change(&ADD, values![id, note]).await.map(drop)
}

async fn count(reader: &mut Reader, note: &str) -> i64 {
    let mut row = reader.row(&COUNT, values![note]).await.unwrap().unwrap();
    row.take().unwrap()
}

async fn total(reader: &mut Reader) -> i64 {
    let mut row = reader.row(&TOTAL, values![]).await.unwrap().unwrap();
    row.take().unwrap()
}
