//! Maintenance for as long as something takes.

use std::time::Duration;

use arango_cluster::{Maintenance, ServerId};
use arango_transport::Error;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::pace::LONGEST;
use crate::Cluster;

/// The shortest extension: ending and extending take the supervision a second or more.
const SHORTEST: Duration = Duration::from_secs(10);

/// Keeps the supervision, or one DB-Server, in maintenance until it is ended or dropped.
///
/// A task on the runtime that it was begun on makes the maintenance last longer, each time that half of an extension is
/// over. [`end`](Self::end) ends it and says what came of it; dropping lets the task end it, and nobody hears what came of
/// that. If the runtime, the process or the way to the cluster is lost, the servers end it themselves, at most one extension
/// later.
#[derive(Debug)]
#[must_use = "maintenance ends when this is dropped"]
pub struct MaintenanceGuard {
    held: Held,
    /// Dropped, it tells the task to end it.
    end: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

impl MaintenanceGuard {
    /// Whether it is still being made to last. It is not once a call failed for so long that the servers have ended it.
    pub fn is_held(&self) -> bool {
        !self.task.is_finished()
    }

    /// Ends the maintenance. If the future is dropped, the task ends it nevertheless.
    ///
    /// # Errors
    ///
    /// If it could not be ended, or had ended before its time because it could not be extended: the error is that of the
    /// latest call. A DB-Server that is not good cannot be taken out of maintenance, with 412; the server ends it.
    pub async fn end(self) -> Result<(), Error> {
        let Self { held, end, task } = self;
        drop(end);
        match task.await {
            Ok(ended) => ended,
            // The runtime that it was begun on is gone, and the task with it.
            Err(_) => held.set(Maintenance::Off).await,
        }
    }
}

/// What is in maintenance.
#[derive(Debug, Clone)]
struct Held {
    cluster: Cluster,
    server: Option<ServerId>,
}

impl Held {
    async fn set(&self, maintenance: Maintenance) -> Result<(), Error> {
        match &self.server {
            Some(server) => self.cluster.set_server_maintenance(server, maintenance).await,
            None => self.cluster.set_maintenance(maintenance).await.map(drop),
        }
    }

    async fn begin(self, each: Duration) -> Result<MaintenanceGuard, Error> {
        // The servers count whole seconds.
        let each = Duration::from_secs(each.as_secs()).clamp(SHORTEST, LONGEST);
        let began = Instant::now();
        self.set(Maintenance::For(each)).await?;
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(self.clone().keep(each, began, ended));
        Ok(MaintenanceGuard { held: self, end, task })
    }

    /// Extends it until the guard is gone, and ends it then. An extension that is under way is not cut off: it might
    /// come to the server after the end.
    async fn keep(
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
            let asked = Instant::now();
            match self.set(Maintenance::For(each)).await {
                Ok(()) => (since, pause) = (asked, each / 2),
                Err(error) if since.elapsed() >= each => return Err(error),
                // Sooner again than half of it: there is something to be lost.
                Err(_) => pause = each / 8,
            }
        }
    }
}

/// Maintenance that is held.
impl Cluster {
    /// Keeps the supervision of the whole cluster from acting, until the guard is ended or dropped.
    ///
    /// It lasts for `each` at a time, in whole seconds, at least ten and at most a year, and is extended while it is held; that is also how
    /// long it outlasts a client that is lost. If the future is dropped, it may have begun and ends by itself.
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
    pub async fn hold_maintenance(&self, each: Duration) -> Result<MaintenanceGuard, Error> {
        Held { cluster: self.clone(), server: None }.begin(each).await
    }

    /// Keeps one DB-Server in maintenance in the same way: nobody takes over what it leads. Since 3.10.1.
    pub async fn hold_server_maintenance(
        &self,
        server: &ServerId,
        each: Duration,
    ) -> Result<MaintenanceGuard, Error> {
        Held { cluster: self.clone(), server: Some(server.clone()) }.begin(each).await
    }
}
