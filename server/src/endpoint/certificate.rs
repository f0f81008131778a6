//! Certificates that clients connect with: RFC 8705 §2, §3.
//!
//! Invariant: a chain is verified at the moment it is asked about, and only for a client that is to be known by one.

use std::sync::Arc;

use jose::Certificate;
use openid::bound::mtls::X5t;
use openid::client::certificate::{Chain, Shown};
use openid::client::metadata::AuthMethod;

use super::ask::Ask;
use crate::listen::Via;
use crate::op::Op;

/// Which certificate a request came with.
pub(super) fn of(ask: &Ask) -> Option<X5t> {
    match &ask.via {
        Via::Mutual(Some(chain)) => Some(X5t::of(&chain.own)),
        Via::Mutual(None) | Via::Main => None,
    }
}

/// What the other end has shown to be, to a client that authenticates by this method.
pub(super) fn shown(op: &Op, ask: &Ask, method: AuthMethod) -> Option<Arc<Shown>> {
    let Via::Mutual(Some(chain)) = &ask.via else { return None };
    let stands = match method {
        AuthMethod::TlsClientAuth if op.authorities().vouch_for(chain, op.now()) => Chain::Verified,
        _ => Chain::Unverified,
    };
    let certificate = Certificate::read(&chain.own).ok();
    Some(Arc::new(Shown { x5t: X5t::of(&chain.own), certificate, chain: stands }))
}
