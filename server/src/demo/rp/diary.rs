//! What a site remembers: who is signed in here, who is on the way, and what has happened, for the page to show.
//!
//! Invariant: every change moves the version that open pages wait for.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use openid::time::{Span, Time};
use serde_json::{Map, Value};
use tokio::sync::watch;

/// How many lines the page shows.
const LINES: usize = 12;

/// Nobody takes longer to sign in.
const ON_THE_WAY: Span = Span::from_minutes(60);

/// How many people may be on the way: a stranger who begins and never comes back costs little.
const MOST_ON_THE_WAY: usize = 1000;

/// Somebody signed in here.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) sub: String,
    pub(super) sid: Option<String>,
    pub(super) id_token: String,
    pub(super) claims: Map<String, Value>,
    pub(super) since: Time,
}

impl Stay {
    /// What to call the person.
    pub(super) fn name(&self) -> &str {
        let claim = |name: &str| self.claims.get(name).and_then(Value::as_str);
        claim("name").or_else(|| claim("preferred_username")).unwrap_or(&self.sub)
    }
}

/// Somebody sent to the provider.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) browser: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) framed: bool,
    pub(super) at: Time,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Something somebody did.
    Plain,
    /// The provider told us.
    Told,
    /// Somebody came in.
    Good,
    /// Something went wrong, or was made to.
    Bad,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) at: Time,
    pub(super) tone: Tone,
    pub(super) text: String,
}

#[derive(Default)]
struct Pages {
    stays: HashMap<String, Stay>,
    begun: HashMap<String, Begun>,
    lines: VecDeque<Line>,
    heard: HashSet<String>,
    down: bool,
}

/// The memory of a site, gone when it ends.
pub(super) struct Diary {
    pages: Mutex<Pages>,
    version: watch::Sender<u64>,
}

impl Default for Diary {
    fn default() -> Self {
        Self { pages: Mutex::default(), version: watch::Sender::new(1) }
    }
}

impl Diary {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What open pages wait for.
    pub(super) fn version(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(super) fn note(&self, at: Time, tone: Tone, text: String) {
        let mut pages = self.pages();
        pages.lines.push_front(Line { at, tone, text });
        pages.lines.truncate(LINES);
        drop(pages);
        self.version.send_modify(|version| *version += 1);
    }

    pub(super) fn lines(&self) -> Vec<Line> {
        self.pages().lines.iter().cloned().collect()
    }

    pub(super) fn is_down(&self) -> bool {
        self.pages().down
    }

    pub(super) fn set_down(&self, down: bool) {
        self.pages().down = down;
    }

    pub(super) fn begin(&self, state: String, begun: Begun) {
        let mut pages = self.pages();
        let now = begun.at;
        pages.begun.retain(|_, other| now < other.at + ON_THE_WAY);
        if pages.begun.len() < MOST_ON_THE_WAY {
            pages.begun.insert(state, begun);
        }
    }

    /// Takes what was begun: a `state` comes back once.
    pub(super) fn resume(&self, state: &str) -> Option<Begun> {
        self.pages().begun.remove(state)
    }

    pub(super) fn arrive(&self, cookie: String, stay: Stay) {
        self.pages().stays.insert(cookie, stay);
    }

    pub(super) fn stay(&self, cookie: Option<&str>) -> Option<Stay> {
        self.pages().stays.get(cookie?).cloned()
    }

    /// Ends one browser's stay.
    pub(super) fn leave(&self, cookie: Option<&str>) -> Option<Stay> {
        self.pages().stays.remove(cookie?)
    }

    /// Ends what a logout token names (Back-Channel Logout §2.7): the session with its `sid`, or without one every session
    /// of the person.
    pub(super) fn end(&self, sub: Option<&str>, sid: Option<&str>) -> Vec<Stay> {
        let mut pages = self.pages();
        let named = |stay: &Stay| match sid {
            Some(sid) => stay.sid.as_deref() == Some(sid) && sub.is_none_or(|sub| stay.sub == sub),
            None => sub == Some(stay.sub.as_str()),
        };
        pages.stays.extract_if(|_, stay| named(stay)).map(|(_, stay)| stay).collect()
    }

    /// Whether this logout token is heard for the first time (§2.6 step 8).
    pub(super) fn hears(&self, jti: &str) -> bool {
        self.pages().heard.insert(jti.to_owned())
    }
}
