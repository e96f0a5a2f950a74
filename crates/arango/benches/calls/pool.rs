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

use crate::book::Book;
use crate::by_hand::{decode, fill, import, prepared, read_rows};
use crate::client::{Calls, Task};
use crate::endpoint::BATCH_ROWS;
use crate::sender::Sender;

pub(crate) struct Pool {
    task: Task,
    book: Book,
    imported: Vec<Book>,
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
        *request.method_mut() = self.template.method().clone();
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
    /// Creates a pool with an idle connection to each coordinator.
    pub(crate) async fn connect(task: &Task) -> anyhow::Result<Self> {
        let pool = Self::new(task)?;
        for (&address, coordinator) in task.addresses.iter().zip(&pool.coordinators) {
            let sender = Sender::open(task, address).await?;
            coordinator.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        }
        Ok(pool)
    }

    /// Creates a pool without connections.
    pub(crate) fn new(task: &Task) -> anyhow::Result<Self> {
        let coordinators = task
            .addresses
            .iter()
            .map(|&address| Ok(Coordinator { template: prepared(task, address)?, idle: Mutex::default() }));
        let imported = (0..BATCH_ROWS).map(Book::numbered).collect();
        Ok(Self {
            task: task.clone(),
            book: Book::numbered(7),
            imported,
            next: AtomicUsize::new(0),
            coordinators: coordinators.collect::<anyhow::Result<_>>()?,
        })
    }

    /// Sends a request without a body and decodes the response, beside other calls.
    pub(crate) async fn exchange(&self) -> anyhow::Result<usize> {
        let index = self.next_coordinator();
        decode(self.task.endpoint, &self.send(index, self.coordinators[index].request()).await?)
    }

    fn next_coordinator(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.coordinators.len()
    }

    async fn send(&self, index: usize, request: Request<Full<Bytes>>) -> anyhow::Result<Bytes> {
        let coordinator = &self.coordinators[index];
        let idle = coordinator.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut sender = match idle {
            Some(sender) => sender,
            // Boxed, so that a call that waits for its response has no room for it.
            None => Box::pin(Sender::open(&self.task, self.task.addresses[index])).await?,
        };
        if !sender.is_ready() {
            sender.ready().await?;
        }
        let body = sender.send(request).await?;
        coordinator.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        Ok(body)
    }
}

impl Calls for Pool {
    async fn call(&mut self) -> anyhow::Result<usize> {
        let index = self.next_coordinator();
        let mut request = self.coordinators[index].request();
        fill(&self.task, &self.book, &mut request)?;
        decode(self.task.endpoint, &self.send(index, request).await?)
    }

    async fn rows(&mut self, rows: u64) -> anyhow::Result<u64> {
        let index = self.next_coordinator();
        read_rows(self.task.endpoint, rows, async |method, uri, body| {
            let mut request = self.coordinators[index].request();
            (*request.method_mut(), *request.uri_mut(), *request.body_mut()) = (method, uri, Full::new(body));
            self.send(index, request).await
        })
        .await
    }

    async fn import(&mut self, documents: u64) -> anyhow::Result<u64> {
        import(documents, &self.imported, async |body| {
            let index = self.next_coordinator();
            let mut request = self.coordinators[index].request();
            *request.body_mut() = Full::new(body);
            self.send(index, request).await
        })
        .await
    }
}
