//! `/console`: the operator's console. Sessions, notices and the trail, for those who were given a role
//! (`ostiary user operator`), signed in through this very provider (`logout.md` §7).
//!
//! Invariant: every page and every act passes the [`gate`]; an act writes its line in the transaction it is done in.

mod figures;
mod gate;

pub(super) use figures::figures;
