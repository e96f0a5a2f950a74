//! Keys of documents.

use std::sync::Arc;

use hmac_sha256::Hash;

use super::{CollectionName, DocumentId, InvalidIdentifier, collection_name, string_impls};

/// The longest key, in bytes.
const MAX_LENGTH: usize = 254;

/// The length of a generated key.
const GENERATED_LENGTH: usize = 26;

/// The digits of Crockford's base 32.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The validated key of a document, unique within its collection.
///
/// Cloning is cheap. A key [generated](Self::generate) by the client is used for one document only: a write under such
/// a key can be repeated without harm, and a client can find out later whether it was executed.
///
/// ```
/// use arango_data::Key;
///
/// let dune = Key::new("dune")?;
/// assert_eq!(dune, "dune");
/// assert!(!dune.is_generated());
/// # Ok::<(), arango_data::InvalidIdentifier>(())
/// ```
#[derive(Clone)]
pub struct Key {
    /// It ends with the key.
    text: Arc<str>,
    /// Where the key begins: after the name of a collection if the text is an id.
    start: u16,
    is_generated: bool,
}

// Two keys are equal if their texts are.
string_impls!(Key);

impl Key {
    /// Validates a key.
    ///
    /// # Errors
    ///
    /// If the key is empty, longer than 254 bytes, or contains another character than letters and digits of ASCII and
    /// ``_ - : . @ ( ) + , = ; $ ! * ' %``. The keys `.` and `..` are valid, but no path can contain them: only a query
    /// reaches their documents.
    pub fn new(key: &str) -> Result<Self, InvalidIdentifier> {
        match fault(key) {
            Some(reason) => Err(InvalidIdentifier::new("key", key, reason)),
            None => Ok(Self { text: key.into(), start: 0, is_generated: false }),
        }
    }

    /// Generates a key from the time and 80 random bits.
    ///
    /// It is a ULID in lower case, of 26 characters. Keys of later milliseconds are greater. Of `unix_millis` the lower
    /// 48 bits are used, which last until the year 10889.
    ///
    /// ```
    /// use arango_data::Key;
    ///
    /// let key = Key::generate(1_469_918_176_385, [0; 10]);
    /// assert_eq!(key, "01aryz6s410000000000000000");
    /// assert!(key.is_generated());
    /// ```
    #[must_use]
    pub fn generate(unix_millis: u64, random: [u8; 10]) -> Self {
        let mut digits = [0; GENERATED_LENGTH];
        write_generated(unix_millis, random, &mut digits);
        let text = str::from_utf8(&digits).expect("the digits are ASCII");
        Self { text: text.into(), start: 0, is_generated: true }
    }

    /// Generates a key for a document of this collection, as [`generate`](Self::generate) does.
    ///
    /// For an [insert](crate::InsertDocument) into the collection it costs less: the id in the response shares the
    /// memory of the key.
    ///
    /// ```
    /// use arango_data::{CollectionName, Key};
    ///
    /// let books = CollectionName::new("books")?;
    /// let key = Key::generate_in(&books, 1_469_918_176_385, [0; 10]);
    /// assert_eq!(key, Key::generate(1_469_918_176_385, [0; 10]));
    /// assert!(key.is_generated());
    /// # Ok::<(), arango_data::InvalidIdentifier>(())
    /// ```
    #[must_use]
    pub fn generate_in(collection: &CollectionName, unix_millis: u64, random: [u8; 10]) -> Self {
        const LONGEST_ID: usize = collection_name::MAX_LENGTH + 1 + GENERATED_LENGTH;

        /// Aligned, because texts are validated in aligned blocks of 16 bytes, and otherwise byte by byte.
        #[repr(align(8))]
        struct Id([u8; LONGEST_ID]);

        let mut id = Id([0; LONGEST_ID]);
        let name = collection.as_str().as_bytes();
        let (start, end) = (name.len() + 1, name.len() + 1 + GENERATED_LENGTH);
        id.0[..name.len()].copy_from_slice(name);
        id.0[name.len()] = b'/';
        write_generated(unix_millis, random, &mut id.0[start..end]);
        let text = str::from_utf8(&id.0[..end]).expect("the name is a text, and the digits are ASCII");
        Self { is_generated: true, ..Self::of_id(&text.into(), start) }
    }

    /// Returns the key of the only edge between two vertices.
    ///
    /// The same ends always have the same key, in any program: the first 160 bits of the SHA-256 of `from`, a line
    /// break and `to`, in the lower case of Crockford's base 32. It is not a [generated](Self::generate) key, since
    /// others may use it, too.
    ///
    /// ```
    /// use arango_data::Key;
    ///
    /// let key = Key::of_edge(&"authors/herbert".parse()?, &"books/dune".parse()?);
    /// assert_eq!(key, "9t2xnz6yk99b4yq5xdaqbbc0t9wdram4");
    /// # Ok::<(), arango_data::InvalidIdentifier>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn of_edge(from: &DocumentId, to: &DocumentId) -> Self {
        let hash = Hash::hash(format!("{from}\n{to}").as_bytes());
        let mut digits = [0; 32];
        for (bytes, digits) in hash[..20].chunks(5).zip(digits.chunks_mut(8)) {
            write_digits(bits(bytes), digits);
        }
        let text = str::from_utf8(&digits).expect("the digits are ASCII");
        Self { text: text.into(), start: 0, is_generated: false }
    }

    /// Returns the key in a valid id, where it begins at `start`. It shares the memory of the id.
    pub(super) fn of_id(id: &Arc<str>, start: usize) -> Self {
        let start = u16::try_from(start).expect("the name of a collection has at most 256 bytes");
        Self { text: Arc::clone(id), start, is_generated: false }
    }

    /// Returns the id that the key is a part of, if it is.
    pub(crate) fn whole_id(&self) -> Option<DocumentId> {
        let slash = usize::from(self.start).checked_sub(1)?;
        Some(DocumentId::of_valid(Arc::clone(&self.text), slash))
    }

    /// Returns the key as text.
    pub fn as_str(&self) -> &str {
        &self.text[usize::from(self.start)..]
    }

    /// Returns whether this value was made by [`generate`](Self::generate).
    ///
    /// It does not follow from the text: a key that was parsed or decoded is never a generated one.
    pub fn is_generated(&self) -> bool {
        self.is_generated
    }
}

/// Writes the digits of a generated key.
fn write_generated(unix_millis: u64, random: [u8; 10], digits: &mut [u8]) {
    let (time, random_digits) = digits.split_at_mut(10);
    write_digits(unix_millis & 0xffff_ffff_ffff, time);
    for (bytes, digits) in random.chunks(5).zip(random_digits.chunks_mut(8)) {
        write_digits(bits(bytes), digits);
    }
}

/// Writes the last bits of a number, five as each digit. The number of digits must be even.
fn write_digits(mut bits: u64, digits: &mut [u8]) {
    for pair in digits.rchunks_exact_mut(2) {
        pair.copy_from_slice(&PAIRS[(bits & 1023) as usize]);
        bits >>= 10;
    }
}

/// The two digits of each number of ten bits. Two at once, because each insert makes a key.
static PAIRS: [[u8; 2]; 1024] = {
    let (mut pairs, mut number) = ([[0; 2]; 1024], 0);
    while number < 1024 {
        pairs[number] = [DIGITS[number >> 5], DIGITS[number & 31]];
        number += 1;
    }
    pairs
};

/// Returns five bytes as a number: 40 bits, which are 8 digits.
fn bits(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
}

/// Returns why no server accepts a key, if it does not.
pub(super) fn fault(key: &str) -> Option<&'static str> {
    match key.as_bytes() {
        [] => Some("is empty"),
        bytes if bytes.len() > MAX_LENGTH => Some("is longer than 254 bytes"),
        bytes if !bytes.iter().all(|byte| is_allowed(*byte)) => {
            Some("contains a character that no key may contain")
        }
        _ => None,
    }
}

fn is_allowed(byte: u8) -> bool {
    ALLOWED[usize::from(byte)]
}

/// Whether a key may contain the byte. A table, because each response names keys.
static ALLOWED: [bool; 256] = {
    let (mut allowed, mut byte) = ([false; 256], 0_u8);
    while byte < 128 {
        allowed[byte as usize] = byte.is_ascii_alphanumeric();
        byte += 1;
    }
    let (others, mut index) = (b"_-:.@()+,=;$!*'%", 0);
    while index < others.len() {
        allowed[others[index] as usize] = true;
        index += 1;
    }
    allowed
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_fault_of_a_key_is_named() {
        let reason = |key: &str| Key::new(key).unwrap_err().reason();
        assert_eq!(reason(""), "is empty");
        assert_eq!(reason(&"k".repeat(255)), "is longer than 254 bytes");
        for key in ["a/b", "a b", "ä", "a\"", "a#b", "a?"] {
            assert_eq!(reason(key), "contains a character that no key may contain", "{key}");
        }
        Key::new(&"k".repeat(254)).unwrap();
        Key::new("azAZ09_-:.@()+,=;$!*'%").unwrap();
    }

    #[test]
    fn a_key_is_generated_by_type_and_not_by_shape() {
        let key = Key::generate(1, [7; 10]);
        let parsed = Key::new(key.as_str()).unwrap();
        assert!(key.is_generated() && key.clone().is_generated() && !parsed.is_generated());
        assert_eq!(key, parsed);
    }

    #[test]
    fn the_longest_time_and_all_random_bits_are_kept() {
        assert_eq!(Key::generate(u64::MAX, [255; 10]), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert_eq!(Key::generate(0, [0, 0, 0, 0, 0, 0, 0, 0, 0, 33]), "00000000000000000000000011");
    }

    #[test]
    fn a_key_of_a_collection_shares_the_memory_of_its_id() {
        for name in ["books", "b\u{fc}cher", &"x".repeat(256)] {
            let collection = CollectionName::new(name).unwrap();
            let key = Key::generate_in(&collection, 1, [7; 10]);
            assert_eq!((key.as_str(), key.is_generated()), (Key::generate(1, [7; 10]).as_str(), true));
            let id = key.whole_id().unwrap();
            assert_eq!(id, DocumentId::of(&collection, &key));
            assert_eq!(id.key().as_ptr(), key.as_str().as_ptr());
        }
        assert_eq!(Key::generate(1, [7; 10]).whole_id(), None);
    }

    #[test]
    fn the_key_of_an_edge_depends_on_both_ends_and_their_order() {
        let id = |text: &str| DocumentId::new(text).unwrap();
        let key = |from: &str, to: &str| Key::of_edge(&id(from), &id(to));
        let keys =
            [key("a/b", "c/d"), key("c/d", "a/b"), key("a/bc", "d/e"), key("a/b", "cd/e"), key("a/b", "a/b")];
        for (index, one) in keys.iter().enumerate() {
            assert!(keys[..index].iter().all(|other| other != one), "{one}");
            assert_eq!(Key::new(one.as_str()).unwrap(), *one);
            assert!(one.as_str().len() == 32 && !one.is_generated());
        }
        assert_eq!(key("a/b", "c/d"), keys[0]);
    }

    proptest! {
        #[test]
        fn generated_keys_are_valid_and_ordered_by_time(a in 0..1_u64 << 48, b in 0..1_u64 << 48, x: [u8; 10], y: [u8; 10]) {
            let (first, second) = (Key::generate(a, x), Key::generate(b, y));
            prop_assert_eq!(&Key::new(first.as_str()).unwrap(), &first);
            prop_assert_eq!(first.as_str().len(), 26);
            prop_assert_eq!((a, x).cmp(&(b, y)), first.cmp(&second));
        }

        #[test]
        fn every_accepted_key_survives_json_without_escapes(key in "\\PC{0,20}|[ -~]{0,260}") {
            if let Ok(key) = key.parse::<Key>() {
                let text = serde_json::to_string(&key).unwrap();
                prop_assert_eq!(&text, &format!("\"{key}\""));
                prop_assert_eq!(serde_json::from_str::<Key>(&text).unwrap(), key);
            }
        }
    }
}
