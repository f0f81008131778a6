//! What tests share: real servers to test against, and hands to hold them.
//!
//! Invariant: everything here speaks HTTP and the command line, as strangers do; nothing reaches into the server.

#![expect(clippy::panic, reason = "test code of a library: clippy knows functions marked as tests alone")]

pub mod browser;
pub mod cable;
pub mod certificate;
pub mod credential;
pub mod door;
pub mod dpop;
pub mod flow;
pub mod html;
pub mod http;
pub mod jar;
pub mod nodes;
pub mod pair;
pub mod post_office;
pub mod postgres;
pub mod provider;
pub mod relying_party;
pub mod tap;
pub mod trap;

pub use browser::{Browser, Page};
pub use cable::Cable;
pub use certificate::Certificate;
pub use credential::{Authority, Credential, Wanted};
pub use door::Door;
pub use flow::{Begun, Tokens};
pub use post_office::{Letter, PostOffice};
pub use provider::{Plan, Provider, free_port};
pub use relying_party::{Heard, RelyingParty, Reply};
pub use tap::Tap;
pub use trap::{Moment, Trap};

use std::time::{Duration, Instant};

/// Looks again and again until `look` sees it, for so long at most.
///
/// # Panics
/// If it is never seen: `what` says what was waited for.
pub async fn eventually<T>(what: &str, patience: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(began.elapsed() < patience, "not seen within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
