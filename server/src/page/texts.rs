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
            Self::En => include_str!("../../locales/en.ftl"),
            Self::De => include_str!("../../locales/de.ftl"),
            Self::Fr => include_str!("../../locales/fr.ftl"),
            Self::Es => include_str!("../../locales/es.ftl"),
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

pub(super) fn maybe(language: Language, key: &str) -> Option<String> {
    format(language, key, &[])
}

pub(super) fn text(language: Language, key: &str, with: &[(&str, &str)]) -> String {
    format(language, key, with).unwrap_or_else(|| key.to_owned())
}

fn format(language: Language, key: &str, with: &[(&str, &str)]) -> Option<String> {
    let bundle = bundles().get(&language)?;
    let pattern = bundle.get_message(key)?.value()?;
    let mut args = FluentArgs::new();
    for (name, value) in with {
        args.set((*name).to_owned(), FluentValue::String(Cow::Owned((*value).to_owned())));
    }
    Some(bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
}

/// The first language we speak: of the request's `ui_locales`, then of the browser's by weight, then the fallback.
pub(super) fn negotiate(ui_locales: &[String], accept: Option<&str>, fallback: &str) -> Language {
    let speak = |tag: &str| {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        Language::ALL.iter().copied().find(|language| language.tag() == primary)
    };
    if let Some(language) = ui_locales.iter().find_map(|tag| speak(tag)) {
        return language;
    }
    let mut weighed: Vec<(&str, f32)> = accept
        .unwrap_or_default()
        .split(',')
        .take(20)
        .map(|part| {
            let mut pieces = part.trim().split(";q=");
            let tag = pieces.next().unwrap_or_default();
            (tag, pieces.next().and_then(|q| q.trim().parse().ok()).unwrap_or(1.0))
        })
        .collect();
    weighed.sort_by(|a, b| b.1.total_cmp(&a.1));
    weighed.iter().find_map(|(tag, _)| speak(tag)).or_else(|| speak(fallback)).unwrap_or(Language::En)
}

/// The languages we speak, for discovery.
pub fn ui_locales() -> Vec<String> {
    Language::ALL.iter().map(|language| language.tag().to_owned()).collect()
}
