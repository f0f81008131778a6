//! What the command line prints: lines for people, or JSON for machines.
//!
//! Invariant: standard output has the answer and nothing else; problems go to standard error.

use std::fmt;
use std::io::Write as _;

use openid::time::Time;
use serde_json::{Value, json};

/// Where a command's answer goes.
#[derive(Debug)]
pub struct Out {
    shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    People,
    Json,
}

impl Out {
    /// For people, or for machines.
    pub fn new(json: bool) -> Self {
        Self { shape: if json { Shape::Json } else { Shape::People } }
    }

    /// A line for people, and for machines that wait for it.
    pub fn line(&self, text: &str) {
        // A reader that has gone away is no problem of ours.
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    /// A line for people alone: what to do next.
    pub fn hint(&self, text: &str) {
        if self.shape == Shape::People {
            self.line(text);
        }
    }

    /// A line beside the answer, on standard error, for whoever watches: what is about to happen.
    pub fn aside(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// The answer: JSON for machines, what `people` says for people.
    pub fn answer(&self, value: &Value, people: impl FnOnce(&Self)) {
        match self.shape {
            Shape::People => people(self),
            Shape::Json => self.line(&serde_json::to_string_pretty(value).unwrap_or_default()),
        }
    }

    /// A list: a JSON array, or a table.
    pub fn table(&self, head: &[&str], rows: &[Vec<String>], values: &[Value], none: &str) {
        self.answer(&json!(values), |out| {
            if rows.is_empty() {
                out.line(none);
                return;
            }
            let width = |column: usize| {
                let cells = rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.chars().count()));
                cells.chain([head[column].chars().count()]).max().unwrap_or(0)
            };
            let widths: Vec<usize> = (0..head.len()).map(width).collect();
            let line = |cells: &mut dyn Iterator<Item = &str>| {
                let padded = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
                padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
            };
            out.line(&line(&mut head.iter().copied()));
            for row in rows {
                out.line(&line(&mut row.iter().map(String::as_str)));
            }
        });
    }

    /// A problem, on standard error.
    pub fn problem(&self, text: &str) {
        let _ = match self.shape {
            Shape::People => writeln!(std::io::stderr(), "ostiary: {text}"),
            Shape::Json => writeln!(std::io::stderr(), "{}", json!({ "problem": text })),
        };
    }
}

/// Why a command failed, in words that say how to mend it.
#[derive(Debug)]
pub struct Failed(String);

impl Failed {
    /// In these words.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

macro_rules! failed_from {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for Failed {
            fn from(error: $error) -> Self {
                Self(error.to_string())
            }
        }
    )*};
}

failed_from!(store::Fault, crate::config::Problem, std::io::Error, openid::wire::refusal::Refusal, serde_json::Error);

impl From<store::Stop> for Failed {
    fn from(stop: store::Stop) -> Self {
        match stop {
            store::Stop::Refuse(refusal) => Self(refusal.say.into_owned()),
            store::Stop::Fault(fault) => Self(fault.to_string()),
        }
    }
}

/// A moment, for tables.
pub(super) fn when(at: Time) -> String {
    crate::endpoint::moment(at)
}

/// A moment to the second, where seconds matter.
pub(super) fn exact(at: Time) -> String {
    jiff::Timestamp::from_millisecond(at.millis())
        .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// A moment in RFC 3339, for machines.
pub(super) fn stamp(at: Time) -> Value {
    jiff::Timestamp::from_millisecond(at.millis()).map_or(Value::Null, |at| json!(at.to_string()))
}
