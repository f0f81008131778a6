//! The generated pages of this crate (`architecture.md` §2.15 law 6): compared, or written if `UPDATE_DOCS` is set.

use std::env;
use std::fs;
use std::path::Path;

fn in_step(page: &str, rendered: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, rendered).expect("docs is a folder that can be written");
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == rendered, "docs/{page} is out of step: cargo xtask docs writes it anew");
}

#[test]
fn the_configuration_page_is_in_step() {
    in_step("configuration.md", &crate::config::keys::reference());
}

#[test]
fn the_page_of_metrics_is_in_step() {
    in_step("metrics.md", &crate::metrics::reference());
}

#[test]
fn the_list_of_routes_is_in_step() {
    in_step("routes.txt", &crate::endpoint::golden());
}

#[test]
fn the_description_of_the_api_is_in_step() {
    let document = crate::endpoint::api::description::description("https://op.example.org");
    in_step("openapi.json", &format!("{document:#}\n"));
}
