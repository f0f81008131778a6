//! How the server says no, by channel (architecture §2.14): the same refusal or fault, rendered for who is listening.
//!
//! Invariant: a refusal is logged once with its `why`, a fault once with an id that the stranger sees too; nothing of
//! a fault's chain leaves the house.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use openid::bound::{DOWNGRADED, dpop as bound};
use openid::registration::admission::NO_TOKEN;
use openid::wire::refusal::{ErrorCode, Refusal};
use serde_json::json;
use store::{Fault, Kind};

use crate::endpoint::api;
use crate::endpoint::ask::Ask;
use crate::endpoint::dpop;
use crate::op::Op;
use crate::page;

/// What stops a shell: the protocol says no, or we failed.
pub type Stop = store::Stop<Refusal>;

/// What an endpoint answers.
pub type Answer = Response<Body>;

/// Who is listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A client: JSON, RFC 6749 §5.2.
    Token,
    /// A resource request: `WWW-Authenticate`, RFC 6750 §3.
    Bearer,
    /// A client that registers: RFC 7591 §3.2.2, RFC 7592 §2.
    Registration,
    /// An operator's program: RFC 9457, and RFC 6750 §3 where it is about the access token.
    Api,
    /// A person.
    Page,
    /// A machine that looks at the status alone.
    Plain,
}

/// Renders a stop for who is listening, and logs it once.
pub fn stop(op: &Op, ask: &Ask, channel: Channel, stop: Stop) -> Answer {
    match stop {
        Stop::Refuse(refusal) => {
            op.metrics().refused(&refusal);
            tracing::info!(
                why = refusal.why,
                code = refusal.code.as_str(),
                path = ask.path(),
                "refused: {}",
                refusal.say
            );
            let mut answer = refuse(op, ask, channel, &refusal);
            // RFC 9449 §8, §9.
            if refusal.code == ErrorCode::UseDpopNonce {
                put(&mut answer, dpop::NONCE, &dpop::fresh(op));
            }
            answer
        }
        Stop::Fault(fault) => {
            let id = op.dice().short();
            tracing::error!(id, path = ask.path(), kind = ?fault.kind(), "failed: {fault:#}");
            fail(op, ask, channel, &fault, &id)
        }
    }
}

fn refuse(op: &Op, ask: &Ask, channel: Channel, refusal: &Refusal) -> Answer {
    match channel {
        Channel::Token => {
            let status = match refusal.code {
                ErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
                _ => StatusCode::BAD_REQUEST,
            };
            let mut answer = json(status, &json!({"error": refusal.code.as_str(), "error_description": refusal.say}));
            // RFC 6749 §5.2: if the client tried the Authorization header, name the scheme it used.
            if refusal.code == ErrorCode::InvalidClient && ask.header("authorization").is_some() {
                put(&mut answer, header::WWW_AUTHENTICATE, "Basic realm=\"ostiary\", charset=\"UTF-8\"");
            }
            answer
        }
        Channel::Bearer => resource(ask, refusal),
        Channel::Registration => registration(refusal),
        Channel::Api => match refusal.code {
            ErrorCode::InvalidToken
            | ErrorCode::InsufficientScope
            | ErrorCode::InvalidDpopProof
            | ErrorCode::UseDpopNonce => resource(ask, refusal),
            _ => api::problem(StatusCode::BAD_REQUEST, &refusal.say),
        },
        Channel::Page => page::error(&op.frame(ask), refusal.code.as_str(), refusal.why, &refusal.say),
        Channel::Plain => text(StatusCode::BAD_REQUEST, refusal.code.as_str()),
    }
}

/// An error about the token is answered as RFC 6750 §3 says, one about what is registered as RFC 7591 §3.2.2 does.
fn registration(refusal: &Refusal) -> Answer {
    let status = match refusal.code {
        ErrorCode::InvalidToken => return bearer(refusal),
        ErrorCode::AccessDenied => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    json(status, &json!({"error": refusal.code.as_str(), "error_description": refusal.description()}))
}

/// RFC 9449 §7.1: both schemes are offered to whoever showed nothing; else the challenge is that of the scheme that was used, or
/// should have been.
fn resource(ask: &Ask, refusal: &Refusal) -> Answer {
    let scheme = ask.header("authorization").and_then(|field| field.split_once(' ')).map(|(scheme, _)| scheme);
    let by_dpop = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("dpop"));
    let algs = bound::algs().collect::<Vec<_>>().join(" ");
    if matches!(refusal.why, "bearer_absent" | "api_bearer_absent") {
        let mut answer = bearer(refusal);
        put(&mut answer, header::WWW_AUTHENTICATE, &format!("DPoP realm=\"ostiary\", algs=\"{algs}\""));
        return answer;
    }
    if !by_dpop && refusal.why != DOWNGRADED {
        return bearer(refusal);
    }
    let mut answer =
        json(bearer_status(refusal), &json!({"error": refusal.code.as_str(), "error_description": refusal.say}));
    let (code, say) = (refusal.code, refusal.say.replace(['"', '\\'], " "));
    let challenge = format!("DPoP realm=\"ostiary\", error=\"{code}\", error_description=\"{say}\", algs=\"{algs}\"");
    put(&mut answer, header::WWW_AUTHENTICATE, &challenge);
    answer
}

/// RFC 6750 §3.1, RFC 9449 §7.1 and §9.
fn bearer_status(refusal: &Refusal) -> StatusCode {
    match refusal.code {
        ErrorCode::InvalidToken | ErrorCode::InvalidDpopProof | ErrorCode::UseDpopNonce => StatusCode::UNAUTHORIZED,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// RFC 6750 §3.1.
fn bearer(refusal: &Refusal) -> Answer {
    let status = bearer_status(refusal);
    let absent = matches!(refusal.why, "bearer_absent" | "api_bearer_absent" | "configuration_token_absent" | NO_TOKEN);
    let mut answer = match absent {
        true => text(status, &refusal.say),
        false => json(status, &json!({"error": refusal.code.as_str(), "error_description": refusal.say})),
    };
    let say = refusal.say.replace(['"', '\\'], " ");
    // §3: a request without any authentication learns the scheme and nothing else.
    let challenge = match absent {
        true => "Bearer realm=\"ostiary\"".to_owned(),
        false => format!("Bearer realm=\"ostiary\", error=\"{}\", error_description=\"{say}\"", refusal.code),
    };
    put(&mut answer, header::WWW_AUTHENTICATE, &challenge);
    answer
}

fn fail(op: &Op, ask: &Ask, channel: Channel, fault: &Fault, id: &str) -> Answer {
    let (status, code) = match fault.kind() {
        Kind::Bug => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::ServerError),
        Kind::Busy | Kind::Full | Kind::Gone => (StatusCode::SERVICE_UNAVAILABLE, ErrorCode::TemporarilyUnavailable),
    };
    let mut answer = match channel {
        Channel::Page => page::busy(&op.frame(ask), status.as_u16(), id),
        Channel::Plain => text(status, code.as_str()),
        Channel::Api => api::problem(status, &format!("the server could not do this now, id {id}")),
        Channel::Token | Channel::Bearer | Channel::Registration => json(
            status,
            &json!({"error": code.as_str(), "error_description": format!("the server could not do this now, id {id}")}),
        ),
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        put(&mut answer, header::RETRY_AFTER, "2");
    }
    answer
}

/// A JSON answer.
pub fn json(status: StatusCode, value: &serde_json::Value) -> Answer {
    let mut answer = Response::new(Body::from(value.to_string()));
    *answer.status_mut() = status;
    put(&mut answer, header::CONTENT_TYPE, "application/json");
    answer
}

/// A plain-text answer.
pub fn text(status: StatusCode, text: &str) -> Answer {
    let mut answer = Response::new(Body::from(text.to_owned()));
    *answer.status_mut() = status;
    // Nothing has no type: oidc-client-ts takes any but JSON in the answer of a revocation for an error (RFC 7009 §2.2).
    if !text.is_empty() {
        put(&mut answer, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    }
    answer
}

/// `303 See Other`: the next request is a GET whatever this one was (RFC 9700 §4.12).
pub fn see_other(location: &str) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    put(&mut answer, header::LOCATION, location);
    answer
}

/// Sets a header whose value is known to be legal; one that is not is left out and logged.
pub fn put(answer: &mut Answer, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().append(name, value);
    } else {
        tracing::error!(%name, "a header value could not be sent");
    }
}
