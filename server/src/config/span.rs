//! Durations as people write them: `90s`, `15min`, `12h`, `30d`.

use openid::time::Span;
use serde::{Deserialize, Deserializer, de};

pub(super) fn read(text: &str) -> Option<Span> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let amount: i64 = text[..digits].parse().ok()?;
    match text[digits..].trim() {
        "ms" => Some(Span::from_millis(amount)),
        "s" => Some(Span::from_seconds(amount)),
        "min" | "m" => Some(Span::from_minutes(amount)),
        "h" => Some(Span::from_hours(amount)),
        "d" => Some(Span::from_days(amount)),
        _ => None,
    }
}

/// A duration.
pub(super) fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let text = String::deserialize(deserializer)?;
    read(&text).ok_or_else(|| {
        de::Error::custom(format!("\"{text}\" is not a duration; write it as \"90s\", \"15min\", \"12h\" or \"30d\""))
    })
}

/// A duration of some length.
pub(super) fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    match any(deserializer)? {
        Span::ZERO => Err(de::Error::custom("it must last longer than no time")),
        span => Ok(span),
    }
}
