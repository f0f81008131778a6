//! The pages an authorization request may need: sign-in, chooser, consent.

use askama::Template;
use axum::http::StatusCode;
use openid::claims::language;

use super::{Forms, Frame, https_origin, policy, show};
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
    /// `client_uri`: its home page.
    pub client_uri: Option<String>,
    /// `policy_uri`.
    pub policy_uri: Option<String>,
    /// `tos_uri`.
    pub tos_uri: Option<String>,
}

impl Application {
    /// The logo, if it comes over https: nothing else may be fetched.
    pub(super) fn logo(&self) -> Option<&str> {
        self.logo_uri.as_deref().filter(|uri| https_origin(uri).is_some())
    }

    /// Where its host leads, if it registered a home page (Registration §2: shown in a followable fashion).
    pub(super) fn home_link(&self) -> Option<&str> {
        self.client_uri.as_deref().filter(|uri| is_web(uri))
    }

    pub(super) fn policy_link(&self) -> Option<&str> {
        self.policy_uri.as_deref().filter(|uri| is_web(uri))
    }

    pub(super) fn tos_link(&self) -> Option<&str> {
        self.tos_uri.as_deref().filter(|uri| is_web(uri))
    }

    pub(super) fn has_links(&self) -> bool {
        self.policy_link().is_some() || self.tos_link().is_some()
    }
}

/// A link a person may follow: never a script.
pub(super) fn is_web(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

pub(super) fn logo_of(application: Option<&Application>) -> Option<&str> {
    application.and_then(Application::logo)
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

/// Which page of ours somebody signs in for, where no application asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OwnPage {
    /// The person's own.
    #[default]
    Account,
    /// The operator's console.
    Console,
}

/// What the sign-in page offers to somebody who cannot sign in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoginOffers {
    /// To make an account.
    pub create: bool,
    /// To choose a new password.
    pub recover: bool,
}

/// The sign-in page.
#[derive(Debug)]
pub struct Login {
    /// Who asks; none for a page of ours.
    pub application: Option<Application>,
    /// For which page, if none.
    pub own: OwnPage,
    /// Prefilled.
    pub username: String,
    /// The person who is to prove it again.
    pub again: Option<String>,
    /// Whether "keep me signed in" is ticked: as the person left it.
    pub remember: bool,
    /// Whether a new password was just chosen.
    pub recovered: bool,
    /// What is offered to who cannot sign in.
    pub offers: LoginOffers,
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

impl LoginPage<'_> {
    /// What somebody signs in for.
    fn lead(&self) -> String {
        match (&self.p.application, self.p.own, &self.p.again) {
            (Some(application), ..) => self.f.t1("login-lead", "application", &application.name),
            (None, OwnPage::Account, _) => self.f.t("login-lead-account"),
            (None, OwnPage::Console, None) => self.f.t("console-login"),
            (None, OwnPage::Console, Some(_)) => self.f.t("console-login-again"),
        }
    }
}

impl Login {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let problem = self.problem.map(|problem| match problem {
            LoginProblem::Missing => f.t("login-missing"),
            LoginProblem::Wrong => f.t("login-wrong"),
            LoginProblem::TooMany { minutes } => f.tn("login-too-many", "minutes", minutes),
        });
        let policy = policy(f, logo_of(self.application.as_ref()), Forms::Onward);
        show(&LoginPage { f, p: self, problem }, StatusCode::OK, &policy)
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
        let policy = policy(f, logo_of(self.application.as_ref()), Forms::Onward);
        show(&ChoosePage { f, p: self }, StatusCode::OK, &policy)
    }
}

/// Something an application asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its name in the protocol.
    pub name: String,
    /// What the operator calls it, in the person's language.
    pub title: Option<String>,
    /// More words of the operator's.
    pub description: Option<String>,
    /// Whether it was not granted before.
    pub new: bool,
}

/// A line of the consent page.
struct Line {
    words: String,
    more: Option<String>,
    new: bool,
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
    /// Resource servers, by the names people have for them.
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
    asked: Vec<Line>,
}

impl Consent {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        // Where everything is new, nothing is: the word is for what is added to an earlier yes.
        let added = self.scopes.iter().chain(&self.claims).any(|asked| !asked.new);
        let line = |words: String, asked: &Asked| Line {
            words,
            more: asked.description.as_deref().map(|words| f.plain(words)),
            new: asked.new && added,
        };
        let scope = |asked: &Asked| line(asked_words(f, asked), asked);
        let claim = |asked: &Asked| line(claim_words(f, asked), asked);
        let asked = self.scopes.iter().map(scope).chain(self.claims.iter().map(claim)).collect();
        let policy = policy(f, self.application.logo(), Forms::Onward);
        show(&ConsentPage { f, p: self, asked }, StatusCode::OK, &policy)
    }
}

/// What is asked for, in the operator's words or in ours.
pub(super) fn asked_words(f: &Frame, asked: &Asked) -> String {
    asked.title.as_deref().map_or_else(|| scope_words(f, &asked.name), |title| f.plain(title))
}

/// A scope in the person's words; one the operator made up by its name.
fn scope_words(f: &Frame, scope: &str) -> String {
    worded(f, "scope", scope).unwrap_or_else(|| f.t1("scope-other", "scope", scope))
}

/// A claim in the person's words, with its language if it has one.
fn claim_words(f: &Frame, claim: &Asked) -> String {
    f.t1("consent-claim", "claim", &claim_name(f, &claim.name, claim.title.as_deref()))
}

/// What people call a claim: as the operator does, or as we do; one nobody has words for by its name.
pub(super) fn claim_name(f: &Frame, name: &str, title: Option<&str>) -> String {
    let (base, language) = language::split(name);
    let Some(words) = title.map(|title| f.plain(title)).or_else(|| worded(f, "claim", base)) else {
        return f.plain(name);
    };
    match language {
        Some(tag) => format!("{words} ({})", f.plain(tag)),
        None => words,
    }
}

fn worded(f: &Frame, kind: &str, name: &str) -> Option<String> {
    let known = name.len() < 40 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    known.then(|| f.maybe(&format!("{kind}-{}", name.replace('_', "-")))).flatten()
}
