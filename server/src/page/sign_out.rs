//! The pages of a sign-out: the question, and the honest answer (`logout.md` §4).

use std::fmt::Write as _;

use askama::Template;
use axum::http::StatusCode;
use openid::logout::frontchannel;
use serde::{Deserialize, Serialize};

use super::check_session::source as script_source;
use super::interaction::is_web;
use super::{Forms, Frame, policy, show};
use crate::answer::Answer;

/// The question.
#[derive(Debug)]
pub struct Logout {
    /// Who asks, if a genuine hint or a registered client says so.
    pub application: Option<String>,
    /// Whether signing out of that application alone is offered.
    pub only_here: bool,
    /// Whether a yes signs out the apps of a device too.
    pub a_device: bool,
    /// Whose sessions are in this browser.
    pub usernames: Vec<String>,
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
        show(&LogoutPage { f, p: self }, StatusCode::OK, &policy(f, None, Forms::Onward))
    }
}

/// What is known of one relying party, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToldHow {
    /// It said no, does not answer any more, or has no address.
    CouldNot,
    /// It can be told through the browser only.
    Browser,
    /// It did not answer yet; it will be told.
    WillBe,
    /// It was told and answered.
    Told,
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
    /// `client_uri`: where a person can sign out there themselves.
    pub uri: Option<String>,
}

impl Told {
    fn key(&self) -> &'static str {
        self.how.key()
    }

    /// The address of one that was not told.
    fn link(&self) -> Option<&str> {
        let untold = matches!(self.how, ToldHow::CouldNot | ToldHow::Browser);
        self.uri.as_deref().filter(|uri| untold && is_web(uri))
    }
}

/// What lets the person look again later, without a script.
#[derive(Clone, Debug)]
pub struct LookAgain {
    /// What is looked at, sealed.
    pub request: String,
    /// Binds the form to the browser.
    pub csrf: String,
}

/// What a sign-out ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// Sessions, with every stay in them.
    Session,
    /// One application's stay: the session goes on.
    Stay,
    /// Nothing: there was nothing left.
    Nothing,
}

/// Whether the page stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// It stays.
    Not,
    /// To where its link leads, when its frames have loaded or a little later.
    Onward,
}

/// How long frames may take, in seconds: `server/assets/onward.js` says the same in milliseconds.
const PATIENCE: u32 = 5;

const ONWARD: &str = include_str!("../../assets/onward.js");

/// The honest answer.
#[derive(Debug)]
pub struct SignedOut {
    /// What ended.
    pub over: Over,
    /// The relying party that asked, if it took part: it stands first.
    pub asked: Option<Told>,
    /// Every other that took part, each once.
    pub told: Vec<Told>,
    /// A link back to the application that asked.
    pub link: Option<(String, String)>,
    /// Whether it follows that link by itself.
    pub moves: Moves,
    /// Pages of relying parties, each to be loaded in a frame (Front-Channel Logout §3).
    pub frames: Vec<String>,
    /// Whether anything is still signed in in this browser.
    pub others: Vec<String>,
    /// While somebody is still to be told.
    pub again: Option<LookAgain>,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOutPage<'a> {
    f: &'a Frame,
    p: &'a SignedOut,
    /// The script that goes on: the same text its digest in the policy is of.
    script: &'static str,
    patience: u32,
}

impl SignedOutPage<'_> {
    /// Where it goes by itself, and the application that lives there.
    fn onward(&self) -> Option<&(String, String)> {
        self.p.link.as_ref().filter(|_| self.p.moves == Moves::Onward)
    }

    /// Whether somebody could be told by this browser alone.
    fn rests_on_the_browser(&self) -> bool {
        self.fates().any(|told| told.how == ToldHow::Browser)
    }

    fn words(&self, told: &Told) -> String {
        self.f.t(&format!("told-{}", told.key()))
    }

    /// Everybody, the one that asked first.
    fn fates(&self) -> impl Iterator<Item = &Told> {
        self.p.asked.iter().chain(&self.p.told)
    }

    fn title(&self) -> String {
        match (self.p.over, &self.p.asked) {
            (Over::Stay, Some(asked)) => self.f.t1("signed-out-stay-title", "application", &asked.name),
            _ => self.f.t("signed-out-title"),
        }
    }

    /// What ended, and for whom: that somebody is signed out of an application is said once it has answered.
    fn lead(&self) -> String {
        let asked = self.p.asked.as_ref().filter(|asked| asked.how == ToldHow::Told);
        let of = asked.map(|asked| self.f.t1("signed-out-of", "application", &asked.name));
        let here = match self.p.over {
            Over::Session => Some(self.f.t("signed-out-lead")),
            Over::Nothing => Some(self.f.t("signed-out-before")),
            Over::Stay => None,
        };
        of.into_iter().chain(here).chain(self.summary()).collect::<Vec<_>>().join(" ")
    }

    /// The rest in one sentence: never better than the worst of it.
    fn summary(&self) -> Option<String> {
        let any = |how| self.fates().any(|told| told.how == how);
        let key = match self.p.told.is_empty() {
            _ if any(ToldHow::CouldNot) || any(ToldHow::Browser) => "signed-out-some",
            _ if any(ToldHow::WillBe) => "signed-out-soon",
            false if self.p.asked.is_some() => "signed-out-others-told",
            false => "signed-out-all",
            true if self.p.asked.is_none() && self.p.over == Over::Session => "signed-out-none",
            true => return None,
        };
        Some(self.f.t(key))
    }
}

impl SignedOut {
    /// The page. Behind the one that asked, what needs the person's attention stands on top.
    pub fn render(mut self, f: &Frame) -> Answer {
        self.told.sort_by(|a, b| (a.how, &a.name).cmp(&(b.how, &b.name)));
        let forms = if self.again.is_some() { Forms::Own } else { Forms::Absent };
        let mut policy = policy(f, None, forms);
        // Exactly the origins it frames, and exactly its one script.
        let mut sources: Vec<String> = self.frames.iter().filter_map(|frame| frontchannel::source(frame)).collect();
        sources.sort_unstable();
        sources.dedup();
        if !sources.is_empty() {
            let _ = write!(policy, "; frame-src {}", sources.join(" "));
        }
        if self.moves == Moves::Onward {
            let _ = write!(policy, "; script-src {}", script_source(ONWARD));
        }
        let page = SignedOutPage { f, p: &self, script: ONWARD, patience: PATIENCE };
        show(&page, StatusCode::OK, &policy)
    }
}
