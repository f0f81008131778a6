//! What every page has around it: language, theme, the banner of the test mode.

use openid::display::Display;
use openid::time::Time;
use openid::wire::form::Form;

use super::texts::{self, Language, Value};
use crate::config::{Config, Theme};

/// What an authorization request says of the looks of its pages (Core §3.1.2.1).
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// `ui_locales`.
    pub ui_locales: Vec<String>,
    /// `display`.
    pub display: Display,
}

impl Looks {
    /// From its parameters.
    pub fn of(form: &Form) -> Self {
        let locales = form.get("ui_locales").unwrap_or_default().split(' ').filter(|tag| !tag.is_empty());
        Self { ui_locales: locales.map(str::to_owned).collect(), display: Display::read(form.get("display")) }
    }
}

/// The frame of a page for one person.
#[derive(Clone, Debug)]
pub struct Frame {
    language: Language,
    display: Display,
    now: Time,
    /// The theme.
    pub theme: Theme,
    /// Whether the banner is shown.
    pub test_mode: bool,
    /// The issuer's path: what links begin with.
    pub base: String,
}

impl Frame {
    /// For a request: `ui_locales` first, then what the browser says, then the operator's choice.
    pub fn of(config: &Config, looks: &Looks, accept_language: Option<&str>, now: Time) -> Self {
        Self {
            language: texts::negotiate(&looks.ui_locales, accept_language, &config.theme.language),
            display: looks.display,
            now,
            theme: config.theme.clone(),
            test_mode: config.test_mode.is_on(),
            base: config.issuer.path().to_owned(),
        }
    }

    /// `lang` of the page.
    pub fn lang(&self) -> &'static str {
        self.language.tag()
    }

    /// The class of the body, where the layout is not that of a page.
    pub fn layout(&self) -> Option<&'static str> {
        Some(self.display.as_str()).filter(|_| self.display != Display::Page)
    }

    /// Whether there is nothing but words: no style sheet, no picture.
    pub fn is_bare(&self) -> bool {
        self.display == Display::Wap
    }

    /// The languages in which names are looked for: what was asked for, then the page's own.
    pub fn locales(&self, asked: &[String]) -> Vec<String> {
        asked.iter().cloned().chain([self.lang().to_owned()]).collect()
    }

    /// A text.
    pub fn t(&self, key: &str) -> String {
        texts::text(self.language, key, &[])
    }

    /// A text with foreign words in it.
    pub fn t1(&self, key: &str, name: &str, words: &str) -> String {
        texts::text(self.language, key, &[(name, Value::Words(words))])
    }

    /// A text with foreign words in two places.
    pub fn t2(&self, key: &str, one: (&str, &str), other: (&str, &str)) -> String {
        texts::text(self.language, key, &[(one.0, Value::Words(one.1)), (other.0, Value::Words(other.1))])
    }

    /// A text with foreign words in several places.
    pub fn with(&self, key: &str, words: &[(&str, &str)]) -> String {
        let values: Vec<(&str, Value<'_>)> = words.iter().map(|(name, words)| (*name, Value::Words(words))).collect();
        texts::text(self.language, key, &values)
    }

    /// A text with a number in it.
    pub fn tn(&self, key: &str, name: &str, number: i64) -> String {
        texts::text(self.language, key, &[(name, Value::Number(number))])
    }

    /// A text that need not exist.
    pub fn maybe(&self, key: &str) -> Option<String> {
        texts::maybe(self.language, key)
    }

    /// Foreign words, fit to be printed.
    pub fn plain(&self, words: &str) -> String {
        texts::plain(words)
    }

    /// The letter that stands for a person in a list.
    pub fn initial(&self, name: &str) -> String {
        let plain = self.plain(name);
        plain.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().collect()).unwrap_or_default()
    }

    /// How long ago, in the person's words; a date when it is more than a day. Whose clock it is does not matter so.
    pub fn ago(&self, at: &Time) -> String {
        let minutes = self.now.since(*at).seconds() / 60;
        match minutes {
            ..1 => self.t("ago-now"),
            1..60 => self.tn("ago-minutes", "count", minutes),
            60..1440 => self.tn("ago-hours", "count", minutes / 60),
            _ => self.date(at),
        }
    }

    /// A date in the person's words, by UTC.
    pub fn date(&self, at: &Time) -> String {
        let Ok(at) = jiff::Timestamp::from_millisecond(at.millis()) else {
            return String::new();
        };
        let day = jiff::tz::Offset::UTC.to_datetime(at).date();
        let month = self.tn("date-month", "month", i64::from(day.month()));
        let with = [
            ("day", Value::Number(i64::from(day.day()))),
            ("month", Value::Words(&month)),
            ("year", Value::Words(&day.year().to_string())),
        ];
        texts::text(self.language, "date-day", &with)
    }

    /// A moment for those who compare it with a log: to the second, by UTC, the same in every language.
    pub fn moment(&self, at: &Time) -> String {
        jiff::Timestamp::from_millisecond(at.millis())
            .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// A number in groups of three, the same in every language (ISO 80000-1).
    pub fn count(&self, number: &u64) -> String {
        let digits = number.to_string();
        let mut text = String::with_capacity(digits.len() * 2);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                text.push('\u{202f}');
            }
            text.push(digit);
        }
        text
    }

    /// A moment for machines and for quoting.
    pub fn exact(&self, at: &Time) -> String {
        jiff::Timestamp::from_millisecond(at.millis())
            .map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    /// The frame of a page that shows what was so at another moment.
    #[must_use]
    pub fn as_of(&self, at: Time) -> Self {
        Self { now: at, ..self.clone() }
    }

    /// The moment of this page, for quoting.
    pub fn stamp(&self) -> String {
        self.exact(&self.now)
    }

    /// The moment of this page, for people.
    pub fn stamped(&self) -> String {
        format!("{} UTC", self.moment(&self.now))
    }

    /// The style sheet's address, named by its content.
    pub fn css(&self) -> String {
        format!("{}/assets/{}", self.base, super::assets::css_name())
    }

    /// The icon's address.
    pub fn icon(&self) -> String {
        format!("{}/assets/icon.svg", self.base)
    }

    /// The operator's CSS variables, if there are any: a second sheet, since styles are never inline.
    pub fn theme_css(&self) -> Option<String> {
        self.theme.sheet.as_ref().map(|sheet| format!("{}/assets/{}", self.base, sheet.name()))
    }
}

#[cfg(test)]
impl Frame {
    /// A held frame, for samples and tests.
    pub(super) fn held(language: &str) -> Self {
        Self {
            language: texts::negotiate(&[language.to_owned()], None, "en"),
            display: Display::Page,
            now: Time::from_seconds(1_764_028_800),
            theme: crate::config::defaults("theme"),
            test_mode: false,
            base: String::new(),
        }
    }

    /// The same in another layout.
    pub(super) fn displayed(&self, display: Display) -> Self {
        Self { display, ..self.clone() }
    }
}
