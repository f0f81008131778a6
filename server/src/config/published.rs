//! What a provider publishes of itself: for which hosts, and where people who build on it read on.

use openid::webfinger;
use openid::wire::uri::{self, Kind};
use serde::Deserialize;

/// WebFinger, OpenID Connect Discovery §2.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebfingerConfig {
    /// Hosts whose people are ours, besides the issuer's own.
    pub hosts: Vec<String>,
}

/// Links of the discovery document (Discovery §3): for whoever registers clients.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinksConfig {
    /// `service_documentation`.
    pub service_documentation: Option<String>,
    /// `op_policy_uri`.
    pub op_policy_uri: Option<String>,
    /// `op_tos_uri`.
    pub op_tos_uri: Option<String>,
}

impl WebfingerConfig {
    /// Brings the hosts into the form addresses have.
    pub(super) fn check(&mut self) -> Result<(), (&'static str, String)> {
        for host in &mut self.hosts {
            let Some(read) = webfinger::read_host(host) else {
                return Err(("webfinger.hosts", format!("\"{host}\" is not a host such as example.com")));
            };
            *host = read;
        }
        Ok(())
    }
}

impl LinksConfig {
    /// Whether they can be followed.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        for (key, link) in [
            ("links.service_documentation", &self.service_documentation),
            ("links.op_policy_uri", &self.op_policy_uri),
            ("links.op_tos_uri", &self.op_tos_uri),
        ] {
            match link.as_deref().map(uri::judge) {
                None | Some(Ok(Kind::Https)) => {}
                _ => return Err((key, "must be an https URL without a fragment".into())),
            }
        }
        Ok(())
    }
}
