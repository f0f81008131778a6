//! Several nodes of a provider, and how each ends.
//!
//! Invariant: a process that is killed is waited for, so that nobody speaks to a dead one.

use std::process::Command;
use std::time::Duration;

use crate::eventually;
use crate::provider::{Provider, free_port};

impl Provider {
    /// A second node on the same data: another process on another port, the same issuer. PostgreSQL only.
    pub async fn second_node(&self) -> Self {
        let mut node = self.another_node(&[]);
        node.start().await;
        node
    }

    /// Such a node, with environment variables of its own; nothing runs yet.
    #[must_use]
    pub fn another_node(&self, variables: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut environment = self.environment.clone();
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        environment.push(("OSTIARY_LISTEN".into(), format!("[\"127.0.0.1:{port}\"]")));
        Self {
            program: self.program.clone(),
            environment,
            dir: self.dir.clone(),
            owns: false,
            issuer: self.issuer.clone(),
            listens: format!("http://127.0.0.1:{port}"),
            port,
            child: None,
        }
    }

    /// With environment variables, from its next start on.
    #[must_use]
    pub fn with_variables(mut self, variables: &[(&str, String)]) -> Self {
        self.environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        self
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("a provider that is killed runs");
        child.kill().expect("a child can be killed");
        child.wait().expect("a killed child ends");
    }

    /// SIGTERM; the answer says how to wait for the end.
    ///
    /// # Panics
    /// If it does not run.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal, by name.
    ///
    /// # Panics
    /// If it does not run.
    pub fn signal(&self, name: &str) {
        let pid = self.pid().expect("a provider that is signalled runs");
        let sent = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal was sent");
    }

    /// Waits until the process has ended by itself, and says with which status.
    pub async fn ended(&mut self) -> Option<i32> {
        let mut child = self.child.take().expect("a provider that ends was started");
        let status = eventually("the process ends", Duration::from_secs(30), async || child.try_wait().ok().flatten());
        status.await.code()
    }

    /// Whether its process has ended, however it ended. Then it can be started again.
    pub fn is_gone(&mut self) -> bool {
        let running = self.child.as_mut().is_some_and(|child| child.try_wait().is_ok_and(|ended| ended.is_none()));
        if !running {
            self.child = None;
        }
        !running
    }
}
