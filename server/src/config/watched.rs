//! How a server is watched: metrics and traces, both off unless somebody says where.

use std::net::SocketAddr;

use serde::Deserialize;

/// Metrics for Prometheus.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsConfig {
    /// Where they are read.
    pub listen: Option<SocketAddr>,
}
