//! A store on each engine, for tests.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{Location, Store};

/// A folder that goes with the test.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ostiary-store-{}-{number}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn location(&self) -> Location {
        Location::Sqlite(self.0.join("ostiary.db"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

pub(crate) async fn sqlite() -> (Store, Folder) {
    let folder = Folder::new();
    (Store::open(&folder.location()).await.unwrap(), folder)
}

pub(crate) async fn postgres() -> Option<Store> {
    let url = testkit::postgres::fresh_database().await?;
    Some(Store::open(&url.parse().unwrap()).await.unwrap())
}

/// Writes each test once and runs it on both engines: `on_both! { async fn name(store: Store) { … } }`.
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($store:ident: Store) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            use super::*;

            async fn trial($store: Store) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn sqlite() {
                let (store, _folder) = $crate::engine::tests::both::sqlite().await;
                trial(store).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn postgres() {
                if let Some(store) = $crate::engine::tests::both::postgres().await {
                    trial(store).await;
                }
            }
        }
    )*};
}
pub(crate) use on_both;
