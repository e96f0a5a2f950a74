//! An input that is read for ever.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// No input needs a second; none is given up because the machine is busy.
const LIMIT: Duration = Duration::from_secs(60);

/// Looks after whoever reads inputs. It lives as long as the process.
pub(crate) struct Watchdog(Arc<Mutex<Option<Reading>>>);

struct Reading {
    number: u64,
    input: Vec<u8>,
    since: Instant,
}

impl Watchdog {
    /// Tells `bark` of the number and the input that is never done with, and ends the process.
    pub(crate) fn new(bark: impl Fn(u64, &[u8]) + Send + 'static) -> Self {
        let reading = Arc::<Mutex<Option<Reading>>>::default();
        let watched = Arc::clone(&reading);
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                let reading = watched.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(reading) = &*reading
                    && reading.since.elapsed() > LIMIT
                {
                    bark(reading.number, &reading.input);
                    process::exit(1);
                }
            }
        });
        Self(reading)
    }

    /// Notes that an input is going to be read.
    pub(crate) fn watch(&self, number: u64, input: &[u8]) {
        let reading = Reading { number, input: input.to_vec(), since: Instant::now() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
    }
}
