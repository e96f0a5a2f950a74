//! Maintenance with automatic extension.

use std::time::Duration;

use arango_cluster::{Maintenance, ServerId};
use arango_transport::Error;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::poll_options::MAX_DURATION;
use crate::handles::cluster::Cluster;

/// The shortest extension: ending and extending take the supervision a second or more.
const MIN_EXTENSION: Duration = Duration::from_secs(10);

/// Keeps the supervision, or one DB-Server, in maintenance.
///
/// It does so until it is ended or dropped. A task on the runtime that started it extends the maintenance, each time
/// after half of an extension. [`end`](Self::end) ends the maintenance and returns the result. After a drop the task
/// ends it, and the result is lost. If the runtime, the process or the network is lost, the servers end the maintenance
/// themselves, at most one extension later.
#[derive(Debug)]
#[must_use = "maintenance ends when this is dropped"]
pub struct MaintenanceGuard {
    target: MaintenanceTarget,
    /// Dropping it makes the task end the maintenance.
    end: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

impl MaintenanceGuard {
    /// Returns whether it is still being extended.
    ///
    /// It is not once calls have failed for so long that the servers have ended it.
    pub fn is_held(&self) -> bool {
        !self.task.is_finished()
    }

    /// Ends the maintenance.
    ///
    /// If the future is dropped, the task still ends it.
    ///
    /// # Errors
    ///
    /// If it could not be ended, or had ended early because it could not be extended: the error of the latest call. A
    /// DB-Server that is not good cannot be taken out of maintenance, with 412; the server then ends it itself.
    #[inline]
    pub async fn end(self) -> Result<(), Error> {
        let Self { target, end, task } = self;
        drop(end);
        match task.await {
            Ok(ended) => ended,
            // The runtime of the task has shut down, and the task with it.
            Err(_) => target.set(Maintenance::Off).await,
        }
    }
}

/// What is in maintenance.
#[derive(Debug, Clone)]
struct MaintenanceTarget {
    cluster: Cluster,
    server: Option<ServerId>,
}

impl MaintenanceTarget {
    #[inline]
    async fn set(&self, maintenance: Maintenance) -> Result<(), Error> {
        match &self.server {
            Some(server) => self.cluster.set_server_maintenance(server, maintenance).await,
            None => self.cluster.set_maintenance(maintenance).await.map(drop),
        }
    }

    #[inline]
    async fn start(self, each: Duration) -> Result<MaintenanceGuard, Error> {
        // The servers count whole seconds.
        let each = Duration::from_secs(each.as_secs()).clamp(MIN_EXTENSION, MAX_DURATION);
        let started_at = Instant::now();
        self.set(Maintenance::For(each)).await?;
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(self.clone().extend_until_ended(each, started_at, ended));
        Ok(MaintenanceGuard { target: self, end, task })
    }

    /// Extends the maintenance until the guard is dropped, and then ends it.
    ///
    /// An extension in progress is not aborted: the server might process it after the end.
    #[inline]
    async fn extend_until_ended(
        self,
        each: Duration,
        mut since: Instant,
        mut ended: oneshot::Receiver<()>,
    ) -> Result<(), Error> {
        let mut pause = each / 2;
        loop {
            if timeout(pause, &mut ended).await.is_ok() {
                return self.set(Maintenance::Off).await;
            }
            let requested_at = Instant::now();
            match self.set(Maintenance::For(each)).await {
                Ok(()) => (since, pause) = (requested_at, each / 2),
                Err(error) if since.elapsed() >= each => return Err(error),
                // Retry sooner than after half of it, since the maintenance may expire.
                Err(_) => pause = each / 8,
            }
        }
    }
}

/// Maintenance with automatic extension.
impl Cluster {
    /// Keeps the supervision of the whole cluster in maintenance.
    ///
    /// It lasts until the guard is ended or dropped.
    ///
    /// It lasts for `each` at a time, in whole seconds, at least ten and at most a year, and is extended while it is
    /// held. `each` is also the longest time that it outlasts a lost client. If the future is dropped, the
    /// maintenance may have started and ends by itself.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(cluster: arango::Cluster) -> Result<(), arango::Error> {
    /// let maintenance = cluster.hold_maintenance(Duration::from_secs(60)).await?;
    /// // … work on the servers, for as long as it takes …
    /// maintenance.end().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub async fn hold_maintenance(&self, each: Duration) -> Result<MaintenanceGuard, Error> {
        MaintenanceTarget { cluster: self.clone(), server: None }.start(each).await
    }

    /// Keeps one DB-Server in maintenance.
    ///
    /// No other server takes over its leaderships then. Extended and ended as
    /// [`hold_maintenance`](Self::hold_maintenance). Since 3.10.1.
    #[inline]
    pub async fn hold_server_maintenance(
        &self,
        server: &ServerId,
        each: Duration,
    ) -> Result<MaintenanceGuard, Error> {
        MaintenanceTarget { cluster: self.clone(), server: Some(server.clone()) }.start(each).await
    }
}
