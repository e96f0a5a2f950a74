//! Unique indexes: the values that only one document may have.

use arango_test_aql::Value;

use super::error::DocumentError;

/// The definition of a unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UniqueIndex {
    pub(crate) name: String,
    /// `persistent` or `mdi`, or an older name of the same type.
    pub(crate) kind: String,
    /// Paths of attributes, with dots between the names.
    pub(crate) fields: Vec<String>,
    pub(crate) sparse: bool,
}

impl UniqueIndex {
    /// Refuses a document whose fields the index could not contain.
    pub(crate) fn check(&self, document: &Value) -> Result<(), DocumentError> {
        let needs_numbers = matches!(self.kind.as_str(), "mdi" | "zkd");
        let is_fitting = |field: &String| match at(document, field) {
            Value::Null => self.sparse,
            value => value.is_number(),
        };
        if needs_numbers && !self.fields.iter().all(is_fitting) {
            let text =
                format!("sim: a document without numbers for the unique index {} is not modelled", self.name);
            return Err(DocumentError::new(9, text));
        }
        Ok(())
    }

    /// Returns what the index contains for a document. `None` if it does not contain the document.
    ///
    /// Two documents have the same entry if all fields are equal; a missing attribute is `null`.
    pub(crate) fn entry(&self, document: &Value) -> Option<String> {
        let values: Vec<Value> = self.fields.iter().map(|field| at(document, field)).collect();
        if self.sparse && values.iter().any(Value::is_null) {
            return None;
        }
        // Parsed JSON sorts the attributes of objects, so that their order does not count.
        let values: Vec<_> = values.iter().map(Value::to_json).collect();
        Some(serde_json::Value::Array(values).to_string())
    }

    /// Returns the fields as an error names them.
    pub(crate) fn field_list(&self) -> String {
        self.fields.join(", ")
    }
}

/// Returns the attribute at a path.
pub(super) fn at(document: &Value, path: &str) -> Value {
    path.split('.').fold(document.clone(), |value, name| value.attribute(name))
}

/// Returns whether a document has an attribute at a path, whatever its value.
pub(super) fn has(document: &Value, path: &str) -> bool {
    let part = |value, name| Value::as_object(value).and_then(|object| object.get(name));
    path.split('.').try_fold(document, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sparse: bool, json: &str) -> Option<String> {
        let fields = vec!["a".to_owned(), "b.c".to_owned()];
        let index = UniqueIndex { name: "i".into(), kind: "persistent".into(), fields, sparse };
        index.entry(&Value::from_json(json.as_bytes()).unwrap())
    }

    #[test]
    fn equal_values_have_equal_entries() {
        assert_eq!(
            entry(false, r#"{"a":1.0,"b":{"c":{"x":1,"y":2}}}"#),
            entry(false, r#"{"b":{"c":{"y":2,"x":1}},"a":1}"#)
        );
        assert_ne!(entry(false, r#"{"a":"1"}"#), entry(false, r#"{"a":1}"#));
        assert_eq!(entry(false, r#"{"a":null}"#), entry(false, "{}"));
    }

    #[test]
    fn a_sparse_index_does_not_contain_documents_that_lack_a_field() {
        assert_eq!(entry(true, r#"{"a":1}"#), None);
        assert!(entry(true, r#"{"a":1,"b":{"c":2}}"#).is_some());
    }
}
