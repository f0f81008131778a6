//! The specifications this server follows: one table that drives `docs/specs.md` and the listing of clauses that are
//! tested.
//!
//! Invariant: every clause a case names belongs to a row here (`openid/tests/cases.rs` checks).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// One specification.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// As cases cite it: the words before `§`.
    pub name: &'static str,
    /// Its full title.
    pub title: &'static str,
    /// Version or date.
    pub version: &'static str,
    /// Where it is.
    pub link: &'static str,
    /// The module that holds its rules.
    pub module: &'static str,
}

macro_rules! specs {
    ($($name:literal, $title:literal, $version:literal, $link:literal, $module:literal;)*) => {
        /// Every specification.
        pub const SPECS: &[Spec] = &[$(
            Spec { name: $name, title: $title, version: $version, link: $link, module: $module }
        ),*];
    };
}

specs! {
    "RFC 6749", "The OAuth 2.0 Authorization Framework", "2012", "https://www.rfc-editor.org/rfc/rfc6749", "openid::authorize, openid::token";
    "RFC 6750", "Bearer Token Usage", "2012", "https://www.rfc-editor.org/rfc/rfc6750", "openid::userinfo";
    "RFC 7009", "OAuth 2.0 Token Revocation", "2013", "https://www.rfc-editor.org/rfc/rfc7009", "openid::revoke";
    "RFC 7515", "JSON Web Signature", "2015", "https://www.rfc-editor.org/rfc/rfc7515", "jose";
    "RFC 7517", "JSON Web Key", "2015", "https://www.rfc-editor.org/rfc/rfc7517", "jose";
    "RFC 7518", "JSON Web Algorithms", "2015", "https://www.rfc-editor.org/rfc/rfc7518", "jose";
    "RFC 7519", "JSON Web Token", "2015", "https://www.rfc-editor.org/rfc/rfc7519", "jose";
    "RFC 7033", "WebFinger", "2013", "https://www.rfc-editor.org/rfc/rfc7033", "openid::webfinger";
    "RFC 7523", "JWT Profile for Client Authentication", "2015", "https://www.rfc-editor.org/rfc/rfc7523", "openid::client::assertion";
    "RFC 7565", "The 'acct' URI Scheme", "2015", "https://www.rfc-editor.org/rfc/rfc7565", "openid::webfinger";
    "RFC 7591", "OAuth 2.0 Dynamic Client Registration", "2015", "https://www.rfc-editor.org/rfc/rfc7591", "openid::client::metadata, openid::registration";
    "RFC 7592", "OAuth 2.0 Dynamic Client Registration Management", "2015", "https://www.rfc-editor.org/rfc/rfc7592", "openid::registration";
    "RFC 7636", "Proof Key for Code Exchange", "2015", "https://www.rfc-editor.org/rfc/rfc7636", "openid::bound::pkce";
    "RFC 7662", "OAuth 2.0 Token Introspection", "2015", "https://www.rfc-editor.org/rfc/rfc7662", "openid::introspect";
    "RFC 8252", "OAuth 2.0 for Native Apps", "2017", "https://www.rfc-editor.org/rfc/rfc8252", "openid::client::metadata";
    "RFC 8259", "The JavaScript Object Notation (JSON) Data Interchange Format", "2017", "https://www.rfc-editor.org/rfc/rfc8259", "openid::wire::json";
    "RFC 8414", "OAuth 2.0 Authorization Server Metadata", "2018", "https://www.rfc-editor.org/rfc/rfc8414", "openid::discovery";
    "RFC 8693", "OAuth 2.0 Token Exchange", "2020", "https://www.rfc-editor.org/rfc/rfc8693", "openid::token::exchange";
    "RFC 8705", "OAuth 2.0 Mutual-TLS Client Authentication and Certificate-Bound Access Tokens", "2020", "https://www.rfc-editor.org/rfc/rfc8705", "openid::client::certificate, openid::bound::mtls";
    "RFC 8707", "Resource Indicators", "2020", "https://www.rfc-editor.org/rfc/rfc8707", "openid::resource, openid::authorize::request, openid::token";
    "RFC 9068", "JWT Profile for OAuth 2.0 Access Tokens", "2021", "https://www.rfc-editor.org/rfc/rfc9068", "openid::token::access, openid::resource";
    "RFC 9110", "HTTP Semantics", "2022", "https://www.rfc-editor.org/rfc/rfc9110", "openid::logout::backchannel, openid::userinfo";
    "RFC 9126", "OAuth 2.0 Pushed Authorization Requests", "2021", "https://www.rfc-editor.org/rfc/rfc9126", "openid::authorize::par";
    "RFC 9101", "JWT-Secured Authorization Request", "2021", "https://www.rfc-editor.org/rfc/rfc9101", "openid::authorize::object";
    "RFC 9207", "Authorization Server Issuer Identification", "2022", "https://www.rfc-editor.org/rfc/rfc9207", "openid::authorize::place";
    "RFC 9440", "Client-Cert HTTP Header Field", "2023", "https://www.rfc-editor.org/rfc/rfc9440", "openid::bound::field";
    "RFC 9449", "OAuth 2.0 Demonstrating Proof of Possession (DPoP)", "2023", "https://www.rfc-editor.org/rfc/rfc9449", "openid::bound::dpop";
    "RFC 9700", "Best Current Practice for OAuth 2.0 Security", "2025", "https://www.rfc-editor.org/rfc/rfc9700", "openid";
    "OpenID Connect Core", "OpenID Connect Core 1.0", "incorporating errata set 2", "https://openid.net/specs/openid-connect-core-1_0.html", "openid";
    "OpenID Connect Discovery", "OpenID Connect Discovery 1.0", "incorporating errata set 2", "https://openid.net/specs/openid-connect-discovery-1_0.html", "openid::discovery, openid::webfinger";
    "OpenID Connect Registration", "OpenID Connect Dynamic Client Registration 1.0", "incorporating errata set 2", "https://openid.net/specs/openid-connect-registration-1_0.html", "openid::client::metadata, openid::registration";
    "Initiating User Registration", "Initiating User Registration via OpenID Connect", "1.0", "https://openid.net/specs/openid-connect-prompt-create-1_0.html", "openid::authorize::request, openid::authorize::next";
    "Multiple Response Types", "OAuth 2.0 Multiple Response Type Encoding Practices", "1.0", "https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html", "openid::authorize::mode";
    "Form Post", "OAuth 2.0 Form Post Response Mode", "1.0", "https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html", "openid::authorize::mode";
    "Unmet Authentication Requirements", "OpenID Connect Core Error Code unmet_authentication_requirements", "1.0", "https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html", "openid::authorize::wanted";
    "RP-Initiated Logout", "OpenID Connect RP-Initiated Logout", "1.0", "https://openid.net/specs/openid-connect-rpinitiated-1_0.html", "openid::logout::end";
    "Back-Channel Logout", "OpenID Connect Back-Channel Logout", "1.0, incorporating errata set 1", "https://openid.net/specs/openid-connect-backchannel-1_0.html", "openid::logout::backchannel";
    "Front-Channel Logout", "OpenID Connect Front-Channel Logout", "1.0", "https://openid.net/specs/openid-connect-frontchannel-1_0.html", "openid::logout::frontchannel";
    "Session Management", "OpenID Connect Session Management", "1.0", "https://openid.net/specs/openid-connect-session-1_0.html", "openid::logout::session_state";
    "Native SSO -03", "OpenID Connect Native SSO for Mobile Apps", "1.0, draft 03", "https://openid.net/specs/openid-connect-native-sso-1_0-03.html", "openid::native_sso, openid::token::exchange";
    "Native SSO", "OpenID Connect Native SSO for Mobile Apps", "1.0, draft 07", "https://openid.net/specs/openid-connect-native-sso-1_0.html", "openid::native_sso, openid::token::exchange";
    "certification.md", "What a certification examiner checks (this project's reading)", "", "certification.md", "openid";
    "clients.md", "What an operator decides about a client (this project's design)", "", "clients.md", "openid::client::policy";
    "native-sso.md", "One sign-in and one sign-out for the apps of a device (this project's design)", "", "native-sso.md", "openid::native_sso, openid::token::exchange";
    "resource-servers.md", "What a resource server is (this project's design)", "", "resource-servers.md", "openid::resource";
    "token-exchange.md", "What may be exchanged (this project's design)", "", "token-exchange.md", "openid::token::exchange";
    "logout.md", "What a logout means here (this project's design)", "", "logout.md", "openid::logout, store";
}

/// The specification a clause belongs to: `RFC 7636 §4.6` belongs to `RFC 7636`. The longest name that fits wins.
pub fn of(clause: &str) -> Option<&'static Spec> {
    SPECS.iter().filter(|spec| clause.starts_with(spec.name)).max_by_key(|spec| spec.name.len())
}

/// By whom a clause is tested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tested {
    /// How many cases name it.
    pub cases: usize,
    /// The files they are in, below `openid/cases/`, without their ends.
    pub files: BTreeSet<String>,
    /// The files of tests that cite it, from the top.
    pub tests: BTreeSet<String>,
}

/// Renders `docs/specs.md` from the table and the clauses that cases name and tests cite.
pub fn render(clauses: &BTreeMap<String, Tested>) -> String {
    let mut page = String::from(
        "# Specifications\n\n\
         Generated from `openid/src/specs.rs`, the clauses named by the cases in `openid/cases/`, and those cited by tests.\n\
         Do not edit; run `cargo xtask docs`.\n\n\
         | specification | version | module | cases | clauses tested |\n|---|---|---|---|---|\n",
    );
    let of =
        |spec: &Spec| -> Vec<(&String, &Tested)> { clauses.iter().filter(|(clause, _)| is_of(clause, spec)).collect() };
    for spec in SPECS {
        let (cases, tested) = (of(spec).iter().map(|(_, tested)| tested.cases).sum::<usize>(), of(spec).len());
        let (title, link) = (spec.title, spec.link);
        let _ = writeln!(page, "| [{title}]({link}) | {} | {} | {cases} | {tested} |", spec.version, spec.module);
    }
    page.push_str("\n## Clauses\n\nCases are in `openid/cases/`; the other tests are walks through the running server, and unit tests.\n");
    for spec in SPECS.iter().filter(|spec| !of(spec).is_empty()) {
        let _ = write!(page, "\n### {}\n\n| clause | cases | other tests that cite it |\n|---|---|---|\n", spec.name);
        let mut lines: Vec<(Vec<u32>, String)> =
            of(spec).into_iter().map(|(clause, tested)| line(clause, spec, tested)).collect();
        lines.sort();
        for (_, line) in lines {
            page.push_str(&line);
        }
    }
    page
}

/// A row of the table, and what it is sorted by: the numbers of its section.
fn line(clause: &str, spec: &Spec, tested: &Tested) -> (Vec<u32>, String) {
    let section = clause.trim_start_matches(spec.name).trim();
    let numbers =
        section.trim_start_matches('§').split(['.', ' ']).map(|part| part.parse().unwrap_or(u32::MAX)).collect();
    let texts = |all: &BTreeSet<String>| all.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let cases = match tested.cases {
        0 => String::new(),
        some => format!("{some} in {}", texts(&tested.files)),
    };
    (numbers, format!("| {section} | {cases} | {} |\n", texts(&tested.tests)))
}

fn is_of(clause: &str, spec: &Spec) -> bool {
    of(clause).is_some_and(|owner| owner.name == spec.name)
}
