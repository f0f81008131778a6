//! How a server is watched: metrics and traces, both off unless somebody says where.

use std::net::SocketAddr;

use serde::Deserialize;
use url::Url;

/// Metrics for Prometheus.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where they are read.
    pub listen: Option<SocketAddr>,
}

/// Traces for an OpenTelemetry collector.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracesConfig {
    /// Who collects them.
    pub endpoint: Option<Url>,
    /// The share of requests that begin one.
    pub sample: f64,
}

impl TracesConfig {
    /// Whether they can be sent, and chosen.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.endpoint.as_ref().is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
            return Err(("traces.endpoint", "must be an http or https URL".into()));
        }
        match (0.0..=1.0).contains(&self.sample) {
            true => Ok(()),
            false => Err(("traces.sample", "must be a number from 0.0 to 1.0".into())),
        }
    }
}
