//! The world around the rules: HTTP in and out, pages, the courier, configuration, the command line.
//!
//! Invariant: what is decided is decided in `openid` and `login`; what is remembered is remembered by `store`. Here are
//! shells: they gather, ask, write and answer.

mod acceptance;
pub mod act;
pub mod answer;
mod backstage;
pub mod browser;
pub mod browser_state;
pub mod caretaker;
pub mod cli;
pub mod client_keys;
mod client_row;
pub mod clients;
pub mod clock;
pub mod config;
pub mod cookie;
mod counting;
pub mod courier;
pub mod demo;
pub mod dice;
pub mod endpoint;
mod envelope;
pub mod hashing;
#[cfg(test)]
mod in_step;
pub mod keyring;
pub mod known;
pub mod listen;
pub mod logging;
pub mod mail;
pub mod metrics;
pub mod objects;
pub mod op;
pub mod outbound;
pub mod page;
pub mod pending;
pub mod postman;
mod removal;
pub mod sealing;
mod sector;
pub mod serve;
pub mod sources;
pub mod traces;
pub mod view;
