//! Law 5: every row of `GRANTS`, `METHODS` and `ENDPOINTS` has cases or tests, and every page has a sample.
//!
//! Invariant: the rows are read from the tables themselves; a table that cannot be found is a break.

use super::rust::{Piece, Placed, read, spells};
use super::tree::{Tree, is_test};

const GRANTS: &str = "openid/src/token/mod.rs";
const METHODS: &str = "openid/src/client/auth.rs";
const ENDPOINTS: &str = "server/src/endpoint/mod.rs";

fn text_after(pieces: &[Placed]) -> Option<&str> {
    pieces.iter().find_map(|(_, piece)| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None })
}

/// The first text after each place that spells `pattern`, up to the text that spells `end`.
fn rows<'a>(pieces: &'a [Placed], pattern: &str) -> Vec<&'a str> {
    (0..pieces.len()).filter(|at| spells(&pieces[*at..], pattern)).filter_map(|at| text_after(&pieces[at..])).collect()
}

/// Whether a folder of cases has one.
fn has_case(tree: &Tree, folder: &str, holding: &str) -> bool {
    tree.files.iter().any(|(path, text)| {
        path.starts_with(folder) && path.ends_with("toml") && text.contains("[[case]]") && text.contains(holding)
    })
}

/// The module of each row: its cases are in a folder of that name. `Variant(module::Request) = "grant_type"`.
fn grant_modules(table: &[Placed]) -> Vec<&str> {
    let rows = (0..table.len()).filter(|at| spells(&table[*at..], "="));
    let words = |at: usize| {
        table[..at]
            .iter()
            .rev()
            .filter_map(|(_, piece)| if let Piece::Word(word) = piece { Some(word.as_str()) } else { None })
    };
    rows.filter_map(|at| words(at).nth(1)).collect()
}

fn grants(tree: &Tree, broken: &mut Vec<String>) {
    let pieces = read(tree.text(GRANTS));
    let begins = (0..pieces.len()).find(|at| spells(&pieces[*at..], "grants ! {"));
    let table = begins.map_or(&[][..], |at| &pieces[at..]);
    let ends = table.iter().position(|(_, piece)| *piece == Piece::Mark('}')).unwrap_or(table.len());
    let found = grant_modules(&table[..ends]);
    if found.is_empty() {
        broken.push(format!("{GRANTS}: no table of grants"));
    }
    for grant in found {
        if !has_case(tree, &format!("openid/cases/token/{grant}/"), "") {
            broken.push(format!("the grant {grant} has no cases in openid/cases/token/{grant}/"));
        }
    }
}

fn methods(tree: &Tree, broken: &mut Vec<String>) {
    let pieces = read(tree.text(METHODS));
    let found = rows(&pieces, "MethodRow { method : AuthMethod :");
    if found.is_empty() {
        broken.push(format!("{METHODS}: no table of methods"));
    }
    for method in found {
        if !has_case(tree, "openid/cases/client/auth", &format!("\"{method}\"")) {
            broken.push(format!("the method {method} has no case in openid/cases/client/auth.toml"));
        }
    }
}

/// The path of each row: its last text before the caller, so methods do not count.
fn endpoint_paths(pieces: &[Placed]) -> Vec<&str> {
    let begins = (0..pieces.len()).filter(|at| spells(&pieces[*at..], "row ! ("));
    begins
        .filter_map(|at| {
            let row = pieces[at..].iter().take_while(|(_, piece)| *piece != Piece::Mark(')'));
            row.filter_map(|(_, piece)| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None }).last()
        })
        .collect()
}

/// Whether a test of the server, or a walk of `interop/`, asks this path.
fn is_walked(tree: &Tree, path: &str) -> bool {
    let stem = path.split('{').next().unwrap_or(path);
    tree.files.iter().any(|(file, text)| {
        let walks = file.starts_with("server/") && is_test(file) || file.starts_with("interop/");
        walks && !file.ends_with("json") && asks(text, stem)
    })
}

/// Whether `stem` stands in `text` as a whole path: `/logout` is not asked by `/logouts`, nor `/end` by `/end_session`.
fn asks(text: &str, stem: &str) -> bool {
    text.match_indices(stem).any(|(at, _)| {
        let next = text[at + stem.len()..].chars().next();
        stem.ends_with('/') || !next.is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '-' | '/' | '.'))
    })
}

fn endpoints(tree: &Tree, broken: &mut Vec<String>) {
    let pieces = read(tree.text(ENDPOINTS));
    let found = endpoint_paths(&pieces);
    if found.is_empty() {
        broken.push(format!("{ENDPOINTS}: no table of endpoints"));
    }
    for path in found {
        if !is_walked(tree, path) {
            broken.push(format!("no test of the server asks {path}"));
        }
    }
}

/// Each template that a page is made of is named in the tests of pages.
fn pages(tree: &Tree, broken: &mut Vec<String>) {
    let samples = |path: &str| path.starts_with("server/src/page/") && (is_test(path) || path.contains("sample"));
    for (path, text) in tree.files.iter().filter(|(path, _)| path.starts_with("server/src/page/") && !is_test(path)) {
        let pieces = read(text);
        for at in (0..pieces.len()).filter(|at| spells(&pieces[*at..], "template ( path =")) {
            let Some(template) = text_after(&pieces[at..]) else { continue };
            let made = pieces[at..].iter().position(|(_, piece)| *piece == Piece::Word("struct".to_owned()));
            let Some((_, Piece::Word(name))) = made.and_then(|after| pieces.get(at + after + 1)) else { continue };
            let stem = template.trim_end_matches(".html");
            let golden = tree.files.keys().any(|file| file.starts_with(&format!("server/golden/{stem}")));
            let shown = tree.files.iter().any(|(file, text)| samples(file) && text.contains(name.as_str()));
            if !golden && !shown {
                broken.push(format!("{path}: the page {name} has no sample"));
            }
        }
    }
}

/// Checks the lists.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let mut broken = Vec::new();
    grants(tree, &mut broken);
    methods(tree, &mut broken);
    endpoints(tree, &mut broken);
    pages(tree, &mut broken);
    broken
}

#[cfg(test)]
mod tests {
    use super::{ENDPOINTS, GRANTS, METHODS, Tree, check};

    const HOUSE: &[(&str, &str)] = &[
        (
            GRANTS,
            "macro_rules! grants { () => {}; }\ngrants! {\n /// x\n Code(authorization_code::B) = \"authorization_code\", \"RFC 6749\";\n}",
        ),
        (METHODS, "const METHODS: &[MethodRow] = &[MethodRow { method: AuthMethod::None, name: \"none\" }];"),
        (
            ENDPOINTS,
            "&[row!(Token, [\"POST\"], \"/token\", Client), row!(Asset, [\"GET\"], \"/assets/{file}\", Anyone)]",
        ),
        ("openid/cases/token/authorization_code/redeem.toml", "[[case]]\nclause = \"x\"\n"),
        ("openid/cases/client/auth.toml", "[[case]]\nmethod = \"none\"\n"),
        ("server/tests/token/mod.rs", "post(\"/token\"); get(\"/assets/ostiary.css\");"),
        ("server/src/page/home.rs", "#[derive(Template)]\n#[template(path = \"home.html\")]\npub struct Home<'a> {}"),
        ("server/src/page/tests.rs", "let home = Home {};"),
    ];

    fn without(taken: &str, text: &str) -> Vec<String> {
        let house: Vec<(&str, &str)> =
            HOUSE.iter().map(|(path, was)| (*path, if *path == taken { text } else { *was })).collect();
        check(&Tree::of(&house))
    }

    #[test]
    fn lists_that_are_tried_hold() {
        assert_eq!(without("", ""), Vec::<String>::new());
    }

    #[test]
    fn each_row_without_a_case_is_seen() {
        let broken = without("openid/cases/token/authorization_code/redeem.toml", "# none\n");
        assert_eq!(broken, ["the grant authorization_code has no cases in openid/cases/token/authorization_code/"]);
        let broken = without("openid/cases/client/auth.toml", "[[case]]\nmethod = \"client_secret_post\"\n");
        assert_eq!(broken, ["the method none has no case in openid/cases/client/auth.toml"]);
        let broken = without("server/tests/token/mod.rs", "post(\"/token/else\"); post(\"/tokens\")");
        assert_eq!(broken, ["no test of the server asks /token", "no test of the server asks /assets/{file}"]);
        let broken = without("server/src/page/tests.rs", "");
        assert_eq!(broken, ["server/src/page/home.rs: the page Home has no sample"]);
    }

    #[test]
    fn a_table_that_is_gone_is_seen() {
        for table in [GRANTS, METHODS, ENDPOINTS] {
            assert_eq!(without(table, "").len(), 1, "{table} may go");
        }
    }
}
