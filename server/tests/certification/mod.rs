//! The examiner: each module of `docs/certification.md` §2.1 as it is played to us from outside, for each response type
//! and response mode it applies to, with the silent checks of §2.0 on every answer.
//!
//! Invariant: a test says in its documentation which rows it plays; `docs/certification.md` is made from that.

mod addresses;
mod checks;
mod codes;
mod discovery;
mod examiner;
mod flows;
mod logout;
mod objects;
mod pages;
mod registration;
mod requests;
mod scopes;
mod sessions;
