//! The authorization endpoint: RFC 6749 §3.1 and §4.1, OpenID Connect Core §3.1.2.
//!
//! One question asked again: after every interaction the shell gathers again and calls [`next::next`] until it stops
//! asking. Invariant: nothing is sent to an address before [`place::Destination::locate`] found it registered.

pub mod grant;
pub mod initiate;
pub mod mode;
pub mod next;
pub mod object;
pub mod par;
pub mod place;
pub mod request;
pub mod response_type;
pub mod wanted;
