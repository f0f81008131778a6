//! The floor: a process of the same framework that answers so many bytes and does nothing else.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::extract::Path;
use axum::http::header;
use axum::routing::get;

use crate::Broken;
use crate::measure::Process;

/// Serves until killed; says its port on standard output.
pub(crate) async fn serve() -> Result<(), Broken> {
    let router = Router::new().route("/bare/{size}", get(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?.port());
    axum::serve(listener, router).await?;
    Ok(())
}

async fn answer(Path(size): Path<usize>) -> ([(header::HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, "application/json")], "x".repeat(size))
}

/// The running floor.
pub(crate) struct Bare {
    child: Child,
    port: u16,
}

impl Bare {
    /// Starts this very program once more, as the floor.
    pub(crate) fn start() -> Result<Self, Broken> {
        let mut child = Command::new(std::env::current_exe()?).arg("bare").stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        let out = child.stdout.take().ok_or("the floor has no output")?;
        BufReader::new(out).read_line(&mut line)?;
        Ok(Self { child, port: line.trim().parse()? })
    }

    /// The process to measure.
    pub(crate) fn process(&self) -> Process {
        Process { pid: self.child.id(), port: self.port }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
