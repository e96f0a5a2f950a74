//! Responses with timing: bytes, pauses and silence in sequence.

use std::fmt;
use std::iter;
use std::time::Duration;

use bytes::Bytes;
use h2::Reason;

/// One step of a response script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Send(Bytes),
    Wait(Duration),
    /// The end of what is sent. What the client sends is still read.
    End,
    /// Nothing more is sent, and the stream stays open.
    Silence,
    /// The end, with a reason. Over HTTP/2 it ends the stream only.
    Reset(Reason),
}

/// A sequence of steps. They are generated lazily, so that a long response need not be held in memory.
pub(crate) struct ResponseScript {
    steps: Box<dyn Iterator<Item = Step> + Send>,
}

impl ResponseScript {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step, IntoIter: Send + 'static>) -> Self {
        Self { steps: Box::new(steps.into_iter()) }
    }

    /// Sends everything at once.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self::new([Step::Send(bytes)])
    }

    /// Sends pieces of `chunk` bytes, with a pause before each.
    pub(crate) fn throttled(mut bytes: Bytes, chunk: usize, pause: Duration) -> Self {
        let pieces =
            iter::from_fn(move || (!bytes.is_empty()).then(|| bytes.split_to(chunk.max(1).min(bytes.len()))));
        Self::new(pieces.flat_map(move |piece| [Step::Wait(pause), Step::Send(piece)]))
    }

    /// Sends `length` times the same byte, in pieces.
    pub(crate) fn filler(byte: u8, mut length: usize) -> Self {
        const PIECE: usize = 64 * 1024;
        let piece = Bytes::from(vec![byte; PIECE.min(length)]);
        Self::new(iter::from_fn(move || {
            let next = piece.slice(..PIECE.min(length));
            length -= next.len();
            (!next.is_empty()).then_some(Step::Send(next))
        }))
    }

    /// Appends more steps.
    pub(crate) fn then(self, more: impl IntoIterator<Item = Step, IntoIter: Send + 'static>) -> Self {
        Self::new(self.chain(more))
    }
}

impl Iterator for ResponseScript {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        self.steps.next()
    }
}

impl fmt::Debug for ResponseScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseScript").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_given_length_and_the_last_is_the_rest() {
        let pause = Duration::from_secs(1);
        let steps: Vec<_> = ResponseScript::throttled(Bytes::from_static(b"12345"), 2, pause).collect();

        let piece = |text: &'static str| Step::Send(Bytes::from_static(text.as_bytes()));
        let wait = || Step::Wait(pause);
        assert_eq!(steps, [wait(), piece("12"), wait(), piece("34"), wait(), piece("5")]);
    }

    #[test]
    fn a_filler_has_the_given_length() {
        for length in [0, 1, 64 * 1024, 200_000] {
            let sent = ResponseScript::filler(b' ', length).map(|step| match step {
                Step::Send(bytes) => bytes.len(),
                other => panic!("{other:?}"),
            });
            assert_eq!(sent.sum::<usize>(), length);
        }
    }

    #[test]
    fn a_piece_length_of_zero_means_one_byte() {
        let sent = ResponseScript::throttled(Bytes::from_static(b"12"), 0, Duration::ZERO);

        assert_eq!(sent.filter(|step| matches!(step, Step::Send(_))).count(), 2);
    }
}
