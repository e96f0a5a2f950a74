//! Concurrent calls until the load is stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arango::Client;
use tokio::task::JoinSet;

/// Several tasks, each of which makes safe calls one after the other.
pub(crate) struct Load {
    tasks: JoinSet<Vec<CallSample>>,
    stop_flag: Arc<AtomicBool>,
}

/// A completed call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallSample {
    pub(crate) started: Instant,
    pub(crate) duration: Duration,
    pub(crate) failed: bool,
}

impl Load {
    /// Starts `concurrency` tasks.
    pub(crate) fn start(client: &Client, concurrency: usize) -> Self {
        let stop_flag = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..concurrency {
            let (database, stop_flag) = (client.db("_system"), Arc::clone(&stop_flag));
            tasks.spawn(async move {
                let mut samples = Vec::new();
                while !stop_flag.load(Ordering::Relaxed) {
                    let started = Instant::now();
                    let failed = database.version().await.is_err();
                    samples.push(CallSample { started, duration: started.elapsed(), failed });
                }
                samples
            });
        }
        Self { tasks, stop_flag }
    }

    /// Waits for the calls in flight and starts no more.
    pub(crate) async fn stop(self) -> Vec<CallSample> {
        self.stop_flag.store(true, Ordering::Relaxed);
        self.tasks.join_all().await.into_iter().flatten().collect()
    }
}
