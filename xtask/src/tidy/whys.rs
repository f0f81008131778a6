//! Law 5, its last part: every `why` of a refusal is unique, so that one line of the log names one place.
//!
//! Invariant: whatever function takes a `why` is found by its signature; the texts in that place of its calls are the keys.

use std::collections::BTreeMap;

use super::rust::{Piece, Placed, spells, without_tests};
use super::tree::Tree;

/// The arguments of a call whose opening parenthesis is the first piece.
fn arguments(pieces: &[Placed]) -> Vec<&[Placed]> {
    let (mut depth, mut begins, mut found) = (0_usize, 1, Vec::new());
    for (at, (_, piece)) in pieces.iter().enumerate() {
        match piece {
            Piece::Mark('(' | '[' | '{') => depth += 1,
            Piece::Mark(')' | ']' | '}') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    found.push(&pieces[begins..at]);
                    return found;
                }
            }
            Piece::Mark(',') if depth == 1 => {
                found.push(&pieces[begins..at]);
                begins = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// The functions and closures that take a `why`, and which of their arguments it is.
fn takers(pieces: &[Placed]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for at in 0..pieces.len() {
        let name = |after: usize| match pieces.get(at + after) {
            Some((_, Piece::Word(name))) => Some(name.clone()),
            _ => None,
        };
        if spells(&pieces[at..], "fn") {
            let Some(opens) = pieces[at..].iter().position(|(_, piece)| *piece == Piece::Mark('(')) else { continue };
            let place = arguments(&pieces[at + opens..]).iter().position(|argument| spells(argument, "why :"));
            found.extend(name(1).zip(place));
        } else if spells(&pieces[at..], "let") && pieces.len() > at + 4 && spells(&pieces[at + 2..], "= | why") {
            found.extend(name(1).map(|name| (name, 0)));
        }
    }
    found
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The keys raised in a file, given all that take one.
fn keys(pieces: &[Placed], takers: &[(String, usize)]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for at in 0..pieces.len() {
        let (Some((line, Piece::Word(name))), Some((_, Piece::Mark('(')))) = (pieces.get(at), pieces.get(at + 1))
        else {
            if spells(&pieces[at..], "why :") || spells(&pieces[at..], "why =") {
                found.extend(pieces.get(at + 2).and_then(|(line, piece)| text(piece).map(|key| (key, *line))));
            }
            continue;
        };
        let declared = at > 0 && pieces[at - 1].1 == Piece::Word("fn".to_owned());
        let Some((_, place)) = takers.iter().find(|(taker, _)| taker == name && !declared) else { continue };
        let all = arguments(&pieces[at + 1..]);
        let argument = all.get(*place).copied().unwrap_or_default();
        found.extend(argument.iter().filter_map(|(_, piece)| text(piece)).map(|key| (key, *line)));
    }
    found
}

fn text(piece: &Piece) -> Option<String> {
    if let Piece::Text(text) = piece { Some(text.clone()).filter(|text| is_key(text)) } else { None }
}

/// Checks that no key stands in two places.
pub(crate) fn check(tree: &Tree) -> Vec<String> {
    let ours = |path: &str| ["openid/src/", "login/src/", "server/src/"].iter().any(|top| path.starts_with(top));
    let sources: Vec<(&str, Vec<Placed>)> =
        tree.sources().filter(|(path, _)| ours(path)).map(|(path, text)| (path, without_tests(text))).collect();
    // `refuse` and what its own crate passes on are known everywhere; a name taken twice in different places is per file.
    let mut shared: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (_, pieces) in &sources {
        for (name, place) in takers(pieces) {
            shared.entry(name).or_default().push(place);
        }
    }
    let agreed = shared.iter().filter(|(_, places)| places.windows(2).all(|two| two[0] == two[1]));
    let agreed: Vec<(String, usize)> =
        agreed.filter_map(|(name, places)| places.first().map(|place| (name.clone(), *place))).collect();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, pieces) in &sources {
        let mut known = takers(pieces);
        known.extend(agreed.iter().cloned());
        for (key, line) in keys(pieces, &known) {
            places.entry(key).or_default().push(format!("{path}:{line}"));
        }
    }
    if places.is_empty() {
        return vec!["no refusal was found".to_owned()];
    }
    let twice = places.iter().filter(|(_, places)| places.len() > 1);
    twice.map(|(key, places)| format!("the why {key} stands at {}", places.join(" and "))).collect()
}

#[cfg(test)]
mod tests {
    use super::{Tree, check};

    const REFUSE: (&str, &str) = (
        "openid/src/wire/refusal.rs",
        "pub fn refuse(code: ErrorCode, why: &'static str, say: &str) -> Refusal { Refusal { code, say, why } }",
    );

    #[test]
    fn a_key_in_two_places_is_seen_whatever_passes_it_on() {
        let first = "fn a() { refuse(InvalidGrant, \"code_unknown\", \"x\") }";
        let apart = "fn no(why: &'static str) -> R { refuse(G, why, \"y\") }\nfn b() { no(\"code_expired\") }";
        let house = |second: &str| check(&Tree::of(&[REFUSE, ("openid/src/a.rs", first), ("login/src/b.rs", second)]));
        assert_eq!(house(apart), Vec::<String>::new());
        let broken = house(&apart.replace("code_expired", "code_unknown"));
        assert_eq!(broken, ["the why code_unknown stands at login/src/b.rs:2 and openid/src/a.rs:1"]);
        let closure = "fn c() { let bad = |why, say| refuse(G, why, say); bad(\"code_unknown\", \"z\") }";
        assert_eq!(house(closure).len(), 1);
        let either = "fn d() { refuse(f(a, b), if x { \"one\" } else { \"code_unknown\" }, \"z\") }";
        assert_eq!(house(either).len(), 1);
        let logged = "fn e() { tracing::info!(why = \"code_unknown\", \"z\") }";
        assert_eq!(house(logged).len(), 1);
    }

    #[test]
    fn tests_and_words_for_people_are_no_keys() {
        let said = "fn b() { refuse(G, \"other\", \"code_unknown\") }\n#[cfg(test)]\nmod tests { fn t() { refuse(G, \"other\", \"\") } }";
        let first = "fn a() { refuse(G, \"code_unknown\", \"x\") }";
        assert_eq!(
            check(&Tree::of(&[REFUSE, ("openid/src/a.rs", first), ("server/src/b.rs", said)])),
            Vec::<String>::new()
        );
        assert_eq!(check(&Tree::of(&[])), ["no refusal was found"]);
    }
}
