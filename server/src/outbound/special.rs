//! Who lives at which address: IANA's registries of special purposes (RFC 6890, as of 2025) and what cloud platforms keep
//! for themselves.
//!
//! <https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>. IPv6 addresses that hold an IPv4 address are judged as
//! that one (`policy.rs`). Invariant: every block of both registries stands here, and of IPv6 nothing outside `2000::/3` is
//! public.

use std::net::IpAddr;

use ipnet::IpNet;

/// Who lives in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nobody's relying party, whatever an operator says.
    Never,
    /// This machine.
    Loopback,
    /// Nobody in public; a relying party of the operator's own, if `outbound.internal` says so.
    Inside,
    /// Anybody.
    Public,
}

use Reach::{Inside, Loopback, Never, Public};

/// Of two blocks that hold an address the narrower counts.
pub(super) const BLOCKS: &[(&str, Reach, &str)] = &[
    ("0.0.0.0/0", Public, "everything else"),
    ("0.0.0.0/8", Never, "this network, RFC 791; 0.0.0.0 is this machine to many systems"),
    ("10.0.0.0/8", Inside, "private use, RFC 1918"),
    ("100.64.0.0/10", Inside, "shared address space, RFC 6598"),
    ("100.100.100.200/32", Never, "Alibaba Cloud: instance metadata"),
    ("127.0.0.0/8", Loopback, "loopback, RFC 1122"),
    ("168.63.129.16/32", Never, "Azure: the platform itself, though the address looks public"),
    ("169.254.0.0/16", Never, "link-local, RFC 3927; instance metadata of most clouds"),
    ("172.16.0.0/12", Inside, "private use, RFC 1918"),
    ("192.0.0.0/24", Never, "IETF protocol assignments, RFC 6890, its anycast addresses too; Oracle Cloud: metadata"),
    ("192.0.2.0/24", Inside, "documentation, RFC 5737"),
    ("192.31.196.0/24", Inside, "AS112, RFC 7535"),
    ("192.52.193.0/24", Inside, "AMT, RFC 7450"),
    ("192.88.99.0/24", Inside, "6to4 relay anycast, deprecated, RFC 7526"),
    ("192.168.0.0/16", Inside, "private use, RFC 1918"),
    ("192.175.48.0/24", Inside, "direct delegation AS112, RFC 7534"),
    ("198.18.0.0/15", Inside, "benchmarking, RFC 2544"),
    ("198.51.100.0/24", Inside, "documentation, RFC 5737"),
    ("203.0.113.0/24", Inside, "documentation, RFC 5737"),
    ("224.0.0.0/4", Never, "multicast, RFC 5771"),
    ("240.0.0.0/4", Inside, "reserved, RFC 1112"),
    ("255.255.255.255/32", Never, "limited broadcast, RFC 8190"),
    ("::/0", Inside, "not global unicast, RFC 4291"),
    ("::/128", Never, "unspecified, RFC 4291"),
    ("::1/128", Loopback, "loopback, RFC 4291"),
    ("64:ff9b:1::/48", Inside, "IPv4/IPv6 translation of a network's own, RFC 8215"),
    ("100::/64", Never, "discard-only, RFC 6666"),
    ("100:0:0:1::/64", Never, "dummy prefix, RFC 9780"),
    ("2000::/3", Public, "global unicast, RFC 4291"),
    ("2001::/23", Inside, "IETF protocol assignments, RFC 2928: benchmarking, ORCHID, DRIP, AMT, AS112, anycast"),
    ("2001::/32", Never, "Teredo, RFC 4380: an IPv4 address in disguise"),
    ("2001:db8::/32", Inside, "documentation, RFC 3849"),
    ("2620:4f:8000::/48", Inside, "direct delegation AS112, RFC 7534"),
    ("3fff::/20", Inside, "documentation, RFC 9637"),
    ("5f00::/16", Inside, "segment routing identifiers, RFC 9602"),
    ("fc00::/7", Inside, "unique-local, RFC 4193"),
    ("fd00:ec2::/32", Never, "Amazon: instance metadata and credentials"),
    ("fd20:ce::254/128", Never, "Google Cloud: instance metadata"),
    ("fe80::/10", Never, "link-local, RFC 4291"),
    ("ff00::/8", Never, "multicast, RFC 4291"),
];

/// The table, ready to be asked.
#[derive(Debug)]
pub(super) struct Blocks(Vec<(IpNet, Reach)>);

impl Blocks {
    pub(super) fn read() -> Self {
        let block =
            |(net, reach, _): &(&str, Reach, &str)| (net.parse::<IpNet>().expect("the table holds networks"), *reach);
        Self(BLOCKS.iter().map(block).collect())
    }

    /// Who lives at an address.
    pub(super) fn reach(&self, address: IpAddr) -> Reach {
        let holds = self.0.iter().filter(|(net, _)| net.contains(&address));
        holds.max_by_key(|(net, _)| net.prefix_len()).map_or(Never, |(_, reach)| *reach)
    }
}
