//! The person's own page, and the front door.

use askama::Template;
use axum::http::StatusCode;

use super::interaction::scope_words;
use super::{Frame, show};
use crate::answer::Answer;

/// What the page says on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountNotice {
    /// Done.
    PasswordChanged,
    /// Done.
    Withdrawn,
    /// Done.
    SessionEnded,
    /// The new password was typed in two ways.
    PasswordsDiffer,
    /// The new password will not do; the key of the reason.
    PasswordWeak(&'static str),
    /// The current password is not right.
    PasswordWrong,
    /// Too many attempts.
    TooMany,
}

impl AccountNotice {
    fn is_good(self) -> bool {
        matches!(self, Self::PasswordChanged | Self::Withdrawn | Self::SessionEnded)
    }

    fn key(self) -> String {
        match self {
            Self::PasswordChanged => "account-did-password".into(),
            Self::Withdrawn => "account-did-withdraw".into(),
            Self::SessionEnded => "account-did-end".into(),
            Self::PasswordsDiffer => "account-differ".into(),
            Self::PasswordWeak(reason) => format!("password-{reason}"),
            Self::PasswordWrong => "account-wrong".into(),
            Self::TooMany => "account-too-many".into(),
        }
    }
}

/// An application with access.
#[derive(Clone, Debug)]
pub struct Access {
    /// `client_id`.
    pub client: String,
    /// Its name.
    pub name: String,
    /// Scopes it was granted.
    pub scopes: Vec<String>,
    /// Since when.
    pub since: String,
}

/// A place where the account is signed in.
#[derive(Clone, Debug)]
pub struct Place {
    /// The session.
    pub id: String,
    /// Whether it is this browser's.
    pub here: bool,
    /// The browser, in its own words.
    pub agent: String,
    /// When it was last seen.
    pub seen: String,
    /// Who takes part in it.
    pub applications: Vec<String>,
}

/// The person's own page.
#[derive(Debug)]
pub struct Account {
    /// The account, for the forms.
    pub who: String,
    /// The username.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// What is said on top.
    pub notice: Option<AccountNotice>,
    /// Applications with access.
    pub applications: Vec<Access>,
    /// Where the account is signed in.
    pub sessions: Vec<Place>,
    /// Binds the forms to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    f: &'a Frame,
    p: &'a Account,
    good: Option<String>,
    bad: Option<String>,
}

impl AccountPage<'_> {
    fn scopes(&self, access: &Access) -> String {
        access.scopes.iter().map(|scope| scope_words(self.f, scope)).collect::<Vec<_>>().join(" · ")
    }
}

impl Account {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let words = |good: bool| self.notice.filter(|n| n.is_good() == good).map(|n| f.t(&n.key()));
        show(&AccountPage { f, p: self, good: words(true), bad: words(false) }, StatusCode::OK)
    }
}

/// The front door.
#[derive(Debug)]
pub struct Home {
    /// The issuer.
    pub issuer: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    f: &'a Frame,
    p: &'a Home,
}

impl Home {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        show(&HomePage { f, p: self }, StatusCode::OK)
    }
}
