//! The baseline for several coordinators: a minimal pool of connections of hyper, used in turn.
//!
//! It has what a program with several coordinators cannot leave out: a list of idle connections per coordinator, behind
//! a lock, because calls run at the same time, and a request that is built for each call, because it names the
//! coordinator. It has no limits, retries, health or time limits.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::Full;

use crate::client::Task;
use crate::raw::{Sender, decode, prepared};

pub(crate) struct Pool {
    task: Task,
    next: AtomicUsize,
    coordinators: Vec<Coordinator>,
}

struct Coordinator {
    /// What its requests have in common.
    template: Request<Full<Bytes>>,
    idle: Mutex<Vec<Sender>>,
}

impl Coordinator {
    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(self.template.body().clone());
        *request.uri_mut() = self.template.uri().clone();
        let mut headers = HeaderMap::with_capacity(4);
        for (name, value) in self.template.headers() {
            headers.insert(name, value.clone());
        }
        *request.headers_mut() = headers;
        request
    }
}

impl Pool {
    pub(crate) async fn connect(task: &Task) -> anyhow::Result<Self> {
        let mut coordinators = Vec::new();
        for &address in &task.addresses {
            let idle = Mutex::new(vec![Sender::open(task, address).await?]);
            coordinators.push(Coordinator { template: prepared(task, address)?, idle });
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
        let response = sender.send(coordinator.request()).await?;
        let output = decode(self.task.endpoint, response).await?;
        coordinator.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(output)
    }
}
