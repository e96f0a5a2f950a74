//! The registry of open connections and the tasks that drive them.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use tokio::task::AbortHandle;

/// The open connections of a pool. Clones share the list and may outlive the pool.
#[derive(Clone, Default)]
pub(super) struct Registry(Arc<Mutex<RegistryState>>);

#[derive(Default)]
struct RegistryState {
    last: u64,
    /// `None` until the task has been spawned.
    tasks: BTreeMap<u64, Option<AbortHandle>>,
}

/// The entry of one connection. Dropping it removes the entry.
pub(super) struct Registration {
    registry: Registry,
    number: u64,
}

impl Registry {
    /// Returns the number of open connections.
    pub(super) fn count(&self) -> usize {
        self.lock().tasks.len()
    }

    /// Returns the number of connections ever registered.
    pub(super) fn opened(&self) -> u64 {
        self.lock().last
    }

    /// Returns the number of the oldest open connection.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.lock().tasks.keys().next().copied()
    }

    /// Registers a connection.
    pub(super) fn register(&self) -> Registration {
        let mut list = self.lock();
        list.last += 1;
        let number = list.last;
        list.tasks.insert(number, None);
        Registration { registry: self.clone(), number }
    }

    /// Closes all connections, including those in use.
    pub(super) fn abort(&self) {
        let tasks: Vec<_> = self.lock().tasks.values().flatten().cloned().collect();
        // Not under the lock: a task that is dropped immediately removes its entry.
        for task in tasks {
            task.abort();
        }
    }

    fn lock(&self) -> MutexGuard<'_, RegistryState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registration {
    /// Spawns the task that drives the connection. The entry is removed when the task ends.
    pub(super) fn drive(self, driver: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let (registry, number) = (self.registry.clone(), self.number);
        let task = tokio::spawn(ConnectionTask { driver, _registration: self }).abort_handle();
        // The task may have ended already, which removed the entry.
        if let Some(entry) = registry.lock().tasks.get_mut(&number) {
            *entry = Some(task.clone());
        }
        task
    }
}

pin_project! {
    /// The task of a connection.
    ///
    /// Not an async block, which would store the future of the connection twice.
    pub(super) struct ConnectionTask<F> {
        #[pin]
        driver: F,
        // Dropped with the task.
        _registration: Registration,
    }
}

impl<F: Future<Output = ()>> Future for ConnectionTask<F> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().driver.poll(cx)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.lock().tasks.remove(&self.number);
    }
}
