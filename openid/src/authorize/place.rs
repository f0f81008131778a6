//! Where an answer may be sent (RFC 6749 §3.1.2.4, RFC 9700 §2.1 and §4.1.3).
//!
//! Invariant: only checking a client's registered URIs makes a [`Destination`].

use crate::authorize::mode::ResponseMode;
use crate::client::Client;
use crate::name::ClientId;
use crate::wire::form::Form;
use crate::wire::refusal::Refusal;

/// An address that belongs to the client, and how to answer there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    client: ClientId,
    redirect_uri: String,
    mode: ResponseMode,
    state: Option<String>,
}
