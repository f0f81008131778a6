//! The `claims` request parameter and `claims_locales`: OpenID Connect Core §5.5, §5.2.
//!
//! Invariant: read once, bounded in size, depth and number; what is stored with a grant reads again as itself.

use serde_json::{Map, Value, json};

use crate::claims::language;
use crate::token::claims::is_reserved;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};

const LARGEST: usize = 8 * 1024;
const LONGEST_NAME: usize = 200;
const MOST_CLAIMS: usize = 100;
const MOST_VALUES: usize = 50;
const MOST_LOCALES: usize = 20;
const DEEPEST: usize = 4;

/// What a client asks to know beyond what scopes ask for, and in which languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsRequest {
    /// Claims for the ID Token.
    pub id_token: Wishes,
    /// Claims from UserInfo.
    pub userinfo: Wishes,
    /// `claims_locales`, the most preferred first; spelt as registered.
    pub locales: Vec<String>,
    /// Claims that were agreed to beside these, because a claims provider tells them together with one that was asked for.
    pub together: Vec<String>,
}

/// The claims asked for in one place, each once, in the order in which they were asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes(Vec<(String, Wish)>);

/// How one claim is asked for (Core §5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// `essential`.
    pub necessity: Necessity,
    /// `value` and `values`: any of them will do. `None`: any value.
    pub values: Option<Vec<Value>>,
}

/// Whether the client says that it needs a claim. Nothing fails for want of one (Core §5.5.1), but for `acr` (§5.5.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Necessity {
    /// It does not.
    #[default]
    Voluntary,
    /// It does.
    Essential,
}

/// The two places claims are asked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// `id_token`.
    IdToken,
    /// `userinfo`.
    UserInfo,
}

fn malformed(why: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidRequest, why, "claims is not a legal claims parameter")
}

impl Wish {
    /// Whether a claim of this value is one the client asked for: they are compared as JSON.
    pub fn accepts(&self, value: &Value) -> bool {
        self.values.as_ref().is_none_or(|values| values.contains(value))
    }

    fn read(asked: &Value) -> Result<Self, Refusal> {
        let asked = match asked {
            Value::Null => return Ok(Self::default()),
            Value::Object(asked) => asked,
            _ => return Err(malformed("claims_claim")),
        };
        let mut wish = Self::default();
        let mut values = Vec::new();
        // §5.5.1: other members may be defined; those not understood are ignored. Null says nothing.
        for (name, value) in asked.iter().filter(|(_, value)| !value.is_null()) {
            match (name.as_str(), value) {
                ("essential", Value::Bool(true)) => wish.necessity = Necessity::Essential,
                ("essential", Value::Bool(false)) => {}
                ("value", value) => values.insert(0, value.clone()),
                ("values", Value::Array(all)) if (1..=MOST_VALUES).contains(&all.len()) => {
                    values.extend(all.iter().cloned());
                }
                ("essential" | "values", _) => return Err(malformed("claims_claim_member")),
                _ => {}
            }
        }
        if !values.iter().all(|value| is_shallow(value, DEEPEST)) {
            return Err(malformed("claims_value_deep"));
        }
        wish.values = Some(values).filter(|values| !values.is_empty());
        Ok(wish)
    }

    /// As the parameter writes it.
    fn value(&self) -> Value {
        let mut members = Map::new();
        if self.necessity == Necessity::Essential {
            members.insert("essential".into(), json!(true));
        }
        match self.values.as_deref() {
            None => {}
            Some([one]) => drop(members.insert("value".into(), one.clone())),
            Some(values) => drop(members.insert("values".into(), json!(values))),
        }
        if members.is_empty() { Value::Null } else { Value::Object(members) }
    }
}

fn is_shallow(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(values) => depth > 0 && values.iter().all(|value| is_shallow(value, depth - 1)),
        Value::Object(members) => depth > 0 && members.values().all(|value| is_shallow(value, depth - 1)),
        _ => true,
    }
}

impl Wishes {
    fn read(given: Option<&Value>) -> Result<Self, Refusal> {
        let claims = match given {
            None | Some(Value::Null) => return Ok(Self::default()),
            Some(Value::Object(claims)) if claims.len() <= MOST_CLAIMS => claims,
            Some(_) => return Err(malformed("claims_member")),
        };
        let read = |(name, asked): (&String, &Value)| match is_name(name) {
            true => Ok((name.clone(), Wish::read(asked)?)),
            false => Err(malformed("claims_name")),
        };
        claims.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// How a claim of this very name is asked for, if it is.
    pub fn get(&self, name: &str) -> Option<&Wish> {
        self.0.iter().find(|(asked, _)| asked == name).map(|(_, wish)| wish)
    }

    /// Those that are about a person: `sub`, `acr`, `auth_time` and their like are part of every sign-in.
    pub fn personal(&self) -> impl Iterator<Item = (&str, &Wish)> {
        self.0.iter().map(|(name, wish)| (name.as_str(), wish)).filter(|(name, _)| !is_reserved(name))
    }

    /// Whether none is asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn value(&self) -> Value {
        self.0.iter().map(|(name, wish)| (name.clone(), wish.value())).collect::<Map<_, _>>().into()
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST_NAME && !name.chars().any(|c| c.is_control() || c.is_whitespace())
}

impl ClaimsRequest {
    /// Reads both parameters.
    pub fn read(claims: Option<&str>, locales: Option<&str>) -> Result<Self, Refusal> {
        let (id_token, userinfo) = match claims {
            None => (Wishes::default(), Wishes::default()),
            Some(text) if text.len() > LARGEST => return Err(malformed("claims_large")),
            Some(text) => match serde_json::from_str(text) {
                // Core §5.5: other members are ignored.
                Ok(Value::Object(given)) => {
                    (Wishes::read(given.get("id_token"))?, Wishes::read(given.get("userinfo"))?)
                }
                _ => return Err(malformed("claims_not_object")),
            },
        };
        // §5.2: an error should not result from what is not supported.
        let tags = locales.into_iter().flat_map(|text| text.split(' ')).filter(|tag| language::is_tag(tag));
        let locales = tags.take(MOST_LOCALES).map(language::canonical).collect();
        Ok(Self { id_token, userinfo, locales, together: Vec::new() })
    }

    /// What is asked for in one place.
    pub fn place(&self, place: Place) -> &Wishes {
        match place {
            Place::IdToken => &self.id_token,
            Place::UserInfo => &self.userinfo,
        }
    }

    /// The text that is stored with a grant: JSON, empty if nothing is asked for.
    pub fn text(&self) -> String {
        let mut all = Map::new();
        for (member, wishes) in [("userinfo", &self.userinfo), ("id_token", &self.id_token)] {
            if !wishes.is_empty() {
                all.insert(member.into(), wishes.value());
            }
        }
        for (member, texts) in [("claims_locales", &self.locales), ("together", &self.together)] {
            if !texts.is_empty() {
                all.insert(member.into(), json!(texts));
            }
        }
        if all.is_empty() { String::new() } else { Value::Object(all).to_string() }
    }

    /// Reads what [`ClaimsRequest::text`] wrote. `None`: it is something else.
    pub fn stored(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let Ok(Value::Object(all)) = serde_json::from_str(text) else { return None };
        let texts = |member: &str| match all.get(member) {
            None => Some(Vec::new()),
            Some(Value::Array(all)) => all.iter().map(|one| one.as_str().map(str::to_owned)).collect(),
            Some(_) => None,
        };
        let wishes = |member: &str| Wishes::read(all.get(member)).ok();
        Some(Self {
            id_token: wishes("id_token")?,
            userinfo: wishes("userinfo")?,
            locales: texts("claims_locales")?,
            together: texts("together")?,
        })
    }
}
