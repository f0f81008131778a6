//! From metadata to a row: a client's secret as it is kept, and its origins. For every door a client comes in by.
//!
//! Invariant: a secret is stored as SHA-256, or sealed where it keys a MAC or where the client may read it again
//! (RFC 7592 §2.1); it is shown by whoever drew it and logged by nobody.

use openid::client::metadata::{ClientKind, Metadata, SecretNeed};
use openid::client::policy::{EnteredBy, Policy};
use openid::name::{ClientId, Digest, Secret};
use openid::wire::refusal::Refusal;
use serde_json::Value;
use store::Fault;
use store::clients::ClientRow;
use zeroize::Zeroizing;

use crate::op::Op;

/// What client secrets are sealed for.
pub(crate) const PURPOSE: &str = "client-secret";

/// A secret as it is shown once, and as it is stored.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) shown: Option<Zeroizing<String>>,
    pub(crate) hash: Option<Digest>,
    pub(crate) sealed: Option<String>,
}

/// Keeps a secret that was given, or draws one, as the metadata need it.
pub(crate) fn keep(op: &Op, metadata: &Metadata, given: Option<&str>, entered_by: EnteredBy) -> Result<Kept, Refusal> {
    let need = match (metadata.secret_need(), entered_by) {
        // It may read its registration, and its secret with it.
        (SecretNeed::Hashed, EnteredBy::Stranger) => SecretNeed::Sealed { least: 0 },
        (need, _) => need,
    };
    if let Some(given) = given {
        metadata.judge_secret(given)?;
    }
    // What signs is long enough for every hash: two draws have the 64 octets that HS512 wants.
    let fresh = || {
        let one = Secret::from_bytes(&op.dice().draw());
        let two = Secret::from_bytes(&op.dice().draw());
        match need {
            SecretNeed::Sealed { .. } => format!("{}{}", one.reveal(), two.reveal()),
            SecretNeed::None | SecretNeed::Hashed => one.reveal().to_owned(),
        }
    };
    let secret = Zeroizing::new(given.map_or_else(fresh, str::to_owned));
    Ok(match need {
        SecretNeed::None => Kept::default(),
        SecretNeed::Hashed => Kept { hash: Some(Digest::of(&secret)), shown: Some(secret), sealed: None },
        SecretNeed::Sealed { .. } => {
            let sealed = op.sealing().seal(PURPOSE, secret.as_bytes());
            Kept { sealed: Some(sealed), shown: Some(secret), hash: None }
        }
    })
}

/// What a row's sealed secret is; `None`: none is kept, or only its digest.
pub(crate) fn unsealed(op: &Op, row: &ClientRow) -> Result<Option<Zeroizing<String>>, Fault> {
    let Some(sealed) = &row.secret_sealed else { return Ok(None) };
    let bytes = op.sealing().open(PURPOSE, sealed);
    let text = bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
    let text = text.ok_or_else(|| Fault::bug(format!("client {}: its secret cannot be unsealed", row.id)))?;
    Ok(Some(Zeroizing::new(text)))
}

/// The row of a new client.
pub(crate) fn row(
    op: &Op,
    id: ClientId,
    metadata: &Metadata,
    policy: &Policy,
    kept: &Kept,
) -> Result<ClientRow, Fault> {
    let now = op.now();
    let origins = match metadata.kind() {
        ClientKind::Public => metadata.origins.clone(),
        ClientKind::Confidential => Vec::new(),
    };
    let policy = serde_json::to_string(policy).map_err(|e| Fault::bug(format!("a policy cannot be written: {e}")))?;
    Ok(ClientRow {
        id,
        metadata: Value::Object(metadata.registered.clone()).to_string(),
        policy,
        secret_hash: kept.hash,
        secret_sealed: kept.sealed.clone(),
        origins,
        version: 1,
        created_at: now,
        updated_at: now,
        disabled_at: None,
    })
}
