//! What people see: one struct a page, rendered on the server, working without JavaScript.
//!
//! Invariant: everything a template prints is escaped by it; no page runs a script but the one that posts a form to a client.

mod account;
mod assets;
mod frame;
mod interaction;
mod sign_out;
mod texts;

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

pub use account::{Access, Account, AccountNotice, Home, Place};
pub use assets::{ThemeSheet, asset};
pub use frame::Frame;
pub use interaction::{Application, Asked, Choice, Choose, Consent, Login, LoginProblem};
pub use sign_out::{Here, Logout, SignedOut, Told, ToldHow};
pub use texts::ui_locales;

use crate::answer::Answer;

/// The policy of every page: nothing from elsewhere but logos, no script, no frame.
///
/// `form-action` is left out on purpose: browsers apply it to every redirect that follows a form, and ours lead to a relying
/// party, which may lead anywhere.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; base-uri 'none'; frame-ancestors 'none'";

/// Turns a page into an answer.
fn show(page: &impl Template, status: StatusCode) -> Answer {
    with_policy(page, status, POLICY)
}

fn with_policy(page: &impl Template, status: StatusCode, policy: &str) -> Answer {
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
    say: String,
    code: &'a str,
    id: &'a str,
}

/// The protocol said no and there is nobody else to tell. `why` has words of its own in the catalogues, or the refusal's.
pub fn error(f: &Frame, code: &str, why: &str, say: &str) -> Answer {
    let say = f.maybe(&format!("why-{}", why.replace('_', "-"))).unwrap_or_else(|| say.to_owned());
    let page = ErrorPage { f, title: f.t("error-title"), say, code, id: why };
    show(&page, StatusCode::BAD_REQUEST)
}

/// We failed.
pub fn busy(f: &Frame, status: u16, id: &str) -> Answer {
    let page = ErrorPage { f, title: f.t("busy-title"), say: f.t("busy-say"), code: "temporarily_unavailable", id };
    show(&page, StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE))
}

#[derive(Template)]
#[template(path = "form_post.html")]
struct FormPost<'a> {
    f: &'a Frame,
    action: &'a str,
    fields: &'a [(String, String)],
    nonce: &'a str,
}

/// OAuth 2.0 Form Post Response Mode: posts itself, or by the button where scripts are off.
pub fn form_post(f: &Frame, action: &str, fields: &[(String, String)], nonce: &str) -> Answer {
    let policy =
        format!("default-src 'none'; style-src 'self'; script-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors *");
    with_policy(&FormPost { f, action, fields, nonce }, StatusCode::OK, &policy)
}

#[cfg(test)]
mod tests;
