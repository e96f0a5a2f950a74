//! One document, kept as the JSON that responses contain.

use std::sync::Arc;

use arango_test_aql::{Object, Value};

use super::sequence::Revision;
use crate::http::json;

/// The attributes that a server sets.
pub(crate) const SYSTEM: [&str; 3] = ["_key", "_id", "_rev"];

/// What precedes the key in the JSON of every document.
const KEY_BEGIN: &[u8] = b"{\"_key\":\"";

/// A stored document. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    json: Arc<[u8]>,
    revision: Revision,
}

impl Document {
    /// Creates a document of these attributes, with its system attributes first.
    pub(crate) fn new(collection: &str, key: &str, revision: Revision, attributes: &Object) -> Self {
        let all = Self::with_system_attributes(collection, key, revision, attributes);
        Self { json: json::from_value(&Value::object(all)).into(), revision }
    }

    /// Returns the attributes of a document as they are stored: those that a server sets come first.
    pub(super) fn with_system_attributes(
        collection: &str,
        key: &str,
        revision: Revision,
        attributes: &Object,
    ) -> Object {
        let mut all = Object::with_capacity(attributes.len() + 3);
        all.set("_key", Value::from(key));
        all.set("_id", Value::from(format!("{collection}/{key}")));
        all.set("_rev", Value::from(revision.text()));
        for (name, value) in attributes.iter().filter(|(name, _)| !is_system(name)) {
            all.set(name.clone(), value.clone());
        }
        all
    }

    /// Returns the key, which is the first attribute and needs no escapes.
    pub(crate) fn key(&self) -> &str {
        let rest = &self.json[KEY_BEGIN.len()..];
        let end = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
        std::str::from_utf8(&rest[..end]).expect("a key is ASCII")
    }

    pub(crate) fn json(&self) -> &Arc<[u8]> {
        &self.json
    }

    pub(crate) fn revision(&self) -> Revision {
        self.revision
    }

    /// Returns the document as a value of AQL. It is parsed when something looks into it.
    pub(crate) fn value(&self) -> Value {
        Value::document(self.json.clone())
    }
}

/// Returns whether a server sets this attribute.
pub(crate) fn is_system(name: &str) -> bool {
    SYSTEM.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::super::sequence::Sequence;
    use super::*;

    #[test]
    fn a_document_knows_its_key() {
        for key in ["k", "a-b_c:d.e@f(g)h+i,j=k;l$m!n*o'%", &"x".repeat(254)] {
            let document = Document::new("c", key, Sequence::default().revision(), &Object::new());
            assert_eq!(document.key(), key);
        }
    }

    #[test]
    fn a_document_is_kept_as_the_json_that_a_server_prints() {
        let value = Value::from_json(r#"{"_id":"x","n":1.0,"m":1e2,"t":"ä𝄞"}"#.as_bytes()).unwrap();
        let revision = Sequence::default().revision();
        let document = Document::new("c", "k", revision, value.as_object().unwrap());

        let text = String::from_utf8(document.json().to_vec()).unwrap();
        let expected = format!(
            r#"{{"_key":"k","_id":"c/k","_rev":"{}","n":1,"m":100,"t":"\u00E4\uD834\uDD1E"}}"#,
            revision.text()
        );
        assert_eq!(text, expected);
    }
}
