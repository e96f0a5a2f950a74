//! The registry of open connections and the tasks that drive them.

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
    /// By ascending number. `None` until the task has been spawned.
    tasks: Vec<(u64, Option<AbortHandle>)>,
}

impl RegistryState {
    /// Returns the index of an entry; `None` if it was removed.
    fn index_of(&self, number: u64) -> Option<usize> {
        self.tasks.binary_search_by_key(&number, |(number, _)| *number).ok()
    }
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
        self.lock().tasks.first().map(|(number, _)| *number)
    }

    /// Registers a connection.
    pub(super) fn register(&self) -> Registration {
        let mut list = self.lock();
        list.last += 1;
        let number = list.last;
        list.tasks.push((number, None));
        Registration { registry: self.clone(), number }
    }

    /// Closes all connections, including those in use.
    pub(super) fn abort(&self) {
        let tasks: Vec<_> = self.lock().tasks.iter().filter_map(|(_, task)| task.clone()).collect();
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
    /// Spawns the task that drives the connection.
    ///
    /// The entry is removed when the task ends.
    pub(super) fn drive(self, driver: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let (registry, number) = (self.registry.clone(), self.number);
        let task = tokio::spawn(ConnectionTask { driver, _registration: self });
        let task = task.abort_handle();
        // The task may have ended already, which removed the entry.
        let mut list = registry.lock();
        if let Some(index) = list.index_of(number) {
            list.tasks[index].1 = Some(task.clone());
        }
        drop(list);
        task
    }
}

pin_project! {
    /// Drives a connection.
    ///
    /// Not an async block: each that takes a future as an argument stores it twice, and every connection has this one.
    pub(super) struct ConnectionTask<F> {
        #[pin]
        driver: F,
        // After the driver, so that the connection is closed when its entry is removed.
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
        let mut list = self.registry.lock();
        if let Some(index) = list.index_of(self.number) {
            list.tasks.remove(index);
        }
    }
}
