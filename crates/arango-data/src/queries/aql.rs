//! A query with its bind parameters.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use arango_protocol::BuildError;
use serde::Serialize;
use serde_json::value::RawValue;

use super::proof::Proof;
use crate::json::to_raw;
use crate::names::CollectionName;

/// A query with its bind parameters.
///
/// The text is a constant of the program, and values come from outside only as parameters: so no value can become a
/// part of the query. Clauses are put together by [`and`](Self::and).
///
/// ```
/// use arango_data::{Aql, CollectionName};
///
/// let books = CollectionName::new("books")?;
/// let year = Some(1965);
/// let query = Aql::new("FOR b IN @@books")
///     .collection("books", &books)
///     .and_maybe(year.map(|year| Aql::new("FILTER b.year == @year").bind("year", year)))
///     .and(Aql::new("RETURN b"));
/// assert_eq!(query.text(), "FOR b IN @@books\nFILTER b.year == @year\nRETURN b");
/// assert!(query.is_read_only());
/// # Ok::<(), arango_data::InvalidIdentifier>(())
/// ```
///
/// A parameter that cannot be serialised, that is bound twice or has an invalid name is reported when the request is
/// built.
#[derive(Clone)]
pub struct Aql {
    pub(super) text: Cow<'static, str>,
    pub(super) proof: Proof,
    /// The JSON of the values; the names of collection parameters begin with `@`.
    pub(super) binds: BTreeMap<String, Box<RawValue>>,
    pub(super) effect: Effect,
    /// The first error of a parameter.
    pub(super) error: Option<String>,
}

/// What the caller has said about a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing: the text decides.
    Unknown,
    ReadOnly,
    Modifying,
}

impl Aql {
    /// Creates a query or a clause from a constant text.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        Self::with_text(text.into())
    }

    /// Creates a query from a text that the program has made.
    ///
    /// The caller ensures that no value from outside is in it. Values are [bound](Self::bind).
    #[must_use]
    pub fn dynamic(text: impl Into<String>) -> Self {
        Self::with_text(Cow::Owned(text.into()))
    }

    fn with_text(text: Cow<'static, str>) -> Self {
        Self { proof: Proof::of(&text), text, binds: BTreeMap::new(), effect: Effect::Unknown, error: None }
    }

    /// Binds a value to `@name`.
    #[must_use]
    pub fn bind(self, name: &str, value: impl Serialize) -> Self {
        if !is_name(name) {
            return self.fail(format!("the bind parameter {name:?} has an invalid name"));
        }
        match to_raw(&value) {
            Ok(value) => self.insert(name.to_owned(), value),
            Err(error) => self.fail(format!("the bind parameter `{name}` cannot be serialised: {error}")),
        }
    }

    /// Binds a collection to `@@name`: by its name, or by the handle of a client.
    #[must_use]
    pub fn collection<C>(self, name: &str, collection: C) -> Self
    where
        C: TryInto<CollectionName, Error: fmt::Display>,
    {
        if !is_name(name) {
            return self.fail(format!("the bind parameter {name:?} has an invalid name"));
        }
        let collection = match collection.try_into() {
            Ok(collection) => collection,
            Err(error) => return self.fail(format!("the bind parameter `@{name}`: {error}")),
        };
        match to_raw(&collection) {
            Ok(value) => self.insert(format!("@{name}"), value),
            Err(error) => self.fail(error.to_string()),
        }
    }

    /// Binds another value to `@name`, which was bound before.
    ///
    /// For a query that is executed several times.
    #[must_use]
    pub fn rebind(mut self, name: &str, value: impl Serialize) -> Self {
        match self.binds.remove(name) {
            Some(_) => self.bind(name, value),
            None => self.fail(format!("the bind parameter `{name}` cannot be bound again: it is not bound")),
        }
    }

    /// Declares that the query only reads.
    ///
    /// For one whose text does not prove it. It may then be sent again after any failure.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.effect = Effect::ReadOnly;
        self
    }

    /// Declares that the query writes.
    #[must_use]
    pub fn modifying(mut self) -> Self {
        self.effect = Effect::Modifying;
        self
    }

    /// Returns whether the query only reads: by its text, or as declared.
    ///
    /// `false` if neither says so. A text with none of the words that write, and without user functions, proves it.
    pub fn is_read_only(&self) -> bool {
        match self.effect {
            Effect::Unknown => self.proof.only_reads,
            Effect::ReadOnly => true,
            Effect::Modifying => false,
        }
    }

    /// Returns the text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the names of the bound parameters.
    ///
    /// Those of collections begin with `@`.
    pub fn bind_names(&self) -> impl Iterator<Item = &str> {
        self.binds.keys().map(String::as_str)
    }

    /// Returns the error of a parameter, if there is one.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        match &self.error {
            Some(error) => Err(BuildError::Query(error.clone())),
            None => Ok(()),
        }
    }

    fn insert(mut self, name: String, value: Box<RawValue>) -> Self {
        if self.binds.contains_key(&name) {
            return self.fail(format!("the bind parameter `{name}` is bound twice"));
        }
        self.binds.insert(name, value);
        self
    }

    /// Puts words before the text, which take it as their operand.
    pub(crate) fn after_words(mut self, words: &str) -> Self {
        self.text = format!("{words} {}", self.text).into();
        self.proof = Proof::of(words).and(self.proof);
        self
    }

    /// Keeps an error, unless there is one already.
    pub(crate) fn fail(mut self, error: String) -> Self {
        self.error.get_or_insert(error);
        self
    }
}

/// Returns whether the server reads `@name` as one parameter.
fn is_name(name: &str) -> bool {
    let has_letter = name.bytes().any(|byte| byte.is_ascii_alphanumeric());
    has_letter && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl From<&Aql> for Aql {
    fn from(query: &Self) -> Self {
        query.clone()
    }
}

impl From<&'static str> for Aql {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

// Without the values, which may be secret.
impl fmt::Debug for Aql {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aql")
            .field("text", &self.text)
            .field("binds", &self.binds.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(query: &Aql) -> String {
        query.check().unwrap_err().to_string()
    }

    #[test]
    fn a_fault_of_a_parameter_is_kept_and_named() {
        let query = Aql::new("RETURN @a");
        assert_eq!(
            fault(&query.clone().bind("a", 1).bind("a", 2)),
            "the query is invalid: the bind parameter `a` is bound twice"
        );
        for name in ["", "@a", "a b", "_"] {
            assert!(fault(&query.clone().bind(name, 1)).ends_with("has an invalid name"), "{name}");
        }
        let infinite = query.bind("a", [1.0, f64::INFINITY]).bind("b", 1);
        assert_eq!(
            fault(&infinite),
            "the query is invalid: the bind parameter `a` cannot be serialised: `[1]` is not a finite number"
        );
    }

    #[test]
    fn a_value_can_be_replaced_but_not_a_missing_one() {
        let query = Aql::new("RETURN @a").bind("a", 1);
        assert_eq!(query.clone().rebind("a", 2).binds["a"].get(), "2");
        assert_eq!(
            fault(&query.rebind("b", 2)),
            "the query is invalid: the bind parameter `b` cannot be bound again: it is not bound"
        );
    }

    #[test]
    fn a_collection_is_bound_by_its_name() {
        let query = Aql::new("FOR b IN @@books RETURN b");
        assert_eq!(query.clone().collection("books", "library").binds["@books"].get(), "\"library\"");
        let invalid = fault(&query.collection("books", "a/b"));
        assert!(invalid.starts_with("the query is invalid: the bind parameter `@books`: "), "{invalid}");
    }

    #[test]
    fn values_are_not_printed() {
        let query = Aql::new("RETURN @pin").bind("pin", "s3cret");
        assert_eq!(format!("{query:?}"), r#"Aql { text: "RETURN @pin", binds: ["pin"], .. }"#);
        assert!(!fault(&query.clone().bind("pin", "s3cret")).contains("s3cret"));
    }

    #[test]
    fn a_declaration_wins_over_the_text() {
        assert!(Aql::new("RETURN 'remove'").read_only().is_read_only());
        assert!(!Aql::new("RETURN 1").modifying().is_read_only());
        assert!(Aql::new("RETURN 1").is_read_only() && !Aql::new("RETURN 'remove'").is_read_only());
    }
}
