//! A second node beside a provider, on the same data.

use super::{Provider, free_port};

impl Provider {
    /// A second node on the same data: another process on another port, the same issuer. PostgreSQL only.
    pub async fn second_node(&self) -> Self {
        let port = free_port();
        let mut environment = self.environment.clone();
        environment.push(("OSTIARY_LISTEN".into(), format!("[\"127.0.0.1:{port}\"]")));
        let mut node = Self {
            program: self.program.clone(),
            environment,
            dir: self.dir.clone(),
            owns: false,
            issuer: self.issuer.clone(),
            listens: format!("http://127.0.0.1:{port}"),
            port,
            child: None,
        };
        node.start().await;
        node
    }
}
