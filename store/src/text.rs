//! Lists in a column of text, and words that are read back into what they stand for.
//!
//! Invariant: a column that cannot be read is a fault that names the column, never an empty list or a default.

use crate::fault::Fault;

/// A list for a column: JSON, which is never searched inside.
pub(crate) fn list(items: &[String]) -> String {
    serde_json::Value::from(items).to_string()
}

/// Reads what [`list`] wrote.
pub(crate) fn read_list(text: &str, column: &'static str) -> Result<Vec<String>, Fault> {
    serde_json::from_str(text)
        .map_err(|error| Fault::from_error(crate::fault::Kind::Bug, format!("column {column}"), error))
}

/// Reads a stored word.
pub(crate) fn word<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
    read(text).ok_or_else(|| Fault::bug(format!("a column holds the unknown word {text:?}")))
}
