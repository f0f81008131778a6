//! The pages an authorization request may need: sign-in, chooser, consent.

use askama::Template;
use axum::http::StatusCode;

use super::{Frame, show};
use crate::answer::Answer;

/// The application that asks, as people see it.
#[derive(Clone, Debug, Default)]
pub struct Application {
    /// `client_name` in the person's language, or the `client_id`.
    pub name: String,
    /// `logo_uri`.
    pub logo_uri: Option<String>,
    /// The host of `client_uri`, or of the redirect URI.
    pub host: String,
    /// `policy_uri`.
    pub policy_uri: Option<String>,
    /// `tos_uri`.
    pub tos_uri: Option<String>,
}

/// Why the sign-in page is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginProblem {
    /// Nothing was typed.
    Missing,
    /// It did not fit; whether there is such an account is not said.
    Wrong,
    /// Too many attempts.
    TooMany {
        /// Until the next.
        minutes: i64,
    },
}

/// The sign-in page.
#[derive(Debug)]
pub struct Login {
    /// Who asks; none for the person's own page.
    pub application: Option<Application>,
    /// Prefilled.
    pub username: String,
    /// The person who is to prove it again.
    pub again: Option<String>,
    /// Why it is shown again.
    pub problem: Option<LoginProblem>,
    /// The sealed request.
    pub request: String,
    /// Binds the form to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    f: &'a Frame,
    p: &'a Login,
    problem: Option<String>,
}

impl Login {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let problem = self.problem.map(|problem| match problem {
            LoginProblem::Missing => f.t("login-missing"),
            LoginProblem::Wrong => f.t("login-wrong"),
            LoginProblem::TooMany { minutes } => f.t1("login-too-many", "minutes", &minutes.to_string()),
        });
        show(&LoginPage { f, p: self, problem }, StatusCode::OK)
    }
}

/// An account to choose.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its id.
    pub id: String,
    /// Its username.
    pub username: String,
    /// The person's name, or the username again.
    pub name: String,
}

/// The chooser.
#[derive(Debug)]
pub struct Choose {
    /// Who asks.
    pub application: Option<Application>,
    /// The accounts signed in in this browser.
    pub accounts: Vec<Choice>,
    /// The sealed request.
    pub request: String,
    /// Binds the form to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    f: &'a Frame,
    p: &'a Choose,
}

impl Choose {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        show(&ChoosePage { f, p: self }, StatusCode::OK)
    }
}

/// Something an application asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its name in the protocol.
    pub name: String,
    /// Whether it was not granted before.
    pub new: bool,
}

/// The consent page.
#[derive(Debug)]
pub struct Consent {
    /// Who asks.
    pub application: Application,
    /// Whose consent.
    pub username: String,
    /// Scopes.
    pub scopes: Vec<Asked>,
    /// Single claims.
    pub claims: Vec<Asked>,
    /// Resource indicators.
    pub resources: Vec<String>,
    /// The sealed request.
    pub request: String,
    /// Binds the form to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    f: &'a Frame,
    p: &'a Consent,
    asked: Vec<(String, bool)>,
}

impl Consent {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let scope = |asked: &Asked| (scope_words(f, &asked.name), asked.new);
        let claim = |asked: &Asked| (f.t1("consent-claim", "claim", &asked.name), asked.new);
        let asked = self.scopes.iter().map(scope).chain(self.claims.iter().map(claim)).collect();
        show(&ConsentPage { f, p: self, asked }, StatusCode::OK)
    }
}

/// A scope in the person's words; one the operator made up by its name.
pub(super) fn scope_words(f: &Frame, scope: &str) -> String {
    let key = format!("scope-{}", scope.replace('_', "-"));
    let known = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    known.then(|| f.maybe(&key)).flatten().unwrap_or_else(|| f.t1("scope-other", "scope", scope))
}
