//! Sessions as a tree: a person's, and one with its history.

use askama::Template;
use axum::http::StatusCode;

use super::ledger::{story, to};
use super::{Console, Did, Head, LIVE, Part, cause, live_policy, number, state};
use crate::answer::Answer;
use crate::page::{Frame, show};
use crate::view::exchanged::Exchanged;
use crate::view::history::{Event, History, What};
use crate::view::notice::Notice;
use crate::view::tree::{Grant, How, Person, Session, Standing, Stay, Told};

/// Which of a person's sessions are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Those that go on.
    Live,
    /// All that are kept.
    All,
}

/// A person's page.
#[derive(Debug)]
pub struct OnePerson {
    /// The tree.
    pub person: Person,
    /// What the person is called.
    pub name: String,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// Which sessions are shown.
    pub shown: Shown,
    /// What was just done.
    pub did: Option<Did>,
}

#[derive(Template)]
#[template(path = "console_person.html")]
struct PersonPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a OnePerson,
    head: Head,
    script: &'static str,
}

/// Sessions that hang on one secret of one browser, or one device.
struct Place<'a> {
    agent: String,
    sessions: Vec<&'a Session>,
}

impl PersonPage<'_> {
    /// By browser, the one seen last first.
    fn places(&self) -> Vec<Place<'_>> {
        let mut places: Vec<(Option<&str>, Place<'_>)> = Vec::new();
        for session in &self.p.person.sessions {
            let mark = session.browser.as_deref();
            match places.iter_mut().find(|(other, _)| mark.is_some() && *other == mark) {
                Some((_, place)) => place.sessions.push(session),
                None => places.push((mark, Place { agent: agent(self.f, session), sessions: vec![session] })),
            }
        }
        places.into_iter().map(|(_, place)| place).collect()
    }

    fn standing(&self, session: &Session) -> String {
        standing(self.f, session)
    }

    fn agent(&self, session: &Session) -> String {
        agent(self.f, session)
    }

    /// What ends it.
    fn end(&self, session: &Session) -> String {
        end(self.f, session, "console-end")
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the templates hand over references")]
    fn n(&self, key: &str, count: &u64) -> String {
        self.f.tn(key, "count", number(*count))
    }

    fn live(&self, session: &Session) -> bool {
        self.c.may_act() && session.standing == Standing::Live
    }

    fn open(&self, stay: &Stay, session: &Session) -> bool {
        self.live(session) && stay.ended.is_none()
    }

    fn told(&self, stay: &Stay) -> Option<String> {
        stay.told.as_ref().map(|told| self::told(self.f, told))
    }

    fn told_class(stay: &Stay) -> &'static str {
        stay.told.as_ref().map_or("", class)
    }

    fn state(&self, word: &str) -> String {
        state(self.f, word)
    }

    fn story(&self, notice: &Notice) -> String {
        story(self.f, notice)
    }

    fn to(notice: &Notice) -> &str {
        to(notice)
    }

    fn kind(&self, kind: &str) -> String {
        self.f.t(&format!("console-grant-{kind}"))
    }

    fn is_all(&self) -> bool {
        self.p.shown == Shown::All
    }

    fn did(&self) -> Option<String> {
        self.p.did.map(|did| did.words(self.f))
    }

    fn said(&self) -> String {
        let all = self.p.person.sessions.iter().flat_map(|session| std::iter::once(session).chain(&session.below));
        let live = all.filter(|session| session.standing == Standing::Live).count();
        self.f.tn("console-sessions-live", "count", i64::try_from(live).unwrap_or(i64::MAX))
    }
}

impl OnePerson {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let page = PersonPage { f, c, p: self, head: Head::of(Part::Find), script: LIVE };
        show(&page, StatusCode::OK, &live_policy(f))
    }
}

/// The browser or device, in its own words.
pub(super) fn agent(f: &Frame, session: &Session) -> String {
    let own = session.agent.as_deref().map(|agent| f.plain(agent)).filter(|agent| !agent.trim().is_empty());
    let own = own.unwrap_or_else(|| f.t("account-unknown-agent"));
    if session.kind == "device" { format!("{} · {own}", f.t("console-device")) } else { own }
}

/// What ends it: a device is signed out.
fn end(f: &Frame, session: &Session, other: &str) -> String {
    f.t(if session.kind == "device" { "console-end-device" } else { other })
}

pub(super) fn standing(f: &Frame, session: &Session) -> String {
    match session.standing {
        Standing::Live => f.t("console-live"),
        Standing::Expired => f.t("console-expired"),
        Standing::Ended => session
            .ended
            .as_ref()
            .map_or_else(String::new, |ended| f.t1("console-ended", "cause", &cause(f, ended.cause))),
    }
}

fn told(f: &Frame, told: &Told) -> String {
    match (told.how, told.state, told.why) {
        (How::Noticed, Some(word), _) => state(f, word),
        (How::Noticed, None, _) => f.t("console-told-folded"),
        (How::Shown, ..) => f.t("console-told-shown"),
        (How::Untold, _, why) => f.t(&format!("console-why-{}", why.unwrap_or("no-address"))),
        (How::Unrecorded, ..) => f.t("console-told-unrecorded"),
    }
}

fn class(told: &Told) -> &'static str {
    match told.how {
        How::Noticed => told.state.unwrap_or("delivered"),
        How::Shown => "pending",
        How::Untold => "refused",
        How::Unrecorded => "withdrawn",
    }
}

/// A session's page.
#[derive(Debug)]
pub struct OneSession {
    /// All that happened to it.
    pub history: History,
    /// What was just done.
    pub did: Option<Did>,
}

#[derive(Template)]
#[template(path = "console_session.html")]
struct SessionPage<'a> {
    f: &'a Frame,
    c: &'a Console,
    p: &'a History,
    s: &'a Session,
    did: Option<String>,
    head: Head,
    script: &'static str,
}

impl SessionPage<'_> {
    fn agent(&self) -> String {
        agent(self.f, self.s)
    }

    fn standing(&self) -> String {
        standing(self.f, self.s)
    }

    fn end(&self) -> String {
        end(self.f, self.s, "console-end-session")
    }

    fn is_live(&self) -> bool {
        self.s.standing == Standing::Live
    }

    fn may_end(&self) -> bool {
        self.c.may_act() && self.is_live()
    }

    fn state(&self, word: &str) -> String {
        state(self.f, word)
    }

    fn story(&self, notice: &Notice) -> String {
        story(self.f, notice)
    }

    fn to(notice: &Notice) -> &str {
        to(notice)
    }

    fn proof(&self) -> String {
        let acr = self.s.acr.iter().cloned();
        let words: Vec<String> = acr.chain(self.s.amr.iter().cloned()).collect();
        self.f.plain(&words.join(" · "))
    }

    fn what(&self, event: &Event) -> String {
        let word = match event.what {
            What::Opened => "opened",
            What::Authenticated => "authenticated",
            What::Joined => "joined",
            What::Granted => "granted",
            What::Ended => "ended",
            What::Left => "left",
            What::GrantEnded => "grant-ended",
            What::Noticed => "noticed",
            What::Settled => "settled",
            What::Audited => "audited",
        };
        self.f.t(&format!("console-what-{word}"))
    }

    /// Who it is about: a client by its name.
    fn whom(&self, event: &Event) -> Option<String> {
        let id = event.client_id.as_ref()?;
        let stay = self.s.stays.iter().find(|stay| stay.client_id == *id);
        Some(self.f.plain(stay.map_or(id.as_str(), |stay| stay.client_name.as_str())))
    }

    /// What more there is to it, in the words of the protocol or of the trail.
    fn more(&self, event: &Event) -> Option<String> {
        let grants = || self.s.stays.iter().flat_map(|stay| &stay.grants);
        let own = |id: &str| event.subject.as_deref() == Some(id);
        match event.what {
            What::Opened => Some(self.agent()),
            What::Granted => grants().find(|grant| own(&grant.id)).map(|grant| self.granted(grant)),
            What::GrantEnded => grants().find(|grant| own(&grant.id)).and_then(|grant| self.exchanged(grant)),
            What::Ended => self.s.ended.as_ref().map(|ended| cause(self.f, ended.cause)),
            What::Left => {
                let stay = self.s.stays.iter().find(|stay| own(&stay.sid))?;
                stay.told.as_ref().map(|told| self::told(self.f, told))
            }
            What::Settled => {
                let notice = self.p.notices.iter().find(|notice| own(&notice.id))?;
                Some(state(self.f, notice.state))
            }
            What::Audited => Some(self.f.plain(&event.words)),
            What::Noticed | What::Authenticated | What::Joined => None,
        }
    }

    fn granted(&self, grant: &Grant) -> String {
        let scope = self.f.plain(&grant.scope);
        match self.exchanged(grant) {
            Some(exchanged) => format!("{scope} · {exchanged}"),
            None => scope,
        }
    }

    /// Who holds tokens that were exchanged for those of a grant: with it they die.
    fn exchanged(&self, grant: &Grant) -> Option<String> {
        let one = |one: &Exchanged| {
            let tokens = self.f.tn("console-n-exchanged", "count", number(one.tokens));
            format!("{} ({tokens})", self.f.plain(&one.client_name))
        };
        let all: Vec<String> = grant.exchanged.iter().map(one).collect();
        (!all.is_empty()).then(|| format!("{}: {}", self.f.t("console-exchanged"), all.join(", ")))
    }

    fn said(&self) -> String {
        let open = self.p.notices.iter().filter(|notice| notice.state == "pending").count();
        format!("{}, {} {open}", self.standing(), self.state("pending"))
    }
}

impl OneSession {
    /// The page.
    pub fn render(&self, f: &Frame, c: &Console) -> Answer {
        let did = self.did.map(|did| did.words(f));
        let (p, s) = (&self.history, &self.history.session);
        let page = SessionPage { f, c, p, s, did, head: Head::of(Part::Find), script: LIVE };
        show(&page, StatusCode::OK, &live_policy(f))
    }
}
