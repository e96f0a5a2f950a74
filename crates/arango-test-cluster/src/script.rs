//! Answers that take their time: bytes, pauses and silences, one after the other.

use std::fmt;
use std::iter;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;

/// One thing that a connection does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Send(Bytes),
    Wait(Duration),
    /// The end of what is sent; what the client sends is still taken.
    End,
    /// Nothing more, and yet no end.
    Silence,
    /// Nothing more, for a reason: over HTTP/2 of the stream alone.
    Reset(Reason),
}

/// Steps in their order, made when they are needed, so that a long answer need not be held in memory.
pub(crate) struct Script {
    steps: Box<dyn Iterator<Item = Step> + Send>,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step, IntoIter: Send + 'static>) -> Self {
        Self { steps: Box::new(steps.into_iter()) }
    }

    /// All at once.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::new([Step::Send(bytes)])
    }

    /// In pieces of `chunk` bytes, with a pause before each.
    pub(crate) fn slowly(mut bytes: Bytes, chunk: usize, pause: Duration) -> Self {
        let pieces =
            iter::from_fn(move || (!bytes.is_empty()).then(|| bytes.split_to(chunk.max(1).min(bytes.len()))));
        Self::new(pieces.flat_map(move |piece| [Step::Wait(pause), Step::Send(piece)]))
    }

    /// So many times the same byte, a piece at a time.
    pub(crate) fn filler(byte: u8, mut length: usize) -> Self {
        const PIECE: usize = 64 * 1024;
        let piece = Bytes::from(vec![byte; PIECE.min(length)]);
        Self::new(iter::from_fn(move || {
            let next = piece.slice(..PIECE.min(length));
            length -= next.len();
            (!next.is_empty()).then_some(Step::Send(next))
        }))
    }

    /// And then these steps.
    pub(crate) fn then(self, more: impl IntoIterator<Item = Step, IntoIter: Send + 'static>) -> Self {
        Self::new(self.chain(more))
    }
}

impl Iterator for Script {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.steps.next()
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_as_long_as_they_should_be_and_the_last_is_the_rest() {
        let pause = Duration::from_secs(1);
        let steps: Vec<_> = Script::slowly(Bytes::from_static(b"12345"), 2, pause).collect();

        let piece = |text: &'static str| Step::Send(Bytes::from_static(text.as_bytes()));
        let wait = || Step::Wait(pause);
        assert_eq!(steps, [wait(), piece("12"), wait(), piece("34"), wait(), piece("5")]);
    }

    #[test]
    fn a_filler_is_as_long_as_it_should_be() {
        for length in [0, 1, 64 * 1024, 200_000] {
            let sent = Script::filler(b' ', length).map(|step| match step {
                Step::Send(bytes) => bytes.len(),
                other => panic!("{other:?}"),
            });
            assert_eq!(sent.sum::<usize>(), length);
        }
    }

    #[test]
    fn pieces_of_nothing_are_pieces_of_one_byte() {
        let sent = Script::slowly(Bytes::from_static(b"12"), 0, Duration::ZERO);

        assert_eq!(sent.filter(|step| matches!(step, Step::Send(_))).count(), 2);
    }
}
