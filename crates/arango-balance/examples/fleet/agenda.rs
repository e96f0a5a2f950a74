//! What is going to happen, and when.
//!
//! Most of it is on its way between a client and a coordinator, and comes there in the order in which it left: so it stands
//! in a line, and only what takes other times is sorted.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::time::{MILLISECOND, Nanos};

/// How long it takes from a client to a coordinator, and back.
pub(crate) const HOP: Nanos = MILLISECOND / 10;

/// Events, each to happen once.
pub(crate) struct Agenda<T> {
    planned: u64,
    on_the_way: VecDeque<Event<T>>,
    others: BinaryHeap<Reverse<Event<T>>>,
}

struct Event<T> {
    at: Nanos,
    /// Of those at the same time the one that was planned first happens first.
    number: u64,
    what: T,
}

impl<T> Agenda<T> {
    pub(crate) fn new() -> Self {
        Self { planned: 0, on_the_way: VecDeque::new(), others: BinaryHeap::new() }
    }

    /// Plans what happens at any time.
    pub(crate) fn plan(&mut self, at: Nanos, what: T) {
        let event = self.event(at, what);
        self.others.push(Reverse(event));
    }

    /// Plans what happens a hop after `now`, which is never before that of the last one.
    pub(crate) fn plan_hop(&mut self, now: Nanos, what: T) {
        let event = self.event(now + HOP, what);
        self.on_the_way.push_back(event);
    }

    /// What happens next.
    pub(crate) fn next(&mut self) -> Option<(Nanos, T)> {
        let event = match (self.on_the_way.front(), self.others.peek()) {
            (Some(first), Some(Reverse(other))) if first < other => self.on_the_way.pop_front(),
            (Some(_), None) => self.on_the_way.pop_front(),
            _ => self.others.pop().map(|Reverse(event)| event),
        }?;
        Some((event.at, event.what))
    }

    fn event(&mut self, at: Nanos, what: T) -> Event<T> {
        self.planned += 1;
        Event { at, number: self.planned, what }
    }
}

impl<T> Ord for Event<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl<T> PartialOrd for Event<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Event<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Event<T> {}
