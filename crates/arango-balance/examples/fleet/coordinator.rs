//! A coordinator: workers, a queue before them, and the ways in which it says no.

use std::collections::VecDeque;

use arango_balance::ProbeResult;

use crate::time::Nanos;

/// How many requests may wait for each worker.
const QUEUE: usize = 20;
/// From this part of the queue on it says that it takes no more requests, when it is probed.
const NEARLY_FULL: f64 = 0.75;

/// Whether it takes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Up,
    /// It listens, and refuses everything for now.
    Starting,
    /// It finishes what it has, and refuses everything else.
    Leaving,
    /// Nobody listens.
    Down,
}

/// What a client hears of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    Answer {
        /// How long the last request waited here.
        queue: Nanos,
    },
    QueueFull,
    Starting,
    Leaving,
    ConnectionRefused,
    ConnectionLost,
}

/// Where a request is after it has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrived {
    Served,
    Queued,
    Turned(Heard),
}

#[derive(Debug)]
pub(crate) struct Coordinator {
    pub(crate) state: State,
    /// What is served in one life does not end in another.
    pub(crate) life: u32,
    /// How many times as long as usual it takes for a request.
    pub(crate) slowness: f64,
    workers: usize,
    serving: Vec<usize>,
    waiting: VecDeque<(usize, Nanos)>,
    last_wait: Nanos,
}

impl Coordinator {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            state: State::Up,
            life: 0,
            slowness: 1.0,
            workers,
            serving: Vec::with_capacity(workers),
            waiting: VecDeque::new(),
            last_wait: 0,
        }
    }

    pub(crate) fn arrive(&mut self, call: usize, now: Nanos) -> Arrived {
        match self.state {
            State::Down => Arrived::Turned(Heard::ConnectionRefused),
            State::Starting => Arrived::Turned(Heard::Starting),
            State::Leaving => Arrived::Turned(Heard::Leaving),
            State::Up if self.serving.len() < self.workers => {
                self.last_wait = 0;
                self.serving.push(call);
                Arrived::Served
            }
            State::Up if self.waiting.len() < self.workers * QUEUE => {
                self.waiting.push_back((call, now));
                Arrived::Queued
            }
            State::Up => Arrived::Turned(Heard::QueueFull),
        }
    }

    /// Ends a request; what it answers, and who is served next.
    pub(crate) fn finish(&mut self, call: usize, now: Nanos) -> (Heard, Option<usize>) {
        let place = self.serving.iter().position(|served| *served == call).expect("what ends was begun");
        self.serving.swap_remove(place);
        let next = self.waiting.pop_front().map(|(next, since)| {
            self.last_wait = now - since;
            self.serving.push(next);
            next
        });
        (Heard::Answer { queue: self.last_wait }, next)
    }

    /// Ends this life of it; whose connections break.
    pub(crate) fn die(&mut self) -> Vec<usize> {
        self.state = State::Down;
        self.life += 1;
        self.last_wait = 0;
        let waiting = self.waiting.drain(..).map(|(call, _)| call);
        self.serving.drain(..).chain(waiting).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "a part of a queue")]
    pub(crate) fn probe(&self) -> ProbeResult {
        let filled = self.waiting.len() as f64 / (self.workers * QUEUE) as f64;
        match self.state {
            State::Down => ProbeResult::Unreachable,
            State::Starting | State::Leaving => ProbeResult::Unavailable,
            State::Up if filled > NEARLY_FULL => ProbeResult::Unavailable,
            State::Up => ProbeResult::Available,
        }
    }
}
