//! Keys as arguments, and keys that the client makes.

use arango_data::{CollectionName, InvalidIdentifier, Key};
use arango_transport::balance::RandomSource;

use crate::handles::unix_time::unix_millis;

/// A key as an argument: a text, or a [`Key`].
///
/// A text is validated by the call. Sealed: it cannot be implemented outside of this crate.
pub trait ToKey: Sealed {}

mod sealed {
    use super::{InvalidIdentifier, Key};

    pub trait Sealed {
        fn to_key(self) -> Result<Key, InvalidIdentifier>;
    }
}

pub(super) use sealed::Sealed;

macro_rules! to_key {
    ($($from:ty, $value:ident => $key:expr;)*) => {$(
        impl ToKey for $from {}

        impl Sealed for $from {
            #[inline]
            fn to_key(self) -> Result<Key, InvalidIdentifier> {
                let $value = self;
                $key
            }
        }
    )*};
}

to_key! {
    &str, text => Key::new(text);
    &String, text => Key::new(text);
    String, text => Key::new(&text);
    &Key, key => Ok(key.clone());
    Key, key => Ok(key);
}

/// Makes a key that no other write uses, for a document of this collection if its name is valid.
pub(super) fn generate(collection: Option<&CollectionName>, random: &dyn RandomSource) -> Key {
    let mut bytes = [0; 10];
    for half in bytes.chunks_mut(5) {
        // Between 1 and 2 the lower 52 bits of a number are random. The upper 40 of them are used.
        let bits = (1.0 + random.next_f64()).to_bits() >> 12;
        half.copy_from_slice(&bits.to_be_bytes()[3..]);
    }
    match collection {
        Some(collection) => Key::generate_in(collection, unix_millis(), bytes),
        None => Key::generate(unix_millis(), bytes),
    }
}

#[cfg(test)]
mod tests {
    use arango_transport::balance::SeededRandom;

    use super::*;

    #[test]
    fn two_keys_of_the_same_time_differ_in_all_their_random_bits() {
        let random = SeededRandom::new(1);
        let keys: Vec<_> = (0..1000).map(|_| generate(None, &random).to_string()).collect();
        for position in 10..26 {
            let mut seen: Vec<_> = keys.iter().map(|key| key.as_bytes()[position]).collect();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 32, "each digit occurs at position {position}");
        }
    }
}
