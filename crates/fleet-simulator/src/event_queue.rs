//! The queue of future events.
//!
//! Most events are messages between a client and a coordinator, which arrive in the order in which they were sent. So
//! they are in a FIFO queue, and only events at other times are in a heap.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::time::{MILLISECOND, Nanos};

/// Network latency in one direction.
pub(crate) const HOP: Nanos = MILLISECOND / 10;

/// Future events in the order of their time.
pub(crate) struct EventQueue<T> {
    last_number: u64,
    in_transit: VecDeque<Entry<T>>,
    scheduled: BinaryHeap<Reverse<Entry<T>>>,
}

struct Entry<T> {
    at: Nanos,
    /// Events at the same time are returned in the order in which they were scheduled.
    number: u64,
    event: T,
}

impl<T> EventQueue<T> {
    pub(crate) fn new() -> Self {
        Self { last_number: 0, in_transit: VecDeque::new(), scheduled: BinaryHeap::new() }
    }

    /// Schedules an event at any time.
    pub(crate) fn schedule(&mut self, at: Nanos, event: T) {
        let event = self.entry(at, event);
        self.scheduled.push(Reverse(event));
    }

    /// Schedules an event one hop after `now`, which never decreases.
    pub(crate) fn schedule_hop(&mut self, now: Nanos, event: T) {
        let event = self.entry(now + HOP, event);
        self.in_transit.push_back(event);
    }

    /// Removes and returns the next event and its time.
    pub(crate) fn pop(&mut self) -> Option<(Nanos, T)> {
        let event = match (self.in_transit.front(), self.scheduled.peek()) {
            (Some(first), Some(Reverse(other))) if first < other => self.in_transit.pop_front(),
            (Some(_), None) => self.in_transit.pop_front(),
            _ => self.scheduled.pop().map(|Reverse(event)| event),
        }?;
        Some((event.at, event.event))
    }

    fn entry(&mut self, at: Nanos, event: T) -> Entry<T> {
        self.last_number += 1;
        Entry { at, number: self.last_number, event }
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Entry<T> {}
