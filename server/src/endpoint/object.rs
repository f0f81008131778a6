//! Finding the request in its object: OpenID Connect Core §6, RFC 9101.
//!
//! Invariant: it is done once, when the request arrives; what is sealed into the pages since are its parameters.

use std::sync::Arc;
use std::time::Duration;

use openid::authorize::object::{self, Carried, Judged};
use openid::client::auth::{Fetched, Keys};
use openid::client::{Client, ClientSecret};
use openid::wire::form::Form;
use openid::wire::refusal::Refusal;

use crate::op::Op;
use crate::outbound::{Class, Limits};

/// The largest object, in bytes.
const LARGEST: usize = 64 * 1024;

/// The parameters of a request, wherever they are carried.
pub(super) async fn resolve(
    op: &Op,
    form: &Form,
    carried: Carried<'_>,
    client: &Arc<Client>,
) -> Result<Option<Form>, Refusal> {
    let object = match carried {
        Carried::Nowhere => return Ok(None),
        Carried::Value(object) => object.to_owned(),
        Carried::Reference(uri) => fetch(op, client, object::address(uri, client)?).await?,
    };
    let object = if jose::is_encrypted(&object) {
        let secret = match (&client.secret, client.metadata.request_object_encryption) {
            (ClientSecret::Known(secret), Some(with)) if with.alg.is_symmetric() => Some((secret.as_str(), with)),
            _ => None,
        };
        op.keys().decrypt(&object, secret).ok_or_else(object::unopened)?
    } else {
        object
    };
    let mut jwks = op.client_keys().at_hand(client, op.now());
    let mut fetched = Fetched::Before;
    loop {
        let keys = Keys { jwks: jwks.as_deref(), fetched };
        match object::judge(&object, form, client, &keys, (op.issuer().as_str(), op.now())) {
            Judged::Is(form) => return Ok(Some(form)),
            Judged::No(refusal) => return Err(refusal),
            // The same need twice is a refusal; the judge sees to it once the keys were fetched now.
            Judged::Need(need) => {
                jwks = op.client_keys().fetch(op, client, Class::of(client), &need.uri).await.or(jwks);
                fetched = Fetched::Now;
            }
        }
    }
}

async fn fetch(op: &Op, client: &Arc<Client>, uri: &str) -> Result<String, Refusal> {
    let limits = Limits { time: Duration::from_secs(5), body: LARGEST };
    let text = match op.outbound().get(Class::of(client), uri, limits).await {
        Ok(fetched) if fetched.status == 200 => String::from_utf8(fetched.body.to_vec()).ok(),
        Ok(fetched) => {
            tracing::info!(client = %client.id, uri, status = fetched.status, "no request object there");
            None
        }
        Err(unreached) => {
            tracing::info!(client = %client.id, uri, "the request object could not be fetched: {unreached}");
            None
        }
    };
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).ok_or_else(object::unreachable)
}
