//! A simulated coordinator: workers, a queue, and rejection of requests.

use std::collections::VecDeque;

use arango_balance::ProbeResult;

use crate::time::Nanos;

/// Length of the queue per worker.
const QUEUE: usize = 20;
/// If a larger part of the queue is in use, probes find the coordinator unavailable.
const NEARLY_FULL: f64 = 0.75;

/// State of a coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Up,
    /// It accepts connections, but rejects all requests.
    Starting,
    /// It finishes requests that it has accepted, and rejects all others.
    Draining,
    /// It does not listen.
    Down,
}

/// Result of an attempt, as the client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttemptResult {
    Success {
        /// How long the last served request waited in the queue.
        queue: Nanos,
    },
    QueueFull,
    Starting,
    Draining,
    ConnectionRefused,
    ConnectionLost,
}

/// What happens to a request on arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Served,
    Queued,
    Rejected(AttemptResult),
}

#[derive(Debug)]
pub(crate) struct Coordinator {
    pub(crate) state: State,
    /// Number of its restarts. Requests of an earlier incarnation never finish.
    pub(crate) incarnation: u32,
    /// Factor by which its requests take longer than usual.
    pub(crate) latency_factor: f64,
    workers: usize,
    serving: Vec<usize>,
    waiting: VecDeque<(usize, Nanos)>,
    last_wait: Nanos,
}

impl Coordinator {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            state: State::Up,
            incarnation: 0,
            latency_factor: 1.0,
            workers,
            serving: Vec::with_capacity(workers),
            waiting: VecDeque::new(),
            last_wait: 0,
        }
    }

    pub(crate) fn arrive(&mut self, call: usize, now: Nanos) -> Admission {
        match self.state {
            State::Down => Admission::Rejected(AttemptResult::ConnectionRefused),
            State::Starting => Admission::Rejected(AttemptResult::Starting),
            State::Draining => Admission::Rejected(AttemptResult::Draining),
            State::Up if self.serving.len() < self.workers => {
                self.last_wait = 0;
                self.serving.push(call);
                Admission::Served
            }
            State::Up if self.waiting.len() < self.workers * QUEUE => {
                self.waiting.push_back((call, now));
                Admission::Queued
            }
            State::Up => Admission::Rejected(AttemptResult::QueueFull),
        }
    }

    /// Finishes a request; returns its result, and the next request to serve.
    pub(crate) fn finish(&mut self, call: usize, now: Nanos) -> (AttemptResult, Option<usize>) {
        let index = self.serving.iter().position(|served| *served == call).expect("it is being served");
        self.serving.swap_remove(index);
        let next = self.waiting.pop_front().map(|(next, since)| {
            self.last_wait = now - since;
            self.serving.push(next);
            next
        });
        (AttemptResult::Success { queue: self.last_wait }, next)
    }

    /// Stops the coordinator; returns the calls whose connections are lost.
    pub(crate) fn kill(&mut self) -> Vec<usize> {
        self.state = State::Down;
        self.incarnation += 1;
        self.last_wait = 0;
        let waiting = self.waiting.drain(..).map(|(call, _)| call);
        self.serving.drain(..).chain(waiting).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "a part of a queue")]
    pub(crate) fn probe(&self) -> ProbeResult {
        let filled = self.waiting.len() as f64 / (self.workers * QUEUE) as f64;
        match self.state {
            State::Down => ProbeResult::Unreachable,
            State::Starting | State::Draining => ProbeResult::Unavailable,
            State::Up if filled > NEARLY_FULL => ProbeResult::Unavailable,
            State::Up => ProbeResult::Available,
        }
    }
}
