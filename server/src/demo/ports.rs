//! Four ports for the demo: the provider's, the two relying parties', the guide's.
//!
//! Invariant: a port somebody asked for is that one or a problem; only one nobody asked for may move.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use crate::cli::Failed;

/// What everybody tries first.
const FIRST: u16 = 8080;

/// How far to look for four free neighbours.
const LAST: u16 = 8180;

/// The ports, and the sites' sockets.
pub(super) struct Ports {
    pub(super) provider: u16,
    pub(super) one: u16,
    pub(super) two: u16,
    pub(super) guide: u16,
    /// Whether the first choice was taken.
    pub(super) moved: bool,
    /// Where the provider listens: both loopbacks, where there are two, since browsers try either for `localhost`.
    pub(super) listen: Vec<SocketAddr>,
    sites: [TcpListener; 3],
}

impl Ports {
    pub(super) fn find(wanted: Option<u16>) -> Result<Self, Failed> {
        let taken = |port: u16, error: std::io::Error| {
            Failed::new(format!(
                "port {port} or one of the three after it cannot be used: {error}; `--port` chooses others, `--port 0` takes any"
            ))
        };
        match wanted {
            Some(0) => Self::open([0; 4]).map_err(|error| taken(0, error)),
            Some(port) => Self::open(neighbours(port)).map_err(|error| taken(port, error)),
            None => {
                let mut found = Self::open(neighbours(FIRST));
                let mut port = FIRST;
                while found.is_err() && port < LAST {
                    port += 1;
                    found = Self::open(neighbours(port));
                }
                let mut ports = found.map_err(|error| taken(port, error))?;
                ports.moved = port != FIRST;
                Ok(ports)
            }
        }
    }

    fn open([provider, one, two, guide]: [u16; 4]) -> std::io::Result<Self> {
        let open = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        // The server binds its own; this only sees whether it can.
        let first = open(provider)?;
        let sites = [open(one)?, open(two)?, open(guide)?];
        let number = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let provider = number(&first)?;
        let mut listen = vec![SocketAddr::from((Ipv4Addr::LOCALHOST, provider))];
        match TcpListener::bind((Ipv6Addr::LOCALHOST, provider)) {
            Ok(_) => listen.push(SocketAddr::from((Ipv6Addr::LOCALHOST, provider))),
            Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => return Err(error),
            // A machine without IPv6.
            Err(_) => {}
        }
        let [one, two, guide] = [number(&sites[0])?, number(&sites[1])?, number(&sites[2])?];
        Ok(Self { provider, one, two, guide, moved: false, listen, sites })
    }

    /// The sites' sockets, for tokio.
    pub(super) fn sites(&self) -> std::io::Result<[tokio::net::TcpListener; 3]> {
        let ready = |listener: &TcpListener| {
            let listener = listener.try_clone()?;
            listener.set_nonblocking(true)?;
            tokio::net::TcpListener::from_std(listener)
        };
        let [one, two, guide] = &self.sites;
        Ok([ready(one)?, ready(two)?, ready(guide)?])
    }

    pub(super) fn issuer(&self) -> String {
        format!("http://localhost:{}", self.provider)
    }

    /// A site's origin. Another host than the provider's, since cookies ignore ports.
    pub(super) fn origin(port: u16) -> String {
        format!("http://127.0.0.1:{port}")
    }
}

fn neighbours(port: u16) -> [u16; 4] {
    [port, port.saturating_add(1), port.saturating_add(2), port.saturating_add(3)]
}
