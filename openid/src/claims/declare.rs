//! What an operator may declare: scopes and claims (OpenID Connect Core §5.1.2, RFC 6749 §3.3).
//!
//! Invariant: what passed here neither takes a standard's name nor shows people words without end.

use crate::claims::catalogue::{DeclaredClaim, DeclaredScope, PersonMay, is_standard_scope};
use crate::claims::language::{self, Words};
use crate::token::claims::is_reserved;

const LONGEST_NAME: usize = 100;
const LONGEST_CLAIM: usize = 200;
const LONGEST_WORDS: usize = 300;
const MOST_CLAIMS: usize = 100;
const MOST_LANGUAGES: usize = 50;

/// Claims a person cannot set by typing: they are worked out, or proven.
const PROVEN: &[&str] = &["email", "email_verified", "phone_number_verified", "updated_at"];

/// The longest text a person may keep in one claim, in bytes.
pub const LONGEST_TYPED: usize = 1024;

/// Whether a name can be a claim's that somebody asks for or declares.
pub fn judge_name(name: &str) -> Result<(), &'static str> {
    let odd = |c: char| c.is_control() || c.is_whitespace();
    match name {
        "" => Err("a claim has a name"),
        _ if name.len() > LONGEST_CLAIM => Err("a claim's name has 200 bytes at most"),
        _ if name.chars().any(odd) => Err("a claim's name holds no spaces and no control characters"),
        _ if name.starts_with('_') => Err("names that begin with _ are the protocol's"),
        _ if is_reserved(language::split(name).0) => Err("this name is the protocol's"),
        _ => Ok(()),
    }
}

fn judge_words(words: &Words) -> Result<(), &'static str> {
    if words.0.len() > MOST_LANGUAGES {
        return Err("there are 50 languages at most");
    }
    for (tag, text) in &words.0 {
        if !tag.is_empty() && !language::is_tag(tag) {
            return Err("a title's language is a tag such as de or ja-Kana-JP");
        }
        if text.trim().is_empty() || text.len() > LONGEST_WORDS || text.chars().any(char::is_control) {
            return Err("a title has 1 to 300 bytes and no control characters");
        }
    }
    Ok(())
}

impl DeclaredScope {
    /// Whether it can be declared.
    pub fn judge(&self) -> Result<(), &'static str> {
        let legal = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if self.name.is_empty() || self.name.len() > LONGEST_NAME || !self.name.bytes().all(legal) {
            return Err("a scope's name has 1 to 100 printable ASCII characters, without spaces, \" and \\");
        }
        if is_standard_scope(&self.name) {
            return Err("this scope is the standard's");
        }
        if !(1..=MOST_CLAIMS).contains(&self.claims.len()) {
            return Err("a scope asks for 1 to 100 claims");
        }
        self.claims.iter().try_for_each(|claim| judge_name(claim))?;
        judge_words(&self.titles)?;
        judge_words(&self.descriptions)
    }
}

impl DeclaredClaim {
    /// Whether it can be declared.
    pub fn judge(&self) -> Result<(), &'static str> {
        judge_name(&self.name)?;
        judge_words(&self.titles)?;
        if language::split(&self.name).1.is_some_and(|_| !self.name.contains(':')) {
            return Err("a claim is declared without a language");
        }
        match self.person {
            PersonMay::Edit if PROVEN.contains(&self.name.as_str()) => {
                Err("this claim says what was proven: nobody can set it by typing")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DeclaredClaim, DeclaredScope, PersonMay, Words};
    use crate::claims::catalogue::{Consenting, Given};

    fn scope(name: &str, claims: &[&str]) -> DeclaredScope {
        DeclaredScope {
            name: name.to_owned(),
            claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
            titles: Words(vec![("de".to_owned(), "Gruppen".to_owned())]),
            descriptions: Words::default(),
            given: Given::WhenAsked,
            consent: Consenting::Asked,
        }
    }

    #[test]
    fn scopes_that_can_be_declared_and_some_that_cannot() {
        assert_eq!(scope("staff:read", &["groups", "name", "https://example.org/level#2"]).judge(), Ok(()));
        for name in ["", "a b", "a\"b", "a\\b", "ä", "openid", "profile", "offline_access"] {
            assert!(scope(name, &["groups"]).judge().is_err(), "{name}");
        }
        for claims in [&[][..], &["sub"], &["acr#de"], &["_claim_names"], &["a b"]] {
            assert!(scope("staff", claims).judge().is_err(), "{claims:?}");
        }
        let mut titled = scope("staff", &["groups"]);
        for (tag, text) in [("x", "Groups"), ("", " "), ("", "a\nb")] {
            titled.titles = Words(vec![(tag.to_owned(), text.to_owned())]);
            assert!(titled.judge().is_err(), "{tag}: {text}");
        }
    }

    #[test]
    fn claims_that_can_be_declared_and_some_that_cannot() {
        let claim = |name: &str, person| DeclaredClaim { name: name.to_owned(), titles: Words::default(), person };
        assert_eq!(
            claim("nickname", PersonMay::Edit).judge(),
            Ok(()),
            "a standard one is declared for what people may do"
        );
        assert_eq!(claim("email", PersonMay::See).judge(), Ok(()));
        assert!(claim("email", PersonMay::Edit).judge().is_err());
        assert!(claim("groups#de", PersonMay::Nothing).judge().is_err());
        assert!(claim("iss", PersonMay::Nothing).judge().is_err());
    }
}
