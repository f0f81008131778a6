//! What is told of a person: OpenID Connect Core §5.2, §5.3.2, §5.4, §5.5.1.
//!
//! Invariant: what is unknown, or has another value than was asked for, is left out; it is never null and never an error.

use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::claims::catalogue::Catalogue;
use crate::claims::language::{self, Fit};
use crate::claims::parameter::{ClaimsRequest, Place, Wish};
use crate::claims::source::Sourced;
use crate::token::claims::is_reserved;
use crate::wire::scope::Scope;

/// Whoever is spoken of.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Their account.
    pub account: &'a Account,
    /// Which scopes ask for what.
    pub catalogue: &'a Catalogue,
    /// What claims providers tell of them.
    pub sourced: &'a [Sourced],
}

/// The names of the claims asked for in one place.
pub fn asked_names<'a>(
    catalogue: &'a Catalogue,
    scope: Option<&'a Scope>,
    request: (&'a ClaimsRequest, Place),
) -> Vec<&'a str> {
    asked(catalogue, scope, request).into_iter().map(|(name, _)| name).collect()
}

/// The claims asked for in one place: those of scopes, then single ones. Where both ask for a claim, what the single one
/// says of its value holds.
fn asked<'a>(
    catalogue: &'a Catalogue,
    scope: Option<&'a Scope>,
    (request, place): (&'a ClaimsRequest, Place),
) -> Vec<(&'a str, Option<&'a Wish>)> {
    let wishes = request.place(place);
    let of_scopes = scope.map(|scope| catalogue.claims_of(scope)).unwrap_or_default();
    let mut all: Vec<_> = of_scopes.into_iter().map(|name| (name, wishes.get(name))).collect();
    for (name, wish) in wishes.personal() {
        if !all.iter().any(|(other, _)| *other == name) {
            all.push((name, Some(wish)));
        }
    }
    all
}

impl Person<'_> {
    /// Adds to `claims` what is asked for in one place. Nothing that stands there is replaced.
    pub fn tell(
        &self,
        claims: &mut Map<String, Value>,
        scope: Option<&Scope>,
        (request, place): (&ClaimsRequest, Place),
    ) {
        let asked = asked(self.catalogue, scope, (request, place));
        let may_know = |name: &str| {
            asked.iter().any(|(other, _)| *other == name) || request.together.iter().any(|other| other == name)
        };
        for source in self.sourced {
            source.tell(claims, &asked, may_know);
        }
        let elsewhere = claims.get("_claim_names").cloned().unwrap_or_default();
        for (name, wish) in asked.into_iter().filter(|(name, _)| elsewhere.get(*name).is_none()) {
            for (as_name, value) in self.versions(name, &request.locales) {
                if wish.is_none_or(|wish| wish.accepts(&value)) && !claims.contains_key(&as_name) {
                    claims.insert(as_name, value);
                }
            }
        }
    }

    /// A claim under the names it is told by: one version, or, if there is none without a language and none was asked for,
    /// every version under its own name.
    fn versions(&self, name: &str, locales: &[String]) -> Vec<(String, Value)> {
        let (base, language) = language::split(name);
        let tags = self.tags(base);
        let version = |tag: &str, as_name: String| Some((as_name, self.tagged(base, tag)?));
        if let Some(wanted) = language {
            // A URI with a fragment that looks like a language is a name of its own.
            let whole = self.value(name).map(|value| (name.to_owned(), value));
            let served = language::serve(wanted, &tags).and_then(|(tag, fit)| match fit {
                Fit::Is => version(tag, name.to_owned()),
                // §5.5.2: a version in another language than was asked for says which it is in.
                Fit::Wider => version(tag, format!("{base}#{tag}")),
            });
            return whole.or(served).into_iter().collect();
        }
        // §5.2: in a language that was asked for, a claim is told without a tag.
        let served = locales.iter().find_map(|wanted| language::serve(wanted, &tags));
        if let Some(one) = served.and_then(|(tag, _)| version(tag, base.to_owned())) {
            return vec![one];
        }
        match self.value(name) {
            Some(value) => vec![(name.to_owned(), value)],
            None => tags.iter().filter_map(|tag| version(tag, format!("{base}#{tag}"))).collect(),
        }
    }

    /// The languages a claim is kept in.
    fn tags(&self, base: &str) -> Vec<&str> {
        let names = self.account.claims.keys().map(|name| language::split(name));
        names.filter(|(other, _)| *other == base).filter_map(|(_, tag)| tag).collect()
    }

    fn tagged(&self, base: &str, tag: &str) -> Option<Value> {
        self.value(&format!("{base}#{tag}"))
    }

    /// One claim of a person, if it is known. Unknown ones are left out, never null (Core §5.3.2).
    fn value(&self, name: &str) -> Option<Value> {
        let claims = &self.account.claims;
        let known = claims.get(name).filter(|value| !value.is_null()).cloned();
        match name {
            _ if is_reserved(language::split(name).0) => None,
            "updated_at" => Some(json!(self.account.updated_at.seconds())),
            "preferred_username" => known.or_else(|| Some(json!(self.account.username))),
            "email_verified" => claims.get("email").map(|_| known.unwrap_or(Value::Bool(false))),
            "phone_number_verified" => claims.get("phone_number").map(|_| known.unwrap_or(Value::Bool(false))),
            _ => known,
        }
    }
}
