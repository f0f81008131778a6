//! The pages of a sign-out: the question, and the honest answer (`logout.md` §4).

use askama::Template;
use axum::http::StatusCode;

use super::{Frame, show};
use crate::answer::Answer;

/// A session in this browser.
#[derive(Clone, Debug)]
pub struct Here {
    /// Its id.
    pub session: String,
    /// Whose it is.
    pub username: String,
}

/// The question.
#[derive(Debug)]
pub struct Logout {
    /// Who asks, if a genuine hint or a registered client says so.
    pub application: Option<String>,
    /// Whether signing out of that application alone is offered.
    pub only_here: bool,
    /// The sessions in this browser.
    pub sessions: Vec<Here>,
    /// The sealed request.
    pub request: String,
    /// Binds the form to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    f: &'a Frame,
    p: &'a Logout,
}

impl Logout {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        show(&LogoutPage { f, p: self }, StatusCode::OK)
    }
}

/// What is known of one relying party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldHow {
    /// It was told and answered.
    Told,
    /// It did not answer yet; it will be told.
    WillBe,
    /// It said no, or cannot be told.
    CouldNot,
    /// It can be told through the browser only.
    Browser,
}

impl ToldHow {
    fn key(self) -> &'static str {
        match self {
            Self::Told => "told",
            Self::WillBe => "will-be",
            Self::CouldNot => "could-not",
            Self::Browser => "browser",
        }
    }
}

/// One relying party on the honest page.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its name.
    pub name: String,
    /// What is known.
    pub how: ToldHow,
}

impl Told {
    fn key(&self) -> &'static str {
        self.how.key()
    }
}

/// The honest answer.
#[derive(Debug)]
pub struct SignedOut {
    /// Every relying party that took part.
    pub told: Vec<Told>,
    /// A link back to the application that asked, where a redirect is not allowed.
    pub link: Option<(String, String)>,
    /// Whether anything is still signed in in this browser.
    pub others: Vec<String>,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage<'a> {
    f: &'a Frame,
    p: &'a SignedOut,
}

impl SignedOutPage<'_> {
    fn words(&self, told: &Told) -> String {
        self.f.t(&format!("told-{}", told.key()))
    }
}

impl SignedOut {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        show(&SignedOutPage { f, p: self }, StatusCode::OK)
    }
}
