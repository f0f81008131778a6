//! Rust as laws read it: words, texts and marks, without comments.
//!
//! Invariant: what is inside a text or a comment is never taken for code.

/// A piece of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A name, keyword or number.
    Word(String),
    /// What a string literal holds, as written.
    Text(String),
    /// Any other character.
    Mark(char),
}

/// A piece and the line it begins on.
pub(crate) type Placed = (usize, Piece);

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes.min(self.rest.len()));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    /// Takes up to and including `end`.
    fn through(&mut self, end: &str) -> &'a str {
        let length = self.rest.find(end).map_or(self.rest.len(), |at| at + end.len());
        self.take(length)
    }

    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
            } else {
                let Some(next) = self.rest.chars().next() else { return };
                self.take(next.len_utf8());
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// A string literal after its opening quote.
    fn quoted(&mut self) -> String {
        let mut escaped = false;
        let end = self.rest.char_indices().find(|(_, c)| {
            let ends = *c == '"' && !escaped;
            escaped = *c == '\\' && !escaped;
            ends
        });
        let text = self.take(end.map_or(self.rest.len(), |(at, _)| at)).to_owned();
        self.take(1);
        text
    }

    /// `r"…"` and `r#"…"#`, if one is here.
    fn raw(&mut self) -> Option<String> {
        let after = self.rest.strip_prefix("br").or_else(|| self.rest.strip_prefix('r'))?;
        let hashes = after.len() - after.trim_start_matches('#').len();
        if !after[hashes..].starts_with('"') {
            return None;
        }
        self.take(self.rest.len() - after.len() + hashes + 1);
        let end = format!("\"{}", "#".repeat(hashes));
        let text = self.through(&end);
        Some(text.strip_suffix(&end).unwrap_or(text).to_owned())
    }

    /// A character literal; a lifetime is left to be a mark and a word.
    fn character(&mut self) -> bool {
        let mut chars = self.rest.chars().skip(1);
        match (chars.next(), chars.next()) {
            (Some('\\'), Some(escaped)) => {
                self.take(2 + escaped.len_utf8());
                self.through("'");
                true
            }
            (Some(one), Some('\'')) => {
                self.take(2 + one.len_utf8());
                true
            }
            _ => false,
        }
    }
}

/// Reads a source.
pub(crate) fn read(source: &str) -> Vec<Placed> {
    let mut reader = Reader { rest: source, line: 1 };
    let mut pieces = Vec::new();
    while let Some(next) = reader.rest.chars().next() {
        let line = reader.line;
        if reader.rest.starts_with("//") {
            reader.through("\n");
        } else if reader.rest.starts_with("/*") {
            reader.block_comment();
        } else if let Some(text) = reader.raw() {
            pieces.push((line, Piece::Text(text)));
        } else if next == '"' {
            reader.take(1);
            pieces.push((line, Piece::Text(reader.quoted())));
        } else if next == '\'' && reader.character() {
            pieces.push((line, Piece::Mark('\'')));
        } else if next.is_alphanumeric() || next == '_' {
            let end = reader.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(reader.rest.len());
            pieces.push((line, Piece::Word(reader.take(end).to_owned())));
        } else {
            reader.take(next.len_utf8());
            if !next.is_whitespace() {
                pieces.push((line, Piece::Mark(next)));
            }
        }
    }
    pieces
}

/// Whether these pieces spell `pattern`, where a pattern is words and marks parted by spaces: `. unwrap ( )`.
pub(crate) fn spells(pieces: &[Placed], pattern: &str) -> bool {
    let wanted: Vec<&str> = pattern.split(' ').collect();
    pieces.len() >= wanted.len()
        && wanted.iter().zip(pieces).all(|(wanted, (_, piece))| match piece {
            Piece::Word(word) => word == wanted,
            Piece::Mark(mark) => wanted.len() == mark.len_utf8() && wanted.starts_with(*mark),
            Piece::Text(_) => false,
        })
}

/// How many pieces an item takes, its attributes included: up to `;`, or to the end of its block.
fn item(pieces: &[Placed]) -> usize {
    let mut depth = 0_usize;
    for (at, (_, piece)) in pieces.iter().enumerate() {
        match piece {
            Piece::Mark('{' | '(' | '[') => depth += 1,
            Piece::Mark(close @ ('}' | ')' | ']')) => {
                depth = depth.saturating_sub(1);
                if depth == 0 && *close == '}' {
                    return at + 1;
                }
            }
            Piece::Mark(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    pieces.len()
}

/// A source without the items that are compiled for tests only.
pub(crate) fn without_tests(source: &str) -> Vec<Placed> {
    let pieces = read(source);
    let mut kept = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while at < pieces.len() {
        if spells(&pieces[at..], "# [ cfg ( test ) ]") {
            at += item(&pieces[at..]);
        } else {
            kept.push(pieces[at].clone());
            at += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::{Piece, read, spells, without_tests};

    fn texts(source: &str) -> Vec<String> {
        let texts = |(_, piece)| if let Piece::Text(text) = piece { Some(text) } else { None };
        read(source).into_iter().filter_map(texts).collect()
    }

    #[test]
    fn texts_and_comments_are_not_code() {
        let source = "// x.unwrap()\n/* a /* b */ x.unwrap() */ let s = \"x.unwrap() \\\" y\"; let r = r#\"a\"b\"#; '\"' '\\'' 'a";
        assert_eq!(texts(source), ["x.unwrap() \\\" y", "a\"b"]);
        assert!(!(0..read(source).len()).any(|at| spells(&read(source)[at..], ". unwrap ( )")));
    }

    #[test]
    fn lines_are_counted_through_texts() {
        let last = read("\"a\nb\"\n// c\nd").pop();
        assert_eq!(last, Some((4, Piece::Word("d".to_owned()))));
    }

    #[test]
    fn tests_are_left_out() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\n#[cfg(test)]\nuse c;\nfn d() {}";
        let words: Vec<_> = without_tests(source).into_iter().map(|(_, piece)| piece).collect();
        assert!(words.contains(&Piece::Word("a".to_owned())) && words.contains(&Piece::Word("d".to_owned())));
        assert!(!words.contains(&Piece::Word("b".to_owned())) && !words.contains(&Piece::Word("c".to_owned())));
    }
}
