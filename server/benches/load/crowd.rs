//! Very many clients: what they change of a sign-on, of the memory, and of the start.

use std::path::Path;

use openid::client::metadata::Metadata;
use openid::name::{ClientId, Digest};
use openid::time::Time;
use serde_json::{Value, json};
use store::clients::ClientRow;
use store::{Location, Store};

use crate::Broken;
use crate::ground::REDIRECT_URI;

/// So many are written in one transaction.
const BATCH: usize = 5_000;

/// Fills a database that no server has open. Every tenth is a public client with an origin of its own.
pub(crate) async fn fill(folder: &Path, clients: usize) -> Result<(), Broken> {
    let location: Location = format!("sqlite:{}", folder.join("bench.sqlite").display()).parse()?;
    let store = Store::open(&location).await?;
    let secret = metadata(&json!({"client_name": "One of very many", "redirect_uris": [REDIRECT_URI]}))?;
    let mut added = 0;
    while added < clients {
        let (from, to, secret) = (added, (added + BATCH).min(clients), secret.clone());
        let rows = (from..to).map(|number| row(number, &secret)).collect::<Result<Vec<_>, Broken>>()?;
        let written = store.write(async move |tx| {
            for row in &rows {
                tx.add_client(row).await?;
            }
            Ok::<_, store::Stop<openid::wire::refusal::Refusal>>(())
        });
        written.await.map_err(|stop| format!("the clients could not be written: {stop:?}"))?;
        added = to;
    }
    store.close().await;
    Ok(())
}

/// Metadata as it is stored: read once, defaults filled in.
pub(crate) fn metadata(given: &Value) -> Result<String, Broken> {
    let given = given.as_object().ok_or("metadata is an object")?;
    let read = Metadata::read(given).map_err(|refusal| refusal.to_string())?;
    Ok(Value::Object(read.registered).to_string())
}

fn row(number: usize, confidential: &str) -> Result<ClientRow, Broken> {
    let origin = format!("https://app-{number}.example");
    let is_public = number.is_multiple_of(10);
    let metadata = match is_public {
        false => confidential.to_owned(),
        true => metadata(&json!({
            "client_name": "One of very many", "redirect_uris": [format!("{origin}/callback")],
            "token_endpoint_auth_method": "none",
        }))?,
    };
    let at = Time::from_seconds(1_700_000_000);
    Ok(ClientRow {
        id: ClientId::new(format!("crowd-{number:0>9}")),
        metadata,
        policy: "{}".to_owned(),
        secret_hash: (!is_public).then(|| Digest::of(&format!("secret {number}"))),
        secret_sealed: None,
        origins: if is_public { vec![origin] } else { Vec::new() },
        version: 1,
        created_at: at,
        updated_at: at,
        disabled_at: None,
    })
}
