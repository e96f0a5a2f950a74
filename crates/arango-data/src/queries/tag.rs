//! Labels by which queries are found while they run.

use std::fmt;

use super::proof::word_that_writes;
use super::running::RunningQuery;
use crate::names::InvalidIdentifier;

/// The longest label, in bytes.
const MAX_LENGTH: usize = 100;

/// A label in the text of a query, by which it is found while it runs.
///
/// It is sent as a comment before the query. With a [nonce](Self::with_nonce) it names one run of a query, and otherwise all
/// of them.
///
/// ```
/// use arango_data::QueryTag;
///
/// let all = QueryTag::new("invoice-17")?;
/// let one = all.clone().with_nonce([7; 8]);
/// assert_eq!(one.comment(), "/* arango:invoice-17:0707070707070707 */ ");
/// # Ok::<(), arango_data::InvalidIdentifier>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QueryTag {
    label: String,
    nonce: Option<String>,
}

impl QueryTag {
    /// Validates a label.
    ///
    /// # Errors
    ///
    /// If it is empty, longer than 100 bytes, or contains another character than letters and digits of ASCII and `_-.`;
    /// if it contains one of the words of queries that write, since the text of the query would then prove no more that it
    /// [only reads](crate::Aql::is_read_only).
    #[inline]
    pub fn new(label: &str) -> Result<Self, InvalidIdentifier> {
        let reason = if label.is_empty() {
            Some("is empty")
        } else if label.len() > MAX_LENGTH {
            Some("is longer than 100 bytes")
        } else if label.bytes().any(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(&byte)) {
            Some("contains another character than letters, digits, `_`, `-` and `.`")
        } else {
            word_that_writes(label).map(reserved)
        };
        match reason {
            Some(reason) => Err(InvalidIdentifier::new("query tag", label, reason)),
            None => Ok(Self { label: label.to_owned(), nonce: None }),
        }
    }

    /// Names one run only.
    #[must_use]
    pub fn with_nonce(mut self, random: [u8; 8]) -> Self {
        self.nonce = Some(format!("{:016x}", u64::from_be_bytes(random)));
        self
    }

    /// Returns the label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Returns whether it names one run only.
    pub fn has_nonce(&self) -> bool {
        self.nonce.is_some()
    }

    /// Returns the comment that is sent before a query, with a space after it.
    pub fn comment(&self) -> String {
        format!("{} */ ", self.begin())
    }

    /// Returns how the text of a query with this tag begins.
    fn begin(&self) -> String {
        format!("/* arango:{}:{}", self.label, self.nonce.as_deref().unwrap_or_default())
    }
}

impl RunningQuery {
    /// Returns whether the query was sent with this tag.
    pub fn has_tag(&self, tag: &QueryTag) -> bool {
        self.query.starts_with(&tag.begin())
    }
}

impl fmt::Display for QueryTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.label)
    }
}

impl TryFrom<&str> for QueryTag {
    type Error = InvalidIdentifier;

    #[inline]
    fn try_from(label: &str) -> Result<Self, InvalidIdentifier> {
        Self::new(label)
    }
}

impl From<&Self> for QueryTag {
    fn from(tag: &Self) -> Self {
        tag.clone()
    }
}

/// Returns what is wrong with a label that contains a word.
fn reserved(word: &'static str) -> &'static str {
    match word {
        "insert" => "contains the word `insert`, which only a query that writes may have",
        "update" => "contains the word `update`, which only a query that writes may have",
        "replace" => "contains the word `replace`, which only a query that writes may have",
        "remove" => "contains the word `remove`, which only a query that writes may have",
        "upsert" => "contains the word `upsert`, which only a query that writes may have",
        "call" => "contains the word `call`, which only a query that writes may have",
        _ => "contains the word `apply`, which only a query that writes may have",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::Aql;
    use crate::testing::read;
    use proptest::prelude::*;

    fn running(text: &str) -> RunningQuery {
        let body = serde_json::json!([{ "id": "7", "query": text }]).to_string();
        read(&crate::ListRunningQueries::default(), &body).remove(0)
    }

    #[test]
    fn every_fault_of_a_label_is_named() {
        let reason = |label: &str| QueryTag::new(label).unwrap_err().to_string();
        assert_eq!(reason(""), r#"the query tag "" is empty"#);
        assert!(reason(&"x".repeat(101)).ends_with("is longer than 100 bytes"));
        for label in ["a b", "a*/", "a:b", "ä", "a\n"] {
            assert!(reason(label).contains("contains another character than"), "{label}");
        }
        for (label, word) in [
            ("nightly-INSERT", "insert"),
            ("update", "update"),
            ("a.Replace.b", "replace"),
            ("1remove", "remove"),
            ("x-upsert", "upsert"),
            ("call-7", "call"),
            ("2apply3", "apply"),
        ] {
            let found = reason(label);
            assert!(
                found.ends_with(&format!("`{word}`, which only a query that writes may have")),
                "{found}"
            );
        }
        for label in ["invoice-17", "updated", "re_insert", "a.b-c_D9", &"x".repeat(100)] {
            QueryTag::new(label).unwrap();
        }
    }

    #[test]
    fn a_tag_with_a_nonce_names_one_run_and_one_without_all() {
        let all = QueryTag::new("invoice-1").unwrap();
        let (one, two) = (all.clone().with_nonce([1; 8]), all.clone().with_nonce([2; 8]));
        let query = running(&(one.comment() + "FOR b IN books RETURN b"));
        assert!(query.has_tag(&all) && query.has_tag(&one) && !query.has_tag(&two));
        assert!(!query.has_tag(&QueryTag::new("invoice-17").unwrap()));
        assert!(!query.has_tag(&QueryTag::new("invoice-").unwrap()));
        assert!(!running("RETURN '/* arango:invoice-1:'").has_tag(&all));
        assert!((all.has_nonce(), one.has_nonce()) == (false, true));
    }

    proptest! {
        #[test]
        fn no_tag_makes_a_text_unprovable(label in "(insert|remove|call|[a-z0-9_.-]){1,5}", nonce: [u8; 8]) {
            if let Ok(tag) = QueryTag::new(&label) {
                let text = tag.with_nonce(nonce).comment() + "FOR d IN c RETURN d";
                prop_assert!(Aql::dynamic(text).is_read_only());
            }
        }
    }
}
