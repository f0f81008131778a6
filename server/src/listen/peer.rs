//! Who is at the other end: the socket's address, or what a trusted proxy says (RFC 7239, and the X- headers of old).
//!
//! Invariant: a header is believed only if the socket belongs to a trusted proxy, and only up to the first hop that does not.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// How the request arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS, ours or a trusted proxy's.
    Https,
}

/// The other end of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// How it came.
    pub scheme: Scheme,
}

impl Peer {
    /// The network that counts as one source: /32 of IPv4, /64 of IPv6.
    pub fn source(&self) -> IpNet {
        let (address, bits) = match self.address {
            IpAddr::V4(v4) => (IpAddr::V4(v4), 32),
            IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
                Some(v4) => (IpAddr::V4(v4), 32),
                None => (IpAddr::V6(v6), 64),
            },
        };
        IpNet::new(address, bits).map_or_else(|_| address.into(), |network| network.trunc())
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// Who is at the near end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nearest {
    /// A trusted proxy.
    Proxy,
    /// Anybody.
    Stranger,
}

/// The proxies whose headers are believed.
#[derive(Debug)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// From the configuration.
    pub fn new(trusted: &[IpNet]) -> Self {
        Self(trusted.to_vec())
    }

    /// Who speaks on this socket.
    pub(super) fn nearest(&self, socket: SocketAddr) -> Nearest {
        if self.trusts(socket.ip()) { Nearest::Proxy } else { Nearest::Stranger }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who is at the other end of a request on this socket.
    pub fn peer(&self, socket: SocketAddr, scheme: Scheme, headers: &HeaderMap) -> Peer {
        let mut peer = Peer { address: socket.ip().to_canonical(), scheme };
        if self.0.is_empty() || !self.trusts(peer.address) {
            return peer;
        }
        let (hops, said) = forwarded(headers);
        // From the nearest hop outwards, as long as the one who says so is trusted.
        // A hop that has no address (RFC 7239 §6.2 `unknown`, §6.3 `_hidden`) ends the chain: nobody vouches for what a
        // stranger wrote behind it.
        for hop in hops.into_iter().rev().map_while(|hop| hop) {
            peer.address = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        if let Some(said) = said {
            peer.scheme = said;
        }
        peer
    }
}

/// The hops, farthest first, and the scheme the nearest proxy saw.
///
/// A proxy writes one of the two headers and may pass on what a stranger put into the other. Where both stand and name
/// different nearest hops, nobody vouches for either, and the proxy itself is the source.
fn forwarded(headers: &HeaderMap) -> (Vec<Option<IpAddr>>, Option<Scheme>) {
    match (standard(headers), of_old(headers)) {
        (Some(one), None) | (None, Some(one)) => one,
        (Some(standard), Some(of_old)) if of_old.0.is_empty() || standard.0.last() == of_old.0.last() => standard,
        (None, None) | (Some(_), Some(_)) => (Vec::new(), None),
    }
}

fn lines(headers: &HeaderMap, name: &str) -> String {
    let values: Vec<&str> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
    values.join(",")
}

/// `Forwarded`, RFC 7239 §4.
fn standard(headers: &HeaderMap) -> Option<(Vec<Option<IpAddr>>, Option<Scheme>)> {
    let line = lines(headers, "forwarded");
    if line.is_empty() {
        return None;
    }
    let part = |element: &str, wanted: &str| {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim_matches('"').to_owned())
        })
    };
    let hops = line.split(',').map(|element| address(&part(element, "for")?)).collect();
    let said = line.split(',').next_back().and_then(|element| part(element, "proto"));
    Some((hops, said.as_deref().and_then(scheme)))
}

/// `X-Forwarded-For` and `X-Forwarded-Proto`.
fn of_old(headers: &HeaderMap) -> Option<(Vec<Option<IpAddr>>, Option<Scheme>)> {
    let (hops, said) = (lines(headers, "x-forwarded-for"), lines(headers, "x-forwarded-proto"));
    if hops.is_empty() && said.is_empty() {
        return None;
    }
    let said = said.split(',').next_back().and_then(|word| scheme(word.trim()));
    Some((hops.split(',').filter(|hop| !hop.trim().is_empty()).map(address).collect(), said))
}

fn scheme(word: &str) -> Option<Scheme> {
    match word.to_ascii_lowercase().as_str() {
        "https" => Some(Scheme::Https),
        "http" => Some(Scheme::Http),
        _ => None,
    }
}

/// An address with or without a port: `1.2.3.4`, `1.2.3.4:5`, `[::1]`, `[::1]:5`, `::1`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(socket.ip().to_canonical());
    }
    text.strip_prefix('[')?.split(']').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(trusted: &str, socket: &str, headers: &[(&'static str, &str)]) -> (String, Scheme) {
        let trusted: Vec<IpNet> = trusted.split(' ').filter(|t| !t.is_empty()).map(|t| t.parse().unwrap()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let peer = Proxies::new(&trusted).peer(socket.parse().unwrap(), Scheme::Http, &map);
        (peer.address.to_string(), peer.scheme)
    }

    #[test]
    fn strangers_are_not_believed() {
        let headers = [("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "https")];
        assert_eq!(seen("", "1.2.3.4:5", &headers), ("1.2.3.4".into(), Scheme::Http));
        assert_eq!(seen("10.0.0.0/8", "1.2.3.4:5", &headers), ("1.2.3.4".into(), Scheme::Http));
    }

    #[test]
    fn a_proxy_is_believed_up_to_the_first_stranger() {
        let headers = [("x-forwarded-for", "6.6.6.6, 9.9.9.9, 10.0.0.2"), ("x-forwarded-proto", "https")];
        assert_eq!(seen("10.0.0.0/8", "10.0.0.1:5", &headers), ("9.9.9.9".into(), Scheme::Https));
        let headers = [("forwarded", "for=6.6.6.6, for=\"[2001:db8::7]:443\";proto=https")];
        assert_eq!(seen("10.0.0.0/8", "10.0.0.1:5", &headers), ("2001:db8::7".into(), Scheme::Https));
    }

    #[test]
    fn a_proxy_that_knows_one_header_does_not_vouch_for_the_other() {
        // It appended to X-Forwarded-For and passed on what the stranger had put into Forwarded.
        let headers = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "https")];
        assert_eq!(seen("10.0.0.0/8", "10.0.0.1:5", &headers).0, "10.0.0.1");
        let headers = [("forwarded", "for=9.9.9.9;proto=https"), ("x-forwarded-for", "6.6.6.6, 9.9.9.9")];
        assert_eq!(seen("10.0.0.0/8", "10.0.0.1:5", &headers), ("9.9.9.9".into(), Scheme::Https));
    }

    #[test]
    fn what_stands_behind_an_unknown_hop_is_not_believed() {
        for headers in [
            [("x-forwarded-for", "6.6.6.6, unknown")],
            [("forwarded", "for=6.6.6.6, for=unknown;proto=https")],
            [("forwarded", "for=6.6.6.6, for=_hidden")],
            [("forwarded", "for=6.6.6.6, proto=https")],
        ] {
            assert_eq!(seen("10.0.0.0/8", "10.0.0.1:5", &headers).0, "10.0.0.1", "{headers:?}");
        }
    }

    #[test]
    fn a_source_is_a_network() {
        let source = |text: &str| Peer { address: text.parse().unwrap(), scheme: Scheme::Http }.source().to_string();
        assert_eq!(source("1.2.3.4"), "1.2.3.4/32");
        assert_eq!(source("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(source("::ffff:1.2.3.4"), "1.2.3.4/32");
    }
}
