//! HTTP/1.1 on one keep-alive connection, as little as a driver needs, so that the driver costs little.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Broken;

/// One connection.
pub(crate) struct Line {
    stream: TcpStream,
    buffer: Vec<u8>,
    host: String,
    port: u16,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A header's first value.
    pub(crate) fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// Every value of a header.
    pub(crate) fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.head.lines().filter_map(move |line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<serde_json::Value, Broken> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The reply, if it has this status.
    pub(crate) fn expect(self, status: u16) -> Result<Self, Broken> {
        if self.status == status {
            return Ok(self);
        }
        Err(format!("wanted {status}, got {}: {}{}", self.status, self.head, String::from_utf8_lossy(&self.body))
            .into())
    }
}

impl Line {
    /// Opens a connection to a port on this machine.
    pub(crate) async fn open(port: u16) -> Result<Self, Broken> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024), host: format!("localhost:{port}"), port })
    }

    /// Sends a request; `headers` are whole lines.
    pub(crate) async fn get(&mut self, path: &str, headers: &str) -> Result<Reply, Broken> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", self.host);
        self.call(request.as_bytes()).await
    }

    /// The port it leads to.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Posts a form.
    pub(crate) async fn post(&mut self, path: &str, headers: &str, form: &str) -> Result<Reply, Broken> {
        self.post_as("application/x-www-form-urlencoded", path, headers, form).await
    }

    /// Posts JSON.
    pub(crate) async fn post_json(&mut self, path: &str, json: &str) -> Result<Reply, Broken> {
        self.post_as("application/json", path, "", json).await
    }

    async fn post_as(&mut self, kind: &str, path: &str, headers: &str, body: &str) -> Result<Reply, Broken> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            self.host,
            body.len()
        );
        self.call(request.as_bytes()).await
    }

    async fn call(&mut self, request: &[u8]) -> Result<Reply, Broken> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let end = loop {
            if let Some(end) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more().await?;
        };
        let head = String::from_utf8(self.buffer[..end].to_vec())?;
        let status = head.get(9..12).unwrap_or_default().parse()?;
        let mut reply = Reply { status, head, body: Vec::new() };
        let length: usize = reply.header("content-length").unwrap_or("0").parse()?;
        while self.buffer.len() < end + 4 + length {
            self.more().await?;
        }
        reply.body = self.buffer[end + 4..].to_vec();
        Ok(reply)
    }

    async fn more(&mut self) -> Result<(), Broken> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err("the server closed the connection".into()),
            _ => Ok(()),
        }
    }
}

/// A value in a query or a form.
pub(crate) fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
