//! Style sheet and icon, in the binary, named by their content so that browsers may keep them for ever.

use std::sync::OnceLock;

/// A file a page links to.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

const CSS: &str = include_str!("../../assets/ostiary.css");
const ICON: &str = include_str!("../../assets/icon.svg");

fn name(content: &str, extension: &str) -> String {
    let digest = jose::base64url(jose::sha256(content.as_bytes()));
    format!("{}.{extension}", &digest[..12])
}

pub(super) fn css_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| name(CSS, "css"))
}

/// A file by its name.
pub fn asset(wanted: &str) -> Option<Asset> {
    if wanted == css_name() {
        return Some(Asset { content_type: "text/css; charset=utf-8", bytes: CSS.as_bytes() });
    }
    (wanted == "icon.svg").then_some(Asset { content_type: "image/svg+xml", bytes: ICON.as_bytes() })
}
