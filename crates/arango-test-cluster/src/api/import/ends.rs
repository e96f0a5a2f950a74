//! Prefixes of the ends of edges.

use arango_test_aql::{Object, Value};

use crate::config::version::Version;
use crate::http::request::Query;

/// What is put before the ends of edges that have no collection.
#[derive(Debug)]
pub(super) struct EndPrefixes {
    /// With a slash at the end, or empty.
    from: String,
    to: String,
    /// Whether the prefixes replace the collections that ends have.
    overwrites: bool,
}

impl EndPrefixes {
    pub(super) fn read(query: &Query, version: &Version) -> Self {
        let prefix = |name: &str| match query.get(name).unwrap_or_default() {
            "" => String::new(),
            prefix if prefix.ends_with('/') => prefix.to_owned(),
            prefix => format!("{prefix}/"),
        };
        // Earlier servers do not know this parameter, and ignore it.
        let overwrites = version.at_least(3, 11, 0) && query.is_true("overwriteCollectionPrefix");
        Self { from: prefix("fromPrefix"), to: prefix("toPrefix"), overwrites }
    }

    /// Adds the prefixes to an edge. `None` if one of its ends is missing then.
    pub(super) fn add_to(&self, edge: &Value) -> Option<Value> {
        let mut attributes = edge.as_object().cloned()?;
        self.add(&mut attributes, "_from", &self.from);
        self.add(&mut attributes, "_to", &self.to);
        let is_given = |end: &str| attributes.get(end).is_some_and(|end| end.as_str().is_some());
        (is_given("_from") && is_given("_to")).then(|| Value::object(attributes))
    }

    fn add(&self, edge: &mut Object, end: &str, prefix: &str) {
        if prefix.is_empty() {
            return;
        }
        let id = match edge.get(end).map(Value::resolve) {
            Some(Value::String(id)) => match id.split_once('/') {
                Some((_, key)) if self.overwrites => format!("{prefix}{key}"),
                Some(_) => return,
                None => format!("{prefix}{id}"),
            },
            Some(Value::Int(key)) => format!("{prefix}{key}"),
            Some(Value::UInt(key)) => format!("{prefix}{key}"),
            _ => return,
        };
        edge.set(end, Value::from(id));
    }
}
