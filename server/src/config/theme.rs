//! What an operator may say about how the pages look: a name, a logo, a line at the foot, a language.
//!
//! Invariant: a logo brings one https origin into the pages' policy, or none; the variables are judged where their sheet is
//! written ([`crate::page::ThemeSheet`]).

use url::Url;

use super::Theme;

impl Theme {
    /// Checks it: the key that is wrong, and why.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let line =
            |text: &str| !text.trim().is_empty() && text.chars().count() <= 200 && !text.chars().any(char::is_control);
        if !line(&self.name) {
            return Err(("theme.name", "must be one line of 1 to 200 characters".into()));
        }
        if self.footer.as_deref().is_some_and(|footer| !line(footer)) {
            return Err(("theme.footer", "must be one line of 1 to 200 characters".into()));
        }
        if let Some(logo) = &self.logo_uri
            && !logo_is_safe(logo)
        {
            return Err(("theme.logo_uri", format!("\"{logo}\" must be an https URL, or a path such as /logo.svg")));
        }
        if !crate::page::speaks(&self.language) {
            let spoken = crate::page::ui_locales().join(", ");
            return Err(("theme.language", format!("\"{}\" is not spoken here; these are: {spoken}", self.language)));
        }
        Ok(())
    }
}

fn logo_is_safe(logo: &str) -> bool {
    let path = logo.starts_with('/') && !logo.starts_with("//") && !logo.contains(['\\', ' ']) && logo.is_ascii();
    let https = Url::parse(logo).is_ok_and(|url| url.scheme() == "https" && url.username().is_empty());
    (path || https) && logo.len() <= 2000 && !logo.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::Theme;
    use crate::config::defaults;

    #[test]
    fn logos_names_and_languages_are_checked() {
        let logo = |uri: &str| Theme { logo_uri: Some(uri.into()), ..defaults("theme") };
        for good in ["https://cdn.example/logo.svg", "/logo.svg"] {
            assert_eq!(logo(good).check(), Ok(()), "{good}");
        }
        for bad in
            ["http://cdn.example/l.png", "//cdn.example/l.png", "javascript:alert(1)", "data:image/png,x", "/a b", ""]
        {
            assert!(logo(bad).check().is_err(), "{bad}");
        }
        for name in ["", "two\nlines", &"x".repeat(201)] {
            assert!(Theme { name: name.into(), ..defaults("theme") }.check().is_err());
            assert!(Theme { footer: Some(name.into()), ..defaults("theme") }.check().is_err());
        }
        let (key, what) = Theme { language: "tlh".into(), ..defaults("theme") }.check().unwrap_err();
        assert_eq!(key, "theme.language");
        assert!(what.contains("en, de, fr, es"), "{what}");
    }
}
