//! Finding the request in its object: OpenID Connect Core §6, RFC 9101.
//!
//! Invariant: it is done once, when the request arrives; what is sealed into the pages since are its parameters. Nothing is
//! fetched but what a client that may ask registered.

use std::sync::Arc;
use std::time::Duration;

use openid::authorize::object::{self, Address, Carried};
use openid::authorize::place;
use openid::client::auth::Keys;
use openid::client::{Client, ClientSecret};
use openid::wire::form::Form;
use openid::wire::refusal::Refusal;

use crate::client_keys;
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
    place::admit(client)?;
    let object = match carried {
        Carried::Nowhere => return Ok(None),
        Carried::Value(object) => object.to_owned(),
        Carried::Reference(uri) => referenced(op, client, object::address(uri, client)?).await?,
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
    let judge = |keys: &Keys<'_>| object::judge(&object, form, client, keys, (op.issuer().as_str(), op.now()));
    client_keys::judged(op, client, judge).await.map(Some)
}

/// The object behind a `request_uri`: kept, if its fragment says what it is, or fetched.
async fn referenced(op: &Op, client: &Arc<Client>, address: Address<'_>) -> Result<String, Refusal> {
    if let Some(kept) = op.objects().find(address.uri) {
        return Ok(kept);
    }
    let limits = Limits { time: Duration::from_secs(5), body: LARGEST };
    let fetched = match op.outbound().get(Class::of(client), address.fetched, limits).await {
        Ok(fetched) if fetched.status == 200 => fetched,
        Ok(fetched) => {
            let status = fetched.status;
            tracing::info!(client = %client.id, uri = address.fetched, status, "no request object there");
            return Err(object::unreachable());
        }
        Err(unreached) => {
            let uri = address.fetched;
            tracing::info!(client = %client.id, uri, "the request object could not be fetched: {unreached}");
            return Err(object::unreachable());
        }
    };
    let object = object::fetched(fetched.content_type.as_deref(), &fetched.body)?;
    if address.names(&fetched.body) {
        op.objects().keep(address.uri, &object);
    }
    Ok(object)
}
