//! Logout: OpenID Connect RP-Initiated Logout 1.0, Back-Channel Logout 1.0, Front-Channel Logout 1.0 and Session
//! Management 1.0, as `logout.md` has it.
//!
//! Invariant: ending a session and promising to tell the relying parties is one verb in one transaction; the rules
//! here say what ends and who is told, the store carries it out.

pub mod backchannel;
pub mod check;
pub mod end;
pub mod frontchannel;
pub mod judge;
pub mod session_state;
