//! The array of documents in the body of a request.

use std::ops::Range;

use arango_protocol::BuildError;
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::json::{
    KeyFault, KeyPresence, OwnKey, append, append_key, own_key, without_appended_key, without_member,
};
use crate::names::{Key, Revision};

/// From this size on an array grows by an eighth at once. Doubling it would leave half of its memory unused.
const LARGE: usize = 256 << 10;

/// The array of documents in the body of a request, as JSON.
#[derive(Clone, Debug)]
pub(super) struct Elements {
    json: Json,
    items: Vec<Item>,
}

#[derive(Clone, Debug)]
enum Json {
    /// Documents can be added. The closing bracket is missing.
    Open(Vec<u8>),
    /// The whole array. It is sent without being copied.
    Sealed(Bytes),
}

/// One document of the array.
#[derive(Clone, Debug)]
pub(super) struct Item {
    span: Range<usize>,
    pub(super) key: Option<Key>,
    pub(super) revision: Option<Revision>,
}

/// Which key a document gets.
pub(super) enum ElementKey<'a, F> {
    /// Its own, if it has one; else one that is made, if there is a function for that.
    Own(Option<F>),
    /// This one. It must have no other.
    Given(&'a Key),
}

impl Elements {
    pub(super) fn new() -> Self {
        Self { json: Json::Open(vec![b'[']), items: Vec::new() }
    }

    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Returns the length of the array in bytes.
    pub(super) fn bytes(&self) -> usize {
        match &self.json {
            Json::Open(json) => json.len() + 1,
            Json::Sealed(json) => json.len(),
        }
    }

    /// Returns the whole array.
    pub(super) fn body(&self) -> Bytes {
        match &self.json {
            Json::Sealed(json) => json.clone(),
            Json::Open(json) => [json, &b"]"[..]].concat().into(),
        }
    }

    /// Ends the array, so that its body can be sent without being copied.
    pub(super) fn seal(&mut self) {
        if let Json::Open(json) = &mut self.json {
            let mut json = std::mem::take(json);
            json.push(b']');
            // What it has grown in advance is not needed while it is sent.
            json.shrink_to_fit();
            self.json = Json::Sealed(json.into());
        }
    }

    /// Returns the JSON of one document.
    pub(super) fn json(&self, index: usize) -> Bytes {
        let span = self.items[index].span.clone();
        match &self.json {
            Json::Open(json) => Bytes::copy_from_slice(&json[span]),
            Json::Sealed(json) => json.slice(span),
        }
    }

    /// Adds a document.
    pub(super) fn push<T: Serialize + ?Sized>(
        &mut self,
        document: &T,
        key: ElementKey<'_, impl FnOnce() -> Key>,
    ) -> Result<(), BuildError> {
        self.add(|json| {
            let start = json.len();
            let presence = append(json, document).map_err(BuildError::Body)?;
            finish(json, start, presence, key).map_err(|(field, reason)| BuildError::Field { field, reason })
        })
    }

    /// Adds the JSON of a document, which is checked.
    pub(super) fn push_json(
        &mut self,
        document: &[u8],
        key: ElementKey<'_, impl FnOnce() -> Key>,
    ) -> Result<(), BuildError> {
        let document: &RawValue = serde_json::from_slice(document).map_err(BuildError::Body)?;
        self.add(|json| {
            let start = json.len();
            json.extend_from_slice(document.get().as_bytes());
            finish(json, start, KeyPresence::Possible, key)
                .map_err(|(field, reason)| BuildError::Field { field, reason })
        })
    }

    /// Adds a key, or an object with a key and the expected revision.
    #[inline]
    pub(super) fn push_key(&mut self, key: Key, revision: Option<Revision>) {
        #[derive(Serialize)]
        struct Removal<'a> {
            #[serde(rename = "_key")]
            key: &'a Key,
            #[serde(rename = "_rev")]
            revision: &'a Revision,
        }
        let added = self.add(|json| {
            match &revision {
                None => append(json, &key),
                Some(revision) => append(json, &Removal { key: &key, revision }),
            }
            .map_err(BuildError::Body)?;
            Ok(Some(key))
        });
        added.expect("every text can be serialised");
        if let Some(item) = self.items.last_mut() {
            item.revision = revision;
        }
    }

    /// Adds what `write` appends. If that fails, nothing is added.
    fn add(
        &mut self,
        write: impl FnOnce(&mut Vec<u8>) -> Result<Option<Key>, BuildError>,
    ) -> Result<(), BuildError> {
        let json = self.open();
        let end = json.len();
        if end > 1 {
            json.push(b',');
        }
        // Most documents are smaller than what is left then.
        if json.capacity() >= LARGE && json.capacity() - end < LARGE / 16 {
            json.reserve_exact(json.capacity() / 8);
        }
        let start = json.len();
        match write(json) {
            Ok(key) => {
                let span = start..json.len();
                self.items.push(Item { span, key, revision: None });
                Ok(())
            }
            Err(error) => {
                json.truncate(end);
                Err(error)
            }
        }
    }

    fn open(&mut self) -> &mut Vec<u8> {
        if let Json::Sealed(json) = &self.json {
            self.json = Json::Open(json[..json.len() - 1].to_vec());
        }
        match &mut self.json {
            Json::Open(json) => json,
            Json::Sealed(_) => unreachable!("it was opened"),
        }
    }

    /// Returns some of the documents.
    #[inline]
    pub(super) fn select(&self, indices: &[usize]) -> Self {
        self.select_with(indices, |_, item, json| (item.key.clone(), json))
    }

    /// Returns some of the documents, without the keys that were generated.
    #[inline]
    pub(super) fn without_generated_keys(&self, indices: &[usize]) -> Self {
        self.select_with(indices, |_, item, json| without_generated_key(item, json))
    }

    /// Returns all documents, some of them without the keys that were generated.
    #[inline]
    pub(super) fn with_keys_dropped(&self, indices: &[usize]) -> Self {
        let all: Vec<usize> = (0..self.items.len()).collect();
        let mut changed = self.select_with(&all, |index, item, json| {
            // They are in order.
            if indices.binary_search(&index).is_ok() {
                without_generated_key(item, json)
            } else {
                (item.key.clone(), json)
            }
        });
        changed.seal();
        changed
    }

    fn select_with(
        &self,
        indices: &[usize],
        change: impl Fn(usize, &Item, Bytes) -> (Option<Key>, Bytes),
    ) -> Self {
        let mut selected = Self::new();
        for index in indices {
            let item = &self.items[*index];
            let (key, document) = change(*index, item, self.json(*index));
            let added = selected.add(|json| {
                json.extend_from_slice(&document);
                Ok(key)
            });
            debug_assert!(added.is_ok(), "it was added before");
            if let Some(selected) = selected.items.last_mut() {
                selected.revision.clone_from(&item.revision);
            }
        }
        selected
    }

    /// Removes the last document, and returns an array with it alone.
    #[inline]
    pub(super) fn split_last(&mut self) -> Self {
        let mut last = Self::new();
        let Some(index) = self.items.len().checked_sub(1) else { return last };
        last = self.select(&[index]);
        let start = self.items[index].span.start;
        self.items.pop();
        // The comma before it, too; not the bracket.
        self.open().truncate(start.saturating_sub(1).max(1));
        last
    }
}

/// Completes the document that was appended at `start`: its key. Returns that.
fn finish(
    json: &mut Vec<u8>,
    start: usize,
    presence: KeyPresence,
    key: ElementKey<'_, impl FnOnce() -> Key>,
) -> Result<Option<Key>, KeyFault> {
    let own = match own_key(&json[start..], presence)? {
        OwnKey::Key(own) => Some(own),
        OwnKey::Missing => None,
        OwnKey::Empty(span) => {
            let document = without_member(json.split_off(start), span);
            json.extend_from_slice(&document);
            None
        }
    };
    let made = match (own, key) {
        (Some(own), ElementKey::Given(key)) if own != *key => {
            return Err(("_key", "of the document differs from the given key"));
        }
        (Some(own), ElementKey::Own(_)) => return Ok(Some(own)),
        (Some(_), ElementKey::Given(key)) => return Ok(Some(key.clone())),
        (None, ElementKey::Given(key)) => key.clone(),
        (None, ElementKey::Own(Some(make))) => make(),
        (None, ElementKey::Own(None)) => return Ok(None),
    };
    append_key(json, start, &made);
    Ok(Some(made))
}

/// Returns a document without its key if that was generated.
#[inline]
fn without_generated_key(item: &Item, json: Bytes) -> (Option<Key>, Bytes) {
    match &item.key {
        Some(key) if key.is_generated() => (None, without_appended_key(&json, key).into()),
        key => (key.clone(), json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    fn generated() -> Key {
        Key::generate(0, [0; 10])
    }

    fn own(json: &str) -> Result<(Value, Option<Key>), String> {
        let mut elements = Elements::new();
        let make: Option<fn() -> Key> = Some(generated);
        elements.push_json(json.as_bytes(), ElementKey::Own(make)).map_err(|error| error.to_string())?;
        let written: Vec<Value> = serde_json::from_slice(&elements.body()).unwrap();
        Ok((written[0].clone(), elements.items()[0].key.clone()))
    }

    #[test]
    fn a_line_is_passed_on_and_gets_a_key_only_if_it_has_none() {
        let key = "00000000000000000000000000";
        assert_eq!(own(r#" { "a" : 1 } "#).unwrap().0, json!({ "a": 1, "_key": key }));
        assert_eq!(own("{ }").unwrap().0, json!({ "_key": key }));
        assert_eq!(own(r#"{"_key":null,"a":1}"#).unwrap().0, json!({ "a": 1, "_key": key }));
        let (kept, own_key) = own(r#"{"_key":"k"}"#).unwrap();
        assert_eq!((kept, own_key.unwrap().is_generated()), (json!({ "_key": "k" }), false));
    }

    #[test]
    fn what_is_no_document_is_refused_and_leaves_no_trace() {
        for line in ["", "{", "[1]", "7", "{\"a\":1} x", "{\"a\":01}", "{\"_key\":7}", "{\"a\":\"\u{1}\"}"] {
            own(line).unwrap_err();
            let mut elements = Elements::new();
            let none: Option<fn() -> Key> = None;
            elements.push(&json!({ "a": 1 }), ElementKey::Own(none)).unwrap();
            elements.push_json(line.as_bytes(), ElementKey::Own(none)).unwrap_err();
            elements.push(&json!({ "b": 2 }), ElementKey::Own(none)).unwrap();
            assert_eq!(elements.body(), r#"[{"a":1},{"b":2}]"#);
        }
        let mut elements = Elements::new();
        let invalid = json!({ "_key": "a/b" });
        elements.push(&invalid, ElementKey::Own(None::<fn() -> Key>)).unwrap_err();
        elements.push(&f64::NAN, ElementKey::Own(None::<fn() -> Key>)).unwrap_err();
        assert_eq!((elements.body(), elements.items().len()), (Bytes::from_static(b"[]"), 0));
    }

    proptest! {
        #[test]
        fn parts_of_an_array_are_what_was_pushed(
            documents in prop::collection::vec(prop::collection::btree_map("[a-c\"]{0,2}", ".{0,4}", 0..3), 1..6),
            seals: bool,
        ) {
            let mut elements = Elements::new();
            let documents: Vec<Map<String, Value>> = documents
                .into_iter()
                .map(|document| document.into_iter().map(|(name, text)| (name, text.into())).collect())
                .collect();
            for document in &documents {
                elements.push(document, ElementKey::Own(Some(generated))).unwrap();
            }
            if seals {
                elements.seal();
            }
            prop_assert_eq!(elements.bytes(), elements.body().len());
            let all: Vec<usize> = (0..documents.len()).collect();
            let without: Vec<Map<String, Value>> =
                serde_json::from_slice(&elements.without_generated_keys(&all).body()).unwrap();
            prop_assert_eq!(&without, &documents);
            let last = elements.split_last();
            let read = |elements: &Elements| -> Vec<Map<String, Value>> {
                serde_json::from_slice(&elements.without_generated_keys(
                    &(0..elements.items().len()).collect::<Vec<_>>()).body()).unwrap()
            };
            let mut both = read(&elements);
            both.extend(read(&last));
            prop_assert_eq!(both, documents);
        }
    }
}
