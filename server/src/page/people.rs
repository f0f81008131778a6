//! The pages of people who come by themselves: making an account, a forgotten password, the link of a letter; and the
//! applications somebody may start.

use askama::Template;
use axum::http::StatusCode;

use super::interaction::{is_web, logo_of};
use super::{Application, Forms, Frame, https_origin, policy, policy_of, show};
use crate::answer::Answer;

/// Why no letter was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailProblem {
    /// Nothing a letter could be sent to.
    Malformed,
    /// Too many letters.
    TooMany {
        /// Until the next.
        minutes: i64,
    },
}

impl MailProblem {
    fn words(self, f: &Frame) -> String {
        match self {
            Self::Malformed => f.t("email-malformed"),
            Self::TooMany { minutes } => f.tn("mail-too-many", "minutes", minutes),
        }
    }
}

/// The sign-up page.
#[derive(Debug)]
pub struct Create {
    /// Who asks.
    pub application: Option<Application>,
    /// What was typed.
    pub email: String,
    /// Why it is shown again.
    pub problem: Option<MailProblem>,
    /// The sealed request.
    pub request: String,
    /// Binds the form to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "create.html")]
struct CreatePage<'a> {
    f: &'a Frame,
    p: &'a Create,
    problem: Option<String>,
}

impl Create {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let problem = self.problem.map(|problem| problem.words(f));
        let policy = policy(f, logo_of(self.application.as_ref()), Forms::Onward);
        show(&CreatePage { f, p: self, problem }, StatusCode::OK, &policy)
    }
}

/// The page for a forgotten password.
#[derive(Debug)]
pub struct Recover {
    /// What was typed.
    pub username: String,
    /// Why it is shown again.
    pub problem: Option<MailProblem>,
    /// The sealed request.
    pub request: String,
    /// Binds the form to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "recover.html")]
struct RecoverPage<'a> {
    f: &'a Frame,
    p: &'a Recover,
    problem: Option<String>,
}

impl Recover {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let problem = self.problem.map(|problem| match problem {
            MailProblem::Malformed => f.t("recover-missing"),
            many @ MailProblem::TooMany { .. } => many.words(f),
        });
        show(&RecoverPage { f, p: self, problem }, StatusCode::OK, &policy(f, None, Forms::Own))
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentWhat {
    /// An account.
    Create,
    /// A new password.
    Recover,
}

/// The page that says to look at the mail: the same whoever the address belongs to.
#[derive(Debug)]
pub struct Sent {
    /// What was asked for.
    pub what: SentWhat,
    /// What was typed.
    pub typed: String,
    /// The sealed request.
    pub request: String,
}

#[derive(Template)]
#[template(path = "sent.html")]
struct SentPage<'a> {
    f: &'a Frame,
    p: &'a Sent,
    words: String,
}

impl Sent {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let words = match self.what {
            SentWhat::Create => f.t1("sent-create", "address", &self.typed),
            SentWhat::Recover => f.t1("sent-recover", "name", &self.typed),
        };
        show(&SentPage { f, p: self, words }, StatusCode::OK, &policy(f, None, Forms::Absent))
    }
}

/// What the page of a link asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkAsk {
    /// Whether the account is to have the address.
    Verify {
        /// The account.
        username: String,
        /// The address.
        address: String,
    },
    /// A new password.
    Recover {
        /// For this account.
        username: String,
    },
    /// A name and a password for a new account.
    Create {
        /// Its address, which is its username.
        address: String,
    },
}

/// The page a link leads to. Only its button does anything: programs that look through mail open links too.
#[derive(Debug)]
pub struct Link {
    /// What it asks.
    pub ask: LinkAsk,
    /// What was typed as name.
    pub name: String,
    /// The key of the text that says why it is shown again.
    pub problem: Option<String>,
    /// What stands in the link.
    pub token: String,
    /// Binds the form to the browser.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "link.html")]
struct LinkPage<'a> {
    f: &'a Frame,
    p: &'a Link,
    title: String,
    lead: String,
    button: String,
    username: &'a str,
    problem: Option<String>,
}

impl LinkPage<'_> {
    fn wants_password(&self) -> bool {
        !matches!(self.p.ask, LinkAsk::Verify { .. })
    }

    fn wants_name(&self) -> bool {
        matches!(self.p.ask, LinkAsk::Create { .. })
    }

    fn wrong_name(&self) -> bool {
        self.p.problem.as_deref() == Some("link-name-wrong")
    }

    fn wrong_password(&self) -> bool {
        self.p.problem.is_some() && !self.wrong_name()
    }
}

impl Link {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        let (title, lead, button, username) = match &self.ask {
            LinkAsk::Verify { username, address } => (
                f.t("link-verify-title"),
                f.t2("link-verify-lead", ("username", username), ("address", address)),
                f.t("link-verify-button"),
                username,
            ),
            LinkAsk::Recover { username } => (
                f.t("link-recover-title"),
                f.t1("link-recover-lead", "username", username),
                f.t("link-recover-button"),
                username,
            ),
            LinkAsk::Create { address } => {
                (f.t("create-title"), f.t1("link-create-lead", "address", address), f.t("link-create-button"), address)
            }
        };
        let problem = self.problem.as_ref().map(|key| f.t(key));
        let page = LinkPage { f, p: self, title, lead, button, username, problem };
        show(&page, StatusCode::OK, &policy(f, None, Forms::Onward))
    }
}

/// An application that can be started.
#[derive(Clone, Debug)]
pub struct Startable {
    /// Its name in the person's language.
    pub name: String,
    /// `logo_uri`.
    pub logo_uri: Option<String>,
    /// Where it lives.
    pub host: String,
    /// Where it begins: its `initiate_login_uri` with parameters.
    pub start: String,
}

impl Startable {
    fn logo(&self) -> Option<&str> {
        self.logo_uri.as_deref().filter(|uri| https_origin(uri).is_some())
    }
}

/// The page of a person's applications (OpenID Connect Core §4).
#[derive(Debug)]
pub struct Applications {
    /// The account, for the links.
    pub who: String,
    /// Its username.
    pub username: String,
    /// What can be started.
    pub applications: Vec<Startable>,
}

#[derive(Template)]
#[template(path = "applications.html")]
struct ApplicationsPage<'a> {
    f: &'a Frame,
    p: &'a Applications,
}

impl Applications {
    /// The page. What would start anything but a web page is left out.
    pub fn render(mut self, f: &Frame) -> Answer {
        self.applications.retain(|application| is_web(&application.start));
        let logos: Vec<&str> = self.applications.iter().filter_map(Startable::logo).collect();
        let policy = policy_of(f, &logos, Forms::Absent);
        show(&ApplicationsPage { f, p: &self }, StatusCode::OK, &policy)
    }
}
