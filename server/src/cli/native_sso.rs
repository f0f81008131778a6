//! `native-sso …`: whether apps of one vendor on one device may share a sign-in, and which do (Native SSO for Mobile Apps).

use std::collections::BTreeMap;

use clap::ValueEnum;
use openid::client::policy::Policy;
use openid::native_sso::NativeSso;
use serde_json::json;

use super::out::{Failed, Out};
use crate::op::Op;

/// `ostiary native-sso`.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum WantedNativeSso {
    /// Offered, to the clients whose policy has `native_sso`.
    On,
    /// Not offered.
    Off,
}

/// Decides it, if something is to be decided, and says how it stands: the sharing groups and their clients.
pub(super) async fn native_sso(wanted: Option<WantedNativeSso>, op: &Op, out: &Out) -> Result<(), Failed> {
    if let Some(wanted) = wanted {
        let wanted = match wanted {
            WantedNativeSso::On => NativeSso::On,
            WantedNativeSso::Off => NativeSso::Off,
        };
        super::change(op, "native_sso_set", wanted.as_str(), async move |tx, _| {
            Ok(tx.set_native_sso(wanted).await?.is_done().then_some(()))
        })
        .await?;
    }
    let is = op.store().reader().await?.native_sso().await?;
    let groups = groups(op).await?;
    out.answer(&json!({"native_sso": is.as_str(), "groups": groups}), |out| {
        out.line(match is {
            NativeSso::On => "Native SSO is offered: apps of one group share a sign-in on a device.",
            NativeSso::Off => "Native SSO is not offered; `ostiary native-sso on` offers it.",
        });
        for (group, clients) in &groups {
            out.line(&format!("{group}: {}", clients.join(" ")));
        }
        if groups.is_empty() {
            out.hint(
                "No client is in a sharing group: give some a policy with native_sso; docs/native-sso.md shows how.",
            );
        }
    });
    Ok(())
}

/// The sharing groups, each with its clients.
async fn groups(op: &Op) -> Result<BTreeMap<String, Vec<String>>, Failed> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = op.store().reader().await?.clients(&after, 500).await?;
        let Some(last) = page.last() else { return Ok(groups) };
        after = last.id.to_string();
        for row in &page {
            let policy: Policy = serde_json::from_str(&row.policy)?;
            if let Some(native) = policy.native_sso {
                groups.entry(native.group).or_default().push(row.id.to_string());
            }
        }
    }
}
