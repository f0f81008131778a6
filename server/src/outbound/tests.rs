//! The one way out, against servers on loopback.

use std::net::{Ipv4Addr, TcpListener};

use super::*;

const LIMITS: Limits = Limits { time: Duration::from_secs(5), body: 1024 };

fn outbound(issuer: &str, more: &str) -> Outbound {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let dir = std::env::temp_dir().join(format!("ostiary-outbound-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("secret"), jose::base64url([7; 32])).unwrap();
    let text = format!("issuer = \"{issuer}\"\nsecret_file = \"secret\"\n{more}\n");
    let config = Config::read(&text, "test", &dir, std::iter::empty()).unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
    Outbound::new(&config).unwrap()
}

/// A name passes by its look; where it leads is judged before anybody connects.
#[tokio::test]
async fn a_name_that_leads_to_a_shut_port_of_this_machine_is_not_connected_to() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let test_mode = |ports: &str| format!("test_mode = {{ enabled = true, loopback_ports = {ports} }}");
    let (other, own) = (test_mode("[1]"), test_mode(&format!("[{port}]")));
    for (issuer, more) in [
        ("https://op.example", ""),
        ("https://op.example", other.as_str()),
        ("http://localhost:8080", other.as_str()),
        ("https://op.example", "outbound.internal = [\"localhost\", \"0.0.0.0/0\"]"),
    ] {
        let outbound = outbound(issuer, more);
        for class in [Class::Operator, Class::Stranger] {
            for url in [format!("https://localhost:{port}/"), format!("http://localhost:{port}/")] {
                let got = outbound.get(class, &url, LIMITS).await;
                assert!(matches!(got, Err(Unreached::Forbidden(_))), "{issuer} {more} {url}: {got:?}");
            }
        }
    }
    assert!(listener.accept().is_err(), "nobody knocked");
    // Its own port: the door is knocked at, and nobody speaks TLS behind it.
    let limits = Limits { time: Duration::from_millis(500), body: 1024 };
    let got =
        outbound("https://op.example", &own).get(Class::Stranger, &format!("https://localhost:{port}/"), limits).await;
    assert!(matches!(got, Err(Unreached::Timeout | Unreached::Broken(_))), "{got:?}");
    assert!(listener.accept().is_ok(), "somebody knocked");
}

/// Of what a resolver says only what was judged is left, so a name that changes its mind leads nowhere.
#[tokio::test]
async fn the_connection_gets_no_address_that_was_not_judged() {
    for (more, gate, some) in [("", Gate::Shut, false), ("test_mode.enabled = true", Gate::Open, true)] {
        let policy = Arc::clone(&outbound("https://op.example", more).policy);
        let filtered = Filtered { policy, class: Class::Operator, gate };
        let found = filtered.resolve("localhost".parse().unwrap()).await;
        assert_eq!(found.is_ok_and(|mut all| all.next().is_some()), some, "{more}");
    }
}
