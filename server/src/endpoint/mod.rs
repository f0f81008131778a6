//! Every endpoint, declared once: the table drives the router, the policies, discovery and the golden list of routes.
//!
//! Invariant: a route without a row here does not exist; a row without a handler does not compile.

mod access_token;
mod account;
mod account_end;
pub(crate) mod api;
mod applications;
pub mod ask;
mod authorize;
mod certificate;
mod check_session;
mod choose;
mod client_auth;
mod client_configuration;
mod consent;
mod console;
mod create;
mod details;
mod device;
pub(crate) mod dpop;
mod email;
mod end_session;
pub(crate) mod health;
mod id_token;
mod introspect;
mod letters;
mod link;
mod login;
mod object;
mod par;
mod posted;
mod recover;
mod register;
mod registration;
mod revoke;
pub mod shell;
mod shown;
mod token;
mod userinfo;
mod webfinger;
pub(crate) mod well_known;

use std::fmt::Write as _;

use crate::answer::Channel;

pub(crate) use shown::{
    actor, agent, application, asked_claims, asked_resources, asked_scopes, claim_title, client_name, display_name,
    mentioned, mentioned_name, moment, sessions_here, signed_in,
};

/// The endpoints by name. The match in [`shell`] has no catch-all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// RFC 6749 §3.1.
    Authorize,
    /// The sign-in page.
    Login,
    /// The sign-up page.
    Create,
    /// The page for a forgotten password.
    Recover,
    /// What the link of a letter leads to.
    Link,
    /// The account chooser.
    Choose,
    /// The consent page.
    Consent,
    /// RFC 9126 §2.
    Par,
    /// RFC 6749 §3.2.
    Token,
    /// OpenID Connect Core §5.3.
    Userinfo,
    /// RFC 7517 §5.
    Jwks,
    /// OpenID Connect Discovery §4.
    OpenidConfiguration,
    /// RFC 8414 §3.
    OauthServer,
    /// RFC 7033.
    Webfinger,
    /// RFC 7591 §3.
    Register,
    /// RFC 7592 §2.
    ClientConfiguration,
    /// RFC 7662.
    Introspect,
    /// RFC 7009.
    Revoke,
    /// RP-Initiated Logout §2.
    EndSession,
    /// The confirmation of a logout.
    Logout,
    /// Session Management §3.2.
    CheckSession,
    /// The person's own page.
    Account,
    /// Changing one's own password.
    AccountPassword,
    /// What a person keeps about themselves.
    AccountDetails,
    /// Another e-mail address for oneself.
    AccountEmail,
    /// What the person may start.
    Applications,
    /// Withdrawing a consent.
    AccountWithdraw,
    /// Ending one of one's sessions, one application's stay, or everything.
    AccountEnd,
    /// The operator's console: its figures.
    Console,
    /// The ledger of notices.
    ConsoleLedger,
    /// One notice.
    ConsoleNotice,
    /// Sending notices again, giving them up.
    ConsoleSettle,
    /// Finding a person or a session.
    ConsoleFind,
    /// A person's sessions as a tree.
    ConsolePerson,
    /// One session's history.
    ConsoleSession,
    /// The preview of an ending, and the ending.
    ConsoleEnd,
    /// The applications.
    ConsoleClients,
    /// One application.
    ConsoleClient,
    /// The audit trail.
    ConsoleAudit,
    /// The operator's API, described.
    ApiDescription,
    /// What became of every promise.
    ApiFigures,
    /// A page of the ledger.
    ApiNotices,
    /// The ledger as a file.
    ApiExport,
    /// One notice.
    ApiNotice,
    /// Sending one again.
    ApiRetry,
    /// Giving one up.
    ApiGiveUp,
    /// A page of sessions.
    ApiSessions,
    /// One session's history.
    ApiSession,
    /// A person's sessions as a tree.
    ApiAccountSessions,
    /// What an ending would do.
    ApiPreview,
    /// An ending.
    ApiEnd,
    /// The front door.
    Home,
    /// Alive.
    Health,
    /// Alive and able to work.
    Ready,
    /// Style sheet and logo.
    Asset,
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Anybody.
    Anyone,
    /// A person's browser, with cookies.
    Browser,
    /// A client that authenticates.
    Client,
    /// The holder of an access token.
    Bearer,
}

/// What caches may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// Nothing: `no-store`.
    NoStore,
    /// Anybody may, for so many seconds.
    Public(u32),
    /// For ever: the path names the content.
    Immutable,
}

/// Which browser scripts may read the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cors {
    /// None of another origin.
    Closed,
    /// Those from the registered origins of public clients.
    ClientOrigins,
    /// Those of any origin: nothing here looks at cookies, and who registers has no registered origin yet.
    Anyone,
}

/// Which pages may show the answer in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frames {
    /// None.
    Nobody,
    /// Anybody's an authorization response, nobody's anything else: answers to `prompt=none` come in frames.
    Responses,
    /// Anybody's.
    Anybody,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// Its name.
    pub name: Name,
    /// The methods it answers.
    pub methods: &'static [&'static str],
    /// Its path below the issuer's.
    pub path: &'static str,
    /// Who may call.
    pub caller: Caller,
    /// How it says no.
    pub channel: Channel,
    /// What caches may keep.
    pub cache: Cache,
    /// Who may read the answer in a browser.
    pub cors: Cors,
    /// Who may frame the answer.
    pub frames: Frames,
    /// The largest body in bytes.
    pub body: usize,
}

/// A form's body.
const FORM: usize = 64 * 1024;

/// A form that names a thousand notices.
const LONG_FORM: usize = 128 * 1024;

macro_rules! row {
    ($name:ident, $methods:expr, $path:literal, $caller:ident, $channel:ident, $cache:expr, $cors:ident, $body:expr) => {
        row!($name, $methods, $path, $caller, $channel, $cache, $cors, Nobody, $body)
    };
    (
        $name:ident, $methods:expr, $path:literal, $caller:ident, $channel:ident, $cache:expr, $cors:ident, $frames:ident,
        $body:expr
    ) => {
        Endpoint {
            name: Name::$name,
            methods: &$methods,
            path: $path,
            caller: Caller::$caller,
            channel: Channel::$channel,
            cache: $cache,
            cors: Cors::$cors,
            frames: Frames::$frames,
            body: $body,
        }
    };
}

/// Every endpoint.
pub const ENDPOINTS: &[Endpoint] = &[
    row!(Home, ["GET"], "/", Browser, Page, Cache::NoStore, Closed, 0),
    row!(Authorize, ["GET", "POST"], "/authorize", Browser, Page, Cache::NoStore, Closed, Responses, FORM),
    row!(Login, ["GET", "POST"], "/login", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Create, ["GET", "POST"], "/create", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Recover, ["GET", "POST"], "/recover", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Link, ["GET", "POST"], "/link", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Choose, ["GET", "POST"], "/choose", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Consent, ["GET", "POST"], "/consent", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Par, ["POST"], "/par", Client, Token, Cache::NoStore, ClientOrigins, FORM),
    row!(Token, ["POST"], "/token", Client, Token, Cache::NoStore, ClientOrigins, FORM),
    row!(Userinfo, ["GET", "POST"], "/userinfo", Bearer, Bearer, Cache::NoStore, ClientOrigins, FORM),
    row!(Jwks, ["GET"], "/jwks", Anyone, Token, Cache::Public(300), ClientOrigins, 0),
    row!(
        OpenidConfiguration,
        ["GET"],
        "/.well-known/openid-configuration",
        Anyone,
        Token,
        Cache::Public(300),
        ClientOrigins,
        0
    ),
    row!(
        OauthServer,
        ["GET"],
        "/.well-known/oauth-authorization-server",
        Anyone,
        Token,
        Cache::Public(300),
        ClientOrigins,
        0
    ),
    row!(Webfinger, ["GET"], "/.well-known/webfinger", Anyone, Token, Cache::Public(300), Anyone, 0),
    row!(Register, ["POST"], "/register", Anyone, Registration, Cache::NoStore, Anyone, FORM),
    row!(
        ClientConfiguration,
        ["GET", "PUT", "DELETE"],
        "/register/{client_id}",
        Bearer,
        Registration,
        Cache::NoStore,
        Anyone,
        FORM
    ),
    row!(Introspect, ["POST"], "/introspect", Client, Token, Cache::NoStore, Closed, FORM),
    row!(Revoke, ["POST"], "/revoke", Client, Token, Cache::NoStore, ClientOrigins, FORM),
    row!(EndSession, ["GET", "POST"], "/end_session", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Logout, ["POST"], "/logout", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(CheckSession, ["GET"], "/check_session", Browser, Plain, Cache::NoStore, Closed, Anybody, 0),
    row!(Account, ["GET"], "/account", Browser, Page, Cache::NoStore, Closed, 0),
    row!(AccountPassword, ["POST"], "/account/password", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(AccountDetails, ["POST"], "/account/details", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(AccountEmail, ["POST"], "/account/email", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Applications, ["GET"], "/applications", Browser, Page, Cache::NoStore, Closed, 0),
    row!(AccountWithdraw, ["POST"], "/account/withdraw", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(AccountEnd, ["GET", "POST"], "/account/end", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(Console, ["GET"], "/console", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ConsoleLedger, ["GET"], "/console/ledger", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ConsoleNotice, ["GET"], "/console/notice", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ConsoleSettle, ["GET", "POST"], "/console/settle", Browser, Page, Cache::NoStore, Closed, LONG_FORM),
    row!(ConsoleFind, ["GET"], "/console/find", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ConsolePerson, ["GET"], "/console/person", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ConsoleSession, ["GET"], "/console/session", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ConsoleEnd, ["GET", "POST"], "/console/end", Browser, Page, Cache::NoStore, Closed, FORM),
    row!(ConsoleClients, ["GET"], "/console/clients", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ConsoleClient, ["GET"], "/console/client", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ConsoleAudit, ["GET"], "/console/audit", Browser, Page, Cache::NoStore, Closed, 0),
    row!(ApiDescription, ["GET"], "/api/v1/openapi.json", Anyone, Api, Cache::NoStore, Closed, 0),
    row!(ApiFigures, ["GET"], "/api/v1/figures", Bearer, Api, Cache::NoStore, Closed, 0),
    row!(ApiNotices, ["GET"], "/api/v1/notices", Bearer, Api, Cache::NoStore, Closed, 0),
    row!(ApiExport, ["GET"], "/api/v1/notices/export", Bearer, Api, Cache::NoStore, Closed, 0),
    row!(ApiNotice, ["GET"], "/api/v1/notices/{notice}", Bearer, Api, Cache::NoStore, Closed, 0),
    row!(ApiRetry, ["POST"], "/api/v1/notices/{notice}/retry", Bearer, Api, Cache::NoStore, Closed, FORM),
    row!(ApiGiveUp, ["POST"], "/api/v1/notices/{notice}/give-up", Bearer, Api, Cache::NoStore, Closed, FORM),
    row!(ApiSessions, ["GET"], "/api/v1/sessions", Bearer, Api, Cache::NoStore, Closed, 0),
    row!(ApiSession, ["GET"], "/api/v1/sessions/{session}", Bearer, Api, Cache::NoStore, Closed, 0),
    row!(ApiAccountSessions, ["GET"], "/api/v1/accounts/{account}/sessions", Bearer, Api, Cache::NoStore, Closed, 0),
    row!(ApiPreview, ["POST"], "/api/v1/preview", Bearer, Api, Cache::NoStore, Closed, FORM),
    row!(ApiEnd, ["POST"], "/api/v1/end", Bearer, Api, Cache::NoStore, Closed, FORM),
    row!(Health, ["GET"], "/health", Anyone, Plain, Cache::NoStore, Closed, 0),
    row!(Ready, ["GET"], "/ready", Anyone, Plain, Cache::NoStore, Closed, 0),
    row!(Asset, ["GET"], "/assets/{file}", Anyone, Plain, Cache::Immutable, Closed, 0),
];

/// Those that stand in `mtls_endpoint_aliases` (RFC 8705 §5), the operator's API, where certificate-bound tokens are good for
/// something too, and what monitoring asks.
pub const ALIASED: &[Name] = &[
    Name::Par,
    Name::Token,
    Name::Userinfo,
    Name::Introspect,
    Name::Revoke,
    Name::ApiFigures,
    Name::ApiNotices,
    Name::ApiExport,
    Name::ApiNotice,
    Name::ApiRetry,
    Name::ApiGiveUp,
    Name::ApiSessions,
    Name::ApiSession,
    Name::ApiAccountSessions,
    Name::ApiPreview,
    Name::ApiEnd,
    Name::Health,
    Name::Ready,
];

/// The golden list: one line a route, for review as a diff (architecture §2.15 law 6).
pub fn golden() -> String {
    let mut list = String::new();
    for e in ENDPOINTS {
        let (methods, path) = (e.methods.join("|"), e.path);
        let _ = writeln!(
            list,
            "{methods:<9} {path:<42} caller={:?} answers={:?} cache={:?} cors={:?} frames={:?} body={}",
            e.caller, e.channel, e.cache, e.cors, e.frames, e.body
        );
    }
    list
}
