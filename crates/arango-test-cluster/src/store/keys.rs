//! Keys of documents: which ones are valid, and how they are generated.

use std::sync::atomic::{AtomicU64, Ordering};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Map, Value, json};

use super::sequence::Sequence;
use crate::http::reply::ApiError;

/// The types of `keyOptions`.
pub(crate) const GENERATORS: [&str; 4] = ["padded", "uuid", "autoincrement", "traditional"];

/// The keys of a collection.
#[derive(Debug)]
pub(crate) struct Keys {
    generator: Generator,
    pub(crate) allows_user_keys: bool,
}

#[derive(Debug)]
enum Generator {
    Traditional,
    Padded,
    Uuid,
    AutoIncrement { increment: u64, offset: u64, last: AtomicU64 },
}

impl Default for Keys {
    fn default() -> Self {
        Self { generator: Generator::Traditional, allows_user_keys: true }
    }
}

impl Keys {
    /// Reads `keyOptions` of a new collection. `strict` refuses options of another generator.
    pub(crate) fn read(options: &Map<String, Value>, shards: usize, strict: bool) -> Result<Self, ApiError> {
        let number = |name: &str| options.get(name).and_then(Value::as_u64);
        let is_counted = options.contains_key("increment") || options.contains_key("offset");
        let generator = match options.get("type").and_then(Value::as_str).unwrap_or("traditional") {
            "autoincrement" if shards > 1 => {
                let text =
                    "the specified key generator is not supported for collections with more than one shard";
                return Err(ApiError::new(501, 1470, text));
            }
            "autoincrement" => Generator::AutoIncrement {
                increment: number("increment").unwrap_or(1).max(1),
                offset: number("offset").unwrap_or(0),
                last: AtomicU64::new(0),
            },
            _ if is_counted && strict => {
                return Err(ApiError::bad_parameter(
                    "increment and offset need the key generator autoincrement",
                ));
            }
            "traditional" => Generator::Traditional,
            "padded" => Generator::Padded,
            "uuid" => Generator::Uuid,
            _ => return Err(ApiError::bad_parameter("invalid key generator type")),
        };
        let allows_user_keys = options.get("allowUserKeys").and_then(Value::as_bool).unwrap_or(true);
        Ok(Self { generator, allows_user_keys })
    }

    /// Returns `keyOptions` as the properties of a collection report them.
    pub(crate) fn options(&self) -> Value {
        let mut options = json!({ "type": self.kind(), "allowUserKeys": self.allows_user_keys });
        if let Generator::AutoIncrement { increment, offset, last } = &self.generator {
            options["increment"] = (*increment).into();
            options["offset"] = (*offset).into();
            options["lastValue"] = last.load(Ordering::Relaxed).into();
        }
        options
    }

    fn kind(&self) -> &'static str {
        match self.generator {
            Generator::Traditional => "traditional",
            Generator::Padded => "padded",
            Generator::Uuid => "uuid",
            Generator::AutoIncrement { .. } => "autoincrement",
        }
    }

    /// Returns a new key.
    pub(crate) fn generate(&self, sequence: &Sequence) -> String {
        match &self.generator {
            Generator::Traditional => sequence.next().to_string(),
            Generator::Padded => format!("{:016x}", sequence.next()),
            Generator::Uuid => uuid(sequence.next()),
            Generator::AutoIncrement { increment, offset, last } => {
                let old = last.load(Ordering::Relaxed);
                let next = if old < *offset { *offset } else { old - (old - offset) % increment + increment };
                let next = if next == 0 { *increment } else { next };
                last.store(next, Ordering::Relaxed);
                next.to_string()
            }
        }
    }

    /// Returns whether a key that a client has chosen fits the generator: one that counts accepts only numbers.
    pub(crate) fn accepts(&self, key: &str) -> bool {
        let counts = matches!(self.generator, Generator::AutoIncrement { .. });
        !counts || key.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Records a key that a client has chosen, so that it is not generated later.
    pub(crate) fn record(&self, key: &str) {
        if let (Generator::AutoIncrement { last, .. }, Ok(number)) = (&self.generator, key.parse::<u64>()) {
            last.fetch_max(number, Ordering::Relaxed);
        }
    }
}

fn uuid(seed: u64) -> String {
    let mut random = StdRng::seed_from_u64(seed);
    let high = random.random::<u64>() & !0xf000 | 0x4000;
    let low = random.random::<u64>() & !(0b11 << 62) | 0b10 << 62;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// Returns whether a text can be the key of a document.
pub(crate) fn is_key(key: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.@()+,=;$!*'%".contains(&byte);
    (1..=254).contains(&key.len()) && key.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(options: &Value) -> Keys {
        Keys::read(options.as_object().unwrap(), 1, true).unwrap()
    }

    #[test]
    fn an_incremented_key_begins_at_the_offset_and_follows_the_largest_given_one() {
        let sequence = Sequence::default();
        let keys = keys(&json!({ "type": "autoincrement", "increment": 10, "offset": 3 }));
        assert_eq!([keys.generate(&sequence), keys.generate(&sequence)], ["3", "13"]);
        keys.record("40");
        assert_eq!(keys.generate(&sequence), "43");
        assert_eq!(keys.options()["lastValue"], 43);
    }

    #[test]
    fn padded_keys_sort_as_they_were_made_and_uuids_have_their_form() {
        let sequence = Sequence::default();
        let padded = keys(&json!({ "type": "padded" }));
        let (one, two) = (padded.generate(&sequence), padded.generate(&sequence));
        assert!(one < two && one.len() == 16);
        let uuid = keys(&json!({ "type": "uuid" })).generate(&sequence);
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    }

    #[test]
    fn increments_need_their_generator_and_their_generator_one_shard() {
        let read = |options: Value, shards| {
            Keys::read(options.as_object().unwrap(), shards, true).unwrap_err().error_num
        };
        assert_eq!(read(json!({ "increment": 2 }), 1), 10);
        assert_eq!(read(json!({ "type": "autoincrement" }), 2), 1470);
        assert_eq!(read(json!({ "type": "x" }), 1), 10);
    }

    #[test]
    fn a_key_has_at_most_254_of_the_allowed_characters() {
        assert!(is_key("a%'_-:.@()+,=;$!*") && is_key(&"k".repeat(254)));
        assert!(!is_key("") && !is_key("a/b") && !is_key("ä") && !is_key(&"k".repeat(255)));
    }
}
