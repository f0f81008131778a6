//! What every page has around it: language, theme, the banner of the test mode.

use super::texts::{self, Language};
use crate::config::{Config, Theme};

/// The frame of a page for one person.
#[derive(Clone, Debug)]
pub struct Frame {
    language: Language,
    /// The theme.
    pub theme: Theme,
    /// Whether the banner is shown.
    pub test_mode: bool,
    /// The issuer's path: what links begin with.
    pub base: String,
}

impl Frame {
    /// For a request: `ui_locales` first, then what the browser says, then the operator's choice.
    pub fn of(config: &Config, ui_locales: &[String], accept_language: Option<&str>) -> Self {
        Self {
            language: texts::negotiate(ui_locales, accept_language, &config.theme.language),
            theme: config.theme.clone(),
            test_mode: config.test_mode.is_on(),
            base: config.issuer.path().to_owned(),
        }
    }

    /// For tests and samples.
    pub fn sample(language: &str) -> Self {
        Self {
            language: texts::negotiate(&[language.to_owned()], None, "en"),
            theme: Theme::default(),
            test_mode: false,
            base: String::new(),
        }
    }

    /// `lang` of the page.
    pub fn lang(&self) -> &'static str {
        self.language.tag()
    }

    /// A text.
    pub fn t(&self, key: &str) -> String {
        texts::text(self.language, key, &[])
    }

    /// A text with a variable in it.
    pub fn t1(&self, key: &str, name: &str, value: &str) -> String {
        texts::text(self.language, key, &[(name, value)])
    }

    /// A text that need not exist.
    pub fn maybe(&self, key: &str) -> Option<String> {
        texts::maybe(self.language, key)
    }

    /// The style sheet's address, named by its content.
    pub fn css(&self) -> String {
        format!("{}/assets/{}", self.base, super::assets::css_name())
    }

    /// The operator's CSS variables, if there are any: a second sheet, since styles are never inline.
    pub fn theme_css(&self) -> Option<String> {
        self.theme.sheet.as_ref().map(|sheet| format!("{}/assets/{}", self.base, sheet.name()))
    }
}
