//! Which addresses may be reached, by who entered them (architecture §2.13).
//!
//! Invariant: link-local addresses are never reached, loopback only in demo and test mode, private networks only by clients
//! an operator entered and only inside `outbound.internal`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::config::Config;

/// Who entered an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// An operator.
    Operator,
    /// A registration, a federation, a request.
    Stranger,
}

/// An address that may not be reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{host} may not be reached: it is not a public https address; if it is a relying party of your own, add its network or host suffix to outbound.internal"
)]
pub struct Forbidden {
    host: String,
}

impl Forbidden {
    pub(super) fn new(host: &str) -> Self {
        Self { host: host.to_owned() }
    }
}

/// The policy.
#[derive(Debug)]
pub struct Policy {
    networks: Vec<IpNet>,
    suffixes: Vec<String>,
    loopback: Loopback,
}

#[derive(Debug)]
enum Loopback {
    Closed,
    /// These ports; none named means all.
    Open(Vec<u16>),
}

impl Policy {
    /// From the configuration. A provider that itself lives on http loopback is a demo: its relying parties do too.
    pub fn new(config: &Config) -> Self {
        let mut networks = Vec::new();
        let mut suffixes = Vec::new();
        for entry in &config.outbound.internal {
            match (entry.parse::<IpNet>(), entry.parse::<IpAddr>()) {
                (Ok(network), _) => networks.push(network),
                (_, Ok(address)) => networks.push(address.into()),
                _ => suffixes.push(entry.trim_start_matches('*').to_ascii_lowercase()),
            }
        }
        let loopback = match (config.issuer.is_https(), config.test_mode.is_on()) {
            (_, true) => Loopback::Open(config.test_mode.loopback_ports.clone()),
            (false, false) => Loopback::Open(Vec::new()),
            (true, false) => Loopback::Closed,
        };
        Self { networks, suffixes, loopback }
    }

    /// Judges an address by its look: scheme, user, literal hosts in whatever form (the parser has made them plain).
    pub fn judge_url(&self, class: Class, url: &Url) -> Result<(), Forbidden> {
        let host = url.host_str().unwrap_or_default();
        let no = || Err(Forbidden::new(host));
        if !url.username().is_empty() || url.password().is_some() {
            return no();
        }
        let port = url.port_or_known_default().unwrap_or_default();
        let local = self.is_local(class, url.host().as_ref(), port);
        match url.scheme() {
            "https" => {}
            "http" if local => {}
            _ => return no(),
        }
        match url.host() {
            Some(Host::Ipv4(address)) => self.judge_literal(class, host, address.into(), port),
            Some(Host::Ipv6(address)) => self.judge_literal(class, host, address.into(), port),
            Some(Host::Domain(_)) => Ok(()),
            None => no(),
        }
    }

    /// Whether plain http may be spoken to this host: loopback where it is open, and inside `outbound.internal`.
    fn is_local(&self, class: Class, host: Option<&Host<&str>>, port: u16) -> bool {
        match host {
            Some(Host::Domain(name)) => {
                (*name == "localhost" && self.opens_loopback(port))
                    || (class == Class::Operator && self.is_inside(name))
            }
            Some(Host::Ipv4(address)) => self.is_local_address(class, (*address).into(), port),
            Some(Host::Ipv6(address)) => self.is_local_address(class, (*address).into(), port),
            None => false,
        }
    }

    fn is_local_address(&self, class: Class, address: IpAddr, port: u16) -> bool {
        let address = plain(address);
        (address.is_loopback() && self.opens_loopback(port))
            || (class == Class::Operator && self.networks.iter().any(|network| network.contains(&address)))
    }

    fn judge_literal(&self, class: Class, host: &str, address: IpAddr, port: u16) -> Result<(), Forbidden> {
        if plain(address).is_loopback() && !self.opens_loopback(port) {
            return Err(Forbidden::new(host));
        }
        self.judge_address(class, host, address)
    }

    fn opens_loopback(&self, port: u16) -> bool {
        match &self.loopback {
            Loopback::Closed => false,
            Loopback::Open(ports) => ports.is_empty() || ports.contains(&port),
        }
    }

    fn is_inside(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.suffixes.iter().any(|suffix| {
            host == suffix.trim_start_matches('.') || host.ends_with(&format!(".{}", suffix.trim_start_matches('.')))
        })
    }

    /// Judges an address the resolver gave for a host.
    pub fn judge_address(&self, class: Class, host: &str, address: IpAddr) -> Result<(), Forbidden> {
        let address = plain(address);
        let allowed = if is_never(address) {
            false
        } else if address.is_loopback() {
            // The port was judged with the URL.
            matches!(self.loopback, Loopback::Open(_))
        } else if is_public(address) {
            true
        } else {
            class == Class::Operator
                && (self.networks.iter().any(|network| network.contains(&address)) || self.is_inside(host))
        };
        if allowed { Ok(()) } else { Err(Forbidden::new(host)) }
    }
}

/// An address without its disguises: IPv4 mapped, compatible, by NAT64 or by 6to4.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let v4 = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from_bits((u32::from(high) << 16) | u32::from(low)));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            v4(high, low)
        }
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => v4(high, low),
        _ => address,
    }
}

/// Link-local (cloud metadata among it), unspecified, multicast, broadcast: nobody's relying party lives there.
fn is_never(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            v4.is_link_local() || v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast() || v4.octets()[0] == 0
        }
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast() || (v6.segments()[0] & 0xffc0) == 0xfe80,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// The IANA special-purpose registry, RFC 6890.
fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19))
        || a >= 224)
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let s = v6.segments();
    // Global unicast is 2000::/3; within it documentation, Teredo, ORCHID and benchmarking are not.
    (s[0] & 0xe000) == 0x2000
        && !(s[0] == 0x2001 && (s[1] == 0 || s[1] == 2 || s[1] == 0xdb8 || (0x10..0x30).contains(&s[1])))
        && !(s[0] == 0x3fff && s[1] < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(internal: &[&str], loopback: Loopback) -> Policy {
        let mut networks = Vec::new();
        let mut suffixes = Vec::new();
        for entry in internal {
            match entry.parse() {
                Ok(network) => networks.push(network),
                Err(_) => suffixes.push((*entry).to_owned()),
            }
        }
        Policy { networks, suffixes, loopback }
    }

    fn judge(policy: &Policy, class: Class, url: &str) -> bool {
        policy.judge_url(class, &Url::parse(url).unwrap()).is_ok()
    }

    #[test]
    fn strangers_reach_public_https_alone() {
        let policy = policy(&["10.0.0.0/8", ".corp.example"], Loopback::Closed);
        for good in ["https://rp.example/", "https://93.184.216.34/", "https://[2606:2800:220:1::1]/"] {
            assert!(judge(&policy, Class::Stranger, good), "{good}");
        }
        for bad in [
            "http://rp.example/",
            "ftp://rp.example/",
            "https://user@rp.example/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://169.254.169.254/latest/meta-data",
            "https://[fe80::1]/",
            "https://10.1.2.3/",
            "https://192.168.0.1/",
            "https://100.64.0.1/",
            "https://0.0.0.0/",
            "https://[fc00::1]/",
            "http://localhost/",
        ] {
            assert!(!judge(&policy, Class::Stranger, bad), "{bad}");
        }
    }

    #[test]
    fn operators_reach_their_own_networks() {
        let policy = policy(&["10.0.0.0/8", ".corp.example"], Loopback::Closed);
        assert!(judge(&policy, Class::Operator, "http://10.1.2.3/logout"));
        assert!(judge(&policy, Class::Operator, "http://app.corp.example/logout"));
        assert!(!judge(&policy, Class::Operator, "http://evilcorp.example/logout"));
        assert!(!judge(&policy, Class::Operator, "http://192.168.0.1/"));
        let inside = "10.9.9.9".parse().unwrap();
        assert!(policy.judge_address(Class::Operator, "x.example", inside).is_ok());
        assert!(policy.judge_address(Class::Stranger, "x.example", inside).is_err());
        assert!(policy.judge_address(Class::Operator, "app.corp.example", "172.16.0.1".parse().unwrap()).is_ok());
        assert!(policy.judge_address(Class::Operator, "app.corp.example", "169.254.169.254".parse().unwrap()).is_err());
    }

    #[test]
    fn loopback_is_open_by_port_where_it_is_open() {
        let policy = policy(&[], Loopback::Open(vec![9000]));
        assert!(judge(&policy, Class::Stranger, "http://127.0.0.1:9000/"));
        assert!(!judge(&policy, Class::Stranger, "http://127.0.0.1:9001/"));
        assert!(judge(&policy, Class::Stranger, "http://localhost:9000/"));
        assert!(!judge(&policy, Class::Stranger, "http://localhost:22/"));
    }
}
