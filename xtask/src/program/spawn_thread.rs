//! The thread that starts programs.

use std::sync::mpsc::{self, Sender};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Calls `start` on a thread that lives as long as this process, and returns its result.
///
/// For the kernel, the parent of a process is the thread that has started it. A thread of the runtime may end earlier.
pub(crate) fn run<T: Send + 'static>(start: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, result) = mpsc::sync_channel(1);
    let job: Job = Box::new(move || _ = sender.send(start()));
    jobs().send(job).expect("the thread never ends");
    result.recv().expect("starting a program does not panic")
}

fn jobs() -> Sender<Job> {
    static JOBS: OnceLock<Mutex<Sender<Job>>> = OnceLock::new();
    let jobs = JOBS.get_or_init(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        thread::spawn(move || jobs.into_iter().for_each(|job| job()));
        Mutex::new(sender)
    });
    jobs.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
