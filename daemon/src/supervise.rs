//! The only place that spawns. Every task has a name and an owner; one that ends without being
//! asked ends the whole process, because half a terminal is worse than a restarted one.

use std::{future::Future, time::Duration};
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

#[cfg(not(panic = "unwind"))]
compile_error!("a panic of one task must be caught and ended in order; build with panic = unwind");

/// Owns all tasks of the daemon.
#[derive(Clone, Debug)]
pub struct Supervisor {
    tasks: TaskTracker,
    stop: CancellationToken,
    fallen: mpsc::Sender<Fallen>,
}

/// A task that ended without being asked.
#[derive(Debug, thiserror::Error)]
#[error("task {task} ended: {reason}")]
pub struct Fallen {
    /// Its name.
    pub task: String,
    /// Why, in words.
    pub reason: String,
}

impl Supervisor {
    /// A supervisor and the place where fallen tasks are told of.
    pub fn new() -> (Self, mpsc::Receiver<Fallen>) {
        let (fallen, told) = mpsc::channel(16);
        (Self { tasks: TaskTracker::new(), stop: CancellationToken::new(), fallen }, told)
    }

    /// Cancelled when the daemon is to stop.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs a task until it is asked to stop. If it ends before, the daemon ends.
    pub fn run<E: std::fmt::Display + Send + 'static>(
        &self,
        name: impl Into<String>,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        drop(self.run_until(name, self.stop.clone(), task));
    }

    /// Runs a task until `stop`, which is cancelled when the daemon is to stop, or before. If it
    /// ends without being asked, the daemon ends.
    pub fn run_until<E: std::fmt::Display + Send + 'static>(
        &self,
        name: impl Into<String>,
        stop: CancellationToken,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> JoinHandle<()> {
        let (name, fallen) = (name.into(), self.fallen.clone());
        let running = self.tasks.spawn(task);
        self.tasks.spawn(async move {
            let reason = match running.await {
                Ok(Ok(())) if stop.is_cancelled() => return,
                Ok(Ok(())) => "it returned".to_owned(),
                Ok(Err(error)) => error.to_string(),
                Err(panic) => panic.to_string(),
            };
            tracing::error!(task = name, reason, "task fell");
            // A full channel means that the end is under way already.
            drop(fallen.try_send(Fallen { task: name, reason }));
        })
    }

    /// Asks all tasks to stop and waits for them; `false` when some did not within `patience`.
    pub async fn end(&self, patience: Duration) -> bool {
        self.stop.cancel();
        self.tasks.close();
        timeout(patience, self.tasks.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_and_an_early_return_are_told() {
        let (supervisor, mut told) = Supervisor::new();
        supervisor.run("panics", async {
            if true {
                panic!("ouch");
            }
            Ok::<(), Fallen>(())
        });
        assert_eq!(told.recv().await.unwrap().task, "panics");
        supervisor.run("returns", async { Ok::<(), Fallen>(()) });
        let fallen = told.recv().await.unwrap();
        assert_eq!(fallen.to_string(), "task returns ended: it returned");
    }

    #[tokio::test]
    async fn an_orderly_stop_is_no_fall() {
        let (supervisor, mut told) = Supervisor::new();
        let stop = supervisor.stop();
        supervisor.run("waits", async move {
            stop.cancelled().await;
            Ok::<(), Fallen>(())
        });
        assert!(supervisor.end(Duration::from_secs(5)).await);
        assert!(told.try_recv().is_err());
    }
}
