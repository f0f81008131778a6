//! Finding a person, a session or a notice; the applications; and the audit trail.

use askama::Template;
use axum::http::StatusCode;
use store::audit::Entry;

use super::tree::{agent, standing};
use super::{Console, Did, Head, LIVE, Part, live_policy};
use crate::answer::Answer;
use crate::page::{Forms, Frame, policy, show};
use crate::view::Moment;
use crate::view::figures::Sums;
use crate::view::tree::{Listed, Sessions};

/// Something that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it is called.
    pub name: String,
    /// What else is known of it.
    pub more: String,
    /// Its page, below the issuer.
    pub path: String,
}

/// What was found for some words.
#[derive(Debug, Default)]
pub struct Find {
    /// The words; empty: nothing was asked for.
    pub words: String,
    /// People.
    pub people: Vec<Found>,
    /// One thing whose name it is: a session, a stay, a notice, a client.
    pub things: Vec<Found>,
}

#[derive(Template)]
#[template(path = "console_find.html")]
struct FindPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a Find,
    head: Head,
}

impl FindPage<'_> {
    fn is_nothing(&self) -> bool {
        self.p.people.is_empty() && self.p.things.is_empty()
    }
}

impl Find {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = FindPage { f, c, p: self, head: Head::of(Part::Find) };
        show(&page, StatusCode::OK, &policy(f, None, Forms::Own))
    }
}

/// A list of applications.
#[derive(Debug)]
pub struct Clients {
    /// Them.
    pub clients: Vec<Found>,
    /// Where the next page begins.
    pub next: Option<String>,
}

#[derive(Template)]
#[template(path = "console_clients.html")]
struct ClientsPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a Clients,
    head: Head,
}

impl Clients {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = ClientsPage { f, c, p: self, head: Head::of(Part::Clients) };
        show(&page, StatusCode::OK, &policy(f, None, Forms::Own))
    }
}

/// One application.
#[derive(Debug)]
pub struct OneClient {
    /// `client_id`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its back channel.
    pub back_channel: Option<String>,
    /// Its page for frames.
    pub front_channel: Option<String>,
    /// Whether it is disabled.
    pub disabled: bool,
    /// What became of its notices, and when they were counted; nothing while they are being counted for the first time.
    pub sums: Option<(Moment, Sums)>,
    /// The sessions it takes part in.
    pub sessions: Sessions,
    /// What was just done.
    pub did: Option<Did>,
}

#[derive(Template)]
#[template(path = "console_client.html")]
struct ClientPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a OneClient,
    head: Head,
    script: &'static str,
}

impl ClientPage<'_> {
    fn sums(&self) -> Sums {
        self.p.sums.map(|(_, sums)| sums).unwrap_or_default()
    }

    /// When they were counted, in words.
    fn counted(&self) -> Option<String> {
        let (at, _) = self.p.sums?;
        Some(self.f.t1("console-counted", "at", &format!("{} UTC", self.f.moment(&at.0))))
    }

    fn sides(&self) -> [(&'static str, u64); 5] {
        let sums = self.sums();
        [
            ("delivered", sums.delivered),
            ("refused", sums.refused),
            ("parked", sums.parked),
            ("pending", sums.pending),
            ("withdrawn", sums.withdrawn),
        ]
    }

    fn state(&self, word: &str) -> String {
        super::state(self.f, word)
    }

    fn equation(&self) -> String {
        let sides = self.sides().map(|(_, count)| self.f.count(&count));
        format!("{} = {}", self.f.count(&self.sums().created), sides.join(" + "))
    }

    fn adds_up(&self) -> bool {
        self.sums().created == self.sides().iter().map(|(_, count)| count).sum::<u64>()
    }

    fn agent(&self, listed: &Listed) -> String {
        agent(self.f, &listed.session)
    }

    fn standing(&self, listed: &Listed) -> String {
        standing(self.f, &listed.session)
    }

    fn said(&self) -> String {
        let states = ["parked", "pending", "delivered"];
        let side = |state: &str| self.sides().into_iter().find(|(word, _)| *word == state).map_or(0, |(_, n)| n);
        states.map(|state| format!("{} {}", self.state(state), side(state))).join(", ")
    }

    fn did(&self) -> Option<String> {
        self.p.did.map(|did| did.words(self.f))
    }

    fn may_end(&self) -> bool {
        self.c.may_act() && !self.p.sessions.sessions.is_empty()
    }
}

impl OneClient {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = ClientPage { f, c, p: self, head: Head::of(Part::Clients), script: LIVE };
        show(&page, StatusCode::OK, &live_policy(f))
    }
}

/// A page of the trail.
#[derive(Debug)]
pub struct Trail {
    /// Who did it.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// The lines, newest first.
    pub lines: Vec<Entry>,
    /// Where the next page begins.
    pub next: Option<String>,
}

#[derive(Template)]
#[template(path = "console_audit.html")]
struct TrailPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a Trail,
    head: Head,
}

impl TrailPage<'_> {
    fn detail(&self, line: &Entry) -> Option<String> {
        Some(self.f.plain(&line.detail)).filter(|detail| detail != "{}")
    }

    fn next(&self) -> Option<String> {
        let next = self.p.next.as_ref()?;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs([("actor", &self.p.actor), ("subject", &self.p.subject), ("cursor", next)]);
        Some(format!("{}/console/audit?{}", self.f.base, query.finish()))
    }
}

impl Trail {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = TrailPage { f, c, p: self, head: Head::of(Part::Audit) };
        show(&page, StatusCode::OK, &policy(f, None, Forms::Own))
    }
}
