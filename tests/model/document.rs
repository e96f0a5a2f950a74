//! The documents of the model, and their JSON.

use arango::data::Key;
use serde_json::{Map, Value, json};

/// The place of a document: its key, as a number.
pub(crate) type Slot = u8;

/// The key that the program chose, and that every client knows.
pub(crate) const CHOSEN: Slot = 0;
/// Slots from here on have keys that the server made.
pub(crate) const FIRST_OF_SERVER: Slot = 10;

/// Returns the generated key of a slot.
pub(crate) fn generated_key(slot: Slot) -> Key {
    Key::generate(0, [slot; 10])
}

/// Returns the key of a slot as text.
pub(crate) fn key_text(slot: Slot) -> String {
    match slot {
        CHOSEN => "dune".to_owned(),
        FIRST_OF_SERVER.. => format!("server-{slot}"),
        _ => generated_key(slot).to_string(),
    }
}

/// Returns the slot of a key.
pub(crate) fn slot_of(text: &str) -> Slot {
    (0..=u8::MAX).find(|slot| key_text(*slot) == text).expect("a key of the model")
}

pub(crate) fn revision_text(revision: u8) -> String {
    format!("_r{revision}")
}

pub(crate) fn revision_of(text: &str) -> u8 {
    text.trim_matches('"').trim_start_matches("_r").parse().expect("a revision of the model")
}

pub(crate) fn operation_id_text(writer: u8) -> String {
    format!("operation-{writer}")
}

/// The attributes of a document, or of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Content {
    /// Shows which write wrote last.
    pub(crate) text: Option<u8>,
    /// The version attribute.
    pub(crate) edition: Option<u8>,
    /// The writer in the operation id.
    pub(crate) written_by: Option<u8>,
    /// An attribute with a unique index.
    pub(crate) isbn: Option<u8>,
    pub(crate) count: Option<u8>,
}

impl Content {
    /// Reads the attributes of a document or patch.
    pub(crate) fn from_json(document: &Map<String, Value>) -> Self {
        let number = |name: &str| {
            let number = document.get(name)?.as_u64().expect("a number");
            Some(u8::try_from(number).expect("a small number"))
        };
        let written_by = document.get("written_by").map(|id| {
            let id = id.as_str().and_then(|id| id.strip_prefix("operation-")).expect("an operation id");
            id.parse().expect("a writer")
        });
        Self {
            text: number("text"),
            edition: number("edition"),
            written_by,
            isbn: number("isbn"),
            count: number("count"),
        }
    }

    /// Returns the attributes with those of a patch merged into them.
    pub(crate) fn merged(self, patch: Self) -> Self {
        Self {
            text: patch.text.or(self.text),
            edition: patch.edition.or(self.edition),
            written_by: patch.written_by.or(self.written_by),
            isbn: patch.isbn.or(self.isbn),
            count: patch.count.or(self.count),
        }
    }

    fn json(self) -> Map<String, Value> {
        let numbers =
            [("text", self.text), ("edition", self.edition), ("isbn", self.isbn), ("count", self.count)];
        let numbers =
            numbers.into_iter().filter_map(|(name, number)| Some((name.to_owned(), json!(number?))));
        let id = self.written_by.map(|writer| ("written_by".to_owned(), json!(operation_id_text(writer))));
        numbers.chain(id).collect()
    }
}

/// A document as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Document {
    pub(crate) revision: u8,
    pub(crate) content: Content,
    /// The client whose write created it. Clients do not see it.
    pub(crate) created_by: Option<usize>,
}

impl Document {
    pub(crate) fn json(self, slot: Slot) -> Value {
        let mut document = self.content.json();
        document.extend(names(slot, self.revision));
        Value::Object(document)
    }
}

/// Returns the attributes by which the server names a document.
pub(crate) fn names(slot: Slot, revision: u8) -> Map<String, Value> {
    let key = key_text(slot);
    let names = [("_id", format!("books/{key}")), ("_key", key), ("_rev", revision_text(revision))];
    names.into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect()
}
