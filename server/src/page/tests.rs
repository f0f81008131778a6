//! The golden pages, and what holds for every page in every state and language.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use axum::body::to_bytes;
use axum::http::header;
use login::letter::About;
use openid::display::Display;
use scraper::{ElementRef, Html, Selector};

use super::Frame;
use super::samples::{EVIL, SAMPLES, Sample};
use super::texts::{Language, negotiate, plain};
use crate::config::Theme;

mod catalogues;

/// The page and its policy.
async fn page(sample: &Sample, f: &Frame) -> (String, String) {
    let answer = (sample.render)(f);
    let policy = answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (String::from_utf8(body.to_vec()).unwrap(), policy)
}

fn all(document: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    document.select(&selector).map(|element| element.html()).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

/// Runs over every sample in every language.
async fn each(look: impl Fn(&str, &str, &Html, &str)) {
    for language in Language::ALL {
        for sample in SAMPLES {
            let (source, policy) = page(sample, &Frame::held(language.tag())).await;
            let name = format!("{} ({}, {})", sample.page, sample.state, language.tag());
            look(&name, &source, &Html::parse_document(&source), &policy);
        }
    }
}

#[tokio::test]
async fn golden() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for language in Language::ALL {
        for sample in SAMPLES {
            let (source, policy) = page(sample, &Frame::held(language.tag())).await;
            let file = files.entry(format!("{}.html", sample.page)).or_default();
            // The style sheet is named by its content; a page is the same page whatever the colours.
            let source = source.replace(super::assets::css_name(), "ostiary.css");
            let _ = write!(file, "<!-- ===== {} · {} ===== {policy} -->\n{source}\n", language.tag(), sample.state);
        }
    }
    for language in Language::ALL {
        for about in About::ALL {
            let f = Frame::held(language.tag());
            let letter = super::letter(&f, *about, "ada", "https://login.example.org/link?token=t0ken");
            let file = files.entry("letters.txt".to_owned()).or_default();
            let _ = write!(
                file,
                "===== {} · {} ===== {}\n{}\n",
                language.tag(),
                about.as_str(),
                letter.subject,
                letter.body
            );
        }
    }
    if std::env::var_os("OSTIARY_BLESS").is_some() {
        std::fs::create_dir_all(&dir).unwrap();
        for (name, text) in &files {
            std::fs::write(dir.join(name), text).unwrap();
        }
    }
    let there: BTreeSet<String> =
        std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there, files.keys().cloned().collect(), "one file a page, and no other");
    for (name, text) in &files {
        let golden = std::fs::read_to_string(dir.join(name)).unwrap();
        for (number, (now, then)) in text.lines().zip(golden.lines()).enumerate() {
            assert_eq!(now, then, "{name}:{}: OSTIARY_BLESS=1 writes it anew, review the diff", number + 1);
        }
        assert_eq!(text.len(), golden.len(), "{name}: OSTIARY_BLESS=1 writes it anew, review the diff");
    }
}

#[tokio::test]
async fn every_page_is_whole_and_said_in_one_language() {
    each(|name, source, document, _| {
        assert!(document.errors.is_empty(), "{name}: {:?}", document.errors);
        let language = name.rsplit(' ').next().unwrap().trim_end_matches(')');
        assert!(source.contains(&format!("<html lang=\"{language}\" dir=\"ltr\">")), "{name}");
        assert_eq!(all(document, "h1").len(), 1, "{name}");
        assert_eq!(all(document, "main").len(), 1, "{name}");
        for selector in ["title", "h1", "h2", "label", "button", "a"] {
            for element in document.select(&Selector::parse(selector).unwrap()) {
                let text = text(element);
                assert!(!text.is_empty() && text != "· Ostiary", "{name}: an empty {selector}");
            }
        }
        for (attribute, count) in counted(document, "id") {
            assert_eq!(count, 1, "{name}: id {attribute} stands {count} times");
        }
        assert!(all(document, "[style], style, [onclick], [onload]").is_empty(), "{name}: nothing is inline");
        let live = all(document, "#live").len();
        let scripts = usize::from(name.starts_with("form_post") || name.contains("and on")) + live;
        assert_eq!(all(document, "script").len(), scripts, "{name}");
    })
    .await;
}

fn counted(document: &Html, attribute: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for element in document.select(&Selector::parse(&format!("[{attribute}]")).unwrap()) {
        *counts.entry(element.value().attr(attribute).unwrap().to_owned()).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn every_field_has_a_label_and_every_reference_leads_somewhere() {
    each(|name, _, document, _| {
        for field in document.select(&Selector::parse("input:not([type=hidden])").unwrap()) {
            let id = field.value().attr("id").unwrap_or_else(|| panic!("{name}: a field without id"));
            assert_eq!(all(document, &format!("label[for={id}]")).len(), 1, "{name}: {id} has no label");
            assert!(field.value().attr("name").is_some(), "{name}: {id} has no name");
            if field.value().attr("type") != Some("checkbox") {
                assert!(field.value().attr("autocomplete").is_some(), "{name}: {id} does not say what goes in");
            }
            let invalid = field.value().attr("aria-invalid").is_some();
            let described = field.value().attr("aria-describedby").unwrap_or_default().contains("problem");
            assert_eq!(invalid, described, "{name}: {id} is tied to its error");
        }
        for attribute in ["aria-describedby", "aria-labelledby"] {
            for references in counted(document, attribute).keys() {
                for reference in references.split(' ') {
                    let found = all(document, &format!("[id=\"{reference}\"]")).len();
                    assert_eq!(found, 1, "{name}: {attribute} names {reference}");
                }
            }
        }
        for image in document.select(&Selector::parse("img").unwrap()) {
            assert!(image.value().attr("alt").is_some(), "{name}: an image without alt");
        }
        for form in document.select(&Selector::parse("form[method=get]").unwrap()) {
            assert!(
                form.value().attr("action").unwrap().starts_with("/console/"),
                "{name}: what is looked for is no act"
            );
            assert_eq!(form.value().attr("role"), Some("search"), "{name}");
        }
        for field in document.select(&Selector::parse("select").unwrap()) {
            let id = field.value().attr("id").unwrap();
            assert_eq!(all(document, &format!("label[for={id}]")).len(), 1, "{name}: {id} has no label");
        }
        for form in document.select(&Selector::parse("form:not(#form-post):not([method=get])").unwrap()) {
            assert_eq!(form.value().attr("method"), Some("post"), "{name}");
            let csrf = Selector::parse("input[type=hidden][name=csrf]").unwrap();
            assert_eq!(form.select(&csrf).count(), 1, "{name}: a form without csrf");
        }
        let alerts = all(document, "[role=alert]").len();
        assert!(alerts <= 1, "{name}: one alert at most");
    })
    .await;
}

#[tokio::test]
async fn a_policy_allows_what_its_page_needs_and_no_more() {
    each(|name, _, document, policy| {
        let directives: BTreeMap<&str, &str> =
            policy.split("; ").map(|directive| directive.split_once(' ').unwrap()).collect();
        assert_eq!(directives["default-src"], "'none'", "{name}");
        assert_eq!(directives["style-src"], "'self'", "{name}");
        assert_eq!(directives["base-uri"], "'none'", "{name}");
        let mut origins = BTreeSet::from(["'self'".to_owned()]);
        for image in document.select(&Selector::parse("img").unwrap()) {
            let uri = image.value().attr("src").unwrap();
            if !uri.starts_with("/assets/") {
                origins.insert(url::Url::parse(uri).unwrap().origin().ascii_serialization());
            }
        }
        let allowed: BTreeSet<String> = directives["img-src"].split(' ').map(str::to_owned).collect();
        assert_eq!(allowed, origins, "{name}: exactly the logos");
        if name.starts_with("form_post") {
            assert_eq!(directives["script-src"], "'nonce-n0nce'", "{name}");
            assert_eq!(all(document, "script[nonce=n0nce]").len(), 1, "{name}");
        } else {
            // What a script of ours is allowed by is its own digest.
            let digest = |script: ElementRef<'_>| super::check_session::source(&script.text().collect::<String>());
            let scripts: Vec<_> = document.select(&Selector::parse("script").unwrap()).map(digest).collect();
            assert_eq!(directives.get("script-src").copied(), scripts.first().map(String::as_str), "{name}");
            let fetches = all(document, "#live").first().map(|_| "'self'");
            assert_eq!(directives.get("connect-src").copied(), fetches, "{name}: what keeps itself up to date");
            assert_eq!(directives["frame-ancestors"], "'none'", "{name}");
        }
        let origin = |frame: ElementRef<'_>| {
            url::Url::parse(frame.value().attr("src").unwrap()).unwrap().origin().ascii_serialization()
        };
        let frames: BTreeSet<String> = document.select(&Selector::parse("iframe").unwrap()).map(origin).collect();
        let allowed: Option<BTreeSet<String>> =
            directives.get("frame-src").map(|all| all.split(' ').map(str::to_owned).collect());
        assert_eq!(allowed.unwrap_or_default(), frames, "{name}: exactly the origins of its frames");
        let forms = all(document, "form").len();
        match directives.get("form-action") {
            Some(&"'none'") => assert_eq!(forms, 0, "{name}"),
            // The pages of the console have one policy, whether there is something to be done on them or not.
            Some(&"'self'") => {
                assert!((forms > 0 && !name.starts_with("login")) || name.starts_with("console"), "{name}");
            }
            other => assert!(other.is_none() && forms > 0, "{name}: {other:?}"),
        }
    })
    .await;
}

#[tokio::test]
async fn hostile_names_stay_names() {
    each(|name, source, document, _| {
        if !name.contains("hostile") {
            return;
        }
        assert!(!source.contains("<script>"), "{name}: mark-up was let in");
        assert!(all(document, "[onload]").is_empty(), "{name}: an attribute was let in");
        assert!(!source.contains("src=\"javascript:") && !source.contains("src=\"data:"), "{name}");
        for link in document.select(&Selector::parse("a[href], form[action]").unwrap()) {
            let to = link.value().attr("href").or(link.value().attr("action")).unwrap();
            // `form_post` goes to a registered address; the template must not be what protects it.
            assert!(to == EVIL || to.starts_with(['/', '#']) || to.starts_with("https://"), "{name}: {to}");
        }
        let shown: String = document.select(&Selector::parse("main").unwrap()).flat_map(|main| main.text()).collect();
        assert!(!shown.contains(['\u{202e}', '\u{2066}']), "{name}: a name turns the page around");
        assert!(shown.len() < 6000, "{name}: a name has no end");
    })
    .await;
}

#[tokio::test]
async fn the_frame_shows_theme_and_test_mode() {
    let mut f = Frame::held("en");
    f.test_mode = true;
    f.base = "/tenant".into();
    f.theme = Theme {
        name: EVIL.into(),
        logo_uri: Some("https://cdn.example/logo.svg".into()),
        footer: Some(EVIL.into()),
        sheet: super::ThemeSheet::write(&[("accent".to_owned(), "#123456".to_owned())].into()).unwrap(),
        ..crate::config::defaults("theme")
    };
    for sample in SAMPLES {
        let (source, policy) = page(sample, &f).await;
        let document = Html::parse_document(&source);
        assert!(document.errors.is_empty(), "{}: {:?}", sample.page, document.errors);
        assert_eq!(all(&document, "#test-mode").len(), 1, "{}: the test mode is loud", sample.page);
        assert_eq!(all(&document, "link[rel=stylesheet]").len(), 2, "{}", sample.page);
        assert!(policy.contains("img-src 'self' https://cdn.example"), "{}: {policy}", sample.page);
        assert_eq!(source.contains("<script>"), sample.state.contains("and on"), "{}", sample.page);
        assert!(!source.contains("href=\"/assets") && !source.contains("action=\"/login"), "{}", sample.page);
    }
}

#[tokio::test]
async fn a_layout_is_a_class_and_a_feature_phone_gets_words_alone() {
    for sample in SAMPLES {
        let (plain, _) = page(sample, &Frame::held("en")).await;
        for display in [Display::Popup, Display::Touch] {
            let (source, _) = page(sample, &Frame::held("en").displayed(display)).await;
            assert_eq!(source, plain.replacen("<body>", &format!("<body class=\"{}\">", display.as_str()), 1));
        }
        let (source, _) = page(sample, &Frame::held("en").displayed(Display::Wap)).await;
        let document = Html::parse_document(&source);
        assert!(document.errors.is_empty(), "{}: {:?}", sample.page, document.errors);
        assert!(all(&document, "link, img").is_empty(), "{} ({})", sample.page, sample.state);
        assert_eq!(all(&document, "form").len(), all(&Html::parse_document(&plain), "form").len(), "{}", sample.page);
    }
}

#[test]
fn a_letter_holds_one_link_and_nothing_that_ends_a_line_of_its_head() {
    for language in Language::ALL {
        for about in About::ALL {
            let letter = super::letter(&Frame::held(language.tag()), *about, EVIL, "https://op.example/link?token=x");
            assert_eq!(letter.body.matches("://").count(), 1, "{letter:?}");
            assert!(letter.body.lines().any(|line| line == "https://op.example/link?token=x"), "a link stands alone");
            assert!(!letter.subject.contains(['\r', '\n']) && !letter.body.contains('\u{202e}'), "{letter:?}");
            assert!(!letter.body.contains("letter-") && !letter.subject.contains("letter-"), "{letter:?}");
        }
    }
}

#[test]
fn ui_locales_come_first_then_weights_then_the_operator() {
    let chosen = |ui: &[&str], accept: Option<&str>, fallback: &str| {
        let ui: Vec<String> = ui.iter().map(|tag| (*tag).to_owned()).collect();
        negotiate(&ui, accept, fallback).tag()
    };
    assert_eq!(chosen(&["tlh", "fr-CA", "de"], Some("es"), "en"), "fr");
    assert_eq!(chosen(&["DE"], None, "en"), "de");
    assert_eq!(chosen(&["tlh"], Some("es"), "en"), "es");
    assert_eq!(chosen(&[], Some("en;q=0.5, de-AT ; q=0.9, fr;q=0.8"), "es"), "de");
    assert_eq!(chosen(&[], Some("pl, de; q=0.3, es; q=0.7"), "en"), "es");
    assert_eq!(chosen(&[], Some("de;q=0, *;q=0.1"), "fr"), "fr");
    assert_eq!(chosen(&[], Some("de, fr"), "en"), "de", "of equals the first");
    for broken in ["", ",,;q=", "de;q=nan", "de;q=2", "*", ";;;", "xx;q=1"] {
        assert_eq!(chosen(&[], Some(broken), "fr"), "fr", "{broken}");
    }
    assert_eq!(chosen(&[], None, "tlh"), "en");
}

#[test]
fn moments_are_said_as_people_say_them() {
    let at = |seconds: i64| openid::time::Time::from_seconds(seconds);
    let now = 1_764_028_800; // 2025-11-25
    let ago = |language: &str, seconds: i64| Frame::held(language).ago(&at(now - seconds));
    assert_eq!(ago("en", -90), "just now", "a clock that is ahead");
    assert_eq!(ago("en", 59), "just now");
    assert_eq!(ago("en", 60), "one minute ago");
    assert_eq!(ago("de", 3599), "vor 59 Minuten");
    assert_eq!(ago("es", 3600), "hace una hora");
    assert_eq!(ago("fr", 23 * 3600), "il y a 23 heures");
    assert_eq!(ago("en", 24 * 3600), "24 November 2025");
    assert_eq!(Frame::held("de").date(&at(1_741_000_000)), "3. März 2025");
    assert_eq!(Frame::held("fr").date(&at(1_751_328_000)), "1er juillet 2025");
    assert_eq!(Frame::held("es").date(&at(1_735_603_200)), "31 de diciembre de 2024");
    assert_eq!(Frame::held("en").date(&at(i64::MAX / 1000)), "");
}

#[test]
fn numbers_are_told_in_groups() {
    let f = Frame::held("en");
    assert_eq!(f.count(&0), "0");
    assert_eq!(f.count(&999), "999");
    assert_eq!(f.count(&1_000), "1\u{202f}000");
    assert_eq!(f.count(&12_345_678), "12\u{202f}345\u{202f}678");
    assert_eq!(f.moment(&openid::time::Time::from_seconds(1_764_028_800)), "2025-11-25 00:00:00");
}

#[test]
fn names_are_fit_to_be_printed() {
    assert_eq!(plain("a\u{202e}b\u{0}c\u{200f}\n"), "abc");
    assert_eq!(plain("Jürgen Müller 山田 عمر"), "Jürgen Müller 山田 عمر");
    assert_eq!(plain(&"é".repeat(10_000)).chars().count(), 161);
    assert_eq!(Frame::held("en").initial("\u{202e}«élan»"), "É");
    assert_eq!(Frame::held("en").initial("…"), "");
}

/// WCAG 2.2 §1.4.3: contrast of the colours of the style sheet, by day and by night.
#[test]
fn text_stands_out_from_its_ground() {
    let css = super::assets::CSS;
    let (light, dark) = css.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for (when, block) in [("light", light), ("dark", dark.split("/* The page */").next().unwrap())] {
        let colour = |name: &str| {
            let (_, value) = block.split_once(&format!(" --{name}: #")).unwrap_or_else(|| panic!("{when}: {name}"));
            luminance(&value[..6])
        };
        let pairs = [
            ("ink", "paper"),
            ("ink", "card"),
            ("ink", "accent-soft"),
            ("soft", "paper"),
            ("soft", "card"),
            ("soft", "accent-soft"),
            ("accent", "card"),
            ("accent", "accent-soft"),
            ("accent-ink", "accent"),
            ("good", "good-soft"),
            ("wait", "wait-soft"),
            ("bad", "bad-soft"),
            ("ink", "good-soft"),
            ("ink", "wait-soft"),
            ("ink", "bad-soft"),
            ("card", "good"),
            ("card", "wait"),
            ("card", "bad"),
            ("card", "soft"),
        ];
        for (text, ground) in pairs {
            let (a, b) = (colour(text), colour(ground));
            let ratio = (a.max(b) + 0.05) / (a.min(b) + 0.05);
            assert!(ratio >= 4.5, "{when}: {text} on {ground} is {ratio:.2} : 1");
        }
    }
}

fn luminance(hex: &str) -> f64 {
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(2) + 0.0722 * channel(4)
}

/// A registered logo widens the policy by its origin and by nothing else.
#[test]
fn a_logo_s_host_writes_no_directives() {
    for bad in ["https://a;sandbox;b.example/l.png", "https://a,b.example/l.png", "https://a'b.example/", "data:x"] {
        assert_eq!(super::https_origin(bad), None, "{bad}");
    }
    for (good, origin) in
        [("https://b\u{fc}.example/x", "https://xn--b-eha.example"), ("https://[::1]:8443/l", "https://[::1]:8443")]
    {
        assert_eq!(super::https_origin(good).as_deref(), Some(origin));
    }
}

#[test]
fn the_pages_say_how_long_a_password_must_be() {
    let least = login::password::SHORTEST.to_string();
    assert!(login::password::Problem::Short.to_string().contains(&least));
    for language in Language::ALL {
        let words = language.source().lines().find_map(|line| line.strip_prefix("password-short = ")).unwrap();
        assert!(words.contains(&least), "{words}");
    }
}
