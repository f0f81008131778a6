//! Languages of claims: OpenID Connect Core §5.2, BCP 47 (RFC 5646, RFC 4647).
//!
//! Invariant: tags are compared without regard to case (RFC 5646 §2.1.1), and nothing here fails: a language nobody has is
//! no error.

use serde_json::{Map, Value};

/// The longest tag that is read, in bytes.
const LONGEST: usize = 64;

/// Whether `text` has the form of a language tag: a language of 2 to 8 letters, then subtags of 1 to 8 letters and digits
/// (RFC 5646 §2.1).
pub fn is_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language =
        subtags.next().is_some_and(|tag| (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphabetic()));
    let legal = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= LONGEST && language && subtags.all(legal)
}

/// The case in which tags are registered: `ja-Kana-JP` (RFC 5646 §2.1.1, Core §5.2).
pub fn canonical(tag: &str) -> String {
    let mut spelt: Vec<String> = Vec::new();
    // Behind a singleton everything is small.
    let mut plain = false;
    for subtag in tag.split('-') {
        spelt.push(match subtag.len() {
            2 if !plain && !spelt.is_empty() => subtag.to_ascii_uppercase(),
            4 if !plain && !spelt.is_empty() && subtag.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                let (first, rest) = subtag.split_at(1);
                first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
            }
            _ => subtag.to_ascii_lowercase(),
        });
        plain = plain || subtag.len() == 1;
    }
    spelt.join("-")
}

/// A claim's name and its language: `family_name#ja-Kana-JP`. What stands behind a `#` and is no tag belongs to the name,
/// as in the name of a claim that is a URI.
pub fn split(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('#') {
        Some((base, tag)) if !base.is_empty() && !base.contains(':') && is_tag(tag) => (base, Some(tag)),
        _ => (name, None),
    }
}

/// How well a version serves who asked for a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is in that language: the same tag, or a closer one (Core §5.2: who asks for `de` is served by `de-CH`).
    Is,
    /// It is in a wider one: `fr` for `fr-CA` (RFC 4647 §3.4).
    Wider,
}

/// The version that serves a wanted language best: the same tag, then a closer one, then wider ones.
pub fn serve<'a>(wanted: &str, versions: &[&'a str]) -> Option<(&'a str, Fit)> {
    let same = |range: &str| versions.iter().copied().find(|tag| tag.eq_ignore_ascii_case(range));
    let closer = || {
        let within = |tag: &&&str| {
            tag.len() > wanted.len()
                && tag.is_char_boundary(wanted.len())
                && tag[..wanted.len()].eq_ignore_ascii_case(wanted)
                && tag[wanted.len()..].starts_with('-')
        };
        versions.iter().filter(within).min_by_key(|tag| tag.len()).copied()
    };
    if let Some(tag) = same(wanted).or_else(closer) {
        return Some((tag, Fit::Is));
    }
    let mut range = wanted;
    while let Some((wider, _)) = range.rsplit_once('-') {
        // RFC 4647 §3.4: a singleton goes with what stood behind it.
        range = match wider.rsplit_once('-') {
            Some((widest, singleton)) if singleton.len() == 1 => widest,
            _ => wider,
        };
        if let Some(tag) = same(range) {
            return Some((tag, Fit::Wider));
        }
    }
    None
}

/// Words in several languages: titles and descriptions, names and addresses (Registration §2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(pub Vec<(String, String)>);

impl Words {
    /// A member in every language it is given in (`title`, `title#de`), each read by `read`. Tags are compared without
    /// regard to case (RFC 5646 §2.1.1): of two alike nobody could say which is shown, and `twice` says so.
    ///
    /// # Errors
    /// What `read` and `twice` give.
    pub fn of_members<'a, E>(
        given: &'a Map<String, Value>,
        name: &str,
        read: impl Fn(&str, &'a Value) -> Result<&'a str, E>,
        twice: impl Fn() -> E,
    ) -> Result<Self, E> {
        let mut words = Self::default();
        for (member, value) in given.iter().filter(|(_, value)| !value.is_null()) {
            let (bare, tag) = member.split_once('#').unwrap_or((member, ""));
            if bare != name {
                continue;
            }
            if words.0.iter().any(|(other, _)| other.eq_ignore_ascii_case(tag)) {
                return Err(twice());
            }
            words.0.push((tag.to_owned(), read(member, value)?.to_owned()));
        }
        Ok(words)
    }

    /// All of them, whatever their language.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, words)| words.as_str())
    }

    /// Those in the first of these languages there are any in; then those without a language, then any.
    pub fn in_any(&self, locales: &[String]) -> Option<&str> {
        let tags: Vec<&str> = self.0.iter().map(|(tag, _)| tag.as_str()).filter(|tag| !tag.is_empty()).collect();
        let find = |wanted: &str| self.0.iter().find(|(tag, _)| tag == wanted).map(|(_, words)| words.as_str());
        let served = locales.iter().find_map(|locale| serve(locale, &tags)).and_then(|(tag, _)| find(tag));
        served.or_else(|| find("")).or_else(|| self.0.first().map(|(_, words)| words.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Fit, Words, canonical, is_tag, serve, split};

    #[test]
    fn tags_are_spelt_as_they_are_registered() {
        for (typed, spelt) in [
            ("JA-kana-jp", "ja-Kana-JP"),
            ("DE", "de"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("sl-rozaj-1994", "sl-rozaj-1994"),
            ("en-a-AAAA-bb", "en-a-aaaa-bb"),
            ("es-419", "es-419"),
            ("de-äé", "de-äé"),
        ] {
            assert_eq!(canonical(typed), spelt);
        }
        assert!(
            is_tag("se") && is_tag("ja-Kana-JP") && !is_tag("") && !is_tag("d") && !is_tag("de_CH") && !is_tag("de-")
        );
        assert!(!is_tag(&"de-abcdefgh".repeat(9)));
    }

    #[test]
    fn a_name_and_its_language() {
        assert_eq!(split("family_name#ja-Kana-JP"), ("family_name", Some("ja-Kana-JP")));
        assert_eq!(split("name"), ("name", None));
        assert_eq!(split("name#"), ("name#", None));
        assert_eq!(split("#de"), ("#de", None));
        for uri in ["https://example.org/claims#staff_groups", "https://example.org/claims#salary", "urn:example#de"] {
            assert_eq!(split(uri), (uri, None), "in a URI the # belongs to the name");
        }
    }

    #[test]
    fn the_version_that_serves_best() {
        let have = ["de-CH", "fr", "ja-Kana-JP", "ja-Hani-JP"];
        assert_eq!(serve("DE", &have), Some(("de-CH", Fit::Is)), "Core §5.2");
        assert_eq!(serve("fr-CA", &have), Some(("fr", Fit::Wider)));
        assert_eq!(serve("de-AT", &have), None, "another country's is not taken for it");
        assert_eq!(serve("ja-kana-jp", &have), Some(("ja-Kana-JP", Fit::Is)));
        assert_eq!(serve("ja-Latn-JP", &have), None, "nor another script");
        assert_eq!(serve("d", &have), None, "half a subtag is none");
        assert_eq!(serve("fr-a-bbb", &have), Some(("fr", Fit::Wider)));
        assert_eq!(serve("se", &[]), None);
    }

    #[test]
    fn words_fall_back() {
        let of = |all: &[(&str, &str)]| Words(all.iter().map(|(t, w)| ((*t).to_owned(), (*w).to_owned())).collect());
        let words = of(&[("", "Groups"), ("de", "Gruppen")]);
        assert_eq!(words.in_any(&["fr".to_owned(), "de-AT".to_owned()]), Some("Gruppen"));
        assert_eq!(words.in_any(&["fr".to_owned()]), Some("Groups"));
        assert_eq!(of(&[("de", "Gruppen")]).in_any(&[]), Some("Gruppen"));
        assert_eq!(Words::default().in_any(&[]), None);
    }
}
