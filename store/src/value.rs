//! What goes into a statement: numbers, text, bytes, or nothing. The bridge to the two drivers, on the way in.
//!
//! Invariant: times are milliseconds in a number, secrets are hashes in bytes, JSON is text and never searched inside.

use openid::time::{Span, Time};

/// A value bound to a statement, borrowed for as long as the statement takes.
#[derive(Clone, Copy)]
pub(crate) enum Value<'a> {
    /// A big integer.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Nothing, whatever the column's type.
    Absent,
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<Time> for Value<'_> {
    fn from(time: Time) -> Self {
        Self::Int(time.millis())
    }
}

impl From<Span> for Value<'_> {
    fn from(span: Span) -> Self {
        Self::Int(span.millis())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(maybe: Option<T>) -> Self {
        maybe.map_or(Self::Absent, Into::into)
    }
}

/// Writes the values of a statement in the order of their numbers: `values![now, &hash, client]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::value::Value::from($value)),*][..]
    };
}
pub(crate) use values;
