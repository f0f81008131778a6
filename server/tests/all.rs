//! Walks: the real binary, over real HTTP, in one test program.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests say what they mean")]

mod account;
mod api;
mod authorize;
mod certification;
mod claims;
mod cli;
mod client;
mod consent;
mod console;
mod crash;
mod database;
mod demo;
mod dpop;
mod endpoints;
mod ground;
mod logout;
mod mtls;
mod native_sso;
mod par;
mod people;
mod registration;
mod resources;
mod response_types;
mod sign_in;
mod subjects;
mod token;
mod transport;
mod watched;
