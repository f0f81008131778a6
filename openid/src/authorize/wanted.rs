//! The `claims` parameter, OpenID Connect Core §5.5.
//!
//! Invariant: what comes out holds `userinfo` and `id_token` only, each claim asked for as `null` or as an object with
//! `essential`, `value` and `values`; nothing deeper or larger than that.

use serde_json::{Map, Value};

use crate::wire::refusal::{ErrorCode, Refusal, refuse};

const LARGEST: usize = 8 * 1024;
const MOST_CLAIMS: usize = 100;
const MOST_VALUES: usize = 50;
const DEEPEST: usize = 4;

/// What of the `claims` parameter decides something at the authorization endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The `sub` the ID Token must have (Core §5.5.1): nobody else will do.
    pub sub: Option<String>,
    /// The `acr` values one of which is essential (Core §5.5.1.1); empty if none is.
    pub essential_acr: Vec<String>,
    /// Whether `auth_time` is asked for.
    pub auth_time: AuthTimeClaim,
    /// Names asked for in the ID Token.
    pub id_token: Vec<String>,
    /// Names asked for from UserInfo.
    pub userinfo: Vec<String>,
}

/// Whether `claims` asks for `auth_time`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthTimeClaim {
    /// It does not.
    #[default]
    NotAsked,
    /// It does.
    Asked,
}

fn malformed(why: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidRequest, why, "claims is not a legal claims parameter")
}

/// Reads the parameter into its normal form; empty if there is none.
pub(super) fn read(text: Option<&str>) -> Result<Map<String, Value>, Refusal> {
    let Some(text) = text else {
        return Ok(Map::new());
    };
    if text.len() > LARGEST {
        return Err(malformed("claims_large"));
    }
    let Ok(Value::Object(given)) = serde_json::from_str::<Value>(text) else {
        return Err(malformed("claims_not_object"));
    };
    let mut normal = Map::new();
    // Core §5.5: other members are ignored.
    for member in ["userinfo", "id_token"] {
        match given.get(member) {
            None | Some(Value::Null) => {}
            Some(Value::Object(claims)) if claims.len() <= MOST_CLAIMS => {
                let claims = claims.iter().map(|(name, asked)| Ok((name.clone(), claim(asked)?)));
                let claims = claims.collect::<Result<Map<_, _>, Refusal>>()?;
                if !claims.is_empty() {
                    normal.insert(member.to_owned(), Value::Object(claims));
                }
            }
            Some(_) => return Err(malformed("claims_member")),
        }
    }
    Ok(normal)
}

fn claim(asked: &Value) -> Result<Value, Refusal> {
    let asked = match asked {
        Value::Null => return Ok(Value::Null),
        Value::Object(asked) => asked,
        _ => return Err(malformed("claims_claim")),
    };
    let mut normal = Map::new();
    for (name, value) in asked {
        let fits = match (name.as_str(), value) {
            ("essential", Value::Bool(_)) => true,
            ("value", value) => is_shallow(value, DEEPEST),
            ("values", Value::Array(values)) => {
                values.len() <= MOST_VALUES && values.iter().all(|value| is_shallow(value, DEEPEST))
            }
            ("essential" | "values", _) => false,
            // §5.5.1: other members may be defined; those not understood are ignored.
            _ => continue,
        };
        if !fits {
            return Err(malformed("claims_claim_member"));
        }
        normal.insert(name.clone(), value.clone());
    }
    Ok(Value::Object(normal))
}

fn is_shallow(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(values) => depth > 0 && values.iter().all(|value| is_shallow(value, depth - 1)),
        Value::Object(members) => depth > 0 && members.values().all(|value| is_shallow(value, depth - 1)),
        _ => true,
    }
}

impl Wanted {
    /// Picks out what decides something. An essential `acr` that this server never reaches is refused at once.
    pub(super) fn of(claims: &Map<String, Value>, offered: &[String]) -> Result<Self, Refusal> {
        let names = |member: &str| -> Vec<String> {
            claims.get(member).and_then(Value::as_object).into_iter().flat_map(|all| all.keys().cloned()).collect()
        };
        let id_token = claims.get("id_token");
        let member = |claim: &str, member: &str| id_token.and_then(|all| all.get(claim)).and_then(|c| c.get(member));
        let essential = member("acr", "essential") == Some(&Value::Bool(true));
        let one = member("acr", "value").into_iter();
        let many = member("acr", "values").and_then(Value::as_array).into_iter().flatten();
        let essential_acr: Vec<String> = match essential {
            true => one.chain(many).filter_map(Value::as_str).map(str::to_owned).collect(),
            false => Vec::new(),
        };
        if !essential_acr.is_empty() && !essential_acr.iter().any(|acr| offered.contains(acr)) {
            return Err(unmet("acr_unreachable"));
        }
        let sub = match member("sub", "value") {
            None | Some(Value::Null) => None,
            Some(Value::String(sub)) => Some(sub.clone()),
            Some(_) => return Err(malformed("claims_sub")),
        };
        Ok(Self {
            sub,
            essential_acr,
            auth_time: match id_token.and_then(|all| all.get("auth_time")) {
                Some(_) => AuthTimeClaim::Asked,
                None => AuthTimeClaim::NotAsked,
            },
            id_token: names("id_token"),
            userinfo: names("userinfo"),
        })
    }
}

/// What is essential cannot be had.
pub(super) fn unmet(why: &'static str) -> Refusal {
    refuse(ErrorCode::UnmetAuthenticationRequirements, why, "the essential acr cannot be reached")
}
