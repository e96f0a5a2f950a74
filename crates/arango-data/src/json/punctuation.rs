//! The punctuation of JSON: brackets and commas that are not part of a string.

use std::iter;

use wide::{CmpEq, i8x16};

/// Bytes per block: one bit of a mask each.
const BLOCK: usize = u64::BITS as usize;

/// Returns the position and the byte of each bracket and comma outside of strings.
///
/// For text that is not JSON, other bytes may be among them. Nothing is found after the start of a string without an end.
pub(super) fn punctuation(json: &[u8]) -> impl Iterator<Item = (usize, u8)> + '_ {
    let (blocks, rest) = json.as_chunks::<BLOCK>();
    let mut last = [b' '; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let mut blocks = blocks.iter().copied().chain(iter::once(last)).enumerate();
    let mut strings = Strings { continues: false, escaped: false };
    let (mut index, mut block, mut found) = (0, last, 0);
    iter::from_fn(move || {
        while found == 0 {
            (index, block) = blocks.next()?;
            let bits = Bits::of(&block);
            found = bits.punctuation & !strings.mask(&bits);
        }
        let at = found.trailing_zeros() as usize;
        found &= found - 1;
        Some((index * BLOCK + at, block[at]))
    })
}

/// Which bytes of a block are of which kind. The lowest bit is the first byte.
struct Bits {
    quotes: u64,
    backslashes: u64,
    punctuation: u64,
}

impl Bits {
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut bits = Self { quotes: 0, backslashes: 0, punctuation: 0 };
        for (index, part) in block.as_chunks::<16>().0.iter().enumerate() {
            let bytes = i8x16::from(part.map(u8::cast_signed));
            let equal = |bytes: i8x16, byte: u8| bytes.cmp_eq(i8x16::splat(byte.cast_signed()));
            let add = |mask: &mut u64, found: i8x16| {
                *mask |= u64::from(found.move_mask().cast_unsigned()) << (16 * index);
            };
            add(&mut bits.quotes, equal(bytes, b'"'));
            add(&mut bits.backslashes, equal(bytes, b'\\'));
            // With these three bits set all brackets are the same, and in JSON no other byte is, except in strings.
            let brackets = equal(bytes | i8x16::splat(0x26), 0x7f);
            add(&mut bits.punctuation, brackets | equal(bytes, b','));
        }
        bits
    }
}

/// What the last block leaves open.
struct Strings {
    /// Whether it ended within a string.
    continues: bool,
    /// Whether its last byte was a backslash that escapes the next one.
    escaped: bool,
}

impl Strings {
    /// Returns which bytes of the next block are within strings.
    fn mask(&mut self, bits: &Bits) -> u64 {
        let quotes = bits.quotes & !self.escaped(bits.backslashes);
        // Each bit becomes the parity of the quotes up to it.
        let mut within = quotes;
        for distance in [1, 2, 4, 8, 16, 32] {
            within ^= within << distance;
        }
        if self.continues {
            within = !within;
        }
        self.continues = within >> (BLOCK - 1) == 1;
        within
    }

    /// Returns which bytes of the next block follow a backslash that is not itself escaped.
    fn escaped(&mut self, mut backslashes: u64) -> u64 {
        let mut escaped = u64::from(self.escaped);
        backslashes &= !escaped;
        self.escaped = false;
        while backslashes != 0 {
            let backslash = backslashes & backslashes.wrapping_neg();
            let next = backslash << 1;
            self.escaped = next == 0;
            escaped |= next;
            backslashes &= !(backslash | next);
        }
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::mem;

    /// Returns the same, byte by byte.
    fn one_by_one(json: &[u8]) -> Vec<(usize, u8)> {
        let (mut found, mut within, mut escaped) = (Vec::new(), false, false);
        for (at, &byte) in json.iter().enumerate() {
            let is_escaped = mem::take(&mut escaped);
            match byte {
                b'\\' if !is_escaped => escaped = true,
                b'"' if !is_escaped => within = !within,
                b'{' | b'}' | b'[' | b']' | b',' if !within => found.push((at, byte)),
                _ => {}
            }
        }
        found
    }

    fn all(json: &[u8]) -> Vec<(usize, u8)> {
        punctuation(json).collect()
    }

    #[test]
    fn brackets_and_commas_are_found_outside_of_strings() {
        let json = br#"{"a":[1,"],\""],"b\\":{}}"#;
        let expected =
            [(0, b'{'), (5, b'['), (7, b','), (14, b']'), (15, b','), (22, b'{'), (23, b'}'), (24, b'}')];
        assert_eq!(all(json), expected);
        assert_eq!(all(br#"["no end, [}"#), [(0, b'[')]);
        assert_eq!(all(b""), []);
    }

    #[test]
    fn a_string_or_an_escape_may_cross_each_place_between_blocks() {
        for before in 0..3 * BLOCK {
            for text in [r#""\"[",{"#, r#""\\",["#, r#"",,,"]"#] {
                let json = format!("[{}{text}", " ".repeat(before));
                assert_eq!(all(json.as_bytes()), one_by_one(json.as_bytes()), "{json}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_same_is_found_as_byte_by_byte(text in r#"[\[\]{}",:\\ 0-9a-xäß\u{1f600}]{0,300}"#, skipped in 0_usize..70) {
            let json = &text.as_bytes()[skipped.min(text.len())..];
            prop_assert_eq!(all(json), one_by_one(json));
        }
    }
}
