//! Looking at what a `sector_identifier_uri` refers to: OpenID Connect Registration §5.
//!
//! Invariant: whoever registers or changes a client comes through here; the document is looked at then, and never again.

use std::time::Duration;

use openid::client::metadata::Metadata;
use openid::client::sector;
use openid::wire::refusal::Refusal;

use crate::op::Op;
use crate::outbound::{Class, Limits};

/// The largest document, in bytes: more addresses than any client may register.
const LARGEST: usize = 256 * 1024;

/// Whether a client may have this metadata, in place of what it has if it is there already.
pub(crate) async fn check(op: &Op, class: Class, old: Option<&Metadata>, new: &Metadata) -> Result<(), Refusal> {
    if let Some(old) = old {
        sector::judge_change(old, new)?;
    }
    let Some(uri) = sector::document(old, new) else {
        return Ok(());
    };
    let limits = Limits { time: Duration::from_secs(5), body: LARGEST };
    let problem = match op.outbound().get(class, uri, limits).await {
        Ok(fetched) if fetched.status == 200 => return sector::judge(&fetched.body, &new.redirect_uris),
        Ok(fetched) => format!("the status was {}", fetched.status),
        Err(unreached) => unreached.to_string(),
    };
    tracing::info!(uri, "the sector's document could not be fetched: {problem}");
    // An operator is to know what to mend; to a stranger it would be a window into our network.
    Err(sector::unreached(if class == Class::Operator { Some(&problem) } else { None }))
}
