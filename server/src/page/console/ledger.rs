//! The ledger: its lines, one of them with everything known of it, and the question before many are settled at once.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use openid::session::Cause;
use store::NoticeState;

use super::{Console, Head, LIVE, Part, cause, live_policy, number, state};
use crate::act::How;
use crate::answer::Answer;
use crate::page::{Forms, Frame, policy, show};
use crate::view::notice::{Notice, Notices};

/// What was typed into the filter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A state's word.
    pub state: String,
    /// `client_id`.
    pub client: String,
    /// A username.
    pub person: String,
    /// A cause's word.
    pub cause: String,
    /// Any text.
    pub text: String,
}

impl Filter {
    /// As the query of an address, without what is empty.
    pub fn query(&self) -> String {
        let all = [
            ("state", &self.state),
            ("client", &self.client),
            ("person", &self.person),
            ("cause", &self.cause),
            ("text", &self.text),
        ];
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(all.into_iter().filter(|(_, value)| !value.is_empty()));
        query.finish()
    }

    fn is_empty(&self) -> bool {
        self.query().is_empty()
    }
}

/// A page of the ledger.
#[derive(Debug)]
pub struct Ledger {
    /// What was asked for.
    pub filter: Filter,
    /// What of it cannot be read.
    pub wrong: Option<&'static str>,
    /// What was found.
    pub notices: Notices,
    /// Usernames by account.
    pub people: HashMap<String, String>,
}

#[derive(Template)]
#[template(path = "console_ledger.html")]
struct LedgerPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a Ledger,
    head: Head,
    script: &'static str,
}

impl LedgerPage<'_> {
    fn states() -> impl Iterator<Item = &'static str> {
        NoticeState::ALL.iter().map(|state| state.as_str())
    }

    fn causes() -> impl Iterator<Item = &'static str> {
        Cause::ALL.iter().map(|cause| cause.as_str())
    }

    fn state(&self, word: &str) -> String {
        state(self.f, word)
    }

    fn cause(&self, word: &str) -> String {
        cause(self.f, word)
    }

    fn story(&self, notice: &Notice) -> String {
        story(self.f, notice)
    }

    fn trouble(&self, notice: &Notice) -> Option<String> {
        trouble(self.f, notice)
    }

    fn person(&self, notice: &Notice) -> Option<&str> {
        self.p.people.get(&notice.account).map(String::as_str)
    }

    fn to(notice: &Notice) -> &str {
        to(notice)
    }

    fn wrong(&self) -> Option<String> {
        self.p.wrong.map(|parameter| self.f.t1("console-filter-wrong", "field", parameter))
    }

    /// What can be done to all that were found: one state at a time.
    fn may_send_again(&self) -> bool {
        self.is_one_state(&["pending", "refused", "parked", "withdrawn"])
    }

    fn may_give_up(&self) -> bool {
        self.is_one_state(&["pending", "parked"])
    }

    fn is_one_state(&self, states: &[&str]) -> bool {
        self.c.may_act() && !self.p.notices.notices.is_empty() && states.contains(&self.p.filter.state.as_str())
    }

    fn next(&self) -> Option<String> {
        let next = self.p.notices.next.as_ref()?;
        let cursor: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        Some(format!("{}/console/ledger?{}&cursor={cursor}", self.f.base, self.p.filter.query()))
    }

    fn said(&self) -> String {
        let states: Vec<String> =
            self.p.notices.notices.iter().take(3).map(|n| format!("{}: {}", to(n), self.state(n.state))).collect();
        states.join(", ")
    }
}

impl Ledger {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = LedgerPage { f, c, p: self, head: Head::of(Part::Ledger), script: LIVE };
        show(&page, StatusCode::OK, &live_policy(f))
    }
}

/// The relying party, or the address of a letter.
pub(super) fn to(notice: &Notice) -> &str {
    notice.client_name.as_deref().or(notice.to.as_deref()).unwrap_or_default()
}

/// What became of a notice, in a sentence.
pub(super) fn story(f: &Frame, notice: &Notice) -> String {
    let attempts = f.tn("console-attempts", "count", i64::from(notice.attempts));
    let settled = notice.settled_at.map(|at| f.moment(&at.0)).unwrap_or_default();
    let due = notice.due_at.map(|at| f.moment(&at.0)).unwrap_or_default();
    let until = f.moment(&notice.deliver_by.0);
    let key = format!("console-story-{}", notice.state);
    f.with(&key, &[("attempts", &attempts), ("at", &settled), ("due", &due), ("until", &until)])
}

/// What stands in its way and how to mend that.
pub(super) fn trouble(f: &Frame, notice: &Notice) -> Option<String> {
    notice.trouble.as_ref().map(|trouble| f.t(&format!("console-trouble-{}", trouble.kind)))
}

/// What was done to a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It is sent again.
    Again(u64),
    /// It was given up.
    GivenUp(u64),
    /// Something was ended.
    Ended(u64),
}

impl Did {
    /// In words.
    pub(super) fn words(self, f: &Frame) -> String {
        match self {
            Self::Again(count) => f.tn("console-did-again", "count", number(count)),
            Self::GivenUp(count) => f.tn("console-did-give-up", "count", number(count)),
            Self::Ended(count) => f.tn("console-did-end", "count", number(count)),
        }
    }
}

/// One notice.
#[derive(Debug)]
pub struct OneNotice {
    /// It.
    pub notice: Notice,
    /// Whom it is about.
    pub username: Option<String>,
    /// What was just done.
    pub did: Option<Did>,
}

#[derive(Template)]
#[template(path = "console_notice.html")]
struct NoticePage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a OneNotice,
    n: &'a Notice,
    head: Head,
    script: &'static str,
}

impl NoticePage<'_> {
    fn state(&self) -> String {
        state(self.f, self.n.state)
    }

    fn cause(&self) -> String {
        cause(self.f, self.n.cause)
    }

    fn story(&self) -> String {
        story(self.f, self.n)
    }

    fn trouble(&self) -> Option<String> {
        trouble(self.f, self.n)
    }

    fn to(&self) -> &str {
        to(self.n)
    }

    fn said(&self) -> String {
        format!("{}: {}", self.state(), self.story())
    }

    fn did(&self) -> Option<String> {
        self.p.did.map(|did| did.words(self.f))
    }

    fn may_send_again(&self) -> bool {
        self.c.may_act() && self.n.state != "delivered"
    }

    fn may_give_up(&self) -> bool {
        self.c.may_act() && matches!(self.n.state, "pending" | "parked")
    }

    fn latency(&self) -> Option<String> {
        self.n.latency_ms.map(|ms| format!("{} ms", self.f.count(&u64::try_from(ms).unwrap_or_default())))
    }
}

impl OneNotice {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = NoticePage { f, c, p: self, n: &self.notice, head: Head::of(Part::Ledger), script: LIVE };
        show(&page, StatusCode::OK, &live_policy(f))
    }
}

/// The question before notices are settled.
#[derive(Debug)]
pub struct Settle {
    /// How.
    pub how: How,
    /// One of them, or all that a filter finds.
    pub id: Option<String>,
    /// The filter.
    pub filter: Filter,
    /// Which they are, and as what they were seen: the form brings it back.
    pub looked: String,
    /// The first of them.
    pub notices: Vec<Notice>,
    /// How many it is.
    pub count: u64,
    /// Whether there are more, which one act does not reach.
    pub more: bool,
}

#[derive(Template)]
#[template(path = "console_settle.html")]
struct SettlePage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a Settle,
    head: Head,
}

impl SettlePage<'_> {
    fn title(&self) -> String {
        let key = match self.p.how {
            How::Again => "console-settle-again",
            How::GiveUp => "console-settle-give-up",
        };
        self.f.tn(key, "count", number(self.p.count))
    }

    fn lead(&self) -> String {
        match self.p.how {
            How::Again => self.f.t("console-settle-again-lead"),
            How::GiveUp => self.f.t("console-settle-give-up-lead"),
        }
    }

    fn to(notice: &Notice) -> &str {
        to(notice)
    }

    fn story(&self, notice: &Notice) -> String {
        story(self.f, notice)
    }

    fn state(&self, notice: &Notice) -> String {
        state(self.f, notice.state)
    }

    fn back(&self) -> String {
        let base = &self.f.base;
        match &self.p.id {
            Some(id) => {
                let id: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
                format!("{base}/console/notice?id={id}")
            }
            None => format!("{base}/console/ledger?{}", self.p.filter.query()),
        }
    }
}

impl Settle {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = SettlePage { f, c, p: self, head: Head::of(Part::Ledger) };
        show(&page, StatusCode::OK, &policy(f, None, Forms::Own))
    }
}
