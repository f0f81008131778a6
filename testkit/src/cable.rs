//! A cable between a server and its database, to be cut.
//!
//! Invariant: cut means cut: open connections break, new ones are refused, until it is mended at the same address.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::provider::free_port;

/// A TCP forwarder.
#[derive(Debug)]
pub struct Cable {
    port: u16,
    to: String,
    work: Option<JoinHandle<()>>,
}

impl Cable {
    /// To an address such as `127.0.0.1:5432`.
    pub async fn to(address: &str) -> Self {
        let mut cable = Self { port: free_port(), to: address.to_owned(), work: None };
        cable.mend().await;
        cable
    }

    /// Where its near end is.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Cuts it.
    pub fn cut(&mut self) {
        if let Some(work) = self.work.take() {
            work.abort();
        }
    }

    /// Mends it, to another address.
    ///
    /// # Panics
    /// If its port was taken meanwhile.
    pub async fn lead_to(&mut self, address: &str) {
        self.cut();
        address.clone_into(&mut self.to);
        // The task that was ended holds the port until it is gone.
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        self.mend().await;
    }

    /// Mends it.
    ///
    /// # Panics
    /// If its port was taken meanwhile.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address()).await.expect("its port is free");
        let to = self.to.clone();
        self.work = Some(tokio::spawn(async move {
            // Dropped with this task, and every connection with it.
            let mut all = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let to = to.clone();
                all.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(&to).await {
                        drop(copy_bidirectional(&mut near, &mut far).await);
                    }
                });
            }
        }));
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.cut();
    }
}
