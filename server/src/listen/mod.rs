//! Sockets in: plain or TLS, HTTP/1.1 and HTTP/2, drained on the way down.
//!
//! Invariant: a slow stranger costs one bounded connection: handshakes, headers, bodies and idle connections have time
//! limits, and there are only so many connections at once.

mod authorities;
mod certificate;
mod peer;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tower::Service;

pub use authorities::Authorities;
use certificate::Source;
pub use certificate::{Chain, Via};
pub use peer::{Peer, Proxies, Scheme};

use self::tls::Certificates;
use crate::config::{Config, TlsFiles};

/// A TLS handshake takes no longer.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Request headers are in by then.
const HEADERS: Duration = Duration::from_secs(15);

/// An HTTP/2 connection on which nothing was asked for so long is asked to leave: a person at a form need not connect
/// anew, and a stranger's connection costs no place for ever. HTTP/1.1 has [`HEADERS`] for its next request.
const IDLE: Duration = Duration::from_mins(1);

/// The longest request line and header fields of HTTP/1.1; HTTP/2 has half of it for the fields.
const HEAD: usize = 64 * 1024;

/// Requests under way when the server is told to stop have this long.
const DRAIN: Duration = Duration::from_secs(20);

/// Why listening failed.
#[derive(Debug, thiserror::Error)]
pub enum Unheard {
    /// An address cannot be listened on.
    #[error("cannot listen on {address}: {source}; is another server running there, or is the port below 1024?")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's words.
        source: std::io::Error,
    },
    /// Certificate or key are not usable.
    #[error("{0}")]
    Tls(#[from] tls::Unusable),
    /// Signals cannot be heard.
    #[error("cannot wait for signals: {0}")]
    Signals(std::io::Error),
}

/// What is served: to everybody, and where clients are asked for a certificate.
pub struct Routers {
    /// Everything.
    pub main: Router,
    /// What stands in `mtls_endpoint_aliases` (RFC 8705 §5).
    pub mutual: Router,
}

/// An address that is listened on.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The address.
    pub address: SocketAddr,
    /// What is spoken there.
    pub scheme: Scheme,
}

/// Serves until SIGTERM or SIGINT, then drains. `ready` hears the addresses once every one is bound.
pub async fn serve(config: &Config, routers: Routers, ready: impl FnOnce(&[Bound])) -> Result<(), Unheard> {
    let main = Hall::prepare(&config.listen, config.tls.as_ref(), Certificates::Unasked).await?;
    let mutual = match &config.mtls {
        Some(mtls) => {
            // Whoever passes on another's certificate is not asked for one of its own.
            let certificates = if mtls.header.is_some() { Certificates::Unasked } else { Certificates::Asked };
            Some(Hall::prepare(&mtls.listen, mtls.tls.as_ref(), certificates).await?)
        }
        None => None,
    };
    let bound: Vec<Bound> = std::iter::once(&main).chain(&mutual).flat_map(Hall::bound).collect();
    let (tell, told) = watch::channel(false);
    let door = Door {
        router: routers.main,
        certificates: Source::Nobody,
        tls: None,
        proxies: Arc::new(Proxies::new(&config.trusted_proxies)),
        places: Arc::new(Semaphore::new(config.limits.connections.get())),
        patience: HEADERS,
        idle: IDLE,
    };
    let mut open = main.open(&door, &told);
    if let Some(hall) = mutual {
        let header = config.mtls.as_ref().and_then(|mtls| mtls.header.clone());
        let certificates = header.map_or(Source::Handshake, Source::Proxy);
        let door = Door { router: routers.mutual, certificates, ..door };
        open.extend(hall.open(&door, &told));
    }
    // Before anybody is told that we are ready: whoever hears it may stop us at once.
    let mut signals = Signals::open()?;
    ready(&bound);
    // Both are for a service manager; without one they say nothing.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    signals.either().await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping: no new connections, requests under way finish");
    let _ = tell.send(true);
    for task in open {
        let _ = task.await;
    }
    Ok(())
}

/// Listeners of one kind, bound and not yet open.
struct Hall {
    listeners: Vec<TcpListener>,
    acceptor: Option<tls::Acceptor>,
}

impl Hall {
    async fn prepare(
        addresses: &[SocketAddr],
        files: Option<&TlsFiles>,
        certificates: Certificates,
    ) -> Result<Self, Unheard> {
        let acceptor = files.map(|files| tls::Acceptor::open(files, certificates)).transpose()?;
        let mut listeners = Vec::new();
        for address in addresses {
            let bind = |source| Unheard::Bind { address: *address, source };
            listeners.push(TcpListener::bind(address).await.map_err(bind)?);
        }
        Ok(Self { listeners, acceptor })
    }

    fn bound(&self) -> impl Iterator<Item = Bound> {
        let scheme = if self.acceptor.is_some() { Scheme::Https } else { Scheme::Http };
        let addresses = self.listeners.iter().filter_map(|listener| listener.local_addr().ok());
        addresses.map(move |address| Bound { address, scheme })
    }

    /// Opens them; what is under way is over when every task has ended.
    fn open(self, door: &Door, told: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let tls = self.acceptor.as_ref().map(tls::Acceptor::now);
        let watcher = self.acceptor.map(|acceptor| tokio::spawn(acceptor.watch(told.clone())));
        let opened = self.listeners.into_iter().map(|listener| {
            let door = Door { tls: tls.clone(), ..door.clone() };
            tokio::spawn(door.open(listener, told.clone()))
        });
        opened.chain(watcher).collect()
    }
}

/// Serves one address without TLS until told to stop, to so many connections at once: what is not for people.
pub async fn plainly(listener: TcpListener, router: Router, connections: usize, told: watch::Receiver<bool>) {
    let door = Door {
        router,
        certificates: Source::Nobody,
        tls: None,
        proxies: Arc::new(Proxies::new(&[])),
        places: Arc::new(Semaphore::new(connections)),
        patience: HEADERS,
        idle: IDLE,
    };
    door.open(listener, told).await;
}

/// SIGTERM and SIGINT, heard from the moment this is opened.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn open() -> Result<Self, Unheard> {
        let heard = |kind| signal(kind).map_err(Unheard::Signals);
        Ok(Self { terminate: heard(SignalKind::terminate())?, interrupt: heard(SignalKind::interrupt())? })
    }

    async fn either(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[derive(Clone)]
struct Door {
    router: Router,
    certificates: Source,
    tls: Option<tls::TlsNow>,
    proxies: Arc<Proxies>,
    places: Arc<Semaphore>,
    patience: Duration,
    idle: Duration,
}

impl Door {
    async fn open(self, listener: TcpListener, mut told: watch::Receiver<bool>) {
        // Every connection holds a receiver: nobody left means everybody has left.
        let (leave, staying) = watch::channel(());
        loop {
            // Told to stop while every place is taken: those who sit there are asked to leave, not waited for.
            let place = tokio::select! {
                place = Arc::clone(&self.places).acquire_owned() => place,
                _ = told.changed() => break,
            };
            let Ok(place) = place else { break };
            let (stream, address) = tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        // Out of descriptors, usually: the loop must not spin.
                        tracing::warn!("a connection could not be accepted: {error}");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        continue;
                    }
                },
                _ = told.changed() => break,
            };
            let (door, leave) = (self.clone(), staying.clone());
            tokio::spawn(async move {
                door.greet(stream, address, leave).await;
                drop(place);
            });
        }
        drop((listener, staying));
        let _ = leave.send(());
        if tokio::time::timeout(DRAIN, leave.closed()).await.is_err() {
            tracing::warn!("some requests did not finish in {} s and were cut off", DRAIN.as_secs());
        }
    }

    async fn greet(self, stream: TcpStream, address: SocketAddr, leave: watch::Receiver<()>) {
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.converse(stream, Arrival { address, scheme: Scheme::Http, shown: None }, leave).await,
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.config());
                match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        let shown = stream.get_ref().1.peer_certificates().and_then(Chain::of).map(Arc::new);
                        self.converse(stream, Arrival { address, scheme: Scheme::Https, shown }, leave).await;
                    }
                    Ok(Err(error)) => tracing::debug!(%address, "a TLS handshake failed: {error}"),
                    Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
                }
            }
        }
    }

    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        arrival: Arrival,
        mut leave: watch::Receiver<()>,
    ) {
        let address = arrival.address;
        let door = self.clone();
        let (pulse, felt) = watch::channel(0_usize);
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            let turn = Turn::begin(&pulse);
            let peer = door.proxies.peer(address, arrival.scheme, request.headers());
            let via = door.certificates.via(arrival.shown.as_ref(), door.proxies.nearest(address), request.headers());
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(via);
            let answer = door.router.clone().call(request.map(Body::new));
            async move {
                let answer = answer.await;
                drop(turn);
                answer
            }
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.patience).max_headers(64).max_buf_size(HEAD);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(Duration::from_secs(30)))
            .max_concurrent_streams(100)
            .max_header_list_size(32 * 1024);
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        tokio::pin!(connection);
        // Told to leave, it finishes what is under way; silent, it has nothing to finish and so long to say goodbye.
        let goodbye = tokio::select! {
            ended = connection.as_mut() => return parted(address, ended),
            _ = leave.changed() => None,
            () = self.silence(felt) => Some(self.patience),
        };
        connection.as_mut().graceful_shutdown();
        let Some(time) = goodbye else { return parted(address, connection.await) };
        if let Ok(ended) = tokio::time::timeout(time, connection).await {
            parted(address, ended);
        } else {
            tracing::debug!(%address, "a silent connection was cut off");
        }
    }

    /// Until nothing was asked for too long. hyper's own limit begins when it knows the version, and HTTP/2 has none.
    async fn silence(&self, mut felt: watch::Receiver<usize>) {
        let mut patience = self.patience;
        loop {
            let quiet = *felt.borrow_and_update() == 0;
            tokio::select! {
                changed = felt.changed() => match changed {
                    Ok(()) => patience = self.idle,
                    Err(_) => return std::future::pending().await,
                },
                () = tokio::time::sleep(patience), if quiet => return,
            }
        }
    }
}

/// A connection as it came.
struct Arrival {
    address: SocketAddr,
    scheme: Scheme,
    /// Whose it is, if they showed it.
    shown: Option<Arc<Chain>>,
}

/// One request under way on a connection.
struct Turn(watch::Sender<usize>);

impl Turn {
    fn begin(pulse: &watch::Sender<usize>) -> Self {
        pulse.send_modify(|under_way| *under_way += 1);
        Self(pulse.clone())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.send_modify(|under_way| *under_way -= 1);
    }
}

fn parted(address: SocketAddr, ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(%address, "a connection ended early: {error}");
    }
}

#[cfg(test)]
mod tests;
