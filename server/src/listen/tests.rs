//! A door and who comes through it.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

#[tokio::test]
async fn whoever_asks_nothing_is_sent_away() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let door = Door {
        router: Router::new().fallback(async || "here"),
        certificates: Source::Nobody,
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
        certificates: Source::Nobody,
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
        certificates: Source::Nobody,
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
