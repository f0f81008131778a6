//! `POST /revoke`: RFC 7009.
//!
//! Invariant: a client revokes its own tokens only, and learns nothing about others': the answer is 200 either way (§2.2).

use axum::http::StatusCode;
use openid::introspect::TokenType;
use openid::revoke::{self, Revocation, RevokeRequest};
use openid::session::Cause;

use store::GrantEnding;
use store::accounts::Done;
use store::audit::Entry;

use super::access_token::known_as;
use super::ask::Ask;
use super::client_auth::{admit, authenticate};
use crate::answer::{Answer, Stop, text};
use crate::op::Op;

/// The endpoint.
pub(super) async fn revoke(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let form = ask.form()?;
    let client = authenticate(op, ask, &form).await?;
    let request = RevokeRequest::read(&form, |token| known_as(op, token))?;
    let now = op.now();
    let name = op.dice().name();
    op.store()
        .write(async move |tx| {
            admit(tx, &client).await?;
            let id = &client.client().id;
            let by = format!("client:{id}");
            for kind in [TokenType::Refresh, TokenType::Access] {
                let found = match kind {
                    TokenType::Access => tx.access_token(&request.token, now).await?,
                    TokenType::Refresh => tx.refresh_token(&request.token, now).await?,
                };
                let revoked = match revoke::judge(id, kind, found.as_ref().map(|found| &found.facts)) {
                    Revocation::Nothing => continue,
                    Revocation::Access => match tx.revoke_access(&request.token, id, now).await? {
                        Done::Yes => "an access token".to_owned(),
                        Done::No => continue,
                    },
                    Revocation::Grant(grant) => match tx.end_grant(&grant, Cause::Revoked, &by, now).await? {
                        GrantEnding::Now => format!("grant {grant}"),
                        GrantEnding::Before => continue,
                    },
                };
                // A token is of one kind: at most one line.
                tx.note(&Entry::new(name.clone(), now, by.clone(), "revoked", revoked)).await?;
            }
            // A device secret is every app's that takes part on the device (Native SSO §4.3, `native-sso.md`).
            if let Some(device) = tx.shared_device(&request.token, id).await?
                && tx.revoke_secrets(&device, now).await?.is_done()
            {
                tx.note(&Entry::new(name.clone(), now, by, "revoked", format!("the secrets of device {device}")))
                    .await?;
            }
            Ok(())
        })
        .await?;
    Ok(text(StatusCode::OK, ""))
}
