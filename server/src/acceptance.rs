//! What must be seen to before metadata are accepted, whichever door they come in by: `client add`, `client update`, the
//! registration endpoint.
//!
//! Invariant: nothing is registered that this server is not set up for, and nobody who is not the operator names an address of ours to reach that is not public.

use openid::client::metadata::Metadata;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};

use crate::op::Op;
use crate::outbound::Class;

/// Sees to it. Whatever must be fetched before these metadata are accepted, in place of `old` if the client is there already,
/// is fetched here.
pub(crate) async fn accept(op: &Op, old: Option<&Metadata>, new: &Metadata, class: Class) -> Result<(), Refusal> {
    op.mutual_tls().admit(new)?;
    judge_addresses(op, new, class)?;
    crate::sector::check(op, class, old, new).await
}

/// Addresses this server would go to, or send browsers to for a picture, must be public if a stranger entered them. An operator
/// is warned instead: `outbound.internal` may be what is missing.
fn judge_addresses(op: &Op, metadata: &Metadata, class: Class) -> Result<(), Refusal> {
    if class == Class::Operator {
        return Ok(());
    }
    let single = [
        ("jwks_uri", &metadata.jwks_uri),
        ("sector_identifier_uri", &metadata.sector_identifier_uri),
        ("backchannel_logout_uri", &metadata.backchannel_logout_uri),
    ];
    let single = single.into_iter().filter_map(|(name, uri)| uri.as_ref().map(|uri| (name, uri)));
    let single = single.map(|(name, uri)| (name, uri.as_str()));
    let logos = metadata.links.logo_uri.all().map(|uri| ("logo_uri", uri));
    let several = metadata.request_uris.iter().map(|uri| ("request_uris", uri.as_str()));
    for (name, uri) in single.chain(logos).chain(several) {
        if op.outbound().allows(class, uri).is_err() {
            return Err(refuse(
                ErrorCode::InvalidClientMetadata,
                "address_not_public",
                format!("{name} must be a public https address"),
            ));
        }
    }
    Ok(())
}
