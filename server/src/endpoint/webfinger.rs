//! `GET /.well-known/webfinger`: RFC 7033, OpenID Connect Discovery §2.
//!
//! Invariant: no person is looked up.

use axum::http::{HeaderValue, StatusCode, header};
use openid::webfinger::{Hosts, Question, answer};
use serde_json::Value;

use super::ask::Ask;
use crate::answer::{Answer, Stop, json, text};
use crate::op::Op;

/// The endpoint.
pub(super) fn webfinger(op: &Op, ask: &Ask) -> Result<Answer, Stop> {
    let question = Question::read(ask.uri.query().unwrap_or_default())?;
    let issuer = op.issuer().as_str();
    match answer(&question, &Hosts::new(issuer, &op.config().webfinger.hosts), issuer) {
        None => Ok(text(StatusCode::NOT_FOUND, "nothing is known here about that resource")),
        Some(descriptor) => {
            let mut answer = json(StatusCode::OK, &Value::Object(descriptor));
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jrd+json"));
            Ok(answer)
        }
    }
}
