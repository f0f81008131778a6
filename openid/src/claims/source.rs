//! Claims that somebody else asserts: aggregated and distributed claims, OpenID Connect Core §5.6.2.
//!
//! Invariant: a claims provider's JWT is passed on only when its signature, issuer and times are right, and when the client
//! may know everything that stands in it.

use jose::{JwkSet, JwsAlg};
use serde_json::{Map, Value, json};

use crate::claims::declare;
use crate::claims::parameter::Wish;
use crate::time::{Span, Time, numeric_date};

/// A claims provider, as an operator configured it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its name: the member of `_claim_sources`.
    pub name: String,
    /// How its claims are told.
    pub kind: SourceKind,
    /// Everything it tells of a person.
    pub claims: Vec<String>,
    /// Where its claims are fetched: by the client, if they are distributed; by us, if they are aggregated.
    pub endpoint: Option<String>,
    /// `iss` of its JWTs.
    pub issuer: Option<String>,
    /// Its keys: a JWK Set as JSON.
    pub jwks: Option<String>,
    /// Of whom it knows.
    pub reach: Reach,
}

/// How a claims provider's claims are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceKind {
    /// In its own JWT.
    Aggregated,
    /// By a reference to where they are.
    Distributed,
}

/// Of whom a claims provider knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Of accounts that were linked to it.
    #[default]
    Linked,
    /// Of everybody: the client has its own way to be let in.
    Everybody,
}

macro_rules! words {
    ($($name:ident { $($variant:ident = $text:literal),* })*) => {$(
        impl $name {
            /// The word that is stored and shown.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }

            /// Reads the word.
            pub fn read(text: &str) -> Option<Self> {
                [$(Self::$variant),*].into_iter().find(|word| word.as_str() == text)
            }
        }
    )*};
}

words! {
    SourceKind { Aggregated = "aggregated", Distributed = "distributed" }
    Reach { Linked = "linked", Everybody = "everybody" }
}

/// The members of a JWT that are no claims about a person.
const ENVELOPE: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The largest JWT, in bytes.
const LARGEST: usize = 16 * 1024;

/// How long a JWT that does not say so is good.
const UNDATED: Span = Span::from_minutes(5);

/// How much clocks may differ.
const SKEW: Span = Span::from_seconds(60);

/// A JWT that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asserted {
    /// The JWT.
    pub jwt: String,
    /// The claims about the person in it.
    pub claims: Map<String, Value>,
    /// Its end.
    pub until: Time,
}

/// What a claims provider tells of one person.
#[derive(Clone, Debug)]
pub enum Telling {
    /// This.
    Aggregated(Asserted),
    /// It is asked there.
    Distributed {
        /// Where.
        endpoint: String,
        /// With what.
        access_token: Option<String>,
    },
}

/// A claims provider and what it tells of the person.
#[derive(Clone, Debug)]
pub struct Sourced {
    /// Its name.
    pub name: String,
    /// Everything it may tell.
    pub claims: Vec<String>,
    /// What it tells.
    pub telling: Telling,
}

impl Source {
    /// Whether it can be configured.
    pub fn judge(&self) -> Result<(), &'static str> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if self.name.is_empty() || self.name.len() > 100 || !self.name.bytes().all(plain) {
            return Err("a source's name has 1 to 100 letters, digits, dots, underscores and dashes");
        }
        if !(1..=100).contains(&self.claims.len()) {
            return Err("a source tells 1 to 100 claims");
        }
        self.claims.iter().try_for_each(|claim| declare::judge_name(claim))?;
        match self.kind {
            SourceKind::Distributed if self.endpoint.is_none() => Err("distributed claims are at an endpoint"),
            SourceKind::Distributed if self.issuer.is_some() || self.jwks.is_some() => {
                Err("distributed claims are verified by the client: they have no issuer and no keys here")
            }
            SourceKind::Aggregated if self.issuer.is_none() => Err("aggregated claims have an issuer"),
            SourceKind::Aggregated if self.keys().is_none() => Err("aggregated claims have a JWK Set of public keys"),
            SourceKind::Aggregated if self.reach == Reach::Everybody => {
                Err("aggregated claims are about accounts that were linked")
            }
            _ => Ok(()),
        }
    }

    fn keys(&self) -> Option<JwkSet> {
        let value = serde_json::from_str(self.jwks.as_deref()?).ok()?;
        JwkSet::read_public(&value).ok().filter(|keys| !keys.is_empty())
    }

    /// Verifies a JWT of this provider; why not, if it is not to be passed on.
    pub fn verify(&self, jwt: &str, now: Time) -> Result<Asserted, &'static str> {
        let jwt = jwt.trim();
        if jwt.len() > LARGEST {
            return Err("it is larger than 16 KiB");
        }
        let keys = self.keys().ok_or("there are no keys to verify it with")?;
        let asymmetric: Vec<JwsAlg> = JwsAlg::ALL.iter().copied().filter(|alg| !alg.is_symmetric()).collect();
        let verified = jose::verify(jwt, &keys, &asymmetric).map_err(|_| "its signature is not its provider's")?;
        let mut claims = verified.claims().map_err(|_| "it holds no claims")?;
        if claims.get("iss").and_then(Value::as_str) != self.issuer.as_deref() {
            return Err("its iss is another");
        }
        let time = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(value) => numeric_date(value).map(Some).ok_or("its times are none"),
        };
        let (exp, nbf) = (time("exp")?, time("nbf")?);
        if exp.is_some_and(|exp| exp <= now) {
            return Err("it has expired");
        }
        if nbf.is_some_and(|nbf| nbf > now + SKEW) {
            return Err("it is not good yet");
        }
        claims.retain(|name, value| !ENVELOPE.contains(&name.as_str()) && !value.is_null());
        if claims.keys().any(|name| !self.claims.contains(name)) {
            return Err("it tells more than its source is configured to");
        }
        Ok(Asserted { jwt: jwt.to_owned(), claims, until: exp.unwrap_or(now + UNDATED) })
    }
}

impl Sourced {
    /// Adds `_claim_names` and `_claim_sources` for what is asked for of it and told by nobody else. Nothing, if the client
    /// would learn more than it may: a JWT, and what an access token opens, are whole or not at all.
    pub(super) fn tell(
        &self,
        claims: &mut Map<String, Value>,
        asked: &[(&str, Option<&Wish>)],
        may_know: impl Fn(&str) -> bool,
    ) {
        let whole = match &self.telling {
            Telling::Aggregated(asserted) => asserted.claims.keys().all(|name| may_know(name)),
            Telling::Distributed { .. } => self.claims.iter().all(|name| may_know(name)),
        };
        if !whole {
            return;
        }
        let told = |name: &str| claims.get("_claim_names").is_some_and(|names| names.get(name).is_some());
        let has = |name: &str, wish: Option<&Wish>| match &self.telling {
            Telling::Aggregated(asserted) => {
                asserted.claims.get(name).is_some_and(|value| wish.is_none_or(|wish| wish.accepts(value)))
            }
            // Of another value than was asked for it may be: only the client will see.
            Telling::Distributed { .. } => self.claims.iter().any(|other| other == name),
        };
        let mine: Vec<&str> =
            asked.iter().filter(|(name, wish)| has(name, *wish) && !told(name)).map(|(name, _)| *name).collect();
        if mine.is_empty() {
            return;
        }
        let source = match &self.telling {
            Telling::Aggregated(asserted) => json!({ "JWT": asserted.jwt }),
            Telling::Distributed { endpoint, access_token: None } => json!({ "endpoint": endpoint }),
            Telling::Distributed { endpoint, access_token: Some(token) } => {
                json!({ "endpoint": endpoint, "access_token": token })
            }
        };
        let names = mine.into_iter().map(|name| (name.to_owned(), json!(self.name)));
        for (member, entries) in [
            ("_claim_names", names.collect::<Map<_, _>>()),
            ("_claim_sources", Map::from_iter([(self.name.clone(), source)])),
        ] {
            if let Value::Object(all) = claims.entry(member).or_insert_with(|| json!({})) {
                all.extend(entries);
            }
        }
    }
}

#[cfg(test)]
mod tests;
