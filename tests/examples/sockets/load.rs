//! Calls, so many at a time, until that is to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arango::Client;
use tokio::task::JoinSet;

/// Safe calls that are made one after the other by each of several tasks.
pub(crate) struct Load {
    tasks: JoinSet<Vec<Made>>,
    ends: Arc<AtomicBool>,
}

/// A call that was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) began: Instant,
    pub(crate) took: Duration,
    pub(crate) failed: bool,
}

impl Load {
    /// Begins with so many at a time.
    pub(crate) fn begin(client: &Client, at_a_time: usize) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..at_a_time {
            let (database, ends) = (client.db("_system"), Arc::clone(&ends));
            tasks.spawn(async move {
                let mut made = Vec::new();
                while !ends.load(Ordering::Relaxed) {
                    let began = Instant::now();
                    let failed = database.version().await.is_err();
                    made.push(Made { began, took: began.elapsed(), failed });
                }
                made
            });
        }
        Self { tasks, ends }
    }

    /// Lets those that are under way end, and begins no more.
    pub(crate) async fn end(self) -> Vec<Made> {
        self.ends.store(true, Ordering::Relaxed);
        self.tasks.join_all().await.into_iter().flatten().collect()
    }
}
