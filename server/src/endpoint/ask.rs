//! A request as an endpoint's shell sees it: everything already taken from the socket.
//!
//! Invariant: the body was read up to its cap before a shell runs; nothing here is trusted.

use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use openid::wire::form::Form;
use openid::wire::refusal::{ErrorCode, Refusal, refuse};

use crate::listen::{Peer, Via};
use crate::op::Op;

/// One request.
#[derive(Debug)]
pub struct Ask {
    /// `GET`, `POST`, …
    pub method: Method,
    /// Path and query as they came.
    pub uri: axum::http::Uri,
    /// Header fields.
    pub headers: HeaderMap,
    /// Who is at the other end.
    pub peer: Peer,
    /// Through which listener it came.
    pub via: Via,
    /// The body; empty for GET.
    pub body: Bytes,
}

impl Ask {
    /// The path.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The address it was sent to, without its query: below the issuer, or below the address where certificates are asked for.
    pub fn address(&self, op: &Op) -> String {
        let at = match (&self.via, &op.config().mtls) {
            (Via::Mutual(_), Some(mtls)) => &mtls.url,
            (Via::Main | Via::Mutual(_), _) => op.issuer(),
        };
        format!("{}{}", at.as_str(), self.path().strip_prefix(at.path()).unwrap_or(self.path()))
    }

    /// A header field that stands exactly once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.get_all(name).iter();
        let first = all.next()?;
        match all.next() {
            None => first.to_str().ok(),
            Some(_) => None,
        }
    }

    /// The `Authorization` field. One that stands twice or is no text is malformed, not absent (RFC 6749 §5.2, RFC 6750 §3.1).
    pub fn authorization(&self) -> Result<Option<&str>, Refusal> {
        match (self.header("authorization"), self.headers.contains_key("authorization")) {
            (None, true) => Err(refuse(
                ErrorCode::InvalidRequest,
                "authorization_malformed",
                "the Authorization field is repeated or malformed",
            )),
            (field, _) => Ok(field),
        }
    }

    /// The parameters of a GET's query.
    pub fn query(&self) -> Result<Form, Refusal> {
        Form::read(self.uri.query().unwrap_or_default().as_bytes())
    }

    /// The parameters of a POST's body, which must say that it is a form (RFC 6749 Appendix B).
    pub fn form(&self) -> Result<Form, Refusal> {
        let kind = self.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            true => Form::read(&self.body),
            false => Err(refuse(
                ErrorCode::InvalidRequest,
                "body_not_a_form",
                "the body must be application/x-www-form-urlencoded",
            )),
        }
    }

    /// The parameters wherever this method carries them: query for GET, body for POST.
    pub fn parameters(&self) -> Result<Form, Refusal> {
        match self.method {
            Method::POST => self.form(),
            _ => self.query(),
        }
    }

    /// A cookie by name. If it stands twice, the first counts: browsers send the most specific path first.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.headers
            .get_all("cookie")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }
}
