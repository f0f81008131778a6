//! What people see: one struct a page, rendered on the server, working without JavaScript.
//!
//! Invariant: everything a template prints is escaped by it; no page runs a script but the one that posts a form to a client,
//! the one that goes on from a sign-out when its frames have loaded, and the one that keeps a page of the console up to date.

mod account;
mod assets;
mod check_session;
pub mod console;
mod frame;
mod interaction;
mod letter;
mod people;
mod sign_out;
mod texts;

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use url::Url;

pub use account::{
    Access, Account, AccountNotice, Address, Detail, EndHow, EndParty, EndPreview, Home, InPlace, OwnEnds, Place,
};
pub use assets::{ThemeSheet, asset};
pub use check_session::check_session;
pub use frame::{Frame, Looks};
pub use interaction::{Application, Asked, Choice, Choose, Consent, Login, LoginOffers, LoginProblem, OwnPage};
pub use letter::{Written, letter};
pub use people::{Applications, Create, Link, LinkAsk, MailProblem, Recover, Sent, SentWhat, Startable};
pub use sign_out::{Logout, LookAgain, Moves, Over, SignedOut, Told, ToldHow};
pub use texts::{speaks, ui_locales};

use crate::answer::Answer;

/// Where the forms of a page may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forms {
    /// It has none.
    Absent,
    /// Back to us, and no further.
    Own,
    /// To us, and by a redirect on to a relying party. Browsers apply `form-action` to every redirect that follows a
    /// form, and a relying party may lead anywhere: so it is left out.
    Onward,
}

/// The policy of a page: our style sheet, our icon, exactly the origins of the logos it shows, no script, no frame.
fn policy(f: &Frame, logo: Option<&str>, forms: Forms) -> String {
    policy_of(f, logo.as_slice(), forms)
}

/// The same, for a page with several logos.
fn policy_of(f: &Frame, logos: &[&str], forms: Forms) -> String {
    let mut images = vec!["'self'".to_owned()];
    for origin in f.theme.logo_uri.iter().map(String::as_str).chain(logos.iter().copied()).filter_map(https_origin) {
        if !images.contains(&origin) {
            images.push(origin);
        }
    }
    let images = images.join(" ");
    let forms = match forms {
        Forms::Absent => "; form-action 'none'",
        Forms::Own => "; form-action 'self'",
        Forms::Onward => "",
    };
    format!("default-src 'none'; style-src 'self'; img-src {images}; base-uri 'none'; frame-ancestors 'none'{forms}")
}

fn https_origin(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok().filter(|url| url.scheme() == "https")?;
    // A host may have characters in it that end a source or a directive.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:[]".contains(c);
    url.host_str().is_some_and(|host| host.chars().all(plain)).then(|| url.origin().ascii_serialization())
}

/// Turns a page into an answer.
fn show(page: &impl Template, status: StatusCode, policy: &str) -> Answer {
    let (status, body) = match page.render() {
        Ok(body) => (status, body),
        Err(error) => {
            tracing::error!("a page could not be rendered: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, "This page could not be shown.".to_owned())
        }
    };
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    f: &'a Frame,
    title: String,
    words: String,
    what_to_do: Option<String>,
    code: &'a str,
    id: &'a str,
    say: &'a str,
}

/// A refusal in words for somebody who has never heard of the protocol: most of them are the application's mistake.
fn refusal_key(why: &str) -> &'static str {
    match why {
        "authorize_client_unknown" | "authorize_client_missing" | "authorize_client_repeated" => "why-unknown",
        "authorize_client_disabled" => "why-disabled",
        "redirect_uri_unregistered" => "why-address",
        "pending_unreadable" | "pending_expired" | "logout_other_form" | "csrf_differs" | "par_unknown" => "why-old",
        "pending_other_browser" => "why-browser",
        "csrf_no_cookie" => "why-cookie",
        "choice_not_here" | "account_not_here" => "why-not-here",
        "link_unknown" | "link_spent" | "link_expired" => "why-link",
        "link_address_taken" => "why-taken",
        "sign_up_closed" | "sign_up_just_closed" | "mail_off" | "recover_off" => "why-off",
        "link_account_over" => "why-account",
        "end_hint_foreign" => "why-hint",
        "console_role_over" => "console-closed-lead",
        "console_unknown" => "console-unknown",
        _ => "why-request",
    }
}

/// The protocol said no and there is nobody else to tell. `say` is for whoever mends the application.
pub fn error(f: &Frame, code: &str, why: &str, say: &str) -> Answer {
    let (title, words) = (f.t("error-title"), f.t(refusal_key(why)));
    let page = ErrorPage { f, title, words, what_to_do: Some(f.t("error-do")), code, id: why, say };
    show(&page, StatusCode::BAD_REQUEST, &policy(f, None, Forms::Absent))
}

/// We failed.
pub fn busy(f: &Frame, status: u16, id: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let (title, words, code) = match status {
        StatusCode::INTERNAL_SERVER_ERROR => (f.t("broken-title"), f.t("broken-say"), "server_error"),
        _ => (f.t("busy-title"), f.t("busy-say"), "temporarily_unavailable"),
    };
    let page = ErrorPage { f, title, words, what_to_do: None, code, id, say: "" };
    show(&page, status, &policy(f, None, Forms::Absent))
}

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost<'a> {
    f: &'a Frame,
    action: &'a str,
    fields: &'a [(String, String)],
    nonce: &'a str,
}

/// OAuth 2.0 Form Post Response Mode: posts itself, or by the button where scripts are off. It may stand in a frame: an
/// answer to `prompt=none` does.
pub fn form_post(f: &Frame, action: &str, fields: &[(String, String)], nonce: &str) -> Answer {
    let policy = policy(f, None, Forms::Onward).replace("frame-ancestors 'none'", "frame-ancestors *");
    let policy = format!("{policy}; script-src 'nonce-{nonce}'");
    show(&FormPost { f, action, fields, nonce }, StatusCode::OK, &policy)
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
