//! Scope: RFC 6749 §3.3.
//!
//! Invariant: values are distinct and kept in the order in which they came.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::wire::refusal::{ErrorCode, Refusal, refuse};

/// A list of distinct scope values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scope(Vec<String>);

impl Scope {
    /// Reads a space-separated list: `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )`.
    pub fn read(text: &str) -> Result<Self, Refusal> {
        let legal = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
        match text.split(' ').all(|value| value.chars().all(legal)) {
            true => Ok(Self::from(text.to_owned())),
            false => Err(refuse(ErrorCode::InvalidScope, "scope_illegal", "scope holds an illegal character")),
        }
    }

    /// Whether a value is in it.
    pub fn contains(&self, value: &str) -> bool {
        self.0.iter().any(|v| v == value)
    }

    /// Whether every value of this is in `other`.
    pub fn within(&self, other: &Self) -> bool {
        self.0.iter().all(|value| other.contains(value))
    }

    /// The values that `keep` keeps.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|value| keep(value)).cloned().collect())
    }

    /// The values of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.0.extend(other.0.iter().filter(|value| !self.contains(value)).cloned());
        all
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Scope {
    fn from(text: String) -> Self {
        let mut values: Vec<String> = Vec::new();
        for value in text.split(' ').filter(|value| !value.is_empty()) {
            if !values.iter().any(|v| v == value) {
                values.push(value.to_owned());
            }
        }
        Self(values)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}
