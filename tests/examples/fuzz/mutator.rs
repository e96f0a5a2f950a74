//! Generates inputs by mutating those of a corpus.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};

/// Maximum length of generated inputs in bytes. Inputs of the corpus are not truncated.
const MAX_INPUT_LEN: usize = 8 << 10;

/// Byte sequences that are edge cases for many parsers.
const EDGE_CASES: [&[u8]; 24] = [
    b"",
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b" ",
    b"\t",
    b"\r\n",
    b"\r\n\r\n",
    "\u{2028}".as_bytes(),
    "\u{0130}".as_bytes(),
    b"%",
    b"%00",
    b"\\u0000",
    b"\\ud800",
    b"-1",
    b"0",
    b"1e999",
    b"-0.0",
    b"65536",
    b"4294967296",
    b"18446744073709551615",
    b"18446744073709551616",
    b"null",
    b"[[[[[[[[[[[[[[[[",
];

/// Generates random inputs. The same seed and corpus give the same inputs in the same order.
pub(crate) struct Mutator<'a> {
    rng: StdRng,
    corpus: &'a [Vec<u8>],
    /// Every word in the corpus, to be tried in every input.
    dictionary: Vec<&'a [u8]>,
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(corpus: &'a [Vec<u8>], seed: u64) -> Self {
        let words: BTreeSet<&[u8]> = corpus
            .iter()
            .flat_map(|input| input.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-'))
            .filter(|word| (1..=40).contains(&word.len()))
            .collect();
        Self { rng: StdRng::seed_from_u64(seed), corpus, dictionary: words.into_iter().collect() }
    }

    /// Returns the next input: one of the corpus with a few mutations.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut input = self.corpus.choose(&mut self.rng).cloned().unwrap_or_default();
        for _ in 0..self.rng.random_range(1..=5) {
            self.mutate(&mut input);
        }
        input.truncate(MAX_INPUT_LEN);
        input
    }

    fn mutate(&mut self, input: &mut Vec<u8>) {
        let at = self.rng.random_range(0..=input.len());
        let end = input.len().min(at + self.rng.random_range(1..=16_usize));
        match self.rng.random_range(0..8) {
            0 => input.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << self.rng.random_range(0..8)),
            1 => drop(input.drain(at..end)),
            2 => input.truncate(at),
            3 => insert(input, at, EDGE_CASES.choose(&mut self.rng).copied().unwrap_or_default()),
            4 => insert(input, at, self.dictionary.choose(&mut self.rng).copied().unwrap_or_default()),
            // Replaces a word, so that its surroundings stay valid.
            5 => {
                let begin =
                    input[..at].iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
                let length = input[begin..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                let use_edge_case = self.rng.random_range(0..2) == 0;
                let from = if use_edge_case { &EDGE_CASES[..] } else { &self.dictionary[..] };
                let word = from.choose(&mut self.rng).copied().unwrap_or_default();
                input.splice(begin..begin + length, word.iter().copied());
            }
            6 => {
                let repeated = input[at..end].to_vec();
                let times = self.rng.random_range(1..=64);
                insert(input, at, &repeated.repeat(times));
            }
            // Appends the end of another input.
            _ => {
                let other = self.corpus.choose(&mut self.rng).map_or(&[][..], Vec::as_slice);
                let from = self.rng.random_range(0..=other.len());
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
        }
    }
}

fn insert(input: &mut Vec<u8>, at: usize, what: &[u8]) {
    input.splice(at..at, what.iter().copied());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_inputs_and_another_gives_others() {
        let corpus = [b"http://one:8529".to_vec(), b"unix:///run/a.sock".to_vec()];
        let inputs = |seed| {
            let mut mutator = Mutator::new(&corpus, seed);
            (0..100).map(|_| mutator.next()).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        assert!(inputs(1).iter().all(|input| input.len() <= MAX_INPUT_LEN));
    }

    #[test]
    fn an_empty_corpus_is_accepted() {
        let mut mutator = Mutator::new(&[], 1);
        for _ in 0..1000 {
            mutator.next();
        }
    }
}
