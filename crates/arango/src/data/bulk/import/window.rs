//! How many requests of an import may run at the same time.

/// How many requests of an import may run at the same time: half as many when a coordinator is overloaded, and one more
/// after each round without that.
#[derive(Debug, Clone)]
pub(super) struct Window {
    limit: usize,
    size: usize,
    /// Requests that ended well since the size has changed.
    good: usize,
    /// How often it was halved.
    epoch: u64,
}

impl Window {
    pub(super) fn new(limit: usize) -> Self {
        let limit = limit.max(1);
        Self { limit, size: limit, good: 0, epoch: 0 }
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns what identifies the size when a request is sent.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Records the end of a request that was sent in `epoch`.
    pub(super) fn record(&mut self, epoch: u64, is_overloaded: bool) {
        if !is_overloaded {
            self.good += 1;
            if self.good >= self.size && self.size < self.limit {
                self.size += 1;
                self.good = 0;
            }
            return;
        }
        self.good = 0;
        // The requests that were sent before it was halved say nothing about its new size.
        if epoch == self.epoch {
            self.size = (self.size / 2).max(1);
            self.epoch += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overload_halves_it_once_a_round_and_each_good_round_adds_one() {
        let mut window = Window::new(8);
        for _ in 0..8 {
            window.record(0, true);
        }
        assert_eq!(window.size(), 4, "all of them were sent before it was halved");
        for expected in [5, 6, 7, 8, 8] {
            for _ in 0..window.size() {
                window.record(window.epoch(), false);
            }
            assert_eq!(window.size(), expected);
        }
    }

    #[test]
    fn at_least_one_request_runs() {
        let mut window = Window::new(0);
        for _ in 0..5 {
            window.record(window.epoch(), true);
            assert_eq!(window.size(), 1);
        }
    }
}
