//! Sockets in: plain or TLS, HTTP/1.1 and HTTP/2, drained on the way down.
//!
//! Invariant: a slow stranger costs one bounded connection: handshakes, headers, bodies and idle connections have time
//! limits, and there are only so many connections at once.

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
use tokio_rustls::TlsAcceptor;
use tower::Service;

pub use peer::{Peer, Proxies, Scheme};

use crate::config::Config;

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

/// Serves until SIGTERM or SIGINT, then drains. `ready` hears the addresses once every one is bound.
pub async fn serve(config: &Config, router: Router, ready: impl FnOnce(&[SocketAddr])) -> Result<(), Unheard> {
    let acceptor = config.tls.as_ref().map(tls::Acceptor::open).transpose()?;
    let mut listeners = Vec::new();
    for address in &config.listen {
        let bind = |source| Unheard::Bind { address: *address, source };
        listeners.push(TcpListener::bind(address).await.map_err(bind)?);
    }
    let bound: Vec<SocketAddr> = listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect();
    let (tell, told) = watch::channel(false);
    let door = Door {
        router,
        tls: acceptor.as_ref().map(tls::Acceptor::now),
        proxies: Arc::new(Proxies::new(&config.trusted_proxies)),
        places: Arc::new(Semaphore::new(config.limits.connections.get())),
        patience: HEADERS,
        idle: IDLE,
    };
    let watcher = acceptor.map(|acceptor| tokio::spawn(acceptor.watch(told.clone())));
    let doors: Vec<_> =
        listeners.into_iter().map(|listener| tokio::spawn(door.clone().open(listener, told.clone()))).collect();
    // Before anybody is told that we are ready: whoever hears it may stop us at once.
    let mut signals = Signals::open()?;
    ready(&bound);
    // Both are for a service manager; without one they say nothing.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    signals.either().await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping: no new connections, requests under way finish");
    let _ = tell.send(true);
    for door in doors {
        let _ = door.await;
    }
    if let Some(watcher) = watcher {
        let _ = watcher.await;
    }
    Ok(())
}

/// Serves one address without TLS until told to stop, to so many connections at once: what is not for people.
pub async fn plainly(listener: TcpListener, router: Router, connections: usize, told: watch::Receiver<bool>) {
    let door = Door {
        router,
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
            None => self.converse(stream, address, Scheme::Http, leave).await,
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.config());
                match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => self.converse(stream, address, Scheme::Https, leave).await,
                    Ok(Err(error)) => tracing::debug!(%address, "a TLS handshake failed: {error}"),
                    Err(_) => tracing::debug!(%address, "a TLS handshake took too long"),
                }
            }
        }
    }

    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: SocketAddr,
        scheme: Scheme,
        mut leave: watch::Receiver<()>,
    ) {
        let (router, proxies) = (self.router.clone(), Arc::clone(&self.proxies));
        let (pulse, felt) = watch::channel(0_usize);
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            let turn = Turn::begin(&pulse);
            let peer = proxies.peer(address, scheme, request.headers());
            request.extensions_mut().insert(peer);
            let answer = router.clone().call(request.map(Body::new));
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
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn whoever_asks_nothing_is_sent_away() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Door {
            router: Router::new().fallback(async || "here"),
            tls: None,
            proxies: Arc::new(Proxies::new(&[])),
            places: Arc::new(Semaphore::new(10)),
            patience: Duration::from_millis(150),
            idle: Duration::from_mins(1),
        };
        let (tell, told) = watch::channel(false);
        let open = tokio::spawn(door.open(listener, told));
        // Nothing at all; the beginning of either version's first line; HTTP/2 without a request; headers that do not end.
        for said in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/1.1\r\nhost: a\r\nx: "] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            let mut rest = Vec::new();
            let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
            assert!(ended.is_ok(), "{said:?} holds its place for ever");
        }
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");
        tell.send(true).unwrap();
        open.await.unwrap();
    }

    #[tokio::test]
    async fn a_full_house_can_be_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let door = Door {
            router: Router::new(),
            tls: None,
            proxies: Arc::new(Proxies::new(&[])),
            places: Arc::new(Semaphore::new(1)),
            patience: Duration::from_mins(1),
            idle: Duration::from_mins(1),
        };
        let (tell, told) = watch::channel(false);
        let open = tokio::spawn(door.open(listener, told));
        let _sits = TcpStream::connect(address).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        tell.send(true).unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(5), open).await.is_ok());
    }

    /// The preface, empty settings, and `GET http://a/` on stream 1 (RFC 9113 §3.4, §6.5, §6.2).
    const ASKS: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\
        \0\0\x06\x01\x05\0\0\0\x01\x82\x86\x84\x41\x01a";

    /// The types of the frames in what was read.
    fn frames(mut bytes: &[u8]) -> Vec<u8> {
        let mut types = Vec::new();
        while let [a, b, c, kind, ..] = bytes {
            types.push(*kind);
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            bytes = bytes.get(9 + length..).unwrap_or_default();
        }
        types
    }

    #[tokio::test]
    async fn an_http2_connection_that_is_silent_after_its_request_is_asked_to_leave() {
        const HEADERS: u8 = 1;
        const GOAWAY: u8 = 7;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let slow = async || {
            tokio::time::sleep(Duration::from_millis(600)).await;
            "here"
        };
        let door = Door {
            router: Router::new().fallback(slow),
            tls: None,
            proxies: Arc::new(Proxies::new(&[])),
            places: Arc::new(Semaphore::new(10)),
            patience: Duration::from_millis(200),
            idle: Duration::from_millis(200),
        };
        let (tell, told) = watch::channel(false);
        let open = tokio::spawn(door.open(listener, told));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(ASKS).await.unwrap();
        let mut said = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut said)).await;
        assert!(ended.is_ok(), "it holds its place for ever");
        let frames = frames(&said);
        let at = |kind: u8| frames.iter().position(|frame| *frame == kind);
        assert!(at(HEADERS).is_some(), "a request under way is waited for, however long: {frames:?}");
        assert!(at(GOAWAY) > at(HEADERS), "then it is said that nothing more is taken: {frames:?}");
        tell.send(true).unwrap();
        open.await.unwrap();
    }
}
