//! The policy as a table: where a stranger's address leads, where an operator's does.

use super::super::special::BLOCKS;
use super::*;

/// Who may reach an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum May {
    Nobody,
    /// Clients an operator entered, because `outbound.internal` says so.
    Operator,
    Anybody,
}

use May::{Anybody, Nobody, Operator};

/// An operator whose relying parties lie in `10.0.0.0/8`, in `fd12::/16`, at 192.168.7.7, and below corp.example.
fn house(loopback: Loopback) -> Policy {
    let internal = ["10.0.0.0/8", "fd12::/16", "192.168.7.7", ".corp.example"];
    Policy::of(&internal.map(str::to_owned), loopback)
}

fn may(policy: &Policy, url: &str) -> May {
    let Ok(url) = Url::parse(url) else { return Nobody };
    match (policy.judge_url(Class::Stranger, &url), policy.judge_url(Class::Operator, &url)) {
        (Ok(()), Ok(())) => Anybody,
        (Err(_), Ok(())) => Operator,
        (Err(_), Err(_)) => Nobody,
        (Ok(()), Err(_)) => panic!("a stranger may what an operator may not: {url}"),
    }
}

/// What an address says by its look. A name is let through to the resolver, if its scheme and user are right.
const LOOKS: &[(&str, May, &str)] = &[
    ("https://rp.example/", Anybody, "public"),
    ("https://rp.example:8443/", Anybody, "any port of a public host"),
    ("https://93.184.216.34/", Anybody, "public"),
    ("https://[2606:2800:220:1::1]/", Anybody, "public"),
    ("http://rp.example/", Nobody, "in the clear"),
    ("http://93.184.216.34/", Nobody, "in the clear"),
    ("ftp://rp.example/", Nobody, "another scheme"),
    ("file:///etc/passwd", Nobody, "another scheme"),
    ("gopher://rp.example/", Nobody, "another scheme"),
    ("data:text/plain,x", Nobody, "no host"),
    ("https://user@rp.example/", Nobody, "a user"),
    ("https://user:word@rp.example/", Nobody, "a user and a password"),
    ("https://:word@rp.example/", Nobody, "a password"),
    ("https://rp.example@127.0.0.1/", Nobody, "the host is what follows the user"),
    // Loopback in every spelling.
    ("https://127.0.0.1/", Nobody, "loopback"),
    ("https://127.0.0.1:443/", Nobody, "loopback with a port"),
    ("https://127.255.255.254/", Nobody, "the whole block"),
    ("https://127.1/", Nobody, "short"),
    ("https://127.0.1/", Nobody, "short"),
    ("https://2130706433/", Nobody, "decimal"),
    ("https://0x7f000001/", Nobody, "hexadecimal"),
    ("https://0x7f.1/", Nobody, "mixed"),
    ("https://0177.0.0.1/", Nobody, "octal"),
    ("https://017700000001/", Nobody, "octal"),
    ("https://127.0.0.1./", Nobody, "a trailing dot"),
    ("https://%31%32%37.0.0.1/", Nobody, "percent-encoded"),
    ("https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", Nobody, "fullwidth digits"),
    ("https://127\u{3002}0\u{3002}0\u{3002}1/", Nobody, "ideographic dots"),
    ("https://127.0.0.0x1/", Nobody, "mixed"),
    ("https://4294967297/", Nobody, "beyond 32 bits"),
    ("https://127.0.0.1.1/", Nobody, "five parts"),
    ("https://[::1]/", Nobody, "loopback"),
    ("https://[0:0:0:0:0:0:0:1]/", Nobody, "loopback, long"),
    ("https://[::ffff:127.0.0.1]/", Nobody, "mapped"),
    ("https://[::ffff:7f00:1]/", Nobody, "mapped"),
    ("https://[::127.0.0.1]/", Nobody, "compatible"),
    ("https://[64:ff9b::127.0.0.1]/", Nobody, "NAT64"),
    ("https://[2002:7f00:1::]/", Nobody, "6to4"),
    ("https://[2002:7f00:1:1::1]/", Nobody, "6to4"),
    ("https://[2001:0:4136:e378:8000:63bf:80ff:fffe]/", Nobody, "Teredo"),
    ("https://[::1%25lo]/", Nobody, "a zone"),
    ("https://[fe80::1%25eth0]/", Nobody, "a zone"),
    ("http://localhost/", Nobody, "in the clear"),
    ("http://localhost./", Nobody, "in the clear"),
    ("http://LOCALHOST/", Nobody, "in the clear"),
    // Metadata of clouds.
    ("https://169.254.169.254/latest/meta-data", Nobody, "link-local"),
    ("https://[::ffff:169.254.169.254]/", Nobody, "link-local, mapped"),
    ("https://2852039166/", Nobody, "link-local, decimal"),
    ("https://[fe80::a9fe:a9fe]/", Nobody, "link-local"),
    ("https://[fd00:ec2::254]/", Nobody, "Amazon"),
    ("https://168.63.129.16/", Nobody, "Azure"),
    ("https://100.100.100.200/", Nobody, "Alibaba"),
    ("https://192.0.0.192/", Nobody, "Oracle"),
    // The operator's own.
    ("https://10.1.2.3/", Operator, "inside"),
    ("http://10.1.2.3:8080/", Operator, "inside, in the clear"),
    ("https://[::ffff:10.1.2.3]/", Operator, "inside, mapped"),
    ("http://192.168.7.7/", Operator, "inside, one address"),
    ("http://[fd12::7]/", Operator, "inside"),
    ("http://app.corp.example/", Operator, "inside, by name"),
    ("http://APP.CORP.EXAMPLE/", Operator, "inside, by name"),
    ("http://corp.example/", Operator, "inside, by name"),
    ("http://evilcorp.example/", Nobody, "only ends like it"),
    ("http://corp.example.evil.example/", Nobody, "only begins like it"),
    ("http://user@app.corp.example/", Nobody, "a user"),
    // Not the operator's own.
    ("https://192.168.7.8/", Nobody, "private"),
    ("https://172.16.0.1/", Nobody, "private"),
    ("https://100.64.0.1/", Nobody, "shared"),
    ("https://[fc00::1]/", Nobody, "unique-local"),
    ("https://[fec0::1]/", Nobody, "site-local"),
    ("https://0.0.0.0/", Nobody, "unspecified"),
    ("https://0/", Nobody, "unspecified, short"),
    ("https://[::]/", Nobody, "unspecified"),
];

#[test]
fn an_address_is_judged_by_its_look() {
    let policy = house(Loopback::Closed);
    for (url, wanted, why) in LOOKS {
        assert_eq!(may(&policy, url), *wanted, "{url}: {why}");
    }
}

/// What the resolver gave for a name, and who may connect to it.
fn resolved(policy: &Policy, host: &str, address: &str) -> May {
    let address: IpAddr = address.parse().unwrap();
    match [Class::Stranger, Class::Operator].map(|class| policy.judge_address(class, host, address, Gate::Shut).is_ok())
    {
        [true, true] => Anybody,
        [false, true] => Operator,
        [false, false] => Nobody,
        [true, false] => panic!("a stranger may what an operator may not: {host} {address}"),
    }
}

#[test]
fn a_name_is_worth_what_it_resolves_to() {
    let policy = house(Loopback::Closed);
    for (host, address, wanted) in [
        ("rp.example", "93.184.216.34", Anybody),
        ("rp.example", "127.0.0.1", Nobody),
        ("rp.example", "::1", Nobody),
        ("rp.example", "::ffff:127.0.0.1", Nobody),
        ("rp.example", "169.254.169.254", Nobody),
        ("rp.example", "10.9.9.9", Operator),
        ("rp.example", "172.16.0.1", Nobody),
        ("localhost", "127.0.0.1", Nobody),
        ("localhost.", "127.0.0.1", Nobody),
        ("a.localhost", "::1", Nobody),
        ("app.corp.example", "172.16.0.1", Operator),
        ("app.corp.example", "93.184.216.34", Anybody),
        ("app.corp.example", "127.0.0.1", Nobody),
        ("app.corp.example", "169.254.169.254", Nobody),
        ("app.corp.example", "fd00:ec2::254", Nobody),
        ("evilcorp.example", "172.16.0.1", Nobody),
    ] {
        assert_eq!(resolved(&policy, host, address), wanted, "{host} at {address}");
    }
}

/// IANA's registries, block by block, as they stand in 2025. A block that is globally reachable and of no use to a relying
/// party is shut as well.
const REGISTRIES: &[&str] = &[
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.88.99.2/32",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "240.0.0.0/4",
    "255.255.255.255/32",
    "224.0.0.0/4",
    "::1/128",
    "::/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

#[test]
fn no_special_purpose_is_public_at_either_end() {
    let policy = Policy::of(&[], Loopback::Closed);
    for block in REGISTRIES {
        let net: IpNet = block.parse().unwrap();
        for address in [net.network(), net.broadcast()] {
            assert_eq!(resolved(&policy, "rp.example", &address.to_string()), Nobody, "{address} of {block}");
        }
    }
    // Mapped, compatible, NAT64 and 6to4 are what they hold.
    for block in REGISTRIES.iter().filter(|block| !block.contains(':')) {
        let net: IpNet = block.parse().unwrap();
        let IpAddr::V4(v4) = net.broadcast() else { panic!("{block}") };
        let [a, b, c, d] = v4.octets();
        for address in
            [format!("::ffff:{v4}"), format!("64:ff9b::{v4}"), format!("2002:{a:02x}{b:02x}:{c:02x}{d:02x}::1")]
        {
            assert_eq!(resolved(&policy, "rp.example", &address), Nobody, "{address} of {block}");
        }
    }
    for public in ["::ffff:93.184.216.34", "64:ff9b::93.184.216.34", "2002:5db8:d822::1", "::93.184.216.34"] {
        assert_eq!(resolved(&policy, "rp.example", public), Anybody, "{public}");
    }
    for beside in [
        "9.255.255.255",
        "11.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.1.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2003::1",
        "2620:4f:8001::1",
        "3ffe::1",
    ] {
        assert_eq!(resolved(&policy, "rp.example", beside), Anybody, "{beside}");
    }
}

#[test]
fn an_operator_opens_what_is_inside_and_never_more() {
    let everything = ["0.0.0.0/0", "::/0"].map(str::to_owned);
    let policy = Policy::of(&everything, Loopback::Closed);
    for (block, reach, name) in BLOCKS {
        let net: IpNet = block.parse().unwrap();
        assert_eq!(net.network(), net.addr(), "{block} begins where it begins");
        let wanted = match reach {
            Reach::Never | Reach::Loopback => Nobody,
            Reach::Inside => Operator,
            Reach::Public => Anybody,
        };
        // The widest blocks begin with narrower ones.
        if net.prefix_len() > 3 && *block != "2001::/23" {
            assert_eq!(resolved(&policy, "rp.example", &net.network().to_string()), wanted, "{block}: {name}");
        }
    }
}

/// item 25: loopback, for tests alone.
#[test]
fn loopback_is_open_by_port_where_it_is_open() {
    let policy = Policy::of(&[], Loopback::Open(vec![9000]));
    for (url, wanted) in [
        ("http://127.0.0.1:9000/", Anybody),
        ("https://127.0.0.1:9000/", Anybody),
        ("http://[::1]:9000/", Anybody),
        ("http://localhost:9000/", Anybody),
        ("http://127.0.0.1:9001/", Nobody),
        ("https://127.0.0.1:9001/", Nobody),
        ("https://[::ffff:127.0.0.1]:9001/", Nobody),
        ("http://localhost:22/", Nobody),
        ("http://localhost.:9000/", Nobody),
        ("https://0.0.0.0:9000/", Nobody),
    ] {
        assert_eq!(may(&policy, url), wanted, "{url}");
    }
    // A name passes by its look; the gate of its port is shut when it is resolved.
    for (url, gate) in [
        ("https://localhost:9000/", Gate::Open),
        ("https://localhost:9001/", Gate::Shut),
        ("https://localhost/", Gate::Shut),
        ("https://rp.example:9001/", Gate::Shut),
    ] {
        let url = Url::parse(url).unwrap();
        assert_eq!(policy.gate(&url), gate, "{url}");
        let judged = policy.judge_address(Class::Operator, "localhost", IpAddr::V4(Ipv4Addr::LOCALHOST), gate);
        assert_eq!(judged.is_ok(), gate == Gate::Open, "{url}");
    }
    assert_eq!(Policy::of(&[], Loopback::Open(Vec::new())).gate(&Url::parse("http://a:1/").unwrap()), Gate::Open);
}
