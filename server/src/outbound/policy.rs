//! Which addresses may be reached, by who entered them (architecture §2.13).
//!
//! Invariant: link-local addresses are never reached, loopback only in demo and test mode and there only at the ports that
//! are open, private networks only by clients an operator entered and only inside `outbound.internal`. A name is worth no
//! more than the addresses behind it.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use url::{Host, Url};

use super::special::{Blocks, Reach};
use crate::config::Config;

/// Who entered an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    blocks: Blocks,
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

/// Whether a port of this machine may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Gate {
    /// It may not.
    Shut,
    /// It may.
    Open,
}

impl Policy {
    /// From the configuration. A provider that itself lives on http loopback is a demo: its relying parties do too.
    pub fn new(config: &Config) -> Self {
        let loopback = match (config.issuer.is_https(), config.test_mode.is_on()) {
            (_, true) => Loopback::Open(config.test_mode.loopback_ports.clone()),
            (false, false) => Loopback::Open(Vec::new()),
            (true, false) => Loopback::Closed,
        };
        Self::of(&config.outbound.internal, loopback)
    }

    fn of(internal: &[String], loopback: Loopback) -> Self {
        let mut networks = Vec::new();
        let mut suffixes = Vec::new();
        for entry in internal {
            match (entry.parse::<IpNet>(), entry.parse::<IpAddr>()) {
                (Ok(network), _) => networks.push(network),
                (_, Ok(address)) => networks.push(address.into()),
                _ => suffixes.push(entry.trim_start_matches('*').trim_start_matches('.').to_ascii_lowercase()),
            }
        }
        Self { blocks: Blocks::read(), networks, suffixes, loopback }
    }

    /// Judges an address by its look: scheme, user, literal hosts in whatever form (the parser has made them plain).
    pub fn judge_url(&self, class: Class, url: &Url) -> Result<(), Forbidden> {
        let host = url.host_str().unwrap_or_default();
        let no = || Err(Forbidden::new(host));
        if !url.username().is_empty() || url.password().is_some() {
            return no();
        }
        let gate = self.gate(url);
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) => None,
            None => return no(),
        };
        match url.scheme() {
            "https" => {}
            "http" if self.is_local(class, host, address, gate) => {}
            _ => return no(),
        }
        // What a name stands for is judged when it is resolved.
        address.map_or(Ok(()), |address| self.judge_address(class, host, address, gate))
    }

    /// Whether plain http may be spoken to this host: loopback where it is open, and inside `outbound.internal`.
    fn is_local(&self, class: Class, host: &str, address: Option<IpAddr>, gate: Gate) -> bool {
        match address {
            None => (host == "localhost" && gate == Gate::Open) || (class == Class::Operator && self.is_inside(host)),
            Some(address) => {
                let address = plain(address);
                (self.blocks.reach(address) == Reach::Loopback && gate == Gate::Open)
                    || (class == Class::Operator && self.networks.iter().any(|network| network.contains(&address)))
            }
        }
    }

    /// Whether loopback may be reached at the port of an address.
    pub fn gate(&self, url: &Url) -> Gate {
        match &self.loopback {
            Loopback::Closed => Gate::Shut,
            Loopback::Open(ports) if ports.is_empty() => Gate::Open,
            Loopback::Open(ports) => match url.port_or_known_default() {
                Some(port) if ports.contains(&port) => Gate::Open,
                _ => Gate::Shut,
            },
        }
    }

    /// Every answer [`Policy::gate`] can give.
    pub fn gates(&self) -> &'static [Gate] {
        match &self.loopback {
            Loopback::Closed => &[Gate::Shut],
            Loopback::Open(ports) if ports.is_empty() => &[Gate::Open],
            Loopback::Open(_) => &[Gate::Shut, Gate::Open],
        }
    }

    fn is_inside(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        self.suffixes.iter().any(|suffix| host == *suffix || host.ends_with(&format!(".{suffix}")))
    }

    /// Judges an address: a literal one, or one the resolver gave for a host.
    pub fn judge_address(&self, class: Class, host: &str, address: IpAddr, gate: Gate) -> Result<(), Forbidden> {
        let address = plain(address);
        let allowed = match self.blocks.reach(address) {
            Reach::Never => false,
            Reach::Loopback => gate == Gate::Open,
            Reach::Public => true,
            Reach::Inside => {
                class == Class::Operator
                    && (self.networks.iter().any(|network| network.contains(&address)) || self.is_inside(host))
            }
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
