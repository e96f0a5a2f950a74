//! A document as it is stored now.

use serde_json::Number;
use serde_json::value::RawValue;

use crate::json::members;
use crate::names::{DocumentId, Key, Revision};

/// A document as it is stored now, with access to single attributes.
#[derive(Debug, Clone, Copy)]
pub(in crate::documents) struct StoredDocument<'a>(pub(in crate::documents) &'a RawValue);

impl StoredDocument<'_> {
    pub(in crate::documents) fn json(&self) -> &str {
        self.0.get()
    }

    /// Returns an attribute if it is a text.
    pub(in crate::documents) fn text(&self, name: &str) -> Option<String> {
        self.attribute(name)
    }

    /// Returns an attribute if it is a number.
    pub(in crate::documents) fn number(&self, name: &str) -> Option<Number> {
        self.attribute(name)
    }

    pub(in crate::documents) fn key(&self) -> Option<Key> {
        self.attribute("_key")
    }

    pub(in crate::documents) fn id(&self) -> Option<DocumentId> {
        self.attribute("_id")
    }

    pub(in crate::documents) fn revision(&self) -> Option<Revision> {
        self.attribute("_rev")
    }

    fn attribute<T: serde::de::DeserializeOwned>(&self, name: &str) -> Option<T> {
        let json = self.json();
        let member = members(json.as_bytes())?.find(|member| member.name == name)?;
        serde_json::from_str(json.get(member.value)?).ok()
    }
}
