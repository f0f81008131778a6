//! Scopes and claims: the standard ones (OpenID Connect Core §5.1, §5.4) and those an operator declared (§5.1.2).
//!
//! Invariant: a declared scope never takes a standard scope's name, and a declared claim never one of the protocol's.

use crate::claims::language::Words;
use crate::claims::source::{Source, SourceKind};
use crate::token::claims::{PROTOCOL, SCOPES};
use crate::wire::scope::Scope;

/// The scopes that are neither declared nor ask for claims.
const PLAIN: &[&str] = &["openid", "offline_access", "device_sso"];

/// A scope an operator declared: a name for a set of claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredScope {
    /// Its value.
    pub name: String,
    /// The claims it asks for.
    pub claims: Vec<String>,
    /// What it is called on the consent page.
    pub titles: Words,
    /// What it means, on the consent page.
    pub descriptions: Words,
    /// Whether it must be asked for.
    pub given: Given,
    /// Whether the person must agree to it.
    pub consent: Consenting,
}

/// Whether a scope must be asked for (RFC 6749 §3.3: a server may grant more than was asked for, and says so).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given {
    /// It must.
    #[default]
    WhenAsked,
    /// It goes with every `openid` of a client that may have it.
    ByDefault,
}

/// Whether a person must agree to a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consenting {
    /// They must.
    #[default]
    Asked,
    /// The operator did for everybody.
    Implied,
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

/// A claim an operator declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredClaim {
    /// Its name.
    pub name: String,
    /// What people call it.
    pub titles: Words,
    /// What the person it is about may do with it on their own page.
    pub person: PersonMay,
}

/// What a person may do with a claim about them on their own page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PersonMay {
    /// It is not shown there.
    #[default]
    Nothing,
    /// See it.
    See,
    /// See it and change it.
    Edit,
}

words! {
    Given { WhenAsked = "when_asked", ByDefault = "by_default" }
    Consenting { Asked = "asked", Implied = "implied" }
    PersonMay { Nothing = "nothing", See = "see", Edit = "edit" }
}

/// All scopes that ask for claims, and all claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Scopes the operator declared.
    pub scopes: Vec<DeclaredScope>,
    /// Claims the operator declared.
    pub claims: Vec<DeclaredClaim>,
    /// The claims providers the operator configured.
    pub sources: Vec<Source>,
    /// The languages claims are kept in, as the operator says: `claims_locales_supported`.
    pub locales: Vec<String>,
}

/// Whether a scope value is one of the standard's.
pub fn is_standard_scope(name: &str) -> bool {
    PLAIN.contains(&name) || SCOPES.iter().any(|(scope, _)| *scope == name)
}

/// The claims a standard scope asks for, and whether it is one.
fn standard(scope: &str) -> Option<&'static [&'static str]> {
    SCOPES.iter().find(|(value, _)| *value == scope).map(|(_, names)| *names)
}

impl Catalogue {
    /// A declared scope by its name.
    pub fn scope(&self, name: &str) -> Option<&DeclaredScope> {
        self.scopes.iter().find(|scope| scope.name == name)
    }

    /// A declared claim by its name.
    pub fn claim(&self, name: &str) -> Option<&DeclaredClaim> {
        self.claims.iter().find(|claim| claim.name == name)
    }

    /// Every scope that speaks of a person.
    pub fn all_scopes(&self) -> Scope {
        let standard = ["openid"].into_iter().chain(SCOPES.iter().map(|(value, _)| *value)).chain(["offline_access"]);
        let all: Vec<&str> = standard.chain(self.scopes.iter().map(|scope| scope.name.as_str())).collect();
        Scope::from(all.join(" "))
    }

    /// The scopes that go with every `openid`.
    pub fn by_default(&self) -> Scope {
        self.those(|scope| scope.given == Given::ByDefault)
    }

    /// The scopes nobody is asked about.
    pub fn implied(&self) -> Scope {
        self.those(|scope| scope.consent == Consenting::Implied)
    }

    fn those(&self, keep: impl Fn(&DeclaredScope) -> bool) -> Scope {
        let names: Vec<&str> = self.scopes.iter().filter(|one| keep(one)).map(|one| one.name.as_str()).collect();
        Scope::from(names.join(" "))
    }

    /// The claims a scope asks for, each once.
    pub fn claims_of(&self, scope: &Scope) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for value in scope.iter() {
            let declared = self.scope(value).into_iter().flat_map(|scope| scope.claims.iter().map(String::as_str));
            for name in standard(value).into_iter().flatten().copied().chain(declared) {
                if !all.contains(&name) {
                    all.push(name);
                }
            }
        }
        all
    }

    /// How claims are told here: `claim_types_supported` (OpenID Connect Discovery §3).
    pub fn claim_types(&self) -> Vec<&'static str> {
        let has = |kind| self.sources.iter().any(|source| source.kind == kind).then(|| SourceKind::as_str(kind));
        ["normal"].into_iter().chain(has(SourceKind::Aggregated)).chain(has(SourceKind::Distributed)).collect()
    }

    /// The claims that are told together with any of these, because one claims provider tells them all at once.
    pub fn together(&self, asked: &[&str]) -> Vec<&str> {
        let mut all: Vec<&str> = Vec::new();
        for source in
            self.sources.iter().filter(|source| source.claims.iter().any(|name| asked.contains(&name.as_str())))
        {
            for name in &source.claims {
                if !all.contains(&name.as_str()) {
                    all.push(name);
                }
            }
        }
        all
    }

    /// Every claim a client may get: `claims_supported` (OpenID Connect Discovery §3).
    pub fn supported(&self) -> Vec<&str> {
        let mut all: Vec<&str> = PROTOCOL.to_vec();
        let declared = self.claims.iter().map(|claim| claim.name.as_str());
        let sourced = self.sources.iter().flat_map(|source| source.claims.iter().map(String::as_str));
        for name in self.claims_of(&self.all_scopes()).into_iter().chain(declared).chain(sourced) {
            if !all.contains(&name) {
                all.push(name);
            }
        }
        all
    }
}
