//! Native SSO for Mobile Apps, drafts -03 and -07, and token exchange (RFC 8693), from outside: apps that share a keychain.

mod apps;
mod bad_input;
mod drafts;
mod endings;
