//! The baseline for several coordinators: a minimal pool of connections of hyper, used in turn.
//!
//! It has what a program with several coordinators cannot leave out: a list of idle connections per coordinator, behind
//! a lock, because calls run at the same time. It has no limits, retries, health or time limits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::client::Task;
use crate::raw::{Sender, decode, prepared};

pub(crate) struct Pool {
    task: Task,
    next: AtomicUsize,
    coordinators: Vec<Coordinator>,
}

struct Coordinator {
    prepared: Request<Full<Bytes>>,
    idle: Mutex<Vec<Sender>>,
}

impl Pool {
    pub(crate) async fn connect(task: &Task) -> anyhow::Result<Self> {
        let mut coordinators = Vec::new();
        for &address in &task.addresses {
            let idle = Mutex::new(vec![Sender::open(task, address).await?]);
            coordinators.push(Coordinator { prepared: prepared(task, address)?, idle });
        }
        Ok(Self { task: task.clone(), next: AtomicUsize::new(0), coordinators })
    }

    /// Sends one call to the next coordinator; returns the length of the version or the number of servers.
    pub(crate) async fn call(&self) -> anyhow::Result<usize> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.coordinators.len();
        let coordinator = &self.coordinators[index];
        let idle = coordinator.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut sender = match idle {
            Some(sender) => sender,
            None => Sender::open(&self.task, self.task.addresses[index]).await?,
        };
        if !sender.is_ready() {
            sender.ready().await?;
        }
        let response = sender.send(coordinator.prepared.clone()).await?;
        let output = decode(self.task.endpoint, response).await?;
        coordinator.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(output)
    }
}
