//! The rules of OAuth 2.0, OpenID Connect and its logouts: pure functions over typed facts.
//!
//! Invariant: no I/O, no clock, no dice. Everything a rule needs to know is an argument.
//!
//! | spec | module |
//! |---|---|
//! | RFC 6749 authorization, OpenID Connect Core §3.1 | [`authorize`] |
//! | OpenID Connect Core §3.1.2.1 `display` | [`display`] |
//! | RFC 6749 token endpoint, OpenID Connect Core §3.1.3, §12 | [`token`] |
//! | RFC 7636 PKCE | [`bound`] |
//! | RFC 7591 metadata, RFC 6749 §2.3, OpenID Connect Core §9 | [`client`] |
//! | RFC 7591, RFC 7592, OpenID Connect Registration §3 and §4 | [`registration`] |
//! | OpenID Connect RP-Initiated, Back-Channel and Front-Channel Logout, Session Management | [`logout`] |
//! | OpenID Connect Core §5 claims | [`claims`] |
//! | OpenID Connect Core §5.3 UserInfo | [`userinfo`] |
//! | RFC 7662 introspection, RFC 7009 revocation | [`introspect`], [`revoke`] |
//! | RFC 8707 resource indicators, RFC 9068 JWT access tokens | [`resource`], [`token::access`] |
//! | OpenID Connect Native SSO for Mobile Apps | [`native_sso`], [`token::exchange`] |
//! | RFC 8693 token exchange | [`token::exchange`] |
//! | the operator's API: RFC 6750, RFC 8707 | [`operator`] |
//! | OpenID Connect Discovery, RFC 8414 | [`discovery`] |
//! | OpenID Connect Discovery §2, RFC 7033 | [`webfinger`] |

pub mod account;
pub mod acr;
pub mod authorize;
pub mod bound;
pub mod claims;
pub mod client;
pub mod discovery;
pub mod display;
pub mod introspect;
pub mod logout;
pub mod name;
pub mod native_sso;
pub mod operator;
pub mod registration;
pub mod resource;
pub mod revoke;
pub mod session;
pub mod specs;
pub mod time;
pub mod token;
pub mod userinfo;
pub mod webfinger;
pub mod wire;
