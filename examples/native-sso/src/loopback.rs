//! A loopback address for one answer to come back to (RFC 8252 §7.3).

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use url::Url;

use crate::Failed;

/// A door on loopback.
pub(crate) struct Loopback {
    listener: TcpListener,
    /// Its address: the `redirect_uri`, whose port may be any.
    pub(crate) address: String,
}

impl Loopback {
    pub(crate) async fn open() -> Result<Self, Failed> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port());
        Ok(Self { listener, address })
    }

    /// Waits for the browser; the answer is the parameters it brings. Whatever else it asks for is not there.
    pub(crate) async fn wait(&self) -> Result<Vec<(String, String)>, Failed> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            let mut head = vec![0; 8192];
            let mut length = 0;
            while length < head.len() && !head[..length].windows(4).any(|four| four == b"\r\n\r\n") {
                match stream.read(&mut head[length..]).await? {
                    0 => break,
                    more => length += more,
                }
            }
            let head = String::from_utf8_lossy(&head[..length]).into_owned();
            let target = head.strip_prefix("GET ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            let url = Url::parse("http://127.0.0.1")?.join(target)?;
            let (status, words) = match url.path() {
                "/callback" => ("200 OK", "You can go back to the app."),
                _ => ("404 Not Found", "Nothing here."),
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{words}",
                words.len()
            );
            stream.write_all(answer.as_bytes()).await?;
            if url.path() == "/callback" {
                return Ok(url.query_pairs().into_owned().collect());
            }
        }
    }
}
