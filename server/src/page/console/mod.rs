//! The operator's console: what every page of it has around it, and how it keeps itself up to date.
//!
//! Invariant: every page works without its script; the script fetches the very page it stands on and nothing else.

mod end;
mod figures;
mod find;
mod gate;
mod ledger;
mod tree;

use openid::account::Operator;

use super::check_session::source as script_source;
use super::{Forms, Frame, policy};

pub use end::{EndPreview, Ends};
pub use figures::{counting, figures};
pub use find::{Clients, Find, Found, OneClient, Trail};
pub use gate::NotForYou;
pub use ledger::{Did, Filter, Ledger, OneNotice, Settle};
pub use tree::{OnePerson, OneSession, Shown};

const LIVE: &str = include_str!("../../../assets/live.js");

/// Who looks at a page, and how its forms are bound.
#[derive(Clone, Debug)]
pub struct Console {
    /// The operator's account, for the forms: an act is done by who the page was made for, or not at all.
    pub who: String,
    /// What they sign in with.
    pub username: String,
    /// What they may do.
    pub role: Operator,
    /// This page's own address: to be asked for again.
    pub here: String,
    /// Binds the forms to the browser.
    pub csrf: String,
}

impl Console {
    /// Whether what acts is offered.
    pub(super) fn may_act(&self) -> bool {
        self.role == Operator::Act
    }

    /// The role in words.
    pub(super) fn role(&self, f: &Frame) -> String {
        match self.role {
            Operator::Look => f.t("console-may-look"),
            Operator::Act => f.t("console-may-act"),
        }
    }
}

macro_rules! parts {
    ($($(#[$meta:meta])* $name:ident = $path:literal, $id:literal, $key:literal;)*) => {
        /// The parts of the console, as they stand in its head.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Part { $($(#[$meta])* $name),* }

        impl Part {
            const ALL: &[Self] = &[$(Self::$name),*];

            fn path(self) -> &'static str {
                match self { $(Self::$name => $path),* }
            }

            fn id(self) -> &'static str {
                match self { $(Self::$name => $id),* }
            }

            fn words(self, f: &Frame) -> String {
                f.t(match self { $(Self::$name => $key),* })
            }
        }
    };
}

parts! {
    /// What became of everything.
    Figures = "/console", "to-figures", "console-figures";
    /// Notice by notice.
    Ledger = "/console/ledger", "to-ledger", "console-ledger";
    /// A person or a session.
    Find = "/console/find", "to-find", "console-find";
    /// The applications.
    Clients = "/console/clients", "to-clients", "console-clients";
    /// Who did what.
    Audit = "/console/audit", "to-audit", "console-audit";
}

/// The head of a page: which parts there are, and which of them this page is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head(Option<Part>);

impl Head {
    pub(super) fn of(part: Part) -> Self {
        Self(Some(part))
    }

    pub(super) fn parts() -> &'static [Part] {
        Part::ALL
    }

    /// `aria-current` of a part.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the templates hand over references")]
    pub(super) fn is(self, part: &Part) -> bool {
        self.0 == Some(*part)
    }
}

/// The policy of a page that keeps itself up to date: our one script, and our own address to fetch from.
fn live_policy(f: &Frame) -> String {
    format!("{}; script-src {}; connect-src 'self'", policy(f, None, Forms::Own), script_source(LIVE))
}

/// A number that may choose a plural.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A notice's state in words.
fn state(f: &Frame, word: &str) -> String {
    f.t(&format!("console-state-{word}"))
}

/// Why something ended, or what a letter is about.
fn cause(f: &Frame, word: &str) -> String {
    f.t(&format!("console-cause-{}", word.replace('_', "-")))
}
