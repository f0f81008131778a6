//! JSON objects without repeated members: RFC 7515 §5.2 step 4, RFC 7519 §4.
//!
//! Only an object's own members are looked at. Of those further in, such as the peer's key in `epk`, the last counts, which
//! RFC 7517 §4 allows; nobody reads a token before us who could have taken another.

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::JoseError;

/// Reads an object whose own members are distinct.
pub(crate) fn object(json: &[u8]) -> Result<Map<String, Value>, JoseError> {
    serde_json::from_slice::<Object>(json).map(|object| object.0).map_err(|_| JoseError::Malformed)
}

struct Object(Map<String, Value>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member is repeated"));
                    }
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
