//! Detects inputs that are not processed in time.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Time limit per input. Inputs need less than a second; the rest is for a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Watches the thread that processes inputs. Runs as long as the process.
pub(crate) struct Watchdog(Arc<Mutex<Option<CurrentInput>>>);

struct CurrentInput {
    number: u64,
    input: Vec<u8>,
    started: Instant,
}

impl Watchdog {
    /// Calls `report` with the input that exceeds the limit, and ends the process.
    pub(crate) fn new(report: impl Fn(u64, &[u8]) + Send + 'static) -> Self {
        let reading = Arc::<Mutex<Option<CurrentInput>>>::default();
        let current_input = Arc::clone(&reading);
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                let reading = current_input.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(reading) = &*reading
                    && reading.started.elapsed() > LIMIT
                {
                    report(reading.number, &reading.input);
                    process::exit(1);
                }
            }
        });
        Self(reading)
    }

    /// Records the start of an input.
    pub(crate) fn watch(&self, number: u64, input: &[u8]) {
        let reading = CurrentInput { number, input: input.to_vec(), started: Instant::now() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }
}
