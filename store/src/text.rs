//! Lists in a column of text, and words that are read back into what they stand for.
//!
//! Invariant: a column that cannot be read is a fault that names the column, never an empty list or a default.

use openid::bound::Confirmation;
use openid::bound::dpop::Jkt;
use openid::bound::mtls::X5t;
use openid::claims::language::Words;
use openid::claims::parameter::ClaimsRequest;

use crate::fault::{Fault, Kind};

/// A list for a column: JSON, which is never searched inside.
pub(crate) fn list(items: &[String]) -> String {
    serde_json::Value::from(items).to_string()
}

/// Names for `{each}$1{all}`: so many things are asked for in one question.
pub(crate) fn names<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    serde_json::Value::from_iter(names).to_string()
}

/// Reads what [`list`] wrote.
pub(crate) fn read_list(text: &str, column: &'static str) -> Result<Vec<String>, Fault> {
    serde_json::from_str(text).map_err(|error| Fault::from_error(Kind::Bug, format!("column {column}"), error))
}

/// Words in several languages for a column: a JSON object by language.
pub(crate) fn words(words: &Words) -> String {
    let all: serde_json::Map<_, _> = words.0.iter().map(|(tag, text)| (tag.clone(), text.as_str().into())).collect();
    serde_json::Value::Object(all).to_string()
}

/// Reads what [`words`] wrote.
pub(crate) fn read_words(text: &str, column: &'static str) -> Result<Words, Fault> {
    let all: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| Fault::from_error(Kind::Bug, format!("column {column}"), error))?;
    let read = |(tag, text): (String, serde_json::Value)| match text {
        serde_json::Value::String(text) => Ok((tag, text)),
        _ => Err(Fault::bug(format!("column {column} holds words that are none"))),
    };
    all.into_iter().map(read).collect::<Result<_, _>>().map(Words)
}

/// Reads a stored word.
pub(crate) fn word<T>(text: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
    read(text).ok_or_else(|| Fault::bug(format!("a column holds the unknown word {text:?}")))
}

/// Reads the `claims` of a grant.
pub(crate) fn claims(text: &str) -> Result<ClaimsRequest, Fault> {
    ClaimsRequest::stored(text).ok_or_else(|| Fault::bug("the claims of a grant are none"))
}

/// Reads what a token is bound to: the thumbprint of a key (RFC 9449 §6), that of a certificate (RFC 8705 §3), or nothing.
pub(crate) fn cnf(key: Option<String>, certificate: Option<String>) -> Result<Option<Confirmation>, Fault> {
    match (jkt(key)?, certificate) {
        (Some(_), Some(_)) => Err(Fault::bug("a token is bound twice")),
        (jkt, None) => Ok(jkt.map(Confirmation::Jkt)),
        (None, Some(text)) => match X5t::read(&text) {
            Some(x5t) => Ok(Some(Confirmation::X5t(x5t))),
            None => Err(Fault::bug("a stored thumbprint of a certificate is not one")),
        },
    }
}

/// Reads the thumbprint of a key (RFC 9449 §6), if there is one.
pub(crate) fn jkt(stored: Option<String>) -> Result<Option<Jkt>, Fault> {
    let read = |text: String| Jkt::read(&text).ok_or_else(|| Fault::bug("a stored thumbprint is not one"));
    stored.map(read).transpose()
}
