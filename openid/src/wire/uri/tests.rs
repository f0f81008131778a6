use super::{Fault, Kind, judge, judge_web, origin, same_but_port};

#[test]
fn kinds_of_addresses() {
    assert_eq!(judge("https://rp.example/cb?x=1"), Ok(Kind::Https));
    assert_eq!(judge("http://127.0.0.1:8080/cb"), Ok(Kind::HttpLoopback));
    assert_eq!(judge("http://[::1]/cb"), Ok(Kind::HttpLoopback));
    assert_eq!(judge("http://rp.localhost/cb"), Ok(Kind::HttpLoopback));
    assert_eq!(judge("http://127.0.0.1.example/cb"), Ok(Kind::Http));
    assert_eq!(judge("com.example.app:/cb"), Ok(Kind::PrivateUse));
    assert_eq!(judge("javascript:alert(1)"), Ok(Kind::Other));
}

#[test]
fn what_is_refused() {
    assert_eq!(judge("https://rp.example/cb#x"), Err(Fault::Fragment));
    assert_eq!(judge("https://rp.example/cb#"), Err(Fault::Fragment));
    assert_eq!(judge("https://me@rp.example/cb"), Err(Fault::UserInfo));
    assert_eq!(judge("/cb"), Err(Fault::NotAbsolute));
    assert_eq!(judge("https:rp.example/cb"), Err(Fault::NoHost));
    assert_eq!(judge("https://rp.example/c b"), Err(Fault::NotAbsolute));
    assert_eq!(judge("https://rp.example\\@evil.example/"), Err(Fault::NotAbsolute));
    assert_eq!(judge(&format!("https://rp.example/{}", "a".repeat(2048))), Err(Fault::TooLong));
    assert_eq!(judge_web("com.example.app:/cb"), Err(Fault::Scheme));
}

#[test]
fn only_the_port_may_differ() {
    assert!(same_but_port("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"));
    assert!(same_but_port("http://[::1]:1/cb?a=b", "http://[::1]:2/cb?a=b"));
    assert!(!same_but_port("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb/"));
    assert!(!same_but_port("http://127.0.0.1/cb", "http://localhost:1/cb"));
    assert!(!same_but_port("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"));
    assert!(!same_but_port("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb"));
    assert!(!same_but_port("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"));
    assert!(!same_but_port("https://127.0.0.1/cb", "https://127.0.0.1:1/cb"));
}

#[test]
fn origins() {
    assert_eq!(origin("https://rp.example:443/cb").as_deref(), Some("https://rp.example"));
    assert_eq!(origin("http://127.0.0.1:9/cb").as_deref(), Some("http://127.0.0.1:9"));
    assert_eq!(origin("com.example.app:/cb"), None);
}
