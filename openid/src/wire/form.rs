//! Parameters as they arrive: ordered, capped, decoded once (RFC 6749 §3.1, §3.2 and Appendix B).
//!
//! Invariant: a parameter without a value is as if omitted, and a repeated one is seen (§3.1: neither request nor
//! response parameters may be included more than once).

use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// Decoded `application/x-www-form-urlencoded` parameters, from a query or a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    pairs: Vec<(String, String)>,
}

/// More parameters than any honest request has.
const MOST_PARAMETERS: usize = 100;

/// Parameters that may stand more than once (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: &[&str] = &["resource", "audience"];

impl Form {
    /// Reads an urlencoded query or body. Size is capped by whoever took the bytes; the number of parameters here.
    pub fn read(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut pairs = Vec::new();
        for (name, value) in url::form_urlencoded::parse(bytes) {
            if pairs.len() == MOST_PARAMETERS {
                return Err(refuse(ErrorCode::InvalidRequest, "form_too_many", "too many parameters"));
            }
            // No honest parameter holds it, and PostgreSQL's text cannot.
            if name.contains('\0') || value.contains('\0') {
                return Err(refuse(ErrorCode::InvalidRequest, "form_nul", "a parameter holds a NUL character"));
            }
            // What stands where the bytes were not UTF-8 (RFC 6749 Appendix B). Echoed, it would not be what was sent.
            if name.contains(char::REPLACEMENT_CHARACTER) || value.contains(char::REPLACEMENT_CHARACTER) {
                return Err(refuse(ErrorCode::InvalidRequest, "form_not_utf8", "a parameter is not UTF-8"));
            }
            if !value.is_empty() {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        Ok(Self { pairs })
    }

    /// From pairs, for tests and for requests we write ourselves.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let pairs = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { pairs }
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may be repeated.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The value of a parameter without which there is no request.
    pub fn need(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| {
            refuse(ErrorCode::InvalidRequest, "parameter_missing", format!("the parameter {name} is missing"))
        })
    }

    /// Whether this parameter stands more than once although it may not.
    pub fn repeats(&self, name: &str) -> bool {
        !REPEATABLE.contains(&name) && self.pairs.iter().filter(|(n, _)| n == name).count() > 1
    }

    /// Refuses if any parameter stands more than once (RFC 6749 §3.1).
    pub fn once(&self) -> Result<(), Refusal> {
        match self.pairs.iter().find(|(name, _)| self.repeats(name)) {
            None => Ok(()),
            Some(_) => Err(refuse(ErrorCode::InvalidRequest, "parameter_repeated", "a parameter is repeated")),
        }
    }

    /// All parameters in the order in which they came.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Encodes the parameters again.
    pub fn encode(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.pairs).finish()
    }
}
