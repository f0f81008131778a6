//! Trials of the one way to write.

use super::both::on_both;
use crate::Store;
use crate::statements::EVERY;

on_both! {
    async fn every_statement_can_be_prepared(store: Store) {
        store.send::<_, (), _>(async |tx| {
            for statement in EVERY.iter().copied().flatten() {
                tx.line().prepare(statement).await.map_err(|fault| fault.context(statement.name))?;
            }
            Ok(())
        }).await.unwrap();
    }

    async fn a_second_opening_finds_the_schema_in_place(store: Store) {
        store.ping().await.unwrap();
        store.close().await;
        assert!(store.ping().await.is_err() || cfg!(unix));
    }
}
