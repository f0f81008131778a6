//! One HTTP exchange, as it is: no redirect followed, no cookie kept.
//!
//! Invariant: an origin under test is reached where it listens, whatever its name says.

use std::sync::LazyLock;
use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

/// The one client: no proxy, no redirects, no connection kept (servers die and come back in these tests).
static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test speaks to the server from outside; `server::outbound` is under test"
    )]
    let builder = reqwest::Client::builder();
    builder
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        // Certificates are looked at by the walks that are about them.
        .danger_accept_invalid_certs(true)
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client without options of its own can be built")
});

/// Where an origin really listens, and what a proxy in front of it would say.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Such as `https://op.test`.
    pub origin: String,
    /// Such as `http://127.0.0.1:40123`.
    pub listens: String,
    /// Header fields that a proxy adds.
    pub adds: Vec<(String, String)>,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// Where.
    pub url: Url,
    /// Header fields.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Question {
    /// A GET.
    pub fn get(url: &str) -> Self {
        Self { method: "GET", url: read(url), headers: Vec::new(), body: Vec::new() }
    }

    /// A POST of a form.
    pub fn post(url: &str, fields: &[(&str, &str)]) -> Self {
        let body = encode(fields).into_bytes();
        let headers = vec![("content-type".into(), "application/x-www-form-urlencoded".into())];
        Self { method: "POST", url: read(url), headers, body }
    }

    /// A POST of JSON.
    pub fn json(url: &str, body: &Value) -> Self {
        let headers = vec![("content-type".into(), "application/json".into())];
        Self { method: "POST", url: read(url), headers, body: body.to_string().into_bytes() }
    }

    /// With one more header field.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With a client's id and secret, RFC 6749 §2.3.1.
    #[must_use]
    pub fn basic(self, id: &str, secret: &str) -> Self {
        let word = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", word(id), word(secret));
        let pair = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pair);
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// Asks. An error says that there was no answer.
    pub async fn send(self, wires: &[Wire]) -> Result<Answer, String> {
        self.send_by(&CLIENT, wires).await
    }

    /// The same, by a client that shows a certificate.
    pub(crate) async fn send_by(self, client: &reqwest::Client, wires: &[Wire]) -> Result<Answer, String> {
        let origin = self.url.origin().ascii_serialization();
        let wire = wires.iter().find(|wire| wire.origin == origin);
        let mut target = self.url.clone();
        let method = reqwest::Method::from_bytes(self.method.as_bytes()).expect("the methods here are methods");
        if let Some(wire) = wire {
            let listens = read(&wire.listens);
            target.set_scheme(listens.scheme()).expect("http and https are alike");
            target.set_host(listens.host_str()).expect("a wire ends at a host");
            target.set_port(listens.port()).expect("a wire ends at a port");
        }
        let mut request = client.request(method, target).body(self.body);
        if let Some(wire) = wire {
            request = request.header("host", self.url.authority());
            for (name, value) in &wire.adds {
                request = request.header(name, value);
            }
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.map_err(|e| format!("{e:?}"))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.text().await.map_err(|e| format!("{e:?}"))?;
        Ok(Answer { status, headers, body })
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// A header field, the first of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{} is no JSON ({e}): {}", self.status, self.body))
    }
}

/// Reads a URL that a test wrote.
///
/// # Panics
/// If it is none.
pub fn read(url: &str) -> Url {
    Url::parse(url).unwrap_or_else(|e| panic!("{url} is no URL: {e}"))
}

/// A form, urlencoded.
pub fn encode(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
