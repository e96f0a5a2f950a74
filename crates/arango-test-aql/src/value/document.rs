//! Stored documents, which are parsed only if a query looks into them.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::{Object, Value};

/// A document as it is stored: JSON, parsed at the first access.
///
/// A query that returns whole documents copies their bytes and never parses them.
pub struct StoredDocument {
    json: Arc<[u8]>,
    parsed: OnceLock<Value>,
}

impl StoredDocument {
    pub(super) fn new(json: Arc<[u8]>) -> Self {
        Self { json, parsed: OnceLock::new() }
    }

    /// Returns the JSON of the document.
    pub fn json(&self) -> &Arc<[u8]> {
        &self.json
    }

    /// Returns the parsed document, an object; `null` if the bytes are not the JSON of an object.
    pub fn parsed(&self) -> &Value {
        self.parsed.get_or_init(|| match Value::from_json(&self.json) {
            Ok(object @ Value::Object(_)) => object,
            _ => Value::Null,
        })
    }

    /// Returns the attributes, if the bytes are the JSON of an object.
    pub fn object(&self) -> Option<&Object> {
        self.parsed().as_object()
    }
}

impl fmt::Debug for StoredDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.json))
    }
}
