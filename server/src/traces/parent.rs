//! A place in a trace, as it is written: W3C Trace Context §3.2.

use std::fmt;

use crate::dice::Dice;

/// Which trace, and which span of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    trace: u128,
    span: u64,
}

impl Parent {
    /// A new trace.
    pub(super) fn draw(dice: &Dice) -> Self {
        let (high, low) = (some(dice), some(dice));
        Self { trace: u128::from(high) << 64 | u128::from(low), span: some(dice) }
    }

    /// Another span of the same trace.
    pub(super) fn child(self, dice: &Dice) -> Self {
        Self { span: some(dice), ..self }
    }

    /// Reads a `traceparent`, §3.2.2: of a version we do not know, what it has in common with the first (§4.3).
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let hex = |text: &str, length| {
            text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let known = hex(version, 2) && version != "ff" && (version != "00" || parts.next().is_none());
        if !(known && hex(trace, 32) && hex(span, 16) && hex(flags, 2)) {
            return None;
        }
        let (trace, span) = (u128::from_str_radix(trace, 16).ok()?, u64::from_str_radix(span, 16).ok()?);
        // Nothing but noughts is no name.
        (trace != 0 && span != 0).then_some(Self { trace, span })
    }

    /// The trace's name.
    pub(super) fn trace(self) -> String {
        format!("{:032x}", self.trace)
    }

    /// The span's name.
    pub(super) fn span(self) -> String {
        format!("{:016x}", self.span)
    }
}

/// Written as sampled: nothing else is written.
impl fmt::Display for Parent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-01", self.trace, self.span)
    }
}

/// A number that is not nought.
fn some(dice: &Dice) -> u64 {
    dice.number().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let parent = Parent::draw(&Dice::Os);
        assert_eq!(Parent::read(&parent.to_string()), Some(parent));
        let child = parent.child(&Dice::Os);
        assert!(child.trace == parent.trace && child.span != parent.span);
    }

    /// W3C Trace Context §3.2.2, §4.3.
    #[test]
    fn what_is_no_traceparent_is_none() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(Parent::read(good).is_some());
        assert!(
            Parent::read("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-brings").is_some()
        );
        for bad in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(Parent::read(bad), None, "{bad}");
        }
    }
}
