//! The way from one client to one coordinator, and what the weather on it is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// What becomes of those who connect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Opening {
    /// They get through.
    #[default]
    Open,
    /// They are told that nobody listens.
    Refused,
    /// They are told nothing.
    Swallowed,
}

/// A direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the client to the coordinator.
    Up,
    /// From the coordinator to the client.
    Down,
}

/// What holds for all connections of a link.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weather {
    /// How long bytes are under way.
    pub(crate) latency: Duration,
    /// Bytes stop where they are.
    pub(crate) held: bool,
    pub(crate) opening: Opening,
    /// Grows with each time that all connections are cut.
    cuts: u64,
}

/// The way from one client to one coordinator. Clones are the same way.
#[derive(Clone)]
pub(crate) struct Link(Arc<Inner>);

struct Inner {
    weather: Mutex<Weather>,
    /// Wakes those who wait in the order in which they came, which a watch channel does not: it leaves that to chance.
    changed: Notify,
    usual: Duration,
    fuse: Mutex<Option<(Direction, usize)>>,
}

impl Link {
    /// A link whose bytes are usually under way for `usual`.
    pub(crate) fn new(usual: Duration) -> Self {
        let weather = Mutex::new(Weather { latency: usual, ..Weather::default() });
        Self(Arc::new(Inner { weather, changed: Notify::new(), usual, fuse: Mutex::default() }))
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Weather)) {
        change(&mut self.0.weather.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_waiters();
    }

    /// Cuts all its connections, with whatever is under way on them.
    pub(crate) fn cut(&self) {
        self.change(|weather| weather.cuts += 1);
    }

    /// Lets the connection break that carries the byte after the next `bytes` in this direction.
    pub(crate) fn set_fuse(&self, direction: Direction, bytes: usize) {
        *self.fuse() = Some((direction, bytes));
    }

    /// Makes everything as it usually is.
    pub(crate) fn heal(&self) {
        *self.fuse() = None;
        let usual = self.0.usual;
        self.change(|weather| {
            *weather = Weather { latency: usual, cuts: weather.cuts, ..Weather::default() };
        });
    }

    pub(crate) fn weather(&self) -> Weather {
        self.0.weather.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for weather that pleases.
    async fn until(&self, pleases: impl Fn(&Weather) -> bool) -> Weather {
        loop {
            let changed = self.0.changed.notified();
            let weather = self.weather();
            if pleases(&weather) {
                return weather;
            }
            changed.await;
        }
    }

    /// Waits until bytes may move on.
    pub(crate) async fn flowing(&self) {
        self.until(|weather| !weather.held).await;
    }

    /// Waits until somebody may connect, or learns that nobody listens.
    pub(crate) async fn opened(&self) -> Opening {
        self.until(|weather| !weather.held && weather.opening != Opening::Swallowed).await.opening
    }

    /// Waits until the connections are cut that are there now.
    pub(crate) async fn cut_off(&self) {
        let now = self.weather().cuts;
        self.until(|weather| weather.cuts != now).await;
    }

    /// How many of `bytes` still pass before the fuse blows; `None`: all of them, and it does not.
    pub(crate) fn burn(&self, direction: Direction, bytes: usize) -> Option<usize> {
        let mut fuse = self.fuse();
        match &mut *fuse {
            Some((burning, left)) if *burning == direction => {
                if bytes <= *left {
                    *left -= bytes;
                    return None;
                }
                let left = *left;
                *fuse = None;
                Some(left)
            }
            _ => None,
        }
    }

    fn fuse(&self) -> MutexGuard<'_, Option<(Direction, usize)>> {
        self.0.fuse.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
