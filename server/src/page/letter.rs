//! Letters in words: a subject, a few lines, one link. Plain text, so that what stands there is what is there.
//!
//! Invariant: nothing in a letter was typed by whoever asked for it, but for the username of the account it is about.

use login::letter::About;

use super::Frame;

/// A letter as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `Subject`.
    pub subject: String,
    /// Its text.
    pub body: String,
}

/// Writes a letter.
pub fn letter(f: &Frame, about: About, username: &str, link: &str) -> Written {
    let name = f.theme.name.as_str();
    let own = |key: &str| f.t2(key, ("name", name), ("username", username));
    let (subject, lead, after) = match about {
        About::SignUp => {
            (f.t1("letter-create-subject", "name", name), f.t1("letter-create", "name", name), f.t("letter-create-not"))
        }
        About::Taken => {
            (f.t1("letter-taken-subject", "name", name), f.t1("letter-taken", "name", name), f.t("letter-taken-not"))
        }
        About::Verify => (f.t1("letter-verify-subject", "name", name), own("letter-verify"), f.t("letter-verify-not")),
        About::Changed => (
            f.t1("letter-changed-subject", "name", name),
            own("letter-changed"),
            f.t1("letter-changed-not", "name", name),
        ),
        About::Recover => {
            (f.t1("letter-recover-subject", "name", name), own("letter-recover"), f.t("letter-recover-not"))
        }
    };
    let life = about.life().seconds() / 60;
    let once = match (about.has_link(), life) {
        (false, _) => None,
        (true, ..120) => Some(f.tn("letter-minutes", "count", life)),
        (true, _) => Some(f.tn("letter-hours", "count", life / 60)),
    };
    let paragraphs = [Some(lead), Some(link.to_owned()), once, Some(after), Some(format!("-- \n{}", f.plain(name)))];
    let body = paragraphs.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    Written { subject, body: format!("{body}\n") }
}
