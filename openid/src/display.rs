//! `display`, OpenID Connect Core §3.1.2.1: how the pages of a request are laid out.
//!
//! Invariant: it never fails a request; what is not understood is a page.

/// How the pages are to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Display {
    /// A whole page.
    #[default]
    Page,
    /// A small window.
    Popup,
    /// Fingers.
    Touch,
    /// A feature phone: nothing but the words.
    Wap,
}

impl Display {
    /// Every value: `display_values_supported`.
    pub const ALL: &[Self] = &[Self::Page, Self::Popup, Self::Touch, Self::Wap];

    /// The value on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Popup => "popup",
            Self::Touch => "touch",
            Self::Wap => "wap",
        }
    }

    /// Reads a request's value.
    pub fn read(text: Option<&str>) -> Self {
        Self::ALL.iter().copied().find(|display| Some(display.as_str()) == text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Display;

    #[test]
    fn what_is_not_understood_is_a_page() {
        for display in Display::ALL {
            assert_eq!(Display::read(Some(display.as_str())), *display);
        }
        for odd in [None, Some(""), Some("POPUP"), Some("popup touch"), Some("hologram")] {
            assert_eq!(Display::read(odd), Display::Page, "{odd:?}");
        }
    }
}
