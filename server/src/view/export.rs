//! The ledger as a file: a line for each notice, as JSON (NDJSON) or CSV (RFC 4180), written page by page.
//!
//! Invariant: never more than a page is in memory, however long the ledger is.

use serde_json::Value;
use store::{Fault, NoticeFilter};

use super::notice::{self, Notice};
use crate::op::Op;

/// A page of an export.
const PAGE: u32 = 500;

/// The columns of CSV, by their names in JSON.
const COLUMNS: &[&str] = &[
    "id",
    "kind",
    "state",
    "cause",
    "client_id",
    "client_name",
    "sub",
    "sid",
    "session",
    "account",
    "to",
    "created_at",
    "due_at",
    "deliver_by",
    "attempts",
    "last_status",
    "last_reply",
    "settled_at",
    "latency_ms",
];

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A JSON object a line.
    Ndjson,
    /// RFC 4180, with a header.
    Csv,
}

impl Format {
    /// Reads its name.
    pub fn read(name: &str) -> Option<Self> {
        match name {
            "ndjson" => Some(Self::Ndjson),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// The end of a file's name.
    pub const fn ext(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
        }
    }

    fn head(self) -> String {
        match self {
            Self::Ndjson => String::new(),
            Self::Csv => format!("{}\r\n", COLUMNS.join(",")),
        }
    }

    fn line(self, notice: &Notice) -> Result<String, Fault> {
        let value =
            serde_json::to_value(notice).map_err(|error| Fault::bug(format!("a notice is no JSON: {error}")))?;
        Ok(match self {
            Self::Ndjson => format!("{value}\n"),
            Self::Csv => {
                let cells: Vec<String> = COLUMNS.iter().map(|column| cell(&value[*column])).collect();
                format!("{}\r\n", cells.join(","))
            }
        })
    }
}

/// A cell. What a spreadsheet would take for a formula is kept from being one: the texts come from relying parties too.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => return String::new(),
        Value::String(text) => text.as_str(),
        other => return other.to_string(),
    };
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => format!("{guard}{text}"),
    }
}

/// An export under way.
#[derive(Debug)]
pub struct Export {
    filter: NoticeFilter,
    format: Format,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Begins,
    GoesOn,
    Over,
}

impl Export {
    /// Of everything a filter finds, from its cursor on; its limit is how many lines there are at most.
    pub fn new(filter: NoticeFilter, format: Format) -> Self {
        Self { filter, format, stage: Stage::Begins }
    }

    /// The next piece, if there is one.
    pub async fn next(&mut self, op: &Op) -> Result<Option<String>, Fault> {
        let mut piece = match self.stage {
            Stage::Over => return Ok(None),
            Stage::Begins => self.format.head(),
            Stage::GoesOn => String::new(),
        };
        let page =
            notice::notices(op, &NoticeFilter { limit: PAGE.min(self.filter.limit), ..self.filter.clone() }).await?;
        for notice in &page.notices {
            piece.push_str(&self.format.line(notice)?);
        }
        self.filter.limit = self.filter.limit.saturating_sub(u32::try_from(page.notices.len()).unwrap_or(u32::MAX));
        self.stage = match page.next.as_deref().and_then(notice::read_cursor) {
            Some(cursor) if self.filter.limit > 0 => {
                self.filter.before = Some(cursor);
                Stage::GoesOn
            }
            _ => Stage::Over,
        };
        Ok(Some(piece))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::cell;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        for (value, written) in [
            (json!("plain"), "plain"),
            (json!("a,b"), "\"a,b\""),
            (json!("say \"no\""), "\"say \"\"no\"\"\""),
            (json!("two\nlines"), "\"two\nlines\""),
            (json!("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\""),
            (json!("@sum"), "'@sum"),
            (json!(-5), "-5"),
            (json!(null), ""),
        ] {
            assert_eq!(cell(&value), written, "{value}");
        }
    }
}
