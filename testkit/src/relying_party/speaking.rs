//! How the relying party speaks: one request a connection, read and answered as it was bid.
//!
//! Invariant: nothing here decides; what is answered stands in the manners.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Document, Heard, Manners, Reply, part};

pub(super) async fn serve(mut stream: TcpStream, manners: &Mutex<Manners>) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let (head, body) = loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await?;
        if read == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            break (head.to_owned(), body.to_owned());
        }
    };
    let reply = if head.starts_with("POST /backchannel") {
        manners.lock().expect("no test panics while it holds this").hear(heard(head, &body))
    } else if let Some(document) = document(&head, manners) {
        match document.instead {
            None => return hand_out(stream, &document).await,
            Some(reply) => reply,
        }
    } else {
        Reply::Status(200)
    };
    answer(stream, reply).await
}

/// The document a request asks for.
fn document(head: &str, manners: &Mutex<Manners>) -> Option<Document> {
    let path = head.strip_prefix("GET ")?.split(' ').next()?;
    let mut manners = manners.lock().expect("no test panics while it holds this");
    let document = manners.documents.get_mut(path)?;
    document.asked += 1;
    Some(document.clone())
}

async fn hand_out(mut stream: TcpStream, document: &Document) -> std::io::Result<()> {
    let text = &document.text;
    let usual = if text.starts_with(['{', '[']) { "application/json" } else { "application/jwt" };
    let kind = document.kind.as_deref().unwrap_or(usual);
    let (length, end) = (text.len(), "connection: close\r\n\r\n");
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{end}");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

async fn answer(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    let (status, more) = match reply {
        Reply::Status(status) => (status, String::new()),
        Reply::With(status, line) => (status, format!("{line}\r\n")),
        Reply::Late(time, status) => {
            tokio::time::sleep(time).await;
            (status, String::new())
        }
        Reply::Hang => {
            tokio::time::sleep(Duration::from_mins(10)).await;
            return Ok(());
        }
        Reply::Reset => {
            // Closing with a zero linger sends RST.
            return stream.set_zero_linger();
        }
        Reply::Raw(text) => {
            stream.write_all(text.as_bytes()).await?;
            return stream.shutdown().await;
        }
        Reply::Drip(text) => {
            stream.write_all(text.as_bytes()).await?;
            loop {
                tokio::time::sleep(Duration::from_millis(250)).await;
                stream.write_all(b"x").await?;
            }
        }
        Reply::Gigabyte => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n").await?;
            let chunk = vec![b'x'; 1 << 16];
            for _ in 0..1 << 14 {
                stream.write_all(&chunk).await?;
            }
            return Ok(());
        }
    };
    let text = format!("HTTP/1.1 {status} As Bid\r\n{more}content-length: 0\r\nconnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

fn heard(head: String, body: &str) -> Heard {
    let token = url::form_urlencoded::parse(body.as_bytes()).find(|(name, _)| name == "logout_token");
    let token = token.map(|(_, value)| value.into_owned()).unwrap_or_default();
    let header = part(&token, 0);
    let claims = part(&token, 1);
    Heard { at: Instant::now(), head, token, header, claims, reply: Reply::Hang }
}
