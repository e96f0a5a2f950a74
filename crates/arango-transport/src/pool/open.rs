//! The connections that exist, idle or in use, by the tasks that drive them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::AbortHandle;

/// The connections that exist. Clones are the same list, and may outlive their pool.
#[derive(Clone, Default)]
pub(super) struct Open(Arc<Mutex<List>>);

#[derive(Default)]
struct List {
    last: u64,
    /// `None` for a moment, until the task is known.
    tasks: BTreeMap<u64, Option<AbortHandle>>,
}

/// One connection, which is on the list until this is dropped.
pub(super) struct Entry {
    open: Open,
    number: u64,
}

impl Open {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.list().tasks.len()
    }

    /// How many have ever been on the list.
    pub(super) fn opened(&self) -> u64 {
        self.list().last
    }

    /// The number of the one that has been on the list for longest.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.list().tasks.keys().next().copied()
    }

    /// Puts one on the list.
    pub(super) fn enter(&self) -> Entry {
        let mut list = self.list();
        list.last += 1;
        let number = list.last;
        list.tasks.insert(number, None);
        Entry { open: self.clone(), number }
    }

    /// Closes all of them, also those in use.
    pub(super) fn abort(&self) {
        let tasks: Vec<_> = self.list().tasks.values().flatten().cloned().collect();
        // Not under the lock: a task that is dropped at once takes itself off the list.
        for task in tasks {
            task.abort();
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Runs what drives the connection in a task of its own; it is off the list when that has ended.
    pub(super) fn drive(self, driver: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        let (open, number) = (self.open.clone(), self.number);
        let task = tokio::spawn(async move {
            driver.await;
            drop(self);
        });
        let task = task.abort_handle();
        // It may have ended already, and be off the list.
        if let Some(place) = open.list().tasks.get_mut(&number) {
            *place = Some(task.clone());
        }
        task
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.open.list().tasks.remove(&self.number);
    }
}
