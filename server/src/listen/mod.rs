//! Sockets in: plain or TLS, HTTP/1.1 and HTTP/2, drained on the way down.
//!
//! Invariant: a slow stranger costs one bounded connection: handshakes, headers, bodies and idle connections have time
//! limits, and there are only so many connections at once.

mod peer;
pub mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::Service;

pub use peer::{Peer, Proxies, Scheme};

use crate::config::Config;

/// A TLS handshake takes no longer.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Request headers are in by then.
const HEADERS: Duration = Duration::from_secs(15);

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
    };
    let watcher = acceptor.map(|acceptor| tokio::spawn(acceptor.watch(told.clone())));
    let doors: Vec<_> =
        listeners.into_iter().map(|listener| tokio::spawn(door.clone().open(listener, told.clone()))).collect();
    ready(&bound);
    // Both are for a service manager; without one they say nothing.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    signal().await?;
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

async fn signal() -> Result<(), Unheard> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(Unheard::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Unheard::Signals)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[derive(Clone)]
struct Door {
    router: Router,
    tls: Option<tls::TlsNow>,
    proxies: Arc<Proxies>,
    places: Arc<Semaphore>,
    patience: Duration,
}

impl Door {
    async fn open(self, listener: TcpListener, mut told: watch::Receiver<bool>) {
        let graceful = GracefulShutdown::new();
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
            let (door, watcher) = (self.clone(), graceful.watcher());
            tokio::spawn(async move {
                door.greet(stream, address, watcher).await;
                drop(place);
            });
        }
        drop(listener);
        if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests did not finish in {} s and were cut off", DRAIN.as_secs());
        }
    }

    async fn greet(self, stream: TcpStream, address: SocketAddr, watcher: hyper_util::server::graceful::Watcher) {
        let _ = stream.set_nodelay(true);
        match &self.tls {
            None => self.converse(stream, address, Scheme::Http, watcher).await,
            Some(tls) => {
                let acceptor = TlsAcceptor::from(tls.config());
                match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => self.converse(stream, address, Scheme::Https, watcher).await,
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
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let (router, proxies) = (self.router.clone(), Arc::clone(&self.proxies));
        let asked = Arc::new(AtomicBool::new(false));
        let noted = Arc::clone(&asked);
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            noted.store(true, Ordering::Relaxed);
            let peer = proxies.peer(address, scheme, request.headers());
            request.extensions_mut().insert(peer);
            router.clone().call(request.map(Body::new))
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.patience).max_headers(64);
        builder
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(Some(Duration::from_secs(30)))
            .max_concurrent_streams(100)
            .max_header_list_size(32 * 1024);
        let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
        // hyper's own limit begins when it knows the version, and HTTP/2 has none: who has asked nothing by then goes.
        let silent = async {
            tokio::time::sleep(self.patience).await;
            if asked.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            ended = watcher.watch(connection) => if let Err(error) = ended {
                tracing::debug!(%address, "a connection ended early: {error}");
            },
            () = silent => tracing::debug!(%address, "a connection asked nothing"),
        }
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
        };
        let (tell, told) = watch::channel(false);
        let open = tokio::spawn(door.open(listener, told));
        let _sits = TcpStream::connect(address).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        tell.send(true).unwrap();
        assert!(tokio::time::timeout(Duration::from_secs(5), open).await.is_ok());
    }
}
