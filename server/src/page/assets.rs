//! Style sheets and icon, named by their content so that browsers may keep them for ever.
//!
//! Invariant: styles are never inline, so what the operator chose is a second sheet; only variables that the first one has
//! can be set, and no value can end its declaration.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

/// A file a page links to.
#[derive(Clone, Debug)]
pub struct Asset {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: Bytes,
}

pub(super) const CSS: &str = include_str!("../../assets/ostiary.css");
const ICON: &str = include_str!("../../assets/icon.svg");
const CSS_TYPE: &str = "text/css; charset=utf-8";

fn name(content: &str, extension: &str) -> String {
    let digest = jose::base64url(jose::sha256(content.as_bytes()));
    format!("{}.{extension}", &digest[..12])
}

pub(super) fn css_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| name(CSS, "css"))
}

/// The operator's variables as a style sheet. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeSheet {
    name: Arc<str>,
    text: Arc<str>,
}

impl ThemeSheet {
    /// Writes the sheet. A variable holds in light and in dark; one that begins with `dark-` in dark alone. `None`: there is
    /// nothing to write. An error names the variable.
    pub fn write(variables: &BTreeMap<String, String>) -> Result<Option<Self>, String> {
        let (mut both, mut dark) = (String::new(), String::new());
        for (variable, value) in variables {
            let (bare, block) = match variable.strip_prefix("dark-") {
                Some(bare) => (bare, &mut dark),
                None => (variable.as_str(), &mut both),
            };
            if bare.is_empty() || !CSS.contains(&format!(" --{bare}:")) {
                return Err(format!("{variable}: there is no such variable; docs/theming.md lists them"));
            }
            if !is_value(value) {
                return Err(format!("{variable}: \"{value}\" is not the value of a CSS variable"));
            }
            let _ = write!(block, " --{bare}: {value};");
        }
        if both.is_empty() && dark.is_empty() {
            return Ok(None);
        }
        let mut text = format!(":root {{{both} }}\n");
        if !dark.is_empty() {
            let _ = writeln!(text, "@media (prefers-color-scheme: dark) {{ :root {{{dark} }} }}");
        }
        Ok(Some(Self { name: name(&text, "css").into(), text: text.into() }))
    }

    /// The name it is served under.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Colours, sizes, lists of fonts: nothing that ends its declaration, opens what is not closed, or fetches.
fn is_value(value: &str) -> bool {
    let plain = |c: char| !c.is_control() && !";{}<>\\@".contains(c);
    let mut depth = 0_i32;
    let nested = value.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth >= 0
    });
    let paired = |mark: char| value.matches(mark).count().is_multiple_of(2);
    let lower = value.to_ascii_lowercase();
    let fetches = ["url(", "image(", "image-set(", "src(", "element("].iter().any(|function| lower.contains(function));
    !value.trim().is_empty()
        && value.len() <= 200
        && value.chars().all(plain)
        && !value.contains("/*")
        && (nested && depth == 0)
        && paired('"')
        && paired('\'')
        && !fetches
}

/// A file by its name.
pub fn asset(wanted: &str, theme: Option<&ThemeSheet>) -> Option<Asset> {
    if wanted == css_name() {
        return Some(Asset { content_type: CSS_TYPE, bytes: Bytes::from_static(CSS.as_bytes()) });
    }
    if let Some(sheet) = theme.filter(|sheet| wanted == sheet.name()) {
        return Some(Asset { content_type: CSS_TYPE, bytes: Bytes::copy_from_slice(sheet.text.as_bytes()) });
    }
    (wanted == "icon.svg").then(|| Asset { content_type: "image/svg+xml", bytes: Bytes::from_static(ICON.as_bytes()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(pairs: &[(&str, &str)]) -> Result<Option<ThemeSheet>, String> {
        ThemeSheet::write(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_theme_is_a_sheet_of_its_own_and_is_served() {
        let sheet = write(&[("accent", "#1f5f7a"), ("dark-accent", "#8fd0ee"), ("radius", "6px")]).unwrap().unwrap();
        assert_eq!(
            &*sheet.text,
            ":root { --accent: #1f5f7a; --radius: 6px; }\n\
             @media (prefers-color-scheme: dark) { :root { --accent: #8fd0ee; } }\n"
        );
        let served = asset(sheet.name(), Some(&sheet)).unwrap();
        assert_eq!((served.content_type, &*served.bytes), (CSS_TYPE, sheet.text.as_bytes()));
        assert!(asset(sheet.name(), None).is_none());
        assert_eq!(write(&[]), Ok(None));
        let other = write(&[("accent", "#000")]).unwrap().unwrap();
        assert_ne!(other.name(), sheet.name(), "browsers keep a name for ever");
    }

    #[test]
    fn what_is_no_variable_is_refused() {
        for (variable, value) in [
            ("colour", "#000"),
            ("dark-", "#000"),
            ("--accent", "#000"),
            ("accent", ""),
            ("accent", "red; } body { display: none"),
            ("accent", "red /* "),
            ("accent", "</style>"),
            ("accent", "URL(//elsewhere.example/x)"),
            ("accent", "image-set('x' 1x)"),
            ("accent", "rgb(0 0 0"),
            ("accent", "red) ("),
            ("font", "'unclosed"),
            ("accent", "@import x"),
            ("accent", "red\\3b"),
        ] {
            assert!(write(&[(variable, value)]).is_err(), "{variable}: {value}");
        }
    }
}
