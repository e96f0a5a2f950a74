//! The link from one client to one coordinator, and its conditions.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// What happens to new connections.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ConnectBehavior {
    /// They are accepted.
    #[default]
    Accepted,
    /// They are refused.
    Refused,
    /// They hang.
    BlackHoled,
}

/// A direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the client to the coordinator.
    Up,
    /// From the coordinator to the client.
    Down,
}

/// Conditions for all connections of a link.
#[derive(Debug, Clone, Default)]
pub(crate) struct LinkConditions {
    /// Time for which bytes are in transit.
    pub(crate) latency: Duration,
    /// Whether bytes are held.
    pub(crate) held: bool,
    pub(crate) connect: ConnectBehavior,
    /// How often all connections have been cut.
    cuts: u64,
}

/// The link from one client to one coordinator. Clones are the same link.
#[derive(Clone)]
pub(crate) struct Link(Arc<Inner>);

struct Inner {
    conditions: Mutex<LinkConditions>,
    /// Wakes waiters in the order in which they came; a watch channel would wake them in random order.
    changed: Notify,
    normal_latency: Duration,
    cut_after: Mutex<Option<(Direction, usize)>>,
}

impl Link {
    /// Creates a link with `usual` as its latency without faults.
    pub(crate) fn new(usual: Duration) -> Self {
        let conditions = Mutex::new(LinkConditions { latency: usual, ..LinkConditions::default() });
        Self(Arc::new(Inner {
            conditions,
            changed: Notify::new(),
            normal_latency: usual,
            cut_after: Mutex::default(),
        }))
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut LinkConditions)) {
        change(&mut self.0.conditions.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_waiters();
    }

    /// Cuts all its connections, and loses the bytes in transit.
    pub(crate) fn cut(&self) {
        self.update(|conditions| conditions.cuts += 1);
    }

    /// Cuts the connection that carries the byte after the next `bytes` in this direction.
    pub(crate) fn cut_after_bytes(&self, direction: Direction, bytes: usize) {
        *self.lock_cut_after() = Some((direction, bytes));
    }

    /// Removes all faults.
    pub(crate) fn heal(&self) {
        *self.lock_cut_after() = None;
        let usual = self.0.normal_latency;
        self.update(|conditions| {
            *conditions =
                LinkConditions { latency: usual, cuts: conditions.cuts, ..LinkConditions::default() };
        });
    }

    pub(crate) fn conditions(&self) -> LinkConditions {
        self.0.conditions.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until the conditions satisfy a predicate, and returns them.
    async fn wait_for(&self, predicate: impl Fn(&LinkConditions) -> bool) -> LinkConditions {
        loop {
            let changed = self.0.changed.notified();
            let conditions = self.conditions();
            if predicate(&conditions) {
                return conditions;
            }
            changed.await;
        }
    }

    /// Waits until bytes are not held.
    pub(crate) async fn wait_until_released(&self) {
        self.wait_for(|conditions| !conditions.held).await;
    }

    /// Waits until a new connection would be accepted or refused.
    pub(crate) async fn wait_until_connectable(&self) -> ConnectBehavior {
        self.wait_for(|conditions| !conditions.held && conditions.connect != ConnectBehavior::BlackHoled)
            .await
            .connect
    }

    /// Waits until the current connections are cut.
    pub(crate) async fn wait_until_cut(&self) {
        let now = self.conditions().cuts;
        self.wait_for(|conditions| conditions.cuts != now).await;
    }

    /// Returns how many of `bytes` pass before the connection is cut; `None` if all pass and it is not cut.
    pub(crate) fn bytes_before_cut(&self, direction: Direction, bytes: usize) -> Option<usize> {
        let mut cut_after = self.lock_cut_after();
        match &mut *cut_after {
            Some((cut_direction, left)) if *cut_direction == direction => {
                if bytes <= *left {
                    *left -= bytes;
                    return None;
                }
                let left = *left;
                *cut_after = None;
                Some(left)
            }
            _ => None,
        }
    }

    fn lock_cut_after(&self) -> MutexGuard<'_, Option<(Direction, usize)>> {
        self.0.cut_after.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
