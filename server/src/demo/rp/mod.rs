//! A relying party of the demo: a small site that signs people in at an OpenID Provider and is told when they have left.
//!
//! Invariant: it holds its registration and nothing of the provider; what it knows it was told over HTTP.

mod backchannel;
mod diary;
mod front;
mod page;
mod provider;
mod sign_in;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use axum::routing::any;
use http_body_util::{BodyExt as _, Limited};
use jose::JwsAlg;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::dice::Dice;
use crate::outbound::Outbound;
use diary::Diary;
pub(super) use page::dress;
use provider::Provider;

/// The largest body: a logout token with room to spare.
const BODY: usize = 64 * 1024;

/// Open pages have this long to let go when the demo ends.
const DRAIN: Duration = Duration::from_secs(2);

/// Who a site is.
#[derive(Debug)]
pub(super) struct Look {
    /// Its `client_id`, and what its colours are called.
    pub(super) id: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// What it does for a living.
    pub(super) trade: &'static str,
    /// What kind of client it is, in a few words.
    pub(super) kind: &'static str,
    /// How its ID Tokens and logout tokens are signed.
    pub(super) alg: JwsAlg,
}

/// The first: confidential, a stranger to the provider's operator, so people are asked for consent.
pub(super) const ONE: Look = Look {
    id: "fernwood-library",
    name: "Fernwood Library",
    trade: "Books to borrow, and quiet to read them in.",
    kind: "confidential client, client_secret_basic, RS256",
    alg: JwsAlg::Rs256,
};

/// The second: public with PKCE, the operator's own.
pub(super) const TWO: Look = Look {
    id: "harbour-tickets",
    name: "Harbour Tickets",
    trade: "Boats, bridges and the ferry to the islands.",
    kind: "public client, PKCE, ES256",
    alg: JwsAlg::Es256,
};

/// The sites' style sheet, and the guide's.
pub(super) fn css() -> Response {
    front::asset("text/css; charset=utf-8", include_str!("../../../assets/demo.css"))
}

/// What it was told when it was set up.
pub(super) struct Registered {
    pub(super) look: &'static Look,
    pub(super) issuer: String,
    pub(super) secret: Option<String>,
    pub(super) origin: String,
    /// The page that may show it in a frame.
    pub(super) guide: String,
    pub(super) outbound: Outbound,
}

/// A running site. Cheap to clone.
#[derive(Clone)]
struct Rp(Arc<Parts>);

struct Parts {
    registered: Registered,
    provider: Provider,
    diary: Diary,
    clock: Clock,
    dice: Dice,
    told: watch::Receiver<()>,
}

impl std::ops::Deref for Rp {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Serves until `told` closes.
pub(super) async fn serve(listener: TcpListener, registered: Registered, told: watch::Receiver<()>) {
    let parts = Parts {
        registered,
        provider: Provider::default(),
        diary: Diary::default(),
        clock: Clock,
        dice: Dice::Os,
        told: told.clone(),
    };
    let router = Router::new().fallback(any(answer)).with_state(Rp(Arc::new(parts)));
    open(listener, router, told).await;
}

/// Serves a router until `told` closes, and lets open requests finish for a moment.
pub(super) async fn open(listener: TcpListener, router: Router, mut told: watch::Receiver<()>) {
    let mut over = told.clone();
    let router = router.layer(axum::middleware::from_fn(at_home));
    let served = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = told.changed().await;
    });
    let late = async move {
        let _ = over.changed().await;
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        served = served => if let Err(error) = served { tracing::error!("a demo site has stopped: {error}") },
        () = late => {}
    }
}

/// The guide shows a password. A page elsewhere whose name comes to point at this machine would be of the same origin as
/// what it then finds here, so whoever asks by another name than this machine's is misdirected (RFC 9110 §7.4).
async fn at_home(request: Request, next: axum::middleware::Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(is_home) {
        return next.run(request).await;
    }
    let mut answer = Response::new(Body::from("this demo answers as localhost alone"));
    *answer.status_mut() = StatusCode::MISDIRECTED_REQUEST;
    answer
}

fn is_home(host: &str) -> bool {
    match url::Url::parse(&format!("http://{host}/")).ok().as_ref().and_then(url::Url::host) {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A request, read.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    form: Vec<(String, String)>,
}

impl Asked {
    /// A parameter of the query, or of a form that was posted.
    fn get(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    fn is_framed(&self) -> bool {
        self.get("framed").is_some()
    }
}

async fn answer(State(rp): State<Rp>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = match parts.method == Method::POST {
        false => parts.uri.query().unwrap_or_default().as_bytes().to_vec(),
        true => match Limited::new(body, BODY).collect().await {
            Ok(collected) => collected.to_bytes().to_vec(),
            Err(_) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "too large"),
        },
    };
    let form = url::form_urlencoded::parse(&bytes).into_owned().collect();
    let asked = Asked { method: parts.method, uri: parts.uri, headers: parts.headers, form };
    match (asked.method.as_str(), asked.uri.path()) {
        ("GET", "/") => front::front(&rp, &asked),
        ("GET", "/wait") => front::wait(&rp, &asked).await,
        ("GET", "/site.css") => css(),
        ("GET", "/live.js") => front::asset("text/javascript; charset=utf-8", include_str!("../../../assets/demo.js")),
        ("GET", "/sign-in") => sign_in::begin(&rp, &asked).await,
        ("GET", "/callback") => sign_in::callback(&rp, &asked).await,
        ("POST", "/sign-out") => sign_in::sign_out(&rp, &asked).await,
        ("GET", "/signed-out") => sign_in::signed_out(&rp, &asked),
        ("POST", "/down") => front::down(&rp, &asked),
        ("POST", "/backchannel-logout") => backchannel::told(&rp, &asked).await,
        _ => plain(StatusCode::NOT_FOUND, "there is nothing here"),
    }
}

impl Rp {
    /// Where a person goes on: the page itself, or the guide that showed it in a frame.
    fn home(&self, framed: bool) -> String {
        match framed {
            true => format!("{}/", self.registered.guide),
            false => format!("{}/", self.registered.origin),
        }
    }

    /// A cookie's name. Cookies ignore ports, so both sites' are on one host and need names of their own.
    fn cookie_name(&self, what: &str) -> String {
        format!("{}_{what}", self.registered.look.id)
    }

    /// A form of this site's own pages: browsers say where a post comes from (Fetch standard, `Origin`).
    fn is_own(&self, asked: &Asked) -> bool {
        let origin = asked.headers.get(header::ORIGIN);
        origin.is_none_or(|origin| origin.as_bytes() == self.registered.origin.as_bytes())
    }
}

/// Words and no page.
fn plain(status: StatusCode, words: &str) -> Response {
    let mut answer = Response::new(Body::from(words.to_owned()));
    *answer.status_mut() = status;
    crate::answer::put(&mut answer, header::CONTENT_TYPE, "text/plain; charset=utf-8");
    crate::answer::put(&mut answer, header::CACHE_CONTROL, "no-store");
    answer
}

#[test]
fn home_has_few_names() {
    for (host, home) in [
        ("localhost:8080", true),
        ("one.localhost:8080", true),
        ("127.0.0.1:8080", true),
        ("[::1]:8080", true),
        ("evil.example:8080", false),
        ("localhost.evil.example", false),
        ("192.168.1.7:8080", false),
        ("", false),
    ] {
        assert_eq!(is_home(host), home, "{host}");
    }
}
