//! Texts in several languages, by Fluent.
//!
//! Invariant: every key stands in every language (a test compares them); a missing one shows its key, never a panic.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language we speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Language {
    /// English.
    En,
    /// Deutsch.
    De,
    /// Français.
    Fr,
    /// Español.
    Es,
}

impl Language {
    /// All of them; discovery's `ui_locales_supported`.
    pub(super) const ALL: &[Self] = &[Self::En, Self::De, Self::Fr, Self::Es];

    /// BCP 47.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Es => "es",
        }
    }

    /// The catalogue's source.
    pub(super) const fn source(self) -> &'static str {
        match self {
            Self::En => concat!(include_str!("../../locales/en.ftl"), include_str!("../../locales/console/en.ftl")),
            Self::De => concat!(include_str!("../../locales/de.ftl"), include_str!("../../locales/console/de.ftl")),
            Self::Fr => concat!(include_str!("../../locales/fr.ftl"), include_str!("../../locales/console/fr.ftl")),
            Self::Es => concat!(include_str!("../../locales/es.ftl"), include_str!("../../locales/console/es.ftl")),
        }
    }
}

type Bundles = HashMap<Language, FluentBundle<FluentResource>>;

fn bundles() -> &'static Bundles {
    static BUNDLES: OnceLock<Bundles> = OnceLock::new();
    BUNDLES.get_or_init(|| Language::ALL.iter().map(|language| (*language, bundle(*language))).collect())
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The marks that isolate directions would show up in attributes; none of our languages needs them.
    bundle.set_use_isolating(false);
    // A broken line loses itself alone; the test of the catalogues finds it.
    let (Ok(resource) | Err((resource, _))) = FluentResource::try_new(language.source().to_owned());
    if bundle.add_resource(resource).is_err() {
        tracing::error!(language = language.tag(), "a text stands twice in a catalogue");
    }
    bundle
}

/// What stands in a text's placeable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    /// Words.
    Words(&'a str),
    /// A number, which may choose a plural.
    Number(i64),
}

pub(super) fn maybe(language: Language, key: &str) -> Option<String> {
    format(language, key, &[])
}

pub(super) fn text(language: Language, key: &str, with: &[(&str, Value<'_>)]) -> String {
    format(language, key, with).unwrap_or_else(|| key.to_owned())
}

fn format(language: Language, key: &str, with: &[(&str, Value<'_>)]) -> Option<String> {
    let bundle = bundles().get(&language)?;
    let pattern = bundle.get_message(key)?.value()?;
    let mut args = FluentArgs::new();
    for (name, value) in with {
        let value = match value {
            Value::Words(words) => FluentValue::String(Cow::Owned(plain(words))),
            Value::Number(number) => FluentValue::from(*number),
        };
        args.set((*name).to_owned(), value);
    }
    Some(bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
}

/// The longest name or address a page prints.
const LONGEST: usize = 160;

/// Foreign words as a page may print them: no control character, nothing that turns the direction of what stands around
/// it, and not without end.
pub(super) fn plain(words: &str) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let mut kept = words.chars().filter(|c| !c.is_control() && !turns(*c));
    let mut short: String = kept.by_ref().take(LONGEST).collect();
    if kept.next().is_some() {
        short.push('…');
    }
    short
}

/// The first language we speak: of the request's `ui_locales`, then of the browser's by weight (RFC 9110 §12.5.4), then
/// the fallback.
pub(super) fn negotiate(ui_locales: &[String], accept: Option<&str>, fallback: &str) -> Language {
    let speak = |tag: &str| {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Language::ALL.iter().copied().find(|language| language.tag() == primary)
    };
    if let Some(language) = ui_locales.iter().find_map(|tag| speak(tag)) {
        return language;
    }
    let mut weighed: Vec<(&str, f32)> = accept.unwrap_or_default().split(',').take(20).map(weigh).collect();
    // Weight 0 means: not this one.
    weighed.retain(|(_, weight)| *weight > 0.0);
    weighed.sort_by(|a, b| b.1.total_cmp(&a.1));
    weighed.iter().find_map(|(tag, _)| speak(tag)).or_else(|| speak(fallback)).unwrap_or(Language::En)
}

/// One part of `Accept-Language`: its range and weight; a weight that cannot be read counts for nothing.
fn weigh(part: &str) -> (&str, f32) {
    let mut pieces = part.split(';').map(str::trim);
    let range = pieces.next().unwrap_or_default();
    let weight = pieces.find_map(|piece| piece.strip_prefix("q=").or_else(|| piece.strip_prefix("Q=")));
    let weight = weight.map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
    (range, if (0.0..=1.0).contains(&weight) { weight } else { 0.0 })
}

/// Whether a language is spoken here.
pub fn speaks(tag: &str) -> bool {
    Language::ALL.iter().any(|language| language.tag() == tag)
}

/// The languages we speak, for discovery.
pub fn ui_locales() -> Vec<String> {
    Language::ALL.iter().map(|language| language.tag().to_owned()).collect()
}
