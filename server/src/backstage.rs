//! Threads that step aside: work that nobody waits for, and that there may be very much of (`logout.md` §4: a million
//! notices slow nobody's sign-in).
//!
//! Invariant: what runs here never touches the database. Connections and transactions stay with the threads that people
//! are served by: who waits for a row must not wait for a thread that yields to everybody.

use std::future::Future;
use std::sync::Arc;

use store::Fault;
use tokio::runtime::{Builder, Handle, Runtime};

/// How far they step aside, counted from where the process stands (`nice(2)`): beside people who want all there is, a tenth
/// of it; alone, all of it.
const STEP: i32 = 10;

/// Cheap to clone; the threads end with the last of them.
#[derive(Clone)]
pub(crate) struct Backstage {
    threads: Arc<Threads>,
}

struct Threads {
    handle: Handle,
    /// Taken at the end only.
    runtime: Option<Runtime>,
}

impl Backstage {
    /// As many threads as there are cores.
    pub(crate) fn open(name: &str) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().enable_all().thread_name(name).on_thread_start(step_aside).build()?;
        Ok(Self { threads: Arc::new(Threads { handle: runtime.handle().clone(), runtime: Some(runtime) }) })
    }

    /// Does a piece of work there, and waits for it.
    pub(crate) async fn run<W>(&self, work: W) -> Result<W::Output, Fault>
    where
        W: Future<Output: Send + 'static> + Send + 'static,
    {
        self.threads.handle.spawn(work).await.map_err(|e| Fault::bug(format!("work backstage did not end: {e}")))
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // A runtime must not be waited for inside another.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// On Linux each thread has a niceness of its own (`setpriority(2)`, C library/kernel differences); elsewhere it would be
/// the whole process's.
#[cfg(target_os = "linux")]
fn step_aside() {
    use rustix::process::{getpriority_process, setpriority_process};
    let this = Some(rustix::thread::gettid());
    // Beyond the last step, 19, the kernel stays there.
    if let Err(error) = getpriority_process(this).and_then(|nice| setpriority_process(this, nice + STEP)) {
        tracing::warn!("a thread of the courier does not step aside for people: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_aside() {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::{Backstage, STEP};

    #[tokio::test]
    async fn its_threads_step_aside_and_the_others_do_not() {
        let backstage = Backstage::open("aside").unwrap();
        let nice = || rustix::process::getpriority_process(Some(rustix::thread::gettid())).unwrap();
        let before = nice();
        assert_eq!(backstage.run(async move { nice() }).await.unwrap(), (before + STEP).min(19));
        assert_eq!(nice(), before);
    }

    #[tokio::test]
    async fn a_panic_there_is_a_fault_here() {
        let backstage = Backstage::open("aside").unwrap();
        let fault = backstage.run(async { panic!("on purpose") }).await.unwrap_err();
        assert!(fault.to_string().contains("did not end"), "{fault}");
        assert_eq!(backstage.run(async { 1 }).await.unwrap(), 1);
    }
}
