//! The one way out: every request to somebody else's server goes through here (architecture §2.13).
//!
//! Invariant: an address is judged twice, as it stands in the URL and as the resolver gives it, and the connection uses
//! what was judged; no redirect is followed, no proxy asked, no cookie kept, no body read beyond its cap.

mod policy;
mod special;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

pub use policy::{Class, Forbidden, Gate, Policy};

use crate::config::Config;
use crate::metrics::{Metrics, Outcome};

/// Bounds of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From the first packet to the last byte of the body.
    pub time: Duration,
    /// The largest body that is read.
    pub body: usize,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Where.
    pub uri: &'a str,
    /// What is posted; nothing: a GET.
    pub form: Option<&'a [(&'a str, &'a str)]>,
    /// `Authorization`.
    pub authorization: Option<&'a str>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The status; redirects come back as they are.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Retry-After` as it stands.
    pub retry_after: Option<String>,
    /// Whether `Cache-Control` says `no-store`.
    pub no_store: bool,
    /// `max-age` of its `Cache-Control`, in seconds.
    pub max_age: Option<u32>,
    /// Every `Set-Cookie`, for looking at: none is kept.
    pub cookies: Vec<String>,
    /// The body.
    pub body: Bytes,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// The address may not be reached.
    #[error("{0}")]
    Forbidden(#[from] Forbidden),
    /// Not a URL.
    #[error("the address is not a URL")]
    Malformed,
    /// The time was over.
    #[error("no answer in time")]
    Timeout,
    /// The body went beyond its cap.
    #[error("the answer was larger than {0} bytes")]
    TooLarge(usize),
    /// No connection, or one that broke.
    #[error("{0}")]
    Broken(String),
}

impl Unreached {
    /// Whether trying again cannot help: the address is not allowed.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Forbidden(_) | Self::Malformed)
    }
}

/// A body that nobody wants is read for so long at most.
const REST: Duration = Duration::from_millis(500);

/// The one client. Cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    policy: Arc<Policy>,
    /// One for each class and gate: the resolver knows no port, and connections are kept by host and port.
    clients: Arc<HashMap<(Class, Gate), reqwest::Client>>,
    metrics: Metrics,
    /// The one that speaks to the operator's own collector of traces, wherever that is.
    collector: Option<reqwest::Client>,
}

impl Outbound {
    /// From the configuration.
    pub fn new(config: &Config) -> Result<Self, Unreached> {
        let policy = Arc::new(Policy::new(config));
        let mut clients = HashMap::new();
        for class in [Class::Operator, Class::Stranger] {
            for gate in policy.gates() {
                clients.insert((class, *gate), build(config, &policy, class, *gate)?);
            }
        }
        Ok(Self {
            policy,
            clients: Arc::new(clients),
            metrics: Metrics::default(),
            collector: build_collector(config)?,
        })
    }

    /// The same, whose requests are counted.
    #[must_use]
    pub fn counted(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Whether an address could be reached by its look alone: what `client add` and `doctor` ask.
    pub fn allows(&self, class: Class, uri: &str) -> Result<(), Unreached> {
        let url = Url::parse(uri).map_err(|_| Unreached::Malformed)?;
        Ok(self.policy.judge_url(class, &url)?)
    }

    /// Fetches a document.
    pub async fn get(&self, class: Class, uri: &str, limits: Limits) -> Result<Fetched, Unreached> {
        self.call(class, Call { uri, form: None, authorization: None }, limits).await
    }

    /// Posts a form to somebody whose status alone is an answer (Back-Channel Logout §2.8): what follows the status, however
    /// long or slow, changes nothing.
    pub async fn tell(
        &self,
        class: Class,
        uri: &str,
        form: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Fetched, Unreached> {
        let told = self.tell_uncounted(class, uri, form, limits).await;
        self.count(&told);
        told
    }

    async fn tell_uncounted(
        &self,
        class: Class,
        uri: &str,
        form: &[(&str, &str)],
        limits: Limits,
    ) -> Result<Fetched, Unreached> {
        let url = self.admit(class, uri)?;
        let request = self.client(class, &url).post(url).form(form).send();
        let mut response = tokio::time::timeout(limits.time, request)
            .await
            .map_err(|_| Unreached::Timeout)?
            .map_err(|e| broken(&e))?;
        let fetched = head(&response);
        // A short body is read, so that the connection can be used again.
        let mut left = limits.body;
        let rest = async {
            while let Ok(Some(chunk)) = response.chunk().await
                && chunk.len() < left
            {
                left -= chunk.len();
            }
        };
        let _ = tokio::time::timeout(REST, rest).await;
        Ok(fetched)
    }

    /// Takes a report to the operator's own collector. Its address is configuration: nobody else has a say in it, so that it
    /// is not judged.
    pub async fn report(&self, collector: &Url, report: &serde_json::Value) -> Result<(), Unreached> {
        let Some(client) = &self.collector else { return Err(Unreached::Broken("nobody collects".to_owned())) };
        let answer = client.post(collector.clone()).json(report).send().await.map_err(|e| broken(&e))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(Unreached::Broken(format!("HTTP {}", answer.status().as_u16()))),
        }
    }

    /// Makes a request.
    pub async fn call(&self, class: Class, call: Call<'_>, limits: Limits) -> Result<Fetched, Unreached> {
        let called = self.call_uncounted(class, call, limits).await;
        self.count(&called);
        called
    }

    fn count(&self, ended: &Result<Fetched, Unreached>) {
        self.metrics.asked(|| match ended {
            Ok(fetched) => Outcome::Status(fetched.status),
            Err(Unreached::Forbidden(_) | Unreached::Malformed) => Outcome::Forbidden,
            Err(Unreached::Timeout) => Outcome::Timeout,
            Err(Unreached::TooLarge(_)) => Outcome::TooLarge,
            Err(Unreached::Broken(_)) => Outcome::Broken,
        });
    }

    async fn call_uncounted(&self, class: Class, call: Call<'_>, limits: Limits) -> Result<Fetched, Unreached> {
        let url = self.admit(class, call.uri)?;
        let mut request = match call.form {
            None => self.client(class, &url).get(url),
            Some(form) => self.client(class, &url).post(url).form(form),
        };
        if let Some(authorization) = call.authorization {
            request = request.header("authorization", authorization);
        }
        self.go(request, limits).await
    }

    fn client(&self, class: Class, url: &Url) -> &reqwest::Client {
        self.clients.get(&(class, self.policy.gate(url))).expect("there is a client for every gate of the policy")
    }

    fn admit(&self, class: Class, uri: &str) -> Result<Url, Unreached> {
        let url = Url::parse(uri).map_err(|_| Unreached::Malformed)?;
        self.policy.judge_url(class, &url)?;
        Ok(url)
    }

    async fn go(&self, request: reqwest::RequestBuilder, limits: Limits) -> Result<Fetched, Unreached> {
        tokio::time::timeout(limits.time, receive(request, limits)).await.unwrap_or(Err(Unreached::Timeout))
    }
}

async fn receive(request: reqwest::RequestBuilder, limits: Limits) -> Result<Fetched, Unreached> {
    let mut response = request.send().await.map_err(|e| broken(&e))?;
    let fetched = head(&response);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
        if body.len() + chunk.len() > limits.body {
            return Err(Unreached::TooLarge(limits.body));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { body: body.into(), ..fetched })
}

/// What stands before the body.
fn head(response: &reqwest::Response) -> Fetched {
    let all = |name: &str| {
        let lines = response.headers().get_all(name).iter();
        lines.filter_map(|line| line.to_str().ok()).map(str::to_owned).collect::<Vec<_>>()
    };
    let first = |name: &str| all(name).into_iter().next();
    let cache_control = all("cache-control").join(",").to_ascii_lowercase();
    let max_age =
        cache_control.split(',').find_map(|one| one.trim().strip_prefix("max-age=")?.trim_matches('"').parse().ok());
    Fetched {
        status: response.status().as_u16(),
        content_type: first("content-type"),
        retry_after: first("retry-after"),
        max_age,
        no_store: cache_control.split(',').any(|one| one.trim() == "no-store"),
        cookies: all("set-cookie"),
        body: Bytes::new(),
    }
}

/// The innermost words of an error say most; the URL is left out, it may hold a secret.
fn broken(error: &reqwest::Error) -> Unreached {
    if error.is_timeout() {
        return Unreached::Timeout;
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
        if let Some(forbidden) = cause.downcast_ref::<Forbidden>() {
            return Unreached::Forbidden(forbidden.clone());
        }
    }
    Unreached::Broken(cause.to_string())
}

fn build(config: &Config, policy: &Arc<Policy>, class: Class, gate: Gate) -> Result<reqwest::Client, Unreached> {
    #[expect(clippy::disallowed_methods, reason = "this is the one guarded client")]
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .connect_timeout(Duration::from_secs(5))
        .pool_idle_timeout(Duration::from_secs(30))
        .pool_max_idle_per_host(2)
        .user_agent("Ostiary")
        .dns_resolver(Arc::new(Filtered { policy: Arc::clone(policy), class, gate }));
    if let (true, Some(path)) = (config.test_mode.is_on(), &config.test_mode.extra_ca) {
        let broken = |what: String| Unreached::Broken(format!("test_mode.extra_ca {}: {what}", path.display()));
        let pem = std::fs::read(path).map_err(|e| broken(e.to_string()))?;
        for certificate in reqwest::Certificate::from_pem_bundle(&pem).map_err(|e| broken(e.to_string()))? {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build().map_err(|e| broken(&e))
}

/// Speaks to the collector of traces, if there is one.
fn build_collector(config: &Config) -> Result<Option<reqwest::Client>, Unreached> {
    if config.traces.endpoint.is_none() {
        return Ok(None);
    }
    #[expect(clippy::disallowed_methods, reason = "it goes to the operator's own collector and nowhere else")]
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(5))
        .user_agent("Ostiary");
    builder.build().map(Some).map_err(|e| broken(&e))
}

/// Gives the connection only addresses that were judged: a name that points inside, or that changes its mind between the
/// check and the connection, goes nowhere.
struct Filtered {
    policy: Arc<Policy>,
    class: Class,
    gate: Gate,
}

impl Resolve for Filtered {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, class, gate) = (Arc::clone(&self.policy), self.class, self.gate);
        Box::pin(async move {
            let host = name.as_str().to_owned();
            let found: Vec<SocketAddr> = tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let judged = |address: &SocketAddr| policy.judge_address(class, &host, address.ip(), gate).is_ok();
            let allowed: Vec<SocketAddr> = found.into_iter().filter(judged).collect();
            if allowed.is_empty() {
                return Err(Box::new(Forbidden::new(&host)) as Box<dyn std::error::Error + Send + Sync>);
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests;
