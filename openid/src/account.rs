//! What rules may know about a person: the standard claims of OpenID Connect Core §5.1, as the operator or the person
//! gave them.
//!
//! Invariant: claims are checked when they are written, so what is here can be sent (no empty strings, `updated_at` a
//! number, `address` an object).

use serde_json::{Map, Value};

use crate::name::AccountId;
use crate::time::Time;

/// A person's account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Our own name for it.
    pub id: AccountId,
    /// What the person types to sign in; unique without regard to case.
    pub username: String,
    /// The public subject identifier (Core §8).
    pub sub: String,
    /// Standard and custom claims, without `sub`.
    pub claims: Map<String, Value>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed: `updated_at`.
    pub updated_at: Time,
    /// When an operator disabled it.
    pub disabled_at: Option<Time>,
}

/// What an operator may do in the console. Most people are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operator {
    /// See everything, change nothing.
    Look,
    /// End sessions, send notices again, give them up.
    Act,
}

impl Operator {
    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Act => "act",
        }
    }

    /// Reads the word.
    pub fn read(text: &str) -> Option<Self> {
        [Self::Look, Self::Act].into_iter().find(|role| role.as_str() == text)
    }
}

/// Whether a text can be a `sub`: at most 255 ASCII characters (Core §2), without spaces, which nobody copies twice the
/// same.
pub fn is_sub(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|b| matches!(b, 0x21..=0x7e))
}
