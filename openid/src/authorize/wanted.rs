//! What of a request decides who signs in, and how well: `sub` and `acr` of the `claims` parameter, `acr_values` (OpenID
//! Connect Core §5.5.1, §5.5.1.1, §3.1.2.1).
//!
//! Invariant: what no sign-in can ever meet is refused before anybody is asked to sign in.

use serde_json::Value;

use crate::authorize::response_type::{Part, ResponseType};
use crate::claims::catalogue::Catalogue;
use crate::claims::parameter::{ClaimsRequest, Necessity, Wish};
use crate::wire::form::Form;
use crate::wire::refusal::{ErrorCode, Refusal, refuse};
use crate::wire::scope::Scope;

/// What decides who signs in, and how well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The subjects one of which it must be (Core §5.5.1): nobody else will do. Empty: anybody.
    pub subjects: Vec<String>,
    /// How well.
    pub acr: AcrWanted,
}

/// The `acr` a client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AcrWanted {
    /// Whether nothing else will do (Core §5.5.1.1).
    pub necessity: Necessity,
    /// Those it asks for, the most preferred first; empty: any.
    pub values: Vec<String>,
    /// Those of them that a sign-in here can reach.
    pub reachable: Vec<String>,
}

fn malformed(why: &'static str, say: &'static str) -> Refusal {
    refuse(ErrorCode::InvalidRequest, why, say)
}

/// Values that must be texts.
fn texts(wish: Option<&Wish>, why: &'static str, say: &'static str) -> Result<Option<Vec<String>>, Refusal> {
    let Some(values) = wish.and_then(|wish| wish.values.as_ref()) else {
        return Ok(None);
    };
    let read = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| malformed(why, say));
    values.iter().map(read).collect::<Result<_, _>>().map(Some)
}

/// Core §5.5: claims from UserInfo need an access token to be had with.
pub(super) fn claims(form: &Form, response_type: ResponseType) -> Result<ClaimsRequest, Refusal> {
    let claims = ClaimsRequest::read(form.get("claims"), form.get("claims_locales"))?;
    match claims.userinfo.is_empty() || response_type.carries(Part::Code) || response_type.carries(Part::Token) {
        true => Ok(claims),
        false => Err(malformed(
            "claims_userinfo_without_token",
            "claims: userinfo needs a response_type that gives an access token",
        )),
    }
}

/// Notes what claims providers tell together with what is asked for, and what of that nobody asks for.
pub(super) fn with_neighbours(
    mut claims: ClaimsRequest,
    scope: &Scope,
    catalogue: &Catalogue,
) -> (ClaimsRequest, Vec<String>) {
    let wished = claims.id_token.personal().chain(claims.userinfo.personal()).map(|(name, _)| name);
    let asked: Vec<&str> = catalogue.claims_of(scope).into_iter().chain(wished).collect();
    let together = catalogue.together(&asked);
    let beside = together.iter().filter(|name| !asked.contains(name)).map(|name| (*name).to_owned()).collect();
    let together = together.into_iter().map(str::to_owned).collect();
    claims.together = together;
    (claims, beside)
}

impl Wanted {
    /// Picks out what decides something. An essential `acr` that this server never reaches is refused at once.
    pub(super) fn of(claims: &ClaimsRequest, acr_values: Vec<String>, offered: &[String]) -> Result<Self, Refusal> {
        Ok(Self { subjects: subjects(claims)?, acr: AcrWanted::of(claims, acr_values, offered)? })
    }
}

/// UserInfo is about the person of the ID Token (Core §5.3.2): asked for in both places, both must be met.
fn subjects(claims: &ClaimsRequest) -> Result<Vec<String>, Refusal> {
    let of = |wish| texts(wish, "claims_sub", "claims: the values of sub must be strings");
    let (token, userinfo) = (of(claims.id_token.get("sub"))?, of(claims.userinfo.get("sub"))?);
    match (token, userinfo) {
        (Some(token), Some(userinfo)) => {
            let both: Vec<String> = token.into_iter().filter(|sub| userinfo.contains(sub)).collect();
            match both.is_empty() {
                true => {
                    Err(malformed("claims_sub_differs", "claims: id_token and userinfo ask for different subjects"))
                }
                false => Ok(both),
            }
        }
        (token, userinfo) => Ok(token.or(userinfo).unwrap_or_default()),
    }
}

impl AcrWanted {
    fn of(claims: &ClaimsRequest, acr_values: Vec<String>, offered: &[String]) -> Result<Self, Refusal> {
        let wish = claims.id_token.get("acr");
        let asked = texts(wish, "claims_acr", "claims: the values of acr must be strings")?;
        let necessity = wish.map(|wish| wish.necessity).unwrap_or_default();
        let values = match (necessity, asked) {
            (Necessity::Essential, asked) => asked.unwrap_or_default(),
            // §5.5.1.1: what both together mean is not specified. The claim comes first, and neither is lost.
            (Necessity::Voluntary, asked) => {
                let mut values = asked.unwrap_or_default();
                values.extend(acr_values);
                values
            }
        };
        let reachable: Vec<String> = values.iter().filter(|acr| offered.contains(acr)).cloned().collect();
        match necessity == Necessity::Essential && !values.is_empty() && reachable.is_empty() {
            true => Err(unmet("acr_unreachable")),
            false => Ok(Self { necessity, values, reachable }),
        }
    }

    /// Whether a sign-in of this `acr` is what was asked for.
    pub(super) fn is_met(&self, acr: Option<&str>) -> bool {
        match (self.values.is_empty(), self.necessity) {
            (true, Necessity::Voluntary) => true,
            (true, Necessity::Essential) => acr.is_some(),
            (false, _) => acr.is_some_and(|acr| self.values.iter().any(|value| value == acr)),
        }
    }
}

/// What is essential cannot be had.
pub(super) fn unmet(why: &'static str) -> Refusal {
    refuse(ErrorCode::UnmetAuthenticationRequirements, why, "the essential acr cannot be reached")
}
