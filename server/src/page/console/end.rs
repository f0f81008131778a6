//! The preview before something is ended: whom we will tell and how, which grants die and which live on.

use askama::Template;
use axum::http::StatusCode;

use super::{Console, Head, Part, number};
use crate::answer::Answer;
use crate::page::{Forms, Frame, policy, show};
use crate::view::preview::{Extent, Party, Preview};

/// What ends, as the page names it.
#[derive(Clone, Debug)]
pub enum Ends {
    /// One session, of this person.
    Session(String),
    /// One client's stay, with this name.
    Stay(String),
    /// All of this person's.
    Account(String),
    /// Every stay of this client.
    Client(String),
}

/// The page.
#[derive(Debug)]
pub struct EndPreview {
    /// What ends.
    pub ends: Ends,
    /// The parameter that names it, and which.
    pub named: (&'static str, String),
    /// Where to go instead.
    pub back: String,
    /// What would come of it.
    pub preview: Preview,
}

#[derive(Template)]
#[template(path = "console_end.html")]
struct EndPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a EndPreview,
    v: &'a Preview,
    head: Head,
}

impl EndPage<'_> {
    fn title(&self) -> String {
        let (key, name) = match &self.p.ends {
            Ends::Session(name) => ("console-end-title-session", name),
            Ends::Stay(name) => ("console-end-title-stay", name),
            Ends::Account(name) => ("console-end-title-account", name),
            Ends::Client(name) => ("console-end-title-client", name),
        };
        self.f.t1(key, "name", name)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the templates hand over references")]
    fn n(&self, key: &str, count: &u64) -> String {
        self.f.tn(key, "count", number(*count))
    }

    fn is_nothing(&self) -> bool {
        self.v.sums.stays == 0 && self.v.sums.revoked == 0 && self.v.sums.sessions == 0
    }

    /// What reaches a whole client is looked at only in part.
    fn part(&self) -> Option<String> {
        let reach = self.v.reach.filter(|_| self.v.extent == Extent::Part)?;
        Some(self.n("console-end-part", &reach))
    }

    /// Sessions end whole, or stays in sessions that go on.
    fn first(&self) -> (u64, String) {
        match (self.v.sums.sessions, self.v.sums.stays) {
            (0, stays) => (stays, self.n("console-n-stays", &stays)),
            (sessions, _) => (sessions, self.n("console-n-sessions", &sessions)),
        }
    }

    /// How a client will be told.
    fn how(&self, party: &Party) -> String {
        match (party.untold, party.channels.is_empty()) {
            (Some(why), _) => self.f.t(&format!("console-why-{why}")),
            (None, false) => self.f.t("console-will-notice"),
            (None, true) => self.f.t("console-told-shown"),
        }
    }

    fn class(party: &Party) -> &'static str {
        match party.untold {
            Some(_) => "could-not",
            None => "told",
        }
    }

    fn revokes(&self) -> bool {
        self.v.offline == "revoke"
    }
}

impl EndPreview {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = EndPage { f, c, p: self, v: &self.preview, head: Head::of(Part::Find) };
        show(&page, StatusCode::OK, &policy(f, None, Forms::Own))
    }
}
