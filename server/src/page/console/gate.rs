//! Who does not get in.

use askama::Template;
use axum::http::StatusCode;

use crate::answer::Answer;
use crate::page::{Forms, Frame, policy, show};

/// The page for whoever stands before a closed door.
#[derive(Debug)]
pub enum NotForYou {
    /// They are no operator. More is not said.
    Stranger {
        /// Who they are signed in as.
        username: String,
    },
    /// They may look, and wanted to act.
    Looker {
        /// Where to go instead, below the issuer.
        back: String,
    },
}

#[derive(Template)]
#[template(path = "console_closed.html")]
struct ClosedPage<'a> {
    f: &'a Frame,
    p: &'a NotForYou,
}

impl NotForYou {
    /// The page.
    pub fn render(&self, f: &Frame) -> Answer {
        show(&ClosedPage { f, p: self }, StatusCode::FORBIDDEN, &policy(f, None, Forms::Absent))
    }
}
