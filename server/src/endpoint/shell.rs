//! The way from a socket's request to a shell and back: body cap, CORS, policies, and how stops are said.
//!
//! Invariant: the match over [`Name`] has no catch-all; every answer carries its endpoint's policies.

use std::slice;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::routing::{MethodRouter, any};
use axum::{Extension, Router};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use openid::wire::refusal::{ErrorCode, Refusal, refuse};

use super::ask::Ask;
use super::client_auth::CHANGED;
use super::{ALIASED, Cache, Caller, Cors, ENDPOINTS, Endpoint, Frames, Name};
use crate::answer::{self, Answer, Channel, Stop, put};
use crate::browser_state;
use crate::listen::{Peer, Routers, Via};
use crate::op::Op;
use crate::traces::{Kind, Span};

/// The routers, made of the table: nobody is shown a page where certificates are asked for.
pub fn routers(op: &Op) -> Routers {
    let aliased = ENDPOINTS.iter().filter(|endpoint| ALIASED.contains(&endpoint.name));
    let mutual = match &op.config().mtls {
        Some(mtls) => router(op, aliased, mtls.url.path()),
        None => Router::new(),
    };
    Routers { main: router(op, ENDPOINTS.iter(), op.issuer().path()), mutual }
}

fn router(op: &Op, endpoints: impl Iterator<Item = &'static Endpoint>, base: &str) -> Router {
    let mut router = Router::new();
    for endpoint in endpoints {
        for path in paths(endpoint, base) {
            router = router.route(&path, route(endpoint));
        }
    }
    router.fallback(lost).with_state(op.clone())
}

/// Where an endpoint lives. RFC 8414 §3.1 puts the issuer's path behind the well-known part; both forms are served.
fn paths(endpoint: &Endpoint, base: &str) -> Vec<String> {
    let mut paths = vec![format!("{base}{}", endpoint.path)];
    if !base.is_empty() {
        match endpoint.name {
            Name::OauthServer | Name::OpenidConfiguration => paths.push(format!("{}{base}", endpoint.path)),
            // RFC 7033 §4: it has one place on a host. Whoever shares that host sends them on to this one.
            Name::Webfinger => paths.push(endpoint.path.to_owned()),
            Name::Home => paths.push(base.to_owned()),
            _ => {}
        }
    }
    paths
}

fn route(endpoint: &'static Endpoint) -> MethodRouter<Op> {
    any(
        move |State(op): State<Op>,
              Extension(peer): Extension<Peer>,
              Extension(via): Extension<Via>,
              request: Request| { serve(op, endpoint, (peer, via), request) },
    )
}

async fn serve(op: Op, endpoint: &'static Endpoint, (peer, via): (Peer, Via), request: Request) -> Answer {
    let began = op.metrics().begin();
    let (parts, body) = request.into_parts();
    let mut ask = Ask { method: parts.method, uri: parts.uri, headers: parts.headers, peer, via, body: Bytes::new() };
    let span = trace(&op, endpoint, &ask);
    let answering = async {
        match ask.method {
            Method::OPTIONS => answer::text(StatusCode::NO_CONTENT, ""),
            _ => respond(&op, endpoint, &mut ask, body).await,
        }
    };
    let mut answer = match &span {
        Some(span) => Box::pin(store::traced(span.traceparent(), answering)).await,
        None => answering.await,
    };
    allow_origin(&op, endpoint, &ask, &mut answer).await;
    dress(&op, endpoint, &ask, &mut answer);
    if let Some(mut span) = span {
        span.count("http.response.status_code", answer.status().as_u16());
        if answer.status().is_server_error() {
            span.fail();
        }
        span.end();
    }
    op.metrics().answered(endpoint.path, answer.status().as_u16(), began);
    answer
}

/// The span of a request; machines that look whether we live are not worth one.
fn trace(op: &Op, endpoint: &Endpoint, ask: &Ask) -> Option<Span> {
    if matches!(endpoint.name, Name::Health | Name::Ready | Name::Asset) {
        return None;
    }
    // A method is whatever a stranger wrote.
    let method = if endpoint.methods.contains(&ask.method.as_str()) { ask.method.as_str() } else { "_OTHER" };
    let name = || format!("{method} {}", endpoint.path);
    let mut span = op.traces().begin(name, Kind::Server, ask.header("traceparent"), op.now())?;
    span.note("http.request.method", method);
    span.note("http.route", endpoint.path);
    Some(span)
}

async fn respond(op: &Op, endpoint: &Endpoint, ask: &mut Ask, body: Body) -> Answer {
    let method = if ask.method == Method::HEAD { "GET" } else { ask.method.as_str() };
    if !endpoint.methods.contains(&method) {
        return wrong_method(endpoint);
    }
    if let Some(answer) = weigh(endpoint, ask) {
        return answer;
    }
    match take(body, endpoint, ask, BODY).await {
        Err(answer) => return answer,
        Ok(bytes) => ask.body = bytes,
    }
    if let Some(answer) = super::posted::around(op, endpoint, ask) {
        return answer;
    }
    let mut done = dispatch(op, endpoint.name, ask).await;
    if matches!(&done, Err(Stop::Refuse(refusal)) if refusal.why == CHANGED) {
        op.clients().forget();
        done = dispatch(op, endpoint.name, ask).await;
    }
    let mut answer = done.unwrap_or_else(|stop| answer::stop(op, ask, endpoint.channel, stop));
    if endpoint.caller == Caller::Browser {
        browser_state::keep(op, ask, &mut answer).await;
    }
    answer
}

async fn dispatch(op: &Op, name: Name, ask: &Ask) -> Result<Answer, Stop> {
    match name {
        Name::Authorize => super::authorize::authorize(op, ask).await,
        Name::Login => super::login::login(op, ask).await,
        Name::Create => super::create::create(op, ask).await,
        Name::Recover => super::recover::recover(op, ask).await,
        Name::Link => super::link::link(op, ask).await,
        Name::Choose => super::choose::choose(op, ask).await,
        Name::Consent => super::consent::consent(op, ask).await,
        Name::Par => super::par::par(op, ask).await,
        Name::Token => super::token::token(op, ask).await,
        Name::Userinfo => super::userinfo::userinfo(op, ask).await,
        Name::Jwks => Ok(super::well_known::jwks(op)),
        Name::OpenidConfiguration | Name::OauthServer => Ok(super::well_known::configuration(op)),
        Name::Webfinger => super::webfinger::webfinger(op, ask),
        Name::Register => super::register::register(op, ask).await,
        Name::ClientConfiguration => super::client_configuration::configure(op, ask).await,
        Name::Introspect => super::introspect::introspect(op, ask).await,
        Name::Revoke => super::revoke::revoke(op, ask).await,
        Name::EndSession => super::end_session::end_session(op, ask).await,
        Name::Logout => super::end_session::logout(op, ask).await,
        Name::CheckSession => Ok(super::check_session::check_session(op, ask).await),
        Name::Account => super::account::account(op, ask).await,
        Name::AccountPassword => super::account::password(op, ask).await,
        Name::AccountDetails => super::details::keep(op, ask).await,
        Name::AccountEmail => super::email::email(op, ask).await,
        Name::Applications => super::applications::applications(op, ask).await,
        Name::AccountWithdraw => super::account::withdraw(op, ask).await,
        Name::AccountEnd => super::account_end::end(op, ask).await,
        Name::Console
        | Name::ConsoleLedger
        | Name::ConsoleNotice
        | Name::ConsoleSettle
        | Name::ConsoleFind
        | Name::ConsolePerson
        | Name::ConsoleSession
        | Name::ConsoleEnd
        | Name::ConsoleClients
        | Name::ConsoleClient
        | Name::ConsoleAudit => super::console::console(op, name, ask).await,
        Name::ApiDescription => Ok(super::api::description::endpoint(op)),
        Name::ApiFigures
        | Name::ApiNotices
        | Name::ApiExport
        | Name::ApiNotice
        | Name::ApiRetry
        | Name::ApiGiveUp
        | Name::ApiSessions
        | Name::ApiSession
        | Name::ApiAccountSessions
        | Name::ApiPreview
        | Name::ApiEnd => super::api::api(op, name, ask).await,
        Name::Home => Ok(super::well_known::home(op, ask)),
        Name::Health => Ok(super::health::health(op, ask)),
        Name::Ready => super::health::ready(op).await,
        Name::Asset => Ok(super::well_known::asset(op, ask)),
    }
}

/// A body is in by then: 64 KiB take that long over the slowest line anybody signs in from.
const BODY: Duration = Duration::from_secs(30);

/// The longest query: what the proxies of `docs/operating.md` let through, and twice what we write ourselves.
const QUERY: usize = 16 * 1024;

/// Refuses a query that is too long.
fn weigh(endpoint: &Endpoint, ask: &Ask) -> Option<Answer> {
    if ask.uri.query().is_none_or(|query| query.len() <= QUERY) {
        return None;
    }
    let refusal = refuse(ErrorCode::InvalidRequest, "query_too_long", "the query is too long");
    Some(unread(endpoint, ask, StatusCode::URI_TOO_LONG, &refusal))
}

/// Reads the body up to the endpoint's cap.
async fn take(body: Body, endpoint: &Endpoint, ask: &Ask, time: Duration) -> Result<Bytes, Answer> {
    if !matches!(ask.method, Method::POST | Method::PUT) {
        return Ok(Bytes::new());
    }
    let (status, refusal) = match tokio::time::timeout(time, Limited::new(body, endpoint.body).collect()).await {
        Ok(Ok(collected)) => return Ok(collected.to_bytes()),
        Ok(Err(_)) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            refuse(ErrorCode::InvalidRequest, "body_too_large", "the body is too large, or was cut off"),
        ),
        Err(_) => (
            StatusCode::REQUEST_TIMEOUT,
            refuse(ErrorCode::InvalidRequest, "body_too_slow", "the body did not arrive in time"),
        ),
    };
    let mut answer = unread(endpoint, ask, status, &refusal);
    // What is left of it must not be taken for the next request.
    put(&mut answer, header::CONNECTION, "close");
    Err(answer)
}

/// The answer to a request whose parameters were not read.
fn unread(endpoint: &Endpoint, ask: &Ask, status: StatusCode, refusal: &Refusal) -> Answer {
    tracing::info!(why = refusal.why, path = ask.path(), "refused: {}", refusal.say);
    match endpoint.channel {
        Channel::Page | Channel::Plain => answer::text(status, &refusal.say),
        Channel::Api => super::api::problem(status, &refusal.say),
        Channel::Token | Channel::Bearer | Channel::Registration => {
            answer::json(status, &serde_json::json!({"error": refusal.code.as_str(), "error_description": refusal.say}))
        }
    }
}

fn wrong_method(endpoint: &Endpoint) -> Answer {
    let mut answer = answer::text(StatusCode::METHOD_NOT_ALLOWED, "method not allowed");
    put(&mut answer, header::ALLOW, &allowed(endpoint));
    answer
}

/// RFC 9110 §10.2.1. Where there is GET there is HEAD, and OPTIONS is everywhere.
fn allowed(endpoint: &Endpoint) -> String {
    let own = endpoint
        .methods
        .iter()
        .flat_map(|method| if *method == "GET" { &["GET", "HEAD"][..] } else { slice::from_ref(method) });
    own.copied().chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")
}

async fn lost(State(op): State<Op>) -> Answer {
    let mut answer = answer::text(StatusCode::NOT_FOUND, "there is nothing here");
    put(&mut answer, header::CACHE_CONTROL, "no-store");
    protect(&op, &mut answer);
    answer
}

/// Which origin may read the answer.
async fn reader<'a>(op: &Op, endpoint: &Endpoint, ask: &'a Ask) -> Option<&'a str> {
    let origin = ask.header("origin")?;
    match endpoint.cors {
        Cors::Closed => None,
        Cors::ClientOrigins => match op.clients().knows_origin(op.store(), origin).await {
            Ok(knows) => knows.then_some(origin),
            Err(fault) => {
                tracing::error!("whose origin it is could not be looked up: {fault:#}");
                None
            }
        },
        Cors::Anyone => Some("*"),
    }
}

/// RFC 9110 §9.3.7, and the Fetch standard's preflight for origins of public clients.
async fn allow_origin(op: &Op, endpoint: &Endpoint, ask: &Ask, answer: &mut Answer) {
    let is_asking = ask.method == Method::OPTIONS;
    if is_asking {
        put(answer, header::ALLOW, &allowed(endpoint));
    }
    if endpoint.cors == Cors::ClientOrigins {
        put(answer, header::VARY, "Origin");
    }
    let Some(origin) = reader(op, endpoint, ask).await else { return };
    put(answer, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    put(answer, header::ACCESS_CONTROL_EXPOSE_HEADERS, "www-authenticate, dpop-nonce");
    if is_asking {
        put(answer, header::ACCESS_CONTROL_ALLOW_METHODS, &endpoint.methods.join(", "));
        put(answer, header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop");
        put(answer, header::ACCESS_CONTROL_MAX_AGE, "600");
    }
}

/// The endpoint's policies. A page has its own content security policy already.
fn dress(op: &Op, endpoint: &Endpoint, ask: &Ask, answer: &mut Answer) {
    let cache = match endpoint.cache {
        _ if ask.method == Method::OPTIONS => "no-store".to_owned(),
        Cache::Public(seconds) if answer.status().is_success() => format!("public, max-age={seconds}"),
        Cache::Immutable if answer.status().is_success() => "public, max-age=31536000, immutable".to_owned(),
        _ => "no-store".to_owned(),
    };
    let headers = answer.headers_mut();
    if let Ok(cache) = HeaderValue::from_str(&cache) {
        headers.insert(header::CACHE_CONTROL, cache);
    }
    if endpoint.cache == Cache::NoStore {
        // RFC 6749 §5.1 wants Pragma too.
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    }
    protect(op, answer);
    if endpoint.frames == Frames::Nobody {
        keep_out(answer);
    }
}

/// Nobody frames this, whatever the page itself would allow.
fn keep_out(answer: &mut Answer) {
    let policy = answer.headers().get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let closed = policy.map(|policy| policy.replace("frame-ancestors *", "frame-ancestors 'none'"));
    if let Some(Ok(closed)) = closed.map(|closed| HeaderValue::from_str(&closed)) {
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, closed);
    }
}

/// What every answer bears, whatever it is.
fn protect(op: &Op, answer: &mut Answer) {
    let headers = answer.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if op.issuer().is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;
    use crate::listen::Scheme;

    fn asked() -> (&'static Endpoint, Ask) {
        let endpoint = ENDPOINTS.iter().find(|endpoint| endpoint.name == Name::Token).unwrap();
        let peer = Peer { address: Ipv4Addr::LOCALHOST.into(), scheme: Scheme::Http };
        let uri = "/token".parse().unwrap();
        let headers = axum::http::HeaderMap::new();
        (endpoint, Ask { method: Method::POST, uri, headers, peer, via: Via::Main, body: Bytes::new() })
    }

    /// A body that is always on its way.
    struct Never;

    impl hyper::body::Body for Never {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_body_that_never_comes_is_given_up() {
        let (endpoint, ask) = asked();
        let answer = take(Body::new(Never), endpoint, &ask, Duration::from_millis(20)).await.unwrap_err();
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(answer.headers()[header::CONNECTION], "close");
    }

    #[tokio::test]
    async fn a_body_beyond_the_cap_is_refused_in_the_channel() {
        let (endpoint, ask) = asked();
        let answer = take(Body::from(vec![b'a'; endpoint.body + 1]), endpoint, &ask, BODY).await.unwrap_err();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json");
        assert_eq!(take(Body::from("a=b"), endpoint, &ask, BODY).await.unwrap(), Bytes::from("a=b"));
    }
}
