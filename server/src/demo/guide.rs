//! The guide: both sites side by side, and what to try.
//!
//! Invariant: it shows the sites in frames and knows nothing of them but their addresses.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::rp;

/// The page.
#[derive(Template)]
#[template(path = "demo/guide.html")]
pub(super) struct Guide {
    pub(super) issuer: String,
    pub(super) sites: [(&'static str, String); 2],
    pub(super) username: &'static str,
    pub(super) password: String,
    pub(super) program: String,
    pub(super) config: String,
}

/// Serves until `told` closes.
pub(super) async fn serve(listener: TcpListener, guide: Guide, told: watch::Receiver<()>) {
    let router =
        Router::new().route("/", get(show)).route("/site.css", get(async || rp::css())).with_state(Arc::new(guide));
    rp::open(listener, router, told).await;
}

async fn show(State(guide): State<Arc<Guide>>) -> Response {
    let (status, body) = match guide.render() {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the page cannot be shown: {error}")),
    };
    let [(_, one), (_, two)] = &guide.sites;
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; frame-src {one} {two}; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut answer = rp::dress(Response::new(Body::from(body)), &policy);
    *answer.status_mut() = status;
    answer
}
